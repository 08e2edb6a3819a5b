//! Which files this program has written, and what it left in them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::temporary;
use crate::error::{Error, Result};
use crate::platform;
use crate::storage::{self, Address, Expected, StoredObject};

/// New names that are tried before a place counts as full.
const NAMES: u32 = 10_000;
/// The same, where each is asked for over the network.
const STORED_NAMES: u32 = 100;

/// Bytes of a record, so that a later one fits over an earlier one.
const ROOM: usize = 1024;

/// The record of the files that this program has written, kept in the state folder.
///
/// One rule for every command: a file that is there, and that this program did not write or that was
/// changed since, is somebody's work, and is not overwritten unasked. So is what a link leads to. A
/// record that can't be kept is no error: its file then counts as somebody's.
#[derive(Clone, Debug)]
pub struct WrittenFiles {
    folder: PathBuf,
}

/// Where a file is to be written.
#[derive(Clone, Debug)]
pub struct Place {
    pub path: PathBuf,
    written: Option<WrittenFiles>,
    /// What must stand there still when it is written, if it is an address.
    wanted: Expected,
}

/// What is done about a file that is somebody's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfTaken {
    /// The command is refused, with this cure.
    Refuse(&'static str),
    /// Another name is taken: `all-2.csv`.
    NewName,
    /// It was asked for that the file be replaced.
    Replace,
}

/// What stands at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlaceState {
    /// Nothing, or a file with nothing in it.
    Free,
    /// A file as this program left it.
    Ours,
    /// A file that this program did not write, or that was changed since; or a link to nowhere.
    Taken,
    /// A pipe, a device, a folder.
    Other,
}

/// One file.
#[derive(Serialize, Deserialize)]
struct Record {
    path: PathBuf,
    /// Of what may stand there: what was written last and, since a kill may come before it is in its
    /// place, what stood there before.
    digests: Vec<String>,
}

impl WrittenFiles {
    pub fn in_state(state_dir: &Path) -> Self {
        Self { folder: state_dir.join("written") }
    }

    /// What stands at `path`. An address that can't be asked about is somebody's.
    pub fn state_of(&self, path: &Path) -> PlaceState {
        if let Some(address) = Address::of(path) {
            return storage::storage().standing(&address).map_or(PlaceState::Taken, |standing| stored(standing).0);
        }
        if fs::symlink_metadata(path).is_err() {
            return PlaceState::Free;
        }
        match fs::metadata(path) {
            Err(_) => PlaceState::Taken,
            Ok(there) if !there.is_file() => PlaceState::Other,
            Ok(there) if there.len() == 0 => PlaceState::Free,
            Ok(_) => {
                let recorded = self.record(&target(path)).map(|record| record.digests).unwrap_or_default();
                let ours = !recorded.is_empty() && digest_of(path).is_ok_and(|digest| recorded.contains(&digest));
                if ours { PlaceState::Ours } else { PlaceState::Taken }
            }
        }
    }

    /// Where to write what was to be written to `path`.
    ///
    /// # Errors
    /// Kind `Usage` if the file is somebody's and `if_taken` says so.
    pub fn place(&self, path: &Path, if_taken: IfTaken) -> Result<Place> {
        if let Some(address) = Address::of(path) {
            return stored_place(&address, if_taken);
        }
        let place = |path: PathBuf| {
            self.know(&path);
            Ok(Place { path, written: Some(self.clone()), wanted: Expected::Anything })
        };
        if if_taken == IfTaken::Replace || self.state_of(path) != PlaceState::Taken {
            return place(path.to_owned());
        }
        match if_taken {
            IfTaken::Refuse(cure) => Err(taken(path).hint(cure)),
            IfTaken::Replace | IfTaken::NewName => {
                let free = |path: &PathBuf| self.state_of(path) != PlaceState::Taken;
                match (2..NAMES).map(|number| numbered(path, number)).find(free) {
                    Some(path) => place(path),
                    None => Err(taken(path).hint(NO_NAME)),
                }
            }
        }
    }

    /// Every file that was written and is still there, under the name it was written under.
    pub fn files(&self) -> BTreeSet<PathBuf> {
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        entries.filter_map(|entry| read_record(&entry.path())).map(|record| record.path).collect()
    }

    /// Removes what killed runs left beside the files that they were writing.
    pub fn sweep(&self) {
        let folders: BTreeSet<PathBuf> =
            self.files().iter().filter_map(|path| path.parent().map(Path::to_owned)).collect();
        for folder in &folders {
            temporary::sweep(folder);
        }
    }

    /// From now on what has this digest is ours at `target`; so is what stands there now, if it is.
    pub(super) fn about_to_write(&self, target: &Path, digest: &blake3::Hash) {
        let mut digests = vec![digest.to_hex().to_string()];
        if self.state_of(target) == PlaceState::Ours {
            digests.extend(digest_of(target).ok());
        }
        // A record that can't be kept makes the file somebody's, which is on the safe side.
        drop(self.keep(&Record { path: self::target(target), digests }));
    }

    /// That a file is going to be written: what a kill leaves beside it is then known.
    fn know(&self, path: &Path) {
        let target = target(path);
        if self.record(&target).is_none() {
            drop(self.keep(&Record { path: target, digests: Vec::new() }));
        }
    }

    fn record(&self, target: &Path) -> Option<Record> {
        read_record(&self.record_path(target)).filter(|record| record.path == target)
    }

    fn record_path(&self, target: &Path) -> PathBuf {
        let name = blake3::hash(target.as_os_str().as_encoded_bytes()).to_hex();
        self.folder.join(format!("{}.json", &name[..32]))
    }

    fn keep(&self, record: &Record) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(record)?;
        bytes.resize(bytes.len().max(ROOM), b' ');
        self.put(record, &bytes).or_else(|_| self.put_over(record, &bytes))
    }

    fn put(&self, record: &Record, bytes: &[u8]) -> io::Result<()> {
        platform::make_private_folder(&self.folder)?;
        let mut file = temporary::create_in(&self.folder)?;
        file.write_all(bytes)?;
        file.as_file().sync_data()?;
        file.persist(self.record_path(&record.path))?;
        Ok(())
    }

    /// Where the disk is full, over the record that was made before the file was begun: it has room.
    fn put_over(&self, record: &Record, bytes: &[u8]) -> io::Result<()> {
        let mut file = fs::OpenOptions::new().write(true).open(self.record_path(&record.path))?;
        if file.metadata()?.len() < bytes.len() as u64 {
            return Err(io::ErrorKind::StorageFull.into());
        }
        file.write_all(bytes)?;
        file.sync_data()
    }
}

impl Place {
    pub(super) fn written(&self) -> Option<&WrittenFiles> {
        self.written.as_ref()
    }

    pub(super) const fn wanted(&self) -> &Expected {
        &self.wanted
    }
}

const NO_NAME: &str = "name another file, or move those away that are there";

fn taken(path: &Path) -> Error {
    let path_words = path.display();
    Error::usage(format!("there is a file already that rolo did not write, or that was changed since: {path_words}"))
        .at_path(path)
}

/// What an object is to us, and what must stand there still when another is put in its place.
fn stored(standing: Option<StoredObject>) -> (PlaceState, Expected) {
    let Some(StoredObject { bytes, etag, is_ours }) = standing else { return (PlaceState::Free, Expected::Nothing) };
    let same = etag.map_or(Expected::Anything, Expected::Same);
    match (bytes, is_ours) {
        (0, _) => (PlaceState::Free, same),
        (_, true) => (PlaceState::Ours, same),
        (_, false) => (PlaceState::Taken, same),
    }
}

/// The same rule in storage, where an object says of itself that we wrote it: so every machine knows.
fn stored_place(address: &Address, if_taken: IfTaken) -> Result<Place> {
    let path = address.path();
    let place = |path: &Path, wanted| Ok(Place { path: path.to_owned(), written: None, wanted });
    let (state, wanted) = stored(storage::storage().standing(address)?);
    match if_taken {
        IfTaken::Replace => return place(path, Expected::Anything),
        _ if state != PlaceState::Taken => return place(path, wanted),
        IfTaken::Refuse(cure) => return Err(taken(path).hint(cure)),
        IfTaken::NewName => {}
    }
    for number in 2..STORED_NAMES {
        let path = numbered(path, number);
        let Some(address) = Address::of(&path) else { break };
        let (state, wanted) = stored(storage::storage().standing(&address)?);
        if state != PlaceState::Taken {
            return place(&path, wanted);
        }
    }
    Err(taken(path).hint(NO_NAME))
}

/// Of a file that is nobody's concern, such as one in the state folder.
impl From<&Path> for Place {
    fn from(path: &Path) -> Self {
        Self { path: path.to_owned(), written: None, wanted: Expected::Anything }
    }
}

impl From<&PathBuf> for Place {
    fn from(path: &PathBuf) -> Self {
        Self::from(path.as_path())
    }
}

impl From<&Place> for Place {
    fn from(place: &Place) -> Self {
        place.clone()
    }
}

fn read_record(path: &Path) -> Option<Record> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// The one name of a file, whatever links lead to it and whether or not it is there.
fn target(path: &Path) -> PathBuf {
    let beside = || {
        let absolute = std::path::absolute(path).ok()?;
        Some(absolute.parent()?.canonicalize().ok()?.join(absolute.file_name()?))
    };
    path.canonicalize().ok().or_else(beside).unwrap_or_else(|| path.to_owned())
}

fn digest_of(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    io::copy(&mut fs::File::open(path)?, &mut hasher)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// `contacts.results.csv` → `contacts.results-2.csv`, `all.csv.gz` → `all-2.csv.gz`.
fn numbered(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default();
    let is_packed = path.extension().is_some_and(|extension| extension == "gz" || extension == "zst");
    let inner = if is_packed { Path::new(path.file_stem().unwrap_or_default()) } else { Path::new(name) };
    let mut numbered: OsString = inner.file_stem().unwrap_or_default().to_owned();
    numbered.push(format!("-{number}"));
    for extension in [inner.extension(), path.extension().filter(|_| is_packed)].into_iter().flatten() {
        numbered.push(".");
        numbered.push(extension);
    }
    path.with_file_name(numbered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new() -> (Self, WrittenFiles) {
            let folder = tempfile::tempdir().expect("a folder");
            let written = WrittenFiles::in_state(&folder.path().join("state"));
            (Self(folder), written)
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        fn put(&self, name: &str, text: &str) {
            fs::write(self.path(name), text).expect("it can be written");
        }
    }

    fn write(place: &Place, cell: &str) {
        let mut writer = table::create(place, &["name"]).expect("it can be written");
        writer.write(&[cell]).expect("it can be written");
        writer.finish().expect("it can be written");
    }

    #[test]
    fn what_we_wrote_is_ours_until_somebody_changes_it() {
        for name in ["all.csv", "all.xlsx", "all.csv.gz", "all.jsonl", "all.vcf"] {
            let (folder, written) = Folder::new();
            let path = folder.path(name);
            assert_eq!(written.state_of(&path), PlaceState::Free);
            write(&written.place(&path, IfTaken::NewName).unwrap(), "Ann");
            assert_eq!(written.state_of(&path), PlaceState::Ours, "{name}");
            let again = written.place(&path, IfTaken::NewName).unwrap();
            assert_eq!(again.path, path);
            write(&again, "Bob");
            assert_eq!(written.state_of(&path), PlaceState::Ours, "{name}");
            let mut mended = fs::read(&path).unwrap();
            mended.push(b'\n');
            fs::write(&path, mended).unwrap();
            assert_eq!(written.state_of(&path), PlaceState::Taken, "{name}");
        }
    }

    #[test]
    fn attack_08_a_file_of_somebody_else_is_left_also_behind_a_link() {
        let (folder, written) = Folder::new();
        folder.put("mine.csv", "precious");
        let link = folder.path("all.csv");
        let nowhere = folder.path("nowhere.csv");
        std::os::unix::fs::symlink(folder.path("mine.csv"), &link).unwrap();
        std::os::unix::fs::symlink(folder.path("not-there.csv"), &nowhere).unwrap();
        for (path, new_name) in [(&link, "all-2.csv"), (&nowhere, "nowhere-2.csv")] {
            let refused = written.place(path, IfTaken::Refuse("name another")).unwrap_err();
            assert!(refused.message.contains("rolo did not write"), "{refused}");
            assert_eq!(refused.hint.as_deref(), Some("name another"));
            let place = written.place(path, IfTaken::NewName).unwrap();
            assert_eq!(place.path, folder.path(new_name));
            write(&place, "Ann");
            // The next time the same new name is taken: it is ours.
            assert_eq!(written.place(path, IfTaken::NewName).unwrap().path, folder.path(new_name));
        }
        assert_eq!(fs::read_to_string(folder.path("mine.csv")).unwrap(), "precious");
        assert!(!folder.path("not-there.csv").exists());
        assert_eq!(written.place(&link, IfTaken::Replace).unwrap().path, link);
    }

    #[test]
    fn a_new_name_keeps_what_says_how_the_file_is_written() {
        for (name, expected) in [
            ("contacts.results.csv", "contacts.results-2.csv"),
            ("all.csv.gz", "all-2.csv.gz"),
            ("all", "all-2"),
            ("b.xlsx", "b-2.xlsx"),
        ] {
            assert_eq!(numbered(Path::new(name), 2), PathBuf::from(expected));
        }
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_being_written_stays() {
        let (folder, written) = Folder::new();
        let place = written.place(&folder.path("all.csv"), IfTaken::NewName).unwrap();
        let mut under_way = table::create(&place, &["name"]).unwrap();
        folder.put(".rolo-left12", "a person");
        folder.put(".rolo-note", "not one of ours: the name is longer or shorter");
        folder.put("other.txt", "");
        written.sweep();
        assert!(!folder.path(".rolo-left12").exists());
        assert!(folder.path("other.txt").exists() && folder.path(".rolo-note").exists());
        under_way.write(&["Ann"]).unwrap();
        under_way.finish().unwrap();
        assert!(fs::read_to_string(folder.path("all.csv")).unwrap().contains("Ann"));
    }
}
