//! Rows that name one contact, where the mapping chooses between them or merges them.
//!
//! A first pass over the file puts rows that share an identifier into one group; it keeps a hash of 16
//! bytes and a position for each identifier, and afterwards only the rows of groups. In the second pass
//! one row of each group carries the contact and the others are skipped. For a merge the cells of the
//! others wait in a temporary file, of which memory holds positions alone.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read, Result, Seek, SeekFrom, Write};

use super::merge::merge;
use super::seen_keys::Key;
use super::unsent::Unsent;
use crate::contact::{Contact, Outcome, Position, RowError};
use crate::mapping::Duplicates;
use crate::table::{RowBatch, RowView};

/// A row by sheet and line, which it keeps where only some rows of a file are taken.
type Row = (u16, u64);

const fn row_at(position: Position) -> Row {
    (position.sheet, position.line)
}

/// The groups of a file.
#[derive(Debug)]
pub(super) struct Groups {
    policy: Duplicates,
    /// A row with each identifier. Emptied when the second pass begins.
    first: HashMap<Key, (Row, bool)>,
    /// A row nearer to the one that its group is known by; rows that are alone have none.
    parents: HashMap<Row, Row>,
    /// The row that carries each group, by the row that the group is known by. `None` if no row of the
    /// group is to be sent.
    carriers: HashMap<Row, Option<Row>>,
    spool: Option<File>,
    /// The rows that a row to come carries, and where they wait.
    waiting: HashMap<Row, Vec<(Row, u64)>>,
}

impl Groups {
    pub fn new(policy: Duplicates) -> Self {
        Self {
            policy,
            first: HashMap::new(),
            parents: HashMap::new(),
            carriers: HashMap::new(),
            spool: None,
            waiting: HashMap::new(),
        }
    }

    /// Takes note of a usable row. `sent` says whether it is one of the rows to be sent, or was sent before
    /// and only tells who it names.
    pub fn see(&mut self, keys: &[Key], position: Position, sent: bool) {
        let row = row_at(position);
        for key in keys {
            let first = *self.first.entry(*key).or_insert((row, sent));
            if first.0 != row {
                self.join(first, (row, sent));
            }
        }
    }

    fn join(&mut self, one: (Row, bool), other: (Row, bool)) {
        let (one_root, other_root) = (self.root(one.0), self.root(other.0));
        // Values that were sent before can't be sent with a row that isn't sent again.
        let may = |(row, sent): (Row, bool)| (sent || self.policy != Duplicates::Merge).then_some(row);
        let (one, other) = (may(one), may(other));
        let held =
            [self.carriers.remove(&one_root).unwrap_or(one), self.carriers.remove(&other_root).unwrap_or(other), other];
        let candidates = held.into_iter().flatten();
        let carrier = if self.policy == Duplicates::First { candidates.min() } else { candidates.max() };
        let root = one_root.min(other_root);
        self.parents.insert(one_root, root);
        self.parents.insert(other_root, root);
        self.carriers.insert(root, carrier);
    }

    /// The row that the group of a row is known by, with the way there shortened.
    fn root(&mut self, row: Row) -> Row {
        let mut root = row;
        while let Some(parent) = self.parents.get(&root).filter(|parent| **parent != root) {
            root = *parent;
        }
        let mut at = row;
        while let Some(parent) = self.parents.get(&at).copied().filter(|parent| *parent != at) {
            self.parents.insert(at, root);
            at = parent;
        }
        root
    }

    /// What becomes of a usable row: it is sent, as it is or with what others of its group hold, or
    /// another row carries it. `check` makes the contact of a row again.
    pub fn settle(
        &mut self,
        contact: Contact,
        row: &RowView<'_>,
        check: impl Fn(&RowView<'_>) -> Contact,
    ) -> std::result::Result<Contact, Unsent> {
        self.first = HashMap::new();
        let position = row.position();
        let here = row_at(position);
        let root = self.root(here);
        let Some(Some(carrier)) = self.carriers.get(&root).copied() else { return Ok(contact) };
        if carrier == here {
            let waiting = self.waiting.remove(&carrier).unwrap_or_default();
            return self.gathered(contact, position, waiting, check);
        }
        let (sheet, line) = carrier;
        let sheet = if sheet == position.sheet { String::new() } else { format!(" of sheet {}", u32::from(sheet) + 1) };
        let (code, message) = if self.policy == Duplicates::Merge {
            match self.keep(row) {
                Ok(at) => self.waiting.entry(carrier).or_default().push((here, at)),
                Err(error) => return Err(unreadable(&error)),
            }
            ("duplicate.merged", format!("line {line}{sheet} names the same contact and carries this row's values"))
        } else {
            (
                "duplicate.left_out",
                format!("line {line}{sheet} names the same contact and is sent in place of this row"),
            )
        };
        Err(Unsent { outcome: Outcome::Skipped, errors: vec![RowError::of_row(code, message)] })
    }

    /// The contact of a whole group, in the order of its rows.
    fn gathered(
        &mut self,
        own: Contact,
        position: Position,
        mut waiting: Vec<(Row, u64)>,
        check: impl Fn(&RowView<'_>) -> Contact,
    ) -> std::result::Result<Contact, Unsent> {
        waiting.sort_unstable();
        let here = row_at(position);
        let mut all = Vec::with_capacity(waiting.len() + 1);
        let mut own = Some(own);
        for (row, at) in waiting {
            if row > here {
                all.extend(own.take().map(|own| (here.1, own)));
            }
            let mut batch = RowBatch::new();
            batch.begin_row(Position { sheet: row.0, line: row.1, ..position });
            self.fetch(at, &mut batch).map_err(|error| unreadable(&error))?;
            all.push((row.1, check(&batch.row(0))));
        }
        all.extend(own.map(|own| (here.1, own)));
        Ok(merge(all))
    }

    /// Writes the cells of a row behind those that wait; returns where.
    fn keep(&mut self, row: &RowView<'_>) -> Result<u64> {
        let file = match &mut self.spool {
            Some(file) => file,
            none => none.insert(tempfile::tempfile()?),
        };
        let at = file.seek(SeekFrom::End(0))?;
        let mut bytes = Vec::new();
        bytes.extend((row.len() as u64).to_le_bytes());
        for cell in row.cells() {
            bytes.extend((cell.len() as u64).to_le_bytes());
            bytes.extend(cell.as_bytes());
        }
        file.write_all(&bytes)?;
        Ok(at)
    }

    /// Reads the cells of a row that waits.
    fn fetch(&mut self, at: u64, batch: &mut RowBatch) -> Result<()> {
        let Some(file) = &mut self.spool else { return Err(std::io::ErrorKind::NotFound.into()) };
        file.seek(SeekFrom::Start(at))?;
        let mut reader = std::io::BufReader::new(file);
        let mut number = [0; 8];
        reader.read_exact(&mut number)?;
        for _ in 0..u64::from_le_bytes(number) {
            reader.read_exact(&mut number)?;
            let mut cell = String::new();
            let length = u64::from_le_bytes(number);
            let read = reader.by_ref().take(length).read_to_string(&mut cell)?;
            if read as u64 != length {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            batch.push_cell(&cell);
        }
        Ok(())
    }
}

fn unreadable(error: &std::io::Error) -> Unsent {
    let message = format!("rows that name one contact can't be kept in a temporary file: {error}");
    Unsent { outcome: Outcome::Rejected, errors: vec![RowError::of_row("duplicate.not_merged", message)] }
}
