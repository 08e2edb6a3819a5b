use rusqlite::{Connection, params};

use super::super::stored::{back, decode_change, encode_change, int};
use super::names::Names;
use crate::contact::RemoteId;
use crate::journal::{BeforeImage, Change, RunId};

pub(super) fn write(db: &Connection, names: &mut Names, run: i64, image: &BeforeImage) -> rusqlite::Result<()> {
    let account = names.account(db, &image.account)?;
    // That a contact was created is said by no words, since that is most of what is written here.
    let change = (image.change != Change::Created).then(|| encode_change(&image.change));
    db.prepare_cached(
        "INSERT INTO before_image (run_id, number, row, account_id, contact_id, change)
         VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM before_image WHERE run_id = ?1), ?2, ?3, ?4, ?5)",
    )?
    .execute(params![run, int(image.row), account, image.contact_id.0, change])
    .map(drop)
}

pub(super) fn before_images(
    db: &Connection,
    run: &RunId,
    after: usize,
    at_most: usize,
) -> rusqlite::Result<Vec<BeforeImage>> {
    db.prepare_cached(
        "SELECT row, account.name, contact_id, change FROM before_image JOIN account ON account.id = account_id
         WHERE run_id = (SELECT id FROM run WHERE name = ?1) ORDER BY number DESC LIMIT ?3 OFFSET ?2",
    )?
    .query_map(params![run.0, int(after as u64), int(at_most as u64)], |row| {
        let change: Option<String> = row.get(3)?;
        Ok(BeforeImage {
            row: back(row.get(0)?),
            account: row.get(1)?,
            contact_id: RemoteId(row.get(2)?),
            change: change.map_or(Ok(Change::Created), |change| decode_change(&change))?,
        })
    })?
    .collect()
}
