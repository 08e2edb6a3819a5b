use std::time::Duration;

use super::caller::{Ended, Reached};
use super::finder::Found;
use super::lane::Driving;
use crate::clock;
use crate::contact::{CreateSafety, Identifier, Snapshot};
use crate::crash::Safeguard;

/// What a look-up says about a create whose answer was lost.
#[derive(Debug)]
pub(super) enum Settled {
    /// It was applied: this is the contact.
    Applied(Box<Snapshot>, Reached),
    /// It was not, and may be sent again.
    NotApplied,
    /// Nobody can say.
    InDoubt(String),
    Halted,
}

/// Settles a create in doubt: looks the contact up, and again until the service's search has surely
/// caught up, before it may be sent again.
pub(super) async fn create(lane: &Driving<'_>) -> Settled {
    if !Safeguard::Settle.holds() {
        return Settled::NotApplied;
    }
    let capabilities = lane.caller().account.service.capabilities();
    let identifiers = lane.findable();
    if identifiers.is_empty() {
        return match capabilities.create_safety.value {
            CreateSafety::Upsert => Settled::NotApplied,
            _ => Settled::InDoubt("the row has nothing to look the contact up by".into()),
        };
    }
    let patience = match capabilities.create_safety.value {
        CreateSafety::SearchOnly | CreateSafety::Nothing => lane.search_lag(),
        CreateSafety::Upsert | CreateSafety::UniqueConstraint => Duration::ZERO,
    };
    match until(lane, &identifiers, patience).await {
        Looked::Found(contact, reached) => return Settled::Applied(contact, reached),
        Looked::Failed(message) => return Settled::InDoubt(format!("the look-up failed: {message}")),
        Looked::Halted => return Settled::Halted,
        Looked::NotThere => {}
    }
    match capabilities.create_safety.value {
        CreateSafety::Nothing => Settled::InDoubt("no look-up can show that it was not created".into()),
        _ => Settled::NotApplied,
    }
}

/// What looking a contact up again and again has shown.
#[derive(Debug)]
pub(super) enum Looked {
    Found(Box<Snapshot>, Reached),
    NotThere,
    Failed(String),
    Halted,
}

/// Looks for a contact that is there by the service's own word, until its search has surely caught up.
pub(super) async fn there(lane: &Driving<'_>) -> Looked {
    until(lane, &lane.findable(), lane.search_lag()).await
}

/// Looks a contact up until it is found, or was not by a look-up that left after `patience`.
async fn until(lane: &Driving<'_>, identifiers: &[Identifier], patience: Duration) -> Looked {
    let deadline = clock::now() + patience;
    for looked in 1.. {
        // What counts is when it leaves: an answer that comes after the deadline may be from before.
        let is_last = clock::now() >= deadline;
        match lane.find(identifiers).await {
            (Found::Contacts(contacts), reached) => match contacts.into_iter().next() {
                Some(contact) => {
                    let last = reached.into_iter().next_back();
                    let last = last.unwrap_or(Reached { ended: Ended::Halted, http_status: None, answers: 0 });
                    return Looked::Found(Box::new(contact), last);
                }
                None if is_last => break,
                None => {}
            },
            (Found::Not(reached), _) => match reached.ended {
                Ended::Halted => return Looked::Halted,
                Ended::Refused { message, .. } | Ended::Unreachable { message } | Ended::Unclear { message } => {
                    return Looked::Failed(message);
                }
                _ if is_last => break,
                _ => {}
            },
        }
        let pause = lane.caller().retry.pause(looked).max(patience / 8);
        tokio::select! {
            biased;
            () = lane.caller().stop.asked() => return Looked::Halted,
            () = tokio::time::sleep(pause) => {}
        }
    }
    Looked::NotThere
}
