use std::path::Path;

use super::super::{KeySource, LedgerKey, LedgerPlace, key, postgres, sqlite};
use super::record::{CopiedStore, Record};
use super::tables::{TABLES, Table};
use crate::error::{Error, Result};

/// Records that are read and written at a time.
const PAGE: usize = 5_000;

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerCopy {
    /// Records by table, in the order in which they were copied.
    pub records: Vec<(&'static str, u64)>,
}

/// Copies a ledger into a place where there is none, or an empty one, with its key; what is there then is read
/// again and compared. The source is only read, as it stands at one moment.
///
/// # Errors
///
/// Of kind `Stopped`: one of them can't be opened, has another key, or what was written reads otherwise; of kind
/// `Usage`: there is no source, or the target holds something.
pub fn copy(from: &LedgerPlace, to: &LedgerPlace) -> Result<LedgerCopy> {
    // Of its own, since a store may bring a runtime, and whoever asks may be within one.
    let copied = std::thread::scope(|scope| scope.spawn(|| copied(from, to)).join());
    copied.unwrap_or_else(|_| Err(Error::bug("copying the ledger ended without a word")))
}

/// Copies a ledger, with its key, into a folder where there is none: as [`copy`] does, but a file as it is, without
/// looking at each record.
///
/// # Errors
///
/// As for [`copy`].
pub fn copy_into(from: &LedgerPlace, folder: &Path) -> Result<()> {
    let to = LedgerPlace::in_folder(folder);
    match (from, &to) {
        (LedgerPlace::File { path, key }, LedgerPlace::File { path: copy, key: kept }) => {
            sqlite::copy(path, copy)?;
            kept.keep(key.read()?).map(drop)
        }
        _ => copy(from, &to).map(drop),
    }
}

fn copied(from: &LedgerPlace, to: &LedgerPlace) -> Result<LedgerCopy> {
    if !from.may_exist() {
        return Err(Error::usage(format!("there is no ledger to copy: {}", from.shown())));
    }
    let (mut source, key) = source(from)?;
    let mut target = target(to, key)?;
    let mut records = Vec::new();
    for table in TABLES {
        if !target.read(table, None, 1)?.is_empty() {
            return Err(Error::usage(format!("the ledger to copy into holds something already: {}", to.shown()))
                .hint("name one that is empty, or not there yet"));
        }
        let (count, digest) = each_page(source.as_mut(), table, |page| target.write(table, page))?;
        let (written, again) = each_page(target.as_mut(), table, |_| Ok(()))?;
        if (written, again) != (count, digest) {
            return Err(Error::stopped(format!("what was written reads otherwise, and is not kept: {}", table.name)));
        }
        records.push((table.name, count));
    }
    target.finish()?;
    Ok(LedgerCopy { records })
}

/// Reads a table, page by page; returns the number and the digest of its records.
fn each_page(
    store: &mut dyn CopiedStore,
    table: &Table,
    mut with: impl FnMut(&[Record]) -> Result<()>,
) -> Result<(u64, blake3::Hash)> {
    let (mut count, mut digest, mut after) = (0, blake3::Hasher::new(), None);
    loop {
        let page = store.read(table, after.as_ref(), PAGE)?;
        let Some(last) = page.last().cloned() else { return Ok((count, digest.finalize())) };
        count += page.len() as u64;
        page.iter().flatten().for_each(|cell| cell.digest(&mut digest));
        with(&page)?;
        after = Some(last);
    }
}

fn source(from: &LedgerPlace) -> Result<(Box<dyn CopiedStore>, LedgerKey)> {
    match from {
        LedgerPlace::File { path, key } => {
            // Brought up to date, and its key found to be its own.
            drop(sqlite::open(path, key)?);
            Ok((sqlite::copied(path)?, key.read()?))
        }
        LedgerPlace::Postgres(place) => Ok((postgres::copied(place)?, place.key.read()?)),
    }
}

fn target(to: &LedgerPlace, key: LedgerKey) -> Result<Box<dyn CopiedStore>> {
    match to {
        LedgerPlace::File { path, key: kept } => {
            if kept.keep(key.clone())?.check() != key.check() {
                return Err(key::another(kept));
            }
            drop(sqlite::open(path, kept)?);
            sqlite::copied_into(path)
        }
        LedgerPlace::Postgres(place) => {
            let mut place = place.clone();
            place.key = KeySource::From("that of the ledger to copy", key);
            postgres::migrate(&place)?;
            postgres::copied(&place)
        }
    }
}
