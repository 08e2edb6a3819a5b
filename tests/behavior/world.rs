use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rolo::contact::{
    Call, Capabilities, Cursor, Edit, Field, Filter, Identifier, IdentifierKind, RemoteId, RowRecord, Snapshot, Target,
    Value,
};
use rolo::error::{Error, Result};
use rolo::jobs::{
    self, AccountSpec, Context, ExportJob, ImportJob, ImportOptions, MappingChoice, SandboxSpec, SourceSpec,
};
use rolo::report::{Event, Reporter, Summary};
use rolo::services::{Answer, Credential, Reply, Request, Service, Verdict};
use rolo::table::PlusNumbers;
use rolo::transport::{HttpOptions, HttpTransport, Transport as _};
use rolo::upload::Stop;
use rolo_sandbox::{LoggedRequest, Sandbox};
use serde_json::Value as Json;

use crate::stage::Stage;

/// Names of custom text fields that every sandbox takes.
pub const CUSTOM: [&str; 3] = ["company", "city", "notes"];

/// A service and its emulator, connected as a user's account would be.
pub struct World {
    pub stage: Stage,
    pub service: Arc<dyn Service>,
    pub sandbox: Sandbox,
    clock: Arc<AtomicU64>,
    transport: HttpTransport,
    folder: tempfile::TempDir,
}

/// Somebody whom a service can hold.
#[derive(Clone, Debug)]
pub struct Person {
    pub first: String,
    pub last: String,
    pub email: String,
    pub phone: String,
    /// Where the service has contacts that nobody created.
    pub id: Option<RemoteId>,
}

/// How an import ended: its summary, and each row's record.
pub struct Imported {
    pub summary: Summary,
    pub rows: Vec<RowRecord>,
}

impl World {
    pub fn new(stage: Stage, sandbox: Sandbox, clock: Arc<AtomicU64>) -> Self {
        let service = stage.service();
        let base = sandbox.base_url(stage.entry.name);
        let secret = secret(service.credential());
        let transport = HttpTransport::new(HttpOptions::new(base, service.credential(), secret.into())).unwrap();
        Self { stage, service, sandbox, clock, transport, folder: tempfile::tempdir().unwrap() }
    }

    pub fn can(&self) -> &Capabilities {
        self.service.capabilities()
    }

    pub fn name(&self) -> &'static str {
        self.service.name()
    }

    /// Lets the emulator's clock go on.
    pub fn pass(&self, time: Duration) {
        self.clock.fetch_add(u64::try_from(time.as_millis()).unwrap(), Ordering::SeqCst);
    }

    // Calls.

    /// One call, as the upload makes it: request, transport, verdict.
    pub async fn call(&self, call: &Call) -> Verdict {
        let request = self.service.request(call).unwrap_or_else(|error| panic!("{call:?}: {error}"));
        self.service.verdict(call, &self.send(&request).await)
    }

    pub async fn send(&self, request: &Request) -> Answer {
        self.transport.send(request).await.unwrap_or_else(|failure| panic!("{request:?}: {failure:?}"))
    }

    /// A call with another secret.
    pub async fn call_with_secret(&self, call: &Call, secret: &str) -> Verdict {
        self.transport.set_secret(secret.to_owned().into()).unwrap();
        self.call(call).await
    }

    /// A call that must succeed.
    pub async fn done(&self, call: &Call) -> Reply {
        match self.call(call).await {
            Verdict::Done { reply, .. } => reply,
            other => panic!("{}: {:?} was not done: {other:?}", self.name(), call.kind()),
        }
    }

    /// Asserts that the service can't have `call`, and that nothing is sent for it.
    pub fn refuses(&self, call: &Call) {
        assert!(!self.can().has(call.kind()), "{}: {} is there after all", self.name(), call.kind());
        let before = self.sandbox.request_count();
        let error = self.service.request(call).expect_err("a call that isn't there was turned into a request");
        assert!(error.message.contains(self.name()), "the refusal does not name the service: {error}");
        assert_eq!(self.sandbox.request_count(), before);
    }

    // People.

    /// The `n`th person, from 1. Those of a service that creates no contacts are there already.
    pub fn person(&self, n: usize) -> Person {
        if !self.can().create {
            let contacts = self.sandbox.contacts(self.stage.entry.name);
            let held = contacts.as_array().and_then(|contacts| contacts.get(n - 1)).expect("a contact of the emulator");
            let text = |key: &str| held[key].as_str().unwrap_or_default().to_owned();
            let name = text("name");
            let (first, last) = name.split_once(' ').unwrap_or((&name, ""));
            return Person {
                first: first.to_owned(),
                last: last.to_owned(),
                email: text("email"),
                phone: text("phone"),
                id: Some(RemoteId(text("id"))),
            };
        }
        Person {
            first: format!("Ana{n}"),
            last: "Almeida".to_owned(),
            email: format!("ana{n}@example.com"),
            phone: format!("+1202555{:04}", 100 + n),
            id: None,
        }
    }

    /// What a create of a person carries.
    pub fn fields_of(&self, person: &Person) -> Vec<(Field, Value)> {
        let text = |text: &str| Value::Text(text.to_owned());
        let whole = format!("{} {}", person.first, person.last);
        let all = [
            ("phone", text(&person.phone)),
            ("email", text(&person.email)),
            ("name", text(&whole)),
            ("first_name", text(&person.first)),
            ("last_name", text(&person.last)),
        ];
        let has = |name: &str| self.service.fields().iter().any(|spec| spec.name == name && spec.create);
        all.into_iter().filter(|(name, _)| has(name)).map(|(name, value)| (Field::new(name), value)).collect()
    }

    /// The identifier by which a person is created.
    pub fn identifier_of(&self, person: &Person) -> Option<Identifier> {
        let value = |kind: &IdentifierKind| match kind {
            IdentifierKind::Phone => Some(person.phone.clone()),
            IdentifierKind::Email => Some(person.email.clone()),
            _ => None,
        };
        self.can().create_needs.iter().find_map(|kind| Some(Identifier::new(*kind, value(kind)?)))
    }

    pub fn create_call(&self, person: &Person, more: Vec<(Field, Value)>) -> Call {
        let mut fields = self.fields_of(person);
        fields.retain(|(field, _)| !more.iter().any(|(other, _)| other == field));
        fields.extend(more);
        Call::Create { identifier: self.identifier_of(person), edit: Edit { fields, ..Edit::default() } }
    }

    /// The id of the `n`th person, who is created where the service has that.
    pub async fn held(&self, n: usize) -> RemoteId {
        self.held_with(n, Vec::new()).await
    }

    /// The same, with more fields.
    pub async fn held_with(&self, n: usize, more: Vec<(Field, Value)>) -> RemoteId {
        let person = self.person(n);
        if let Some(id) = person.id {
            if !more.is_empty() {
                let edit = Edit { fields: more, ..Edit::default() };
                self.done(&Call::Update { target: Target::Id(id.clone()), edit }).await;
            }
            return id;
        }
        match self.done(&self.create_call(&person, more)).await {
            Reply::Id(id) => id,
            Reply::Contact(contact) => contact.id,
            _ => self.found(&person).await.id,
        }
    }

    /// The contacts that a look-up answers, all pages.
    pub async fn find(&self, identifiers: &[Identifier]) -> Vec<Snapshot> {
        let mut found = Vec::new();
        let mut cursor: Option<Cursor> = None;
        loop {
            let call = Call::Find { identifiers: identifiers.to_vec(), cursor: cursor.take() };
            match self.done(&call).await {
                Reply::Contacts(page) => {
                    found.extend(page.items);
                    cursor = page.next;
                }
                Reply::Contact(contact) => found.push(*contact),
                other => panic!("a look-up answered {other:?}"),
            }
            if cursor.is_none() {
                return found;
            }
        }
    }

    /// The one contact of a person, by the first identifier the service finds by.
    pub async fn found(&self, person: &Person) -> Snapshot {
        let kind = *self.can().find_by.iter().find(|kind| **kind != IdentifierKind::ExternalId).unwrap();
        let value = if kind == IdentifierKind::Phone { &person.phone } else { &person.email };
        let mut found = self.find(&[Identifier::new(kind, value.clone())]).await;
        assert_eq!(found.len(), 1, "{}: contacts with {kind} {value}: {found:?}", self.name());
        found.remove(0)
    }

    /// All that the service tells of the `n`th person.
    pub async fn snapshot(&self, n: usize, id: &RemoteId) -> Snapshot {
        let target = Target::Id(id.clone());
        let mut snapshot = if self.can().read {
            match self.done(&Call::Read { target: target.clone() }).await {
                Reply::Contact(contact) => *contact,
                other => panic!("a read answered {other:?}"),
            }
        } else {
            self.found(&self.person(n)).await
        };
        if snapshot.tags.is_none() && self.can().tags_read {
            match self.done(&Call::ReadTags { target }).await {
                Reply::Tags(tags) => snapshot.tags = Some(tags),
                other => panic!("a read of tags answered {other:?}"),
            }
        }
        snapshot
    }

    /// Asserts that the `n`th person holds these values.
    pub async fn holds(&self, n: usize, id: &RemoteId, wanted: &[(Field, Value)]) {
        let snapshot = self.snapshot(n, id).await;
        if !snapshot.complete {
            return self.emulator_holds(id, wanted);
        }
        for (field, value) in wanted {
            let held = snapshot.fields.get(field).cloned().unwrap_or(Value::Clear);
            assert!(value.same_as(&held), "{}: {field} is {held:?}, not {value:?}", self.name());
        }
    }

    /// The same for a service that doesn't tell what it holds: the emulator's own record of the
    /// contact has each value somewhere.
    fn emulator_holds(&self, id: &RemoteId, wanted: &[(Field, Value)]) {
        let record = self.record(id);
        for (field, value) in wanted {
            let text = value.as_text();
            assert!(text.is_empty() || within(&record, &text), "{}: {field} is not {text}: {record}", self.name());
        }
    }

    /// The emulator's own record of a contact.
    pub fn record(&self, id: &RemoteId) -> Json {
        let contacts = self.sandbox.contacts(self.stage.entry.name);
        let is_it = |contact: &&Json| text_of(&contact["id"]) == id.0;
        contacts.as_array().into_iter().flatten().find(is_it).cloned().unwrap_or_else(|| panic!("no contact {id}"))
    }

    /// How many contacts the emulator holds.
    pub fn count(&self) -> usize {
        self.sandbox.contacts(self.stage.entry.name).as_array().map_or(0, Vec::len)
    }

    /// A target for tags, which some services name otherwise.
    pub fn tag_target(&self, n: usize, id: &RemoteId) -> Target {
        match self.can().tags_address_by.first() {
            None => Target::Id(id.clone()),
            Some(IdentifierKind::Email) => {
                Target::Identifier(Identifier::new(IdentifierKind::Email, self.person(n).email))
            }
            Some(_) => Target::Identifier(Identifier::new(IdentifierKind::Phone, self.person(n).phone)),
        }
    }

    /// Every contact of a listing, and the number of pages.
    pub async fn list(&self, filter: &Filter, page_size: Option<u32>) -> (Vec<Snapshot>, usize) {
        let (mut contacts, mut pages) = (Vec::new(), 0);
        let mut cursor: Option<Cursor> = None;
        loop {
            match self.done(&Call::List { filter: filter.clone(), cursor: cursor.take(), page_size }).await {
                Reply::Contacts(page) => {
                    pages += 1;
                    contacts.extend(page.items);
                    cursor = page.next;
                }
                other => panic!("a listing answered {other:?}"),
            }
            assert!(pages < 1000, "{}: a listing without end", self.name());
            if cursor.is_none() {
                return (contacts, pages);
            }
        }
    }

    // Whole jobs.

    /// Requests that could have changed something, so far.
    pub fn writes(&self) -> Vec<LoggedRequest> {
        let reads = |entry: &LoggedRequest| {
            entry.method == "GET" || entry.path.ends_with("/filter") || entry.path.ends_with("/list")
        };
        self.sandbox.log().into_iter().filter(|entry| !reads(entry)).collect()
    }

    /// Imports a file, as `rolo import` does. Known contacts are looked up anew, so that it is the
    /// service that is tested and not our memory, unless a look-up tells nothing of them.
    pub async fn import(&self, csv: &str, mapping: &str) -> Result<Imported> {
        let fresh = self.can().find_tells_fields || self.can().read;
        let options = ImportOptions { fresh, ..ImportOptions::default() };
        self.import_with(csv, mapping, options).await
    }

    pub async fn import_with(&self, csv: &str, mapping: &str, options: ImportOptions) -> Result<Imported> {
        let rows = Arc::new(Mutex::new(Vec::new()));
        let (source, results) = (self.source("contacts.csv", csv, mapping), self.folder.path().join("results.csv"));
        let job = ImportJob::of(source, self.account(), results, options);
        let mut context = self.context(Collects(Arc::clone(&rows)));
        let summary = jobs::import(&job, &mut context).await?;
        let rows = std::mem::take(&mut *rows.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(Imported { summary, rows })
    }

    /// An import that ends with every row in its outcome, none of them bad.
    pub async fn imported(&self, csv: &str, mapping: &str) -> Imported {
        let imported = self.import(csv, mapping).await.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        let bad: Vec<_> = imported.rows.iter().filter(|row| row.outcome.needs_attention()).collect();
        assert!(bad.is_empty(), "{}: {bad:?}", self.name());
        imported
    }

    /// Asserts that an import is refused by its mapping, naming the service and a cure, before
    /// anything was sent that could change the account.
    pub async fn refuses_import(&self, csv: &str, mapping: &str) -> Error {
        let before = self.writes().len();
        match self.import(csv, mapping).await {
            Ok(imported) => panic!("{}: an import went through: {:?}", self.name(), imported.rows),
            Err(error) => {
                self.is_a_refusal(&error);
                assert_eq!(self.writes().len(), before, "{}: something was sent", self.name());
                error
            }
        }
    }

    fn is_a_refusal(&self, error: &Error) {
        assert_eq!(error.kind, rolo::error::ErrorKind::Usage, "{error}");
        assert!(error.message.contains(self.name()), "the refusal does not name the service: {error}");
        assert!(error.hint.as_ref().is_some_and(|hint| !hint.is_empty()), "the refusal names no cure: {error}");
    }

    /// Exports to a CSV file and gives its text.
    pub async fn export(&self, change: impl FnOnce(&mut ExportJob)) -> Result<(Summary, String)> {
        let file = self.folder.path().join("export.csv");
        let mut job = ExportJob {
            account: self.account(),
            file: file.clone(),
            filter: Filter::default(),
            columns: None,
            limit: None,
            plus_numbers: PlusNumbers::default(),
            messages: false,
            tags_by_list: false,
            identifiers: None,
            exact: false,
            if_taken: rolo::table::IfTaken::Replace,
            resumes: None,
            queued: None,
        };
        change(&mut job);
        let mut context = self.context(Collects(Arc::default()));
        let summary = jobs::export(&job, &mut context).await?;
        Ok((summary, std::fs::read_to_string(file).unwrap_or_default()))
    }

    /// Asserts that an export is refused, naming the service and a cure, before anything was sent.
    pub async fn refuses_export(&self, change: impl FnOnce(&mut ExportJob)) {
        let before = self.sandbox.request_count();
        match self.export(change).await {
            Ok((summary, _)) => panic!("{}: an export went through: {summary:?}", self.name()),
            Err(error) => self.is_a_refusal(&error),
        }
        assert_eq!(self.sandbox.request_count(), before, "{}: something was sent", self.name());
    }

    /// The header and cells of the columns every service has for a person, and the mapping of them.
    pub fn table_of(&self, people: &[usize], column: &str, cells: &[&str], rule: &str) -> (String, String) {
        let mut csv = format!("Phone,E-mail,First,Last,{column}\n");
        for (n, cell) in people.iter().zip(cells) {
            let Person { first, last, email, phone, .. } = self.person(*n);
            csv.push_str(&format!("{phone},{email},{first},{last},{cell}\n"));
        }
        let mapping = format!(
            "[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
             [columns.First]\nfield = \"first_name\"\n[columns.Last]\nfield = \"last_name\"\n\
             [columns.\"{column}\"]\n{rule}\n"
        );
        (csv, mapping)
    }

    /// A file of the job's own, and how to read it.
    pub fn source(&self, name: &str, csv: &str, mapping: &str) -> SourceSpec {
        let path: PathBuf = self.folder.path().join(name);
        std::fs::write(&path, csv).unwrap();
        SourceSpec { mapping: MappingChoice::Text(mapping.to_owned()), ..SourceSpec::of(path) }
    }

    fn account(&self) -> AccountSpec {
        // The sandbox that the job starts is idle: it only says that nothing is paced.
        let sandbox = SandboxSpec { unthrottled: true, memory: true, ..SandboxSpec::default() };
        AccountSpec {
            settings: self.stage.settings(),
            // This world's own sandbox.
            base_url: Some(self.sandbox.base_url(self.stage.entry.name)),
            ..AccountSpec::of_sandbox("account", self.stage.entry, sandbox)
        }
    }

    fn context(&self, reporter: Collects) -> Context {
        Context {
            state_dir: self.folder.path().join("state"),
            ledger: rolo::ledger::LedgerPlace::in_folder(&self.folder.path().join("state")),
            written_in: None,
            reporter: Box::new(reporter),
            stop: Stop::default(),
            served: false,
            watch: None,
        }
    }
}

/// Keeps the rows' records.
struct Collects(Arc<Mutex<Vec<RowRecord>>>);

impl Reporter for Collects {
    fn event(&mut self, event: &Event) {
        if let Event::Row { record, .. } = event {
            self.0.lock().unwrap_or_else(PoisonError::into_inner).push(record.clone());
        }
    }
}

fn secret(credential: Credential) -> String {
    if credential == Credential::Basic { "sandbox:sandbox".to_owned() } else { "sandbox".to_owned() }
}

fn text_of(json: &Json) -> String {
    json.as_str().map_or_else(|| json.to_string(), str::to_owned)
}

/// Whether some value inside is written so.
fn within(json: &Json, text: &str) -> bool {
    match json {
        Json::Array(items) => items.iter().any(|item| within(item, text)),
        Json::Object(map) => map.values().any(|item| within(item, text)),
        other => text_of(other) == text || text_of(other).to_lowercase() == text.to_lowercase(),
    }
}

pub fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

pub fn fields(pairs: &[(&str, &str)]) -> Vec<(Field, Value)> {
    pairs.iter().map(|(name, value)| (Field::new(name), text(value))).collect()
}

pub fn owned(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub fn sorted(mut names: Vec<String>) -> Vec<String> {
    names.sort();
    names
}
