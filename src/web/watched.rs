//! What has been seen of a job so far, for whoever looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use crate::clock;
use crate::contact::{CallKind, Counts, Position};
use crate::report::{Event, MappingTable, Reporter, Tally};

/// Rows that are shown with what went wrong, at most.
const ROWS_SHOWN: usize = 20;

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
    pub calls: BTreeMap<CallKind, u64>,
    /// Answers by the minute since the first.
    pub per_minute: Vec<u64>,
    pub throttled: u64,
    pub notes: Vec<String>,
    pub warnings: Vec<String>,
    pub rows: Vec<WatchedRow>,
    pub mapping: Option<Box<MappingTable>>,
    first_call: Option<Instant>,
}

impl SeenSoFar {
    fn take(&mut self, event: &Event) {
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
            Event::Called { kind, http_status, .. } => {
                *self.calls.entry(*kind).or_default() += 1;
                self.throttled += u64::from(*http_status == Some(429));
                let began = *self.first_call.get_or_insert_with(clock::now);
                let minute = (clock::now() - began).as_secs() / 60;
                let minute = usize::try_from(minute).unwrap_or(usize::MAX >> 1);
                self.per_minute.resize(self.per_minute.len().max(minute + 1), 0);
                self.per_minute[minute] += 1;
            }
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
#[derive(Clone, Debug, Default)]
pub struct Watched(Arc<Mutex<SeenSoFar>>);

impl Watched {
    fn lock(&self) -> MutexGuard<'_, SeenSoFar> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
        self.lock().take(event);
    }
}
