//! What the cells of a column may be, as a list that they offer.

use rust_xlsxwriter::utility::column_number_to_name;
use rust_xlsxwriter::{DataValidation, DataValidationErrorStyle, Formula, Worksheet, XlsxError};

/// UTF-16 units that a list may have that is written with the cells, its commas included.
const MOST_UNITS: usize = 255;

/// The sheet with the words of longer lists: hidden, and no sheet of contacts.
const SHEET: &str = "choices";

/// The lists of some columns. One that is short stands with the cells; the words of a longer one, or of one
/// with commas in its words, stand on a sheet of their own, as a spreadsheet program would do it.
#[derive(Clone, Default)]
pub struct Choices {
    lists: Vec<(u16, DataValidation)>,
    /// The words of each list that has a column on the sheet.
    kept: Vec<Vec<String>>,
}

impl Choices {
    /// Of each column by its index, what its cells may be.
    pub fn of(choices: &[(usize, Vec<String>)]) -> Result<Self, XlsxError> {
        let mut all = Self::default();
        for (column, words) in choices {
            let Ok(column) = u16::try_from(*column) else { continue };
            let units = words.iter().map(|word| word.encode_utf16().count() + 1).sum::<usize>();
            let list = if units <= MOST_UNITS && !words.iter().any(|word| word.contains(',')) {
                DataValidation::new().allow_list_strings(words)?
            } else {
                let name = column_number_to_name(u16::try_from(all.kept.len()).unwrap_or(u16::MAX));
                let last = words.len();
                all.kept.push(words.clone());
                DataValidation::new().allow_list_formula(Formula::new(format!("{SHEET}!${name}$1:${name}${last}")))
            };
            // What is not in the list may be right all the same, as a word in other letters.
            all.lists.push((column, list.set_error_style(DataValidationErrorStyle::Warning)));
        }
        Ok(all)
    }

    /// Lets the cells of `rows` rows below the header offer what they may be.
    pub fn offer(&self, sheet: &mut Worksheet, rows: u32) -> Result<(), XlsxError> {
        for (column, list) in self.lists.iter().filter(|_| rows > 0) {
            sheet.add_data_validation(1, *column, rows, *column, list)?;
        }
        Ok(())
    }

    /// The sheet to which the longer lists refer, if there are any.
    pub fn sheet(&self) -> Result<Option<Worksheet>, XlsxError> {
        if self.kept.is_empty() {
            return Ok(None);
        }
        let mut sheet = Worksheet::new();
        sheet.set_name(SHEET)?.set_hidden(true);
        for (column, words) in (0_u16..).zip(&self.kept) {
            for (row, word) in (0_u32..).zip(words) {
                sheet.write_string(row, column, word)?;
            }
        }
        Ok(Some(sheet))
    }
}
