use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::contact::{CallKind, Counts, Outcome, RemoteId};
use crate::journal::{CallVerdict, RunId, Taken, hex};

/// What makes two runs the same job: command, content of the source, mapping, account, options.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// A short name for files.
    pub fn name(&self) -> String {
        hex(&self.0[..8])
    }
}

/// The latest runs among which those of a file or a job are looked for: a ledger may keep any number, and those that
/// tell something are not far back.
pub const RUNS_LOOKED_THROUGH: usize = 10_000;

/// How a run stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Under way, or cut off without a chance to say so.
    Running,
    /// Every row has its record.
    Finished,
    /// Stopped early; resumable.
    Stopped,
    /// Ended by a signal; resumable.
    Interrupted,
    /// An undo has begun to put it back, and did not, or could not, put back all of it.
    PartlyUndone,
    /// Put back whole by an undo.
    Undone,
    /// Waits for a worker, which begins it or goes on with it.
    Queued,
    /// Ended because somebody asked for that; not taken up again.
    Cancelled,
    /// Could not begin, or was refused what it asked first, and won't be gone on with.
    Failed,
    /// Did not begin, since another run of the same that had been cut off goes on in its place.
    Joined,
}

impl RunState {
    /// Each of them.
    pub const ALL: [RunState; 10] = [
        Self::Running,
        Self::Finished,
        Self::Stopped,
        Self::Interrupted,
        Self::PartlyUndone,
        Self::Undone,
        Self::Queued,
        Self::Cancelled,
        Self::Failed,
        Self::Joined,
    ];

    /// Whether nothing more will be done by it.
    pub const fn has_ended(self) -> bool {
        matches!(self, Self::Finished | Self::Undone | Self::Cancelled | Self::Failed | Self::Joined)
    }

    /// As the ledger and the screen write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::PartlyUndone => "partly_undone",
            Self::Undone => "undone",
            Self::Queued => "queued",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
            Self::Joined => "joined",
        }
    }
}

/// The command that a run is an execution of. What `rolo copy` records is an export and an import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Rows of a file were brought to an account.
    Import,
    /// Contacts of an account were brought into a file.
    Export,
    /// Rows of an import were sent again.
    Retry,
    /// What an import changed was put back.
    Undo,
}

impl RunKind {
    /// Each of them.
    pub const ALL: [RunKind; 4] = [Self::Import, Self::Export, Self::Retry, Self::Undo];

    /// As the ledger and the command line write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Import => "import",
            Self::Export => "export",
            Self::Retry => "retry",
            Self::Undo => "undo",
        }
    }

    /// The kind of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it brought rows of a file to an account, which can be sent again or put back.
    pub const fn sends_rows(self) -> bool {
        matches!(self, Self::Import | Self::Retry)
    }
}

impl std::fmt::Display for RunKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.name())
    }
}

/// A run about to begin.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// The command.
    pub kind: RunKind,
    /// By which a cut-off run is found again.
    pub fingerprint: Fingerprint,
    /// What the configuration calls the account.
    pub account: String,
    /// What the account points to: the name of its memory.
    pub identity: String,
    /// The service's name, as `rolo services` lists it.
    pub service: String,
    /// Absolute path of the source (or, for an export, of the target).
    pub file: String,
    /// Everything else that is needed to do it again, as JSON. Holds no secret.
    pub options: serde_json::Value,
    /// Seconds from the Unix epoch.
    pub started: u64,
}

/// Behind the name of an embedded server that is kept in memory, in what its account points to.
pub const IN_MEMORY: &str = " in memory ";

impl NewRun {
    /// Whether the place that it was made at went with its command.
    pub fn was_in_memory(&self) -> bool {
        self.identity.contains(IN_MEMORY)
    }
}

/// A run as recorded.
#[derive(Clone, Debug)]
pub struct Run {
    /// Its name.
    pub id: RunId,
    /// What it was when it began.
    pub new: NewRun,
    /// How it stands.
    pub state: RunState,
    /// Seconds from the Unix epoch; `None` while it is running or was cut off.
    pub ended: Option<u64>,
    /// How long it was worked on, to the microsecond: all its executions together, without the time between
    /// them. While it is under way, and of an execution that was killed, as it was recorded last. `None` before
    /// that, and of runs of earlier versions.
    pub took: Option<Duration>,
    /// Rows by outcome, as of its end.
    pub counts: Counts,
    /// When the records of its rows were let go, in seconds from the Unix epoch; `None` if they are kept.
    pub pruned: Option<u64>,
    /// Of one that waits: not before this moment, in seconds from the Unix epoch.
    pub due: Option<u64>,
    /// Why it waits, stopped or ended before its time, in words.
    pub told: Option<String>,
}

/// What came of pruning a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prune {
    /// Its rows are let go of, now or before.
    Pruned,
    /// They are still needed.
    Needed(NeededFor),
}

/// What the records of a run are still needed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NeededFor {
    /// It is under way, or was cut off and can be taken up, or is put back in part.
    Unfinished,
    /// Nobody knows yet what became of some of its rows.
    InDoubt,
    /// Contacts of it are to be looked up once more.
    SecondLook,
    /// A run that is not finished takes rows of it.
    OtherRun,
    /// It can be put back, and it was promised for how long.
    Undo,
}

impl NeededFor {
    /// Each of them.
    pub const ALL: [NeededFor; 5] = [Self::Unfinished, Self::InDoubt, Self::SecondLook, Self::OtherRun, Self::Undo];

    /// As programs read it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unfinished => "unfinished",
            Self::InDoubt => "in_doubt",
            Self::SecondLook => "second_look",
            Self::OtherRun => "other_run",
            Self::Undo => "undo",
        }
    }
}

/// What one step of removing did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Records that went.
    pub records: u64,
    /// Nothing is left to be done.
    pub is_done: bool,
}

impl Run {
    /// The job of the configuration that it is of.
    pub fn job(&self) -> Option<&str> {
        let options = &self.new.options;
        options.get("job").or_else(|| options.get("queued")?.get("job")).and_then(serde_json::Value::as_str)
    }

    /// Whether it was queued for a worker, and not begun by a command of its own.
    pub fn was_queued(&self) -> bool {
        self.new.options.get("queued").is_some_and(|queued| !queued.is_null())
    }

    /// How long it was worked on: [`Run::took`] or, where an earlier version left that open, the seconds from its
    /// beginning to its end. `None` of one that has only just begun, or was cut off before it was recorded.
    pub fn worked(&self) -> Option<Duration> {
        let whole = || Some(Duration::from_secs(self.ended?.saturating_sub(self.new.started)));
        self.took.or_else(whole)
    }
}

/// One line of a contact's history.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEvent {
    /// Seconds from the Unix epoch.
    pub at: u64,
    /// In which run.
    pub run: RunId,
    /// What the configuration called the account.
    pub account: String,
    /// Path of the run's source.
    pub file: String,
    /// Line of the row in it.
    pub line: u64,
    /// What happened.
    pub what: HistoryStep,
    /// The contact, where it is known.
    pub contact_id: Option<RemoteId>,
}

/// What happened in one line of a contact's history. Shown, it is as `rolo why --json` has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HistoryStep {
    /// A call was about to leave.
    Call {
        /// Which.
        kind: CallKind,
        /// What its answer meant; `None` if none came.
        verdict: Option<CallVerdict>,
        /// Status of the answer.
        http_status: Option<u16>,
    },
    /// The row ended.
    Row {
        /// As what.
        outcome: Outcome,
        /// Codes of its errors and remarks.
        codes: Vec<String>,
        /// What was said under those of the codes that are about other contacts too, which it names.
        messages: BTreeMap<String, String>,
    },
    /// A later look showed that the row's contact is there several times; in words.
    MadeTwice(String),
}

impl fmt::Display for HistoryStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call { kind, verdict, http_status } => {
                write!(f, "call {}: {}", kind.name(), verdict.map_or("no answer", CallVerdict::name))?;
                http_status.map_or(Ok(()), |status| write!(f, " ({status})"))
            }
            Self::Row { outcome, codes, .. } if codes.is_empty() => write!(f, "row: {outcome}"),
            Self::Row { outcome, codes, .. } => write!(f, "row: {outcome} ({})", codes.join(", ")),
            Self::MadeTwice(words) => f.write_str(words),
        }
    }
}

/// Calls of one kind in one second of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallsAt {
    /// Seconds from the Unix epoch.
    pub at: u64,
    /// Which.
    pub kind: CallKind,
    /// How many requests were sent. One that was sent again counts each time, at the moment of its last answer.
    pub calls: u64,
}

/// What came of a write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WriteResult {
    /// All entries are durable.
    Durable,
    /// None is: an intent's create is claimed by another.
    Taken(Taken),
}
