use std::sync::Arc;

use super::Context;
use super::connect::Connection;
use crate::clock;
use crate::contact::Filter;
use crate::engine::{Caller, Keys, Pages};
use crate::error::Result;
use crate::ledger::Entry;

/// How old a listing may be before contacts are listed anew.
const FRESH_SECONDS: u64 = 24 * 60 * 60;

/// Lists every contact of an account that can't look contacts up, so that rows are matched by what
/// the ledger remembers. Unless it is to be `fresh`, only those that changed since the last time.
pub async fn learn_all(
    connection: &Connection,
    caller: &Arc<Caller>,
    keys: &Keys,
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
        let entries = contacts
            .iter()
            .map(|contact| Entry::Known {
                account: keys.account().to_owned(),
                contact: keys.learn(contact, &[]),
                keys: keys.of_snapshot(contact),
            })
            .collect();
        ledger.write(&caller.run, entries).await?;
    }
    let account = keys.account().to_owned();
    ledger.run(move |ledger| ledger.set_listed_at(&account, Some(now))).await
}
