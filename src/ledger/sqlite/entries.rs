use rusqlite::{Connection, OptionalExtension as _, params};

use super::super::WriteResult;
use super::super::stored::{StoredRow, back, encode_errors, forgotten_messages, int};
use super::contacts;
use super::creating::{ClaimEnd, Claimed};
use super::leads::Maker;
use super::recent::{Recent, RecentRow};
use super::tools::Tools;
use super::written_run::{self, WrittenRun};
use super::{before, calls, creating, leads, rested, second_looks};
use crate::contact::{CallKind, IdentifierKind, Outcome, Position, RemoteId, RowRecord};
use crate::journal::{CallVerdict, Entry, Key, RunId, Taken};

/// Writes that come together; one whose intent claims what is another's is left out.
pub(super) fn write_all(
    db: &Connection,
    tools: &mut Tools<'_>,
    recent: &mut Recent,
    run: &RunId,
    writes: &[Vec<Entry>],
) -> rusqlite::Result<Vec<WriteResult>> {
    let written_to = written_run::of(db, run)?;
    let mut writer = Writer {
        db,
        tools,
        recent,
        run: written_to,
        are_free: false,
        ends: Vec::new(),
        rested: Vec::new(),
        maker: None,
    };
    let written = writes
        .iter()
        .map(|entries| {
            match conflict(db, written_to, run, entries)? {
                Claimed::By(taken) => return Ok(WriteResult::Taken(taken)),
                claimed => writer.are_free = matches!(claimed, Claimed::ByNobody),
            }
            writer.ends.clear();
            writer.maker = None;
            writer.ends.extend(entries.iter().filter_map(|entry| match entry {
                Entry::Row { position, .. } => Some(position.index),
                _ => None,
            }));
            entries.iter().try_for_each(|entry| writer.write(entry))?;
            Ok(WriteResult::Durable)
        })
        .collect::<rusqlite::Result<_>>()?;
    rested::add(db, written_to.number, &mut writer.rested)?;
    Ok(written)
}

/// Who else claims what an intent of these entries would claim.
fn conflict(db: &Connection, written_to: WrittenRun, run: &RunId, entries: &[Entry]) -> rusqlite::Result<Claimed> {
    let mut taken_over: Vec<Taken> = Vec::new();
    let mut are_free = true;
    for entry in entries {
        match entry {
            Entry::TakenOver { from, .. } => {
                are_free = false;
                taken_over.extend_from_slice(from);
            }
            Entry::Intent(intent) if !intent.creates.is_empty() => {
                match creating::conflict(db, written_to, run, intent.row, &intent.creates, &taken_over)? {
                    Claimed::By(taken) => return Ok(Claimed::By(taken)),
                    Claimed::BySomebody => are_free = false,
                    Claimed::ByNobody => {}
                }
            }
            _ => {}
        }
    }
    Ok(if are_free { Claimed::ByNobody } else { Claimed::BySomebody })
}

struct Writer<'a, 'tools> {
    db: &'a Connection,
    tools: &'a mut Tools<'tools>,
    recent: &'a mut Recent,
    run: WrittenRun,
    /// Nobody has claimed, or made, what is claimed now.
    are_free: bool,
    /// Rows whose end is written along.
    ends: Vec<u64>,
    /// Rows that rested, to be added together.
    rested: Vec<u64>,
    /// Which row has made which contact, by what is written now.
    maker: Option<(Maker, RemoteId)>,
}

impl Writer<'_, '_> {
    fn write(&mut self, entry: &Entry) -> rusqlite::Result<()> {
        let Self { db, run: WrittenRun { number: run, account, started }, .. } = *self;
        let now = self.tools.now;
        match entry {
            Entry::Intent(intent) => {
                calls::intend(db, self.recent, run, intent, now)?;
                self.claim(account, intent.row, &intent.creates)
            }
            Entry::Answered(answered) => {
                let row_ends = self.ends.contains(&answered.row);
                calls::answered(db, self.recent, run, answered, now, row_ends)?;
                match (answered.kind, answered.verdict) {
                    (CallKind::Create | CallKind::Upsert, CallVerdict::Done | CallVerdict::Exists) => {
                        let claimed = self.end_claims(answered.row, ClaimEnd::Made(now))?;
                        let (row, made) = (int(answered.row), int(now.as_secs()));
                        let is_made = answered.kind == CallKind::Create && answered.verdict == CallVerdict::Done;
                        let id = answered.contact_id.clone().filter(|_| is_made);
                        self.maker = claimed.zip(id).map(|(claimed, id)| (Maker { run, row, made, claimed }, id));
                        Ok(())
                    }
                    (CallKind::Create | CallKind::Upsert, CallVerdict::Missing | CallVerdict::Refused) => {
                        self.end_claims(answered.row, ClaimEnd::NotMade).map(drop)
                    }
                    _ => Ok(()),
                }
            }
            Entry::Known { account: of, contact, keys, told } => {
                let is_the_runs = self.maker.is_some() && self.tools.names.account(db, of)? == account;
                let maker = self.maker.as_ref().filter(|(_, id)| is_the_runs && *id == contact.id);
                let by = maker.map(|(maker, _)| maker);
                contacts::learn(db, self.tools, self.recent, (of, contact, keys, *told), by)
            }
            Entry::Settled { account, keys } => {
                let account = self.tools.names.account(db, account)?;
                creating::settled(db, account, keys, now)
            }
            Entry::TakenOver { account, keys, row, .. } => {
                let account = self.tools.names.account(db, account)?;
                self.claim(account, *row, keys)
            }
            Entry::LookAgain { row, identifiers } => {
                second_looks::note(db, self.tools.vault, (run, account, *row), identifiers, now)
            }
            Entry::LookedAgain { run, row, twice } => second_looks::done(db, run, *row, twice),
            Entry::Gone { account, id } => contacts::gone(db, self.tools, self.recent, account, id),
            Entry::Before(image) => before::write(db, self.tools.names, run, image),
            Entry::Rested { row } => {
                self.rested.push(*row);
                Ok(())
            }
            Entry::Row { position, record, keys } => {
                if record.calls > 0 && record.outcome != Outcome::InDoubt {
                    self.end_claims(position.index, ClaimEnd::NotMade)?;
                }
                self.write_row(started, *position, record, keys)
            }
        }
    }

    /// Claims these keys for a row.
    fn claim(&mut self, account: i64, row: u64, keys: &[Key]) -> rusqlite::Result<()> {
        if keys.is_empty() {
            return Ok(());
        }
        let under_way = self.recent.row_or(self.run.number, int(row), RecentRow::unknown);
        under_way.has_claimed = true;
        if let Some(claims) = &mut under_way.open_claims {
            claims.extend_from_slice(keys);
        }
        creating::claim(self.db, (account, self.run.number, int(row)), keys, self.tools.now, self.are_free)
    }

    /// Ends the open claims of a row, and tells of which keys they were, if that is known.
    fn end_claims(&mut self, row: u64, end: ClaimEnd) -> rusqlite::Result<Option<Vec<Key>>> {
        let WrittenRun { number: run, account, .. } = self.run;
        let under_way = self.recent.row(run, int(row));
        let keys = under_way.and_then(|row| row.open_claims.replace(Vec::new()));
        match &keys {
            Some(keys) => creating::end_of(self.db, (account, run, int(row)), keys, end)?,
            None => creating::end(self.db, run, int(row), end)?,
        }
        Ok(keys)
    }

    fn write_row(
        &mut self,
        started: i64,
        position: Position,
        record: &RowRecord,
        keys: &[Key],
    ) -> rusqlite::Result<()> {
        let Self { db, run: WrittenRun { number: run, account, .. }, .. } = *self;
        let row = int(position.index);
        let contact_id = record.contact_id.as_ref().map(|id| id.0.as_str());
        let under_way = self.recent.take_row(run, row);
        let has_claimed = under_way.as_ref().is_none_or(|row| row.has_claimed);
        let packed = calls::pack(db, under_way, (run, row), contact_id, started)?;
        let put = || {
            db.prepare_cached(
                "INSERT INTO row_record
                 (run_id, row, line, sheet, outcome, contact_id, calls, attempts, http_status, errors, packed_calls)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING",
            )?
            .execute(params![
                run,
                row,
                int(position.line),
                position.sheet,
                record.outcome.name(),
                contact_id,
                record.calls,
                record.attempts,
                record.http_status,
                encode_errors(&record.errors),
                packed
            ])
        };
        if put()? == 0 {
            // It ended before, and otherwise.
            db.prepare_cached("DELETE FROM row_record WHERE run_id = ?1 AND row = ?2")?.execute(params![run, row])?;
            put()?;
        }
        db.prepare_cached("DELETE FROM open_row WHERE run_id = ?1 AND row = ?2")?.execute(params![run, row])?;
        let (contact, beside) = match contact_id {
            Some(id) => contacts::number(db, self.recent, (run, account, row), id)?,
            None => (None, Vec::new()),
        };
        for key in keys.iter().filter(|key| !beside.contains(key)) {
            leads::row(db, (run, account, row), key, contact, has_claimed)?;
        }
        match contact_id.map(|id| self.tools.hasher.key(IdentifierKind::Id.name(), id)) {
            // Nobody creates a contact by its id.
            Some(key) if !beside.contains(&key) => leads::row(db, (run, account, row), &key, contact, false),
            _ => Ok(()),
        }
    }
}

pub(super) fn placed_rows(
    db: &Connection,
    run: &RunId,
    from: u64,
    at_most: usize,
) -> rusqlite::Result<Vec<(Position, RowRecord)>> {
    db.prepare_cached(
        "SELECT row, outcome, contact_id, calls, attempts, http_status, errors, line, sheet FROM row_record
         WHERE run_id = (SELECT id FROM run WHERE name = ?1) AND row >= ?2 ORDER BY row LIMIT ?3",
    )?
    .query_map(params![run.0, int(from), int(at_most as u64)], |row| {
        let stored = StoredRow {
            row: row.get(0)?,
            outcome: row.get(1)?,
            contact_id: row.get(2)?,
            calls: row.get(3)?,
            attempts: row.get(4)?,
            http_status: row.get(5)?,
            errors: row.get(6)?,
            line: row.get(7)?,
            sheet: row.get(8)?,
        };
        Ok(stored.read()?)
    })?
    .collect()
}

pub(super) fn open_rows(db: &Connection, run: &RunId) -> rusqlite::Result<Vec<u64>> {
    db.prepare_cached("SELECT row FROM open_row WHERE run_id = (SELECT id FROM run WHERE name = ?1) ORDER BY row")?
        .query_map([&run.0], |row| row.get(0).map(back))?
        .collect()
}

/// The errors of a row with their codes alone: a message shows the value that it is about.
pub(super) fn without_messages(db: &Connection, run: i64, row: i64) -> rusqlite::Result<Option<String>> {
    let stored: Option<Option<String>> = db
        .prepare_cached("SELECT errors FROM row_record WHERE run_id = ?1 AND row = ?2")?
        .query_row(params![run, row], |row| row.get(0))
        .optional()?;
    Ok(forgotten_messages(stored.flatten().as_deref())?)
}
