use super::tables::Table;
use crate::error::Result;

/// One value of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Cell {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// A record, in the order of its table's columns.
pub(in crate::ledger) type Record = Vec<Cell>;

/// A ledger from which, or into which, one is copied: in one transaction, which is kept by `finish` alone.
pub(in crate::ledger) trait CopiedStore {
    /// The next records of a table behind one, in the order of its key.
    fn read(&mut self, table: &Table, after: Option<&Record>, at_most: usize) -> Result<Vec<Record>>;

    /// Adds records.
    fn write(&mut self, table: &Table, records: &[Record]) -> Result<()>;

    /// Keeps what was written.
    fn finish(&mut self) -> Result<()>;
}

impl Cell {
    pub(super) fn digest(&self, digest: &mut blake3::Hasher) {
        let (kind, bytes) = match self {
            Self::Null => (0, &[][..]),
            Self::Int(number) => {
                digest.update(&[1]).update(&number.to_le_bytes());
                return;
            }
            Self::Text(text) => (2, text.as_bytes()),
            Self::Bytes(bytes) => (3, bytes.as_slice()),
        };
        digest.update(&[kind]).update(&(bytes.len() as u64).to_le_bytes()).update(bytes);
    }
}
