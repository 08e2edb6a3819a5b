use std::path::{Path, PathBuf};

use super::postgres::{self, PostgresPlace};
use super::sqlite;
use super::{KeySource, LedgerHandle, Status};
use crate::error::Result;

/// What the key of a ledger is called in a state folder.
const KEY_NAME: &str = "ledger.key";

/// Where a ledger is, and where its key is.
#[derive(Clone, Debug)]
pub enum LedgerPlace {
    /// In a file of this machine.
    File {
        /// The file.
        path: PathBuf,
        /// Where its key is.
        key: KeySource,
    },
    /// In a database, for any number of machines.
    Postgres(Box<PostgresPlace>),
}

impl LedgerPlace {
    /// The ledger in a state folder, with its key beside it.
    pub fn in_folder(folder: &Path) -> Self {
        Self::File { path: folder.join(sqlite::FILE_NAME), key: Self::key_in(folder) }
    }

    /// The key of a state folder's ledger.
    pub fn key_in(folder: &Path) -> KeySource {
        KeySource::File(folder.join(KEY_NAME))
    }

    /// Opens it. One in a file is made if there is none, and brought up to date.
    ///
    /// # Errors
    ///
    /// As for [`sqlite::open`] and [`postgres::open`].
    pub fn open(&self) -> Result<LedgerHandle> {
        match self {
            Self::File { path, key } => sqlite::open(path, key),
            Self::Postgres(place) => postgres::open(place),
        }
    }

    /// Makes it, if there is none, or brings it up to date. Returns from which version, 0 for none, and to which.
    ///
    /// # Errors
    ///
    /// As for [`Self::open`] and [`postgres::migrate`].
    pub fn migrate(&self) -> Result<(u64, u64)> {
        match self {
            Self::File { path, key } => {
                let before = sqlite::status(path, key)?.map_or(0, |status| status.version);
                drop(sqlite::open(path, key)?);
                Ok((before, sqlite::status(path, key)?.map_or(0, |status| status.version)))
            }
            Self::Postgres(place) => postgres::migrate(place),
        }
    }

    /// How it stands, damaged or not; `None` if there is none.
    ///
    /// # Errors
    ///
    /// As for [`sqlite::status`] and [`postgres::status`].
    pub fn status(&self) -> Result<Option<Status>> {
        match self {
            Self::File { path, key } => sqlite::status(path, key),
            Self::Postgres(place) => postgres::status(place),
        }
    }

    /// Whether there may be one: a file that isn't there holds none for sure.
    pub fn may_exist(&self) -> bool {
        match self {
            Self::File { path, .. } => path.exists(),
            Self::Postgres(_) => true,
        }
    }

    /// What a person knows it by, without a password.
    pub fn shown(&self) -> String {
        match self {
            Self::File { path, .. } => path.display().to_string(),
            Self::Postgres(place) => place.shown().to_owned(),
        }
    }
}
