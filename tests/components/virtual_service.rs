//! A plain service that lives in virtual time and loses answers on purpose, for simulations.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rolo::clock;
use rolo::contact::{
    Call, Capabilities, CreateSafety, Edit, Field, FieldKind, FieldSpec, Identifier, IdentifierKind, Limits, Quota,
    RemoteId, Snapshot, Source, Sourced, TagEdit, TagMode, Target, Value,
};
use rolo::error::{Error, Result};
use rolo::journal::RunId;
use rolo::ledger::LedgerHandle;
use rolo::services::{Answer, Credential, Method, Page, Reply, Request, Service, Verdict, by_status};
use rolo::transport::{Failure, FailureKind, Transport};
use rolo_sandbox::window::SlidingWindow;
use serde_json::{Value as Json, json};
use tokio::time::{Instant, sleep};

pub const WINDOW: Duration = Duration::from_secs(60);
pub const LIMIT: u32 = 200;
const MADE_UP: Source = Source::Assumed("made up for simulations");

/// The client's side: requests and verdicts.
pub struct Plain {
    capabilities: Capabilities,
    limits: Limits,
}

const fn field(name: &'static str, kind: fn() -> FieldKind) -> FieldSpec {
    FieldSpec {
        name,
        wire: name,
        kind,
        create: true,
        update: true,
        read: true,
        group: None,
        max_chars: None,
        source: MADE_UP,
    }
}

const FIELDS: &[FieldSpec] = &[
    field("phone", || FieldKind::Phone),
    field("name", || FieldKind::Text),
    field("city", || FieldKind::Text),
    field("company", || FieldKind::Text),
];

impl Plain {
    /// What does not matter here is as another service has it.
    pub fn new(safety: CreateSafety, tells_id: bool, search_lag: Duration) -> Self {
        let model = crate::staged::service("respondio-v1", &[]);
        let mut capabilities = model.capabilities().clone();
        capabilities.find_by = &[IdentifierKind::Phone];
        capabilities.create_needs = &[IdentifierKind::Phone];
        capabilities.create_safety = Sourced::new(safety, MADE_UP);
        capabilities.create_tells_id = tells_id;
        capabilities.search_lag = Sourced::new(search_lag, MADE_UP);
        capabilities.custom_fields = false;
        let mut limits = model.limits().clone();
        limits.quota = Sourced::new(Quota { calls: LIMIT, per: WINDOW }, MADE_UP);
        limits.fields_per_create = Some(Sourced::new(2, MADE_UP));
        limits.fields_per_update = Some(Sourced::new(2, MADE_UP));
        limits.tags_per_add = Some(Sourced::new(2, MADE_UP));
        Self { capabilities, limits }
    }
}

fn id(target: &Target) -> Result<&str> {
    match target {
        Target::Id(id) => Ok(&id.0),
        Target::Identifier(_) => Err(Error::bug("addressed by id alone")),
    }
}

fn body(edit: &Edit) -> Json {
    edit.fields
        .iter()
        .map(|(field, value)| (field.name().to_owned(), json!(value.as_text())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

impl Service for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    fn limits(&self) -> &Limits {
        &self.limits
    }

    fn fields(&self) -> &'static [FieldSpec] {
        FIELDS
    }

    fn credential(&self) -> Credential {
        Credential::Bearer
    }

    fn request(&self, call: &Call) -> Result<Request> {
        Ok(match call {
            Call::Find { identifiers, .. } => {
                Request::new(Method::Get, "/find").query("phone", identifiers[0].value.as_str())
            }
            Call::Create { edit, .. } => Request::new(Method::Post, "/contacts").json(body(edit)),
            Call::Update { target, edit } => {
                Request::new(Method::Put, format!("/contacts/{}", id(target)?)).json(body(edit))
            }
            Call::EditTags { target, edit: TagEdit { mode: TagMode::Add, tags } } => {
                Request::new(Method::Post, format!("/contacts/{}/tags", id(target)?)).json(json!(tags))
            }
            _ => return Err(Error::bug("not a call of this service")),
        })
    }

    fn verdict(&self, call: &Call, answer: &Answer) -> Verdict {
        let json = answer.json().filter(Json::is_object);
        let (Some(json), 200) = (json, answer.status) else {
            return match (call, answer.status) {
                (Call::Create { .. }, 409) => {
                    Verdict::Exists { message: "it exists".into(), fields: vec!["phone".into()], id: None }
                }
                _ => by_status(answer, ""),
            };
        };
        let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
        match call {
            Call::Create { .. } => match text("id") {
                Some(id) => Verdict::done(Reply::Id(RemoteId(id))),
                None if !self.capabilities.create_tells_id => Verdict::done(Reply::Nothing),
                None => by_status(answer, ""),
            },
            Call::Find { .. } => match json.get("found").and_then(Json::as_array) {
                Some(found) => {
                    let items = found.iter().map(snapshot).collect();
                    Verdict::done(Reply::Contacts(Page { items, next: None, total: None }))
                }
                None => by_status(answer, ""),
            },
            _ => Verdict::done(Reply::Nothing),
        }
    }
}

fn snapshot(json: &Json) -> Snapshot {
    let mut snapshot = Snapshot::new(RemoteId(json["id"].as_str().unwrap().to_owned()));
    for (name, value) in json["fields"].as_object().unwrap() {
        snapshot.fields.insert(Field::new(name), Value::Text(value.as_str().unwrap().to_owned()));
    }
    snapshot.tags = Some(json["tags"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned()).collect());
    snapshot
}

/// A small generator, so that a run can be repeated.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }
}

#[derive(Clone, Debug)]
pub struct Stored {
    pub id: String,
    pub fields: BTreeMap<String, String>,
    pub tags: Vec<String>,
    created: Instant,
}

/// The server's side, shared by all connections to it.
pub struct World {
    pub contacts: Vec<Stored>,
    pub safety: CreateSafety,
    pub tells_id: bool,
    pub search_lag: Duration,
    pub random: Random,
    /// What becomes of the next creates, before chance decides.
    pub creates: Vec<Fate>,
    /// When each create arrived, carried out or not.
    pub created_at: Vec<Instant>,
    /// Method and path of every request, in order.
    pub trace: Vec<String>,
    /// Of a hundred requests, so many go wrong.
    pub trouble: u64,
    window: SlidingWindow,
    origin: Instant,
    pub admitted: u64,
    /// Refusals by the window, and not on purpose.
    pub too_many: u64,
    pub writes: u64,
    /// What broke a promise.
    pub violations: Vec<String>,
    /// The present run, against which every write is held.
    pub recorded: Option<(LedgerHandle, RunId)>,
}

/// What becomes of one request.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fate {
    Well,
    NotSent,
    LostBefore,
    LostAfter,
    Damaged,
    Status(u16),
    /// Carried out, and answered as if not.
    ErrorAfter,
}

impl World {
    pub fn new(safety: CreateSafety, tells_id: bool, search_lag: Duration, seed: u64) -> Self {
        Self {
            contacts: Vec::new(),
            safety,
            tells_id,
            search_lag,
            random: Random(seed),
            creates: Vec::new(),
            created_at: Vec::new(),
            trace: Vec::new(),
            trouble: 0,
            window: SlidingWindow::new(LIMIT, WINDOW),
            origin: clock::now(),
            admitted: 0,
            too_many: 0,
            writes: 0,
            violations: Vec::new(),
            recorded: None,
        }
    }

    fn fate(&mut self, request: &Request) -> Fate {
        self.trace.push(format!("{} {} {:?}", request.method.name(), request.path, request.body));
        if request.path == "/contacts" {
            self.created_at.push(clock::now());
            if !self.creates.is_empty() {
                return self.creates.remove(0);
            }
        }
        if self.random.below(100) >= self.trouble {
            return Fate::Well;
        }
        match self.random.below(9) {
            0 => Fate::NotSent,
            1 => Fate::LostBefore,
            2 | 3 => Fate::LostAfter,
            4 => Fate::Damaged,
            5 => Fate::Status(503),
            6 => Fate::Status(429),
            7 => Fate::Status(302),
            _ => Fate::ErrorAfter,
        }
    }

    fn carry_out(&mut self, request: &Request) -> (u16, Json) {
        let now = clock::now();
        if self.window.admit(now - self.origin).is_err() {
            self.too_many += 1;
            return (429, json!({}));
        }
        self.admitted += 1;
        let body = match &request.body {
            rolo::services::Body::Json(body) => body.clone(),
            _ => Json::Null,
        };
        let parts: Vec<&str> = request.path.split('/').skip(1).collect();
        match (request.method, parts.as_slice()) {
            (Method::Get, ["find"]) => {
                let phone = &request.query[0].1;
                let found: Vec<Json> = self
                    .contacts
                    .iter()
                    .filter(|contact| contact.fields.get("phone") == Some(phone))
                    .filter(|contact| now - contact.created >= self.search_lag)
                    .map(|contact| json!({ "id": contact.id, "fields": contact.fields, "tags": contact.tags }))
                    .collect();
                (200, json!({ "found": found }))
            }
            (Method::Post, ["contacts"]) => self.create(&body, now),
            (method, ["contacts", id, rest @ ..]) => {
                let Some(contact) = self.contacts.iter_mut().find(|contact| contact.id == *id) else {
                    return (404, json!({}));
                };
                if method == Method::Put {
                    contact.fields.extend(texts(&body));
                } else if rest == ["tags"] {
                    let new = body.as_array().unwrap().iter().map(|tag| tag.as_str().unwrap().to_owned());
                    let new: Vec<String> = new.filter(|tag| !contact.tags.contains(tag)).collect();
                    contact.tags.extend(new);
                }
                (200, json!({}))
            }
            _ => (405, json!({})),
        }
    }

    fn create(&mut self, body: &Json, now: Instant) -> (u16, Json) {
        let fields = texts(body);
        let present = self.contacts.iter_mut().find(|contact| contact.fields["phone"] == fields["phone"]);
        let id = match (self.safety, present) {
            (CreateSafety::UniqueConstraint, Some(_)) => return (409, json!({})),
            (CreateSafety::Upsert, Some(contact)) => {
                contact.fields.extend(fields);
                contact.id.clone()
            }
            _ => {
                let id = format!("c{}", self.contacts.len());
                self.contacts.push(Stored { id: id.clone(), fields, tags: Vec::new(), created: now });
                id
            }
        };
        (200, if self.tells_id { json!({ "id": id }) } else { json!({}) })
    }

    /// A create that was thought lost arrives late.
    pub fn arrive(&mut self, phone: &str) {
        self.create(&json!({ "phone": phone }), clock::now());
    }

    /// The row that a write is about: phones end in its number.
    fn row(&self, request: &Request) -> Option<u64> {
        let phone = match &request.body {
            rolo::services::Body::Json(body) if request.path == "/contacts" => body["phone"].as_str()?.to_owned(),
            _ => {
                let id = request.path.split('/').nth(2)?;
                self.contacts.iter().find(|contact| contact.id == id)?.fields["phone"].clone()
            }
        };
        phone[phone.len() - 4..].parse().ok()
    }
}

fn texts(body: &Json) -> BTreeMap<String, String> {
    body.as_object().unwrap().iter().map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

/// A connection to the world.
pub struct Wire(pub Arc<Mutex<World>>);

impl Wire {
    /// Nothing is sent without an intent in the ledger, and nothing that the ledger has as done.
    async fn hold_against_the_ledger(&self, request: &Request) {
        let (recorded, row) = {
            let mut world = self.0.lock().unwrap();
            world.writes += 1;
            (world.recorded.clone(), world.row(request))
        };
        let (Some((ledger, run)), Some(row)) = (recorded, row) else { return };
        let ended = ledger
            .rows(&run, row, 1)
            .await
            .unwrap()
            .first()
            .is_some_and(|(index, record)| *index == row && record.outcome != rolo::contact::Outcome::InDoubt);
        let steps = ledger.steps(&run, row).await.unwrap();
        let mut wrong = Vec::new();
        if ended {
            wrong.push(format!("row {row} has ended and is written to: {}", request.path));
        }
        if !steps.iter().any(|step| step.kind.writes() && step.answered.is_none()) {
            wrong.push(format!("row {row} is written to without an intent: {}", request.path));
        }
        let created = steps.iter().any(|step| {
            step.kind == rolo::contact::CallKind::Create
                && step.answered.as_ref().is_some_and(|answered| answered.verdict == rolo::journal::CallVerdict::Done)
        });
        if created && request.path == "/contacts" {
            wrong.push(format!("row {row} is created once more"));
        }
        self.0.lock().unwrap().violations.extend(wrong);
    }
}

impl Transport for Wire {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, std::result::Result<Answer, Failure>> {
        async move {
            let (fate, there, back) = {
                let mut world = self.0.lock().unwrap();
                (world.fate(request), world.random.below(200), world.random.below(200))
            };
            if request.method != Method::Get {
                self.hold_against_the_ledger(request).await;
            }
            let failure = |kind, message: &str| Err(Failure { kind, message: message.to_owned() });
            if fate == Fate::NotSent {
                return failure(FailureKind::NotSent, "refused");
            }
            sleep(Duration::from_millis(there)).await;
            let (mut status, mut body) = match fate {
                Fate::LostBefore => {
                    sleep(Duration::from_secs(30)).await;
                    return failure(FailureKind::NoAnswer, "lost on the way there");
                }
                Fate::Status(status) => (status, json!({})),
                _ => self.0.lock().unwrap().carry_out(request),
            };
            sleep(Duration::from_millis(back)).await;
            match fate {
                Fate::LostAfter => return failure(FailureKind::NoAnswer, "lost on the way back"),
                Fate::ErrorAfter => (status, body) = (500, json!({})),
                Fate::Damaged => body = Json::Null,
                _ => {}
            }
            Ok(Answer { status, headers: Vec::new(), body: body.to_string().into_bytes(), at: clock::unix_now() })
        }
        .boxed()
    }
}

/// What a row wants: more fields and tags than one call takes.
pub fn wanted(row: u64) -> rolo::contact::Contact {
    let phone = format!("+1202555{row:04}");
    let change = |name: &str, value: String| {
        rolo::contact::FieldChange::new(Field::new(name), Value::Text(value), rolo::contact::Overwrite::Always)
    };
    rolo::contact::Contact {
        identifiers: vec![Identifier::new(IdentifierKind::Phone, phone.as_str())],
        fields: vec![
            change("phone", phone),
            change("name", format!("Ana {row}")),
            change("city", "Pune".into()),
            change("company", "Acme".into()),
        ],
        tags: crate::staged::tags(&["a", "b", "c"], &[], false),
        ..rolo::contact::Contact::default()
    }
}
