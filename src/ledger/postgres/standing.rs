use tokio_postgres::Client;

use super::super::Status;
use super::super::standing::{COUNTED, Counted};
use super::super::stored::{PackedKnown, back};
use super::errors::Trouble;
use super::opening::{PostgresPlace, connected, on_a_thread};
use super::schema::{self, NEWEST};
use super::sql::{row, rows, v};
use crate::error::Result;

/// Contacts that are read at a time.
const PAGE: i64 = 10_000;

/// Everything there is to say of the ledger in this database; `None` if it holds none.
///
/// # Errors
///
/// Of kind `Stopped`: the database can't be reached or read.
pub fn status(place: &PostgresPlace) -> Result<Option<Status>> {
    on_a_thread(place, async |place: &PostgresPlace| {
        let client = connected(place).await?;
        read(&client, place).await.map_err(|trouble| trouble.described(place.shown()))
    })
}

async fn read(client: &Client, place: &PostgresPlace) -> std::result::Result<Option<Status>, Trouble> {
    let Some(version) = schema::version(client).await? else { return Ok(None) };
    let mut status = Status {
        place: place.shown().to_owned(),
        version,
        newest: NEWEST,
        bytes: 0,
        key: (place.key.place(), place.key.standing(None)),
        counts: Vec::new(),
        damage: Vec::new(),
        cure: "stop every rolo, and put a backup of the database back",
    };
    if version != NEWEST {
        return Ok(Some(status));
    }
    let check = client.query_opt("SELECT value FROM rolo.key_check", &[]).await?;
    let check: Option<Vec<u8>> = check.map(|row| row.try_get(0)).transpose()?;
    status.key.1 = place.key.standing(check.as_deref());
    let size =
        "SELECT coalesce(sum(pg_catalog.pg_total_relation_size(pg_class.oid)), 0)::bigint FROM pg_catalog.pg_class
        JOIN pg_catalog.pg_namespace ON pg_namespace.oid = relnamespace WHERE nspname = 'rolo' AND relkind = 'r'";
    status.bytes = number(client, size).await?;
    for Counted { words, what, table, which } in COUNTED {
        let count = format!("SELECT count({what}) FROM rolo.{table} WHERE {which}");
        status.counts.push((words, number(client, &count).await?));
    }
    let broken = unreadable(client).await?;
    if broken > 0 {
        status.damage.push(format!("what is known of {broken} contacts can't be read"));
    }
    let orphans = "SELECT count(*) FROM rolo.contact_key
        WHERE NOT EXISTS (SELECT FROM rolo.contact WHERE contact.id = contact_key.contact)";
    let orphans = number(client, orphans).await?;
    if orphans > 0 {
        status.damage.push(format!("{orphans} identifiers lead to a contact that isn't there"));
    }
    Ok(Some(status))
}

async fn number(client: &Client, query: &str) -> std::result::Result<u64, Trouble> {
    let number: i64 = row(client, query, &[]).await?.map_or(Ok(0), |row| row.try_get(0))?;
    Ok(back(number))
}

/// Contacts of which what is known does not read as what it should be.
async fn unreadable(client: &Client) -> std::result::Result<u64, Trouble> {
    let (mut broken, mut after) = (0, 0_i64);
    loop {
        let query = "SELECT id, known FROM rolo.contact WHERE id > $1 ORDER BY id LIMIT $2";
        let page = rows(client, query, &[v(&after), v(&PAGE)]).await?;
        let Some(last) = page.last() else { return Ok(broken) };
        after = last.try_get(0)?;
        for contact in page {
            broken += u64::from(PackedKnown::read(contact.try_get(1)?).is_err());
        }
    }
}
