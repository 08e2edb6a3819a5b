use super::caller::{Ended, Reached, StepAt, micros};
use super::lane::{Driving, Going, Halted, LaneEnd};
use crate::contact::{CallKind, Outcome, RemoteId, RowError, RowRecord};
use crate::ledger::{Answered, Entry};

/// What a lane counts, makes durable, and says in the end.
impl Driving<'_> {
    pub(super) fn next_step(&self) -> StepAt {
        let step = self.answered.keys().next_back().map_or(0, |last| last + 1);
        let sent_before = self.lane.steps.iter().find(|record| record.step == step).map_or(0, |record| record.sent);
        StepAt { row: self.lane.position.index, step, sent_before }
    }

    pub(super) fn count(&mut self, kind: CallKind, reached: &Reached, verdict: &str, id: Option<RemoteId>) {
        let step = self.next_step().step;
        self.count_step(step, kind, reached, verdict, id);
    }

    pub(super) fn count_step(
        &mut self,
        step: u32,
        kind: CallKind,
        reached: &Reached,
        verdict: &str,
        id: Option<RemoteId>,
    ) {
        self.answered.insert(step, reached.answers);
        self.http_status = reached.http_status.or(self.http_status);
        self.pending.push(Entry::Answered(Answered {
            row: self.lane.position.index,
            step,
            kind,
            attempts: reached.answers,
            http_status: reached.http_status,
            verdict: verdict.to_owned(),
            contact_id: id,
            at: micros(),
        }));
    }

    pub(super) async fn flush(&mut self) -> Result<(), ()> {
        let entries = std::mem::take(&mut self.pending);
        self.caller()
            .account
            .ledger
            .write(&self.caller().run, entries)
            .await
            .map_err(|error| self.caller().halt_for(&error))
    }

    pub(super) async fn finish(mut self, record: RowRecord) -> LaneEnd {
        let keys = self.lane.keys.clone();
        self.remember_applied(&record);
        self.pending.push(Entry::Row { position: self.lane.position, record: record.clone(), keys });
        crash_point!("before_row");
        let durable = self.flush().await;
        crash_point!("after_row");
        match durable {
            Ok(()) => LaneEnd::Finished(record),
            Err(()) => LaneEnd::Halted,
        }
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
            contact_id: self.known.as_ref().map(|known| known.id.clone()),
            calls: u32::try_from(self.answered.len()).unwrap_or(u32::MAX),
            attempts: self.answered.values().copied().max().unwrap_or(0),
            http_status: self.http_status,
            errors,
        }
    }

    pub(super) fn failed(&self, code: &'static str, message: impl Into<String>) -> RowRecord {
        self.record(Outcome::Failed, vec![RowError::of_row(code, message)])
    }

    pub(super) fn in_doubt(&self, message: &str) -> RowRecord {
        self.record(
            Outcome::InDoubt,
            vec![RowError::of_row("service.in_doubt", format!("nobody can say whether it was applied: {message}"))],
        )
    }

    /// The record of a row that ends with a call that did not end well.
    pub(super) fn end_of(&self, reached: &Reached) -> Going<RowRecord> {
        let mut record = match &reached.ended {
            Ended::Halted => return Err(Halted),
            Ended::Done(_) => self.failed("service.unexpected", "the service answered something else than was asked"),
            Ended::Missing { message } => self.failed("contact.not_found", message.clone()),
            Ended::Exists { message, .. } => self.failed("contact.conflict", message.clone()),
            Ended::Refused { code, message, fields } => {
                let said =
                    if fields.is_empty() { message.clone() } else { format!("{message} ({})", fields.join(", ")) };
                self.record(Outcome::Failed, vec![RowError::of_row(code.clone(), said)])
            }
            Ended::Unreachable { message } => self.failed("service.unavailable", message.clone()),
            Ended::Unclear { message } => self.in_doubt(message),
        };
        record.http_status = reached.http_status.or(record.http_status);
        Ok(record)
    }
}
