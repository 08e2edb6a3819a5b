use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::contact::{Cursor, RemoteId, Snapshot};
use crate::error::{Error, Result};
use crate::platform;

/// Contacts read so far, on disk, one JSON line each, and after each page where to go on.
///
/// An export reads all contacts before it writes the first row, since only then are its columns
/// known; and one that was cut off goes on from the last whole page. Removed when the export ends.
pub struct Spool {
    path: PathBuf,
    file: File,
    pub contacts: u64,
    /// Where the listing goes on; `None` before the first page and after the last.
    pub cursor: Option<Cursor>,
    pub complete: bool,
    /// How many contacts there are, as the service told last.
    pub total: Option<u64>,
    /// Contacts that the listing, at its end, no longer showed: not part of the export.
    gone: HashSet<RemoteId>,
}

#[derive(Serialize, Deserialize)]
enum Line {
    Contact(Box<Snapshot>),
    /// A page is whole; the next one begins here.
    Page {
        next: Option<String>,
        total: Option<u64>,
        /// In which pass of the listing it was read.
        #[serde(default)]
        pass: usize,
        /// Contacts on it that were spooled before.
        #[serde(default)]
        again: Vec<RemoteId>,
    },
}

/// What a page of the listing held, for going on with the listing.
pub struct SpooledPage {
    pub pass: usize,
    /// Contacts that no page before had.
    pub fresh: Vec<RemoteId>,
    pub again: Vec<RemoteId>,
    pub next: Option<Cursor>,
    pub total: Option<u64>,
}

impl Spool {
    /// Opens the spool at `path`, with what a cut-off export left in it; `pages` gets what it was.
    pub fn open(path: &Path, pages: &mut Vec<SpooledPage>) -> Result<Self> {
        let failed = |error: std::io::Error| failure(path, error);
        if let Some(folder) = path.parent() {
            platform::make_private_folder(folder).map_err(failed)?;
        }
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = platform::private_file(&mut options).open(path).map_err(failed)?;
        let (mut whole, mut at, mut contacts) = (0_u64, 0_u64, 0_u64);
        let (mut cursor, mut complete, mut counted) = (None, false, None);
        let mut page = Vec::new();
        let mut reader = BufReader::new(&file);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            at += read as u64;
            match serde_json::from_slice(&line) {
                Ok(Line::Contact(contact)) => page.push(contact.id),
                Ok(Line::Page { next, total, pass, again }) => {
                    contacts += page.len() as u64;
                    complete = next.is_none();
                    cursor = next.map(Cursor);
                    counted = total;
                    let fresh = std::mem::take(&mut page);
                    pages.push(SpooledPage { pass, fresh, again, next: cursor.clone(), total });
                    whole = at;
                }
                Err(_) => break,
            }
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(std::io::SeekFrom::End(0)).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, contacts, cursor, complete, total: counted, gone: HashSet::new() })
    }

    /// Adds one page of a listing with a single pass; durable when it returns.
    pub fn add(&mut self, contacts: &[Snapshot], next: Option<Cursor>) -> Result<()> {
        self.add_page(contacts, Vec::new(), 0, next)
    }

    /// Adds one page that was read in a pass of the listing: contacts that no page before had, and the
    /// ids of the others. Durable when it returns.
    pub fn add_page(
        &mut self,
        contacts: &[Snapshot],
        again: Vec<RemoteId>,
        pass: usize,
        next: Option<Cursor>,
    ) -> Result<()> {
        let mut lines = Vec::new();
        for contact in contacts {
            push(&mut lines, &Line::Contact(Box::new(contact.clone())))?;
        }
        let page = Line::Page { next: next.as_ref().map(|cursor| cursor.0.clone()), total: self.total, pass, again };
        push(&mut lines, &page)?;
        crash_point!("before_page");
        self.file.write_all(&lines).and_then(|()| self.file.sync_data()).map_err(|error| failure(&self.path, error))?;
        crash_point!("after_page");
        self.contacts += contacts.len() as u64;
        self.complete = next.is_none();
        self.cursor = next;
        Ok(())
    }

    /// Takes contacts out of the export.
    pub fn leave_out(&mut self, gone: HashSet<RemoteId>) {
        self.contacts -= (gone.len() as u64).min(self.contacts);
        self.gone = gone;
    }

    /// Every contact, in the order in which they came.
    pub fn each(&self, mut with: impl FnMut(Snapshot) -> Result<()>) -> Result<()> {
        let file = File::open(&self.path).map_err(|error| failure(&self.path, error))?;
        for line in BufReader::new(file).split(b'\n') {
            let line = line.map_err(|error| failure(&self.path, error))?;
            if let Ok(Line::Contact(contact)) = serde_json::from_slice(&line)
                && !self.gone.contains(&contact.id)
            {
                with(*contact)?;
            }
        }
        Ok(())
    }

    pub fn remove(self) -> Result<()> {
        crash_point!("before_spool_removed");
        std::fs::remove_file(&self.path).map_err(|error| failure(&self.path, error))
    }
}

fn push(lines: &mut Vec<u8>, line: &Line) -> Result<()> {
    serde_json::to_writer(&mut *lines, line)
        .map_err(|error| Error::bug(format!("a contact can't be spooled: {error}")))?;
    lines.push(b'\n');
    Ok(())
}

fn failure(path: &Path, error: std::io::Error) -> Error {
    Error::stopped(format!("the spool can't be written: {}", path.display()))
        .at_path(path)
        .hint("make room on the disk, or name another folder with --state-dir; the export goes on from there")
        .caused_by(error)
}
