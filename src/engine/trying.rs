use std::time::Duration;

use super::caller::{Caller, Ended, Halt, Notice, Reached, StepAt, micros};
use super::stop::StopLevel;
use crate::clock;
use crate::contact::{Call, CallKind};
use crate::crash::Safeguard;
use crate::error::ErrorKind;
use crate::ledger::{Entry, Intent};
use crate::services::{Answer, Reply, Request, Verdict, Wait};
use crate::transport::{Failure, FailureKind};

/// One call, tried until it has its end. docs/state-machine.md has the table that this follows.
pub(super) struct Trying<'a> {
    caller: &'a Caller,
    call: &'a Call,
    kind: CallKind,
    /// Under what the intent of each try is recorded, and what goes with the first.
    at: Option<(StepAt, Vec<Entry>)>,
    /// Tries begun, this one included.
    attempt: u32,
    /// Tries that ended without a usable answer.
    failures: u32,
    /// Answers that asked us to come again later.
    put_off: u32,
    /// A new credential was got because this call was refused.
    renewed: bool,
    /// Why nobody can say whether an earlier try was applied.
    in_doubt: Option<String>,
    http_status: Option<u16>,
    answers: u32,
}

/// What follows a try.
enum Next {
    Again,
    End(Ended),
}

impl<'a> Trying<'a> {
    pub(super) fn new(caller: &'a Caller, call: &'a Call, at: Option<(StepAt, Vec<Entry>)>) -> Self {
        Self {
            caller,
            call,
            kind: call.kind(),
            at,
            attempt: 0,
            failures: 0,
            put_off: 0,
            renewed: false,
            in_doubt: None,
            http_status: None,
            answers: 0,
        }
    }

    pub(super) async fn run(mut self) -> Reached {
        let ended = match self.caller.account.service.request(self.call) {
            Ok(request) => loop {
                if let Next::End(ended) = self.once(&request).await {
                    break ended;
                }
            },
            Err(error) if error.kind == ErrorKind::Usage => {
                Ended::Refused { code: "service.unsupported".into(), message: error.message, fields: Vec::new() }
            }
            Err(error) => {
                self.caller.halt_for(&error);
                Ended::Halted
            }
        };
        Reached { ended, http_status: self.http_status, answers: self.answers }
    }

    /// Slot, intent, request, verdict.
    async fn once(&mut self, request: &Request) -> Next {
        let caller = self.caller;
        let Some(room) = caller.room().await else { return Next::End(Ended::Halted) };
        if caller.stop.is_asked() || !caller.slot().await {
            return Next::End(Ended::Halted);
        }
        self.attempt += 1;
        if !self.intend().await {
            return Next::End(Ended::Halted);
        }
        let credential = caller.credential();
        let left = clock::now();
        let sent = tokio::select! {
            biased;
            () = caller.stop.reached(StopLevel::Leave) => return Next::End(Ended::Halted),
            sent = caller.account.transport.send(request) => sent,
        };
        drop(room);
        caller.account.budget.took(clock::now() - left);
        crash_point!("after_answer");
        let http_status = sent.as_ref().ok().map(|answer| answer.status);
        let failure = sent.as_ref().err().map(|failure| failure.kind);
        tracing::debug!(call = self.kind.name(), attempt = self.attempt, status = http_status, ?failure, "answered");
        caller.tell(Notice::Called { kind: self.kind, http_status, attempt: self.attempt });
        match sent {
            Ok(answer) => self.answered(&answer, credential).await,
            Err(failure) => self.unanswered(failure).await,
        }
    }

    /// Makes the intent of this try durable, before anything leaves. False if it can't be.
    async fn intend(&mut self) -> bool {
        let Some((at, first)) = &mut self.at else { return true };
        crash_point!("before_intent");
        let mut entries = std::mem::take(first);
        let attempt = at.sent_before + self.attempt;
        entries.push(Entry::Intent(Intent { row: at.row, step: at.step, kind: self.kind, attempt, at: micros() }));
        if Safeguard::Intent.holds()
            && let Err(error) = self.caller.account.ledger.write(&self.caller.run, entries).await
        {
            self.caller.halt_for(&error);
            return false;
        }
        crash_point!("after_intent");
        true
    }

    async fn unanswered(&mut self, failure: Failure) -> Next {
        match failure.kind {
            FailureKind::Untrusted => {
                self.caller.halt(untrusted(&failure));
                return Next::End(Ended::Halted);
            }
            FailureKind::NoAnswer => self.in_doubt = Some(failure.message.clone()),
            FailureKind::NotSent => {}
        }
        self.failed(failure.message).await
    }

    async fn answered(&mut self, answer: &Answer, credential: u32) -> Next {
        let caller = self.caller;
        self.http_status = Some(answer.status);
        self.answers += 1;
        let verdict = caller.account.service.verdict(self.call, answer);
        let wait = match &verdict {
            Verdict::Again { wait: Wait::For(time) | Wait::Window(time), .. } => Some(*time),
            Verdict::Again { wait: Wait::Backoff, .. } => Some(caller.guessed_wait()),
            _ => None,
        };
        caller.account.budget.answered(&caller.account.service.quota_hint(answer), wait);
        match verdict {
            Verdict::Again { message, .. } => self.put_off(wait.unwrap_or_default(), message),
            Verdict::Stop { message } => self.refused_credentials(&message, credential).await,
            Verdict::Unclear { message } => {
                self.in_doubt = Some(message.clone());
                self.failed(message).await
            }
            Verdict::Done { reply, warnings } => {
                for warning in warnings {
                    caller.tell(Notice::Warning(warning));
                }
                self.ends(Ended::Done(reply))
            }
            // A delete that was in doubt and now finds nothing has done its work.
            Verdict::Missing { .. } if self.kind == CallKind::Delete && self.in_doubt.is_some() => {
                self.ends(Ended::Done(Reply::Nothing))
            }
            Verdict::Missing { message } => self.ends(Ended::Missing { message }),
            Verdict::Exists { message, fields, id } => self.ends(Ended::Exists { message, fields, id }),
            Verdict::Refused { code, message, fields } => {
                self.ends(Ended::Refused { code: code.into_owned(), message, fields })
            }
        }
    }

    fn ends(&self, ended: Ended) -> Next {
        self.caller.went_well(self.kind);
        Next::End(ended)
    }

    /// The service asked to be left alone for a while: the budget waits before the next slot.
    fn put_off(&mut self, time: Duration, message: String) -> Next {
        self.put_off += 1;
        if self.put_off >= self.caller.retry.put_off {
            self.caller.gone(&message);
            return Next::End(Ended::Halted);
        }
        if time >= Duration::from_secs(1) {
            self.caller.tell(Notice::Waiting { time, reason: message });
        }
        Next::Again
    }

    async fn refused_credentials(&mut self, message: &str, credential: u32) -> Next {
        let caller = self.caller;
        if !self.renewed && caller.renew(credential).await {
            self.renewed = true;
            return Next::Again;
        }
        caller.halt(Halt {
            kind: ErrorKind::Stopped,
            message: format!("{} refused account {}: {message}", caller.account.service.name(), caller.account.name),
            hint: "check the account's token and settings, then `rolo resume`".into(),
        });
        Next::End(Ended::Halted)
    }

    /// A try that did not end well: once more after a pause, unless the call has had its tries. A
    /// create in doubt has none left: only a look-up can settle it.
    async fn failed(&mut self, message: String) -> Next {
        self.failures += 1;
        if self.caller.went_wrong(self.kind) {
            self.caller.gone(&message);
            return Next::End(Ended::Halted);
        }
        let settled_by_look_up = self.kind == CallKind::Create && self.in_doubt.is_some();
        if !settled_by_look_up && self.failures < self.caller.retry.tries {
            self.caller.pause(self.caller.retry.pause(self.failures), &message).await;
            return Next::Again;
        }
        Next::End(match self.in_doubt.take() {
            Some(message) if self.kind.writes() => Ended::Unclear { message },
            _ => Ended::Unreachable { message },
        })
    }
}

fn untrusted(failure: &Failure) -> Halt {
    Halt {
        kind: ErrorKind::Stopped,
        message: failure.message.clone(),
        hint: "if the service uses a private certificate authority, name it with --ca-file".into(),
    }
}
