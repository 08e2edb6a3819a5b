//! What a run writes down: a group of writes is one transaction, in which what it has to do with is read
//! once, changed here, and written back, so that the way to the server is gone a few times whatever the
//! number of entries.

use std::collections::BTreeSet;

use super::super::WriteResult;
use super::super::stored::int;
use super::calls::Calls;
use super::contacts::KnownContacts;
use super::creating::Creates;
use super::ended::{Before, Ended, ranges, send_range};
use super::errors::Trouble;
use super::looks;
use super::runs::{self, RunNumbers};
use super::session::Work;
use super::sql::{Pipeline, execute, v};
use crate::contact::{CallKind, Outcome};
use crate::journal::{Answered, CallVerdict, Entry, Key, RunId, Taken};

/// Accounts and fields that the entries name.
pub(super) fn named(writes: &[Vec<Entry>]) -> (Vec<String>, Vec<String>) {
    let (mut accounts, mut fields) = (BTreeSet::new(), BTreeSet::new());
    for entry in writes.iter().flatten() {
        match entry {
            Entry::Known { account, contact, .. } => {
                accounts.insert(account.clone());
                fields.extend(contact.fields.keys().cloned());
            }
            Entry::Settled { account, .. } | Entry::TakenOver { account, .. } => drop(accounts.insert(account.clone())),
            Entry::Before(image) => drop(accounts.insert(image.account.clone())),
            _ => {}
        }
    }
    (accounts.into_iter().collect(), fields.into_iter().collect())
}

/// Writes that come together; one whose intent claims what is another's is left out.
pub(super) async fn write_all(
    work: &mut Work<'_>,
    name: &RunId,
    writes: &[Vec<Entry>],
) -> Result<Vec<WriteResult>, Trouble> {
    let run = runs::numbers(work.client, name).await?;
    let mut group = Group::load(work, run, name, writes).await?;
    let mut results = Vec::with_capacity(writes.len());
    for entries in writes {
        if let Some(taken) = group.conflict(entries) {
            results.push(WriteResult::Taken(taken));
            continue;
        }
        for entry in entries {
            group.take(work, entry).await?;
        }
        results.push(WriteResult::Durable);
    }
    group.save(work).await?;
    Ok(results)
}

/// What a group of writes has to do with, and makes of it.
struct Group<'a> {
    run: RunNumbers,
    name: &'a RunId,
    creates: Creates,
    contacts: KnownContacts,
    calls: Calls,
    ended: Ended,
    before: Before,
    rested: Vec<u64>,
    /// Entries about second looks, which are rare.
    looks: Vec<&'a Entry>,
}

impl<'a> Group<'a> {
    /// Keeps others from writing of the same accounts, and reads what there is.
    async fn load(
        work: &mut Work<'_>,
        run: RunNumbers,
        name: &'a RunId,
        writes: &[Vec<Entry>],
    ) -> Result<Self, Trouble> {
        let mut wanted = Wanted::default();
        for entry in writes.iter().flatten() {
            wanted.add(work, &run, entry).await?;
        }
        if wanted.needs_account() {
            lock_accounts(work, wanted.accounts.iter().chain(std::iter::once(&run.account)).copied().collect()).await?;
        }
        let mut contacts = KnownContacts::default();
        contacts.load(work, &wanted.contacts).await?;
        if !wanted.gone.is_empty() {
            wanted.keys.append(&mut wanted.learned);
        }
        for place in &wanted.gone {
            wanted.keys.extend(contacts.keys_of(place).iter().map(|key| (place.0, *key)));
        }
        let mut creates = Creates::default();
        creates.load(work.client, &wanted.keys).await?;
        creates.load_rows(work.client, run.id, &wanted.rows).await?;
        Ok(Self {
            run,
            name,
            creates,
            contacts,
            calls: Calls::default(),
            ended: Ended::default(),
            before: Before::default(),
            rested: Vec::new(),
            looks: Vec::new(),
        })
    }

    /// Who else claims what an intent of these entries would claim.
    fn conflict(&self, entries: &[Entry]) -> Option<Taken> {
        let mut taken_over: Vec<Taken> = Vec::new();
        for entry in entries {
            match entry {
                Entry::TakenOver { from, .. } => taken_over.extend_from_slice(from),
                Entry::Intent(intent) => {
                    let taken = self.creates.conflict(&self.run, intent.row, &intent.creates, &taken_over);
                    if taken.is_some() {
                        return taken;
                    }
                }
                _ => {}
            }
        }
        None
    }

    async fn take(&mut self, work: &mut Work<'_>, entry: &'a Entry) -> Result<(), Trouble> {
        let (run, now) = (self.run.id, int(work.now.as_secs()));
        match entry {
            Entry::Intent(intent) => {
                self.creates.claim(self.run.account, &intent.creates, (run, self.name, intent.row), now);
                self.calls.intend(intent);
            }
            Entry::Answered(answered) => {
                self.settle(answered, now);
                self.calls.answered(answered);
            }
            Entry::Known { account, contact, keys, told } => {
                let account = work.names.account(work.client, account).await?;
                let known = (contact, keys.as_slice(), *told);
                self.contacts.learn(account, known, (work.names, work.now.as_secs()))?;
            }
            Entry::Settled { account, keys } => {
                let account = work.names.account(work.client, account).await?;
                self.creates.settled(account, keys, now);
            }
            Entry::TakenOver { account, keys, row, .. } => {
                let account = work.names.account(work.client, account).await?;
                self.creates.claim(account, keys, (run, self.name, *row), now);
            }
            Entry::LookAgain { .. } | Entry::LookedAgain { .. } => self.looks.push(entry),
            Entry::Gone { account, id } => {
                if let Some(account) = work.names.known_account(work.client, account).await? {
                    let keys = self.contacts.gone(account, id);
                    self.creates.gone(account, &keys);
                }
            }
            Entry::Before(image) => self.before.note(image, work.client, work.names).await?,
            Entry::Rested { row } => self.rested.push(*row),
            Entry::Row { position, record, keys } => {
                if record.calls > 0 && record.outcome != Outcome::InDoubt {
                    self.creates.end(run, position.index);
                }
                self.ended.end(*position, record, keys, work.hasher);
            }
        }
        Ok(())
    }

    /// What an answer says of the row's creates.
    fn settle(&mut self, answered: &Answered, now: i64) {
        match (answered.kind, answered.verdict) {
            (CallKind::Create | CallKind::Upsert, CallVerdict::Done | CallVerdict::Exists) => {
                self.creates.made(self.run.id, answered.row, now);
            }
            (CallKind::Create | CallKind::Upsert, CallVerdict::Missing | CallVerdict::Refused) => {
                self.creates.end(self.run.id, answered.row);
            }
            _ => {}
        }
    }

    /// Writes what has changed.
    async fn save(mut self, work: &Work<'_>) -> Result<(), Trouble> {
        let (run, at) = (self.run.id, i64::try_from(work.now.as_micros()).unwrap_or(i64::MAX));
        let (creates, contacts) = (self.creates.changes(), self.contacts.changes(work)?);
        let (calls, ended, rested) = (self.calls.changes(), self.ended.changes(), ranges(&mut self.rested));
        let mut pipeline = Pipeline::new(work.client);
        creates.send(&mut pipeline).await;
        contacts.send(&mut pipeline).await;
        // Rows end after their calls, so that none is left open.
        calls.send(&run, &at, &mut pipeline).await;
        ended.send(&run, &mut pipeline).await;
        self.before.send(&run, &mut pipeline).await;
        for range in &rested {
            send_range(&run, range, &mut pipeline).await;
        }
        pipeline.answers().await?;
        for look in self.looks {
            match look {
                Entry::LookAgain { row, identifiers } => {
                    looks::note(work, (run, self.run.account, *row), identifiers).await?;
                }
                Entry::LookedAgain { run, row, twice } => looks::done(work, run, *row, twice).await?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// What entries have to do with.
#[derive(Default)]
struct Wanted {
    accounts: BTreeSet<i64>,
    contacts: BTreeSet<(i64, String)>,
    gone: BTreeSet<(i64, String)>,
    keys: BTreeSet<(i64, Key)>,
    /// Keys of contacts that are learned, of which one may be gone in the end.
    learned: BTreeSet<(i64, Key)>,
    rows: Vec<i64>,
}

impl Wanted {
    async fn add(&mut self, work: &mut Work<'_>, run: &RunNumbers, entry: &Entry) -> Result<(), Trouble> {
        match entry {
            Entry::Intent(intent) => self.keys.extend(intent.creates.iter().map(|key| (run.account, *key))),
            Entry::Answered(answered) if matches!(answered.kind, CallKind::Create | CallKind::Upsert) => {
                self.rows.push(int(answered.row));
            }
            Entry::Row { position, record, .. } if record.calls > 0 => self.rows.push(int(position.index)),
            Entry::Known { account, contact, keys, .. } => {
                let account = work.names.account(work.client, account).await?;
                self.accounts.insert(account);
                self.learned.extend(keys.iter().map(|key| (account, *key)));
                self.contacts.insert((account, contact.id.0.clone()));
            }
            Entry::Settled { account, keys } | Entry::TakenOver { account, keys, .. } => {
                let account = work.names.account(work.client, account).await?;
                self.accounts.insert(account);
                self.keys.extend(keys.iter().map(|key| (account, *key)));
            }
            Entry::Gone { account, id } => {
                if let Some(account) = work.names.known_account(work.client, account).await? {
                    self.accounts.insert(account);
                    self.contacts.insert((account, id.0.clone()));
                    self.gone.insert((account, id.0.clone()));
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Whether anything is read that others of the account may be changing.
    fn needs_account(&self) -> bool {
        !(self.accounts.is_empty() && self.keys.is_empty() && self.rows.is_empty())
    }
}

/// Keeps others from writing of these accounts until the transaction ends; in their order, so that nobody waits
/// for somebody who waits.
pub(super) async fn lock_accounts(work: &Work<'_>, accounts: BTreeSet<i64>) -> Result<(), Trouble> {
    /// What the locks of accounts are told from others by: "acct" in ASCII.
    const ACCOUNT: i64 = 0x6163_6374;
    for account in accounts {
        let lock = (ACCOUNT << 32) | (account & 0xFFFF_FFFF);
        execute(work.client, "SELECT pg_advisory_xact_lock($1)", &[v(&lock)]).await?;
    }
    Ok(())
}
