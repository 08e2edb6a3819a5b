//! What is wrong with the rows of a file, grouped by kind.

use std::sync::{Arc, Mutex, PoisonError};

use crate::contact::{Position, RowError};
use crate::report::{Event, Reporter, is_reason};

/// Messages kept of a group; of the others only where they stand.
const MESSAGES: usize = 1000;

/// What is wrong, by kind and column, the most frequent first.
#[derive(Clone, Debug, Default)]
pub struct ProblemList {
    pub groups: Vec<ProblemGroup>,
    pub rows: u64,
    /// Rows that can't be sent.
    pub rejected: u64,
    /// Rows that are passed over.
    pub skipped: u64,
}

/// One kind of problem in one column.
#[derive(Clone, Debug)]
pub struct ProblemGroup {
    pub code: String,
    pub column: Option<String>,
    pub column_index: usize,
    /// The rows are sent all the same.
    pub is_remark: bool,
    pub places: Vec<Position>,
    pub messages: Vec<String>,
}

impl ProblemGroup {
    /// Another for each group of a list, fit for an address.
    pub fn key(&self) -> String {
        let column = if self.column.is_some() { self.column_index.to_string() } else { "row".to_owned() };
        format!("{}-{column}{}", self.code, if self.is_remark { "-sent" } else { "" })
    }
}

impl ProblemList {
    /// The group of this key.
    pub fn group(&self, key: &str) -> Option<&ProblemGroup> {
        self.groups.iter().find(|group| group.key() == key)
    }

    fn take(&mut self, position: Position, is_remark: bool, error: &RowError) {
        let fits = |group: &ProblemGroup| {
            group.code == error.code && group.column == error.column && group.is_remark == is_remark
        };
        let group = match self.groups.iter().position(fits) {
            Some(at) => &mut self.groups[at],
            None => {
                self.groups.push(ProblemGroup {
                    code: error.code.to_string(),
                    column: error.column.clone(),
                    column_index: error.column_index,
                    is_remark,
                    places: Vec::new(),
                    messages: Vec::new(),
                });
                let last = self.groups.len() - 1;
                &mut self.groups[last]
            }
        };
        if group.places.last() == Some(&position) {
            return;
        }
        group.places.push(position);
        if group.messages.len() < MESSAGES {
            group.messages.push(error.message.clone());
        }
    }
}

/// Takes problems as a check tells them. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct ProblemCollector(Arc<Mutex<ProblemList>>);

impl ProblemCollector {
    /// What was taken, the most frequent first, and what keeps rows from being sent before what does not.
    pub fn into_list(self) -> ProblemList {
        let mut list = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        list.groups.sort_by_key(|group| (group.is_remark, std::cmp::Reverse(group.places.len())));
        list
    }
}

impl Reporter for ProblemCollector {
    fn event(&mut self, event: &Event) {
        let Event::Row { position, record } = event else { return };
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        list.rows += 1;
        let is_remark = !record.outcome.needs_attention();
        list.rejected += u64::from(!is_remark);
        // A row in order is skipped as well, since a check sends nothing; one with a reason is passed over.
        if is_remark && record.errors.iter().any(|error| is_reason(&error.code)) {
            list.skipped += 1;
            return;
        }
        for error in &record.errors {
            list.take(*position, is_remark, error);
        }
    }

    fn is_heard(&self) -> bool {
        false
    }
}
