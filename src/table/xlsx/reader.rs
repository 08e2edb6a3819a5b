use std::path::PathBuf;
use std::sync::mpsc::{Receiver, sync_channel};

use calamine::{Reader, Sheet, SheetType};

use super::choice::{self, ChosenSheet};
use super::in_memory::{SheetInMemory, Workbook};
use super::package::Package;
use super::scan::PartSeen;
use super::task::{SheetMessage, SheetTask};
use crate::error::{Error, Result};
use crate::table::columns::Columns;
use crate::table::options::ReadOptions;
use crate::table::source::RecognizedFile;
use crate::table::{RowBatch, RowReader};

/// Rows of one sheet of a workbook, and of those that continue it.
///
/// The cells borrow from the workbook, so both live in a thread of their own, which also means
/// that unpacking overlaps with whatever is done with the rows. It ends with the sheet, or when
/// this reader is dropped.
pub struct XlsxReader {
    path: PathBuf,
    sheet_names: Vec<String>,
    columns: Columns,
    header_place: String,
    notes: Vec<String>,
    messages: Receiver<SheetMessage>,
    chunk: RowBatch,
    /// Rows of `chunk` that were handed out.
    taken: usize,
    ended: bool,
}

impl XlsxReader {
    /// # Errors
    /// Those of [`crate::table::open`].
    pub fn open(source: RecognizedFile, options: &ReadOptions) -> Result<Self> {
        let path = source.path;
        let mut package = Package::open(&path, source.file, &options.limits)?;
        let mut workbook = package.workbook()?;
        let sheets: Vec<Sheet> =
            workbook.sheets_metadata().iter().filter(|sheet| sheet.typ == SheetType::WorkSheet).cloned().collect();
        let mut measure = |sheet: &str| package.measure_sheet(&mut workbook, sheet);
        let chosen = choice::choose(&path, &mut measure, &sheets, options)?;
        Self::start(path, Workbook::Streamed(Box::new(workbook)), sheets, chosen, options)
    }

    /// Reads sheets that are in memory already.
    ///
    /// # Errors
    /// Those of [`crate::table::open`].
    pub fn of_sheets(path: PathBuf, in_memory: Vec<SheetInMemory>, options: &ReadOptions) -> Result<Self> {
        let sheets: Vec<Sheet> = in_memory.iter().map(SheetInMemory::as_sheet).collect();
        let mut measure = |sheet: &str| {
            let found = in_memory.iter().find(|found| found.name == sheet);
            Ok(found.map_or_else(PartSeen::default, |found| found.seen.clone()))
        };
        let chosen = choice::choose(&path, &mut measure, &sheets, options)?;
        Self::start(path, Workbook::InMemory(in_memory), sheets, chosen, options)
    }

    fn start(
        path: PathBuf,
        workbook: Workbook,
        sheets: Vec<Sheet>,
        chosen: Vec<ChosenSheet>,
        options: &ReadOptions,
    ) -> Result<Self> {
        let mut notes = choice::notes_on(&path, workbook.kind(), &sheets, &chosen, options);
        let task = SheetTask { path: path.clone(), workbook, sheets: chosen, options: options.clone() };
        let (sender, messages) = sync_channel(1);
        std::thread::Builder::new()
            .name("workbook".into())
            .spawn(move || task.run(&sender))
            .map_err(|cause| Error::stopped(format!("can't start a thread: {cause}")).caused_by(cause))?;
        let sheet_names = sheets.into_iter().map(|sheet| sheet.name).collect();
        let mut reader = Self {
            path,
            sheet_names,
            columns: Columns::default(),
            header_place: String::new(),
            notes: Vec::new(),
            messages,
            chunk: RowBatch::new(),
            taken: 0,
            ended: false,
        };
        match reader.receive()? {
            SheetMessage::Header { columns, place, notes: more } => {
                notes.extend(more);
                reader.columns = columns;
                reader.header_place = place;
                reader.notes = notes;
                Ok(reader)
            }
            _ => Err(Error::bug("rows of a sheet came before its header")),
        }
    }

    /// The next message; a thread that died on a file says nothing more.
    fn receive(&mut self) -> Result<SheetMessage> {
        match self.messages.recv() {
            Ok(SheetMessage::Failed(error)) => {
                self.ended = true;
                Err(error.at_path(&self.path))
            }
            Ok(message) => Ok(message),
            Err(_) => {
                self.ended = true;
                Err(Error::usage(format!(
                    "{} can't be read as a workbook: its content is damaged",
                    self.path.display()
                ))
                .at_path(&self.path)
                .hint("open it in a spreadsheet program and save it again as .xlsx, or as .csv"))
            }
        }
    }
}

impl RowReader for XlsxReader {
    fn headers(&self) -> &[String] {
        &self.columns.headers
    }

    fn own_columns(&self) -> &[String] {
        &self.columns.own
    }

    fn read(&mut self, batch: &mut RowBatch, max_rows: usize) -> Result<usize> {
        batch.clear();
        batch.set_own_columns(&self.columns.own);
        while !batch.is_full(max_rows) {
            // Nearly every chunk is what is asked for, and is handed out as it is.
            if batch.is_empty() && self.taken == 0 && (1..=max_rows).contains(&self.chunk.len()) {
                std::mem::swap(batch, &mut self.chunk);
                batch.set_own_columns(&self.columns.own);
                self.chunk.clear();
                continue;
            }
            if self.taken < self.chunk.len() {
                batch.push_row(self.chunk.row(self.taken));
                self.taken += 1;
                continue;
            }
            if self.ended {
                break;
            }
            match self.receive()? {
                SheetMessage::Rows(chunk) => {
                    self.chunk = chunk;
                    self.taken = 0;
                }
                SheetMessage::Ended(notes) => {
                    self.notes.extend(notes);
                    self.ended = true;
                }
                SheetMessage::Header { .. } | SheetMessage::Failed(_) => {
                    return Err(Error::bug("a sheet has two headers"));
                }
            }
        }
        Ok(batch.len())
    }

    fn notes(&self) -> &[String] {
        &self.notes
    }

    fn header_place(&self) -> String {
        self.header_place.clone()
    }

    fn sheet_name(&self, sheet: u16) -> Option<&str> {
        self.sheet_names.get(usize::from(sheet)).map(String::as_str)
    }
}
