//! The zip file of a workbook, from which only measured parts are read.

use std::collections::{HashMap, HashSet};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use zip::ZipArchive;

use super::damage::{DAMAGED, damaged, no_text};
use super::scan::{PartSeen, Scan};
use super::sheet::SheetRows;
use super::text::RichText;
use super::workbook::{PackageRelations, SharedContent, StylesPart, WorkbookPart};
use crate::error::{Error, Result};
use crate::table::inflate::out_of_proportion;
use crate::table::options::ReadLimits;
use crate::table::source_file::SourceFile;
use crate::table::strings::Strings;
use crate::table::unreadable::{ChangedWhileRead, ContentFault, unreadable};
use crate::table::xml::{Tag, TagKind, Token, Tokens};

const MOST_PARTS: usize = 10_000;

/// Compressed bytes that are read at once.
const FILE_BUFFER: usize = 64 << 10;

/// A workbook's zip file, and what all its sheets share.
pub struct Package {
    path: PathBuf,
    archive: ZipArchive<BufReader<SourceFile>>,
    /// Parts by their names in small letters, with `/` between folders.
    parts: HashMap<String, usize>,
    limits: ReadLimits,
    pub sheets: Vec<PackedSheet>,
    pub shared: SharedContent,
}

/// Where a sheet stands.
pub struct PackedSheet {
    pub name: String,
    pub is_visible: bool,
    part: usize,
}

impl Package {
    /// Opens the file and reads what its sheets share. One file is opened and read from first to last: one put
    /// in its place meanwhile is never read unmeasured.
    ///
    /// # Errors
    /// If the zip file is damaged, no workbook of this format, or larger than the limits allow.
    pub fn open(path: &Path, file: &SourceFile, limits: &ReadLimits) -> Result<Self> {
        let name = path.display();
        let file = BufReader::with_capacity(FILE_BUFFER, file.from_start());
        let mut archive = ZipArchive::new(file).map_err(|cause| {
            Error::usage(format!("{name} begins like a workbook and is cut off or damaged: {cause}"))
                .hint("copy the file again, or save it again from the spreadsheet program")
        })?;
        if archive.len() > MOST_PARTS {
            return Err(Error::usage(format!("{name} has {} parts, as no workbook does", archive.len()))
                .hint("hand over a .csv or .xlsx file"));
        }
        refuse_other_formats(path, &archive)?;
        let (mut parts, mut starts) = (HashMap::new(), HashSet::new());
        for index in 0..archive.len() {
            if let Some(Ok(part)) = archive.name_for_index(index) {
                parts.insert(part.replace('\\', "/").to_ascii_lowercase(), index);
            }
            let start = archive.by_index_raw(index).ok().and_then(|part| part.data_start());
            if start.is_some_and(|start| !starts.insert(start)) {
                return Err(Error::usage(format!("{name} is damaged: parts of it overlap"))
                    .hint("save it again from the spreadsheet program"));
            }
        }
        let (limits, path) = (limits.clone(), path.to_owned());
        let mut package = Self { path, archive, parts, limits, sheets: Vec::new(), shared: SharedContent::default() };
        package.read_workbook()?;
        Ok(package)
    }

    fn read_workbook(&mut self) -> Result<()> {
        let mut package = PackageRelations::default();
        self.measure_named("_rels/.rels", |token| package.take(token))?;
        let target =
            package.of_kind("/relationships/officeDocument").ok_or_else(|| self.damaged("it names no workbook"))?;
        let (folder, name) = target.rsplit_once('/').map_or(("", target), |(folder, name)| (folder, name));
        let folder = match folder.trim_start_matches('/') {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let name = if name.is_empty() { "workbook.xml" } else { name };
        let (mut relations, mut workbook) = (PackageRelations::default(), WorkbookPart::default());
        self.measure_named(&format!("{folder}_rels/{name}.rels"), |token| relations.take(token))?;
        self.measure_named(&format!("{folder}{name}"), |token| workbook.take(token))?;
        let styles = format!("{folder}styles.xml");
        if self.part(&styles).is_some() {
            let mut part = StylesPart::default();
            self.measure_named(&styles, |token| part.take(token))?;
            self.shared.styles = part.finish();
        }
        if let Some(strings) = self.part(&format!("{folder}sharedStrings.xml")) {
            self.read_strings(strings)?;
        }
        self.shared.is_1904 = workbook.is_1904;
        for sheet in workbook.sheets {
            let Some((kind, target)) = relations.of_id(&sheet.relation) else {
                return Err(self.damaged(&format!("its sheet \"{}\" stands nowhere", sheet.name.escape_debug())));
            };
            // There are sheets without cells as well: charts and dialogs.
            if !kind.ends_with("/worksheet") {
                continue;
            }
            let part = target.strip_prefix('/').map_or_else(|| format!("{folder}{target}"), str::to_owned);
            let part =
                self.part(&part).ok_or_else(|| self.damaged(&format!("it has no part {}", part.escape_debug())))?;
            self.sheets.push(PackedSheet { name: sheet.name, is_visible: sheet.is_visible, part });
        }
        Ok(())
    }

    fn read_strings(&mut self, part: usize) -> Result<()> {
        let (mut rich, mut in_string) = (RichText::default(), false);
        let mut strings = Strings::default();
        self.measure(part, |token| {
            if let Token::Tag(tag) = token {
                let tag = Tag::of(tag);
                if tag.local() == b"si" {
                    in_string = tag.kind == TagKind::Begin;
                    rich.begin();
                    if tag.kind != TagKind::Begin {
                        strings.end();
                    }
                    return Ok(());
                }
            }
            if in_string { strings.extend(|text| rich.take(token, text)).map_err(|_| no_text()) } else { Ok(()) }
        })?;
        self.shared.strings = strings;
        Ok(())
    }

    /// What is seen in the part that holds the sheet of this name.
    pub fn measure_sheet(&mut self, sheet: &str) -> Result<PartSeen> {
        let part = self.part_of(sheet)?;
        self.measure(part, |_| Ok(()))
    }

    /// The rows of the sheet of this name, which was measured.
    pub fn rows(&mut self, sheet: &str, row_bytes: usize) -> Result<SheetRows<'_>> {
        let part = self.part_of(sheet)?;
        let Self { path, archive, limits, shared, .. } = self;
        let (part, _) = opened(archive, part, limits).map_err(|cause| unreadable(path, cause))?;
        Ok(SheetRows::new(path, Tokens::new(Box::new(part), limits.text_run_bytes), shared, row_bytes))
    }

    fn part(&self, name: &str) -> Option<usize> {
        self.parts.get(&name.to_ascii_lowercase()).copied()
    }

    fn part_of(&self, sheet: &str) -> Result<usize> {
        let found = self.sheets.iter().find(|found| found.name == sheet);
        found.map(|found| found.part).ok_or_else(|| Error::bug("a sheet is read that is not there"))
    }

    fn measure_named(&mut self, name: &str, mut take: impl FnMut(Token<'_>)) -> Result<()> {
        let part = self.part(name).ok_or_else(|| self.damaged(&format!("it has no part {}", name.escape_debug())))?;
        self.measure(part, |token| {
            take(token);
            Ok(())
        })?;
        Ok(())
    }

    /// Measures a part, and hands on what was looked at.
    fn measure(
        &mut self,
        part: usize,
        take: impl FnMut(Token<'_>) -> std::result::Result<(), ContentFault>,
    ) -> Result<PartSeen> {
        measured(&mut self.archive, part, &self.limits, take).map_err(|cause| unreadable(&self.path, cause))
    }

    fn damaged(&self, how: &str) -> Error {
        damaged(&self.path, how)
    }
}

/// Reads the part from its beginning to its end, and says what it holds.
fn measured(
    archive: &mut ZipArchive<BufReader<SourceFile>>,
    index: usize,
    limits: &ReadLimits,
    mut take: impl FnMut(Token<'_>) -> std::result::Result<(), ContentFault>,
) -> io::Result<PartSeen> {
    let (part, name) = opened(archive, index, limits)?;
    let mut scan = Scan::new(&name, limits);
    let mut tokens = Tokens::new(part, limits.text_run_bytes);
    loop {
        tokens.allow(scan.most_bytes());
        let Some(token) = tokens.read().map_err(|fault| scan.told(fault))? else { break };
        scan.take(token).and_then(|()| take(token)).map_err(ContentFault::into_error)?;
    }
    scan.finish().map_err(ContentFault::into_error)
}

/// The bytes of a part while they are in proportion, and its name.
fn opened<'a>(
    archive: &'a mut ZipArchive<BufReader<SourceFile>>,
    index: usize,
    limits: &'a ReadLimits,
) -> io::Result<(impl Read + use<'a>, String)> {
    let part = archive.by_index(index).map_err(|cause| ContentFault::error(format!("is damaged: {cause}"), DAMAGED))?;
    let name = part.name().map_or_else(|_| "without a name".to_owned(), |name| name.escape_debug().to_string());
    let packed = part.compressed_size().max(1);
    Ok((ProportionedPart { inner: part, name: name.clone(), given: 0, packed, limits }, name))
}

struct ProportionedPart<'a, R> {
    inner: R,
    name: String,
    given: u64,
    packed: u64,
    limits: &'a ReadLimits,
}

impl<R: Read> Read for ProportionedPart<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer).map_err(|cause| match cause.get_ref() {
            Some(inner) if inner.is::<ChangedWhileRead>() => cause,
            _ => ContentFault::error(format!("is damaged: its part {} can't be unpacked: {cause}", self.name), DAMAGED),
        })?;
        self.given += count as u64;
        out_of_proportion(self.given, self.packed, self.limits).map_or(Ok(count), Err)
    }
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
