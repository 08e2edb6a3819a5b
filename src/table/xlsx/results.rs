use super::choices::Choices;
use super::writer::{OpenWorkbook, SheetSeries};
use crate::error::Result;
use crate::table::written::Place;
use crate::table::{ResultCell, RowWriter};

/// The sheet with all rows of a run, and the one with those that a person has to look at.
pub const RESULTS_SHEET: &str = "results";
pub const ATTENTION_SHEET: &str = "needs attention";

/// The results of a run as a workbook: all rows on one sheet, those that a person has to look at
/// on a second one as well, wrong cells marked on both. Numbers and moments are what they were in the source,
/// and where a cell may be one of a few words, it offers them.
pub struct ResultsWorkbook {
    workbook: OpenWorkbook,
    all: SheetSeries,
    attention: SheetSeries,
    choices: Choices,
}

impl ResultsWorkbook {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(place: &Place, headers: &[&str], choices: &[(usize, Vec<String>)]) -> Result<Self> {
        let mut workbook = OpenWorkbook::create(place)?;
        let choices = Choices::of(choices).map_err(|cause| workbook.unwritable(cause))?;
        let all = SheetSeries::begin(&mut workbook, RESULTS_SHEET, headers)?.with_choices(&choices);
        let attention = SheetSeries::begin(&mut workbook, ATTENTION_SHEET, headers)?.with_choices(&choices);
        Ok(Self { workbook, all, attention, choices })
    }
}

impl RowWriter for ResultsWorkbook {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        self.all.write(&mut self.workbook, &cells.iter().map(|text| (*text).into()).collect::<Vec<_>>())
    }

    fn write_result(&mut self, cells: &[ResultCell<'_>], needs_attention: bool) -> Result<()> {
        self.all.write(&mut self.workbook, cells)?;
        if needs_attention { self.attention.write(&mut self.workbook, cells) } else { Ok(()) }
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { mut workbook, all, attention, choices } = *self;
        all.finish(&mut workbook)?;
        attention.finish(&mut workbook)?;
        if let Some(sheet) = choices.sheet().map_err(|cause| workbook.unwritable(cause))? {
            workbook.push(sheet);
        }
        workbook.finish()
    }
}
