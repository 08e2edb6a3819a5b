use super::event::{CallEnd, CallResult, Next};
use super::machine::{Reconciliation, State};
use crate::contact::{CallKind, Outcome, RemoteId, RowError, RowRecord};
use crate::journal::{Answered, Applied, CallVerdict, Entry};

/// What a contact's way counts, and what its row says in the end.
impl Reconciliation {
    pub(super) fn count(&mut self, kind: CallKind, result: &CallResult, verdict: CallVerdict, id: Option<RemoteId>) {
        let step = self.next_step(kind).step;
        self.count_step(step, kind, result, verdict, id);
    }

    pub(super) fn count_step(
        &mut self,
        step: u32,
        kind: CallKind,
        result: &CallResult,
        verdict: CallVerdict,
        contact_id: Option<RemoteId>,
    ) {
        self.answers.insert(step, result.answers);
        self.http_status = result.http_status.or(self.http_status);
        self.pending.push(Entry::Answered(Answered {
            row: self.row.position.index,
            step,
            kind,
            attempts: result.answers,
            http_status: result.http_status,
            verdict,
            contact_id,
        }));
    }

    pub(super) fn end(&mut self, mut record: RowRecord) {
        if self.by_other_form && !record.outcome.needs_attention() {
            record.errors.push(RowError::of_row(
                "contact.other_form",
                "the service holds the other form of this phone number, of the same line: it is left as it is",
            ));
        }
        if let Some(line) = self.shared_with {
            let contact = record.contact_id.as_ref().map(|id| self.rules.named(id));
            let named = contact.as_ref().map_or_else(String::new, |contact| format!(", {contact}"));
            let words = format!("line {line} leads to the same contact{named}: this row came after it");
            let shared = RowError::of_row("contact.shared", words);
            record.errors.push(shared.naming(contact.into_iter().collect()));
        }
        self.next = Next::Done(record);
        self.state = State::Ended;
    }

    /// What makes the row's outcome durable: `record` is what [`Next::Done`] said, or what the driver
    /// made of it.
    pub fn close(&mut self, record: &RowRecord) -> Vec<Entry> {
        self.remember_applied(record);
        let (position, keys) = (self.row.position, self.row.keys.clone());
        self.pending.push(if record.outcome == Outcome::Unchanged && self.answers.is_empty() && record.calls == 0 {
            Entry::Rested { row: position.index }
        } else {
            Entry::Row { position, record: record.clone(), keys }
        });
        std::mem::take(&mut self.pending)
    }

    /// If all of the row was applied, that is remembered: the same row again changes nothing.
    fn remember_applied(&mut self, record: &RowRecord) {
        let whole = matches!(record.outcome, Outcome::Created | Outcome::Updated | Outcome::Unchanged);
        if !whole || self.address.is_some() || self.is_as_applied() {
            return;
        }
        let digest = self.row.digest(&self.rules.keys);
        let run = self.rules.run.clone();
        let Some(there) = &mut self.there else { return };
        let told = there.told.is_some();
        match &mut there.known.applied {
            // Another row of this run leads to the same contact: both are as sent.
            Some(applied) if applied.run == run => {
                applied.rows.push(digest);
                applied.at = 0;
            }
            applied => *applied = Some(Applied { run, rows: vec![digest], at: 0 }),
        }
        self.remember(told);
    }

    pub(super) fn outcome(&self) -> Outcome {
        match (self.created, self.changed) {
            (true, _) => Outcome::Created,
            (false, true) => Outcome::Updated,
            (false, false) => Outcome::Unchanged,
        }
    }

    pub(super) fn record(&self, outcome: Outcome, errors: Vec<RowError>) -> RowRecord {
        RowRecord {
            outcome,
            contact_id: self.there.as_ref().filter(|_| !self.is_nameless).map(|there| there.id().clone()),
            calls: u32::try_from(self.answers.len()).unwrap_or(u32::MAX),
            attempts: self.answers.values().copied().max().unwrap_or(0),
            http_status: self.http_status,
            errors: self.row.contact.notes.iter().cloned().chain(errors).collect(),
        }
    }

    /// The record of a row that stays as it is by memory alone, which says on what that rests.
    pub(super) fn as_remembered(&self, mut notes: Vec<RowError>) -> RowRecord {
        let known = self.there.as_ref().map(|there| &there.known);
        let sent = known.and_then(|known| known.applied.as_ref()).map(|applied| applied.at).filter(|at| *at > 0);
        let seen = known.map(|known| known.seen_at).filter(|at| *at > 0);
        let words = match (sent, seen) {
            (Some(at), _) => format!("as sent on {}; not looked at since", day(at)),
            (None, Some(at)) => format!("as last seen on {}; not looked at since", day(at)),
            (None, None) => "as remembered; not looked at".to_owned(),
        };
        notes.push(RowError::of_row("contact.not_looked_at", words));
        self.record(Outcome::Unchanged, notes)
    }

    pub(super) fn failed(&self, code: &'static str, message: impl Into<String>) -> RowRecord {
        self.record(Outcome::Failed, vec![RowError::of_row(code, message)])
    }

    /// The same, of which programs are told which contacts the message names.
    pub(super) fn failed_naming(&self, ids: &[RemoteId], code: &'static str, message: impl Into<String>) -> RowRecord {
        let contacts = ids.iter().map(|id| self.rules.named(id)).collect();
        self.record(Outcome::Failed, vec![RowError::of_row(code, message).naming(contacts)])
    }

    pub(super) fn in_doubt(&self, message: &str) -> RowRecord {
        self.record(
            Outcome::InDoubt,
            vec![RowError::of_row("service.in_doubt", format!("nobody can say whether it was applied: {message}"))],
        )
    }

    /// The record of a row one of whose values somebody has: `holders`, as far as anybody knows.
    pub(super) fn taken(&self, message: &str, fields: &[String], holders: &[RemoteId]) -> RowRecord {
        let own = self.there.as_ref().map(super::ObservedContact::id).filter(|own| !holders.contains(own));
        let named = |id: &RemoteId| self.rules.named(id).to_string();
        let names: Vec<String> = holders.iter().map(named).collect();
        let words = taken_by(message, fields, &names, own.map(named).as_deref());
        let ids: Vec<RemoteId> = holders.iter().chain(own).cloned().collect();
        self.failed_naming(&ids, "contact.conflict", words)
    }

    /// The row ends with a call that did not end well.
    pub(super) fn end_by(&mut self, result: &CallResult) {
        let mut record = match &result.end {
            CallEnd::Done(_) => self.failed("service.unexpected", "the service answered something else than was asked"),
            CallEnd::Missing { message } => self.failed("contact.not_found", message.clone()),
            CallEnd::Exists { message, fields, id } => self.taken(message, fields, id.as_slice()),
            CallEnd::Refused { code, message, fields } => {
                let said =
                    if fields.is_empty() { message.clone() } else { format!("{message} ({})", fields.join(", ")) };
                self.record(Outcome::Failed, vec![RowError::of_row(code.clone(), said)])
            }
            CallEnd::Unreachable { message } => self.failed("service.unavailable", message.clone()),
            CallEnd::Unclear { message } => self.in_doubt(message),
            CallEnd::Taken(_) | CallEnd::Halted => self.in_doubt("the run stopped"),
        };
        record.http_status = result.http_status.or(record.http_status);
        self.end(record);
    }
}

/// Names the contacts that the answers told of: who has the value already, where that is known, and whom the
/// row is about.
fn taken_by(message: &str, fields: &[String], holders: &[String], own: Option<&str>) -> String {
    let what = match fields {
        [] => "those values".to_owned(),
        [field] => format!("that {field}"),
        several => format!("those: {}", several.join(", ")),
    };
    let has_it = match holders {
        [] => None,
        [holder] => Some(format!("contact {holder} has it")),
        several => Some(format!("contacts {} have it", several.join(", "))),
    };
    let not_given = own.map(|own| format!("contact {own} was not given {what}"));
    let words: Vec<String> = has_it.into_iter().chain(not_given).collect();
    if words.is_empty() { message.to_owned() } else { format!("{message}: {}", words.join(", and ")) }
}

/// The calendar day of a moment, in UTC.
fn day(seconds: u64) -> String {
    let moment = jiff::Timestamp::from_second(i64::try_from(seconds).unwrap_or_default());
    moment.map(|moment| moment.strftime("%Y-%m-%d").to_string()).unwrap_or_default()
}
