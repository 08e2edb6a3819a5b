use std::sync::Arc;

use secrecy::ExposeSecret as _;

use super::Context;
use super::account_spec::AccountSpec;
use super::connect::Connection;
use super::identity::{difference, identity, points_to};
use super::notices::pass_on_warnings;
use crate::contact::{Call, Field, Identifier, IdentifierKind, Snapshot, Target};
use crate::error::{Error, Result};
use crate::journal::{Key, KnownContact};
use crate::ledger::{ClaimedRun, LedgerHandle, Run};
use crate::reconcile::{CallEnd, Identified};
use crate::report::{Note, gone_with_its_command};
use crate::services::Reply;
use crate::upload::{Caller, LookupBatcher};

/// Remembered contacts that are read back to show which workspace a token opens.
const PROOFS: usize = 3;

/// Remembered contacts among which these are sought: some have no identifier.
const CANDIDATES: usize = 50;

/// What recognizing an account may leave in the ledger.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// From now on the account goes by its name and its token.
    Aliases,
    /// Nothing: for commands that only look.
    Nothing,
}

/// Finds the memory of the place that the account points to; for one that points elsewhere than
/// before, or whose token opens another workspace, a memory of its own. `Some` remark if so.
///
/// Where the token alone chooses the workspace, a new token is tried on a few contacts that are
/// remembered of the old one: only if the service shows them is the memory the same.
///
/// # Errors
/// Of kind `Stopped` if the service doesn't say what it holds: then nobody knows whose memory to use.
pub async fn recognize(
    spec: &AccountSpec,
    connection: &mut Connection,
    keep: Keep,
    context: &mut Context,
) -> Result<Option<Note>> {
    if spec.sandbox.is_some() {
        return Ok(None);
    }
    let ledger = connection.account.ledger.clone();
    let place = connection.identity().to_owned();
    let name = format!("account {}", spec.name);
    let token = token(spec, &ledger);
    let alias = token.as_ref().map(|token| format!("token {token} of {place}"));
    let before = called(&ledger, &name).await?;
    // A ledger of the first version knows an account by its name alone.
    let unplaced =
        if before.is_none() && has_memory(&ledger, &spec.name).await? { Some(spec.name.clone()) } else { None };
    let known = match &alias {
        Some(alias) => called(&ledger, alias).await?,
        None => has_memory(&ledger, &place).await?.then(|| place.clone()),
    };
    let mut note = None;
    let identity = match known {
        Some(identity) => identity,
        None => {
            let own = match &token {
                Some(token) => format!("{place} token-{}", &token[..8]),
                None => place.clone(),
            };
            let of_place = |identity: &String| {
                alias.is_some() && (*identity == place || identity.starts_with(&format!("{place} ")))
            };
            match before.clone().filter(of_place).or(unplaced) {
                // Nothing is remembered that could mislead; but the old token gives no claim to what will be.
                Some(older) if !has_memory(&ledger, &older).await? => {
                    if keep == Keep::Aliases {
                        ledger.uncall_account(&older).await?;
                    }
                    older
                }
                Some(older) if is_shown(connection, &older, context).await? => {
                    if older == spec.name && keep == Keep::Aliases {
                        ledger.rename_account(&older, &own).await?;
                        own
                    } else {
                        older
                    }
                }
                Some(older) if older == spec.name => {
                    note = Some(Note::OlderMemory { account: spec.name.clone() });
                    own
                }
                _ => own,
            }
        }
    };
    if let Some(what) = before.and_then(|before| difference(&before, &identity)) {
        note = Some(Note::Elsewhere { account: spec.name.clone(), to: what });
    }
    if keep == Keep::Aliases {
        ledger.call_account(&name, &identity).await?;
        if let Some(alias) = alias {
            ledger.call_account(&alias, &identity).await?;
        }
    }
    connection.set_identity(identity);
    Ok(note)
}

/// Under what an account is remembered, as far as that can be told without asking it.
pub async fn remembered_as(spec: &AccountSpec, ledger: &LedgerHandle) -> Result<String> {
    let place = identity(spec, crate::clock::unix_now().as_nanos());
    if spec.sandbox.is_some() {
        return Ok(place);
    }
    if let Some(token) = token(spec, ledger)
        && let Some(known) = called(ledger, &format!("token {token} of {place}")).await?
    {
        return Ok(known);
    }
    let before = called(ledger, &format!("account {}", spec.name)).await?;
    let is_of_place = |before: &String| *before == place || before.starts_with(&format!("{place} "));
    Ok(before.filter(is_of_place).unwrap_or(place))
}

/// What tells one token from another, where the token alone chooses the workspace.
fn token(spec: &AccountSpec, ledger: &LedgerHandle) -> Option<String> {
    let secret = spec.secret.as_ref().filter(|_| spec.service.account_settings.is_empty())?;
    Some(ledger.hasher().name("token", secret.expose_secret()))
}

/// What is wanted of a run that was made at some place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// To go on with it, or to send its rows again.
    GoOn,
    PutBack,
}

/// Refuses to go on with a run, or to put it back, at another place than it was made at.
///
/// # Errors
/// Of kind `Usage`, naming both places.
pub fn same_place(run: &Run, connection: &Connection, wanted: Wanted) -> Result<()> {
    match difference(&run.new.identity, connection.identity()) {
        Some(what) => Err(elsewhere(run, &what, wanted)),
        None => Ok(()),
    }
}

/// The same before the account is connected, as far as it can be told then.
///
/// # Errors
/// Of kind `Usage`, naming both places.
pub fn may_put_back(run: &Run, spec: &AccountSpec) -> Result<()> {
    let is_there = match &spec.sandbox {
        Some(_) => !run.new.was_in_memory(),
        // A ledger of the first version knows an account by its name alone.
        None => run.new.identity == spec.name || points_to(spec, &run.new.identity),
    };
    if is_there {
        return Ok(());
    }
    let now = identity(spec, 0);
    Err(elsewhere(run, &difference(&run.new.identity, &now).unwrap_or_default(), Wanted::PutBack))
}

fn elsewhere(run: &Run, what: &str, wanted: Wanted) -> Error {
    if run.new.was_in_memory() {
        return gone_with_its_command(&run.id.0);
    }
    let account = &run.new.account;
    let message = format!("run {} was made elsewhere than account {account} points to now: {what}", run.id);
    let hint = match wanted {
        Wanted::GoOn => {
            "nothing was sent; where the account points now, the command of the run begins anew if it is given again; \
             to go on with the run, point the account in rolo.toml back to where it was made"
        }
        Wanted::PutBack => {
            "nothing was sent; point the account in rolo.toml back to where the run was made, then give the command \
             again"
        }
    };
    Error::usage(message).in_run(&run.id.0).in_account(&run.new.account).hint(hint)
}

/// The name of the memory that an account had last.
pub async fn last_identity(ledger: &LedgerHandle, name: &str) -> Result<String> {
    Ok(called(ledger, &format!("account {name}")).await?.unwrap_or_else(|| name.to_owned()))
}

async fn called(ledger: &LedgerHandle, alias: &str) -> Result<Option<String>> {
    ledger.account_called(alias).await
}

async fn has_memory(ledger: &LedgerHandle, account: &str) -> Result<bool> {
    Ok(!ledger.some_known(account, 1).await?.is_empty())
}

/// Whether the account shows contacts that are remembered of `older`.
async fn is_shown(connection: &Connection, older: &str, context: &mut Context) -> Result<bool> {
    let (caller, mut notices) = connection.caller(&ClaimedRun::unclaimed("before"), &context.stop);
    let shown = shows_some(connection, &caller, older).await;
    pass_on_warnings(&mut notices, context);
    shown
}

async fn shows_some(connection: &Connection, caller: &Arc<Caller>, older: &str) -> Result<bool> {
    let ledger = &connection.account.ledger;
    let remembered = ledger.some_known(older, CANDIDATES).await?;
    let batcher = Connection::lookup_batcher(caller);
    let keys = connection.keys(ledger);
    let mut tried = 0;
    for (contact, mut known) in remembered {
        let own = keys.identifier(&Identifier::new(IdentifierKind::Id, contact.id.0.clone()));
        known.retain(|key| *key != own);
        let Some(proof) = proof(&contact, connection).filter(|_| !known.is_empty()) else { continue };
        let shown = match proof {
            Proof::Read(call) => match caller.read(&call).await.end {
                CallEnd::Done(Reply::Contact(shown)) => Some(*shown),
                CallEnd::Missing { .. } => None,
                end => return Err(unproven(connection, &end, caller)),
            },
            Proof::Find(identifiers) => {
                found(&batcher, &identifiers).await.map_err(|end| unproven(connection, &end, caller))?
            }
        };
        let is_same = |shown: &Snapshot| {
            let by_id = connection.account.service.capabilities().read;
            let shows: Vec<Key> = keys.of_snapshot(shown);
            shown.id == contact.id && (!by_id || shows.iter().any(|key| known.contains(key)))
        };
        if shown.as_ref().is_some_and(is_same) {
            return Ok(true);
        }
        tried += 1;
        if tried == PROOFS {
            break;
        }
    }
    Ok(false)
}

/// How a remembered contact can be looked at.
enum Proof {
    /// By its id: it is the same if it shows an identifier that is remembered.
    Read(Call),
    /// By its identifiers: it is the same if it has the id that is remembered.
    Find(Vec<Identifier>),
}

fn proof(contact: &KnownContact, connection: &Connection) -> Option<Proof> {
    if connection.account.service.capabilities().read {
        return Some(Proof::Read(Call::Read { target: Target::Id(contact.id.clone()) }));
    }
    let values = contact.values.as_ref()?;
    let identifiers: Vec<_> = [IdentifierKind::ExternalId, IdentifierKind::Phone, IdentifierKind::Email]
        .into_iter()
        .filter_map(|kind| {
            let value = values.fields.get(&Field::new(kind.name()))?;
            (!value.is_empty()).then(|| Identifier::new(kind, value.as_text()))
        })
        .collect();
    (!identifiers.is_empty()).then_some(Proof::Find(identifiers))
}

async fn found(batcher: &LookupBatcher, identifiers: &[Identifier]) -> std::result::Result<Option<Snapshot>, CallEnd> {
    match batcher.identify(identifiers).await {
        Ok(Identified::One(contact)) => Ok(Some(*contact)),
        Ok(_) => Ok(None),
        Err(result) => match result.end {
            CallEnd::Missing { .. } => Ok(None),
            end => Err(end),
        },
    }
}

fn unproven(connection: &Connection, end: &CallEnd, caller: &crate::upload::Caller) -> Error {
    let why = caller.why_failed(end);
    Error::stopped(format!(
        "whether account {} is the one that is remembered can't be told: {why}",
        connection.account.name
    ))
    .in_account(&connection.account.name)
    .in_service(connection.account.service.name())
    .hint(
        "its token is new, so contacts were to be read with it first; give the command again when the service answers",
    )
}
