//! Each service × each kind of call × each fault, over real sockets, from one table.

mod deadline;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use rolo::contact::{Call, CallKind, Contact, Edit, Field, FieldChange, FieldDefinition, FieldKind};
use rolo::contact::{Filter, Identifier, IdentifierKind};
use rolo::contact::{Outcome, Overwrite, RemoteId, TagEdit, TagMode, Target, Value};
use rolo::reconcile::{CallEnd, StepAt, Write};
use rolo::services::{Credential, Request, Service};
use rolo::transport::{HttpOptions, HttpTransport};
use rolo::upload::{Retry, RowEnd};
use rolo_sandbox::faults::{
    Empty, Endless, Gzip, Html, Latency, Reset, ResetMidAnswer, RetryAfter, SearchLag, Slow, Status, Timeout,
    Truncated, WrongJson,
};
use rolo_sandbox::{Fault, Sandbox};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

use self::deadline::{Deadline, Watched};
use crate::staged::{Setting, Stage, begin, entry, hasty, ledger, name_field, person, service, tags, unthrottled};

const PHONE: &str = "+12025550999";
/// Where an answer is kept back until the client gives up, it gives up so soon; doubled where the machine
/// is too busy for that.
const SOON: Duration = Duration::from_millis(1500);
/// Everywhere else nothing has to be given up.
const LATE: Duration = Duration::from_secs(60);

type Pairs = &'static [(&'static str, &'static str)];

/// The services, with the settings that switch most of their calls on.
const SERVICES: [(&str, Pairs); 7] = [
    ("respondio-v1", &[]),
    ("respondio", &[]),
    ("chatwoot", &[]),
    ("99digital", &[("filter", "true"), ("labels", "true"), ("delete", "true"), ("destroy_custom_attributes", "true")]),
    ("engagelab", &[("read", "true"), ("labels", "true"), ("delete", "true")]),
    ("engagor", &[]),
    ("dmchamp", &[]),
];

/// How a cell must end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// As if nothing had happened: one contact, with what was wanted.
    Applied,
    /// The row or call fails for good, with a reason; nothing was applied.
    Failed,
    /// The run stops, to be resumed; no row has failed.
    Halted,
}
use End::{Applied, Failed, Halted};

/// Which kinds of call a fault is tried on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum On {
    All,
    /// The kinds that matter most: look-up, create, update, tags, listing.
    Main,
    Create,
    /// Calls about one contact that is known to be there.
    Known,
}

/// What goes wrong.
enum What {
    /// Requests of the call meet it: the first so many of them.
    Fault(u64, fn(&str) -> Fault),
    /// New contacts can't be looked up at first, and the answer of the create is lost.
    Lagging,
    /// Nobody listens.
    Refused,
    /// Somebody else's certificate.
    Certificate,
}

struct Case {
    name: &'static str,
    what: What,
    on: On,
    end: End,
    /// At least so long, in milliseconds.
    waits: u64,
    /// Services and kinds that end otherwise by their own documents. `None`: every kind.
    but: &'static [(&'static str, Option<CallKind>, End)],
    /// The request was carried out behind an answer that hides it: the resume looks it up.
    hides: bool,
    /// The client has to give up waiting.
    keeps_waiting: bool,
}

const EVER: u64 = u64::MAX;

macro_rules! fault {
    ($behavior:expr) => {
        |name| Fault::new(name, $behavior)
    };
}

const fn case(name: &'static str, on: On, times: u64, make: fn(&str) -> Fault, end: End) -> Case {
    Case { name, what: What::Fault(times, make), on, end, waits: 0, but: &[], hides: false, keeps_waiting: false }
}

/// A case in which the client has to give up waiting.
const fn unanswered(name: &'static str, on: On, make: fn(&str) -> Fault) -> Case {
    Case { keeps_waiting: true, ..case(name, on, 1, make, Applied) }
}

/// The Chatwoot family waits for the next whole minute of the server's clock, which is one second off.
fn too_many(wait: Option<RetryAfter>) -> Status {
    // 2026-11-21 10:00:59 UTC.
    let status = Status::new(429).at(Duration::from_secs(1_795_255_259));
    match wait {
        Some(wait) => status.retry_after(wait),
        None => status,
    }
}

fn redirect(status: u16) -> Status {
    Status::new(status).header("location", TRAP.get().unwrap())
}

/// The API of the first version documents 403 as its catch-all for values; lists refuse by it.
const FORBIDDEN: &[(&str, Option<CallKind>, End)] =
    &[("respondio-v1", None, Failed), ("dmchamp", Some(CallKind::AddToList), Failed)];
/// A row that names its contact by id has nothing else to look it up by.
const BY_ID: &[(&str, Option<CallKind>, End)] = &[("engagor", None, Failed)];
/// It lists by a field's value alone, and a service that breaks on a condition is told from one that is down.
const BY_FIELD: &[(&str, Option<CallKind>, End)] = &[("respondio-v1", Some(CallKind::List), Failed)];

fn table() -> Vec<Case> {
    use On::{All, Create, Known, Main};
    vec![
        Case {
            waits: 1000,
            ..case("429 for a second", All, 1, fault!(too_many(Some(RetryAfter::Seconds(1)))), Applied)
        },
        Case {
            waits: 900,
            ..case(
                "429 until a date",
                Main,
                1,
                fault!(Status::new(429).retry_after(RetryAfter::Date(Duration::from_secs(2)))),
                Applied,
            )
        },
        case("429 until a past date", Main, 1, fault!(too_many(Some(RetryAfter::Past))), Applied),
        case("429 without a wait", All, 1, fault!(too_many(None)), Applied),
        case("429 with a wait that can't be read", Main, 1, fault!(too_many(Some(RetryAfter::Garbage))), Applied),
        case("429 three times", Main, 3, fault!(too_many(Some(RetryAfter::Seconds(0)))), Applied),
        case("429 for ten hours", All, 1, fault!(too_many(Some(RetryAfter::Seconds(36_000)))), Halted),
        case("429 for ever", Main, EVER, fault!(too_many(Some(RetryAfter::Seconds(0)))), Halted),
        case("500 once", All, 1, fault!(Status::new(500)), Applied),
        case("502 once", Main, 1, fault!(Status::new(502)), Applied),
        Case {
            waits: 1000,
            ..case("503 for a second", All, 1, fault!(Status::new(503).retry_after(RetryAfter::Seconds(1))), Applied)
        },
        case("503 once", Main, 1, fault!(Status::new(503)), Applied),
        case("504 once", Main, 1, fault!(Status::new(504)), Applied),
        case("500 three times", Main, 3, fault!(Status::new(500)), Applied),
        case("503 three times", All, 3, fault!(Status::new(503)), Applied),
        Case { but: BY_FIELD, ..case("500 for ever", Main, EVER, fault!(Status::new(500)), Halted) },
        case("503 for ever", All, EVER, fault!(Status::new(503)), Halted),
        case("reset before the request is read", All, 1, fault!(Reset { applies: false }), Applied),
        case("reset after it was applied", All, 1, fault!(Reset { applies: true }), Applied),
        case("reset in the middle of the answer", Main, 1, fault!(ResetMidAnswer), Applied),
        unanswered("timeout, not applied", Main, fault!(Timeout { applies: false })),
        unanswered("timeout after it was applied", All, fault!(Timeout { applies: true })),
        case("an answer cut short", All, 1, fault!(Truncated::Length), Applied),
        case("truncated JSON", Main, 1, fault!(Truncated::Json), Applied),
        case("JSON of another kind", All, 1, fault!(WrongJson), Applied),
        Case { hides: true, ..case("an HTML page", All, 1, fault!(Html), Halted) },
        case("nothing in a good answer", All, 1, fault!(Empty), Applied),
        case("an answer that is not compressed and says so", Main, 1, fault!(Gzip::Plain), Applied),
        case("a gzip bomb", Main, 1, fault!(Gzip::bomb()), Applied),
        case("an endless answer", All, 1, fault!(Endless), Applied),
        // Longer between two bytes than any deadline.
        unanswered("one byte at a time", Main, fault!(Slow { pause: Duration::from_secs(200) })),
        case("a late answer", Main, 2, fault!(Latency { delay: Duration::from_millis(120) }), Applied),
        case("301 elsewhere", Main, 1, fault!(redirect(301)), Halted),
        case("302 elsewhere", Main, 1, fault!(redirect(302)), Halted),
        case("307 elsewhere", Main, 1, fault!(redirect(307)), Halted),
        case("308 elsewhere", All, 1, fault!(redirect(308)), Halted),
        case("401 in the middle", All, EVER, fault!(Status::new(401)), Halted),
        Case { but: FORBIDDEN, ..case("403 in the middle", Main, EVER, fault!(Status::new(403)), Halted) },
        case("400", Main, 1, fault!(Status::new(400)), Failed),
        case("422", Main, 1, fault!(Status::new(422)), Failed),
        Case { but: BY_ID, ..case("the contact is gone", Known, 1, fault!(Status::new(404)), Applied) },
        Case {
            name: "a lagging search",
            what: What::Lagging,
            on: Create,
            end: Applied,
            waits: 0,
            but: &[],
            hides: false,
            keeps_waiting: false,
        },
        Case {
            name: "connection refused",
            what: What::Refused,
            on: All,
            end: Halted,
            waits: 0,
            but: &[],
            hides: false,
            keeps_waiting: false,
        },
        Case {
            name: "a wrong certificate",
            what: What::Certificate,
            on: Main,
            end: Halted,
            waits: 0,
            but: &[],
            hides: false,
            keeps_waiting: false,
        },
    ]
}

static TRAP: std::sync::OnceLock<String> = std::sync::OnceLock::new();

impl On {
    fn takes(self, kind: CallKind) -> bool {
        use CallKind::{AddTags, AddToList, ClearFields, Create, Find, List, RemoveTags, ReplaceTags, Update};
        match self {
            Self::All => true,
            Self::Main => matches!(kind, Find | Create | Update | AddTags | ReplaceTags | List),
            Self::Create => kind == Create,
            Self::Known => matches!(kind, Update | AddTags | RemoveTags | ReplaceTags | ClearFields | AddToList),
        }
    }
}

/// The place where everything happens: one service, one contact in it.
struct Scene {
    name: &'static str,
    settings: Pairs,
    service: Arc<dyn Service>,
    sandbox: Arc<Sandbox>,
    id: RemoteId,
}

impl Scene {
    /// A server with the contact in it, unless the call is to create it.
    async fn new(name: &'static str, settings: Pairs, kind: CallKind) -> Result<Self, String> {
        let calendar = rolo::clock::simulated_calendar();
        let mut options = rolo_sandbox::Options::new(move || calendar());
        options.services = vec![name.to_owned()];
        options.emulator.unthrottled = true;
        options.emulator.chatwoot.undocumented = true;
        let sandbox = Arc::new(rolo_sandbox::start(options).await.unwrap());
        let service = service(name, settings);
        // Engagor has contacts from the start and creates none.
        let mut scene = Self { name, settings, service, sandbox, id: RemoteId("1002".into()) };
        if scene.service.capabilities().create && !matches!(kind, CallKind::Create | CallKind::Find) {
            let mut present = person(PHONE, name_field(scene.service.as_ref()), "Ana");
            if scene.service.capabilities().custom_fields && scene.service.capabilities().has(CallKind::ClearFields) {
                present.fields.push(custom(Value::Text("gold".into())));
            }
            if scene.tags() {
                present.tags = tags(&["old"], &[], false);
            }
            let stage =
                scene.stage(&scene.sandbox.base_url(name), hasty(), Duration::ZERO, &Deadline::new(LATE, None)).await;
            let RowEnd::Finished(record) = stage.drive(0, present).await else {
                return Err(format!("not prepared: {:?}", stage.caller.halted()));
            };
            let created = record.contact_id.clone().filter(|_| record.outcome == Outcome::Created);
            scene.id = created.ok_or_else(|| format!("not prepared: {record:?}"))?;
        } else if kind == CallKind::RemoveTags {
            // A tag that nobody has set is not taken away.
            let mut tagged = scene.row(CallKind::AddTags).ok_or("no row adds tags")?;
            tagged.tags = tags(&["old"], &[], false);
            let stage =
                scene.stage(&scene.sandbox.base_url(name), hasty(), Duration::ZERO, &Deadline::new(LATE, None)).await;
            if !matches!(stage.drive(0, tagged).await, RowEnd::Finished(record) if record.outcome == Outcome::Updated) {
                return Err("not prepared: the contact has no tag to be taken away".into());
            }
        }
        Ok(scene)
    }

    fn tags(&self) -> bool {
        let capabilities = self.service.capabilities();
        capabilities.tags_add || capabilities.tags_replace
    }

    async fn stage(&self, base_url: &str, retry: Retry, search_lag: Duration, deadline: &Deadline) -> Stage {
        let secret = if self.service.credential() == Credential::Basic { "sandbox:sandbox" } else { "sandbox" };
        let mut options = HttpOptions::new(base_url, self.service.credential(), secret.to_owned().into());
        options.deadline = deadline.time;
        options.connect_timeout = deadline.time;
        options.answer_cap = 256 * 1024;
        let ledger = ledger();
        let run = begin(&ledger, self.name, 1).await;
        Stage::new(Setting {
            service: self.service.clone(),
            transport: Arc::new(Watched {
                transport: HttpTransport::new(options).unwrap(),
                deadline: deadline.clone(),
                sandbox: self.sandbox.clone(),
            }),
            budget: unthrottled(&ledger),
            ledger,
            run,
            retry,
            search_lag,
        })
    }

    /// The call of this kind, about the contact.
    fn call(&self, kind: CallKind) -> Call {
        let identifier = Identifier::new(IdentifierKind::Phone, PHONE);
        let target = Target::Id(self.id.clone());
        let name = (Field::new(name_field(self.service.as_ref())), Value::Text("Bea".into()));
        let edit_tags = |mode| {
            let by = self.service.capabilities().tags_address_by;
            let target = if by.is_empty() { target.clone() } else { Target::Identifier(identifier.clone()) };
            let tag = if mode == TagMode::Remove { "old" } else { "new" };
            Call::EditTags { target, edit: TagEdit { mode, tags: vec![tag.to_owned()] } }
        };
        let seats = FieldDefinition { name: "seats".into(), alias: None, kind: FieldKind::Number };
        match kind {
            CallKind::Find => Call::Find { identifiers: vec![identifier], cursor: None },
            CallKind::Read => Call::Read { target },
            CallKind::Create => Call::Create {
                edit: Edit { fields: vec![(Field::new("phone"), Value::Text(PHONE.into())), name], ..Edit::default() },
                identifier: Some(identifier),
            },
            CallKind::Update => Call::Update { target, edit: Edit { fields: vec![name], ..Edit::default() } },
            CallKind::Upsert => panic!("no service has it"),
            CallKind::ClearFields => Call::ClearFields { target, fields: vec![Field::custom("plan")] },
            CallKind::AddTags => edit_tags(TagMode::Add),
            CallKind::RemoveTags => edit_tags(TagMode::Remove),
            CallKind::ReplaceTags => edit_tags(TagMode::Replace),
            CallKind::ReadTags => Call::ReadTags { target },
            CallKind::AddToList => Call::AddToList { target, list: "list-1".into() },
            CallKind::RemoveFromList => Call::RemoveFromList { target, list: "list-1".into() },
            CallKind::Delete => Call::Delete { target },
            CallKind::List => Call::List { filter: self.filter(), cursor: None, page_size: None },
            CallKind::ReadMessages => Call::ReadMessages { target },
            CallKind::ListFields => Call::ListFields { cursor: None },
            CallKind::CreateField => Call::CreateField { definition: seats },
            CallKind::ListTags => Call::ListTags { cursor: None },
            CallKind::Check => Call::Check,
        }
    }

    fn filter(&self) -> Filter {
        let by_field = self.service.capabilities().list_all == rolo::contact::ListAll::ByField;
        Filter { field: by_field.then(|| (Field::new("phone"), Value::Text(PHONE.into()))), ..Filter::default() }
    }

    /// The row that leads to a call of this kind, where an import makes it.
    fn row(&self, kind: CallKind) -> Option<Contact> {
        let name = name_field(self.service.as_ref());
        let mut row = person(PHONE, name, "Ana");
        if !self.service.capabilities().create {
            row.identifiers = vec![Identifier::new(IdentifierKind::Id, self.id.0.as_str())];
            row.fields.clear();
        }
        match kind {
            CallKind::Find | CallKind::Create => {}
            CallKind::Update => {
                row.fields.retain(|change| change.field.name() != name);
                row.fields.push(FieldChange::new(Field::new(name), Value::Text("Bea".into()), Overwrite::Always));
            }
            CallKind::ClearFields => row.fields.push(custom(Value::Clear)),
            CallKind::AddTags => row.tags = tags(&["new"], &[], false),
            CallKind::RemoveTags => row.tags = tags(&[], &["old"], false),
            CallKind::ReplaceTags if self.service.capabilities().tags_replace => row.tags = tags(&["new"], &[], true),
            CallKind::AddToList => row.lists.add.push("list-1".into()),
            _ => return None,
        }
        Some(row)
    }

    /// How often the phone is on the server.
    fn contacts(&self) -> usize {
        let contacts = self.sandbox.contacts(self.name);
        let contacts = contacts.as_array().unwrap_or_else(|| panic!("{}: no list of contacts", self.name));
        contacts.iter().filter(|contact| contact.to_string().contains(PHONE.trim_start_matches('+'))).count()
    }

    /// Requests of the call that were carried out; one service answers 404 to a look-up that finds
    /// nothing.
    fn carried_out(&self, kind: CallKind, request: &Request) -> usize {
        let found_nothing = |status| kind == CallKind::Find && status == Some(404);
        let log = self.sandbox.log();
        log.iter()
            .filter(|met| met.method == request.method.name() && met.path == request.path)
            .filter(|met| met.applied || found_nothing(met.status))
            .count()
    }
}

fn custom(value: Value) -> FieldChange {
    FieldChange::new(Field::custom("plan"), value, Overwrite::Always)
}

/// Drives one cell to its end.
async fn end_of(scene: &Scene, kind: CallKind, stage: &Stage) -> Result<End, String> {
    if let Some(row) = scene.row(kind) {
        return match stage.drive(1, row).await {
            RowEnd::Halted => Ok(Halted),
            RowEnd::Finished(record) => match record.outcome {
                Outcome::Created | Outcome::Updated => Ok(Applied),
                Outcome::Failed if !record.errors.is_empty() => Ok(Failed),
                _ => Err(format!("{record:?}")),
            },
        };
    }
    let call = scene.call(kind);
    let reached = if let Call::CreateField { definition } = &call {
        let created = rolo::upload::create_field(&stage.caller, definition).await;
        match created {
            Ok(reached) => reached,
            Err(_) if stage.caller.halted().is_some() => return Ok(Halted),
            Err(error) => return Err(error.to_string()),
        }
    } else if kind.writes() {
        let at = StepAt { row: 1, step: 0, sent_before: 0 };
        stage.caller.write(Write { call, at, before: Vec::new(), creates: Vec::new() }).await
    } else {
        stage.caller.read(&call).await
    };
    match reached.end {
        CallEnd::Done(_) => Ok(Applied),
        CallEnd::Refused { .. } | CallEnd::Missing { .. } => Ok(Failed),
        CallEnd::Halted => Ok(Halted),
        other => Err(format!("{other:?}")),
    }
}

/// A server whose certificate nobody signed, counting those who come.
async fn untrusted_server() -> (String, Arc<AtomicUsize>) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = config.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/x", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counter = connections.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counter.fetch_add(1, Ordering::SeqCst);
            drop(acceptor.accept(stream).await);
        }
    });
    (url, connections)
}

/// One cell, again with more time for as long as the machine is too busy for it.
async fn cell(case: &Case, name: &'static str, settings: Pairs, kind: CallKind) -> Result<(), String> {
    let mut deadline =
        if case.keeps_waiting { Deadline::new(SOON, Some(case.name)) } else { Deadline::new(LATE, None) };
    loop {
        let ended = run(case, name, settings, kind, &deadline).await;
        if !deadline.was_outrun() || deadline.time > LATE {
            return ended;
        }
        deadline = deadline.doubled();
    }
}

async fn run(
    case: &Case,
    name: &'static str,
    settings: Pairs,
    kind: CallKind,
    deadline: &Deadline,
) -> Result<(), String> {
    let scene = Scene::new(name, settings, kind).await?;
    assert_eq!(scene.settings, settings);
    let request = scene.service.request(&scene.call(kind)).unwrap();
    let before = scene.carried_out(kind, &request);
    let mut retry = hasty();
    let (mut base_url, mut search_lag) = (scene.sandbox.base_url(name), Duration::ZERO);
    let (mut connections, mut deaf) = (None, None);
    let here = |fault: Fault| fault.method(request.method.name()).at(&request.path);
    match case.what {
        What::Fault(times, make) => {
            scene.sandbox.add_fault(here(make(case.name)).times(times));
            if case.end == Halted {
                retry.open_after = 4;
                retry.throttled = 4;
            }
        }
        What::Lagging => {
            scene.sandbox.add_fault(Fault::new("lag", SearchLag { lag: Duration::from_millis(400) }));
            scene.sandbox.add_fault(here(Fault::new("reset", Reset { applies: true })).times(1));
            search_lag = Duration::from_millis(800);
        }
        What::Refused => {
            // Bound, so that nobody else gets the port, and not listening.
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            base_url = format!("http://{}/x", socket.local_addr().unwrap());
            deaf = Some(socket);
            retry.open_after = 4;
        }
        What::Certificate => {
            let (url, counter) = untrusted_server().await;
            (base_url, connections) = (url, Some(counter));
        }
    }
    let stage = scene.stage(&base_url, retry, search_lag, deadline).await;
    let began = rolo::clock::now();
    let got = end_of(&scene, kind, &stage).await?;
    let took = began.elapsed();
    drop(deaf);
    let wanted = case.but.iter().find(|(service, of, _)| *service == name && of.is_none_or(|of| of == kind));
    let wanted = wanted.map_or(case.end, |(_, _, end)| *end);
    if got != wanted {
        return Err(format!("ended {got:?}, not {wanted:?}: {:?}", stage.caller.halted()));
    }
    if took < Duration::from_millis(case.waits) {
        return Err(format!("waited {took:?} only"));
    }
    if (got == Halted) != stage.caller.halted().is_some() {
        return Err(format!("halted: {:?}", stage.caller.halted()));
    }
    if connections.is_some_and(|count| count.load(Ordering::SeqCst) != 1) {
        return Err("connected more than once to whom it can't trust".into());
    }
    let carried_out = scene.carried_out(kind, &request) - before;
    if got == Applied && carried_out == 0 {
        return Err("it was never carried out".into());
    }
    if got != Applied && kind.writes() && carried_out > 0 && !case.hides {
        return Err(format!("carried out {carried_out} times all the same"));
    }
    // A row that creates in passing is made once as well; a delete leaves nothing.
    if scene.service.capabilities().create && !case.hides {
        let there = scene.contacts();
        let wanted = match kind {
            CallKind::Delete => usize::from(got != Applied),
            CallKind::Create | CallKind::Find => usize::from(got == Applied),
            _ => 1,
        };
        if there != wanted {
            return Err(format!("{there} contacts, not {wanted}"));
        }
    }
    Ok(())
}

type Cell<'a> = (&'a Case, &'static str, Pairs, CallKind);

fn cells(table: &[Case]) -> Vec<Cell<'_>> {
    let mut cells = Vec::new();
    for (name, settings) in SERVICES {
        let service = service(name, settings);
        for kind in CallKind::ALL.into_iter().filter(|kind| service.capabilities().has(*kind)) {
            for case in table.iter().filter(|case| case.on.takes(kind)) {
                cells.push((case, name, settings, kind));
            }
        }
    }
    cells
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_on_every_call_of_every_service_ends_as_the_table_says() {
    let trap = TcpListener::bind("127.0.0.1:0").await.unwrap();
    TRAP.set(format!("http://{}/trap", trap.local_addr().unwrap())).unwrap();
    let trapped = tokio::spawn(async move { trap.accept().await.is_ok() });
    let table = table();
    let cells = cells(&table);
    let count = cells.len();
    let began = rolo::clock::now();
    let wrong: Vec<String> = futures_util::stream::iter(cells)
        .map(|(case, name, settings, kind)| async move {
            let ended = cell(case, name, settings, kind).await;
            ended.err().map(|why| format!("{name} × {kind} × {}: {why}", case.name))
        })
        .buffer_unordered(48)
        .filter_map(|wrong| async { wrong })
        .collect()
        .await;
    println!("fault matrix: {count} cells in {:.0?}, {} of them wrong", began.elapsed(), wrong.len());
    assert!(count >= 700, "{count} cells");
    assert!(!trapped.is_finished(), "a redirect was followed");
    assert!(wrong.is_empty(), "{} of {count} cells:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_service_is_in_the_matrix() {
    assert_eq!(rolo::services::ALL.len(), SERVICES.len());
    for (name, _) in SERVICES {
        assert_eq!(entry(name).name, name);
    }
}
