use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::{Semaphore, SemaphorePermit};

use super::account::Account;
use super::backoff::Retry;
use super::stop::{Stop, StopLevel};
use crate::clock;
use crate::contact::{Call, CallKind, RemoteId};
use crate::crash::Safeguard;
use crate::error::{Error, ErrorKind};
use crate::ledger::{Entry, Intent, RunId};
use crate::quota::Slot;
use crate::services::{Reply, Verdict, Wait};
use crate::transport::{Failure, FailureKind};

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
    failures_in_a_row: AtomicU32,
    halt: Mutex<Option<Halt>>,
    /// As many permits as the service takes requests at once.
    room: Semaphore,
    renewals: tokio::sync::Mutex<u32>,
}

impl Caller {
    pub fn new(account: Account, run: RunId, retry: Retry, stop: Stop, notices: UnboundedSender<Notice>) -> Self {
        let room = Semaphore::new(account.service.limits().concurrency.value.max(1));
        Self {
            account,
            run,
            retry,
            stop,
            notices,
            room,
            failures_in_a_row: AtomicU32::new(0),
            halt: Mutex::new(None),
            renewals: tokio::sync::Mutex::new(0),
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
        self.call(call, None).await
    }

    /// Makes a call that changes something, its intent recorded under `at` before each try. `first`
    /// goes into the same transaction as the first intent.
    pub async fn write(&self, call: &Call, at: StepAt, first: Vec<Entry>) -> Reached {
        self.call(call, Some((at, first))).await
    }

    async fn call(&self, call: &Call, mut at: Option<(StepAt, Vec<Entry>)>) -> Reached {
        let kind = call.kind();
        let mut reached = Reached { ended: Ended::Halted, http_status: None, answers: 0 };
        let request = match self.account.service.request(call) {
            Ok(request) => request,
            Err(error) if error.kind == ErrorKind::Usage => {
                reached.ended =
                    Ended::Refused { code: "service.unsupported".into(), message: error.message, fields: Vec::new() };
                return reached;
            }
            Err(error) => {
                self.halt_for(&error);
                return reached;
            }
        };
        let (mut failures, mut put_off, mut renewed) = (0_u32, 0_u32, false);
        let mut in_doubt: Option<String> = None;
        for attempt in 1_u32.. {
            let Some(permit) = self.room().await else { return reached };
            if !self.slot().await {
                return reached;
            }
            if let Some((at, first)) = &mut at {
                crash_point!("before_intent");
                let mut entries = std::mem::take(first);
                let attempt = at.sent_before + attempt;
                entries.push(Entry::Intent(Intent { row: at.row, step: at.step, kind, attempt, at: micros() }));
                if Safeguard::Intent.holds()
                    && let Err(error) = self.account.ledger.write(&self.run, entries).await
                {
                    self.halt_for(&error);
                    return reached;
                }
                crash_point!("after_intent");
            }
            let left = clock::now();
            let sent = tokio::select! {
                sent = self.account.transport.send(&request) => sent,
                () = self.stop.reached(StopLevel::Leave) => return reached,
            };
            drop(permit);
            self.account.budget.took(clock::now() - left);
            crash_point!("after_answer");
            let answer = match sent {
                Ok(answer) => answer,
                Err(failure) => {
                    let _ = self.notices.send(Notice::Called { kind, http_status: None, attempt });
                    if failure.kind == FailureKind::Untrusted {
                        self.halt(untrusted(&failure));
                        return reached;
                    }
                    if failure.kind == FailureKind::NoAnswer {
                        in_doubt = Some(failure.message.clone());
                    }
                    failures += 1;
                    if self.give_up(kind, failures, &mut reached, in_doubt.as_deref(), &failure.message) {
                        return reached;
                    }
                    self.pause(self.retry.pause(failures), &failure.message).await;
                    continue;
                }
            };
            let _ = self.notices.send(Notice::Called { kind, http_status: Some(answer.status), attempt });
            reached.http_status = Some(answer.status);
            reached.answers += 1;
            let verdict = self.account.service.verdict(call, &answer);
            let asked = match &verdict {
                Verdict::Again { wait: Wait::For(time) | Wait::Window(time), .. } => Some(*time),
                Verdict::Again { wait: Wait::Backoff, .. } => Some(self.retry.pause(put_off + 1)),
                _ => None,
            };
            self.account.budget.answered(&self.account.service.quota_hint(&answer), asked);
            let message = match verdict {
                Verdict::Again { message, .. } => {
                    put_off += 1;
                    if put_off >= self.retry.put_off {
                        reached.ended = Ended::Unreachable { message };
                        return reached;
                    }
                    if let Some(time) = asked.filter(|time| *time >= Duration::from_secs(1)) {
                        let _ = self.notices.send(Notice::Waiting { time, reason: message });
                    }
                    continue;
                }
                Verdict::Stop { message } => {
                    if !renewed && self.renew().await {
                        renewed = true;
                        continue;
                    }
                    self.halt(Halt {
                        kind: ErrorKind::Stopped,
                        message: format!(
                            "{} refused account {}: {message}",
                            self.account.service.name(),
                            self.account.name
                        ),
                        hint: "check the account's token and settings, then `rolo resume`".into(),
                    });
                    return reached;
                }
                Verdict::Unclear { message } => message,
                Verdict::Done { reply, warnings } => {
                    self.failures_in_a_row.store(0, Ordering::Relaxed);
                    for warning in warnings {
                        let _ = self.notices.send(Notice::Warning(warning));
                    }
                    reached.ended = Ended::Done(reply);
                    return reached;
                }
                Verdict::Missing { message } => {
                    self.failures_in_a_row.store(0, Ordering::Relaxed);
                    // A delete that was in doubt and now finds nothing has done its work.
                    reached.ended = if kind == CallKind::Delete && in_doubt.is_some() {
                        Ended::Done(Reply::Nothing)
                    } else {
                        Ended::Missing { message }
                    };
                    return reached;
                }
                Verdict::Exists { message, fields, id } => {
                    self.failures_in_a_row.store(0, Ordering::Relaxed);
                    reached.ended = Ended::Exists { message, fields, id };
                    return reached;
                }
                Verdict::Refused { code, message, fields } => {
                    self.failures_in_a_row.store(0, Ordering::Relaxed);
                    reached.ended = Ended::Refused { code: code.into_owned(), message, fields };
                    return reached;
                }
            };
            in_doubt = Some(message.clone());
            failures += 1;
            if self.give_up(kind, failures, &mut reached, in_doubt.as_deref(), &message) {
                return reached;
            }
            self.pause(self.retry.pause(failures), &message).await;
        }
        reached
    }

    /// Whether the call has had its tries. A create in doubt is given up at once: only a look-up
    /// can settle it.
    fn give_up(
        &self,
        kind: CallKind,
        failures: u32,
        reached: &mut Reached,
        in_doubt: Option<&str>,
        message: &str,
    ) -> bool {
        let in_a_row = self.failures_in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        let creates = matches!(kind, CallKind::Create);
        if creates && let Some(message) = in_doubt {
            if in_a_row >= self.retry.gone_after {
                self.gone(message);
                return true;
            }
            reached.ended = Ended::Unclear { message: message.to_owned() };
            return true;
        }
        if in_a_row >= self.retry.gone_after {
            self.gone(message);
            return true;
        }
        if failures < self.retry.tries {
            return false;
        }
        reached.ended = match in_doubt {
            Some(message) if kind.writes() => Ended::Unclear { message: message.to_owned() },
            _ => Ended::Unreachable { message: message.to_owned() },
        };
        true
    }

    fn gone(&self, message: &str) {
        self.halt(Halt {
            kind: ErrorKind::Stopped,
            message: format!("{} can't be reached: {message}", self.account.service.name()),
            hint: "nothing is lost: `rolo resume` goes on when the service answers again".into(),
        });
    }

    /// Waits until the service has room for one more request; `None` if the run stops first.
    async fn room(&self) -> Option<SemaphorePermit<'_>> {
        if self.stop.is_asked() {
            return None;
        }
        tokio::select! {
            permit = self.room.acquire() => permit.ok(),
            () = self.stop.asked() => None,
        }
    }

    /// Waits for a slot of the budget; false if the run stops first.
    async fn slot(&self) -> bool {
        tokio::select! {
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
            () = self.stop.asked() => false,
        }
    }

    async fn pause(&self, time: Duration, reason: &str) {
        if time >= Duration::from_secs(1) {
            let _ = self.notices.send(Notice::Waiting { time, reason: reason.to_owned() });
        }
        tokio::select! {
            () = tokio::time::sleep(time) => {}
            () = self.stop.asked() => {}
        }
    }

    /// Renews the credential, once for all lanes that find it run out together.
    async fn renew(&self) -> bool {
        let Some(renew) = &self.account.renew else { return false };
        let mut renewals = self.renewals.lock().await;
        if *renewals >= 3 {
            return false;
        }
        *renewals += 1;
        match renew().await {
            Ok(()) => true,
            Err(message) => {
                let _ = self.notices.send(Notice::Warning(format!("the access token could not be renewed: {message}")));
                false
            }
        }
    }
}

fn untrusted(failure: &Failure) -> Halt {
    Halt {
        kind: ErrorKind::Stopped,
        message: failure.message.clone(),
        hint: "if the service uses a private certificate authority, name it with --ca-file".into(),
    }
}

/// The present moment in microseconds from the Unix epoch.
pub(super) fn micros() -> u64 {
    u64::try_from(clock::unix_now().as_micros()).unwrap_or(u64::MAX)
}
