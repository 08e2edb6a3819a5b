use crate::contact::{Outcome, RowError};

/// A row of which nothing is sent, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsent {
    /// `Rejected` for a row with errors; `Skipped` for one that the mapping leaves out.
    pub outcome: Outcome,
    /// In column order. Never empty.
    pub errors: Vec<RowError>,
}
