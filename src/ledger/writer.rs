use std::mem;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::{Entry, Hasher, Key, KnownContact, Ledger, RunId};
use crate::error::{Error, ErrorKind, Result};

/// Entries that one transaction takes at most, so that nobody waits long for a commit.
const GROUP: usize = 20_000;

/// The ledger as the engine sees it: asynchronous and shared. A thread of its own does the work, so
/// that no task ever waits for a disk; writes that wait at the same time share one transaction.
///
/// Once a write has failed, every later one fails with the same cause: an entry that follows a
/// missing one must not become durable. When the last clone is dropped, what is queued is done and
/// the ledger is closed.
#[derive(Clone)]
pub struct LedgerHandle {
    way: Way,
    hasher: Hasher,
}

#[derive(Clone)]
enum Way {
    Thread(Arc<Worker>),
    Direct(Arc<Mutex<Desk>>),
}

impl LedgerHandle {
    /// Gives the ledger to a thread of its own.
    pub fn start(ledger: Box<dyn Ledger>) -> Result<Self> {
        let hasher = ledger.hasher();
        let (sender, jobs) = channel();
        let mut desk = Desk { ledger, failed: None };
        let thread = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || desk.work(&jobs))
            .map_err(|error| Error::stopped("the ledger's thread could not be started").caused_by(error))?;
        let worker = Worker { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) };
        Ok(Self { way: Way::Thread(Arc::new(worker)), hasher })
    }

    /// Does everything on the caller's thread: for simulations, in which time is held still and must
    /// not move on while another thread works.
    pub fn direct(ledger: Box<dyn Ledger>) -> Self {
        let hasher = ledger.hasher();
        Self { way: Way::Direct(Arc::new(Mutex::new(Desk { ledger, failed: None }))), hasher }
    }

    /// What makes this ledger's keys, without waiting for it.
    pub fn hasher(&self) -> &Hasher {
        &self.hasher
    }

    /// Returns when the entries are durable, all of them or, on error, none.
    pub async fn write(&self, run: &RunId, entries: Vec<Entry>) -> Result<()> {
        let (done, outcome) = oneshot::channel();
        self.queue(Job::Write(Write { run: run.clone(), entries, done }))?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// See [`Ledger::known`].
    pub async fn known(&self, account: &str, keys: Vec<Key>) -> Result<Vec<Option<KnownContact>>> {
        let account = account.to_owned();
        self.run(move |ledger| ledger.known(&account, &keys)).await
    }

    /// Anything else the ledger can do, in its turn after what was asked before.
    pub async fn run<T, F>(&self, work: F) -> Result<T>
    where
        T: Send + 'static,
        F: FnOnce(&mut dyn Ledger) -> Result<T> + Send + 'static,
    {
        let (done, outcome) = oneshot::channel();
        self.post(move |ledger| drop(done.send(work(ledger))))?;
        outcome.await.unwrap_or_else(|_| Err(ended()))
    }

    /// Like [`Self::run`], without waiting for it.
    pub fn post(&self, work: impl FnOnce(&mut dyn Ledger) + Send + 'static) -> Result<()> {
        self.queue(Job::Run(Box::new(work)))
    }

    fn queue(&self, job: Job) -> Result<()> {
        match &self.way {
            Way::Direct(desk) => {
                let mut desk = desk.lock().unwrap_or_else(PoisonError::into_inner);
                match job {
                    Job::Write(write) => desk.write(vec![write]),
                    Job::Run(work) => work(desk.ledger.as_mut()),
                }
                Ok(())
            }
            Way::Thread(worker) => {
                let sender = worker.sender.lock().unwrap_or_else(PoisonError::into_inner);
                sender.as_ref().and_then(|sender| sender.send(job).ok()).ok_or_else(ended)
            }
        }
    }
}

/// The far end of the channel. Waits for the thread when it is dropped.
struct Worker {
    sender: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        *self.sender.lock().unwrap_or_else(PoisonError::into_inner) = None;
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        // Work that holds the last handle would wait for itself.
        if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
            // A panic in there has been told to whoever asked, as a broken channel.
            let _ = thread.join();
        }
    }
}

type Work = Box<dyn FnOnce(&mut dyn Ledger) + Send>;

enum Job {
    Write(Write),
    Run(Work),
}

struct Write {
    run: RunId,
    entries: Vec<Entry>,
    done: oneshot::Sender<Result<()>>,
}

/// Where the jobs are done.
struct Desk {
    ledger: Box<dyn Ledger>,
    failed: Option<Failed>,
}

impl Desk {
    fn work(&mut self, jobs: &Receiver<Job>) {
        while let Ok(job) = jobs.recv() {
            let mut next = Some(job);
            while let Some(job) = next.take() {
                match job {
                    Job::Run(work) => work(self.ledger.as_mut()),
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
        if self.failed.is_none() {
            let entries: Vec<Entry> = group.iter_mut().flat_map(|write| mem::take(&mut write.entries)).collect();
            if let Some(first) = group.first() {
                self.failed = self.ledger.write(&first.run, &entries).err().map(Failed::from);
            }
        }
        for write in group {
            let outcome = self.failed.as_ref().map_or(Ok(()), |failed| Err(failed.error()));
            // Whoever asked may have gone; what was written stays.
            let _ = write.done.send(outcome);
        }
    }
}

/// The error of the first write that failed, to be told again and again.
struct Failed {
    kind: ErrorKind,
    message: String,
    hint: Option<String>,
    cause: Option<String>,
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        Self { kind: error.kind, message: error.message, hint: error.hint, cause }
    }
}

impl Failed {
    fn error(&self) -> Error {
        let mut error = Error::stopped(self.message.clone());
        error.kind = self.kind;
        error.hint.clone_from(&self.hint);
        match &self.cause {
            Some(cause) => error.caused_by(cause.clone()),
            None => error,
        }
    }
}

fn ended() -> Error {
    Error::bug("the ledger's thread has ended")
}
