//! A file that is opened once, whoever reads it and how often.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::unreadable::{ChangedWhileRead, unreadable};
use crate::error::{Error, Result};
use crate::platform::{self, FileStamp};
use crate::storage::{self, Address, Copied, Pin};

/// What stood under a path when it was opened. All who read it read that, whatever is put in its place
/// meanwhile, and reading ends with an error once its content is no longer what it was. What an address names is copied
/// then.
///
/// A clone has a position of its own.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: PathBuf,
    file: Arc<File>,
    stamp: FileStamp,
    at: u64,
    /// Where it was copied from, if it was.
    copied: Option<Arc<CopiedFrom>>,
}

#[derive(Debug)]
struct CopiedFrom {
    address: Address,
    pin: Pin,
    /// Exactly this object was asked for: what stands there by now is of no interest.
    is_wanted: bool,
}

impl SourceFile {
    /// # Errors
    /// Kind `Usage` if there is no such file, or it is none that can be read more than once; what storage says of an
    /// address.
    pub fn open(path: &Path) -> Result<Self> {
        Self::open_pinned(path, None)
    }

    /// The same; of what stood under an address, exactly the object that is pinned.
    ///
    /// # Errors
    /// Those of [`Self::open`], and with the reason `SourceChanged` if that object is gone.
    pub fn open_pinned(path: &Path, wanted: Option<&Pin>) -> Result<Self> {
        match Address::of(path) {
            None => Self::open_here(path),
            Some(address) => {
                let Copied { file, pin } = storage::storage().copy(&address, wanted)?;
                let stamp = FileStamp::of(&file.metadata().map_err(|cause| unreadable(path, cause))?);
                let copied = Some(Arc::new(CopiedFrom { address, pin, is_wanted: wanted.is_some() }));
                Ok(Self { path: path.to_owned(), file: Arc::new(file), stamp, at: 0, copied })
            }
        }
    }

    fn open_here(path: &Path) -> Result<Self> {
        let refused =
            |kind: &str, hint: &str| Error::usage(format!("{} {kind}", path.display())).at_path(path).hint(hint);
        // Before it is opened: that would wait for whoever writes to a pipe.
        let there = std::fs::metadata(path).map_err(|cause| unopened(path, cause))?;
        if there.is_dir() {
            return Err(refused("is a folder, not a file", "name one file in it: a .csv or .xlsx"));
        }
        if !there.is_file() {
            return Err(refused(
                "is a pipe or a device, which can be read only once",
                "save it to a file, and name that",
            ));
        }
        let file = File::open(path).map_err(|cause| unopened(path, cause))?;
        let stamp = FileStamp::of(&file.metadata().map_err(|cause| unreadable(path, cause))?);
        Ok(Self { path: path.to_owned(), file: Arc::new(file), stamp, at: 0, copied: None })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The same file from its first byte.
    pub fn from_start(&self) -> Self {
        Self { at: 0, ..self.clone() }
    }

    pub fn bytes(&self) -> u64 {
        self.stamp.bytes()
    }

    /// Which of the objects that have stood under its address this is; nothing, if it is a file of a disk.
    pub fn pin(&self) -> Option<&Pin> {
        self.copied.as_deref().map(|copied| &copied.pin)
    }

    /// # Errors
    /// Kind `Usage` if another file stands in its place by now, or its content was changed.
    pub fn still_there(&self) -> Result<()> {
        let is_there = match self.copied.as_deref() {
            Some(copied) => copied.is_wanted || storage::storage().still_stands(&copied.address, &copied.pin),
            None => std::fs::metadata(&self.path).is_ok_and(|now| FileStamp::of(&now) == self.stamp),
        };
        if is_there {
            return Ok(());
        }
        Err(Error::usage(format!("{} was replaced or changed while it was read", self.path.display()))
            .at_path(&self.path)
            .hint("nothing was sent: give the command again when nobody writes the file any more"))
    }
}

impl Read for SourceFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = platform::read_at(&self.file, buffer, self.at)?;
        self.at += count as u64;
        if FileStamp::of(&self.file.metadata()?) != self.stamp {
            return Err(io::Error::other(ChangedWhileRead));
        }
        Ok(count)
    }
}

impl Seek for SourceFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let from_end = |by: i64| self.stamp.bytes().checked_add_signed(by);
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => from_end(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// A file that is opened when it is first asked for, and once.
#[derive(Clone, Debug, Default)]
pub struct OpenedOnce {
    opened: Arc<OnceLock<SourceFile>>,
    /// The object that it must be, where its path is an address.
    wanted: Option<Arc<Pin>>,
}

impl OpenedOnce {
    /// Of what stands under an address, exactly this.
    pub fn pinned(wanted: Option<Pin>) -> Self {
        Self { opened: Arc::default(), wanted: wanted.map(Arc::new) }
    }

    /// The file at `path`, which is the same at every call.
    ///
    /// # Errors
    /// Those of [`SourceFile::open`].
    pub fn get(&self, path: &Path) -> Result<SourceFile> {
        match self.opened.get() {
            // Whoever took up a run with another file names another path.
            Some(file) if file.path() == path => Ok(file.from_start()),
            Some(_) => SourceFile::open(path),
            None => {
                let file = SourceFile::open_pinned(path, self.wanted.as_deref())?;
                Ok(self.opened.get_or_init(|| file).from_start())
            }
        }
    }
}

fn unopened(path: &Path, cause: io::Error) -> Error {
    let name = path.display();
    let error = match cause.kind() {
        ErrorKind::NotFound => Error::usage(format!("there is no file {name}"))
            .hint("check the spelling and the folder the command runs in"),
        ErrorKind::PermissionDenied => Error::usage(format!("{name} can't be read: permission denied"))
            .hint("give yourself the right to read it, or copy it to a folder of yours"),
        _ => return unreadable(path, cause),
    };
    error.at_path(path).caused_by(cause)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &str) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.csv");
        std::fs::write(&path, content).expect("a file");
        (folder, path)
    }

    fn text(mut file: SourceFile) -> io::Result<String> {
        let mut text = String::new();
        file.read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn all_who_read_it_read_what_was_opened_and_a_file_in_its_place_is_noticed() {
        let (folder, path) = file("old");
        let once = OpenedOnce::default();
        let opened = once.get(&path).expect("a file");
        let other = folder.path().join("b.csv");
        std::fs::write(&other, "new").expect("a file");
        opened.still_there().expect("nothing happened yet");
        std::fs::rename(&other, &path).expect("a rename");
        assert_eq!(text(opened.clone()).expect("still open"), "old");
        assert_eq!(text(once.get(&path).expect("the same file")).expect("still open"), "old");
        assert!(opened.still_there().expect_err("another file").message.contains("was replaced or changed"));
    }

    #[test]
    fn what_is_written_into_it_meanwhile_ends_the_reading() {
        let (_folder, path) = file("name\nAnn\n");
        let mut opened = SourceFile::open(&path).expect("a file");
        let mut beginning = [0; 4];
        opened.read_exact(&mut beginning).expect("four bytes");
        std::fs::write(&path, "name\nBob and others\n").expect("a file");
        let error = text(opened.clone()).expect_err("it was changed");
        assert!(unreadable(&path, error).message.contains("was changed while it was read"));
        assert!(opened.still_there().is_err());
    }
}
