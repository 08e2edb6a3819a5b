use super::caller::{Ended, Reached};
use super::finder::Found;
use super::lane::Driving;
use crate::clock;
use crate::contact::{CreateSafety, Snapshot};
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
        CreateSafety::Upsert | CreateSafety::UniqueConstraint => std::time::Duration::ZERO,
    };
    let deadline = clock::now() + patience;
    for failures in 1.. {
        match lane.find(&identifiers).await {
            (Found::Contacts(contacts), reached) => match contacts.into_iter().next() {
                Some(contact) => {
                    let last = reached.into_iter().next_back();
                    let last = last.unwrap_or(Reached { ended: Ended::Halted, http_status: None, answers: 0 });
                    return Settled::Applied(Box::new(contact), last);
                }
                None if clock::now() >= deadline => break,
                None => {}
            },
            (Found::Not(reached), _) => match reached.ended {
                Ended::Halted => return Settled::Halted,
                Ended::Refused { message, .. } | Ended::Unreachable { message } | Ended::Unclear { message } => {
                    return Settled::InDoubt(format!("the look-up failed: {message}"));
                }
                _ => {}
            },
        }
        let pause = lane.caller().retry.pause(failures).max(patience / 8);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = lane.caller().stop.asked() => return Settled::Halted,
        }
    }
    match capabilities.create_safety.value {
        CreateSafety::Nothing => Settled::InDoubt("no look-up can show that it was not created".into()),
        _ => Settled::NotApplied,
    }
}
