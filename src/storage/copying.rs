use std::fs::File;
use std::io::{Seek as _, Write as _};

use serde::{Deserialize, Serialize};

use super::{StorageOptions, no_room};
use crate::error::Result;

/// Which of the objects that have stood under an address it was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Where the storage keeps versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// Of its bytes, in hexadecimal digits; empty where only a listing told of it.
    pub digest: String,
}

/// What an address named, copied.
#[derive(Debug)]
pub struct Copied {
    /// At its first byte.
    pub file: File,
    pub pin: Pin,
}

/// A copy that is being made.
pub struct Copying {
    file: File,
    folder: std::path::PathBuf,
    hasher: blake3::Hasher,
    pub bytes: u64,
}

impl Copying {
    pub fn new(options: &StorageOptions, file: File) -> Self {
        let folder = options.folder.clone().unwrap_or_default();
        Self { file, folder, hasher: blake3::Hasher::new(), bytes: 0 }
    }

    pub fn add(&mut self, chunk: &[u8]) -> Result<()> {
        self.hasher.update(chunk);
        self.bytes += chunk.len() as u64;
        self.file.write_all(chunk).map_err(|cause| no_room(&self.folder, cause))
    }

    /// Forgets what came, to begin anew.
    pub fn restart(&mut self) -> Result<()> {
        self.hasher.reset();
        self.bytes = 0;
        let emptied = self.file.set_len(0).and_then(|()| self.file.rewind());
        emptied.map_err(|cause| no_room(&self.folder, cause))
    }

    pub fn finish(mut self, version: Option<String>, etag: Option<String>) -> Result<Copied> {
        self.file.rewind().map_err(|cause| no_room(&self.folder, cause))?;
        // The word of a store that keeps no versions for the one that there is.
        let version = version.filter(|version| version != "null");
        let digest = self.hasher.finalize().to_hex().to_string();
        Ok(Copied { file: self.file, pin: Pin { version, etag, digest } })
    }
}
