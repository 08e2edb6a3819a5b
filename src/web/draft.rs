//! A file that is being prepared: how it is read, how its columns are mapped, where it goes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::session::chance;
use crate::error::{Error, Result};
use crate::jobs::{MappingChoice, ReadRecord, SourceSpec, mapping_beside};
use crate::platform::make_private_folder;
use crate::table::{self, SourceEdits};

/// What the record of a draft is called in its folder.
const NAME: &str = "draft.json";

/// What was decided about a file so far. It is kept in a folder of its own in the state folder, so that all tabs see
/// the same, and the next `rolo open` goes on with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Draft {
    pub id: String,
    /// Where it is read.
    pub path: PathBuf,
    /// It was dropped on the page, and is a copy in the state folder.
    pub is_copy: bool,
    pub reading: ReadRecord,
    pub region: Option<String>,
    pub account: String,
    /// The mapping file that was saved or found; guessed without.
    pub mapping: Option<PathBuf>,
    /// What was mended of its rows.
    #[serde(default)]
    pub edits: Option<PathBuf>,
    /// The number of its last change.
    pub version: u64,
}

impl Draft {
    /// The name of the file, for people.
    pub fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    /// The rows, read and mapped as was decided.
    ///
    /// # Errors
    /// Those of reading the edits.
    pub fn source(&self) -> Result<SourceSpec> {
        let mapping = self.mapping.clone().map_or(MappingChoice::Guess, MappingChoice::File);
        Ok(SourceSpec {
            read: self.reading.options(),
            mapping,
            region: self.region.clone(),
            edits: self.edits.as_deref().map(SourceEdits::read).transpose()?.map(Arc::new),
            ..SourceSpec::of(self.path.clone())
        })
    }
}

/// The drafts that there are.
#[derive(Clone, Debug)]
pub struct Drafts {
    folder: PathBuf,
}

impl Drafts {
    pub fn in_state(state_dir: &Path) -> Self {
        Self { folder: state_dir.join("open") }
    }

    /// The folder of a draft: its record, the copy of its file, and what is computed of it.
    pub fn folder_of(&self, id: &str) -> PathBuf {
        self.folder.join(id)
    }

    /// A folder for a file that is about to be dropped, and its name.
    pub fn new_folder(&self) -> Result<(String, PathBuf)> {
        let id: String = chance()?.chars().filter(char::is_ascii_alphanumeric).take(12).collect();
        let folder = self.folder_of(&id);
        self.make(&folder)?;
        Ok((id, folder))
    }

    fn make(&self, folder: &Path) -> Result<()> {
        make_private_folder(folder).map_err(|cause| {
            Error::stopped(format!("a folder can't be made in: {}", self.folder.display()))
                .at_path(folder)
                .hint("make room on the disk, or name another folder with --state-dir")
                .caused_by(cause)
        })
    }

    /// The draft of a file on this machine: that which there is of it, or a new one.
    pub fn of_file(&self, path: &Path, account: String, region: Option<String>) -> Result<Draft> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let id = blake3::hash(path.as_os_str().as_encoded_bytes()).to_hex()[..12].to_owned();
        if let Some(draft) = self.get(&id) {
            return Ok(draft);
        }
        self.make(&self.folder_of(&id))?;
        self.begin(id, path, false, account, region)
    }

    /// Begins one, of a file that stands at `path`.
    pub fn begin(
        &self,
        id: String,
        path: PathBuf,
        is_copy: bool,
        account: String,
        region: Option<String>,
    ) -> Result<Draft> {
        let mapping = mapping_beside(&path);
        let mut draft = Draft {
            id,
            path,
            is_copy,
            reading: ReadRecord::default(),
            region,
            account,
            mapping,
            edits: None,
            version: 0,
        };
        self.save(&mut draft)?;
        Ok(draft)
    }

    /// The draft of this name.
    pub fn get(&self, id: &str) -> Option<Draft> {
        if id.is_empty() || !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return None;
        }
        let text = std::fs::read(self.folder_of(id).join(NAME)).ok()?;
        serde_json::from_slice(&text).ok().filter(|draft: &Draft| draft.id == id)
    }

    /// Keeps what was decided.
    pub fn save(&self, draft: &mut Draft) -> Result<()> {
        draft.version += 1;
        let text =
            serde_json::to_vec(draft).map_err(|cause| Error::bug("a draft can't be written").caused_by(cause))?;
        table::write_private(self.folder_of(&draft.id).join(NAME).as_path(), &text)
    }

    /// All of them, those changed last first.
    pub fn all(&self) -> Vec<Draft> {
        let entries = std::fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let mut drafts: Vec<_> = entries
            .filter_map(|entry| {
                let changed = entry.path().join(NAME).metadata().and_then(|there| there.modified()).ok();
                Some((changed, self.get(&entry.file_name().to_string_lossy())?))
            })
            .collect();
        drafts.sort_by(|(one, _), (other, _)| other.cmp(one));
        drafts.into_iter().map(|(_, draft)| draft).collect()
    }

    /// Lets go of a draft, and of the copy of its file; what runs wrote beside the copy stays.
    pub fn remove(&self, draft: &Draft) -> Result<()> {
        let remove = |path: &Path| match std::fs::remove_file(path) {
            Err(cause) if cause.kind() != std::io::ErrorKind::NotFound => {
                Err(Error::stopped(format!("can't be removed: {}", path.display())).at_path(path).caused_by(cause))
            }
            _ => Ok(()),
        };
        let folder = self.folder_of(&draft.id);
        if draft.is_copy && draft.path.starts_with(&folder) {
            remove(&draft.path)?;
            draft
                .mapping
                .iter()
                .chain(&draft.edits)
                .filter(|mapping| mapping.starts_with(&folder))
                .try_for_each(|mapping| remove(mapping))?;
        }
        remove(&folder.join(NAME))?;
        // A folder in which something is left stays.
        drop(std::fs::remove_dir(&folder));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draft_is_kept_found_again_and_let_go_of() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = Drafts::in_state(folder.path());
        let file = folder.path().join("contacts.csv");
        std::fs::write(&file, "phone\n1\n").unwrap();
        let mut draft = drafts.of_file(&file, "sandbox".into(), None).unwrap();
        draft.reading.header_row = Some(3);
        drafts.save(&mut draft).unwrap();
        assert_eq!(drafts.of_file(&file, "other".into(), None).unwrap(), draft, "the same file is the same draft");
        assert_eq!(drafts.all(), [draft.clone()]);
        for name in ["", "..", "../open", "a/b", "nobody"] {
            assert!(drafts.get(name).is_none(), "{name}");
        }
        drafts.remove(&draft).unwrap();
        assert!(drafts.all().is_empty() && file.is_file(), "a file of the person stays");
    }

    #[test]
    fn the_copy_of_a_file_goes_with_its_draft_and_results_stay() {
        let folder = tempfile::tempdir().unwrap();
        let drafts = Drafts::in_state(folder.path());
        let (id, own) = drafts.new_folder().unwrap();
        let copy = own.join("contacts.csv");
        std::fs::write(&copy, "phone\n1\n").unwrap();
        std::fs::write(own.join("contacts.results.csv"), "results").unwrap();
        let draft = drafts.begin(id, copy.clone(), true, "sandbox".into(), None).unwrap();
        drafts.remove(&draft).unwrap();
        assert!(!copy.exists() && own.join("contacts.results.csv").exists());
    }
}
