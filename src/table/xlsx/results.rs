use std::path::Path;

use super::writer::{OpenWorkbook, SheetSeries};
use crate::error::Result;
use crate::table::RowWriter;

/// The results of a run as a workbook: all rows on one sheet, those that a person has to look at
/// on a second one as well, wrong cells marked on both.
pub struct ResultsWorkbook {
    workbook: OpenWorkbook,
    all: SheetSeries,
    attention: SheetSeries,
}

impl ResultsWorkbook {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(path: &Path, headers: &[&str]) -> Result<Self> {
        let mut workbook = OpenWorkbook::create(path)?;
        let all = SheetSeries::begin(&mut workbook, "results", headers)?;
        let attention = SheetSeries::begin(&mut workbook, "needs attention", headers)?;
        Ok(Self { workbook, all, attention })
    }
}

impl RowWriter for ResultsWorkbook {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        self.all.write(&mut self.workbook, cells, &[])
    }

    fn write_needing_attention(&mut self, cells: &[&str], marked: &[usize]) -> Result<()> {
        self.all.write(&mut self.workbook, cells, marked)?;
        self.attention.write(&mut self.workbook, cells, marked)
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { mut workbook, all, attention } = *self;
        all.finish(&mut workbook)?;
        attention.finish(&mut workbook)?;
        workbook.finish()
    }
}
