use super::asked::Asked;
use super::event::{CallEnd, CallResult, Next};
use super::identify::{Identification, Identified};
use super::machine::{Clock, Reconciliation, Settle, State, is_create_in_doubt};
use crate::contact::{CallKind, CreateSafety, Snapshot};
use crate::journal::{CallVerdict, Entry};
use crate::services::Reply;

/// How what nobody knows is found out: by looking the contact up, again and again until the
/// service's search has surely caught up.
impl Reconciliation {
    /// The next look-up of this round, or the pause before the next round, or the end.
    pub(super) fn settle_on(&mut self, way: Identification, why: Settle, clock: Clock) {
        match way.next_lookup() {
            Some(asked) => {
                self.next = Next::Lookup(asked.to_vec());
                self.state = State::Settling { way, why, clock };
            }
            None => self.unsettled(why),
        }
    }

    pub(super) fn looked_while_settling(
        &mut self,
        mut way: Identification,
        why: Settle,
        mut clock: Clock,
        contacts: &[Snapshot],
        result: &CallResult,
    ) -> Vec<Entry> {
        let identified = match &result.end {
            CallEnd::Done(_) | CallEnd::Missing { .. } => way.answered(contacts),
            CallEnd::Refused { message, .. } | CallEnd::Unreachable { message } | CallEnd::Unclear { message } => {
                let message = format!("the look-up failed: {message}");
                return self.settling_failed(&why, &message);
            }
            _ => way.answered(&[]),
        };
        match identified {
            Identified::One(contact) => return self.settled(why, *contact, result),
            Identified::Nobody if way.next_lookup().is_some() => self.settle_on(way, why, clock),
            // What counts is when the look-up left: an answer that comes later may be from before.
            Identified::Nobody if clock.is_over() => self.unsettled(why),
            Identified::Nobody => {
                clock.times += 1;
                self.next = Next::Wait { least: clock.patience / 8, times: clock.times };
                self.state = State::Settling { way, why, clock };
            }
            other => {
                let record = self.unclear_identity(&other);
                self.end(record);
            }
        }
        Vec::new()
    }

    fn settled(&mut self, why: Settle, contact: Snapshot, result: &CallResult) -> Vec<Entry> {
        match why {
            Settle::Create { .. } => {
                let settled =
                    CallResult { end: CallEnd::Done(Reply::Nothing), http_status: result.http_status, answers: 1 };
                self.count(CallKind::Create, &settled, CallVerdict::Done, Some(contact.id.clone()));
                if !self.rules.capabilities.create_tells_id && self.made_nameless().is_none() {
                    // The look-up that the create's id takes in any case.
                    self.count(CallKind::Find, result, CallVerdict::Done, Some(contact.id.clone()));
                }
                if self.lost_creates > 1 || self.row.steps.iter().any(|step| is_create_in_doubt(step) && step.sent > 1)
                {
                    self.look_again();
                }
                self.learn_created(&contact);
                // Durable by itself: it must not be looked for again.
                let entries = std::mem::take(&mut self.pending);
                self.read_or_decide();
                entries
            }
            Settle::LearnId { rest } => {
                // After a create whose answer was lost, a later one's id is looked up to be sure: like every look-up
                // that settles something, this is no call of the row's own.
                if self.is_nameless || self.made_nameless().is_none() {
                    self.count(CallKind::Find, result, CallVerdict::Done, Some(contact.id.clone()));
                }
                self.learn_id(&contact);
                match rest {
                    Some((rest, notes)) => self.write_next(rest, notes),
                    None => self.read_or_decide(),
                }
                Vec::new()
            }
            Settle::LearnIdAfter(failed) => {
                self.count(CallKind::Find, result, CallVerdict::Done, Some(contact.id.clone()));
                self.learn_id(&contact);
                self.end_by(&failed);
                Vec::new()
            }
            Settle::Taken => {
                self.count(CallKind::Find, result, CallVerdict::Done, Some(contact.id.clone()));
                self.learn(contact);
                self.claim();
                let keys = std::mem::take(&mut self.taken);
                vec![Entry::Settled { account: self.rules.keys.account().to_owned(), keys }]
            }
            Settle::Exists(_) if self.lost_creates > 0 => {
                self.learn_created(&contact);
                self.read_or_decide();
                Vec::new()
            }
            Settle::Exists(_) => {
                self.learn(contact);
                self.claim();
                Vec::new()
            }
            Settle::Missing(_) => {
                self.learn(contact);
                self.read_or_decide();
                Vec::new()
            }
        }
    }

    /// A look-up showed the contact that this row created.
    fn learn_id(&mut self, contact: &Snapshot) {
        let edit = self.new_contact();
        if self.is_nameless {
            self.is_named(&contact.id);
        } else {
            self.is_created_as(&contact.id, &edit);
        }
        if let Some(there) = &mut self.there {
            there.stored(contact, &edit.fields, &Asked::by(&self.row.contact, &self.rules));
        }
        self.remember(true);
    }

    /// All patience has passed, and nobody was found.
    fn unsettled(&mut self, why: Settle) {
        match why {
            Settle::Create { lost } => self.create_not_found(lost),
            Settle::Taken => {
                if self.rules.capabilities.create_safety.value == CreateSafety::Nothing {
                    let record =
                        self.in_doubt("another run began to create it, and no look-up can show that it was not");
                    return self.end(record);
                }
                // Whoever began it has not made it: this row does, and says so with its intent.
                let keys = std::mem::take(&mut self.taken);
                let account = self.rules.keys.account().to_owned();
                let (row, from) = (self.row.position.index, self.taken_from.clone());
                self.pending.push(Entry::TakenOver { account, keys, row, from });
                self.read_or_decide();
            }
            Settle::LearnId { .. } => {
                let record = self.in_doubt("it was created, but a look-up does not find it");
                self.end(record);
            }
            Settle::Exists(result) => self.exists_unseen(&result),
            Settle::Missing(result) | Settle::LearnIdAfter(result) => self.end_by(&result),
        }
    }

    /// An earlier create may have been applied all the same, if the search lags for longer than is
    /// believed: the row is looked at once more when its calls are long done.
    pub(super) fn look_again(&mut self) {
        let could_be_twice = self.rules.capabilities.create_safety.value == CreateSafety::SearchOnly;
        // What is to be looked up later has to be kept until then.
        if could_be_twice && self.rules.keys.keeps_values() {
            let identifiers = self.row.contact.identifiers.clone();
            self.pending.push(Entry::LookAgain { row: self.row.position.index, identifiers });
        }
    }

    /// A create whose answer was lost is nowhere to be found.
    fn create_not_found(&mut self, lost: Option<(String, CallResult)>) {
        let safety = self.rules.capabilities.create_safety.value;
        let can_look = self.identification().next_lookup().is_some();
        if safety == CreateSafety::Nothing || !can_look && safety != CreateSafety::Upsert {
            let why = if can_look {
                "no look-up can show that it was not created"
            } else {
                "the row has nothing to look the contact up by"
            };
            let record = self.in_doubt(why);
            return self.end(record);
        }
        match lost {
            Some((message, result)) if self.lost_creates >= self.rules.tries => {
                // Not there, as often as it was tried: that is no doubt.
                self.count(CallKind::Create, &result, CallVerdict::Unclear, None);
                let record = self.failed("service.unavailable", message);
                self.end(record);
            }
            // What was settled as not created has been looked up well enough.
            _ => {
                self.there = None;
                self.read_or_decide();
            }
        }
    }

    fn settling_failed(&mut self, why: &Settle, message: &str) -> Vec<Entry> {
        match why {
            Settle::Create { .. } | Settle::LearnId { .. } => {
                let record = self.in_doubt(message);
                self.end(record);
            }
            Settle::Taken => {
                let record = self.failed("service.unavailable", message);
                self.end(record);
            }
            Settle::Exists(result) => self.exists_unseen(&result.clone()),
            Settle::Missing(result) | Settle::LearnIdAfter(result) => self.end_by(&result.clone()),
        }
        Vec::new()
    }
}
