use std::path::PathBuf;

/// How a ledger stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// The ledger's file.
    pub place: PathBuf,
    /// Of the schema it has.
    pub version: u64,
    /// Of the newest schema that this rolo knows.
    pub newest: u64,
    /// On the disk, its log included.
    pub bytes: u64,
    /// The file of its key.
    pub key: (PathBuf, KeyFile),
    /// What it holds, in words, and how many.
    pub counts: Vec<(&'static str, u64)>,
    /// What is wrong with it, in words; empty if nothing was found.
    pub damage: Vec<String>,
    /// What to do about damage, in words.
    pub cure: &'static str,
}

/// Whether the file of a ledger's key is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// It is.
    There,
    /// It is not, and the ledger can't be opened.
    Missing,
}

impl KeyFile {
    /// As the screen writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Missing => "missing",
        }
    }
}
