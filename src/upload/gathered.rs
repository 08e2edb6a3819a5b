use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, oneshot};

use super::caller::Caller;
use super::lookup_batcher::{Asker, answer};
use crate::contact::{Identifier, Snapshot};
use crate::reconcile::CallResult;

/// Look-ups of rows that can wait for each other: they are gathered until one call is full of them, or until no row
/// goes on by itself any more. Whoever drives the rows says when ([`Self::take`]).
#[derive(Default)]
pub(super) struct GatheredLookups {
    waiting: Mutex<Vec<(Asker, Vec<Identifier>)>>,
    came: Notify,
}

impl GatheredLookups {
    /// Waits until these are looked up, together with others. Halted if the run stops before that has begun.
    pub(super) async fn look_up(&self, identifiers: Vec<Identifier>) -> (Vec<Snapshot>, CallResult) {
        let (asker, answered) = oneshot::channel();
        self.queue().push((asker, identifiers));
        self.came.notify_one();
        answered.await.unwrap_or_else(|_| (Vec::new(), CallResult::halted()))
    }

    /// Returns when another look-up has come.
    pub(super) async fn came(&self) {
        self.came.notified().await;
    }

    /// Halts those that wait: the run stops.
    pub(super) fn halt(&self) {
        self.queue().clear();
    }

    /// How many rows wait.
    pub(super) fn rows(&self) -> usize {
        self.queue().len()
    }

    /// A call for those that wait, `room` identifiers at most: a full one or, if `is_last`, of whoever there is.
    pub(super) fn take(&self, caller: &Arc<Caller>, room: usize, is_last: bool) -> Option<BoxFuture<'static, ()>> {
        let room = caller.lookup_room.within(room);
        let mut waiting = self.queue();
        let mut load = 0;
        let fits = waiting.iter().take_while(|(_, identifiers)| {
            load += identifiers.len();
            load <= room
        });
        let rows = fits.count().max(1).min(waiting.len());
        if rows == 0 || load < room && !is_last {
            return None;
        }
        let group = waiting.drain(..rows).collect();
        Some(answer(caller.clone(), group))
    }

    fn queue(&self) -> std::sync::MutexGuard<'_, Vec<(Asker, Vec<Identifier>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
