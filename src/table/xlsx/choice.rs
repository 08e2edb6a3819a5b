//! Which sheet of a workbook is read, and what to say of it.

use std::path::Path;

use calamine::{Sheet, SheetVisible, Xlsx};

use super::package::{Gated, Package};
use super::scan::PartSeen;
use crate::error::{Error, Result};
use crate::table::options::{ReadLimits, ReadOptions};

/// The sheet to read: the one named or numbered, else the first visible one with content.
pub fn choose(
    path: &Path,
    package: &mut Package,
    workbook: &mut Xlsx<Gated>,
    sheets: &[Sheet],
    wanted: Option<&str>,
) -> Result<(usize, PartSeen)> {
    if let Some(wanted) = wanted {
        let index = named(sheets, wanted).ok_or_else(|| {
            let names: Vec<String> = sheets.iter().map(|sheet| format!("\"{}\"", sheet.name.escape_debug())).collect();
            Error::usage(format!("{} has no sheet \"{wanted}\"", path.display()))
                .hint(format!("its sheets are {}", names.join(", ")))
        })?;
        let seen = package.measure_sheet(workbook, &sheets[index].name)?;
        return Ok((index, seen));
    }
    for (index, sheet) in sheets.iter().enumerate().filter(|(_, sheet)| sheet.visible == SheetVisible::Visible) {
        let seen = package.measure_sheet(workbook, &sheet.name)?;
        if seen.filled_cells > 0 {
            return Ok((index, seen));
        }
    }
    Err(Error::usage(format!("{} has no visible sheet with content", path.display()))
        .hint("name a hidden sheet with --sheet, or save the workbook again with its contacts"))
}

/// The sheets that continue the one at `index`: where a sheet is full to its last row, rolo writes
/// on in one with the same name and a number.
pub fn continuations(
    package: &mut Package,
    workbook: &mut Xlsx<Gated>,
    sheets: &[Sheet],
    index: usize,
    mut seen: PartSeen,
    limits: &ReadLimits,
) -> Result<Vec<usize>> {
    let mut found = Vec::new();
    while seen.rows >= limits.sheet_rows {
        let name = format!("{} {}", sheets[index].name, found.len() + 2);
        let Some(next) = sheets.iter().position(|sheet| sheet.name == name) else { break };
        seen = package.measure_sheet(workbook, &name)?;
        found.push(next);
    }
    Ok(found)
}

fn named(sheets: &[Sheet], wanted: &str) -> Option<usize> {
    let by_number =
        || wanted.parse::<usize>().ok().and_then(|number| number.checked_sub(1)).filter(|at| *at < sheets.len());
    sheets
        .iter()
        .position(|sheet| sheet.name == wanted)
        .or_else(|| sheets.iter().position(|sheet| sheet.name.trim().to_lowercase() == wanted.trim().to_lowercase()))
        .or_else(by_number)
}

pub fn notes_on(path: &Path, sheets: &[Sheet], index: usize, seen: PartSeen, options: &ReadOptions) -> Vec<String> {
    let mut notes = Vec::new();
    let is_text_by_name = path
        .extension()
        .is_some_and(|extension| ["csv", "tsv", "txt"].iter().any(|text| extension.eq_ignore_ascii_case(text)));
    if is_text_by_name {
        notes.push(format!("{} is an Excel workbook: it is read as one", path.display()));
    }
    let name = &sheets[index].name;
    if sheets.len() > 1 && options.sheet.is_none() {
        notes.push(format!(
            "sheet \"{name}\" is read, number {} of {}: --sheet names another",
            index + 1,
            sheets.len()
        ));
    }
    if options.delimiter.is_some() || options.encoding.is_some() {
        notes.push("a workbook has neither delimiter nor encoding, so those named are not used".into());
    }
    if seen.hidden_rows > 0 {
        notes.push(format!("hidden rows, read like the others: {}", seen.hidden_rows));
    }
    if seen.hidden_columns > 0 {
        notes.push(format!("hidden columns, read like the others: {}", seen.hidden_columns));
    }
    if seen.unsaved_formulas > 0 {
        notes.push(format!(
            "formulas without a saved value, read as empty until a spreadsheet program saves the workbook: {}",
            seen.unsaved_formulas
        ));
    }
    notes
}
