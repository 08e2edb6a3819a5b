use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use super::{JobKind, MappingTable, Note, Remark, Skips, Warning};
use crate::contact::{CallKind, Counts, Position, RowRecord, WaitReason};
use crate::error::Error;
use crate::ledger::RunState;

/// Something that happened in a run, in the order in which it happened.
#[derive(Clone, Debug)]
pub enum Event {
    Started {
        kind: JobKind,
        run: Option<String>,
        account: Option<String>,
        /// Where the rows come from or go to.
        file: String,
        /// Rows (or contacts) to come, where that is known.
        rows: Option<u64>,
        /// Rows that an earlier, cut-off execution of this run has finished already.
        resumed: u64,
    },
    /// How the columns are mapped; told once, before the first row.
    Mapping(Box<MappingTable>),
    /// A row reached its outcome. Rows arrive in source order.
    Row {
        position: Position,
        record: RowRecord,
    },
    /// Contacts were written to an export.
    Exported {
        contacts: u64,
        total: Option<u64>,
    },
    /// A request was answered, or is known not to have been.
    Called {
        kind: CallKind,
        http_status: Option<u16>,
        attempt: u32,
        /// What the answer meant, or why there is none: one word.
        verdict: &'static str,
    },
    /// Sending pauses.
    Waiting {
        time: Duration,
        reason: WaitReason,
    },
    /// Something worth knowing that needs no action.
    Note(Note),
    /// Something worth doing.
    Warning(Warning),
    Finished(Box<Summary>),
}

/// How a run ended, for the closing words and the JSON object.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    pub kind: JobKind,
    pub run: Option<String>,
    /// How the run stands now; `None` for a job that is no run.
    pub state: Option<RunState>,
    /// The place that the run was made at is an embedded server that goes with the command.
    pub in_memory: bool,
    pub account: Option<String>,
    /// Rows read; with `counts` it must balance.
    pub rows: u64,
    pub counts: Counts,
    /// Why rows were skipped.
    pub skips: Skips,
    /// Rows by error code, for the "most frequent reasons" lines.
    pub codes: BTreeMap<String, u64>,
    /// Requests made, by kind.
    pub calls: BTreeMap<CallKind, u64>,
    /// The least requests that could have done it, where that is known.
    pub least_calls: Option<u64>,
    /// Contacts whose rows were as last sent that were looked at all the same, and how many of them
    /// somebody had changed since.
    pub looked_at: u64,
    pub drifted: u64,
    /// Contacts written by an export.
    pub contacts: Option<u64>,
    /// All executions of the run together.
    pub elapsed: Duration,
    /// There were several executions: the run was taken up again.
    pub is_resumed: bool,
    /// Results file, or the exported file.
    pub file: Option<PathBuf>,
    /// Columns of the source that the mapping leaves out without saying so.
    pub unmapped: Vec<String>,
    /// Remarks on rows that need nobody, by code and column.
    pub row_remarks: Vec<RowRemark>,
    pub remarks: Vec<Remark>,
    /// Contacts that an undo did not, or not wholly, put back.
    pub not_put_back: u64,
    /// Of the contacts counted as updated, those that an undo deleted.
    pub deleted: u64,
    /// Why the run ended before its time; `None` if it didn't. Of kind `Interrupted` if a signal ended it.
    pub stopped: Option<Error>,
}

impl Summary {
    /// What is remarked at the end, and last what would cure what stopped the job.
    pub fn remark_words(&self) -> Vec<String> {
        let cure = self.stopped.iter().filter_map(|error| error.hint.clone());
        self.remarks.iter().map(ToString::to_string).chain(cure).collect()
    }
}

/// A remark on several rows that need nobody, made once. It holds no value of a row.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowRemark {
    pub code: String,
    pub column: Option<String>,
    /// The cells were left out, and the rest of their rows is sent.
    pub left_out: bool,
    pub rows: u64,
    /// The first few lines.
    pub lines: Vec<u64>,
}

/// Whoever wants to see events. Called from one task, in order.
pub trait Reporter: Send {
    fn event(&mut self, event: &Event);

    /// Whether somebody gets to see the events: what is found out only to be told is not sought for nobody.
    fn is_heard(&self) -> bool {
        true
    }
}
