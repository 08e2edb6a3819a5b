//! Which sheet of a workbook is read, and what to say of it.

use std::path::Path;

use calamine::{Sheet, SheetVisible};

use super::scan::PartSeen;
use crate::error::{Error, Result};
use crate::table::options::{ReadLimits, ReadOptions};

/// `--sheet all`: every visible sheet, unless one is called so.
const ALL: &str = "all";

/// A sheet to read, and what was seen of it.
#[derive(Debug)]
pub struct ChosenSheet {
    pub name: String,
    pub index: u16,
    pub seen: PartSeen,
}

/// The sheets to read, which `measure` looks into: the one named or numbered, else the first visible one with content, and those that
/// continue it; or all visible ones with content.
pub fn choose(
    path: &Path,
    measure: &mut dyn FnMut(&str) -> Result<PartSeen>,
    sheets: &[Sheet],
    options: &ReadOptions,
) -> Result<Vec<ChosenSheet>> {
    let chosen = |index: usize, seen| ChosenSheet {
        name: sheets[index].name.clone(),
        index: u16::try_from(index).unwrap_or(u16::MAX),
        seen,
    };
    let wanted = options.sheet.as_deref();
    let all = wanted.is_some_and(|wanted| wanted.eq_ignore_ascii_case(ALL)) && named(sheets, ALL).is_none();
    let mut found = Vec::new();
    if let Some(wanted) = wanted.filter(|_| !all) {
        let index = named(sheets, wanted).ok_or_else(|| {
            let names: Vec<String> = sheets.iter().map(|sheet| format!("\"{}\"", sheet.name.escape_debug())).collect();
            Error::usage(format!("{} has no sheet \"{wanted}\"", path.display()))
                .in_sheet(wanted)
                .hint(format!("its sheets are {}", names.join(", ")))
        })?;
        found.push(chosen(index, measure(&sheets[index].name)?));
    } else {
        for (index, sheet) in sheets.iter().enumerate().filter(|(_, sheet)| sheet.visible == SheetVisible::Visible) {
            let seen = measure(&sheet.name)?;
            if seen.filled_cells > 0 {
                found.push(chosen(index, seen));
                if !all {
                    break;
                }
            }
        }
    }
    if found.is_empty() {
        return Err(Error::usage(format!("{} has no visible sheet with content", path.display()))
            .hint("name a hidden sheet with --sheet, or save the workbook again with its contacts"));
    }
    if !all {
        continue_in(measure, sheets, &options.limits, &mut found, &chosen)?;
    }
    Ok(found)
}

/// Adds the sheets that continue the one found: where a sheet is full to its last row, rolo writes on in
/// one with the same name and a number.
fn continue_in(
    measure: &mut dyn FnMut(&str) -> Result<PartSeen>,
    sheets: &[Sheet],
    limits: &ReadLimits,
    found: &mut Vec<ChosenSheet>,
    chosen: &dyn Fn(usize, PartSeen) -> ChosenSheet,
) -> Result<()> {
    let first = found[0].name.clone();
    while found.last().is_some_and(|last| last.seen.rows >= limits.sheet_rows) {
        let name = format!("{first} {}", found.len() + 1);
        let Some(next) = sheets.iter().position(|sheet| sheet.name == name) else { break };
        found.push(chosen(next, measure(&name)?));
    }
    Ok(())
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

/// Other sheets that are named, of many.
const NAMED: usize = 6;

/// Which sheets are not read.
fn others_than(read: &ChosenSheet, sheets: &[Sheet]) -> String {
    let others: Vec<&Sheet> = sheets.iter().filter(|sheet| sheet.name != read.name).collect();
    let mut names: Vec<String> = others
        .iter()
        .take(NAMED)
        .map(|sheet| {
            let hidden = if sheet.visible == SheetVisible::Visible { "" } else { " (hidden)" };
            format!("\"{}\"{hidden}", sheet.name)
        })
        .collect();
    if others.len() > NAMED {
        names.push(format!("{} more", others.len() - NAMED));
    }
    let seen = others.iter().filter(|sheet| sheet.visible == SheetVisible::Visible).count();
    let all = if seen > 0 { ", --sheet all reads those with the same columns together" } else { "" };
    format!("sheet \"{}\" is read, and not {}: --sheet names another{all}", read.name, names.join(", "))
}

pub fn notes_on(
    path: &Path,
    kind: &str,
    sheets: &[Sheet],
    chosen: &[ChosenSheet],
    options: &ReadOptions,
) -> Vec<String> {
    let mut notes = Vec::new();
    let is_text_by_name = path
        .extension()
        .is_some_and(|extension| ["csv", "tsv", "txt"].iter().any(|text| extension.eq_ignore_ascii_case(text)));
    if is_text_by_name {
        notes.push(format!("{} is {kind}: it is read as one", path.display()));
    }
    if let Some(first) = chosen.first().filter(|_| sheets.len() > 1 && options.sheet.is_none()) {
        notes.push(others_than(first, sheets));
    }
    if options.delimiter.is_some() || options.encoding.is_some() {
        notes.push("a workbook has neither delimiter nor encoding, so those named are not used".into());
    }
    let hidden: u64 = chosen.iter().map(|sheet| sheet.seen.hidden_rows.count()).sum();
    if hidden > 0 {
        let how = if chosen.iter().any(|sheet| sheet.seen.is_filtered) { "hidden by a filter" } else { "hidden" };
        notes.push(if options.visible_only {
            format!("rows {how}, left out: {hidden}")
        } else {
            format!("rows {how}, read like the others: {hidden}; --visible-only leaves them out")
        });
    }
    let hidden: u64 = chosen.iter().map(|sheet| sheet.seen.hidden_columns).sum();
    if hidden > 0 {
        notes.push(format!("hidden columns, read like the others: {hidden}"));
    }
    let unsaved: u64 = chosen.iter().map(|sheet| sheet.seen.unsaved_formulas()).sum();
    if unsaved > 0 {
        notes.push(format!(
            "formulas without a saved value, which a spreadsheet program computes when it saves the workbook: {unsaved}"
        ));
    }
    notes
}
