//! Rows that have ended, and what a run changed, as one transaction adds to them.

use std::collections::{BTreeMap, BTreeSet};

use tokio_postgres::{Client, Row};

use super::super::stored::{Damaged, StoredRow, back, decode_change, encode_change, encode_errors, int, row_key};
use super::calls::{small, status};
use super::errors::Trouble;
use super::names::Names;
use super::sql::{Pipeline, row, rows, v};
use crate::contact::{IdentifierKind, Position, RemoteId, RowRecord};
use crate::journal::{BeforeImage, Hasher, Key, RunId};

/// The rows that a transaction ends.
#[derive(Default)]
pub(super) struct Ended {
    records: BTreeMap<u64, (Position, RowRecord)>,
    keys: BTreeSet<(Vec<u8>, u64)>,
}

impl Ended {
    pub(super) fn end(&mut self, position: Position, record: &RowRecord, keys: &[Key], hasher: &Hasher) {
        let by_id = record.contact_id.as_ref().map(|id| hasher.key(IdentifierKind::Id.name(), &id.0));
        self.keys.extend(keys.iter().chain(&by_id).map(|key| (row_key(key).to_vec(), position.index)));
        self.records.insert(position.index, (position, record.clone()));
    }

    /// As columns.
    pub(super) fn changes(&self) -> EndChanges {
        let mut changes = EndChanges::default();
        for (row, (position, record)) in &self.records {
            changes.rows.push(int(*row));
            changes.lines.push(int(position.line));
            changes.sheets.push(i64::from(position.sheet));
            changes.outcomes.push(record.outcome.name());
            changes.contacts.push(record.contact_id.as_ref().map(|id| id.0.clone()));
            changes.calls.push(i64::from(record.calls));
            changes.attempts.push(i64::from(record.attempts));
            changes.statuses.push(record.http_status.map(i64::from));
            changes.errors.push(encode_errors(&record.errors));
        }
        for (key, row) in &self.keys {
            changes.keys.0.push(key.clone());
            changes.keys.1.push(int(*row));
        }
        changes
    }
}

/// What a transaction changes of rows that have ended.
#[derive(Default)]
pub(super) struct EndChanges {
    rows: Vec<i64>,
    lines: Vec<i64>,
    sheets: Vec<i64>,
    outcomes: Vec<&'static str>,
    contacts: Vec<Option<String>>,
    calls: Vec<i64>,
    attempts: Vec<i64>,
    statuses: Vec<Option<i64>>,
    errors: Vec<Option<String>>,
    keys: (Vec<Vec<u8>>, Vec<i64>),
}

impl EndChanges {
    pub(super) async fn send<'a>(&'a self, run: &'a i64, pipeline: &mut Pipeline<'a>) {
        const PUT: &str = "INSERT INTO rolo.row_record
            (run_id, row, line, sheet, outcome, contact_id, calls, attempts, http_status, errors)
            SELECT $1, * FROM unnest($2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (run_id, row) DO UPDATE SET line = excluded.line, sheet = excluded.sheet,
            outcome = excluded.outcome, contact_id = excluded.contact_id, calls = excluded.calls,
            attempts = excluded.attempts, http_status = excluded.http_status, errors = excluded.errors";
        const CLOSE: &str = "DELETE FROM rolo.open_row WHERE run_id = $1 AND row = ANY($2)";
        const LEAD: &str = "INSERT INTO rolo.row_key (key, run_id, row)
            SELECT key, $1, row FROM unnest($2, $3) AS new (key, row) ON CONFLICT DO NOTHING";
        let Self { rows, lines, sheets, outcomes, contacts, calls, attempts, statuses, errors, keys } = self;
        if rows.is_empty() {
            return;
        }
        let values = vec![
            v(run),
            v(rows),
            v(lines),
            v(sheets),
            v(outcomes),
            v(contacts),
            v(calls),
            v(attempts),
            v(statuses),
            v(errors),
        ];
        pipeline.send(PUT, values).await;
        pipeline.send(CLOSE, vec![v(run), v(rows)]).await;
        if !keys.0.is_empty() {
            pipeline.send(LEAD, vec![v(run), v(&keys.0), v(&keys.1)]).await;
        }
    }
}

pub(super) async fn placed_rows(
    client: &Client,
    run: &RunId,
    from: u64,
    at_most: usize,
) -> Result<Vec<(Position, RowRecord)>, Trouble> {
    let query =
        "SELECT row, line, sheet, outcome, contact_id, calls, attempts, http_status, errors FROM rolo.row_record
        WHERE run_id = (SELECT id FROM rolo.run WHERE name = $1) AND row >= $2 ORDER BY row LIMIT $3";
    let found = rows(client, query, &[v(&run.0), v(&int(from)), v(&int(at_most as u64))]).await?;
    found.iter().map(read).collect()
}

fn read(row: &Row) -> Result<(Position, RowRecord), Trouble> {
    let stored = StoredRow {
        row: row.try_get(0)?,
        line: row.try_get(1)?,
        sheet: u16::try_from(row.try_get::<_, i64>(2)?).unwrap_or(u16::MAX),
        outcome: row.try_get(3)?,
        contact_id: row.try_get(4)?,
        calls: small(row.try_get(5)?),
        attempts: small(row.try_get(6)?),
        http_status: status(row.try_get(7)?),
        errors: row.try_get(8)?,
    };
    Ok(stored.read()?)
}

pub(super) async fn open_rows(client: &Client, run: &RunId) -> Result<Vec<u64>, Trouble> {
    let query = "SELECT row FROM rolo.open_row WHERE run_id = (SELECT id FROM rolo.run WHERE name = $1) ORDER BY row";
    let found = rows(client, query, &[v(&run.0)]).await?;
    found.iter().map(|row| Ok(back(row.try_get(0)?))).collect()
}

/// Rows that no call was made for, of which one that ended otherwise has a record, and counts by that.
pub(super) async fn rested(client: &Client, run: &RunId) -> Result<u64, Trouble> {
    let query =
        "SELECT coalesce(sum(rows - (SELECT count(*) FROM rolo.row_record WHERE row_record.run_id = rested.run_id
        AND row >= first AND row < first + rows)), 0)::bigint
        FROM rolo.rested WHERE run_id = (SELECT id FROM rolo.run WHERE name = $1)";
    let count: i64 = row(client, query, &[v(&run.0)]).await?.map_or(Ok(0), |row| row.try_get(0))?;
    Ok(back(count))
}

/// Ranges of rows that rested, from the first on, up to before the end.
pub(super) fn ranges(rows: &mut [u64]) -> Vec<(i64, i64)> {
    rows.sort_unstable();
    let ranges = rows.chunk_by(|row, next| next - row <= 1);
    ranges.filter_map(|range| Some((int(*range.first()?), int(*range.last()?) + 1))).collect()
}

/// Adds a range to those of a run, which neither overlap nor touch.
pub(super) async fn send_range<'a>(run: &'a i64, (first, end): &'a (i64, i64), pipeline: &mut Pipeline<'a>) {
    // Of the ranges that begin before, only the last can reach as far.
    const ADD: &str = "WITH met AS (
            DELETE FROM rolo.rested WHERE run_id = $1 AND first + rows >= $2 AND first BETWEEN
            coalesce((SELECT max(first) FROM rolo.rested WHERE run_id = $1 AND first <= $2), $2) AND $3
            RETURNING first, first + rows AS last),
        whole AS (SELECT least(min(first), $2) AS first, greatest(max(last), $3) AS last FROM met)
        INSERT INTO rolo.rested (run_id, first, rows) SELECT $1, first, last - first FROM whole
        ON CONFLICT (run_id, first) DO UPDATE SET rows = excluded.rows";
    pipeline.send(ADD, vec![v(run), v(first), v(end)]).await;
}

/// What a run changed, as columns.
#[derive(Default)]
pub(super) struct Before {
    rows: Vec<i64>,
    accounts: Vec<i64>,
    contacts: Vec<String>,
    changes: Vec<String>,
}

impl Before {
    pub(super) async fn note(
        &mut self,
        image: &BeforeImage,
        client: &Client,
        names: &mut Names,
    ) -> Result<(), Trouble> {
        self.accounts.push(names.account(client, &image.account).await?);
        self.rows.push(int(image.row));
        self.contacts.push(image.contact_id.0.clone());
        self.changes.push(encode_change(&image.change));
        Ok(())
    }

    pub(super) async fn send<'a>(&'a self, run: &'a i64, pipeline: &mut Pipeline<'a>) {
        const ADD: &str = "INSERT INTO rolo.before_image (run_id, number, row, account_id, contact_id, change)
            SELECT $1, (SELECT coalesce(max(number), 0) FROM rolo.before_image WHERE run_id = $1) + place,
            row, account, contact, change
            FROM unnest($2, $3, $4, $5) WITH ORDINALITY AS new (row, account, contact, change, place)";
        let Self { rows, accounts, contacts, changes } = self;
        if !rows.is_empty() {
            pipeline.send(ADD, vec![v(run), v(rows), v(accounts), v(contacts), v(changes)]).await;
        }
    }
}

pub(super) async fn before_images(
    client: &Client,
    run: &RunId,
    after: usize,
    at_most: usize,
) -> Result<Vec<BeforeImage>, Trouble> {
    let query = "SELECT row, account.name, contact_id, change FROM rolo.before_image
        JOIN rolo.account ON account.id = account_id
        WHERE run_id = (SELECT id FROM rolo.run WHERE name = $1) ORDER BY number DESC LIMIT $3 OFFSET $2";
    let found = rows(client, query, &[v(&run.0), v(&int(after as u64)), v(&int(at_most as u64))]).await?;
    let read = |row: &Row| -> Result<BeforeImage, Trouble> {
        Ok(BeforeImage {
            row: back(row.try_get(0)?),
            account: row.try_get(1)?,
            contact_id: RemoteId(row.try_get(2)?),
            change: decode_change(row.try_get(3)?).map_err(|damage: Damaged| Trouble::from(damage))?,
        })
    };
    found.iter().map(read).collect()
}
