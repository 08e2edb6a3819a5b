//! What a scan learned about a part.

use std::collections::BTreeMap;

use super::attributes::place;

/// Ranges of merged cells and runs of formulas that are kept: what lies above is no table of contacts.
const MOST_RANGES: usize = 200_000;

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartSeen {
    /// Cells that have a value.
    pub filled_cells: u64,
    /// Rows, blank ones that are written out included.
    pub rows: u64,
    pub hidden_rows: RowSet,
    /// Whether a filter is set, by which rows may be hidden.
    pub is_filtered: bool,
    pub hidden_columns: u64,
    /// Ranges of cells that are shown as one.
    pub merged: Vec<MergedCells>,
    /// For each column the rows whose cell has a formula and no value saved with it.
    unsaved: BTreeMap<u32, RowSet>,
    unsaved_runs: usize,
}

/// Cells that are shown as one; rows and columns from 0, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MergedCells {
    pub first: (u32, u32),
    pub last: (u32, u32),
}

impl PartSeen {
    /// Takes note of merged cells; false if there are too many.
    pub fn add_merged(&mut self, cells: MergedCells) -> bool {
        self.merged.push(cells);
        self.merged.len() <= MOST_RANGES
    }

    /// Takes note of merged cells such as `B2:B4`; false if there are too many.
    pub(super) fn merge(&mut self, ends: &[u8]) -> bool {
        let mut ends = ends.split(|byte| *byte == b':');
        if let (Some(first), Some(last)) = (ends.next().and_then(place), ends.next().and_then(place)) {
            self.merged.push(MergedCells { first, last });
        }
        self.merged.len() <= MOST_RANGES
    }

    /// Takes note of a formula without a saved value; false if there are too many.
    pub fn add_unsaved(&mut self, (row, column): (u32, u32)) -> bool {
        self.unsaved_runs += usize::from(self.unsaved.entry(column).or_default().add(row));
        self.unsaved_runs <= MOST_RANGES
    }

    pub fn is_unsaved(&self, row: u32, column: u32) -> bool {
        self.unsaved.get(&column).is_some_and(|rows| rows.contains(row))
    }

    /// Columns that have formulas without a saved value.
    pub fn unsaved_columns(&self) -> impl Iterator<Item = u32> {
        self.unsaved.keys().copied()
    }

    pub fn unsaved_formulas(&self) -> u64 {
        self.unsaved.values().map(RowSet::count).sum()
    }
}

/// Rows, as runs of them in order: a filter or a column of formulas takes few.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RowSet {
    runs: Vec<(u32, u32)>,
}

impl RowSet {
    /// Adds a row behind those that are there; whether that began a run.
    pub fn add(&mut self, row: u32) -> bool {
        match self.runs.last_mut() {
            Some((_, last)) if *last == row || *last + 1 == row => {
                *last = row;
                false
            }
            _ => {
                self.runs.push((row, row));
                true
            }
        }
    }

    pub fn contains(&self, row: u32) -> bool {
        let at = self.runs.partition_point(|(_, last)| *last < row);
        self.runs.get(at).is_some_and(|(first, _)| *first <= row)
    }

    pub fn count(&self) -> u64 {
        self.runs.iter().map(|(first, last)| u64::from(last - first) + 1).sum()
    }
}
