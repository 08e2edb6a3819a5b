use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;
use futures_util::{FutureExt as _, StreamExt as _};
use tokio::sync::{mpsc, oneshot};

use super::caller::Caller;
use super::look_up::look_up;
use crate::contact::{Identifier, Snapshot};
use crate::reconcile::{CallEnd, CallResult, Identification, Identified, pack};

/// How long a look-up that has room for more identifiers waits for them.
const GATHER: Duration = Duration::from_millis(5);

/// Where the answer to a look-up goes.
pub(super) type Asker = oneshot::Sender<(Vec<Snapshot>, CallResult)>;

/// One question of a command that looks contacts up as they come.
struct Lookup {
    identifiers: Vec<Identifier>,
    answer: Asker,
}

/// Looks contacts up for commands without rows to be sent, as many to a call as the service takes.
/// Cloning shares the queue.
#[derive(Clone)]
pub struct LookupBatcher {
    lookups: mpsc::UnboundedSender<Lookup>,
    caller: Arc<Caller>,
}

impl LookupBatcher {
    /// A batcher over `caller`, and the task that drives it, which ends when every clone is gone.
    pub fn new(caller: Arc<Caller>) -> (Self, impl Future<Output = ()> + Send) {
        let (lookups, queue) = mpsc::unbounded_channel();
        (Self { lookups, caller: caller.clone() }, serve(caller, queue))
    }

    /// Whose `identifiers` are: the same identification as an import's. `Err` holds the call that
    /// did not end well.
    pub async fn identify(&self, identifiers: &[Identifier]) -> Result<Identified, CallResult> {
        let service = &self.caller.account.service;
        let mut way = Identification::new(identifiers, service.capabilities(), service.limits());
        while let Some(identifiers) = way.next_lookup() {
            let (contacts, result) = self.look_up(identifiers.to_vec()).await;
            if !matches!(result.end, CallEnd::Done(_)) {
                return Err(result);
            }
            match way.answered(&contacts) {
                Identified::Nobody => {}
                identified => return Ok(identified),
            }
        }
        Ok(Identified::Nobody)
    }

    async fn look_up(&self, identifiers: Vec<Identifier>) -> (Vec<Snapshot>, CallResult) {
        let (answer, answered) = oneshot::channel();
        let halted = || (Vec::new(), CallResult::halted());
        if self.lookups.send(Lookup { identifiers, answer }).is_err() {
            return halted();
        }
        answered.await.unwrap_or_else(|_| halted())
    }
}

async fn serve(caller: Arc<Caller>, mut queue: mpsc::UnboundedReceiver<Lookup>) {
    let most = caller.account.service.limits().identifiers_per_find.value;
    let mut under_way = FuturesUnordered::new();
    loop {
        tokio::select! {
            biased;
            Some(()) = under_way.next() => {}
            lookup = queue.recv() => {
                let Some(first) = lookup else { break };
                let room = caller.lookup_room.within(most);
                let mut load = first.identifiers.len();
                let mut lookups = vec![(first.answer, first.identifiers)];
                while load < room {
                    let Ok(Some(more)) = tokio::time::timeout(GATHER, queue.recv()).await else { break };
                    load += more.identifiers.len();
                    lookups.push((more.answer, more.identifiers));
                }
                for group in pack(lookups, room) {
                    under_way.push(answer(caller.clone(), group));
                }
            }
        }
    }
    while under_way.next().await.is_some() {}
}

/// What is refused in one look-up is asked in halves.
pub(super) fn answer(caller: Arc<Caller>, mut group: Vec<(Asker, Vec<Identifier>)>) -> BoxFuture<'static, ()> {
    async move {
        let identifiers: Vec<Identifier> =
            group.iter().flat_map(|(_, identifiers)| identifiers.iter().cloned()).collect();
        let (contacts, result) = look_up(&caller, &identifiers).await;
        if group.len() > 1 && matches!(result.end, CallEnd::Refused { .. }) {
            let others = group.split_off(group.len() / 2);
            answer(caller.clone(), group).await;
            return answer(caller, others).await;
        }
        for (answer, _) in group {
            // The asker may be gone; the others still get their answer.
            let _ = answer.send((contacts.clone(), result.clone()));
        }
    }
    .boxed()
}
