//! Rows of a run that are mended and sent again: by way of the file they came from, so that they are checked and
//! planned as all others are. What went well costs no call.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};

use super::draft::Draft;
use super::failure::{PageAnswer, PageFailure};
use super::layout::PageStep;
use super::mend_page::keep;
use super::mending::{Mend, mended};
use super::site::{Site, aside};
use crate::contact::Position;
use crate::error::{Error, Result};
use crate::jobs::{ImportRecord, RunRecord as _, results_of};
use crate::ledger::Run;
use crate::table::{self, ReadOptions, SourceFile};

/// The field of a form that says where a row stands: `12 Leads`.
pub fn place_field(row: usize) -> String {
    format!("place.{row}")
}

/// The field of one of its cells.
pub fn cell_field(row: usize, column: usize) -> String {
    format!("mend.{row}.{column}")
}

/// Cells that were written, by index of their column in the results, each with its line and sheet.
type WrittenCells = BTreeMap<usize, Vec<(u64, String, String)>>;

fn written(fields: &[(String, String)]) -> WrittenCells {
    let places: BTreeMap<&str, (u64, &str)> = fields
        .iter()
        .filter_map(|(name, value)| {
            let (line, sheet) = value.split_once(' ').unwrap_or((value, ""));
            Some((name.strip_prefix("place.")?, (line.parse().ok()?, sheet)))
        })
        .collect();
    let mut written = WrittenCells::new();
    for (name, value) in fields {
        let Some((row, column)) = name.strip_prefix("mend.").and_then(|name| name.split_once('.')) else { continue };
        if let (Some((line, sheet)), Ok(column)) = (places.get(row), column.parse()) {
            written.entry(column).or_default().push((*line, (*sheet).to_owned(), value.clone()));
        }
    }
    written
}

/// Keeps what was written as edits of the file, and leads on to the plan; without any, to the file's problems.
pub async fn mend(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let run = site.run(&id).await?;
    let mut draft = draft_of(&site, &run)?;
    let written = written(&fields);
    if written.is_empty() {
        return Ok(Redirect::to(&PageStep::Problems.path(&draft)).into_response());
    }
    let results = results_of(&run).ok_or_else(|| PageFailure::missing("results file"))?;
    let headers = aside(move || {
        let options = ReadOptions { own_rows: true, ..ReadOptions::default() };
        Ok(table::open(&results, &options)?.headers().to_vec())
    });
    let headers = headers.await?;
    let mut has_changed = false;
    for (column, cells) in written {
        let Some(header) = headers.get(column).cloned() else { continue };
        let of = draft.clone();
        if let Some(edits) = aside(move || edits_of(&of, &header, cells)).await? {
            keep(&site, &mut draft, edits).await?;
            has_changed = true;
        }
    }
    if !has_changed {
        return Err(Error::usage("nothing was changed").hint("write other values into the marked cells").into());
    }
    Ok(Redirect::to(&PageStep::Plan.path(&draft)).into_response())
}

fn edits_of(
    draft: &Draft,
    header: &str,
    cells: Vec<(u64, String, String)>,
) -> Result<Option<Vec<crate::table::SourceEdit>>> {
    let reader = draft.source()?.open()?;
    let column = reader.headers().iter().position(|there| there == header).ok_or_else(|| {
        Error::usage(format!("the file does not have this column any more: {header}"))
            .hint("choose the file anew, and mend it under Problems")
    })?;
    let sheets: Vec<&str> = (0..).map_while(|sheet| reader.sheet_name(sheet)).collect();
    let mut values = BTreeMap::new();
    for (line, name, value) in cells {
        let sheet = sheets.iter().position(|sheet| *sheet == name).unwrap_or_default();
        values.insert((u16::try_from(sheet).unwrap_or(u16::MAX), line), value);
    }
    let places: Vec<Position> =
        values.keys().map(|(sheet, line)| Position { index: 0, line: *line, sheet: *sheet }).collect();
    mended(draft, &places, Some(column), &Mend::Set(values))
}

/// The draft of a run's file: the one that there is, or else one that is read and mapped as the run was.
fn draft_of(site: &Site, run: &Run) -> Result<Draft> {
    let path = PathBuf::from(&run.new.file);
    SourceFile::open(&path)?;
    if let Some(draft) = site.drafts.all().into_iter().find(|draft| draft.path == path) {
        return Ok(draft);
    }
    let record = ImportRecord::of(run)?;
    let edits = record.edits.as_ref().map(crate::jobs::EditsRecord::read).transpose()?;
    let mut draft = site.drafts.of_file(&path, run.new.account.clone(), record.region)?;
    draft.reading = record.read;
    draft.edits = edits.map(|edits| edits.path.clone());
    let mapping = site.drafts.folder_of(&draft.id).join("run.mapping.toml");
    table::write_private(mapping.as_path(), record.mapping.as_bytes())?;
    draft.mapping = Some(mapping);
    site.drafts.save(&mut draft)?;
    Ok(draft)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_known_by_the_place_of_their_row() {
        let field = |name: String, value: &str| (name, value.to_owned());
        let fields = [
            field(place_field(0), "12 Leads of May"),
            field(place_field(1), "7"),
            field(cell_field(0, 2), "+1"),
            field(cell_field(1, 2), "+2"),
            field(cell_field(9, 2), "of no row"),
            field("text".to_owned(), "ann"),
        ];
        let expected = vec![(12, "Leads of May".to_owned(), "+1".to_owned()), (7, String::new(), "+2".to_owned())];
        assert_eq!(written(&fields), WrittenCells::from([(2, expected)]));
    }
}
