use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, OpenFlags, Row, ToSql, params_from_iter};

use super::super::copying::{Cell, CopiedStore, Record, Table};
use super::errors;
use crate::error::Result;

/// A ledger in a file while it is copied.
struct CopiedFile {
    db: Connection,
    path: PathBuf,
}

/// The ledger in this file, to be copied or to be copied into.
///
/// # Errors
/// Of kind `Stopped`: it can't be opened.
pub(in crate::ledger) fn copied(path: &Path) -> Result<Box<dyn CopiedStore>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)
        .and_then(|db| {
            db.busy_timeout(errors::BUSY)?;
            db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; BEGIN")?;
            Ok(db)
        })
        .map_err(|error| errors::described(path, error))?;
    Ok(Box::new(CopiedFile { db, path: path.to_owned() }))
}

impl CopiedFile {
    fn described<T>(&self, outcome: rusqlite::Result<T>) -> Result<T> {
        outcome.map_err(|error| errors::described(&self.path, error))
    }
}

impl CopiedStore for CopiedFile {
    fn read(&mut self, table: &Table, after: Option<&Record>, at_most: usize) -> Result<Vec<Record>> {
        let (names, key) = (table.names(), table.key_names());
        let behind = match after {
            Some(_) => format!("WHERE ({key}) > ({})", marks(1, table.key)),
            None => String::new(),
        };
        let query = format!("SELECT {names} FROM {} {behind} ORDER BY {key} LIMIT {at_most}", table.name);
        let found = (|| {
            let mut statement = self.db.prepare_cached(&query)?;
            let behind = after.into_iter().flat_map(|record| record.iter().take(table.key));
            let read = |row: &Row<'_>| (0..table.columns.len()).map(|column| cell(row, column)).collect();
            statement.query_map(params_from_iter(behind), read)?.collect()
        })();
        self.described(found)
    }

    fn write(&mut self, table: &Table, records: &[Record]) -> Result<()> {
        let (fixed, value) = table
            .fixed
            .map_or((String::new(), String::new()), |(name, value)| (format!(", {name}"), format!(", {value}")));
        let insert = format!(
            "INSERT INTO {} ({}{fixed}) VALUES ({}{value})",
            table.name,
            table.names(),
            marks(1, table.columns.len())
        );
        let written = (|| {
            let mut statement = self.db.prepare_cached(&insert)?;
            records.iter().try_for_each(|record| statement.execute(params_from_iter(record)).map(drop))
        })();
        self.described(written)
    }

    fn finish(&mut self) -> Result<()> {
        self.described(self.db.execute_batch("COMMIT"))
    }
}

fn marks(from: usize, count: usize) -> String {
    (from..from + count).map(|number| format!("?{number}")).collect::<Vec<_>>().join(", ")
}

fn cell(row: &Row<'_>, column: usize) -> rusqlite::Result<Cell> {
    Ok(match row.get_ref(column)? {
        ValueRef::Integer(number) => Cell::Int(number),
        ValueRef::Text(text) => Cell::Text(std::str::from_utf8(text)?.to_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
        ValueRef::Null | ValueRef::Real(_) => Cell::Null,
    })
}

impl ToSql for Cell {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Self::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
