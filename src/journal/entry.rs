use std::time::Duration;

use super::{Key, KnownContact, RunId};
use crate::contact::{CallKind, Field, Identifier, Position, RemoteId, RowRecord, Value};

/// One thing to remember.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// A request is about to leave.
    Intent(Intent),
    /// Its answer came.
    Answered(Answered),
    /// What the account now holds of a contact, merged into what was known.
    /// `told` if an answer showed it now.
    Known { account: String, contact: KnownContact, keys: Vec<Key>, told: bool },
    /// A create that somebody else began was found to have been applied: nobody claims its
    /// identifiers any more.
    Settled { account: String, keys: Vec<Key> },
    /// Creates that others began were found not to have been applied: this row claims their
    /// identifiers from now on. `from` are the claims that were looked into, and no others: whoever
    /// has claimed an identifier since is not passed over.
    TakenOver { account: String, keys: Vec<Key>, row: u64, from: Vec<Taken> },
    /// The row's contact was created after a create whose answer was lost, and which no look-up showed:
    /// it is looked up once more, by these, when the search has surely caught up.
    LookAgain { row: u64, identifiers: Vec<Identifier> },
    /// That was done; `twice` are the contacts that the row turned out to be, if it is several, as messages
    /// name them.
    LookedAgain { run: RunId, row: u64, twice: Vec<String> },
    /// The contact is gone from the account.
    Gone { account: String, id: RemoteId },
    /// What was there before a change of ours.
    Before(BeforeImage),
    /// A row ended and changed nothing, by what is remembered alone: no call was made for it. Whoever takes
    /// the run up decides it anew.
    Rested { row: u64 },
    /// A row ended. `keys` are those of its identifiers, so that its history can be found.
    Row { position: Position, record: RowRecord, keys: Vec<Key> },
}

#[derive(Clone, Debug, PartialEq)]
pub struct Intent {
    pub row: u64,
    /// Position of the call on the contact's way; stable when the row is driven again.
    pub step: u32,
    pub kind: CallKind,
    /// From 1, counting every time the step was about to be sent.
    pub attempt: u32,
    /// Keys of the identifiers that a create is about to make somebody's; empty for other calls. They
    /// are claimed with the intent, and until its end is known.
    pub creates: Vec<Key>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Answered {
    pub row: u64,
    pub step: u32,
    pub kind: CallKind,
    /// Answers this step has had, this one included.
    pub attempts: u32,
    pub http_status: Option<u16>,
    pub verdict: CallVerdict,
    /// The contact it was about or that it created.
    pub contact_id: Option<RemoteId>,
}

/// What an answer meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallVerdict {
    Done,
    Exists,
    Missing,
    Refused,
    Unclear,
    /// It was applied, and showed that it was about somebody else than the row.
    OtherPerson,
}

impl CallVerdict {
    /// Each of them.
    pub const ALL: [Self; 6] =
        [Self::Done, Self::Exists, Self::Missing, Self::Refused, Self::Unclear, Self::OtherPerson];

    /// As the ledger and `rolo why` write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Exists => "exists",
            Self::Missing => "missing",
            Self::Refused => "refused",
            Self::Unclear => "unclear",
            Self::OtherPerson => "other person",
        }
    }

    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.name() == name)
    }
}

/// Who claims the identifiers of a create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    pub run: RunId,
    pub row: u64,
    /// When its intent was last recorded: seconds from the Unix epoch.
    pub since: u64,
    /// Whether the service has answered that the create was applied: no request of it is under way.
    pub is_made: bool,
}

/// A row whose contact is still to be looked up once more: see [`Entry::LookAgain`].
#[derive(Clone, Debug, PartialEq)]
pub struct SecondLook {
    pub run: RunId,
    pub row: u64,
    /// Line of the row in the file of its run.
    pub line: u64,
    pub identifiers: Vec<Identifier>,
    /// The contact that the row was told to be.
    pub contact_id: Option<RemoteId>,
    /// How long ago its create was answered, by the ledger's calendar, in whole seconds.
    pub age: Duration,
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
    Field {
        field: Field,
        before: Value,
        after: Value,
    },
    TagAdded(String),
    TagRemoved(String),
    ListAdded(String),
    ListRemoved(String),
    /// A change of this field, or of `tags` or `lists`, of which nobody knows what was there before.
    Unknown(String),
}
