use std::collections::HashMap;
use std::sync::Arc;

use super::edits::{EditAction, SourceEdit, SourceEdits, row_digest};
use super::{CellFlag, RowBatch, RowReader, RowView};
use crate::contact::RowError;
use crate::error::{Error, Result};

/// Characters of a cell that a remark shows.
const SHOWN: usize = 60;

/// A source as its edits change it.
pub struct EditedReader {
    inner: Box<dyn RowReader>,
    edits: Arc<SourceEdits>,
    /// Where the columns are that are named.
    columns: HashMap<String, usize>,
    read: RowBatch,
    sheets: Vec<String>,
}

impl EditedReader {
    /// # Errors
    /// Kind `Usage` if an edit names a column that the source doesn't have.
    pub fn new(inner: Box<dyn RowReader>, edits: Arc<SourceEdits>) -> Result<Self> {
        let columns: HashMap<String, usize> =
            inner.headers().iter().enumerate().map(|(at, header)| (header.clone(), at)).collect();
        let named = edits.all().iter().filter_map(|edit| edit.column.as_ref());
        if let Some(unknown) = named.into_iter().find(|column| !columns.contains_key(*column)) {
            return Err(Error::usage(format!("the edits name a column that the file doesn't have: {unknown}"))
                .at_path(&edits.path)
                .hint("leave the edits out, or give those that were made for this file, read this way"));
        }
        let sheets = (0..).map_while(|sheet| inner.sheet_name(sheet)).map(str::to_owned).collect();
        Ok(Self { inner, edits, columns, read: RowBatch::new(), sheets })
    }

    fn edits_of(&self, row: &RowView<'_>) -> Vec<&SourceEdit> {
        let position = row.position();
        let sheet = self.sheets.get(usize::from(position.sheet)).map_or("", String::as_str);
        self.edits.of_row(sheet, position.line).collect()
    }
}

impl RowReader for EditedReader {
    fn headers(&self) -> &[String] {
        self.inner.headers()
    }

    fn own_columns(&self) -> &[String] {
        self.inner.own_columns()
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        let rows = self.inner.read(&mut self.read, max_rows)?;
        if self.read.rows().all(|row| self.edits_of(&row).is_empty()) {
            std::mem::swap(batch, &mut self.read);
            return Ok(rows);
        }
        batch.clear();
        batch.set_own_columns(&self.inner.own_columns().into());
        for row in self.read.rows() {
            let edits = self.edits_of(&row);
            if edits.is_empty() {
                batch.push_row(row);
            } else {
                push_edited(batch, row, &edits, &self.columns, self.inner.headers(), self.inner.own_columns());
            }
        }
        Ok(rows)
    }

    fn notes(&self) -> &[String] {
        self.inner.notes()
    }

    fn header_place(&self) -> String {
        self.inner.header_place()
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.inner.sheet_name(sheet)
    }
}

/// The row as these edits leave it. Of several of one cell the last counts.
fn push_edited(
    batch: &mut RowBatch,
    row: RowView<'_>,
    edits: &[&SourceEdit],
    columns: &HashMap<String, usize>,
    headers: &[String],
    own: &[String],
) {
    let digest = row_digest(&row);
    let skips = edits.iter().any(|edit| edit.action == EditAction::SkipRow);
    if edits.iter().any(|edit| edit.row != digest) {
        batch.push_row(row);
        let message = "the row was changed since it was edited: edit it again, or take the edit back";
        batch.replace_errors(RowError::of_row("edit.row_changed", message));
        return;
    }
    if skips {
        batch.push_row(row);
        batch.replace_errors(RowError::of_row("edit.row_left_out", "left out by an edit"));
        return;
    }
    let mut changed: HashMap<usize, &SourceEdit> = HashMap::new();
    for edit in edits {
        if let Some(at) = edit.column.as_ref().and_then(|column| columns.get(column)) {
            changed.insert(*at, edit);
        }
    }
    batch.begin_row(row.position());
    for column in 0..row.len().max(changed.keys().map(|at| at + 1).max().unwrap_or_default()) {
        match changed.get(&column).map(|edit| &edit.action) {
            None => batch.push_cell_of(row, column),
            Some(EditAction::Set(value)) => batch.push_cell(value),
            Some(EditAction::LeaveOut | EditAction::SkipRow) => {
                batch.push_cell("");
                batch.push_flag(column, CellFlag::Absent);
            }
        }
    }
    for name in own {
        batch.push_own_cell(row.own(name).unwrap_or_default());
    }
    row.errors()
        .iter()
        .filter(|(_, error)| error.column.is_none())
        .for_each(|(_, error)| batch.push_error(error.clone()));
    row.remarks().iter().for_each(|(_, remark)| batch.push_remark(remark.clone()));
    let mut changed: Vec<_> = changed.into_iter().collect();
    changed.sort_by_key(|(column, _)| *column);
    for (column, edit) in changed {
        let header = headers.get(column).map_or("", String::as_str);
        let was: String = edit.was.chars().take(SHOWN).collect();
        let message = match edit.action {
            EditAction::Set(_) => format!("{header}: edited; the file has: {was}"),
            _ => format!("{header}: left out by an edit; the file has: {was}"),
        };
        batch.push_remark(RowError::of_cell("edit.applied", column, header, message));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::{Place, ReadOptions, open};

    const CSV: &str = "Name,Mobile\nAnn,07400 100201\nBob,x\nCid,y\n";

    fn read(csv: &str, edits: &dyn Fn(&RowBatch) -> Vec<SourceEdit>) -> Result<Vec<(Vec<String>, Vec<String>)>> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        std::fs::write(&path, CSV).expect("a file");
        let mut before = RowBatch::new();
        open(&path, &ReadOptions::default())?.read(&mut before, 10)?;
        let kept = folder.path().join("a.edits.csv");
        SourceEdits::write(&Place::from(kept.as_path()), &edits(&before))?;
        std::fs::write(&path, csv).expect("a file");
        let reader = open(&path, &ReadOptions::default())?;
        let mut edited = EditedReader::new(reader, Arc::new(SourceEdits::read(&kept)?))?;
        let mut batch = RowBatch::new();
        edited.read(&mut batch, 10)?;
        let told = |row: RowView<'_>| {
            let errors = row.errors().iter().chain(row.remarks()).map(|(_, error)| error.code.to_string());
            (row.cells().map(str::to_owned).collect(), errors.collect())
        };
        Ok(batch.rows().map(told).collect())
    }

    fn edit(row: RowView<'_>, column: Option<&str>, action: EditAction) -> SourceEdit {
        SourceEdit {
            edit: 1,
            line: row.position().line,
            sheet: String::new(),
            column: column.map(str::to_owned),
            action,
            was: String::new(),
            row: row_digest(&row),
        }
    }

    fn three(batch: &RowBatch) -> Vec<SourceEdit> {
        vec![
            edit(batch.row(0), Some("Mobile"), EditAction::Set("first".into())),
            edit(batch.row(0), Some("Mobile"), EditAction::Set("+447400100201".into())),
            edit(batch.row(1), Some("Mobile"), EditAction::LeaveOut),
            edit(batch.row(2), None, EditAction::SkipRow),
        ]
    }

    #[test]
    fn cells_are_set_and_left_out_and_rows_passed_over() {
        let rows = read(CSV, &three).unwrap();
        let row = |cells: [&str; 2], code: &str| (cells.map(str::to_owned).to_vec(), vec![code.to_owned()]);
        assert_eq!(
            rows,
            [
                row(["Ann", "+447400100201"], "edit.applied"),
                row(["Bob", ""], "edit.applied"),
                row(["Cid", "y"], "edit.row_left_out"),
            ]
        );
    }

    #[test]
    fn a_row_that_was_changed_since_is_not_edited() {
        let rows = read(&CSV.replace("Ann", "Eve"), &three).unwrap();
        assert_eq!(rows[0], (vec!["Eve".into(), "07400 100201".into()], vec!["edit.row_changed".into()]));
        assert_eq!(rows[1].1, ["edit.applied"]);
    }

    #[test]
    fn an_edit_of_a_column_that_is_not_there_is_refused() {
        let error = read(&CSV.replace("Mobile", "Phone"), &three).unwrap_err();
        assert!(error.message.contains("doesn't have: Mobile"), "{}", error.message);
    }
}
