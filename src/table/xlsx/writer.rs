use std::borrow::Cow;
use std::path::{Path, PathBuf};

use rust_xlsxwriter::{Color, Format, Workbook, Worksheet, XlsxError};

use crate::error::{Error, Result};
use crate::table::RowWriter;
use crate::table::columns::Columns;
use crate::table::formula::{self, PlusNumbers};
use crate::table::output::{Output, unwritable};

/// Rows of one sheet behind its header: the format has 1,048,576 in all.
const ROWS_OF_A_SHEET: u32 = 1_048_575;

const MOST_COLUMNS: usize = 16_384;

/// UTF-16 units that a cell may hold.
const MOST_UNITS: usize = 32_767;

const CUT: &str = "… [cut: a spreadsheet cell holds 32,767 characters]";

/// Rows by whose cells the widths of columns are estimated.
const MEASURED_ROWS: u32 = 200;

/// Widths of columns, in characters.
const NARROWEST: usize = 8;
const WIDEST: usize = 50;

/// Rows into a workbook with one sheet, and further ones once it is full.
pub struct XlsxWriter {
    workbook: OpenWorkbook,
    sheets: SheetSeries,
}

impl XlsxWriter {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(path: &Path, headers: &[&str]) -> Result<Self> {
        let mut workbook = OpenWorkbook::create(path)?;
        let sheets = SheetSeries::begin(&mut workbook, "contacts", headers)?;
        Ok(Self { workbook, sheets })
    }
}

impl RowWriter for XlsxWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        self.sheets.write(&mut self.workbook, cells, &[])
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { mut workbook, sheets } = *self;
        sheets.finish(&mut workbook)?;
        workbook.finish()
    }
}

/// A workbook on its way to the disk. Finished rows wait in unnamed files beside it, not in memory.
pub struct OpenWorkbook {
    path: PathBuf,
    output: Output,
    workbook: Workbook,
    header: Format,
    mark: Format,
}

impl OpenWorkbook {
    pub fn create(path: &Path) -> Result<Self> {
        let output = Output::create(path)?;
        let mut workbook = Workbook::new();
        if let Some(folder) = output.folder() {
            workbook.set_tempdir(folder).map_err(|cause| unwritable(path, cause))?;
        }
        let mark = Format::new().set_background_color(Color::RGB(0x00FF_C7CE)).set_font_color(Color::RGB(0x009C_0006));
        Ok(Self { path: path.to_owned(), output, workbook, header: Format::new().set_bold(), mark })
    }

    pub fn finish(mut self) -> Result<()> {
        self.workbook.save_to_writer(&mut self.output).map_err(|cause| unwritable(&self.path, cause))?;
        self.output.finish()
    }

    fn unwritable(&self, cause: XlsxError) -> Error {
        unwritable(&self.path, cause)
    }
}

/// Sheets of one kind, of which only the last is still being written: `results`, `results 2`.
pub struct SheetSeries {
    name: &'static str,
    headers: Vec<String>,
    full: Vec<Worksheet>,
    sheet: Worksheet,
    /// Rows in `sheet`, without the header.
    rows: u32,
    rows_of_a_sheet: u32,
    widths: Vec<usize>,
    /// Cells that begin with an apostrophe get one more, since reading takes one away.
    guarded: bool,
}

impl SheetSeries {
    pub fn begin(workbook: &mut OpenWorkbook, name: &'static str, headers: &[&str]) -> Result<Self> {
        if headers.len() > MOST_COLUMNS {
            return Err(Error::usage(format!(
                "can't write {}: {} columns, and a sheet has at most {MOST_COLUMNS}",
                workbook.path.display(),
                headers.len()
            ))
            .hint("write a .csv file"));
        }
        let guarded = Columns::from_cells(headers.iter().copied()).ours;
        let headers: Vec<String> = headers.iter().map(|header| safe(header, guarded).into_owned()).collect();
        let widths = headers.iter().map(|header| header.chars().count()).collect();
        let sheet = new_sheet(workbook, name, &headers)?;
        Ok(Self { guarded, name, headers, full: Vec::new(), sheet, rows: 0, rows_of_a_sheet: ROWS_OF_A_SHEET, widths })
    }

    /// Writes one row; the cells at `marked` stand out.
    pub fn write(&mut self, workbook: &mut OpenWorkbook, cells: &[&str], marked: &[usize]) -> Result<()> {
        if self.rows == self.rows_of_a_sheet {
            let name = format!("{} {}", self.name, self.full.len() + 2);
            let next = new_sheet(workbook, &name, &self.headers)?;
            let last_row = self.rows;
            self.full.push(std::mem::replace(&mut self.sheet, next));
            self.rows = 0;
            if let Some(sheet) = self.full.last_mut() {
                dress(sheet, last_row, &self.widths).map_err(|cause| workbook.unwritable(cause))?;
            }
        }
        self.rows += 1;
        for (index, cell) in cells.iter().take(MOST_COLUMNS).enumerate() {
            if self.rows <= MEASURED_ROWS
                && let Some(width) = self.widths.get_mut(index)
            {
                *width = (*width).max(cell.chars().take(WIDEST).count());
            }
            let is_marked = marked.contains(&index);
            if cell.is_empty() && !is_marked {
                continue;
            }
            // The format has no more than 16,384 columns, as `take` says.
            let column = u16::try_from(index).unwrap_or(u16::MAX);
            let text = fitted(&safe(cell, self.guarded));
            let written = if is_marked {
                self.sheet.write_string_with_format(self.rows, column, text, &workbook.mark)
            } else {
                self.sheet.write_string(self.rows, column, text)
            };
            written.map_err(|cause| unwritable(&workbook.path, cause))?;
        }
        Ok(())
    }

    /// Puts the sheets into the workbook, behind those already there.
    pub fn finish(mut self, workbook: &mut OpenWorkbook) -> Result<()> {
        dress(&mut self.sheet, self.rows, &self.widths).map_err(|cause| workbook.unwritable(cause))?;
        for sheet in self.full {
            workbook.workbook.push_worksheet(sheet);
        }
        workbook.workbook.push_worksheet(self.sheet);
        Ok(())
    }
}

/// A workbook's text is never run. Where reading takes an apostrophe away, one of the cell's own needs
/// another.
fn safe(cell: &str, guarded: bool) -> Cow<'_, str> {
    if guarded && cell.starts_with('\'') { formula::guarded(cell, PlusNumbers::AsTheyAre) } else { Cow::Borrowed(cell) }
}

fn new_sheet(workbook: &mut OpenWorkbook, name: &str, headers: &[String]) -> Result<Worksheet> {
    let made = workbook.workbook.new_worksheet_with_constant_memory().and_then(|mut sheet| {
        sheet.set_name(name)?;
        for (column, header) in (0_u16..).zip(headers) {
            sheet.write_string_with_format(0, column, fitted(header), &workbook.header)?;
        }
        Ok(sheet)
    });
    made.map_err(|cause| workbook.unwritable(cause))
}

/// Header frozen and filtered, columns as wide as their first cells.
fn dress(sheet: &mut Worksheet, rows: u32, widths: &[usize]) -> std::result::Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    let Some(last) = widths.len().checked_sub(1).and_then(|last| u16::try_from(last).ok()) else { return Ok(()) };
    sheet.autofilter(0, 0, rows, last)?;
    for (column, width) in (0_u16..).zip(widths) {
        let width = u16::try_from((*width).clamp(NARROWEST, WIDEST)).unwrap_or(u16::MAX);
        sheet.set_column_width(column, f64::from(width) + 2.0)?;
    }
    Ok(())
}

/// `cell` within what a spreadsheet cell holds; where it is cut, it says so.
fn fitted(cell: &str) -> String {
    // No UTF-8 byte makes more than one UTF-16 unit.
    if cell.len() <= MOST_UNITS || cell.encode_utf16().count() <= MOST_UNITS {
        return cell.to_owned();
    }
    let mut left = MOST_UNITS - CUT.encode_utf16().count();
    let kept = cell.chars().take_while(|character| match left.checked_sub(character.len_utf16()) {
        Some(rest) => {
            left = rest;
            true
        }
        None => false,
    });
    kept.chain(CUT.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Position;
    use crate::table::{self, ReadLimits, ReadOptions, RowBatch};

    #[test]
    fn rows_beyond_a_sheet_go_on_in_the_next_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.xlsx");
        let mut workbook = OpenWorkbook::create(&path).expect("a workbook");
        let mut sheets = SheetSeries::begin(&mut workbook, "contacts", &["name"]).expect("a sheet");
        sheets.rows_of_a_sheet = 2;
        for name in ["A", "B", "C", "D", "E"] {
            sheets.write(&mut workbook, &[name], &[]).expect("a row");
        }
        sheets.finish(&mut workbook).expect("sheets");
        workbook.finish().expect("a file");
        let limits = ReadLimits { sheet_rows: 3, ..ReadLimits::default() };
        let mut whole = table::open(&path, &ReadOptions { limits, ..ReadOptions::default() }).expect("our own file");
        let mut batch = RowBatch::new();
        whole.read(&mut batch, 10).expect("rows");
        let found: Vec<_> = batch.rows().map(|row| (row.cell(0), row.position())).collect();
        let at = |index, line, sheet| Position { index, line, sheet };
        assert_eq!(
            found,
            [("A", at(0, 2, 0)), ("B", at(1, 3, 0)), ("C", at(2, 2, 1)), ("D", at(3, 3, 1)), ("E", at(4, 2, 2))]
        );
        assert_eq!(whole.sheet_name(2), Some("contacts 3"));
        for (sheet, names) in [("contacts", "AB"), ("contacts 2", "CD"), ("contacts 3", "E")] {
            let options = ReadOptions { sheet: Some(sheet.into()), ..ReadOptions::default() };
            let mut reader = table::open(&path, &options).expect("our own file");
            let mut batch = RowBatch::new();
            reader.read(&mut batch, 10).expect("rows");
            assert_eq!(batch.rows().map(|row| row.cell(0)).collect::<String>(), names);
        }
    }

    #[test]
    fn a_cell_too_long_for_a_spreadsheet_is_cut_visibly() {
        let fits = "😀".repeat(16_383);
        assert_eq!(fitted(&fits), fits);
        let cut = fitted(&"😀".repeat(16_384));
        assert!(cut.ends_with(CUT));
        assert!(cut.encode_utf16().count() <= MOST_UNITS);
    }
}
