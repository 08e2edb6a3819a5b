//! Rows whose contacts are to be looked up once more.

use std::time::Duration;

use super::super::stored::{Damaged, KEPT, back, int, made_twice, seal_identifiers, unseal_identifiers};
use super::errors::Trouble;
use super::session::Work;
use super::sql::{execute, row, rows, v};
use crate::contact::{Identifier, RemoteId};
use crate::journal::{RunId, SecondLook};

pub(super) async fn note(
    work: &Work<'_>,
    (run, account, row): (i64, i64, u64),
    identifiers: &[Identifier],
) -> Result<(), Trouble> {
    let sealed = seal_identifiers(work.vault, identifiers)?;
    let note = "INSERT INTO rolo.look_again (run_id, row, account_id, identifiers, since) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (run_id, row) DO UPDATE SET account_id = excluded.account_id, identifiers = excluded.identifiers,
        since = excluded.since";
    let (row, now) = (int(row), int(work.now.as_secs()));
    execute(work.client, note, &[v(&run), v(&row), v(&account), v(&sealed), v(&now)]).await.map(drop)
}

/// What is still to be looked at. Only rows that have ended: the others are settled by whoever takes up
/// their run.
pub(super) async fn open(work: &mut Work<'_>, account: &str) -> Result<Vec<SecondLook>, Trouble> {
    let Some(account) = work.names.known_account(work.client, account).await? else { return Ok(Vec::new()) };
    let query = "SELECT run.name, look_again.row, row_record.line, look_again.identifiers, row_record.contact_id,
        extract(epoch from clock_timestamp())::bigint - look_again.since
        FROM rolo.look_again JOIN rolo.run ON run.id = look_again.run_id
        JOIN rolo.row_record ON row_record.run_id = look_again.run_id AND row_record.row = look_again.row
        WHERE look_again.account_id = $1 AND look_again.since > extract(epoch from clock_timestamp())::bigint - $2
        ORDER BY look_again.run_id, look_again.row";
    let mut looks = Vec::new();
    for found in rows(work.client, query, &[v(&account), v(&int(KEPT))]).await? {
        looks.push(SecondLook {
            run: RunId(found.try_get(0)?),
            row: back(found.try_get(1)?),
            line: back(found.try_get(2)?),
            identifiers: unseal_identifiers(work.vault, found.try_get(3)?),
            contact_id: found.try_get::<_, Option<String>>(4)?.map(RemoteId),
            age: Duration::from_secs(back(found.try_get(5)?)),
        });
    }
    Ok(looks)
}

/// The row was looked at. Where it turned out to be several contacts, its record says so from now on.
pub(super) async fn done(work: &Work<'_>, run: &RunId, index: u64, twice: &[String]) -> Result<(), Trouble> {
    let client = work.client;
    let (run, index) = (super::runs::numbers(client, run).await?.id, int(index));
    let delete = "DELETE FROM rolo.look_again WHERE run_id = $1 AND row = $2";
    execute(client, delete, &[v(&run), v(&index)]).await?;
    if twice.is_empty() {
        return Ok(());
    }
    let query = "SELECT errors FROM rolo.row_record WHERE run_id = $1 AND row = $2 FOR UPDATE";
    let found = row(client, query, &[v(&run), v(&index)]).await?;
    let errors: Option<String> = found.map_or(Ok(None), |row| row.try_get(0))?;
    let errors = made_twice(errors.as_deref(), twice).map_err(|damage: Damaged| Trouble::from(damage))?;
    let update = "UPDATE rolo.row_record SET errors = $3 WHERE run_id = $1 AND row = $2";
    execute(client, update, &[v(&run), v(&index), v(&errors)]).await.map(drop)
}
