use std::borrow::Cow;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use calamine::{ExcelDateTime, ExcelDateTimeType};
use rust_xlsxwriter::{Color, Format, Note, Workbook, Worksheet, XlsxError};

use super::choices::Choices;
use super::number::NumberFormat;
use crate::error::{Error, Result};
use crate::table::columns::Columns;
use crate::table::formula::{self, PlusNumbers};
use crate::table::output::{Output, unwritable};
use crate::table::written::Place;
use crate::table::{ResultCell, RowWriter, TypedValue};

/// Rows of one sheet behind its header: the format has 1,048,576 in all.
const ROWS_OF_A_SHEET: u32 = 1_048_575;

const MOST_COLUMNS: usize = 16_384;

/// How hard the file is compressed, of 9: one in seven bytes more than by the usual 6, for half of the work.
const COMPRESSION: u8 = 3;

/// UTF-16 units that a cell may hold.
const MOST_UNITS: usize = 32_767;

const CUT: &str = "… [cut: a spreadsheet cell holds 32,767 characters]";

/// Rows by whose cells the widths of columns are estimated.
const MEASURED_ROWS: u32 = 200;

/// Cells of a sheet with a note: all of them are held in memory. The message stands in the row as well.
const MOST_NOTES: u32 = 5_000;

/// Characters of a note, and its width in pixels.
const LONGEST_NOTE: usize = 1_000;
const NOTE_WIDTH: u32 = 320;

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
    pub fn create(place: &Place, headers: &[&str]) -> Result<Self> {
        let mut workbook = OpenWorkbook::create(place)?;
        let mut sheets = SheetSeries::begin(&mut workbook, "contacts", headers)?;
        sheets.types = headers.iter().map(|header| CellType::of(header)).collect();
        Ok(Self { workbook, sheets })
    }
}

impl RowWriter for XlsxWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        self.sheets.write(&mut self.workbook, &cells.iter().map(|text| (*text).into()).collect::<Vec<_>>())
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let Self { mut workbook, sheets } = *self;
        sheets.finish(&mut workbook)?;
        workbook.finish()
    }
}

/// What the cells of a column are, as a header such as `custom.seats:number` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum CellType {
    Text,
    Number,
    Boolean,
}

impl CellType {
    fn of(header: &str) -> Self {
        match header.rsplit_once(':') {
            Some((_, "number")) => Self::Number,
            Some((_, "boolean")) => Self::Boolean,
            _ => Self::Text,
        }
    }
}

/// `cell` as the number that a sheet keeps and shows to the digit; `None` if it would be another.
fn exact_number(cell: &str) -> Option<f64> {
    /// Decimal digits that spreadsheets keep.
    const DIGITS: usize = 15;
    let digits = cell.bytes().filter(u8::is_ascii_digit).count();
    let number: f64 = cell.parse().ok().filter(|_| digits <= DIGITS)?;
    (number.to_string() == cell).then_some(number)
}

/// A workbook on its way to the disk. Finished rows wait in unnamed files beside it, not in memory.
pub struct OpenWorkbook {
    path: PathBuf,
    output: Output,
    workbook: Workbook,
    header: Format,
    mark: Format,
    plain: Format,
    /// By the code of the number format, for cells that are marked and for others.
    formats: HashMap<(Arc<str>, bool), (NumberFormat, Format)>,
}

impl OpenWorkbook {
    pub fn create(place: &Place) -> Result<Self> {
        let path = place.path.as_path();
        let output = Output::create(place)?;
        let mut workbook = Workbook::new();
        workbook.set_zip_compression_level(COMPRESSION);
        if let Some(folder) = output.folder() {
            workbook.set_tempdir(folder).map_err(|cause| unwritable(path, cause))?;
        }
        let mark = Format::new().set_background_color(Color::RGB(0x00FF_C7CE)).set_font_color(Color::RGB(0x009C_0006));
        Ok(Self {
            path: path.to_owned(),
            output,
            workbook,
            header: Format::new().set_bold(),
            mark,
            plain: Format::new(),
            formats: HashMap::new(),
        })
    }

    pub fn push(&mut self, sheet: Worksheet) {
        self.workbook.push_worksheet(sheet);
    }

    pub fn finish(mut self) -> Result<()> {
        self.workbook.save_to_writer(&mut self.output).map_err(|cause| unwritable(&self.path, cause))?;
        self.output.finish()
    }

    /// The number that a sheet shows as `text` by this format, and the format; `None` if it would show
    /// another, as one that counts days from another year.
    fn shown_as(&mut self, text: &str, number: f64, code: &Arc<str>, is_marked: bool) -> Option<(f64, &Format)> {
        /// Days between the first days of the two calendars of spreadsheets.
        const CALENDARS: f64 = 1462.0;
        let mark = &self.mark;
        let (shown_by, format) = self.formats.entry((code.clone(), is_marked)).or_insert_with(|| {
            let format = if is_marked { mark.clone() } else { Format::new() };
            (NumberFormat::parse(code), format.set_num_format(code.as_ref()))
        });
        let shown = |number: f64| {
            if shown_by.is_moment() {
                shown_by.show_date(ExcelDateTime::new(number, ExcelDateTimeType::DateTime, false)).text
            } else {
                shown_by.show(number).text
            }
        };
        let number = [number, number + CALENDARS].into_iter().find(|number| shown(*number) == text)?;
        Some((number, format))
    }

    pub fn unwritable(&self, cause: XlsxError) -> Error {
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
    /// For each column whether it is rolo's own.
    is_own: Vec<bool>,
    /// What the cells of each column are; texts where it says nothing.
    types: Vec<CellType>,
    /// What the cells of some columns may be.
    choices: Choices,
    /// Cells that have a note.
    noted: u32,
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
        let Columns { ours: guarded, is_own, .. } = Columns::from_cells(headers.iter().copied());
        let headers: Vec<String> = headers.iter().map(|header| safe(header, guarded, false).into_owned()).collect();
        let widths = headers.iter().map(|header| header.chars().count()).collect();
        let sheet = new_sheet(workbook, name, &headers)?;
        Ok(Self {
            guarded,
            is_own,
            types: Vec::new(),
            choices: Choices::default(),
            noted: 0,
            name,
            headers,
            full: Vec::new(),
            sheet,
            rows: 0,
            rows_of_a_sheet: ROWS_OF_A_SHEET,
            widths,
        })
    }

    /// Lets cells of these columns offer what they may be.
    pub fn with_choices(mut self, choices: &Choices) -> Self {
        self.choices = choices.clone();
        self
    }

    /// Writes one row.
    pub fn write(&mut self, workbook: &mut OpenWorkbook, cells: &[ResultCell<'_>]) -> Result<()> {
        if self.rows == self.rows_of_a_sheet {
            let name = format!("{} {}", self.name, self.full.len() + 2);
            let next = new_sheet(workbook, &name, &self.headers)?;
            let last_row = self.rows;
            let mut full = std::mem::replace(&mut self.sheet, next);
            dress(&mut full, last_row, &self.widths, &self.choices).map_err(|cause| workbook.unwritable(cause))?;
            self.full.push(full);
            (self.rows, self.noted) = (0, 0);
        }
        self.rows += 1;
        for (index, cell) in cells.iter().take(MOST_COLUMNS).enumerate() {
            if self.rows <= MEASURED_ROWS
                && let Some(width) = self.widths.get_mut(index)
            {
                *width = (*width).max(cell.text.chars().take(WIDEST).count());
            }
            if !cell.text.is_empty() || cell.wrong.is_some() {
                self.cell(workbook, index, cell).map_err(|cause| unwritable(&workbook.path, cause))?;
            }
        }
        Ok(())
    }

    fn cell(
        &mut self,
        workbook: &mut OpenWorkbook,
        index: usize,
        cell: &ResultCell<'_>,
    ) -> std::result::Result<(), XlsxError> {
        // The format has no more than 16,384 columns, which the caller sees to.
        let (row, column) = (self.rows, u16::try_from(index).unwrap_or(u16::MAX));
        let is_marked = cell.wrong.is_some();
        let sheet = &mut self.sheet;
        let kind = self.types.get(index).copied().unwrap_or(CellType::Text);
        let number = match cell.typed {
            Some(TypedValue::Number { number, format }) => workbook.shown_as(cell.text, *number, format, is_marked),
            _ => None,
        };
        let is_boolean = kind == CellType::Boolean || matches!(cell.typed, Some(TypedValue::Boolean(_)));
        if let Some((number, format)) = number {
            sheet.write_number_with_format(row, column, number, format)?;
        } else if kind == CellType::Number
            && let Some(number) = exact_number(cell.text)
        {
            sheet.write_number(row, column, number)?;
        } else if is_boolean && matches!(cell.text, "true" | "false") {
            let format = if is_marked { &workbook.mark } else { &workbook.plain };
            sheet.write_boolean_with_format(row, column, cell.text == "true", format)?;
        } else {
            let is_own = self.is_own.get(index).copied().unwrap_or(false);
            let text = fitted(&safe(cell.text, self.guarded, is_own));
            if is_marked {
                sheet.write_string_with_format(row, column, text, &workbook.mark)?;
            } else {
                sheet.write_string(row, column, text)?;
            }
        }
        if let Some(wrong) = cell.wrong.filter(|_| self.noted < MOST_NOTES) {
            self.noted += 1;
            let text: String = wrong.chars().take(LONGEST_NOTE).collect();
            let note = Note::new(text).add_author_prefix(false).set_width(NOTE_WIDTH);
            sheet.insert_note(row, column, &note)?;
        }
        Ok(())
    }

    /// Puts the sheets into the workbook, behind those already there.
    pub fn finish(mut self, workbook: &mut OpenWorkbook) -> Result<()> {
        dress(&mut self.sheet, self.rows, &self.widths, &self.choices).map_err(|cause| workbook.unwritable(cause))?;
        for sheet in self.full {
            workbook.workbook.push_worksheet(sheet);
        }
        workbook.workbook.push_worksheet(self.sheet);
        Ok(())
    }
}

/// A workbook's text is never run. Where reading takes an apostrophe away, one of the cell's own needs
/// another; and it reads what is written out, but not in rolo's own columns.
fn safe(cell: &str, guarded: bool, is_own: bool) -> Cow<'_, str> {
    match (guarded, cell.starts_with('\'')) {
        (false, _) => Cow::Borrowed(cell),
        (true, true) if is_own => formula::guarded_own(cell, PlusNumbers::AsTheyAre),
        (true, true) => formula::guarded(cell, PlusNumbers::AsTheyAre),
        (true, false) if is_own => Cow::Borrowed(cell),
        (true, false) => formula::written_out(cell),
    }
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

/// Header frozen and filtered, columns as wide as their first cells, and what their cells may be.
fn dress(sheet: &mut Worksheet, rows: u32, widths: &[usize], choices: &Choices) -> std::result::Result<(), XlsxError> {
    sheet.set_freeze_panes(1, 0)?;
    let Some(last) = widths.len().checked_sub(1).and_then(|last| u16::try_from(last).ok()) else { return Ok(()) };
    sheet.autofilter(0, 0, rows, last)?;
    for (column, width) in (0_u16..).zip(widths) {
        let width = u16::try_from((*width).clamp(NARROWEST, WIDEST)).unwrap_or(u16::MAX);
        sheet.set_column_width(column, f64::from(width) + 2.0)?;
    }
    choices.offer(sheet, rows)
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
        let mut workbook = OpenWorkbook::create(&Place::from(&path)).expect("a workbook");
        let mut sheets = SheetSeries::begin(&mut workbook, "contacts", &["name"]).expect("a sheet");
        sheets.rows_of_a_sheet = 2;
        for name in ["A", "B", "C", "D", "E"] {
            sheets.write(&mut workbook, &[name.into()]).expect("a row");
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
