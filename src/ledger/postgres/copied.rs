use tokio::runtime::Runtime;
use tokio_postgres::{Client, Row};

use super::super::copying::{Cell, ColumnKind, CopiedStore, Record, Table};
use super::errors::Trouble;
use super::opening::{PostgresPlace, opened_for_copying};
use super::sql::{Value, execute, rows, v};
use crate::error::Result;

/// A ledger in a database while it is copied.
struct CopiedDatabase {
    runtime: Runtime,
    client: Client,
    shown: String,
}

/// The ledger in this database, to be copied or to be copied into. Not to be asked for within a runtime.
///
/// # Errors
/// As for [`open`](super::open).
pub(in crate::ledger) fn copied(place: &PostgresPlace) -> Result<Box<dyn CopiedStore>> {
    let (runtime, client) = opened_for_copying(place)?;
    let store = CopiedDatabase { runtime, client, shown: place.shown().to_owned() };
    let begun = store.runtime.block_on(store.client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ"));
    store.described(begun.map_err(Trouble::from))?;
    Ok(Box::new(store))
}

impl CopiedDatabase {
    fn described<T>(&self, outcome: std::result::Result<T, Trouble>) -> Result<T> {
        outcome.map_err(|trouble| trouble.described(&self.shown))
    }
}

impl CopiedStore for CopiedDatabase {
    fn read(&mut self, table: &Table, after: Option<&Record>, at_most: usize) -> Result<Vec<Record>> {
        let (names, key) = (table.names(), table.key_names());
        let marks: Vec<String> = (1..=table.key).map(|number| format!("${number}")).collect();
        let behind = match after {
            Some(_) => format!("WHERE ({key}) > ({})", marks.join(", ")),
            None => String::new(),
        };
        let query = format!("SELECT {names} FROM rolo.{} {behind} ORDER BY {key} LIMIT {at_most}", table.name);
        let behind: Vec<Value<'_>> =
            after.into_iter().flat_map(|record| record.iter().take(table.key)).filter_map(value).collect();
        let found = self.runtime.block_on(rows(&self.client, &query, &behind));
        let read = |row: &Row| {
            let columns = table.columns.iter().enumerate();
            columns.map(|(column, (_, kind))| cell(row, column, *kind)).collect::<std::result::Result<_, Trouble>>()
        };
        self.described(found.and_then(|rows| rows.iter().map(read).collect()))
    }

    fn write(&mut self, table: &Table, records: &[Record]) -> Result<()> {
        let columns: Vec<Column> =
            table.columns.iter().enumerate().map(|(at, (_, kind))| Column::of(records, at, *kind)).collect();
        let marks: Vec<String> = (1..=columns.len()).map(|number| format!("${number}")).collect();
        let (fixed, value) = table
            .fixed
            .map_or((String::new(), String::new()), |(name, value)| (format!(", {name}"), format!(", {value}")));
        let insert = format!(
            "INSERT INTO rolo.{name} ({}{fixed}) SELECT *{value} FROM unnest({})",
            table.names(),
            marks.join(", "),
            name = table.name
        );
        let values: Vec<Value<'_>> = columns.iter().map(Column::value).collect();
        let written = self.runtime.block_on(async {
            execute(&self.client, &insert, &values).await?;
            if table.numbered {
                // Numbers go on behind the last.
                let go_on = format!(
                    "SELECT setval(pg_get_serial_sequence('rolo.{name}', 'id'), max(id)) FROM rolo.{name}",
                    name = table.name
                );
                rows(&self.client, &go_on, &[]).await?;
            }
            Ok(())
        });
        self.described(written)
    }

    fn finish(&mut self) -> Result<()> {
        let finished = self.runtime.block_on(self.client.batch_execute("COMMIT"));
        self.described(finished.map_err(Trouble::from))
    }
}

/// The values of one column of several records.
enum Column {
    Ints(Vec<Option<i64>>),
    Texts(Vec<Option<String>>),
    Bytes(Vec<Option<Vec<u8>>>),
}

impl Column {
    fn of(records: &[Record], at: usize, kind: ColumnKind) -> Self {
        let cells = records.iter().map(|record| record.get(at).unwrap_or(&Cell::Null));
        match kind {
            ColumnKind::Int => {
                Self::Ints(cells.map(|cell| if let Cell::Int(number) = cell { Some(*number) } else { None }).collect())
            }
            ColumnKind::Text => Self::Texts(
                cells.map(|cell| if let Cell::Text(text) = cell { Some(text.clone()) } else { None }).collect(),
            ),
            ColumnKind::Bytes => Self::Bytes(
                cells.map(|cell| if let Cell::Bytes(bytes) = cell { Some(bytes.clone()) } else { None }).collect(),
            ),
        }
    }

    fn value(&self) -> Value<'_> {
        match self {
            Self::Ints(values) => v(values),
            Self::Texts(values) => v(values),
            Self::Bytes(values) => v(values),
        }
    }
}

/// A value that is there.
fn value(cell: &Cell) -> Option<Value<'_>> {
    match cell {
        Cell::Null => None,
        Cell::Int(number) => Some(v(number)),
        Cell::Text(text) => Some(v(text)),
        Cell::Bytes(bytes) => Some(v(bytes)),
    }
}

fn cell(row: &Row, column: usize, kind: ColumnKind) -> std::result::Result<Cell, Trouble> {
    Ok(match kind {
        ColumnKind::Int => row.try_get::<_, Option<i64>>(column)?.map_or(Cell::Null, Cell::Int),
        ColumnKind::Text => row.try_get::<_, Option<String>>(column)?.map_or(Cell::Null, Cell::Text),
        ColumnKind::Bytes => row.try_get::<_, Option<Vec<u8>>>(column)?.map_or(Cell::Null, Cell::Bytes),
    })
}
