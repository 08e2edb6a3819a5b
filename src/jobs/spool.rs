use std::collections::HashSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::tag_lists::TagLists;
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
    /// Pages of the lists of tags, as a cut-off export left them.
    tagged: Vec<TaggedPage>,
    /// What contacts without tags of their own get.
    tags: Option<TagLists>,
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
    /// A page of the contacts that have one tag.
    Tagged(TaggedPage),
}

/// A page of the contacts that have one tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaggedPage {
    pub tag: String,
    pub contacts: Vec<RemoteId>,
    /// In which pass of the listing it was read.
    pub pass: usize,
    /// Where the listing goes on.
    pub next: Option<String>,
    pub total: Option<u64>,
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
        let (mut page, mut tagged) = (Vec::new(), Vec::new());
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
                Ok(Line::Tagged(page)) => {
                    tagged.push(page);
                    whole = at;
                }
                Err(_) => break,
            }
        }
        file.set_len(whole).map_err(failed)?;
        file.seek(std::io::SeekFrom::End(0)).map_err(failed)?;
        let (total, gone, tags) = (counted, HashSet::new(), None);
        Ok(Self { path: path.to_owned(), file, contacts, cursor, complete, total, gone, tagged, tags })
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
        self.write(&lines)?;
        self.contacts += contacts.len() as u64;
        self.complete = next.is_none();
        self.cursor = next;
        Ok(())
    }

    /// Adds a page of the contacts that have one tag; durable when it returns.
    pub fn add_tagged(&mut self, page: TaggedPage) -> Result<()> {
        let mut lines = Vec::new();
        push(&mut lines, &Line::Tagged(page))?;
        self.write(&lines)
    }

    fn write(&mut self, lines: &[u8]) -> Result<()> {
        crash_point!("before_page");
        self.file.write_all(lines).and_then(|()| self.file.sync_data()).map_err(|error| failure(&self.path, error))?;
        crash_point!("after_page");
        Ok(())
    }

    /// The pages of the lists of tags that a cut-off export left, once.
    pub fn take_tagged(&mut self) -> Vec<TaggedPage> {
        std::mem::take(&mut self.tagged)
    }

    /// Contacts without tags of their own get these.
    pub fn set_tags(&mut self, tags: TagLists) {
        self.tags = Some(tags);
    }

    /// Takes contacts out of the export.
    pub fn leave_out(&mut self, gone: HashSet<RemoteId>) {
        self.contacts -= (gone.len() as u64).min(self.contacts);
        self.gone = gone;
    }

    /// Every contact, in the order in which they came.
    pub fn each(&self, mut with: impl FnMut(Snapshot) -> Result<()>) -> Result<()> {
        self.read()?.try_for_each(|contact| with(contact?))
    }

    /// The same, one by one.
    pub fn read(&self) -> Result<impl Iterator<Item = Result<Snapshot>>> {
        let file = File::open(&self.path).map_err(|error| failure(&self.path, error))?;
        Ok(BufReader::new(file).split(b'\n').filter_map(|line| {
            let line = match line {
                Ok(line) => line,
                Err(error) => return Some(Err(failure(&self.path, error))),
            };
            let Ok(Line::Contact(mut contact)) = serde_json::from_slice(&line) else { return None };
            if self.gone.contains(&contact.id) {
                return None;
            }
            if let (None, Some(tags)) = (&contact.tags, &self.tags) {
                contact.tags = Some(tags.of(&contact.id));
            }
            Some(Ok(*contact))
        }))
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
