//! The upload set up over one account, for tests that drive it.

use std::sync::Arc;
use std::time::Duration;

use rolo::contact::{
    Contact, Field, FieldChange, Identifier, IdentifierKind, ImportMode, Overwrite, Position, Quota, RowRecord,
    TagChange, Value,
};
use rolo::ledger::{ClaimedRun, Fingerprint, LedgerHandle, NewRun, RunKind};
use rolo::quota::{Budget, BudgetOptions};
use rolo::reconcile::{Keys, Row, Rules, Strategy};
use rolo::services::{Service, ServiceEntry, Settings, find};
use rolo::transport::Transport;
use rolo::upload::{Allowance, AllowanceMeter, Caller, ConnectedAccount, Driver, Notice, Retry, RowEnd, Stop};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

pub const ACCOUNT: &str = "account";

pub fn entry(name: &str) -> &'static ServiceEntry {
    find(name).unwrap()
}

/// The service as the sandbox serves it, with these settings beside.
pub fn service(name: &str, settings: &[(&str, &str)]) -> Arc<dyn Service> {
    let entry = entry(name);
    Arc::from((entry.connect)(&Settings::of(&[entry.sandbox_settings, settings].concat())).unwrap())
}

pub fn ledger() -> LedgerHandle {
    crate::backends::simulated()
}

pub async fn begin(ledger: &LedgerHandle, service: &str, started: u64) -> ClaimedRun {
    let new = NewRun {
        kind: RunKind::Import,
        fingerprint: Fingerprint([7; 32]),
        account: ACCOUNT.into(),
        identity: ACCOUNT.into(),
        service: service.into(),
        file: "contacts.csv".into(),
        options: serde_json::json!({}),
        started,
    };
    crate::backends::begin(ledger, &new).await
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
    pub driver: Arc<Driver>,
    pub notices: UnboundedReceiver<Notice>,
}

/// What a stage is made of.
pub struct Setting {
    pub service: Arc<dyn Service>,
    pub transport: Arc<dyn Transport>,
    pub ledger: LedgerHandle,
    pub run: ClaimedRun,
    pub budget: Budget,
    pub retry: Retry,
    pub search_lag: Duration,
}

pub fn unthrottled(ledger: &LedgerHandle) -> Budget {
    let quota = Quota { calls: 1000, per: Duration::from_secs(1) };
    Budget::new(BudgetOptions { unthrottled: true, ..BudgetOptions::new("scope", quota) }, ledger.clone())
}

impl Stage {
    pub fn new(setting: Setting) -> Self {
        Self::within(setting, AllowanceMeter::new(Allowance::default(), rolo::clock::simulated_calendar()))
    }

    /// The same, of a run that may use so much.
    pub fn within(setting: Setting, allowance: AllowanceMeter) -> Self {
        let (sender, notices) = unbounded_channel();
        let capabilities = setting.service.capabilities().clone();
        let rules = Rules {
            run: setting.run.id().clone(),
            keys: Keys::new(setting.ledger.hasher(), ACCOUNT, capabilities.tags_ignore_case),
            capabilities,
            limits: setting.service.limits().clone(),
            fields: setting.service.fields(),
            pages: None,
            mode: ImportMode::Upsert,
            replace_custom: false,
            mapped: ["phone", "email", "name", "first_name"].map(Field::new).to_vec(),
            untyped: Vec::new(),
            strategy: Strategy::LookUp,
            lookup_room: setting.service.limits().identifiers_per_find.value,
            keep_before: false,
            changed_only: false,
            verify: false,
            by_plan: false,
            trust: Duration::from_secs(7 * 24 * 60 * 60),
            now: 0,
            search_lag: setting.search_lag,
            tries: setting.retry.tries,
        };
        let account = ConnectedAccount {
            in_flight: None,
            name: ACCOUNT.into(),
            service: setting.service,
            transport: setting.transport,
            budget: setting.budget,
            ledger: setting.ledger,
            renew: None,
            field_names: rolo::upload::FieldNames::default(),
            allowance,
        };
        let caller = Arc::new(Caller::new(account, setting.run, setting.retry, Stop::default(), sender));
        let driver = Arc::new(Driver::new(caller.clone(), Arc::new(rules)));
        Self { caller, driver, notices }
    }

    pub async fn drive(&self, row: u64, contact: Contact) -> RowEnd {
        self.driver.drive(self.row(row, contact)).await
    }

    pub fn row(&self, row: u64, contact: Contact) -> Row {
        let keys = self.driver.rules.keys.identifiers(&contact.identifiers);
        let position = Position { index: row, line: row + 2, sheet: 0 };
        Row::new(position, contact, keys)
    }
}

pub fn finished(end: RowEnd) -> RowRecord {
    match end {
        RowEnd::Finished(record) => record,
        RowEnd::Halted => panic!("the run halted"),
    }
}

/// A person with a phone, an e-mail address and a name, for a service that has `name_field`.
pub fn person(phone: &str, name_field: &str, name: &str) -> Contact {
    let email = format!("{}@example.com", phone.trim_start_matches('+'));
    let change = |field: &str, value: &str| {
        FieldChange::new(Field::new(field), Value::Text(value.to_owned()), Overwrite::Always)
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
