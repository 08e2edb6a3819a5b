//! Rows of a file that are mended on the page: kept as edits beside the file, never in it.

use std::collections::{BTreeMap, BTreeSet};

use super::draft::Draft;
use crate::contact::Position;
use crate::error::{Error, Result};
use crate::jobs::SourceSpec;
use crate::table::{EditAction, RowBatch, RowView, SourceEdit, SourceEdits, row_digest};

/// Rows read at once.
const BATCH: usize = 512;

/// What is done to cells, or to their rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mend {
    /// Put this in front, behind which zeros at the beginning are taken away if so asked.
    Prefix {
        text: String,
        without_zeros: bool,
    },
    /// Each of these cells becomes this, by line and index of the sheet.
    Set(BTreeMap<(u16, u64), String>),
    LeaveOut,
    SkipRows,
}

impl Mend {
    fn action(&self, place: (u16, u64), cell: &str) -> Option<EditAction> {
        match self {
            Self::Prefix { text, without_zeros } => {
                let cell = cell.trim();
                let rest = if *without_zeros { cell.trim_start_matches('0') } else { cell };
                Some(EditAction::Set(format!("{text}{rest}")))
            }
            Self::Set(values) => values.get(&place).filter(|value| *value != cell).cloned().map(EditAction::Set),
            Self::LeaveOut => Some(EditAction::LeaveOut),
            Self::SkipRows => Some(EditAction::SkipRow),
        }
    }
}

/// Adds to the edits of a draft what `mend` does to the rows at `places`, in the column at `column`.
/// Gives all edits that there are then; `None` where nothing becomes anything else.
pub fn mended(
    draft: &Draft,
    places: &[Position],
    column: Option<usize>,
    mend: &Mend,
) -> Result<Option<Vec<SourceEdit>>> {
    let source = draft.source()?;
    let before = source.edits.clone();
    let mut edits = before.as_ref().map(|edits| edits.all().to_vec()).unwrap_or_default();
    let number = edits.iter().map(|edit| edit.edit).max().unwrap_or_default() + 1;
    let places: BTreeSet<(u16, u64)> = places.iter().map(|place| (place.sheet, place.line)).collect();
    let plain = SourceSpec { edits: None, ..source };
    let mut reader = plain.open()?;
    let header = column.map(|column| {
        reader.headers().get(column).cloned().ok_or_else(|| Error::usage("the file does not have this column any more"))
    });
    let header = header.transpose()?;
    if header.is_none() && *mend != Mend::SkipRows {
        return Err(Error::usage("this is wrong with rows, and not with cells").hint("pass the rows over"));
    }
    let mut batch = RowBatch::new();
    let (mut left, mut added) = (places.len(), 0_usize);
    while left > 0 && reader.read(&mut batch, BATCH)? > 0 {
        for row in batch.rows() {
            let place = (row.position().sheet, row.position().line);
            if !places.contains(&place) {
                continue;
            }
            left -= 1;
            let sheet = reader.sheet_name(place.0).unwrap_or_default();
            let was = column.map_or("", |column| row.cell(column));
            let now = before.as_deref().and_then(|edits| set_before(edits, sheet, place.1, header.as_deref()));
            let Some(action) = mend.action(place, now.as_deref().unwrap_or(was)) else { continue };
            added += 1;
            edits.push(edit_of(&row, number, sheet, header.as_deref(), action, was));
        }
    }
    Ok((added > 0).then_some(edits))
}

fn edit_of(
    row: &RowView<'_>,
    edit: u64,
    sheet: &str,
    header: Option<&str>,
    action: EditAction,
    was: &str,
) -> SourceEdit {
    let is_row = action == EditAction::SkipRow;
    SourceEdit {
        edit,
        line: row.position().line,
        sheet: sheet.to_owned(),
        column: header.filter(|_| !is_row).map(str::to_owned),
        was: if is_row { String::new() } else { was.to_owned() },
        action,
        row: row_digest(row),
    }
}

/// What an earlier edit has made of a cell.
fn set_before(edits: &SourceEdits, sheet: &str, line: u64, header: Option<&str>) -> Option<String> {
    let of_cell = edits.of_row(sheet, line).filter(|edit| edit.column.as_deref() == header);
    of_cell.last().and_then(|edit| match &edit.action {
        EditAction::Set(value) => Some(value.clone()),
        EditAction::LeaveOut | EditAction::SkipRow => None,
    })
}

/// What was edited at once, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EditMade {
    pub number: u64,
    pub rows: u64,
    pub column: Option<String>,
    pub action: &'static str,
    /// The first of them, as it was and as it is.
    pub example: Option<(String, String)>,
}

/// What was edited, the latest first.
pub fn edits_made(edits: &[SourceEdit]) -> Vec<EditMade> {
    let mut made: BTreeMap<u64, EditMade> = BTreeMap::new();
    for edit in edits {
        let (action, value) = match &edit.action {
            EditAction::Set(value) => ("set", Some(value.clone())),
            EditAction::LeaveOut => ("left out", None),
            EditAction::SkipRow => ("passed over", None),
        };
        let entry = made.entry(edit.edit).or_insert_with(|| EditMade {
            number: edit.edit,
            rows: 0,
            column: edit.column.clone(),
            action,
            example: value.map(|value| (edit.was.clone(), value)),
        });
        entry.rows += 1;
    }
    made.into_values().rev().collect()
}

/// Rows of a source at these places, with their cells, in the file's order.
pub fn rows_at(source: &SourceSpec, places: &[Position]) -> Result<Vec<(Position, Vec<String>)>> {
    let wanted: BTreeSet<(u16, u64)> = places.iter().map(|place| (place.sheet, place.line)).collect();
    let mut reader = source.open()?;
    let (mut rows, mut batch) = (Vec::new(), RowBatch::new());
    while rows.len() < wanted.len() && reader.read(&mut batch, BATCH)? > 0 {
        for row in batch.rows() {
            if wanted.contains(&(row.position().sheet, row.position().line)) {
                rows.push((row.position(), row.cells().map(str::to_owned).collect()));
            }
        }
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_stands_in_front_and_takes_zeros_away_if_asked() {
        let action = |without_zeros| Mend::Prefix { text: "+60".into(), without_zeros }.action((0, 2), " 0123456789 ");
        assert_eq!(action(true), Some(EditAction::Set("+60123456789".into())));
        assert_eq!(action(false), Some(EditAction::Set("+600123456789".into())));
    }

    #[test]
    fn only_cells_that_become_something_else_are_edits() {
        let mend = Mend::Set([((0, 2), "same".to_owned()), ((0, 3), "new".to_owned())].into());
        assert_eq!(mend.action((0, 2), "same"), None);
        assert_eq!(mend.action((0, 3), "old"), Some(EditAction::Set("new".into())));
        assert_eq!(mend.action((0, 4), "old"), None);
    }
}
