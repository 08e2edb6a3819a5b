use std::sync::Arc;

use super::Context;
use super::connect::Connection;
use crate::clock;
use crate::contact::{Contact, CreateSafety, Field, Filter, ListAll, Snapshot};
use crate::engine::{Caller, Keys, Pages};
use crate::error::Result;
use crate::ledger::Entry;

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
    asked: &[Field],
    fresh: bool,
    context: &mut Context,
) -> Result<()> {
    let ledger = &connection.account.ledger;
    let account = keys.account().to_owned();
    let listed = ledger.run(move |ledger| ledger.listed_at(&account)).await?;
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
    context.note(match &since {
        Some(_) => "reading the contacts that changed since the last run, since the service has no look-up".to_owned(),
        None => "reading all contacts once, since the service has no look-up by phone or e-mail".to_owned(),
    });
    let mut pages = Pages::new(caller.clone(), Filter { updated_since: since, ..Filter::default() }, None);
    while let Some((contacts, _)) = pages.next().await? {
        remember(&contacts, caller, keys, asked).await?;
    }
    let account = keys.account().to_owned();
    ledger.run(move |ledger| ledger.set_listed_at(&account, Some(now))).await
}

async fn remember(contacts: &[Snapshot], caller: &Caller, keys: &Keys, asked: &[Field]) -> Result<()> {
    let entries = contacts
        .iter()
        .map(|contact| Entry::Known {
            account: keys.account().to_owned(),
            contact: keys.learn(contact, asked),
            keys: keys.of_snapshot(contact),
        })
        .collect();
    caller.account.ledger.write(&caller.run, entries).await
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
    asked: &[Field],
    context: &mut Context,
) -> Result<bool> {
    let service = &caller.account.service;
    let capabilities = service.capabilities();
    let safe = matches!(capabilities.create_safety.value, CreateSafety::UniqueConstraint | CreateSafety::Upsert);
    if !safe || capabilities.list_all != ListAll::Yes || look_ups < WORTH_IT {
        return Ok(false);
    }
    let Some(page_size) = service.limits().page_size.map(|size| u64::from(size.value.max(1))) else { return Ok(false) };
    let mut pages = Pages::new(caller.clone(), Filter::default(), None);
    let mut read = 0_u64;
    while let Some((contacts, _)) = pages.next().await? {
        read += 1;
        remember(&contacts, caller, keys, asked).await?;
        // Without a total, no more is risked than a third of what the look-ups would cost.
        let in_all = match pages.total() {
            Some(total) => total.div_ceil(page_size),
            None if read > look_ups / 3 => u64::MAX,
            None => read,
        };
        if read == 1 {
            let told = pages.total().map_or_else(String::new, |total| format!(", which has {total} contacts"));
            if in_all < look_ups {
                context.note(format!("reading the account{told}: fewer calls than {look_ups} look-ups"));
            }
        }
        if in_all >= look_ups {
            return Ok(false);
        }
    }
    Ok(pages.short_of() == 0)
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
                .known(keys.account(), keys.identifiers(&contact.identifiers))
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
