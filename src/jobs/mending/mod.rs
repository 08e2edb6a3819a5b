//! A results file that somebody mended: which of its rows are sent again, and as what.
//!
//! What was mended is found by comparing with what rolo wrote. The source holds the same cells, so
//! rows are compared with it as long as it is what it was; of a good row only a change is sent.
//! A workbook has a row to be mended on two sheets, and it may have been mended on either.

mod edits;
mod first_lines;
mod original;
mod sheet;

use std::collections::BTreeSet;

use super::import::sheet_names;
use super::mended_rows::{Mended, MendedRows, Places, RowPlace};
use super::source::SourceSpec;
use crate::error::{Error, Result};
use crate::table::{ATTENTION_SHEET, RESULTS_SHEET, RowReader};

pub use edits::EditRules;
use edits::Edits;
use original::Original;
use sheet::Sheet;

/// What a mended file is compared with.
pub struct Mending<'a> {
    /// The mended file.
    pub file: &'a SourceSpec,
    /// Where the rows stood first; `None` if that is gone, or no longer what was sent.
    pub source: Option<&'a SourceSpec>,
    /// Rows of the run that failed, were rejected or are in doubt.
    pub attention: &'a BTreeSet<RowPlace>,
    pub rules: EditRules,
}

impl Mending<'_> {
    /// Reads the file, and decides which of its rows are sent.
    ///
    /// # Errors
    /// Kind `Usage` if its rows can't be told, if its sheets contradict each other, or if nothing is to
    /// be sent.
    pub fn rows(&self) -> Result<MendedRows> {
        let main_reader = open_sheet(self.file, self.file.read.sheet.as_deref())?;
        let two = self.file.read.sheet.is_none() && has_both(main_reader.as_ref());
        let main_sheet = two.then(|| RESULTS_SHEET.to_owned());
        let main_reader = if two { open_sheet(self.file, main_sheet.as_deref())? } else { main_reader };
        let second = if two { Some(open_sheet(self.file, Some(ATTENTION_SHEET))?) } else { None };
        let mut common = main_reader.headers().to_vec();
        common.retain(|header| second.as_ref().is_none_or(|second| second.headers().contains(header)));
        let original = match self.source {
            Some(source) => Some(Original::read(source, &common)?),
            None => None,
        };
        let places = original.as_ref().map_or_else(|| Places::new(Vec::new(), 0, 0), Original::places);
        let attention: BTreeSet<RowPlace> = self.attention.iter().map(|place| places.of_run(*place)).collect();
        let headers = main_reader.headers().to_vec();
        let main = Sheet::read(main_reader, original.as_ref(), &places, &common, &|_| false)?;
        let missing = |place: &RowPlace| attention.contains(place) && !main.has(*place);
        let hold_all = |place: &RowPlace| original.is_none() || missing(place);
        let second = match second {
            Some(reader) => Some(Sheet::read(reader, original.as_ref(), &places, &common, &hold_all)?),
            None => None,
        };
        let mut edits = Edits::new(&self.rules, &attention, &headers);
        let instead = match (&original, &second) {
            (Some(original), _) => {
                let source = self.source.ok_or_else(|| Error::bug("an original without its source"))?;
                edits.compare(source.open()?.as_mut(), original, &main, second.as_ref())?
            }
            (None, Some(second)) => {
                let reader = open_sheet(self.file, main_sheet.as_deref())?;
                edits.compare_sheets(reader, &places, second)?
            }
            (None, None) => Mended::default(),
        };
        let mut sent = attention.clone();
        sent.retain(|place| main.has(*place) || second.as_ref().is_some_and(|second| second.has(*place)));
        let left_out = attention.len() - sent.len();
        let (good, mut notes) = edits.finish(main.rows())?;
        sent.extend(good);
        main.tell_added(&mut notes);
        if let Some(second) = &second {
            second.tell_added(&mut notes);
        }
        if left_out > 0 {
            notes.push(format!("rows to mend that are not in the file, and are not sent: {left_out}"));
        }
        if original.is_none() {
            notes.push(
                "the source is gone or was changed since, so it can't be told which good rows were changed: only \
                 rows to mend are sent"
                    .into(),
            );
        }
        if sent.is_empty() {
            return Err(Error::usage("the mended file has no row that failed, was rejected or was changed")
                .hint("mend the results of the run that is sent again; `rolo show` names them"));
        }
        Ok(MendedRows { sent, main_sheet, instead, places, notes })
    }
}

fn has_both(reader: &dyn RowReader) -> bool {
    let names = sheet_names(reader);
    [RESULTS_SHEET, ATTENTION_SHEET].iter().all(|sheet| names.iter().any(|name| name == sheet))
}

fn open_sheet(file: &SourceSpec, sheet: Option<&str>) -> Result<Box<dyn RowReader>> {
    let mut file = file.clone();
    file.chosen = None;
    file.read.sheet = sheet.map(str::to_owned);
    file.open()
}
