use std::fmt;
use std::ops::{Index, IndexMut};

use super::{RemoteId, RowError};

/// What became of a row. Every row of a run ends in exactly one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// The contact was not there, and a create was applied.
    Created,
    /// The contact was there, and at least one change was applied.
    Updated,
    /// The service already holds all that is wanted.
    Unchanged,
    /// Nothing was asked for this row, or the run stopped before it.
    Skipped,
    /// Our own validation refused the row; nothing was sent.
    Rejected,
    /// The service refused it or could not be reached.
    Failed,
    /// A request was sent and nobody can say whether it was applied.
    InDoubt,
}

impl Outcome {
    /// Every outcome; summaries count them in this order.
    pub const ALL: [Outcome; 7] =
        [Self::Created, Self::Updated, Self::Unchanged, Self::Skipped, Self::Rejected, Self::Failed, Self::InDoubt];

    /// As written in results files, the ledger and on the screen.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Unchanged => "unchanged",
            Self::Skipped => "skipped",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::InDoubt => "in_doubt",
        }
    }

    /// The outcome with this [`Self::name`].
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|outcome| outcome.name() == name)
    }

    /// Whether a person has to look at the row.
    pub const fn needs_attention(self) -> bool {
        matches!(self, Self::Rejected | Self::Failed | Self::InDoubt)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// How one row ended: a line of the results file, beside the row's own columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRecord {
    /// What became of the row.
    pub outcome: Outcome,
    /// The service's id of the contact, where it is known.
    pub contact_id: Option<RemoteId>,
    /// Calls of this row that were answered for good, look-ups included. A look-up shared by
    /// several rows counts in each.
    pub calls: u32,
    /// The most answers any one of those calls needed.
    pub attempts: u32,
    /// Status of the answer that decided the row.
    pub http_status: Option<u16>,
    /// In column order; empty for a row that went well.
    pub errors: Vec<RowError>,
}

impl RowRecord {
    /// A row that ended without a call.
    pub fn unsent(outcome: Outcome, errors: Vec<RowError>) -> Self {
        Self { outcome, contact_id: None, calls: 0, attempts: 0, http_status: None, errors }
    }
}

/// Rows by outcome.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 7]);

impl Counts {
    /// All rows that have an outcome.
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Each outcome with its rows, in the order of [`Outcome::ALL`], zeros included.
    pub fn iter(&self) -> impl Iterator<Item = (Outcome, u64)> + '_ {
        Outcome::ALL.into_iter().map(|outcome| (outcome, self[outcome]))
    }

    /// Rows that a person has to look at.
    pub fn needing_attention(&self) -> u64 {
        self.iter().filter(|(outcome, _)| outcome.needs_attention()).map(|(_, n)| n).sum()
    }

    /// The law of every run: each row that was read has exactly one outcome.
    pub fn balances(&self, rows_read: u64) -> bool {
        self.total() == rows_read
    }
}

impl Index<Outcome> for Counts {
    type Output = u64;
    fn index(&self, outcome: Outcome) -> &u64 {
        &self.0[outcome as usize]
    }
}

impl IndexMut<Outcome> for Counts {
    fn index_mut(&mut self, outcome: Outcome) -> &mut u64 {
        &mut self.0[outcome as usize]
    }
}
