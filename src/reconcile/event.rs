use std::time::Duration;

use super::contact_state::ObservedContact;
use crate::contact::{Call, Identifier, RemoteId, RowRecord, Snapshot};
use crate::journal::{Entry, Key, Taken};
use crate::services::Reply;

/// What happens next on a contact's way through a run.
#[derive(Clone, Debug, PartialEq)]
pub enum Next {
    /// Have the contact to itself: no other row may work on it until this one is done.
    Claim(RemoteId),
    /// Look up who has one of these identifiers.
    Lookup(Vec<Identifier>),
    /// Make a call that changes nothing.
    Read(Call),
    /// Make a call that changes something.
    Write(Box<Write>),
    /// Let time pass.
    Wait {
        /// At least so much.
        least: Duration,
        /// How often the contact waited for the same thing, this time included: from 1.
        times: u32,
    },
    /// The row has its outcome, which [`super::Reconciliation::close`] makes durable.
    Done(RowRecord),
}

/// A call that changes something.
#[derive(Clone, Debug, PartialEq)]
pub struct Write {
    /// What is sent.
    pub call: Call,
    /// What its intent is recorded under.
    pub at: StepAt,
    /// Durable with the intent, before the request leaves.
    pub before: Vec<Entry>,
    /// Keys of the identifiers that a create is about to make somebody's.
    pub creates: Vec<Key>,
}

/// Whose intent a write is recorded under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StepAt {
    /// Index of the row in its source.
    pub row: u64,
    /// Position of the call on the contact's way; stable when the row is driven again.
    pub step: u32,
    /// How often the step was about to be sent before the run was cut off.
    pub sent_before: u32,
}

/// What came of [`Next`].
#[derive(Clone, Debug)]
pub enum ReconcileEvent {
    /// The contact is this row's alone from now on.
    Claimed {
        /// What is known of it after the row that had it before.
        left: Option<Box<ObservedContact>>,
        /// Line of the last row that led to the same contact.
        shared_with: Option<u64>,
    },
    /// The contacts in the answer to a look-up, if `result` is a good one.
    Looked {
        /// Also those that match no identifier exactly.
        contacts: Vec<Snapshot>,
        /// How the look-up ended.
        result: CallResult,
    },
    /// How a read or a write ended.
    Called(CallResult),
    /// So much time has passed.
    Waited(Duration),
}

/// How a call ended, after all its attempts: what is known of it for good.
///
/// [`Verdict`](crate::services::Verdict) is what one answer means. A verdict that leaves nothing open ends the
/// call and comes here with what it carries (done, missing, exists, refused); others lead to another attempt,
/// or stop the run. What only a call can come to is here alone: that no attempt was answered, that its
/// identifiers are taken by another create, that the run stopped under it.
#[derive(Clone, Debug, PartialEq)]
pub enum CallEnd {
    /// It was applied, for sure.
    Done(Reply),
    /// The contact that it is about is not there.
    Missing {
        /// What the service said.
        message: String,
    },
    /// A create was refused, since somebody has one of its identifiers.
    Exists {
        /// What the service said.
        message: String,
        /// Our names of the fields whose values are taken, where the service says.
        fields: Vec<String>,
        /// Who has them, where the service says.
        id: Option<RemoteId>,
    },
    /// It was not applied, and never will be.
    Refused {
        /// As in docs/row-errors.md.
        code: String,
        /// What the service said.
        message: String,
        /// Our names of the fields that were refused, where the service says.
        fields: Vec<String>,
    },
    /// Every attempt ended without it having been applied.
    Unreachable {
        /// What the last attempt met.
        message: String,
    },
    /// It may have been applied, and repeating it is not safe or has not helped.
    Unclear {
        /// What the last attempt met.
        message: String,
    },
    /// A create was not begun, since another is making somebody with the same identifier.
    Taken(Taken),
    /// The run is stopping; the call has not ended.
    Halted,
}

impl CallEnd {
    /// What the service, or the way to it, said; `None` for an end that needs no words.
    pub fn message(&self) -> Option<&str> {
        match self {
            Self::Missing { message }
            | Self::Exists { message, .. }
            | Self::Refused { message, .. }
            | Self::Unreachable { message }
            | Self::Unclear { message } => Some(message),
            Self::Done(_) | Self::Taken(_) | Self::Halted => None,
        }
    }

    /// Why the end is not the one that was needed.
    pub fn why_failed(&self) -> &str {
        match self {
            Self::Halted => "interrupted",
            end => end.message().unwrap_or("it answered something else than was asked"),
        }
    }
}

/// A call's end and what it took.
#[derive(Clone, Debug, PartialEq)]
pub struct CallResult {
    /// How it ended.
    pub end: CallEnd,
    /// Status of the last answer; `None` if none came.
    pub http_status: Option<u16>,
    /// Answers it took; an attempt that got none isn't counted.
    pub answers: u32,
}

impl CallResult {
    /// The result of a call that a stopping run has not ended.
    pub fn halted() -> Self {
        Self { end: CallEnd::Halted, http_status: None, answers: 0 }
    }
}
