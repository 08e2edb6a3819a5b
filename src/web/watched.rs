//! What has been seen of a job so far, for whoever looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::clock::Calendar;
use crate::contact::{CallKind, Counts, Position};
use crate::ledger::CallsAt;
use crate::report::{Event, MappingTable, Reporter, Tally};

/// Rows that are shown with what went wrong, at most.
const ROWS_SHOWN: usize = 20;

/// Entries of calls that are kept, at most.
const CALLS_KEPT: usize = 2000;

/// Notes and warnings that are shown, at most.
const NOTES_SHOWN: usize = 50;

/// A row that a person has to look at.
#[derive(Clone, Debug)]
pub struct WatchedRow {
    pub position: Position,
    pub outcome: &'static str,
    pub messages: Vec<String>,
}

/// What has been seen.
#[derive(Clone, Debug, Default)]
pub struct SeenSoFar {
    pub run: Option<String>,
    pub tally: Tally,
    pub counts: Counts,
    pub codes: BTreeMap<String, u64>,
    /// Answers by kind and by the time at which they came, as finely as a picture of them needs.
    pub calls: Vec<CallsAt>,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub rows: Vec<WatchedRow>,
    pub mapping: Option<Box<MappingTable>>,
    /// Seconds that an entry of the calls stands for.
    step: u64,
}

impl SeenSoFar {
    /// Counts an answer. A run of a whole night has as many entries as one of minutes: each then stands for longer.
    fn called(&mut self, kind: CallKind, now: u64) {
        self.step = self.step.max(1);
        let at = now - now % self.step;
        let latest = self.calls.iter_mut().rev().take_while(|calls| calls.at >= at);
        match latest.into_iter().find(|calls| calls.at == at && calls.kind == kind) {
            Some(calls) => calls.calls += 1,
            None => self.calls.push(CallsAt { at, kind, calls: 1 }),
        }
        if self.calls.len() > CALLS_KEPT {
            self.step *= 2;
            let mut coarser: BTreeMap<(u64, CallKind), u64> = BTreeMap::new();
            for calls in self.calls.drain(..) {
                *coarser.entry((calls.at - calls.at % self.step, calls.kind)).or_default() += calls.calls;
            }
            self.calls.extend(coarser.into_iter().map(|((at, kind), calls)| CallsAt { at, kind, calls }));
        }
    }

    /// Answers by kind.
    pub fn by_kind(&self) -> BTreeMap<CallKind, u64> {
        let mut kinds = BTreeMap::new();
        for calls in &self.calls {
            *kinds.entry(calls.kind).or_default() += calls.calls;
        }
        kinds
    }

    fn take(&mut self, event: &Event, now: Duration) {
        self.tally.take(event);
        match event {
            Event::Started { run, .. } => self.run.clone_from(run),
            Event::Mapping(table) => self.mapping = Some(table.clone()),
            Event::Row { position, record } => {
                self.counts[record.outcome] += 1;
                if record.outcome.needs_attention() {
                    for error in &record.errors {
                        *self.codes.entry(error.code.to_string()).or_default() += 1;
                    }
                    if self.rows.len() < ROWS_SHOWN {
                        let messages = record.errors.iter().map(|error| error.message.clone()).collect();
                        let outcome = record.outcome.name();
                        self.rows.push(WatchedRow { position: *position, outcome, messages });
                    }
                }
            }
            Event::Called { kind, .. } => self.called(*kind, now.as_secs()),
            Event::Note(note) if self.notes.len() < NOTES_SHOWN => self.notes.push(note.to_string()),
            Event::Warning(warning) if self.warnings.len() < NOTES_SHOWN => self.warnings.push(warning.to_string()),
            Event::Note(_)
            | Event::Warning(_)
            | Event::Finished(_)
            | Event::Waiting { .. }
            | Event::Exported { .. } => {}
        }
    }
}

/// Where a job tells what happens, and pages look. Clones are one.
#[derive(Clone)]
pub struct Watched {
    seen: Arc<Mutex<SeenSoFar>>,
    calendar: Calendar,
}

impl Watched {
    pub fn new(calendar: Calendar) -> Self {
        Self { seen: Arc::default(), calendar }
    }

    fn lock(&self) -> MutexGuard<'_, SeenSoFar> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How it stands now.
    pub fn seen(&self) -> SeenSoFar {
        self.lock().clone()
    }

    /// The run that it is, once it has begun.
    pub fn run(&self) -> Option<String> {
        self.lock().run.clone()
    }
}

impl Reporter for Watched {
    fn event(&mut self, event: &Event) {
        let now = (self.calendar)();
        self.lock().take(event, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_call_of_a_long_night_is_counted_in_few_entries() {
        let mut seen = SeenSoFar::default();
        for second in 0..20_000 {
            seen.called(CallKind::Find, 1_795_262_400 + second);
            seen.called(CallKind::Create, 1_795_262_400 + second);
        }
        assert!(seen.calls.len() <= CALLS_KEPT, "{}", seen.calls.len());
        assert_eq!(
            seen.by_kind().into_iter().collect::<Vec<_>>(),
            [(CallKind::Find, 20_000), (CallKind::Create, 20_000)]
        );
        assert!(seen.calls.is_sorted_by_key(|calls| calls.at));
    }
}
