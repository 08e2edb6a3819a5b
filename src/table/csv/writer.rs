use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::error::Result;
use crate::table::columns::{Columns, MARK_COLUMN};
use crate::table::output::{Output, unwritable};
use crate::table::{PlusNumbers, RowWriter, WriteOptions, formula};

/// Without it, spreadsheets take UTF-8 for an older encoding, and `José` comes out as `JosÃ©`.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Rows into a delimited text, UTF-8.
pub struct CsvWriter {
    path: PathBuf,
    csv: csv::Writer<Packed>,
    plus_numbers: PlusNumbers,
    /// Whether each row gets an empty cell for [`MARK_COLUMN`].
    marked: bool,
    width: usize,
}

impl CsvWriter {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(path: &Path, headers: &[&str], options: &WriteOptions) -> Result<Self> {
        let output = Output::create(path)?;
        let (mut packed, inner) = Packed::new(output, path).map_err(|cause| unwritable(path, cause))?;
        if options.plus_numbers == PlusNumbers::Guarded {
            packed.write_all(BYTE_ORDER_MARK).map_err(|cause| unwritable(path, cause))?;
        }
        let is_tabbed = inner.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("tsv"));
        let csv = csv::WriterBuilder::new()
            .flexible(true)
            .delimiter(if is_tabbed { b'\t' } else { b',' })
            .from_writer(packed);
        let marked = !Columns::from_cells(headers.iter().copied()).ours;
        let mut writer =
            Self { path: path.to_owned(), csv, plus_numbers: options.plus_numbers, marked, width: headers.len() };
        writer.write_cells(headers.iter().copied().chain(marked.then_some(MARK_COLUMN)))?;
        Ok(writer)
    }

    fn write_cells<'a>(&mut self, cells: impl Iterator<Item = &'a str>) -> Result<()> {
        for cell in cells {
            let cell = formula::guarded(cell, self.plus_numbers);
            self.csv.write_field(cell.as_bytes()).map_err(|cause| unwritable(&self.path, cause))?;
        }
        self.csv.write_record(None::<&[u8]>).map_err(|cause| unwritable(&self.path, cause))
    }
}

impl RowWriter for CsvWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        // The mark stands in its column also behind a row that is too short; one that is too long
        // keeps its cells and has no mark.
        let missing = self.width.saturating_sub(cells.len());
        let padded = self.marked && cells.len() <= self.width;
        let filler = std::iter::repeat_n("", if padded { missing + 1 } else { 0 });
        self.write_cells(cells.iter().copied().chain(filler))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let path = self.path;
        let packed =
            self.csv.into_inner().map_err(|failed| unwritable(&path, io::Error::from(failed.error().kind())))?;
        packed.finish().map_err(|cause| unwritable(&path, cause))?.finish()
    }
}

/// The output with or without compression.
enum Packed {
    Plain(BufWriter<Output>),
    Gzip(GzEncoder<BufWriter<Output>>),
    Zstd(zstd::Encoder<'static, BufWriter<Output>>),
}

impl Packed {
    /// Compression by the extension of `path`, and the path without that extension.
    fn new(output: Output, path: &Path) -> io::Result<(Self, PathBuf)> {
        let output = BufWriter::with_capacity(64 << 10, output);
        let extension = path.extension().map(std::ffi::OsStr::to_ascii_lowercase);
        let stem = path.with_extension("");
        Ok(match extension.as_deref().and_then(std::ffi::OsStr::to_str) {
            Some("gz") => (Self::Gzip(GzEncoder::new(output, Compression::default())), stem),
            Some("zst") => (Self::Zstd(zstd::Encoder::new(output, 0)?), stem),
            _ => (Self::Plain(output), path.to_owned()),
        })
    }

    fn finish(self) -> io::Result<Output> {
        let output = match self {
            Self::Plain(output) => output,
            Self::Gzip(encoder) => encoder.finish()?,
            Self::Zstd(encoder) => encoder.finish()?,
        };
        output.into_inner().map_err(io::IntoInnerError::into_error)
    }

    fn as_write(&mut self) -> &mut dyn Write {
        match self {
            Self::Plain(output) => output,
            Self::Gzip(encoder) => encoder,
            Self::Zstd(encoder) => encoder,
        }
    }
}

impl Write for Packed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.as_write().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.as_write().flush()
    }
}
