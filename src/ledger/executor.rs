use std::collections::HashMap;
use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::{Claim, ClaimedRun, WriteResult};
use crate::error::{Error, Result};
use crate::journal::{Entry, RunId};

/// Entries that one transaction takes at most, so that nobody waits long for a commit.
const GROUP: usize = 20_000;

/// What an executor works on: a store that somebody has to himself, as far as this handle on it goes.
pub(super) trait EntryStore: Send + 'static {
    /// All entries of each write, or none of that write, in one transaction.
    ///
    /// # Errors
    /// As for [`Entries::write`](super::Entries::write).
    fn write_all(&mut self, run: &RunId, claim: &Claim, writes: &[Vec<Entry>]) -> Result<Vec<WriteResult>>;
}

/// Where the work on a store is done, one piece after the other.
///
/// Writes that wait at the same time share one transaction. Once a write of a run has failed, every later
/// one of that run fails with the same cause.
pub(super) enum Executor<S> {
    Thread(StoreThread<S>),
    Inline(Box<Mutex<StoreWorker<S>>>),
}

impl<S: EntryStore> Executor<S> {
    /// Gives the store to a thread of its own.
    pub(super) fn start(store: S) -> Result<Self> {
        let (sender, jobs) = channel();
        let mut worker = StoreWorker { store, failed: HashMap::new() };
        let thread = spawn(move || worker.work(&jobs))?;
        Ok(Self::Thread(StoreThread { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) }))
    }

    /// Makes the store on the thread that works on it. Returns what came with it.
    pub(super) fn open<R: Send + 'static>(make: impl FnOnce() -> Result<(S, R)> + Send + 'static) -> Result<(Self, R)> {
        let (sender, jobs) = channel();
        let (made, opened) = channel();
        let work = move || match make() {
            Ok((store, came)) => {
                drop(made.send(Ok(came)));
                StoreWorker { store, failed: HashMap::new() }.work(&jobs);
            }
            Err(error) => drop(made.send(Err(error))),
        };
        let thread = spawn(work)?;
        let came = opened.recv().unwrap_or_else(|_| Err(ended()))?;
        Ok((Self::Thread(StoreThread { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) }), came))
    }

    /// Does everything on the caller's thread.
    pub(super) fn inline(store: S) -> Self {
        Self::Inline(Box::new(Mutex::new(StoreWorker { store, failed: HashMap::new() })))
    }

    pub(super) async fn write(&self, run: &ClaimedRun, entries: Vec<Entry>) -> Result<WriteResult> {
        let (done, outcome) = oneshot::channel();
        // Not the run itself: its lease may hold the last handle on this ledger.
        let run = (run.id().clone(), run.claim().clone());
        self.queue(Job::Write(Write { run, entries, done }))?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Anything else, in its turn after what was asked before.
    pub(super) async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut S) -> Result<T> + Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        self.queue(Job::Run(Box::new(move |store| drop(done.send(work(store))))))?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    fn queue(&self, job: Job<S>) -> Result<()> {
        match self {
            Self::Inline(worker) => {
                let mut worker = worker.lock().unwrap_or_else(PoisonError::into_inner);
                match job {
                    Job::Write(write) => worker.write(vec![write]),
                    Job::Run(work) => work(&mut worker.store),
                }
                Ok(())
            }
            Self::Thread(thread) => {
                let sender = thread.sender.lock().unwrap_or_else(PoisonError::into_inner);
                sender.as_ref().and_then(|sender| sender.send(job).ok()).ok_or_else(ended)
            }
        }
    }
}

/// The far end of the channel. Waits for the thread when it is dropped: what is queued is done.
pub(super) struct StoreThread<S> {
    sender: Mutex<Option<Sender<Job<S>>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl<S> Drop for StoreThread<S> {
    fn drop(&mut self) {
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
        if let Some(thread) = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            // A panic in there has been told to whoever asked, as a broken channel.
            let _ = thread.join();
        }
    }
}

type Work<S> = Box<dyn FnOnce(&mut S) + Send>;

enum Job<S> {
    Write(Write),
    Run(Work<S>),
}

struct Write {
    run: (RunId, Claim),
    entries: Vec<Entry>,
    done: oneshot::Sender<Result<WriteResult>>,
}

/// Does the jobs.
pub(super) struct StoreWorker<S> {
    store: S,
    /// Runs, and their claims, of which a write has failed, with the error of the first, told again and again.
    failed: HashMap<(RunId, u64), Error>,
}

impl<S: EntryStore> StoreWorker<S> {
    fn work(&mut self, jobs: &Receiver<Job<S>>) {
        while let Ok(job) = jobs.recv() {
            let mut next = Some(job);
            while let Some(job) = next.take() {
                match job {
                    Job::Run(work) => work(&mut self.store),
                    Job::Write(first) => {
                        let mut size = first.entries.len();
                        let mut group = vec![first];
                        while size < GROUP && next.is_none() {
                            match jobs.try_recv() {
                                Ok(Job::Write(write)) if write.run == group[0].run => {
                                    size += write.entries.len();
                                    group.push(write);
                                }
                                Ok(other) => next = Some(other),
                                Err(_) => break,
                            }
                        }
                        self.write(group);
                    }
                }
            }
        }
    }

    /// Writes of one run, as one transaction.
    fn write(&mut self, mut group: Vec<Write>) {
        let Some((run, claim)) = group.first().map(|first| first.run.clone()) else { return };
        let claimed = (run, claim.fence);
        let mut written = Vec::new();
        if !self.failed.contains_key(&claimed) {
            let writes: Vec<Vec<Entry>> = group.iter_mut().map(|write| mem::take(&mut write.entries)).collect();
            match self.store.write_all(&claimed.0, &claim, &writes) {
                Ok(all) => written = all,
                Err(error) => drop(self.failed.insert(claimed.clone(), error)),
            }
        }
        let failed = self.failed.get(&claimed);
        let mut written = written.into_iter();
        for write in group {
            let outcome = match failed {
                None => Ok(written.next().unwrap_or(WriteResult::Durable)),
                Some(failed) => Err(failed.clone()),
            };
            // The asker may be gone; what was written stays.
            let _ = write.done.send(outcome);
        }
    }
}

fn spawn(work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let started = thread::Builder::new().name("ledger".to_owned()).spawn(work);
    started.map_err(|error| Error::stopped("the ledger's thread could not be started").caused_by(error))
}

fn ended() -> Error {
    Error::bug("the ledger's thread has ended")
}
