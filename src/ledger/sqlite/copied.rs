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
    /// Whether it is the source: what a file keeps in fewer bytes is then read as every store keeps it.
    is_source: bool,
}

/// Records that a file keeps beside others, as a table of their own, in the order of its key.
const APART: [(&str, &str); 3] = [
    (
        "call",
        "CREATE TEMP TABLE IF NOT EXISTS copied_call AS SELECT * FROM main.call;
         CREATE INDEX IF NOT EXISTS temp.copied_call_key ON copied_call (run_id, row, step)",
    ),
    (
        "row_key",
        "CREATE TEMP TABLE IF NOT EXISTS copied_row_key AS SELECT key, run_id, row FROM main.row_key
         UNION SELECT substr(key, 1, 8), run_id, row FROM contact_key WHERE run_id IS NOT NULL;
         CREATE INDEX IF NOT EXISTS temp.copied_row_key_key ON copied_row_key (key, run_id, row)",
    ),
    (
        "creating",
        "CREATE TEMP TABLE IF NOT EXISTS copied_creating AS
         SELECT account_id, key, run_id, row, since, made FROM main.creating
         UNION ALL SELECT account_id, key, run_id, row, made, made FROM contact_key WHERE made IS NOT NULL;
         CREATE INDEX IF NOT EXISTS temp.copied_creating_key ON copied_creating (account_id, key)",
    ),
];

/// The ledger in this file, to be copied.
///
/// # Errors
/// Of kind `Stopped`: it can't be opened.
pub(in crate::ledger) fn copied(path: &Path) -> Result<Box<dyn CopiedStore>> {
    opened(path, true)
}

/// The ledger in this file, to be copied into.
///
/// # Errors
/// As for [`copied`].
pub(in crate::ledger) fn copied_into(path: &Path) -> Result<Box<dyn CopiedStore>> {
    opened(path, false)
}

fn opened(path: &Path, is_source: bool) -> Result<Box<dyn CopiedStore>> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(path, flags)
        .and_then(|db| {
            db.busy_timeout(errors::BUSY)?;
            db.execute_batch("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; BEGIN")?;
            Ok(db)
        })
        .map_err(|error| errors::described(path, error))?;
    Ok(Box::new(CopiedFile { db, path: path.to_owned(), is_source }))
}

impl CopiedFile {
    fn described<T>(&self, outcome: rusqlite::Result<T>) -> Result<T> {
        outcome.map_err(|error| errors::described(&self.path, error))
    }

    /// Where the records of a table stand as every store keeps them.
    fn as_everywhere(&self, table: &Table) -> rusqlite::Result<String> {
        if table.name == "before_image" {
            let created = r#"coalesce(change, '{"created":true}') AS change"#;
            let columns = "run_id, number, row, account_id, contact_id";
            return Ok(format!("(SELECT {columns}, {created} FROM before_image)"));
        }
        match APART.iter().find(|(name, _)| self.is_source && *name == table.name) {
            Some((name, make)) => {
                self.db.execute_batch(make)?;
                Ok(format!("temp.copied_{name}"))
            }
            None => Ok(table_of(table).to_owned()),
        }
    }
}

/// The table into which records are written.
fn table_of(table: &Table) -> &'static str {
    if table.name == "call" { "open_call" } else { table.name }
}

impl CopiedStore for CopiedFile {
    fn read(&mut self, table: &Table, after: Option<&Record>, at_most: usize) -> Result<Vec<Record>> {
        let (names, key) = (table.names(), table.key_names());
        let behind = match after {
            Some(_) => format!("WHERE ({key}) > ({})", marks(1, table.key)),
            None => String::new(),
        };
        let found = (|| {
            let from = self.as_everywhere(table)?;
            let query = format!("SELECT {names} FROM {from} {behind} ORDER BY {key} LIMIT {at_most}");
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
            table_of(table),
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
