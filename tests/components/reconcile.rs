//! The machine explored: every event at every point, for services of every kind and for every rank of
//! memory, without a runtime or a clock. What must hold is asked at each end.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rolo::contact::{
    Call, CallKind, Contact, CreateSafety, Field, FieldChange, Identifier, IdentifierKind, ImportMode, Outcome,
    Overwrite, Position, RemoteId, RowRecord, Snapshot, Source, Sourced, TagMode, Target, Value,
};
use rolo::journal::{Applied, Entry, Hasher, Key, KnownContact, KnownValue, RunId, StepRecord, Taken};
use rolo::reconcile::{CallEnd, CallResult, Keys, Next, ReconcileEvent, Reconciliation, Row, Rules, Strategy, Write};
use rolo::services::Reply;

mod cut_off;
mod holder;
mod learning;
mod mutations;
mod resting;
mod taken;

pub const PHONE: &str = "+60123456789";
const NOW: u64 = 1_800_000_000;
const MADE_UP: Source = Source::Assumed("made up for the exploration");
/// Events of which each is tried; what follows is answered well.
const DEPTH: usize = 10;
/// Calls and waits after which a machine that was answered well must have ended.
const PATIENCE: usize = 60;

fn keys() -> Keys {
    Keys::new(&Hasher::new([7; 32]), "account", false)
}

pub fn rules(safety: CreateSafety, tells_id: bool, reads: bool) -> Rules {
    let service = crate::staged::service("respondio-v1", &[]);
    let mut capabilities = service.capabilities().clone();
    capabilities.find_by = &[IdentifierKind::Phone];
    capabilities.address_by = &[];
    capabilities.create_needs = &[];
    capabilities.create_needs_fields = &[];
    capabilities.create_safety = Sourced::new(safety, MADE_UP);
    capabilities.create_tells_id = tells_id;
    capabilities.read = reads;
    capabilities.find_tells_fields = true;
    capabilities.find_tells_tags = true;
    capabilities.tags_read = false;
    Rules {
        run: RunId("run".into()),
        limits: service.limits().clone(),
        fields: service.fields(),
        pages: None,
        capabilities,
        keys: keys(),
        mode: ImportMode::Upsert,
        replace_custom: false,
        mapped: [Field::new("phone"), Field::new("first_name"), Field::custom("opt_in")].to_vec(),
        untyped: Vec::new(),
        strategy: Strategy::LookUp,
        lookup_room: 1,
        keep_before: false,
        changed_only: false,
        verify: false,
        by_plan: false,
        trust: Duration::from_secs(7 * 86_400),
        now: NOW,
        search_lag: Duration::from_secs(2),
        tries: 2,
    }
}

/// The same where contacts are addressed by their phone, and whoever is changed is named by the answer.
pub fn by_address(mut rules: Rules) -> Rules {
    rules.capabilities.address_by = &[IdentifierKind::Id, IdentifierKind::Phone];
    rules.capabilities.create_needs = &[IdentifierKind::Phone];
    rules.capabilities.edits_tell_id = true;
    rules
}

/// A name that the source wins, a consent that is only ever filled in, a tag.
fn desired() -> Contact {
    let text = |text: &str| Value::Text(text.into());
    let mut contact = Contact {
        identifiers: vec![Identifier::new(IdentifierKind::Phone, PHONE)],
        fields: vec![
            FieldChange::new(Field::new("phone"), text(PHONE), Overwrite::Always),
            FieldChange::new(Field::new("first_name"), text("Ann"), Overwrite::Always),
            FieldChange::new(Field::custom("opt_in"), text("yes"), Overwrite::IfEmpty),
        ],
        ..Contact::default()
    };
    contact.tags.add = vec!["vip".into()];
    contact
}

pub fn held(id: &str, phone: &str, consent: Option<&str>) -> Snapshot {
    let mut contact = Snapshot::new(RemoteId(id.into()));
    contact.fields.insert(Field::new("phone"), Value::Text(phone.into()));
    contact.fields.insert(Field::new("first_name"), Value::Text("Old".into()));
    if let Some(consent) = consent {
        contact.fields.insert(Field::custom("opt_in"), Value::Text(consent.into()));
    }
    contact.tags = Some(vec!["by hand".into()]);
    contact
}

fn remembered(age_days: u64) -> KnownContact {
    let value = |name: &str, text: &str| keys().value(&Field::new(name), &Value::Text(text.into()));
    KnownContact {
        id: RemoteId("1".into()),
        fields: [
            ("phone".to_owned(), value("phone", PHONE)),
            ("first_name".to_owned(), value("first_name", "Old")),
            ("custom.opt_in".to_owned(), KnownValue::Empty),
        ]
        .into(),
        tags: Some(Vec::new()),
        lists: Vec::new(),
        values: None,
        seen_at: NOW - age_days * 86_400,
        applied: Some(Applied { run: RunId("before".into()), rows: vec![Key([0; Key::BYTES])], at: 1 }),
    }
}

pub fn row(known: Option<KnownContact>, steps: Vec<StepRecord>) -> Row {
    let contact = desired();
    let keys = keys().identifiers(&contact.identifiers);
    Row { known, steps, ..Row::new(Position { index: 0, line: 2, sheet: 0 }, contact, keys) }
}

pub fn result(end: CallEnd) -> CallResult {
    CallResult { end, http_status: Some(200), answers: 1 }
}

pub fn done(reply: Reply) -> CallResult {
    result(CallEnd::Done(reply))
}

/// Another run's create of the same person.
fn taken(since: u64, is_made: bool) -> Taken {
    Taken { run: RunId("another".into()), row: 0, since, is_made }
}

/// What may come of the next thing, the good one first.
fn events(next: &Next, rules: &Rules) -> Vec<(&'static str, ReconcileEvent)> {
    let looked = |contacts: Vec<Snapshot>| ReconcileEvent::Looked { contacts, result: done(Reply::Nothing) };
    let message = || "lost".to_owned();
    match next {
        Next::Done(_) => Vec::new(),
        Next::Claim(_) => vec![("claimed", ReconcileEvent::Claimed { left: None, shared_with: None })],
        Next::Wait { least, .. } => vec![("waited", ReconcileEvent::Waited((*least).max(Duration::from_secs(1))))],
        Next::Lookup(_) => vec![
            ("found", looked(vec![held("1", PHONE, None)])),
            ("nobody", looked(Vec::new())),
            ("opted out", looked(vec![held("1", PHONE, Some("no"))])),
            ("moved", looked(vec![held("2", PHONE, None)])),
            ("two", looked(vec![held("1", PHONE, None), held("2", PHONE, None)])),
            (
                "failed",
                ReconcileEvent::Looked {
                    contacts: Vec::new(),
                    result: result(CallEnd::Unreachable { message: message() }),
                },
            ),
        ],
        Next::Read(_) => vec![
            ("told", ReconcileEvent::Called(done(Reply::Contact(Box::new(held("1", PHONE, None)))))),
            ("told opted out", ReconcileEvent::Called(done(Reply::Contact(Box::new(held("1", PHONE, Some("no"))))))),
            ("another", ReconcileEvent::Called(done(Reply::Contact(Box::new(held("1", "+60199999999", None)))))),
            ("missing", ReconcileEvent::Called(result(CallEnd::Missing { message: message() }))),
        ],
        Next::Write(write) => {
            let refused = CallEnd::Refused { code: "service.refused".into(), message: message(), fields: Vec::new() };
            let mut events = Vec::new();
            if write.call.kind() == CallKind::Create {
                let reply =
                    if rules.capabilities.create_tells_id { Reply::Id(RemoteId("1".into())) } else { Reply::Nothing };
                events.push(("created", ReconcileEvent::Called(done(reply))));
                let exists = CallEnd::Exists { message: message(), fields: Vec::new(), id: None };
                events.push(("exists", ReconcileEvent::Called(result(exists))));
                events.push(("taken", ReconcileEvent::Called(result(CallEnd::Taken(taken(NOW, false))))));
                events.push(("made by another", ReconcileEvent::Called(result(CallEnd::Taken(taken(NOW, true))))));
            } else {
                let tells = rules.capabilities.edits_tell_id;
                let reply = if tells { Reply::Id(RemoteId("1".into())) } else { Reply::Nothing };
                events.push(("applied", ReconcileEvent::Called(done(reply))));
                if tells {
                    events.push(("applied, untold", ReconcileEvent::Called(done(Reply::Nothing))));
                }
                let stranger = Reply::Contact(Box::new(held("1", "+60199999999", None)));
                events.push(("applied to another", ReconcileEvent::Called(done(stranger))));
                events.push(("missing", ReconcileEvent::Called(result(CallEnd::Missing { message: message() }))));
            }
            events.push(("refused", ReconcileEvent::Called(result(refused))));
            events.push(("unclear", ReconcileEvent::Called(result(CallEnd::Unclear { message: message() }))));
            events
        }
    }
}

/// What has happened so far on one path.
#[derive(Clone, Default)]
pub struct Path {
    words: Vec<String>,
    /// A create whose answer was lost has not been looked for since.
    lost_create: bool,
    /// Ids that this run has tied to the row's phone.
    tied: Vec<RemoteId>,
    /// The consent that the last answer of this run showed, if one did.
    consent: Option<bool>,
    created: bool,
    changed: bool,
    unclear: bool,
    /// Writes, look-ups and reads, and whether everything went as it does on a good day.
    writes: u64,
    looks: u64,
    is_troubled: bool,
    create: Option<Box<Write>>,
}

struct Exploration<'a> {
    rules: Arc<Rules>,
    /// The remembered id may be written to without a look.
    trusted: bool,
    /// An id is remembered.
    remembers: bool,
    paths: usize,
    /// A mistake planted in the machine, to be found.
    mutation: Option<mutations::Mutation>,
    /// It was found, so that nobody has to look on.
    is_found: &'a AtomicBool,
}

impl Exploration<'_> {
    fn explore(&mut self, machine: &Reconciliation, path: &Path) {
        if self.is_found.load(Ordering::Relaxed) {
            return;
        }
        let next = mutations::shown(self.mutation, machine, path);
        if let Next::Done(record) = &next {
            self.paths += 1;
            let least = machine.least_calls().unwrap_or(0);
            assert!(
                path.is_troubled || path.writes == least,
                "{} writes where {least} would do: {:?}",
                path.writes,
                path.words
            );
            // One look tells whether somebody is there and what they hold. A second is due where a create's
            // answer names nobody, who has to be found before more can be written, and where the search
            // shows nobody although an id is remembered, which is then read by itself.
            let named =
                self.rules.capabilities.edits_tell_id && path.words.iter().any(|word| word == "add tags applied");
            let nameless = path.created && !self.rules.capabilities.create_tells_id && !named;
            let missed = self.remembers && path.words.iter().any(|word| word == "find nobody");
            let bound = 1 + u64::from(nameless) + u64::from(missed);
            assert!(
                path.is_troubled || path.looks <= bound,
                "{} looks where {bound} would do: {:?}",
                path.looks,
                path.words
            );
            return check_end(record, path);
        }
        self.check_next(&next, path);
        assert!(path.words.len() < DEPTH + PATIENCE, "it never ends: {:?}", path.words);
        let events = events(&next, &self.rules);
        let tried = if path.words.len() < DEPTH { events.len() } else { 1 };
        // Past the depth, settling goes on as if nobody were there, so that it comes to its end.
        let tail = path.words.len() >= DEPTH && matches!(next, Next::Lookup(_));
        for (word, event) in events.into_iter().skip(usize::from(tail)).take(tried) {
            let mut machine = machine.clone();
            let mut path = path.clone();
            note(&mut path, &next, word, &event);
            if mutations::is_unheard(self.mutation, &next, &path) {
                self.explore(&machine, &path);
                continue;
            }
            let entries = machine.answered(event);
            assert!(!entries.iter().any(|entry| matches!(entry, Entry::Row { .. })), "a row ends by closing it");
            self.explore(&machine, &path);
        }
    }

    /// What may be done now.
    fn check_next(&self, next: &Next, path: &Path) {
        let Next::Write(write) = next else { return };
        let words = &path.words;
        let safe = matches!(
            self.rules.capabilities.create_safety.value,
            CreateSafety::Upsert | CreateSafety::UniqueConstraint
        );
        match &write.call {
            Call::Create { .. } => {
                assert!(!path.lost_create || safe, "a create follows a create that nobody looked for: {words:?}");
                assert!(!write.creates.is_empty(), "a create claims its identifiers");
            }
            Call::Update { target, edit } => {
                self.check_target(target, path);
                let consent = edit.fields.iter().any(|(field, _)| *field == Field::custom("opt_in"));
                assert!(!consent || path.consent == Some(false), "if_empty is sent over what was not read: {words:?}");
            }
            Call::EditTags { target, edit } => {
                self.check_target(target, path);
                assert!(
                    edit.mode != TagMode::Replace || edit.tags.contains(&"by hand".to_owned()) || path.created,
                    "a tag that was told is lost: {words:?}"
                );
            }
            other => panic!("nobody asked for {}: {words:?}", other.kind()),
        }
    }

    fn check_target(&self, target: &Target, path: &Path) {
        let id = match target {
            Target::Id(id) => id,
            Target::Identifier(identifier) => {
                assert_eq!(identifier.value, PHONE, "somebody else is addressed: {:?}", path.words);
                return;
            }
        };
        let remembered = self.trusted && id.0 == "1";
        assert!(remembered || path.tied.contains(id), "{id} was not tied to the row: {:?}", path.words);
    }
}

fn note(path: &mut Path, next: &Next, word: &str, event: &ReconcileEvent) {
    let kind = match next {
        Next::Write(write) => write.call.kind().name(),
        Next::Read(call) => call.kind().name(),
        Next::Lookup(_) => "find",
        _ => "",
    };
    path.words.push(format!("{kind} {word}"));
    let creates = kind == CallKind::Create.name();
    match word {
        "found" | "told" | "moved" => path.consent = Some(false),
        "opted out" | "told opted out" => path.consent = Some(true),
        "created" => (path.created, path.changed, path.consent) = (true, true, Some(false)),
        "applied" | "applied, untold" => path.changed = true,
        "unclear" => path.unclear = true,
        _ => {}
    }
    match word {
        "unclear" if creates => path.lost_create = true,
        "found" | "opted out" | "moved" | "nobody" => path.lost_create = false,
        _ => {}
    }
    match event {
        ReconcileEvent::Looked { contacts, .. } if word != "two" => {
            path.tied.extend(contacts.iter().map(|contact| contact.id.clone()));
        }
        ReconcileEvent::Called(CallResult { end: CallEnd::Done(Reply::Contact(contact)), .. })
            if word.starts_with("told") =>
        {
            path.tied.push(contact.id.clone());
        }
        ReconcileEvent::Called(_) if creates && word == "created" => path.tied.push(RemoteId("1".into())),
        ReconcileEvent::Called(CallResult { end: CallEnd::Done(Reply::Id(id)), .. }) => path.tied.push(id.clone()),
        _ => {}
    }
    path.looks += u64::from(matches!(next, Next::Lookup(_) | Next::Read(_)));
    if let Next::Write(write) = next {
        path.writes += 1;
        if creates {
            path.create = Some(write.clone());
        }
    }
    let is_good = matches!(word, "claimed" | "found" | "nobody" | "told" | "created" | "applied" | "applied, untold");
    // Somebody who was just created is found on a good day.
    path.is_troubled |= !is_good || word == "nobody" && path.created;
}

struct TellsWhenItPanics<'a>(&'a AtomicBool);

impl Drop for TellsWhenItPanics<'_> {
    fn drop(&mut self) {
        self.0.fetch_or(std::thread::panicking(), Ordering::Relaxed);
    }
}

/// Explores services of every kind and memory of every rank; how many ends were reached.
fn explore_all(mutation: Option<mutations::Mutation>) -> usize {
    let safeties =
        [CreateSafety::Upsert, CreateSafety::UniqueConstraint, CreateSafety::SearchOnly, CreateSafety::Nothing];
    let is_found = &AtomicBool::new(false);
    std::thread::scope(|scope| {
        let explored = safeties.map(|safety| scope.spawn(move || explore_services(safety, mutation, is_found)));
        // What a thread found is told as if this one had.
        explored.into_iter().map(|thread| thread.join().unwrap_or_else(|found| std::panic::resume_unwind(found))).sum()
    })
}

fn explore_services(safety: CreateSafety, mutation: Option<mutations::Mutation>, is_found: &AtomicBool) -> usize {
    let _told = TellsWhenItPanics(is_found);
    let memories: [(Option<u64>, bool); 3] = [(None, false), (Some(1), true), (Some(30), false)];
    let mut paths = 0;
    let plain = [(true, true), (true, false), (false, true), (false, false)];
    let services = plain.map(|(tells_id, reads)| rules(safety, tells_id, reads));
    for rules in services.into_iter().chain([by_address(rules(safety, false, true))]) {
        for (age, trusted) in memories {
            let rules = Arc::new(rules.clone());
            let machine = Reconciliation::new(row(age.map(remembered), Vec::new()), rules.clone());
            let mut exploration =
                Exploration { rules, trusted, remembers: age.is_some(), paths: 0, mutation, is_found };
            exploration.explore(&machine, &Path::default());
            paths += exploration.paths;
        }
    }
    paths
}

/// What a row may say, given what happened.
fn check_end(record: &RowRecord, path: &Path) {
    let words = &path.words;
    let lost = words.iter().any(|word| word == "create unclear");
    let taken = words.iter().any(|word| word == "create taken" || word == "create made by another");
    match record.outcome {
        Outcome::Created => assert!(path.created || lost, "created without a create: {words:?}"),
        Outcome::Updated => assert!(path.changed, "updated without an update: {words:?}"),
        Outcome::Unchanged => assert!(!path.changed && !path.created, "something changed: {words:?}"),
        Outcome::InDoubt => assert!(path.unclear || path.created || taken, "in doubt about nothing: {words:?}"),
        Outcome::Failed => assert!(!record.errors.is_empty(), "failed without a reason: {words:?}"),
        Outcome::Skipped | Outcome::Rejected => panic!("nothing skips or rejects this row: {words:?}"),
    }
    let stranger = words.iter().any(|word| word.ends_with("applied to another"));
    assert!(!stranger || record.outcome != Outcome::Updated || path.created, "a stranger was updated: {words:?}");
}

#[test]
fn whatever_happens_a_row_ends_and_says_what_happened() {
    let paths = explore_all(None);
    assert!(paths > 100_000, "only {paths} ends were reached");
    println!("{paths} ends were reached");
}

#[test]
fn a_row_as_it_was_last_applied_stays_and_says_on_what_that_rests() {
    let mut rules = rules(CreateSafety::UniqueConstraint, true, true);
    let mut row = row(Some(remembered(3)), Vec::new());
    row.contact.fields.pop();
    let applied = Applied { run: RunId("before".into()), rows: vec![keys().row(&row.contact)], at: NOW - 3 * 86_400 };
    row.known.as_mut().unwrap().applied = Some(applied);
    let end = |row: &Row, rules: &Rules| {
        let mut machine = Reconciliation::new(row.clone(), Arc::new(rules.clone()));
        if let Next::Claim(_) = machine.next() {
            machine.answered(ReconcileEvent::Claimed { left: None, shared_with: None });
        }
        machine.next().clone()
    };
    let Next::Done(record) = end(&row, &rules) else { panic!("it needs no call") };
    assert_eq!(
        (record.outcome, record.errors[0].message.as_str()),
        (Outcome::Unchanged, "as sent on 2027-01-12; not looked at since")
    );
    // A policy that depends on what is there now is never decided from memory, nor is a look asked for.
    rules.verify = true;
    assert!(!matches!(end(&row, &rules), Next::Done(_)));
    rules.verify = false;
    row.contact.fields[1].overwrite = Overwrite::IfEmpty;
    assert!(!matches!(end(&row, &rules), Next::Done(_)));
}
