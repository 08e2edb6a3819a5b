//! The zip file of a workbook, from which only measured parts are read.

use std::collections::HashMap;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use calamine::{Reader, Xlsx};
use zip::ZipArchive;

use super::scan::{PartSeen, Scan};
use crate::error::{Error, Result};
use crate::table::inflate::out_of_proportion;
use crate::table::options::ReadLimits;
use crate::table::source_file::SourceFile;
use crate::table::unreadable::{ContentFault, unreadable};

const MOST_PARTS: usize = 10_000;

const INFLATE_BUFFER: usize = 64 << 10;

/// Parts that calamine reads whatever sheet is wanted.
const COMMON_PARTS: [&str; 6] =
    [".rels", "workbook.xml", "workbook.xml.rels", "sharedstrings.xml", "styles.xml", "theme1.xml"];

/// A workbook's zip file.
pub struct Package {
    path: PathBuf,
    /// The one file that was opened: a file put in its place meanwhile is never read unmeasured.
    file: SourceFile,
    archive: ZipArchive<BufReader<SourceFile>>,
    gates: Arc<Mutex<Gates>>,
    limits: ReadLimits,
}

/// Which parts may be read.
#[derive(Default)]
struct Gates {
    /// Parts that were not measured yet, by where their data begins.
    closed: HashMap<u64, usize>,
    /// The closed part that was asked for last.
    asked: Option<usize>,
}

impl Package {
    /// # Errors
    /// If the zip file is damaged or no workbook of this format.
    pub fn open(path: &Path, file: SourceFile, limits: &ReadLimits) -> Result<Self> {
        let name = path.display();
        let mut archive = ZipArchive::new(BufReader::new(file.from_start())).map_err(|cause| {
            Error::usage(format!("{name} begins like a workbook and is cut off or damaged: {cause}"))
                .hint("copy the file again, or save it again from the spreadsheet program")
        })?;
        if archive.len() > MOST_PARTS {
            return Err(Error::usage(format!("{name} has {} parts, as no workbook does", archive.len()))
                .hint("hand over a .csv or .xlsx file"));
        }
        refuse_other_formats(path, &archive)?;
        let mut closed = HashMap::new();
        for index in 0..archive.len() {
            let start = archive.by_index_raw(index).ok().and_then(|part| part.data_start());
            if start.is_some_and(|start| closed.insert(start, index).is_some()) {
                return Err(Error::usage(format!("{name} is damaged: parts of it overlap"))
                    .hint("save it again from the spreadsheet program"));
            }
        }
        let gates = Arc::new(Mutex::new(Gates { closed, asked: None }));
        let mut package = Self { path: path.to_owned(), file, archive, gates, limits: limits.clone() };
        package.measure_common_parts()?;
        Ok(package)
    }

    /// Opens the workbook. calamine reads the parts common to all sheets here.
    pub fn workbook(&mut self) -> Result<Xlsx<Gated>> {
        loop {
            let gated = Gated { inner: BufReader::new(self.file.from_start()), at: 0, gates: Arc::clone(&self.gates) };
            match contained(&self.path, || Xlsx::new(gated))? {
                Ok(workbook) => return Ok(workbook),
                Err(cause) => self.measure_asked()?.ok_or_else(|| damaged(&self.path, &cause)).map(drop)?,
            }
        }
    }

    /// Measures the part that holds `sheet`, after which its cells may be read.
    pub fn measure_sheet(&mut self, workbook: &mut Xlsx<Gated>, sheet: &str) -> Result<PartSeen> {
        let mut seen = PartSeen::default();
        while let Err(cause) = contained(&self.path, || workbook.worksheet_cells_reader(sheet).map(drop))? {
            seen = self.measure_asked()?.ok_or_else(|| damaged(&self.path, &cause))?;
        }
        Ok(seen)
    }

    fn measure_common_parts(&mut self) -> Result<()> {
        let is_common = |name: &str| {
            let name = name.to_ascii_lowercase();
            COMMON_PARTS.contains(&name.rsplit(['/', '\\']).next().unwrap_or_default())
        };
        let common: Vec<usize> = (0..self.archive.len())
            .filter(|index| matches!(self.archive.name_for_index(*index), Some(Ok(name)) if is_common(&name)))
            .collect();
        common.into_iter().try_for_each(|index| self.measure(index).map(drop))
    }

    /// Measures the part that was asked for in vain; `None` if there was none.
    fn measure_asked(&mut self) -> Result<Option<PartSeen>> {
        let asked = lock(&self.gates).asked.take();
        asked.map(|index| self.measure(index)).transpose()
    }

    fn measure(&mut self, index: usize) -> Result<PartSeen> {
        let (start, seen) =
            measured(&mut self.archive, index, &self.limits).map_err(|cause| unreadable(&self.path, cause))?;
        lock(&self.gates).closed.remove(&start);
        Ok(seen)
    }
}

/// Where the data of the part begins, and what it holds.
fn measured(
    archive: &mut ZipArchive<BufReader<SourceFile>>,
    index: usize,
    limits: &ReadLimits,
) -> io::Result<(u64, PartSeen)> {
    const HINT: &str = "open it in a spreadsheet program and save it again as .xlsx";
    let mut part =
        archive.by_index(index).map_err(|cause| ContentFault::error(format!("is damaged: {cause}"), HINT))?;
    let name = part.name().map_or_else(|_| "without a name".to_owned(), |name| name.escape_debug().to_string());
    let start = part.data_start().ok_or_else(|| ContentFault::error(format!("is damaged: no part {name}"), HINT))?;
    let packed = part.compressed_size().max(1);
    let mut scan = Scan::new(&name, limits);
    let mut buffer = vec![0; INFLATE_BUFFER];
    let mut given = 0;
    loop {
        let count = part.read(&mut buffer).map_err(|cause| {
            ContentFault::error(format!("is damaged: its part {name} can't be unpacked: {cause}"), HINT)
        })?;
        if count == 0 {
            break;
        }
        given += count as u64;
        if let Some(refused) = out_of_proportion(given, packed, limits) {
            return Err(refused);
        }
        scan.feed(&buffer[..count]).map_err(ContentFault::into_error)?;
    }
    Ok((start, scan.finish().map_err(ContentFault::into_error)?))
}

/// A reader of the zip file that stops at the beginning of every part not measured.
pub struct Gated {
    inner: BufReader<SourceFile>,
    at: u64,
    gates: Arc<Mutex<Gates>>,
}

impl Read for Gated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut gates = lock(&self.gates);
        if let Some(part) = gates.closed.get(&self.at).copied() {
            gates.asked = Some(part);
            return Err(io::Error::other("this part was not measured yet"));
        }
        drop(gates);
        let count = self.inner.read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Gated {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.inner.seek(to)?;
        Ok(self.at)
    }
}

fn lock(gates: &Mutex<Gates>) -> MutexGuard<'_, Gates> {
    gates.lock().unwrap_or_else(PoisonError::into_inner)
}

fn refuse_other_formats(path: &Path, archive: &ZipArchive<BufReader<SourceFile>>) -> Result<()> {
    let has = |wanted: &str| archive.file_names().any(|name| name.is_ok_and(|name| name.eq_ignore_ascii_case(wanted)));
    let (kind, hint) = if has("word/document.xml") {
        ("is a Word document", "copy its table into a spreadsheet and save that as .xlsx or .csv")
    } else if has("Index/Document.iwa") {
        ("is a Numbers document", "export it from Numbers as Excel or CSV")
    } else if has("[Content_Types].xml") || has("_rels/.rels") {
        return Ok(());
    } else {
        ("is a zip archive, not a workbook", "unpack it and hand over the file inside")
    };
    Err(Error::usage(format!("{} {kind}", path.display())).hint(hint))
}

/// Does `work`, in which a panic is the file's fault.
pub fn contained<T>(path: &Path, work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        Error::usage(format!("{} can't be read as a workbook: its content is damaged", path.display()))
            .hint("open it in a spreadsheet program and save it again as .xlsx, or as .csv")
    })
}

/// calamine could not read it.
pub fn damaged(path: &Path, cause: &calamine::XlsxError) -> Error {
    Error::usage(format!("{} can't be read as a workbook: {cause}", path.display()))
        .hint("open it in a spreadsheet program and save it again as .xlsx, or as .csv")
}
