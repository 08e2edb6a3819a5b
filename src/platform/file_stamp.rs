use std::fs::Metadata;

use super::system;

/// By what a file is known to be the same, with the same content: where it lies, how long it is, and when it was
/// last written, as finely as the system tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStamp {
    place: Option<(u64, u64)>,
    bytes: u64,
    written: Option<(i64, i64)>,
}

impl FileStamp {
    /// The stamp of the file that this was read of.
    pub fn of(metadata: &Metadata) -> Self {
        Self { place: system::place(metadata), bytes: metadata.len(), written: system::written(metadata) }
    }

    /// Whether the file was last written at this second of the Unix epoch or before, as far as the system tells.
    pub fn is_written_by(&self, second: u64) -> bool {
        self.written.is_some_and(|(written, _)| i64::try_from(second).is_ok_and(|second| written <= second))
    }

    /// How long the file is.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }
}
