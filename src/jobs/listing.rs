use std::sync::Arc;

use super::Context;
use super::connect::Connection;
use super::source::{Mapped, SourceSpec};
use crate::clock;
use crate::contact::{Contact, CreateSafety, Field, Filter, ListAll, Snapshot};
use crate::error::Result;
use crate::journal::Entry;
use crate::reconcile::{Keys, Strategy};
use crate::report::Note;
use crate::table::RowBatch;
use crate::upload::{Caller, Completeness, Listing, Turned, lookup_room};

/// How old a listing may be before contacts are listed anew.
const FRESH_SECONDS: u64 = 24 * 60 * 60;

/// Fewer look-ups than this are not worth a listing.
const WORTH_IT: u64 = 40;

/// Lists every contact of an account that can't look contacts up, so that rows are matched by what
/// the ledger remembers. Unless it is to be `fresh`, only those that changed since the last time.
pub async fn learn_all(
    connection: &Connection,
    caller: &Arc<Caller>,
    keys: &Keys,
    fields: &[Field],
    fresh: bool,
    context: &mut Context,
) -> Result<()> {
    let ledger = &connection.account.ledger;
    let listed = ledger.listed_at(keys.account()).await?;
    let now = clock::unix_now().as_secs();
    let since = match listed.filter(|_| !fresh) {
        Some(at)
            if now.saturating_sub(at) < FRESH_SECONDS
                && !connection.account.service.capabilities().filters.updated_since =>
        {
            return Ok(());
        }
        // An overlap, since the service's clock is not ours.
        Some(at) if connection.account.service.capabilities().filters.updated_since => {
            jiff::Timestamp::from_second(i64::try_from(at.saturating_sub(600)).unwrap_or(0))
                .ok()
                .map(|at| at.to_string())
        }
        _ => None,
    };
    context.note(Note::Listing { changed: since.is_some() });
    let mut listing = Listing::new(caller.clone(), Filter { updated_since: since, ..Filter::default() });
    while let Some(turned) = listing.next().await? {
        if let Turned::Page(page) = turned {
            remember(&page.contacts, caller, keys, fields).await?;
        }
    }
    if let Some(Completeness::Moved { .. } | Completeness::Uncounted { same: false, .. }) = listing.completeness() {
        // Whoever was missed may be found by the next run, which lists again.
        return Ok(());
    }
    ledger.set_listed_at(&caller.run, keys.account(), Some(now)).await
}

async fn remember(contacts: &[Snapshot], caller: &Caller, keys: &Keys, fields: &[Field]) -> Result<()> {
    let entries = contacts
        .iter()
        .map(|contact| Entry::Known {
            account: keys.account().to_owned(),
            contact: keys.learn(contact, fields),
            keys: keys.of_snapshot(contact),
            told: true,
        })
        .collect();
    caller.account.ledger.write(&caller.run, entries).await.map(drop)
}

/// Lists the account instead of looking contacts up, where that takes fewer calls. True if it did,
/// and every contact that is there is known from now on.
///
/// Only where the service itself refuses a second contact with the same identifier: one that comes
/// into being after the listing is then found by the refusal, and not made twice.
pub async fn learn_instead(
    look_ups: u64,
    caller: &Arc<Caller>,
    keys: &Keys,
    fields: &[Field],
    context: &mut Context,
) -> Result<bool> {
    let service = &caller.account.service;
    if !is_worth_listing(caller, look_ups) {
        return Ok(false);
    }
    let Some(page_size) = service.limits().page_size.map(|size| u64::from(size.value.max(1))) else { return Ok(false) };
    let mut listing = Listing::new(caller.clone(), Filter::default());
    let mut read = 0_u64;
    // One pass will do: whoever it misses is found when the service refuses to make them twice.
    while !listing.walk().has_passed() {
        let Some(turned) = listing.next().await? else { break };
        read += 1;
        let Turned::Page(page) = turned else { continue };
        remember(&page.contacts, caller, keys, fields).await?;
        // Without a total, no more is risked than a third of what the look-ups would cost.
        let total = listing.walk().total();
        let in_all = match total {
            Some(total) => total.div_ceil(page_size),
            None if read > look_ups / 3 => u64::MAX,
            None => read,
        };
        if read == 1 && in_all < look_ups {
            context.note(Note::ListingInstead { contacts: total, look_ups });
        }
        let is_allowed = caller.account.allowance.admits(in_all.saturating_sub(read), caller.account.budget.period());
        if in_all >= look_ups || !is_allowed {
            return Ok(false);
        }
    }
    Ok(listing.walk().short_of() == 0)
}

/// How an import would find out which contacts its rows are about.
pub struct Choice {
    pub strategy: Strategy,
    /// Identifiers that a look-up of several rows would carry.
    pub lookup_room: usize,
    /// Pages that it would list.
    pub calls: u64,
    /// Look-ups that it would make before the first row.
    pub finds: u64,
}

/// Foresees what [`learn_all`] and [`learn_instead`] would do, by reading one page at the most.
pub async fn foresee(
    connection: &Connection,
    caller: &Arc<Caller>,
    keys: &Keys,
    mapped: &Mapped,
    source: &SourceSpec,
) -> Result<Choice> {
    let service = &connection.account.service;
    let stated = service.limits().identifiers_per_find.value;
    let choice = |strategy, calls| Choice { strategy, lookup_room: stated, calls, finds: 0 };
    let pages = |total: u64| match service.limits().page_size.map(|size| u64::from(size.value.max(1))) {
        Some(size) => total.div_ceil(size).max(1),
        None => 1,
    };
    let first_page = async || -> Result<Option<u64>> {
        let mut listing = Listing::new(caller.clone(), Filter::default());
        listing.next().await?;
        Ok(listing.walk().total())
    };
    if service.capabilities().find_by_listing {
        let listed = connection.account.ledger.listed_at(keys.account()).await?;
        let is_fresh = listed.is_some_and(|at| clock::unix_now().as_secs().saturating_sub(at) < FRESH_SECONDS);
        let calls = match (is_fresh, service.capabilities().filters.updated_since) {
            (true, false) => 0,
            (_, true) if listed.is_some() => 1,
            _ => first_page().await?.map_or(1, pages),
        };
        return Ok(choice(Strategy::LookUp, calls));
    }
    let first = first_contacts(source, mapped)?;
    let look_ups = look_ups_needed(&first, mapped.sample.total, caller, keys, true).await?;
    if !is_worth_listing(caller, look_ups) {
        let before = caller.calls();
        let lookup_room = lookup_room(caller, look_ups).await?;
        // The first of them is the page that contacts are taken from.
        let calls = caller.calls() - before;
        return Ok(Choice {
            strategy: Strategy::LookUp,
            lookup_room,
            calls: calls.min(1),
            finds: calls.saturating_sub(1),
        });
    }
    Ok(match first_page().await?.map(pages) {
        Some(calls) if calls < look_ups => choice(Strategy::Listed, calls),
        Some(_) => choice(Strategy::LookUp, 1),
        None => choice(Strategy::LookUp, look_ups / 3 + 1),
    })
}

/// The usable contacts of the first rows.
pub fn first_contacts(source: &SourceSpec, mapped: &Mapped) -> Result<Vec<Contact>> {
    let mut reader = source.open()?;
    let mut batch = RowBatch::new();
    reader.read(&mut batch, super::feed::BATCH)?;
    let mut validator = source.validator(mapped.forward.clone())?;
    Ok(validator.check(&batch).into_iter().flatten().collect())
}

/// Whether listing may take the place of so many look-ups: only where the service itself refuses a
/// second contact with the same identifier.
fn is_worth_listing(caller: &Caller, look_ups: u64) -> bool {
    let service = &caller.account.service;
    let capabilities = service.capabilities();
    let safe = matches!(capabilities.create_safety.value, CreateSafety::UniqueConstraint | CreateSafety::Upsert);
    let paged = service.limits().page_size.is_some();
    safe && paged && capabilities.list_all == ListAll::Yes && look_ups >= WORTH_IT
}

/// Calls that look-ups of these rows would take, judged by the first of them: those that the ledger
/// doesn't know, each with the identifiers that a new contact is looked up by.
pub async fn look_ups_needed(
    first: &[Contact],
    rows: u64,
    caller: &Caller,
    keys: &Keys,
    remember: bool,
) -> Result<u64> {
    if first.is_empty() {
        return Ok(0);
    }
    let service = &caller.account.service;
    let find_by = service.capabilities().find_by;
    let room = service.limits().identifiers_per_find.value.max(1) as u64;
    let mut identifiers = 0_u64;
    for contact in first {
        let known = remember
            && caller
                .account
                .ledger
                .known(keys.account(), &keys.identifiers(&contact.identifiers))
                .await?
                .iter()
                .any(Option::is_some);
        if !known {
            identifiers +=
                contact.identifiers.iter().filter(|identifier| find_by.contains(&identifier.kind)).count() as u64;
        }
    }
    Ok((identifiers * rows / first.len() as u64).div_ceil(room))
}
