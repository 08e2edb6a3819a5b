//! What is known of contacts, as one transaction sees and changes it.

use std::collections::{BTreeMap, BTreeSet};

use super::super::stored::{Known, PackedKnown, Secrets, back, int, merged, named};
use super::creating::key;
use super::errors::Trouble;
use super::names::Names;
use super::session::Work;
use super::sql::{Pipeline, row, rows, v};
use crate::contact::RemoteId;
use crate::journal::{Key, KnownContact};

/// Account and id.
type Place = (i64, String);

/// What becomes of the contact that a key leads to.
enum Lead {
    /// The contact with this id.
    To(String),
    /// Nobody.
    Nobody,
    /// Nobody, if it is the contact with this number.
    NobodyIf(i64),
}

/// The contacts that a transaction has to do with.
#[derive(Default)]
pub(super) struct KnownContacts {
    /// With their numbers, where they have one already.
    there: BTreeMap<Place, (Option<i64>, Known)>,
    /// By when each was first heard of.
    changed: BTreeMap<Place, usize>,
    heard_of: usize,
    removed: Vec<i64>,
    leads: BTreeMap<(i64, Key), Lead>,
}

impl KnownContacts {
    pub(super) async fn load(&mut self, work: &mut Work<'_>, places: &BTreeSet<Place>) -> Result<(), Trouble> {
        if places.is_empty() {
            return Ok(());
        }
        let (accounts, ids): (Vec<i64>, Vec<&str>) = places.iter().map(|(account, id)| (*account, id.as_str())).unzip();
        let query = "SELECT contact.account_id, contact.remote_id, contact.id, contact.known FROM rolo.contact
            JOIN unnest($1, $2) AS wanted (account, remote) ON account_id = wanted.account AND remote_id = wanted.remote";
        let mut found = Vec::new();
        for row in rows(work.client, query, &[v(&accounts), v(&ids)]).await? {
            let place: Place = (row.try_get(0)?, row.try_get(1)?);
            found.push((place, row.try_get(2)?, PackedKnown::read(row.try_get(3)?)?));
        }
        learn_names(work, found.iter().map(|(.., known)| known)).await?;
        for (place, number, known) in found {
            let known = opened(work, &place.1, known)?;
            self.there.insert(place, (Some(number), known));
        }
        Ok(())
    }

    /// The keys of a contact, if it is known.
    pub(super) fn keys_of(&self, place: &Place) -> &[Key] {
        self.there.get(place).map_or(&[], |(_, known)| &known.keys)
    }

    /// Merges what is newly known of a contact into what was.
    pub(super) fn learn(
        &mut self,
        account: i64,
        (contact, keys, told): (&KnownContact, &[Key], bool),
        (names, now): (&Names, u64),
    ) -> Result<(), Trouble> {
        let place = (account, contact.id.0.clone());
        let (number, before) = self.there.get(&place).map_or((None, None), |(number, known)| (*number, Some(known)));
        let known = merged(before, (contact, keys, told), now, |name| names.field(name))?;
        if before != Some(&known) {
            self.heard_of += 1;
            self.changed.entry(place.clone()).or_insert(self.heard_of);
            self.there.insert(place, (number, known));
        }
        // A key that another contact had is this one's from now on.
        for key in keys {
            self.leads.insert((account, *key), Lead::To(contact.id.0.clone()));
        }
        Ok(())
    }

    /// The service no longer has the contact. Returns the keys that it had.
    pub(super) fn gone(&mut self, account: i64, id: &RemoteId) -> Vec<Key> {
        let place = (account, id.0.clone());
        let Some((number, known)) = self.there.remove(&place) else { return Vec::new() };
        self.changed.remove(&place);
        self.removed.extend(number);
        for key in &known.keys {
            let lead = match self.leads.get(&(account, *key)) {
                Some(Lead::To(other)) if *other != id.0 => continue,
                Some(_) => Lead::Nobody,
                None => match number {
                    Some(number) => Lead::NobodyIf(number),
                    None => continue,
                },
            };
            self.leads.insert((account, *key), lead);
        }
        known.keys
    }

    /// What has changed, as columns.
    pub(super) fn changes(&self, work: &Work<'_>) -> Result<ContactChanges, Trouble> {
        let mut changes = ContactChanges { removed: self.removed.clone(), ..ContactChanges::default() };
        let mut changed: Vec<_> = self.changed.iter().collect();
        changed.sort_by_key(|(_, heard_of)| **heard_of);
        for (place, _) in changed {
            if let Some((_, known)) = self.there.get(place) {
                changes.accounts.push(place.0);
                changes.ids.push(place.1.clone());
                changes.known.push(known.pack(secrets(work), &place.1, |number| work.names.field_name(number))?);
            }
        }
        for ((account, key), lead) in &self.leads {
            let key = key.0.to_vec();
            match lead {
                Lead::To(id) => {
                    changes.leading.0.push(key);
                    changes.leading.1.push(*account);
                    changes.leading.2.push(id.clone());
                }
                Lead::Nobody | Lead::NobodyIf(_) => {
                    changes.leading_nowhere.0.push(key);
                    changes.leading_nowhere.1.push(*account);
                    changes.leading_nowhere.2.push(match lead {
                        Lead::NobodyIf(number) => Some(*number),
                        _ => None,
                    });
                }
            }
        }
        Ok(changes)
    }
}

/// What a transaction changes of contacts.
#[derive(Default)]
pub(super) struct ContactChanges {
    removed: Vec<i64>,
    accounts: Vec<i64>,
    ids: Vec<String>,
    known: Vec<Vec<u8>>,
    leading: (Vec<Vec<u8>>, Vec<i64>, Vec<String>),
    leading_nowhere: (Vec<Vec<u8>>, Vec<i64>, Vec<Option<i64>>),
}

impl ContactChanges {
    pub(super) async fn send<'a>(&'a self, pipeline: &mut Pipeline<'a>) {
        const REMOVE: &str = "DELETE FROM rolo.contact WHERE id = ANY($1)";
        // Numbers are given in the order of the ids, so that pages of contacts are the same wherever they are kept.
        const PUT: &str = "INSERT INTO rolo.contact (account_id, remote_id, known)
            SELECT account, remote, known FROM unnest($1, $2, $3) WITH ORDINALITY AS new (account, remote, known, place)
            ORDER BY place ON CONFLICT (account_id, remote_id) DO UPDATE SET known = excluded.known";
        const LEAD_NOWHERE: &str =
            "DELETE FROM rolo.contact_key USING unnest($1, $2, $3) AS gone (key, account, contact)
            WHERE contact_key.key = gone.key AND account_id = gone.account
            AND (gone.contact IS NULL OR contact_key.contact = gone.contact)";
        const LEAD: &str = "INSERT INTO rolo.contact_key (key, account_id, contact)
            SELECT new.key, new.account, contact.id FROM unnest($1, $2, $3) AS new (key, account, remote)
            JOIN rolo.contact ON contact.account_id = new.account AND contact.remote_id = new.remote
            ON CONFLICT (key, account_id) DO UPDATE SET contact = excluded.contact
            WHERE contact_key.contact <> excluded.contact";
        let Self { removed, accounts, ids, known, leading, leading_nowhere } = self;
        if !removed.is_empty() {
            pipeline.send(REMOVE, vec![v(removed)]).await;
        }
        if !accounts.is_empty() {
            pipeline.send(PUT, vec![v(accounts), v(ids), v(known)]).await;
        }
        if !leading_nowhere.0.is_empty() {
            let (keys, accounts, contacts) = leading_nowhere;
            pipeline.send(LEAD_NOWHERE, vec![v(keys), v(accounts), v(contacts)]).await;
        }
        if !leading.0.is_empty() {
            pipeline.send(LEAD, vec![v(&leading.0), v(&leading.1), v(&leading.2)]).await;
        }
    }
}

/// Removes a contact and the keys that lead to it; returns how many records went.
pub(super) async fn remove(work: &mut Work<'_>, account: i64, id: &str) -> Result<u64, Trouble> {
    let client = work.client;
    let place = (account, id.to_owned());
    let mut contacts = KnownContacts::default();
    contacts.load(work, &BTreeSet::from([place.clone()])).await?;
    if !contacts.there.contains_key(&place) {
        return Ok(0);
    }
    let mut creates = super::creating::Creates::default();
    let keys = contacts.keys_of(&place).iter().map(|key| (account, *key)).collect();
    creates.load(client, &keys).await?;
    let keys = contacts.gone(account, &RemoteId(place.1));
    creates.gone(account, &keys);
    let (contacts, creates) = (contacts.changes(work)?, creates.changes());
    let mut pipeline = Pipeline::new(client);
    contacts.send(&mut pipeline).await;
    let removed = pipeline.answers().await?.into_iter().sum();
    let mut pipeline = Pipeline::new(client);
    creates.send(&mut pipeline).await;
    pipeline.answers().await?;
    Ok(removed)
}

pub(super) async fn by_keys(
    work: &mut Work<'_>,
    account: &str,
    keys: &[Key],
) -> Result<Vec<Option<KnownContact>>, Trouble> {
    let Some(account) = work.names.known_account(work.client, account).await? else {
        return Ok(vec![None; keys.len()]);
    };
    let query = "SELECT contact_key.key, contact.remote_id, contact.known FROM rolo.contact_key
        JOIN rolo.contact ON contact.id = contact_key.contact
        WHERE contact_key.key = ANY($1) AND contact_key.account_id = $2";
    let wanted: Vec<&[u8]> = keys.iter().map(|key| &key.0[..]).collect();
    let found = rows(work.client, query, &[v(&wanted), v(&account)]).await?;
    let mut by_key = BTreeMap::new();
    for row in found {
        by_key.insert(key(&row, 0)?, (row.try_get::<_, String>(1)?, PackedKnown::read(row.try_get(2)?)?));
    }
    learn_names(work, by_key.values().map(|(_, known)| known)).await?;
    let by_key: BTreeMap<Key, KnownContact> = by_key
        .into_iter()
        .map(|(key, (id, known))| opened(work, &id, known).and_then(|known| Ok((key, whole(work, id, known)?))))
        .collect::<Result<_, Trouble>>()?;
    Ok(keys.iter().map(|key| by_key.get(key).cloned()).collect())
}

pub(super) async fn by_id(work: &mut Work<'_>, account: &str, id: &RemoteId) -> Result<Option<KnownContact>, Trouble> {
    let Some(account) = work.names.known_account(work.client, account).await? else { return Ok(None) };
    let query = "SELECT known FROM rolo.contact WHERE account_id = $1 AND remote_id = $2";
    let Some(found) = row(work.client, query, &[v(&account), v(&id.0)]).await? else { return Ok(None) };
    let known = PackedKnown::read(found.try_get(0)?)?;
    learn_names(work, std::iter::once(&known)).await?;
    whole(work, id.0.clone(), opened(work, &id.0, known)?).map(Some)
}

/// The contacts that were made last, with the keys that lead to them.
pub(super) async fn some(
    work: &mut Work<'_>,
    account: &str,
    at_most: usize,
) -> Result<Vec<(KnownContact, Vec<Key>)>, Trouble> {
    let query = "SELECT id, remote_id, known FROM rolo.contact WHERE account_id = $1 ORDER BY id DESC LIMIT $2";
    let mut some = Vec::new();
    for (_, id, known) in listed(work, account, query, &[at_most as u64]).await? {
        let keys = known.keys.clone();
        some.push((whole(work, id, known)?, keys));
    }
    Ok(some)
}

/// The contacts behind a place, each with its own.
pub(super) async fn page(
    work: &mut Work<'_>,
    account: &str,
    after: u64,
    at_most: usize,
) -> Result<Vec<(u64, KnownContact)>, Trouble> {
    let query = "SELECT id, remote_id, known FROM rolo.contact WHERE account_id = $1 AND id > $3 ORDER BY id LIMIT $2";
    let found = listed(work, account, query, &[at_most as u64, after]).await?;
    found.into_iter().map(|(place, id, known)| Ok((place, whole(work, id, known)?))).collect()
}

async fn listed(
    work: &mut Work<'_>,
    account: &str,
    query: &str,
    numbers: &[u64],
) -> Result<Vec<(u64, String, Known)>, Trouble> {
    let Some(account) = work.names.known_account(work.client, account).await? else { return Ok(Vec::new()) };
    let numbers: Vec<i64> = numbers.iter().copied().map(int).collect();
    let values: Vec<_> = std::iter::once(v(&account)).chain(numbers.iter().map(v)).collect();
    let mut found: Vec<(u64, String, PackedKnown)> = Vec::new();
    for row in rows(work.client, query, &values).await? {
        found.push((back(row.try_get(0)?), row.try_get(1)?, PackedKnown::read(row.try_get(2)?)?));
    }
    learn_names(work, found.iter().map(|(.., known)| known)).await?;
    let open =
        |(place, id, known): (u64, String, PackedKnown)| opened(work, &id, known).map(|known| (place, id, known));
    found.into_iter().map(open).collect()
}

async fn learn_names<'a>(work: &mut Work<'_>, known: impl Iterator<Item = &'a PackedKnown>) -> Result<(), Trouble> {
    let numbers: BTreeSet<u64> = known.flat_map(PackedKnown::fields).collect();
    work.names.learn(work.client, numbers.into_iter()).await
}

fn secrets<'a>(work: &Work<'a>) -> Secrets<'a> {
    Secrets { hasher: work.hasher, vault: work.vault }
}

fn opened(work: &Work<'_>, id: &str, known: PackedKnown) -> Result<Known, Trouble> {
    Ok(known.open(secrets(work), id, |number| work.names.field_name(number))?)
}

fn whole(work: &Work<'_>, id: String, known: Known) -> Result<KnownContact, Trouble> {
    Ok(named(id, known, |number| work.names.field_name(number))?)
}
