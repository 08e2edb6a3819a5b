use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;

use super::account::Account;
use super::backoff::Retry;
use super::stop::{Stop, StopLevel};
use super::trying::Trying;
use crate::clock;
use crate::contact::{Call, CallKind, RemoteId};
use crate::error::{Error, ErrorKind};
use crate::ledger::{Entry, RunId};
use crate::quota::Slot;
use crate::services::Reply;

/// What the caller tells while it works.
#[derive(Clone, Debug)]
pub enum Notice {
    Called {
        kind: CallKind,
        http_status: Option<u16>,
        attempt: u32,
    },
    Waiting {
        time: Duration,
        reason: String,
    },
    /// A service's own words about a call that went well.
    Warning(String),
    /// A row is about to be sent that no client could do with fewer calls than these.
    Planned {
        least_calls: u64,
    },
}

/// How a call ended.
#[derive(Clone, Debug)]
pub enum Ended {
    Done(Reply),
    Missing {
        message: String,
    },
    Exists {
        message: String,
        fields: Vec<String>,
        id: Option<RemoteId>,
    },
    Refused {
        code: String,
        message: String,
        fields: Vec<String>,
    },
    /// Every try ended without it having been applied.
    Unreachable {
        message: String,
    },
    /// It may have been applied, and repeating it is not safe or has not helped.
    Unclear {
        message: String,
    },
    /// The run is stopping; the call has not ended.
    Halted,
}

/// A call's end and what it took.
#[derive(Clone, Debug)]
pub struct Reached {
    pub ended: Ended,
    pub http_status: Option<u16>,
    /// Answers it took; a try that got none isn't counted.
    pub answers: u32,
}

/// Why the run can't go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Halt {
    pub kind: ErrorKind,
    pub message: String,
    pub hint: String,
}

/// Whose intent a write is recorded under.
#[derive(Clone, Copy, Debug)]
pub struct StepAt {
    pub row: u64,
    pub step: u32,
    /// How often the step was about to be sent before the run was cut off.
    pub sent_before: u32,
}

/// Makes calls of one account, each to its end: intent, slot, request, verdict, and again.
pub struct Caller {
    pub account: Account,
    pub run: RunId,
    pub retry: Retry,
    pub stop: Stop,
    notices: UnboundedSender<Notice>,
    /// "Too many" since the last call that went well, where the service did not say how long to wait.
    put_off: AtomicU32,
    /// Failures since the last call that went well: of reads, of writes.
    in_a_row: [AtomicU32; 2],
    /// One permit for each request that the service takes at once.
    room: tokio::sync::Semaphore,
    halt: Mutex<Option<Halt>>,
    /// Credentials that were got since the start.
    renewals: AtomicU32,
    renewing: tokio::sync::Mutex<()>,
}

impl Caller {
    pub fn new(account: Account, run: RunId, retry: Retry, stop: Stop, notices: UnboundedSender<Notice>) -> Self {
        let room = account.service.limits().concurrency.value.max(1);
        Self {
            account,
            run,
            retry,
            stop,
            notices,
            put_off: AtomicU32::new(0),
            in_a_row: Default::default(),
            room: tokio::sync::Semaphore::new(room),
            halt: Mutex::new(None),
            renewals: AtomicU32::new(0),
            renewing: tokio::sync::Mutex::new(()),
        }
    }

    /// Why the run was halted, if it was.
    pub fn halted(&self) -> Option<Halt> {
        self.halt.lock().map(|halt| halt.clone()).unwrap_or_default()
    }

    /// Stops the run for this reason, unless it has one already.
    pub fn halt(&self, halt: Halt) {
        if let Ok(mut present) = self.halt.lock() {
            present.get_or_insert(halt);
        }
        self.stop.ask(StopLevel::Drain);
    }

    pub fn halt_for(&self, error: &Error) {
        self.halt(Halt {
            kind: error.kind,
            message: error.message.clone(),
            hint: error.hint.clone().unwrap_or_default(),
        });
    }

    /// Makes a call that changes nothing.
    pub async fn read(&self, call: &Call) -> Reached {
        Trying::new(self, call, None).run().await
    }

    /// Makes a call that changes something, its intent recorded under `at` before each try. `first`
    /// goes into the same transaction as the first intent.
    pub async fn write(&self, call: &Call, at: StepAt, first: Vec<Entry>) -> Reached {
        Trying::new(self, call, Some((at, first))).run().await
    }

    pub(super) fn gone(&self, message: &str) {
        self.halt(Halt {
            kind: ErrorKind::Stopped,
            message: format!("{} can't be reached: {message}", self.account.service.name()),
            hint: "nothing is lost: `rolo resume` goes on when the service answers again".into(),
        });
    }

    /// Waits until fewer requests are under way than the service takes at once; `None` if the run
    /// stops first.
    pub(super) async fn room(&self) -> Option<tokio::sync::SemaphorePermit<'_>> {
        tokio::select! {
            biased;
            () = self.stop.asked() => None,
            room = self.room.acquire() => room.ok(),
        }
    }

    /// Waits for a slot of the budget; false if the run stops first.
    pub(super) async fn slot(&self) -> bool {
        tokio::select! {
            biased;
            () = self.stop.asked() => false,
            slot = self.account.budget.slot() => match slot {
                Ok(Slot::Go) => !self.stop.is_asked(),
                Ok(Slot::Parked(wait)) => {
                    self.halt(Halt {
                        kind: ErrorKind::Stopped,
                        message: format!("{} asks to be left alone for {} minutes", self.account.service.name(), wait.as_secs().div_ceil(60)),
                        hint: "nothing is lost: `rolo resume` goes on after that".into(),
                    });
                    false
                }
                Err(error) => {
                    self.halt_for(&error);
                    false
                }
            },
        }
    }

    pub(super) async fn pause(&self, time: Duration, reason: &str) {
        if time >= Duration::from_secs(1) {
            self.tell(Notice::Waiting { time, reason: reason.to_owned() });
        }
        tokio::select! {
            biased;
            () = self.stop.asked() => {}
            () = tokio::time::sleep(time) => {}
        }
    }

    /// How many credentials there have been before the present one.
    pub(super) fn credential(&self) -> u32 {
        self.renewals.load(Ordering::Acquire)
    }

    /// Gets a new credential after one was refused, once for all calls that were refused it together.
    /// False if there is no way to, or it failed.
    pub(super) async fn renew(&self, refused: u32) -> bool {
        let Some(renew) = &self.account.renew else { return false };
        let _one_at_a_time = self.renewing.lock().await;
        if self.credential() != refused {
            return true;
        }
        match renew().await {
            Ok(warning) => {
                self.renewals.fetch_add(1, Ordering::Release);
                if let Some(warning) = warning {
                    self.tell(Notice::Warning(warning));
                }
                true
            }
            Err(message) => {
                self.tell(Notice::Warning(format!("the access token could not be renewed: {message}")));
                false
            }
        }
    }

    pub(super) fn tell(&self, notice: Notice) {
        // Whoever listened may have gone; that stops nothing.
        let _ = self.notices.send(notice);
    }

    /// A call was answered in a way that shows the service at work. A write shows more than a read:
    /// a service that answers look-ups may still refuse every write.
    pub(super) fn went_well(&self, kind: CallKind) {
        self.put_off.store(0, Ordering::Relaxed);
        self.in_a_row[0].store(0, Ordering::Relaxed);
        if kind.writes() {
            self.in_a_row[1].store(0, Ordering::Relaxed);
        }
    }

    /// How long to leave a service alone that said "too many" and not for how long: the longer the
    /// more often it did in a row, whichever calls it said it to.
    pub(super) fn guessed_wait(&self) -> Duration {
        self.retry.pause(self.put_off.fetch_add(1, Ordering::Relaxed) + 1)
    }

    /// A call failed; true if that was one too many in a row, and the service counts as gone.
    pub(super) fn went_wrong(&self, kind: CallKind) -> bool {
        self.in_a_row[usize::from(kind.writes())].fetch_add(1, Ordering::Relaxed) + 1 >= self.retry.gone_after
    }
}

/// The present moment in microseconds from the Unix epoch.
pub(super) fn micros() -> u64 {
    u64::try_from(clock::unix_now().as_micros()).unwrap_or(u64::MAX)
}
