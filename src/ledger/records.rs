use std::collections::BTreeMap;

use crate::contact::{CallKind, Counts, Field, Position, RemoteId, RowRecord, Value};

/// A keyed hash of an identifier or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 16]);

/// The short name of a run, which people type: `20261121-0931-k3f`. Sorts by time.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RunId(pub String);

impl std::fmt::Display for RunId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What makes two runs the same job: command, content of the source, mapping, account, options.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// A short name for files.
    pub fn name(&self) -> String {
        self.0.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunState {
    /// Under way, or cut off without a chance to say so.
    Running,
    Finished,
    /// Stopped early; resumable.
    Stopped,
    /// Ended by a signal; resumable.
    Interrupted,
    /// Put back by an undo.
    Undone,
}

impl RunState {
    pub const ALL: [RunState; 5] = [Self::Running, Self::Finished, Self::Stopped, Self::Interrupted, Self::Undone];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Finished => "finished",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::Undone => "undone",
        }
    }
}

/// A run about to begin.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// `import`, `export`, `copy`, `retry`, `undo`.
    pub command: String,
    pub fingerprint: Fingerprint,
    pub account: String,
    pub service: String,
    /// Absolute path of the source (or, for an export, of the target).
    pub file: String,
    /// Everything else that is needed to do it again, as JSON. Holds no secret.
    pub options: serde_json::Value,
    /// Seconds from the Unix epoch.
    pub started: u64,
}

/// A run as recorded.
#[derive(Clone, Debug)]
pub struct Run {
    pub id: RunId,
    pub new: NewRun,
    pub state: RunState,
    /// Seconds from the Unix epoch; `None` while it is running or was cut off.
    pub ended: Option<u64>,
    pub counts: Counts,
}

/// One thing to remember.
#[derive(Clone, Debug)]
pub enum Entry {
    /// A request is about to leave.
    Intent(Intent),
    /// Its answer came.
    Answered(Answered),
    /// What the account now holds of a contact, merged into what was known.
    Known { account: String, contact: KnownContact, keys: Vec<Key> },
    /// The contact is gone from the account.
    Gone { account: String, id: RemoteId },
    /// What was there before a change of ours.
    Before(BeforeImage),
    /// A row ended. `keys` are those of its identifiers, so that its history can be found.
    Row { position: Position, record: RowRecord, keys: Vec<Key> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    pub row: u64,
    /// Position of the call in the row's lane; stable when the row is driven again.
    pub step: u32,
    pub kind: CallKind,
    /// From 1, counting every time the step was about to be sent.
    pub attempt: u32,
    /// Microseconds from the Unix epoch.
    pub at: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub row: u64,
    pub step: u32,
    pub kind: CallKind,
    /// Answers this step has had, this one included.
    pub attempts: u32,
    pub http_status: Option<u16>,
    /// `done`, `missing`, `exists`, `refused`, `again`, `unclear`…
    pub verdict: String,
    /// The contact it was about or that it created.
    pub contact_id: Option<RemoteId>,
    pub at: u64,
}

/// One step of a row that has not ended.
#[derive(Clone, Debug, PartialEq)]
pub struct StepRecord {
    pub step: u32,
    pub kind: CallKind,
    /// How often it was about to be sent.
    pub sent: u32,
    /// Its last answer; `None` if nobody knows what became of it.
    pub answered: Option<Answered>,
}

/// What is remembered of one field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownValue {
    /// Held with a value of this hash.
    Held(Key),
    Empty,
}

/// What is remembered of a contact of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownContact {
    pub id: RemoteId,
    /// By name of the field; absent means not known.
    pub fields: BTreeMap<String, KnownValue>,
    /// Keys of the tags it has; `None` if not known.
    pub tags: Option<Vec<Key>>,
    /// Keys of the lists it is known to be on.
    pub lists: Vec<Key>,
}

/// What a run replaced, so that it can be put back.
#[derive(Clone, Debug, PartialEq)]
pub struct BeforeImage {
    pub row: u64,
    pub account: String,
    pub contact_id: RemoteId,
    pub change: Change,
}

/// One change of a run, with what undoing it needs.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    Created,
    Field { field: Field, before: Value, after: Value },
    TagAdded(String),
    TagRemoved(String),
    ListAdded(String),
    ListRemoved(String),
}

/// One line of a contact's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    /// Seconds from the Unix epoch.
    pub at: u64,
    pub run: RunId,
    pub account: String,
    pub file: String,
    pub line: u64,
    /// What happened, in the ledger's words: `call create: done (200)`, `row: created`.
    pub what: String,
    pub contact_id: Option<RemoteId>,
}
