//! A row that is cut off at any moment and built again from what was durable comes to the same end.
//! The service behind it is a value, honest but for the answers of two calls, which are lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use rolo::contact::{Call, CreateSafety, Field, Outcome, RemoteId, RowRecord, Snapshot, TagMode, Value};
use rolo::journal::{Entry, Intent, KnownContact, StepRecord};
use rolo::reconcile::{CallEnd, CallResult, Next, ReconcileEvent, Reconciliation, Rules};
use rolo::services::Reply;

use super::{PHONE, by_address, done, held, remembered, result, row, rules};

/// What the ledger holds of one row.
#[derive(Clone, Default)]
struct Journal {
    steps: BTreeMap<u32, StepRecord>,
    known: Option<KnownContact>,
    ended: Option<RowRecord>,
    /// A mistake planted on purpose: what is about to be sent is not made durable.
    forgets_intents: bool,
}

impl Journal {
    fn write(&mut self, entries: Vec<Entry>) {
        for entry in entries {
            match entry {
                Entry::Intent(_) if self.forgets_intents => {}
                Entry::Intent(Intent { step, kind, attempt, .. }) => {
                    let sent = self.steps.get(&step).map_or(0, |record| record.sent).max(attempt);
                    self.steps.insert(step, StepRecord { step, kind, sent, answered: None });
                }
                Entry::Answered(answered) => {
                    let sent = self.steps.get(&answered.step).map_or(answered.attempts, |record| record.sent);
                    let (step, kind) = (answered.step, answered.kind);
                    self.steps.insert(step, StepRecord { step, kind, sent, answered: Some(answered) });
                }
                Entry::Known { contact, keys, .. } => {
                    if !keys.is_empty() || self.known.as_ref().is_some_and(|known| known.id == contact.id) {
                        self.known = Some(contact);
                    }
                }
                Entry::Gone { id, .. } => {
                    self.known.take_if(|known| known.id == id);
                }
                Entry::Row { record, .. } => self.ended = Some(record),
                // Nothing was sent for it: it is decided anew.
                Entry::Rested { .. }
                | Entry::Before(_)
                | Entry::Settled { .. }
                | Entry::TakenOver { .. }
                | Entry::LookAgain { .. }
                | Entry::LookedAgain { .. } => {}
            }
        }
    }
}

/// What becomes of a call whose answer is lost.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Lost {
    Applied,
    NotApplied,
}

/// A service that holds people by their phone.
#[derive(Clone)]
struct Service {
    safety: CreateSafety,
    tells_id: bool,
    edits_tell_id: bool,
    people: Vec<Snapshot>,
    /// By the number of the write, from nothing.
    lost: BTreeMap<usize, Lost>,
    writes: usize,
}

impl Service {
    fn answer(&mut self, next: &Next) -> ReconcileEvent {
        match next {
            Next::Claim(_) => ReconcileEvent::Claimed { left: None, shared_with: None },
            Next::Wait { least, .. } => ReconcileEvent::Waited((*least).max(std::time::Duration::from_secs(1))),
            Next::Lookup(_) => ReconcileEvent::Looked { contacts: self.people.clone(), result: done(Reply::Nothing) },
            Next::Read(_) => ReconcileEvent::Called(match self.people.first() {
                Some(contact) => done(Reply::Contact(Box::new(contact.clone()))),
                None => result(CallEnd::Missing { message: "gone".into() }),
            }),
            Next::Write(write) => ReconcileEvent::Called(self.write(&write.call)),
            Next::Done(_) => panic!("the row has ended"),
        }
    }

    fn write(&mut self, call: &Call) -> CallResult {
        let lost = self.lost.get(&self.writes).copied();
        self.writes += 1;
        if lost == Some(Lost::NotApplied) {
            return unclear();
        }
        let answer = self.apply(call);
        if lost.is_some() { unclear() } else { answer }
    }

    fn edited(&self) -> Reply {
        if self.edits_tell_id { Reply::Id(self.people[0].id.clone()) } else { Reply::Nothing }
    }

    fn apply(&mut self, call: &Call) -> CallResult {
        match call {
            Call::Create { edit, .. } => {
                let is_there = !self.people.is_empty();
                if is_there && self.safety == CreateSafety::UniqueConstraint {
                    return result(CallEnd::Exists { message: "is there".into(), fields: Vec::new(), id: None });
                }
                if !is_there || self.safety != CreateSafety::Upsert {
                    let id = RemoteId((self.people.len() + 1).to_string());
                    let mut person = Snapshot::new(id);
                    person.tags = Some(Vec::new());
                    self.people.push(person);
                }
                let person = self.people.last_mut().unwrap();
                person.fields.extend(edit.fields.iter().cloned());
                let tags = edit.tags.iter().flat_map(|tags| tags.tags.iter().cloned());
                person.tags.get_or_insert_default().extend(tags);
                let reply = if self.tells_id { Reply::Id(person.id.clone()) } else { Reply::Nothing };
                done(reply)
            }
            Call::Update { edit, .. } => {
                self.people[0].fields.extend(edit.fields.iter().cloned());
                done(self.edited())
            }
            Call::EditTags { edit, .. } => {
                assert_eq!(edit.mode, TagMode::Add, "the service adds tags");
                let tags = self.people[0].tags.get_or_insert_default();
                for tag in &edit.tags {
                    if !tags.contains(tag) {
                        tags.push(tag.clone());
                    }
                }
                done(self.edited())
            }
            other => panic!("nobody asked for {}", other.kind()),
        }
    }
}

fn unclear() -> CallResult {
    result(CallEnd::Unclear { message: "lost".into() })
}

/// Drives the row from what is durable until it ends, or until the cut: the moments before and after
/// each thing that is made durable or sent are counted down.
fn drive(journal: &mut Journal, service: &mut Service, rules: &Arc<Rules>, cut: &mut usize) -> bool {
    let steps = journal.steps.values().cloned().collect();
    let mut machine = Reconciliation::new(row(journal.known.clone(), steps), rules.clone());
    let mut survives = || {
        *cut = cut.saturating_sub(1);
        *cut > 0
    };
    for _ in 0..400 {
        let next = machine.next().clone();
        if let Next::Done(record) = &next {
            if !survives() {
                return false;
            }
            journal.write(machine.close(record));
            return true;
        }
        if let Next::Write(write) = &next {
            if !survives() {
                return false;
            }
            let intent = Intent {
                row: write.at.row,
                step: write.at.step,
                kind: write.call.kind(),
                attempt: write.at.sent_before + 1,
                creates: write.creates.clone(),
            };
            journal.write(write.before.iter().cloned().chain([Entry::Intent(intent)]).collect());
            if !survives() {
                return false;
            }
        }
        let event = service.answer(&next);
        if !survives() {
            return false;
        }
        journal.write(machine.answered(event));
    }
    panic!("it never ends");
}

struct Case {
    rules: Arc<Rules>,
    service: Service,
    known: Option<KnownContact>,
}

impl Case {
    fn end(&self, cut: usize, forgets_intents: bool) -> Option<(RowRecord, Service)> {
        let mut journal = Journal { known: self.known.clone(), forgets_intents, ..Journal::default() };
        let mut service = self.service.clone();
        let mut left = cut;
        if !drive(&mut journal, &mut service, &self.rules, &mut left) {
            // What is lost is lost once: the second execution meets a service that answers.
            service.lost.clear();
            assert!(drive(&mut journal, &mut service, &self.rules, &mut usize::MAX.clone()), "nothing cuts it again");
        } else if cut != usize::MAX {
            return None;
        }
        Some((journal.ended.expect("the row is recorded"), service))
    }
}

fn cases() -> Vec<(String, Case)> {
    let mut cases = Vec::new();
    let safeties =
        [CreateSafety::Upsert, CreateSafety::UniqueConstraint, CreateSafety::SearchOnly, CreateSafety::Nothing];
    let faults: [&[(usize, Lost)]; 4] =
        [&[], &[(0, Lost::Applied)], &[(0, Lost::NotApplied)], &[(0, Lost::NotApplied), (1, Lost::Applied)]];
    for safety in safeties {
        let services = [
            (true, true, false),
            (false, true, false),
            (true, false, false),
            (false, false, false),
            (false, true, true),
        ];
        for (tells_id, reads, by_phone) in services {
            for is_there in [false, true] {
                for age in [None, Some(1), Some(30)].into_iter().filter(|age| is_there || age.is_none()) {
                    // What is sent about somebody who is there is repeated by the attempts, below this.
                    for lost in faults.iter().filter(|lost| !is_there || lost.is_empty()) {
                        let people = if is_there { vec![held("1", PHONE, Some("no"))] } else { Vec::new() };
                        let lost = lost.iter().copied().collect();
                        let words = format!(
                            "{safety:?}, tells {tells_id}, reads {reads}, by phone {by_phone}, {age:?}, {lost:?}"
                        );
                        let service = Service { safety, tells_id, edits_tell_id: by_phone, people, lost, writes: 0 };
                        let rules = rules(safety, tells_id, reads);
                        let rules = Arc::new(if by_phone { by_address(rules) } else { rules });
                        cases.push((words, Case { rules, service, known: age.map(remembered) }));
                    }
                }
            }
        }
    }
    cases
}

/// Cuts every case at every moment; how many cuts there were.
fn cut_everywhere(forgets_intents: bool) -> usize {
    let mut cuts = 0;
    for (words, case) in cases() {
        let (record, service) = case.end(usize::MAX, false).expect("nothing cuts it");
        let name = Value::Text("Ann".into());
        let is_safe = case.rules.capabilities.create_safety.value != CreateSafety::Nothing;
        if is_safe || case.service.lost.is_empty() {
            assert_eq!(service.people[0].fields.get(&Field::new("first_name")), Some(&name), "{words}");
        }
        for cut in 1.. {
            let Some((cut_record, cut_service)) = case.end(cut, forgets_intents) else { break };
            cuts += 1;
            let words = format!("{words}, cut at {cut}");
            assert!(cut_service.people.len() <= 1, "made twice: {words}");
            if cut_record.outcome == Outcome::InDoubt {
                assert!(!is_safe, "in doubt, although a look-up tells: {words}");
                continue;
            }
            if record.outcome == Outcome::InDoubt {
                continue;
            }
            assert_eq!(cut_service.people, service.people, "{words}");
            // An update whose answer was lost with the process is found applied: nothing is left to be done.
            let is_found = record.outcome == Outcome::Updated && cut_record.outcome == Outcome::Unchanged;
            assert!(cut_record.outcome == record.outcome || is_found, "{:?}: {words}", cut_record.outcome);
        }
    }
    cuts
}

#[test]
fn a_row_cut_off_at_any_moment_comes_to_the_same_end() {
    let cuts = cut_everywhere(false);
    assert!(cuts > 500, "only {cuts} cuts");
}

#[test]
fn a_journal_without_intents_is_found() {
    let cut = std::panic::catch_unwind(|| cut_everywhere(true));
    let Err(panic) = cut else { panic!("nobody noticed that intents are forgotten") };
    let said = panic.downcast_ref::<String>().cloned().unwrap_or_default();
    assert!(said.contains(", cut at "), "{said}");
}
