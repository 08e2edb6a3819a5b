use std::collections::{BTreeMap, BTreeSet};

use super::first_lines::FirstLines;
use super::original::{Original, columns_of, meant, place_of};
use super::sheet::Sheet;
use crate::contact::Position;
use crate::error::{Error, Result};
use crate::jobs::feed::BATCH;
use crate::jobs::mended_rows::{Mended, Places, RowPlace};
use crate::mapping::{Blank, Feeds, Mapping};
use crate::report::escape;
use crate::table::{ATTENTION_SHEET, RESULTS_SHEET, RowBatch, RowReader, RowView};

/// Good rows with a change in one column, from which on a spreadsheet program may have made it.
const MANY: u64 = 20;

/// Which edits change something.
#[derive(Clone, Debug, Default)]
pub struct EditRules {
    /// Headers of columns that feed something, or decide something.
    used: BTreeSet<String>,
    /// Headers of columns whose empty cells leave the field as it is.
    blank_ignored: BTreeSet<String>,
    /// It was said that all is to be sent.
    pub confirmed: bool,
}

impl EditRules {
    pub fn of(mapping: &Mapping, confirmed: bool) -> Self {
        let mut rules = Self { confirmed, ..Self::default() };
        rules.used.extend(mapping.conditions.iter().map(|condition| condition.column.clone()));
        let mut stood_in = BTreeSet::new();
        for (header, rule) in &mapping.columns {
            rules.used.extend(rule.region_column.clone());
            rules.used.extend(rule.first_of.iter().cloned());
            stood_in.extend(rule.first_of.iter().cloned());
            if rule.feeds != Feeds::Nothing {
                rules.used.insert(header.clone());
                if rule.blank.unwrap_or(mapping.blank) == Blank::Ignore {
                    rules.blank_ignored.insert(header.clone());
                }
            }
        }
        rules.blank_ignored.retain(|header| !stood_in.contains(header));
        rules
    }
}

/// `Joined (lines 2, 7 and 40 more)`.
fn in_column(header: &str, lines: &FirstLines) -> String {
    format!("{} ({lines})", escape(header))
}

/// What was changed in a mended file.
pub struct Edits<'a> {
    rules: &'a EditRules,
    attention: &'a BTreeSet<RowPlace>,
    /// Columns of the sheet that has all rows.
    headers: &'a [String],
    /// Good rows with a change that is sent.
    good: BTreeSet<RowPlace>,
    of_good: BTreeMap<String, FirstLines>,
    emptied: BTreeMap<String, FirstLines>,
    unused: BTreeMap<String, FirstLines>,
}

impl<'a> Edits<'a> {
    pub fn new(rules: &'a EditRules, attention: &'a BTreeSet<RowPlace>, headers: &'a [String]) -> Self {
        let (of_good, emptied, unused) = Default::default();
        Self { rules, attention, headers, good: BTreeSet::new(), of_good, emptied, unused }
    }

    /// Compares rows with what was written of them; returns those that stand otherwise on the second sheet.
    pub fn compare(
        &mut self,
        source: &mut dyn RowReader,
        original: &Original,
        main: &Sheet,
        second: Option<&Sheet>,
    ) -> Result<Mended> {
        let mut instead = Mended::default();
        let mut batch = RowBatch::new();
        while source.read(&mut batch, BATCH)? > 0 {
            for row in batch.rows() {
                let place = place_of(&row);
                let on_main = main.changed.get(place);
                let on_second = second.and_then(|second| second.changed.get(place));
                if on_main.is_none() && on_second.is_none() {
                    continue;
                }
                let mut mended_on_second = BTreeSet::new();
                for (at, (header, column)) in original.columns.iter().enumerate() {
                    let was = meant(row.cell(*column));
                    let here = on_main.map(|row| meant(row.cell(main.columns[at].1))).filter(|now| *now != was);
                    let there = second.zip(on_second).map(|(second, row)| meant(row.cell(second.columns[at].1)));
                    let there = there.filter(|now| *now != was);
                    match (&here, &there) {
                        (Some(here), Some(there)) if here != there => {
                            return Err(contradiction(place.1, header, here, there, MENDED_BOTH));
                        }
                        (None, None) => continue,
                        _ => {}
                    }
                    if there.is_some() {
                        mended_on_second.insert(header.as_str());
                    }
                    self.edited(place, header, there.or(here).is_some_and(|now| now.is_empty()));
                }
                if let Some((second, on_second)) = second.zip(on_second) {
                    let is_on_main = main.has(place);
                    let from_second = |header: &str| !is_on_main || mended_on_second.contains(header);
                    let kept = on_main.map_or((row, original.columns.as_slice()), |row| (row, main.columns.as_slice()));
                    self.lay(&mut instead, place, (on_second, second), kept, &from_second);
                }
            }
        }
        Ok(instead)
    }

    /// Where nobody knows what was written: both sheets have to agree. Returns the rows that only the
    /// second has.
    pub fn compare_sheets(&mut self, mut main: Box<dyn RowReader>, places: &Places, second: &Sheet) -> Result<Mended> {
        let shared: Vec<String> = second.columns.iter().map(|(header, _)| header.clone()).collect();
        let columns = columns_of(main.headers(), &shared);
        let mut alone: BTreeSet<RowPlace> = second.changed.rows.keys().copied().collect();
        let mut batch = RowBatch::new();
        while main.read(&mut batch, BATCH)? > 0 {
            for row in batch.rows() {
                let Some(place) = places.named_by(&row)? else { continue };
                let Some(other) = second.changed.get(place) else { continue };
                alone.remove(&place);
                for ((header, here), (_, there)) in columns.iter().zip(&second.columns) {
                    let (here, there) = (meant(row.cell(*here)), meant(other.cell(*there)));
                    if here != there {
                        return Err(contradiction(place.1, header, &here, &there, NOBODY_KNOWS));
                    }
                }
            }
        }
        let mut instead = Mended::default();
        for place in alone {
            if let Some(row) = second.changed.get(place) {
                self.lay(&mut instead, place, (row, second), (row, &second.columns), &|_| true);
            }
        }
        Ok(instead)
    }

    /// Lays a row of the second sheet out as one of the first.
    fn lay(
        &self,
        instead: &mut Mended,
        place: RowPlace,
        (mended, second): (RowView<'_>, &Sheet),
        (kept, kept_columns): (RowView<'_>, &[(String, usize)]),
        from_second: &dyn Fn(&str) -> bool,
    ) {
        let column = |columns: &[(String, usize)], header: &String| {
            columns.iter().find(|(name, _)| name == header).map(|(_, column)| *column)
        };
        instead.rows.insert(place, instead.batch.len());
        instead.batch.begin_row(Position { index: 0, line: place.1, sheet: place.0 });
        for header in self.headers {
            let of_second = column(&second.columns, header);
            match (of_second.filter(|_| from_second(header)), column(kept_columns, header).or(of_second)) {
                (Some(column), _) => instead.batch.push_cell_of(mended, column),
                (None, Some(column)) => instead.batch.push_cell_of(kept, column),
                (None, None) => instead.batch.push_cell(""),
            }
        }
    }

    fn edited(&mut self, place: RowPlace, header: &str, is_emptied: bool) {
        let line = place.1;
        let is_good = !self.attention.contains(&place);
        if !self.rules.used.contains(header) {
            self.unused.entry(header.to_owned()).or_default().add(line);
        } else if is_good && is_emptied && self.rules.blank_ignored.contains(header) {
            self.emptied.entry(header.to_owned()).or_default().add(line);
        } else if is_good {
            self.of_good.entry(header.to_owned()).or_default().add(line);
            self.good.insert(place);
        }
    }

    /// The good rows that are sent again, of `rows` that the file has, and what is to be told.
    ///
    /// # Errors
    /// Kind `Usage` if one column was changed in most of the good rows, and nobody said that this was meant.
    pub fn finish(self, rows: usize) -> Result<(BTreeSet<RowPlace>, Vec<String>)> {
        let good_rows = (rows as u64).saturating_sub(self.attention.len() as u64);
        let rewritten = self.of_good.iter().find(|(_, count)| count.rows >= MANY && count.rows * 2 > good_rows);
        if let Some((header, count)) = rewritten.filter(|_| !self.rules.confirmed) {
            return Err(Error::usage(format!(
                "{} of {good_rows} rows that went well are otherwise than they were sent, in column {}",
                count.rows,
                in_column(header, count)
            ))
            .hint(
                "a spreadsheet program may have rewritten the column: mend a fresh copy of the results, or say --yes \
                 to send it as it is now",
            ));
        }
        let list = |counts: &BTreeMap<String, FirstLines>| {
            counts.iter().map(|(header, count)| in_column(header, count)).collect::<Vec<_>>().join(", ")
        };
        let mut notes = Vec::new();
        if !self.good.is_empty() {
            let (rows, are) = if self.good.len() == 1 { ("row", "is") } else { ("rows", "are") };
            notes.push(format!(
                "{} {rows} that went well and changed since {are} sent too: {}",
                self.good.len(),
                list(&self.of_good)
            ));
        }
        if !self.emptied.is_empty() {
            notes.push(format!(
                "cells that were emptied and change nothing, since blank = \"ignore\" leaves the field as it is: {}",
                list(&self.emptied)
            ));
        }
        if !self.unused.is_empty() {
            notes.push(format!(
                "cells that were changed and change nothing, since the mapping has no use for their columns: {}",
                list(&self.unused)
            ));
        }
        Ok((self.good, notes))
    }
}

const MENDED_BOTH: &str = "it was mended on both";
const NOBODY_KNOWS: &str = "without the source as it was nobody knows which was mended";

fn contradiction(line: u64, header: &str, here: &str, there: &str, why: &str) -> Error {
    Error::usage(format!(
        "the row with _line {line} has two values of {}: {} on sheet \"{RESULTS_SHEET}\" and {} on sheet \
         \"{ATTENTION_SHEET}\"; {why}",
        escape(header),
        shown(here),
        shown(there),
    ))
    .hint(format!("make them the same, or take one sheet alone: --sheet \"{ATTENTION_SHEET}\""))
}

fn shown(cell: &str) -> String {
    if cell.is_empty() { "nothing".into() } else { escape(cell).into_owned() }
}
