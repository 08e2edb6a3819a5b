//! The engine set up over one account, for tests that drive it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rolo::contact::{
    Contact, Field, FieldChange, Identifier, IdentifierKind, Overwrite, Position, Quota, RowRecord, TagChange, Value,
};
use rolo::engine::{Account, Caller, Finder, Keys, Lane, LaneEnd, Lanes, Notice, Retry, Stop};
use rolo::ledger::{Fingerprint, LedgerHandle, NewRun, RunId, sqlite};
use rolo::plan::Mode;
use rolo::quota::{Budget, BudgetOptions};
use rolo::services::{Entry, Service, Settings, find};
use rolo::transport::Transport;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub const ACCOUNT: &str = "account";

pub fn entry(name: &str) -> &'static Entry {
    find(name).unwrap()
}

/// The service as the sandbox serves it, with these settings beside.
pub fn service(name: &str, settings: &[(&str, &str)]) -> Arc<dyn Service> {
    let entry = entry(name);
    let all: BTreeMap<String, String> = entry
        .sandbox_settings
        .iter()
        .chain(settings)
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Arc::from((entry.connect)(&Settings(all)).unwrap())
}

pub fn ledger() -> LedgerHandle {
    LedgerHandle::direct(Box::new(sqlite::in_memory().unwrap()))
}

pub async fn begin(ledger: &LedgerHandle, service: &str, started: u64) -> RunId {
    let new = NewRun {
        command: "import".into(),
        fingerprint: Fingerprint([7; 32]),
        account: ACCOUNT.into(),
        service: service.into(),
        file: "contacts.csv".into(),
        options: serde_json::json!({}),
        started,
    };
    ledger.run(move |ledger| ledger.begin(&new)).await.unwrap()
}

/// No pause worth waiting for.
pub fn hasty() -> Retry {
    let mut retry = Retry::new(7);
    retry.base = Duration::from_millis(1);
    retry.cap = Duration::from_millis(5);
    retry
}

/// A run of one account.
pub struct Stage {
    pub caller: Arc<Caller>,
    pub lanes: Arc<Lanes>,
    pub notices: UnboundedReceiver<Notice>,
    pub finder: tokio::task::JoinHandle<()>,
}

/// What a stage is made of.
pub struct Setting {
    pub service: Arc<dyn Service>,
    pub transport: Arc<dyn Transport>,
    pub ledger: LedgerHandle,
    pub run: RunId,
    pub budget: Budget,
    pub retry: Retry,
    pub search_lag: Duration,
}

pub fn unthrottled(ledger: &LedgerHandle) -> Budget {
    let quota = Quota { calls: 1000, per: Duration::from_secs(1) };
    Budget::new(BudgetOptions { unthrottled: true, ..BudgetOptions::new("scope", quota) }, ledger.clone())
}

impl Stage {
    /// Must be called on a runtime, on which the finder is driven.
    pub fn new(setting: Setting) -> Self {
        let (sender, notices) = unbounded_channel();
        let keys = Keys::new(setting.ledger.hasher(), ACCOUNT, setting.service.capabilities().tags_ignore_case);
        let account = Account {
            name: ACCOUNT.into(),
            service: setting.service,
            transport: setting.transport,
            budget: setting.budget,
            ledger: setting.ledger,
            renew: None,
        };
        let caller = Arc::new(Caller::new(account, setting.run, setting.retry, Stop::default(), sender));
        let (finder, serving) = Finder::new(caller.clone());
        let lanes = Arc::new(Lanes {
            caller: caller.clone(),
            finder,
            keys,
            mode: Mode::Upsert,
            replace_custom: false,
            asked: ["phone", "email", "name", "first_name"].map(Field::new).to_vec(),
            keep_before: false,
            changed_only: false,
            all_known: false,
            search_lag: setting.search_lag,
        });
        Self { caller, lanes, notices, finder: tokio::spawn(serving) }
    }

    pub async fn drive(&self, row: u64, contact: Contact) -> LaneEnd {
        self.lanes.drive(self.lane(row, contact)).await
    }

    pub fn lane(&self, row: u64, contact: Contact) -> Lane {
        let keys = self.lanes.keys.identifiers(&contact.identifiers);
        let position = Position { index: row, line: row + 2, sheet: 0 };
        Lane { position, contact, keys, known: None, steps: Vec::new() }
    }
}

pub fn finished(end: LaneEnd) -> RowRecord {
    match end {
        LaneEnd::Finished(record) => record,
        LaneEnd::Halted => panic!("the run halted"),
    }
}

/// A person with a phone, an e-mail address and a name, for a service that has `name_field`.
pub fn person(phone: &str, name_field: &str, name: &str) -> Contact {
    let email = format!("{}@example.com", phone.trim_start_matches('+'));
    let change = |field: &str, value: &str| FieldChange {
        field: Field::new(field),
        value: Value::Text(value.to_owned()),
        overwrite: Overwrite::Always,
    };
    Contact {
        identifiers: vec![
            Identifier::new(IdentifierKind::Phone, phone),
            Identifier::new(IdentifierKind::Email, email.as_str()),
        ],
        fields: vec![change("phone", phone), change("email", &email), change(name_field, name)],
        ..Contact::default()
    }
}

pub fn tags(add: &[&str], remove: &[&str], replace: bool) -> TagChange {
    let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    TagChange { add: owned(add), remove: owned(remove), replace }
}

/// The field that holds a person's name.
pub fn name_field(service: &dyn Service) -> &'static str {
    let has = |name: &str| {
        service
            .fields()
            .iter()
            .any(|spec| spec.name == name && spec.create == service.capabilities().create && spec.update)
    };
    if has("first_name") { "first_name" } else { "name" }
}
