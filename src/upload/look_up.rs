use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use super::caller::Caller;
use crate::contact::{Call, Identifier, Snapshot};
use crate::reconcile::{CallEnd, CallResult, ReconcileEvent, Reconciliation, SharedLookup};
use crate::services::Reply;

/// Pages of one look-up that are read before it is given up as too wide.
const PAGES_AT_MOST: u32 = 40;

/// Asks who has one of `identifiers`, all pages of the answer.
pub async fn look_up(caller: &Caller, identifiers: &[Identifier]) -> (Vec<Snapshot>, CallResult) {
    let mut found: Vec<Snapshot> = Vec::new();
    let mut cursor = None;
    let mut answers = 0;
    for _ in 0..PAGES_AT_MOST {
        let call = Call::Find { identifiers: identifiers.to_vec(), cursor: cursor.take() };
        let mut result = caller.read(&call).await;
        answers = answers.max(result.answers);
        result.answers = answers;
        match &result.end {
            CallEnd::Done(Reply::Contacts(page)) => {
                found.extend(page.items.iter().cloned());
                cursor.clone_from(&page.next);
            }
            CallEnd::Done(Reply::Contact(contact)) => found.push((**contact).clone()),
            CallEnd::Done(_) | CallEnd::Missing { .. } => {}
            _ => return (Vec::new(), result),
        }
        if cursor.is_none() {
            result.end = CallEnd::Done(Reply::Nothing);
            return (found, result);
        }
    }
    let end = CallEnd::Refused {
        code: "contact.ambiguous".into(),
        message: format!("a look-up matched more than {PAGES_AT_MOST} pages of contacts"),
        fields: Vec::new(),
    };
    (Vec::new(), CallResult { end, http_status: Some(200), answers })
}

/// One look-up of several rows, and what came of it.
pub struct AnsweredLookup {
    /// What was asked.
    pub lookup: SharedLookup,
    /// Every contact of the answer.
    pub found: Vec<Snapshot>,
    /// How it ended.
    pub result: CallResult,
}

/// Asks what several rows want looked up: in one call, or, where that is refused, in halves, so that neither
/// a service that takes fewer identifiers nor one value that it does not like fails more rows than it must.
pub fn look_up_together(caller: &Caller, lookup: SharedLookup) -> BoxFuture<'_, Vec<AnsweredLookup>> {
    async move {
        let (found, result) = look_up(caller, &lookup.identifiers()).await;
        let halves = lookup.halves().filter(|_| matches!(result.end, CallEnd::Refused { .. }));
        let Some([first, others]) = halves else { return vec![AnsweredLookup { lookup, found, result }] };
        let taken = first.identifiers().len().max(others.identifiers().len());
        let mut answers = look_up_together(caller, first).await;
        answers.extend(look_up_together(caller, others).await);
        let is_taken =
            |answer: &AnsweredLookup| matches!(answer.result.end, CallEnd::Done(_) | CallEnd::Missing { .. });
        if answers.len() == 2 && answers.iter().all(is_taken) {
            caller.lookup_room.narrow(taken);
        }
        answers
    }
    .boxed()
}

/// Finds out which contacts these rows are about, the look-ups of all in as few calls as they fit
/// into: `room` identifiers each, or as many as the service was seen to take. `None` if the run stops first.
pub(super) async fn identify_together(
    caller: &Caller,
    mut rows: Vec<Reconciliation>,
    room: usize,
) -> Option<Vec<Reconciliation>> {
    loop {
        let lookups = SharedLookup::next_of(&rows, caller.lookup_room.within(room));
        if lookups.is_empty() {
            return Some(rows);
        }
        for lookup in lookups {
            for AnsweredLookup { lookup, found, result } in look_up_together(caller, lookup).await {
                if result.end == CallEnd::Halted {
                    return None;
                }
                for (at, contacts) in lookup.shares(&found) {
                    // What a look-up teaches is durable with the row's first write.
                    let entries = rows[at].answered(ReconcileEvent::Looked { contacts, result: result.clone() });
                    debug_assert!(entries.is_empty(), "a look-up before anything was sent changes nothing durable");
                }
            }
        }
    }
}
