use std::collections::BTreeSet;

use tokio_postgres::{Client, Row};

use super::super::HistoryEvent;
use super::super::stored::{StoredCall, StoredEnd, events, forgotten_messages, int, row_key};
use super::calls::status;
use super::contacts;
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, rows, v};
use crate::contact::{IdentifierKind, RemoteId};
use crate::journal::{AccountNote, Hasher, Key, RunId};

/// What leads to one person: rows, and contacts of accounts.
struct Traces {
    /// Number of the run and index of the row, oldest first.
    rows: BTreeSet<(i64, i64)>,
    /// Number of the account and id.
    contacts: BTreeSet<(i64, String)>,
}

/// Follows a key to the rows that carry it and to the contact that it identifies, then that contact's
/// other keys to the rows of the same account.
async fn traces(client: &Client, hasher: &Hasher, key: &Key) -> Result<Traces, Trouble> {
    let mut traced = rows_with(client, key, None).await?;
    let mut contacts: BTreeSet<(i64, String)> = BTreeSet::new();
    let by_key = "SELECT contact.account_id, contact.remote_id FROM rolo.contact_key
        JOIN rolo.contact ON contact.id = contact_key.contact WHERE contact_key.key = $1";
    for found in rows(client, by_key, &[v(&key.0.as_slice())]).await? {
        contacts.insert((found.try_get(0)?, found.try_get(1)?));
    }
    let by_row = "SELECT run.account_id, row_record.contact_id FROM rolo.row_record
        JOIN rolo.run ON run.id = row_record.run_id JOIN unnest($1, $2) AS traced (run, row)
        ON row_record.run_id = traced.run AND row_record.row = traced.row WHERE row_record.contact_id IS NOT NULL";
    let (runs, indices): (Vec<i64>, Vec<i64>) = traced.iter().copied().unzip();
    for found in rows(client, by_row, &[v(&runs), v(&indices)]).await? {
        contacts.insert((found.try_get(0)?, found.try_get(1)?));
    }
    for (account, id) in &contacts {
        let key = hasher.key(IdentifierKind::Id.name(), id);
        traced.append(&mut rows_with(client, &key, Some(*account)).await?);
    }
    Ok(Traces { rows: traced, contacts })
}

/// The contacts that a key leads to, with what their accounts point to.
pub(super) async fn contacts_of(work: &Work<'_>, key: &Key) -> Result<Vec<(String, RemoteId)>, Trouble> {
    let mut found = Vec::new();
    for (account, id) in traces(work.client, work.hasher, key).await?.contacts {
        let name = row(work.client, "SELECT name FROM rolo.account WHERE id = $1", &[v(&account)]).await?;
        if let Some(name) = name {
            found.push((name.try_get(0)?, RemoteId(id)));
        }
    }
    Ok(found)
}

async fn rows_with(client: &Client, key: &Key, account: Option<i64>) -> Result<BTreeSet<(i64, i64)>, Trouble> {
    let query = "SELECT row_key.run_id, row_key.row FROM rolo.row_key JOIN rolo.run ON run.id = row_key.run_id
        WHERE row_key.key = $1 AND ($2::bigint IS NULL OR run.account_id = $2)";
    let found = rows(client, query, &[v(&row_key(key)), v(&account)]).await?;
    found.iter().map(|row| Ok((row.try_get(0)?, row.try_get(1)?))).collect()
}

pub(super) async fn history(work: &Work<'_>, key: &Key) -> Result<Vec<HistoryEvent>, Trouble> {
    let mut all = Vec::new();
    for (run, row) in traces(work.client, work.hasher, key).await?.rows {
        all.append(&mut events_of(work.client, run, row).await?);
    }
    // Stable, so that the events of a row keep their order.
    all.sort_by_key(|event| event.at);
    Ok(all)
}

async fn events_of(client: &Client, run: i64, index: i64) -> Result<Vec<HistoryEvent>, Trouble> {
    let query = "SELECT run.name, run.called, run.file, run.started, row_record.line, row_record.outcome,
        row_record.contact_id, row_record.errors FROM rolo.row_record JOIN rolo.run ON run.id = row_record.run_id
        WHERE row_record.run_id = $1 AND row_record.row = $2";
    let Some(record) = row(client, query, &[v(&run), v(&index)]).await? else { return Ok(Vec::new()) };
    let end = StoredEnd {
        run: record.try_get(0)?,
        called: record.try_get(1)?,
        file: record.try_get(2)?,
        started: record.try_get(3)?,
        line: record.try_get(4)?,
        outcome: record.try_get(5)?,
        contact_id: record.try_get(6)?,
        errors: record.try_get(7)?,
    };
    let query = "SELECT kind, at, verdict, http_status, contact_id FROM rolo.call
        WHERE run_id = $1 AND row = $2 ORDER BY step";
    let read = |call: &Row| -> Result<StoredCall, Trouble> {
        Ok(StoredCall {
            kind: call.try_get(0)?,
            at: call.try_get(1)?,
            verdict: call.try_get(2)?,
            http_status: status(call.try_get(3)?),
            contact_id: call.try_get(4)?,
        })
    };
    let calls = rows(client, query, &[v(&run), v(&index)]).await?.iter().map(read).collect::<Result<_, _>>()?;
    Ok(events(end, calls)?)
}

/// Rows keep their outcome, since a run must go on to balance and a resumed one must not send them
/// again; all that tells whose they were goes.
pub(super) async fn forget(work: &mut Work<'_>, key: &Key) -> Result<u64, Trouble> {
    let client = work.client;
    let found = traces(client, work.hasher, key).await?;
    super::entries::lock_accounts(work, found.contacts.iter().map(|(account, _)| *account).collect()).await?;
    let mut removed = 0;
    for (run, index) in &found.rows {
        removed += without_messages(client, *run, *index).await?;
        for table in ["call", "before_image", "look_again"] {
            let delete = format!("DELETE FROM rolo.{table} WHERE run_id = $1 AND row = $2");
            removed += execute(client, &delete, &[v(run), v(index)]).await?;
        }
    }
    removed += execute(client, "DELETE FROM rolo.creating WHERE key = $1", &[v(&key.0.as_slice())]).await?;
    for (account, id) in &found.contacts {
        removed += contacts::remove(work, *account, id).await?;
        let delete = "DELETE FROM rolo.before_image WHERE contact_id = $1 AND account_id = $2";
        removed += execute(client, delete, &[v(id), v(account)]).await?;
        // Which contact of another account became this one, and what this one became in others.
        let delete = "DELETE FROM rolo.note WHERE account_id = $2 AND value = $1 AND name LIKE $3 || '%'
            OR name = (SELECT $3 || account.name || '/' || $1 FROM rolo.account WHERE account.id = $2)";
        removed += execute(client, delete, &[v(id), v(account), v(&AccountNote::COPY_OF)]).await?;
    }
    // There is no index from a row to its keys, so this reads all of them, once: forgetting is rare.
    let (runs, indices): (Vec<i64>, Vec<i64>) = found.rows.iter().copied().unzip();
    let delete = "DELETE FROM rolo.row_key USING unnest($1, $2) AS gone (run, row)
        WHERE row_key.run_id = gone.run AND row_key.row = gone.row";
    Ok(removed + execute(client, delete, &[v(&runs), v(&indices)]).await?)
}

/// Cleans rows as [`forget`] does, by index.
pub(super) async fn forget_rows(client: &Client, run: &RunId, indices: &[u64]) -> Result<u64, Trouble> {
    let run = super::runs::numbers(client, run).await?.id;
    let mut cleaned = 0;
    for index in indices {
        cleaned += without_messages(client, run, int(*index)).await?;
    }
    Ok(cleaned)
}

/// Takes the contact and all messages, which show the values that they are about, from the record of a row.
async fn without_messages(client: &Client, run: i64, index: i64) -> Result<u64, Trouble> {
    let query = "SELECT errors FROM rolo.row_record WHERE run_id = $1 AND row = $2 FOR UPDATE";
    let Some(found) = row(client, query, &[v(&run), v(&index)]).await? else { return Ok(0) };
    let errors = forgotten_messages(found.try_get(0)?)?;
    let update = "UPDATE rolo.row_record SET contact_id = NULL, errors = $3 WHERE run_id = $1 AND row = $2";
    execute(client, update, &[v(&run), v(&index), v(&errors)]).await
}
