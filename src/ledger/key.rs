use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::KeyFile;
use super::vault::Vault;
use crate::error::{Error, Result};
use crate::journal::Hasher;
use crate::platform;

/// Bytes of one key.
const KEY: usize = 32;

/// The key of one ledger, which never lies in it, so that a copy of the ledger gives nobody away. Of its
/// halves one makes the ledger's hashes, one seals its values.
#[derive(Clone)]
pub struct LedgerKey {
    hashing: [u8; KEY],
    sealing: [u8; KEY],
}

/// Where the key of a ledger comes from: from outside its store, whatever that is.
#[derive(Clone, Debug)]
pub enum KeySource {
    /// A file readable by its owner alone, which is made together with the ledger.
    File(PathBuf),
    /// Handed over as it is: for ledgers that are gone when they are closed.
    Given(LedgerKey),
    /// Handed over by somebody, in words that say by whom.
    From(&'static str, LedgerKey),
}

impl KeySource {
    /// The file that is called as the ledger is, and ends in `.key`.
    pub fn beside(ledger: &Path) -> Self {
        Self::File(ledger.with_extension("key"))
    }

    /// The key of a ledger that is there.
    ///
    /// # Errors
    /// Of kind `Stopped`, naming the file: it isn't there, can't be read, or is no key.
    pub(super) fn read(&self) -> Result<LedgerKey> {
        match self {
            Self::File(path) => LedgerKey::read(path),
            Self::Given(key) | Self::From(_, key) => Ok(key.clone()),
        }
    }

    /// The key for a ledger that is made now: `made`, durable when this returns, unless there is one.
    ///
    /// # Errors
    /// As for [`Self::read`].
    pub(super) fn keep(&self, made: LedgerKey) -> Result<LedgerKey> {
        match self {
            Self::File(path) => {
                if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
                    platform::make_private_folder(folder).map_err(|error| unreadable(path, error))?;
                }
                made.keep(path)
            }
            Self::Given(key) | Self::From(_, key) => Ok(key.clone()),
        }
    }

    /// What a person knows it by.
    pub(super) fn place(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Given(_) => "the key that was handed over".to_owned(),
            Self::From(whom, _) => (*whom).to_owned(),
        }
    }

    /// How the key stands. `check` is by what the ledger knows its own, where that can be read.
    pub(super) fn standing(&self, check: Option<&[u8]>) -> KeyFile {
        let read = match self {
            Self::File(path) => LedgerKey::in_file(path),
            Self::Given(key) | Self::From(_, key) => Ok(key.clone()),
        };
        match read {
            Ok(key) if check.is_some_and(|check| check != key.check()) => KeyFile::Another,
            Ok(_) => KeyFile::There,
            Err(KeyFault::Missing) => KeyFile::Missing,
            Err(KeyFault::Exposed(_)) => KeyFile::Exposed,
            Err(KeyFault::NoKey | KeyFault::Unreadable(_)) => KeyFile::Unreadable,
        }
    }
}

/// Why a file gives no key.
enum KeyFault {
    Missing,
    /// Others may read or change it; with its mode.
    Exposed(u32),
    NoKey,
    Unreadable(io::Error),
}

impl From<io::Error> for KeyFault {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::NotFound { Self::Missing } else { Self::Unreadable(error) }
    }
}

impl KeyFault {
    fn described(self, path: &Path) -> Error {
        let shown = path.display();
        let (message, hint) = match self {
            Self::Missing => (
                format!("the ledger's key is missing: {shown}"),
                "put the file back: ledger and key belong together, and without its key a ledger can't be read; \
                 to begin anew, move the ledger away or name another folder with --state-dir"
                    .to_owned(),
            ),
            Self::Exposed(mode) => (
                format!("others can read or change the ledger's key (mode {mode:03o}): {shown}"),
                format!("chmod 600 {shown}: it opens what the ledger keeps of people"),
            ),
            Self::NoKey => (
                format!("the file is no key of a ledger: {shown}"),
                "put back the file that lay beside the ledger".to_owned(),
            ),
            Self::Unreadable(error) => return unreadable(path, error),
        };
        Error::stopped(message).at_path(path).hint(hint)
    }
}

/// The key is none that the ledger knows.
pub(super) fn another(key: &KeySource) -> Error {
    Error::stopped(format!("the key is another ledger's: {}", key.place()))
        .hint("put back the file that lay beside the ledger; ledger and key belong together")
}

impl std::fmt::Debug for LedgerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LedgerKey([redacted])")
    }
}

impl LedgerKey {
    /// The key of these halves.
    pub const fn new(hashing: [u8; KEY], sealing: [u8; KEY]) -> Self {
        Self { hashing, sealing }
    }

    /// A key that nobody has had before.
    ///
    /// # Errors
    /// Of kind `Stopped` if the system gives no random bytes.
    pub fn random() -> Result<Self> {
        let mut both = [[0; KEY]; 2];
        for half in &mut both {
            getrandom::fill(half)
                .map_err(|error| Error::stopped("the system gives no random bytes for a key").caused_by(error))?;
        }
        let [hashing, sealing] = both;
        Ok(Self { hashing, sealing })
    }

    /// The key that is written so, in hexadecimal digits: as a file of it would be.
    ///
    /// # Errors
    /// Of kind `Usage`, without showing it: it is written otherwise.
    pub fn from_hex(text: &str) -> Result<Self> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let bytes: Option<Vec<u8>> = text
            .trim()
            .as_bytes()
            .chunks(2)
            .map(|pair| Some((digit(*pair.first()?)? << 4) | digit(*pair.get(1)?)?))
            .collect();
        bytes.and_then(|bytes| Self::decode(&bytes)).ok_or_else(|| {
            Error::usage("the key of the ledger is not written in 128 hexadecimal digits")
                .hint("`xxd -p -c 64 ledger.key` writes that of a file so")
        })
    }

    /// This key with another half for the hashes: that of a ledger of an early version, which held it.
    pub(super) fn with_hashing(self, hashing: [u8; KEY]) -> Self {
        Self { hashing, ..self }
    }

    pub(super) fn hashes_with(&self, hashing: &[u8; KEY]) -> bool {
        self.hashing == *hashing
    }

    pub(super) fn hasher(&self) -> Hasher {
        Hasher::new(self.hashing)
    }

    pub(super) fn vault(&self) -> Vault {
        Vault::new(&self.sealing)
    }

    /// By what a ledger knows its own key again, without holding it.
    pub(super) fn check(&self) -> [u8; KEY] {
        let both = [self.hashing, self.sealing].concat();
        blake3::derive_key("rolo ledger key check 1", &both)
    }

    /// The key in this file.
    ///
    /// # Errors
    /// Of kind `Stopped`, naming the file: it isn't there, can't be read, can be by others, or is no key.
    fn read(path: &Path) -> Result<Self> {
        Self::in_file(path).map_err(|fault| fault.described(path))
    }

    fn in_file(path: &Path) -> std::result::Result<Self, KeyFault> {
        let mut file = File::open(path)?;
        let metadata = file.metadata()?;
        if let Some(mode) = platform::mode(&metadata).filter(|mode| mode & 0o077 != 0)
            && !platform::is_on_a_read_only_mount(&file)
        {
            return Err(KeyFault::Exposed(mode));
        }
        let mut bytes = Vec::new();
        io::Read::read_to_end(&mut file, &mut bytes)?;
        Self::decode(&bytes).ok_or(KeyFault::NoKey)
    }

    /// Puts this key into the file, whole and synced; or gives the one that is in it already.
    ///
    /// # Errors
    /// As for [`Self::read`].
    fn keep(self, path: &Path) -> Result<Self> {
        match self.write(path) {
            Ok(()) => Ok(self),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Self::read(path),
            Err(error) => Err(unreadable(path, error)),
        }
    }

    fn write(&self, path: &Path) -> io::Result<()> {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        // A temporary file is readable by its owner alone from the beginning.
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, &[self.hashing, self.sealing].concat())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        // The name must outlast a power cut as well: the ledger is of no use without it.
        platform::sync_folder(folder)
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (hashing, sealing) = bytes.split_at_checked(KEY)?;
        Some(Self { hashing: hashing.try_into().ok()?, sealing: sealing.try_into().ok()? })
    }
}

fn unreadable(path: &Path, error: io::Error) -> Error {
    Error::stopped(format!("the ledger's key can't be read or made: {}", path.display()))
        .at_path(path)
        .hint("it lies beside the ledger, readable by you alone; check that the folder exists and is yours")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_key_file_is_made_once_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.key");
        let missing = LedgerKey::read(&path).err().unwrap();
        assert!(missing.message.starts_with("the ledger's key is missing: "), "{missing}");
        let made = LedgerKey::new([1; 32], [2; 32]).keep(&path).unwrap();
        for again in [LedgerKey::new([3; 32], [4; 32]).keep(&path).unwrap(), LedgerKey::read(&path).unwrap()] {
            assert_eq!(again.check(), made.check());
        }
        assert_ne!(LedgerKey::new([1; 32], [3; 32]).check(), made.check());
        assert!(platform::mode(&fs::metadata(&path).unwrap()).is_none_or(|mode| mode == 0o600));
        for wrong in [&[0_u8; 63][..], &[0; 65], b""] {
            fs::write(&path, wrong).unwrap();
            assert!(LedgerKey::read(&path).is_err() && LedgerKey::new([1; 32], [2; 32]).keep(&path).is_err());
        }
    }
}
