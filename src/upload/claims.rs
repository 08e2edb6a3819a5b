use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::oneshot;

use crate::contact::RemoteId;
use crate::reconcile::ObservedContact;

/// Which row has which contact to itself. First come, first served: rows come in the file's order.
///
/// Remembers a hash and a line for each contact that rows led to, so that a later row is told which
/// one it shares its contact with.
#[derive(Debug, Default)]
pub(super) struct Claims {
    contacts: Mutex<HashMap<u64, Claim>>,
    waiting: AtomicUsize,
}

#[derive(Debug)]
enum Claim {
    /// Nobody's at present; the line of the row that had it last.
    Free(u64),
    Held(Box<Held>),
}

#[derive(Debug)]
struct Held {
    line: u64,
    waiting: VecDeque<(u64, oneshot::Sender<Granted>)>,
}

/// What a row gets with its contact.
#[derive(Debug)]
pub(super) struct Granted {
    pub(super) shared_with: Option<u64>,
    /// What the row before knew of the contact in the end; `None` if the ledger has to be asked.
    pub(super) left: Option<Box<ObservedContact>>,
}

/// A place in the queue for a contact.
pub(super) enum Ticket {
    Granted(Granted),
    Waiting(oneshot::Receiver<Granted>),
}

impl Ticket {
    /// Waits for the contact; `None` if the row that has it stopped with the run.
    pub(super) async fn granted(self) -> Option<Granted> {
        match self {
            Self::Granted(granted) => Some(granted),
            Self::Waiting(receiver) => receiver.await.ok(),
        }
    }
}

impl Claims {
    /// Queues the row of `line` for the contact.
    pub(super) fn enter(&self, id: &RemoteId, line: u64) -> Ticket {
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        let hold = || Claim::Held(Box::new(Held { line, waiting: VecDeque::new() }));
        match contacts.get_mut(&hash(id)) {
            None => {
                contacts.insert(hash(id), hold());
                Ticket::Granted(Granted { shared_with: None, left: None })
            }
            Some(claim @ Claim::Free(_)) => {
                let Claim::Free(last) = std::mem::replace(claim, hold()) else { unreachable!("it was free") };
                Ticket::Granted(Granted { shared_with: Some(last), left: None })
            }
            Some(Claim::Held(held)) => {
                let (sender, receiver) = oneshot::channel();
                held.waiting.push_back((line, sender));
                self.waiting.fetch_add(1, Ordering::Relaxed);
                Ticket::Waiting(receiver)
            }
        }
    }

    /// How many rows wait for a contact that another row has.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Relaxed)
    }

    /// Gives the contact to the row that waits longest, with what is known of it.
    pub(super) fn leave(&self, id: &RemoteId, observed: Option<&ObservedContact>) {
        let mut contacts = self.contacts.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(claim) = contacts.get_mut(&hash(id)) else { return };
        let Claim::Held(held) = claim else { return };
        let mut last = held.line;
        while let Some((line, sender)) = held.waiting.pop_front() {
            held.line = line;
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            if sender.send(Granted { shared_with: Some(last), left: observed.cloned().map(Box::new) }).is_ok() {
                return;
            }
            last = line;
        }
        *claim = Claim::Free(last);
    }
}

fn hash(id: &RemoteId) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.0.hash(&mut hasher);
    hasher.finish()
}
