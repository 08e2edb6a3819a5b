use std::sync::Arc;

use tokio::time::Instant;
use tracing::Instrument as _;
use tracing::field::Empty;

use super::account::ConnectedAccount;
use super::call_state::{AfterAttempt, AfterFailure, CallState};
use super::caller::Caller;
use super::halt::ServiceStop;
use super::notice::Notice;
use super::stop::StopLevel;
use crate::clock;
use crate::contact::{Call, CallKind, WaitReason};
use crate::crash::Safeguard;
use crate::error::ErrorKind;
use crate::journal::{Entry, Intent, Key};
use crate::ledger::WriteResult;
use crate::reconcile::{CallEnd, CallResult, StepAt, Write};
use crate::services::{Answer, Request, Verdict, Wait, retry_after};
use crate::transport::{FailureKind, MayLeave};

/// One call, attempted until it has its end. [`CallState`] decides what follows each attempt.
pub(super) struct Attempts<'a> {
    caller: &'a Caller,
    call: &'a Call,
    kind: CallKind,
    /// Under what the intent of each attempt is recorded.
    intent: Option<Recorded>,
    /// Attempts begun, this one included.
    attempt: u32,
    state: CallState<'a>,
    http_status: Option<u16>,
    answers: u32,
}

/// How the intents of a call that changes something are recorded.
pub(super) struct Recorded {
    pub(super) at: StepAt,
    /// Durable with the first intent.
    pub(super) before: Vec<Entry>,
    /// Identifiers that a create claims with each intent.
    pub(super) creates: Vec<Key>,
}

/// What follows an attempt.
enum Next {
    Again,
    End(CallEnd),
}

impl Caller {
    /// Makes a call that changes nothing.
    pub async fn read(&self, call: &Call) -> CallResult {
        Attempts::new(self, call, None).run().await
    }

    /// Asked when a request is about to leave.
    fn may_leave(&self) -> MayLeave {
        let run = self.run.clone();
        Arc::new(move || {
            pause_point!("before_body");
            run.is_fresh()
        })
    }

    /// Makes a call that changes something, its intent durable before each attempt.
    pub async fn write(&self, write: Write) -> CallResult {
        let Write { call, at, before, creates } = write;
        Attempts::new(self, &call, Some(Recorded { at, before, creates })).run().await
    }
}

impl<'a> Attempts<'a> {
    pub(super) fn new(caller: &'a Caller, call: &'a Call, intent: Option<Recorded>) -> Self {
        Self {
            caller,
            call,
            kind: call.kind(),
            intent,
            attempt: 0,
            state: CallState::new(call, caller.retry.patience()),
            http_status: None,
            answers: 0,
        }
    }

    pub(super) async fn run(mut self) -> CallResult {
        let end = match self.caller.account.service.request(self.call) {
            Ok(request) => loop {
                // What a collector of traces shows as a call: slot, intent, request and verdict together.
                let span =
                    tracing::trace_span!("call", kind = self.kind.name(), attempt = self.attempt + 1, status = Empty);
                if let Next::End(end) = self.attempt(&request).instrument(span).await {
                    break end;
                }
            },
            Err(error) if error.kind == ErrorKind::Usage => {
                CallEnd::Refused { code: "service.unsupported".into(), message: error.message, fields: Vec::new() }
            }
            Err(error) => {
                self.caller.halt(error);
                CallEnd::Halted
            }
        };
        CallResult { end, http_status: self.http_status, answers: self.answers }
    }

    /// Slot, intent, request, verdict.
    async fn attempt(&mut self, request: &Request) -> Next {
        let caller = self.caller;
        let Some(permit) = caller.permit().await else { return Next::End(CallEnd::Halted) };
        let operation = caller.account.service.counts_as(self.call);
        if caller.stop.is_requested() || !caller.slot(operation).await || !caller.may_begin() {
            return Next::End(CallEnd::Halted);
        }
        self.attempt += 1;
        let may_leave = clock::now();
        match self.intend().await {
            Ok(WriteResult::Durable) => {}
            Ok(WriteResult::Taken(taken)) => return Next::End(CallEnd::Taken(taken)),
            Err(error) => {
                caller.halt(error);
                return Next::End(CallEnd::Halted);
            }
        }
        // The process may have been stopped for longer than its lease while the intent was written.
        if !caller.holds_run().await {
            return Next::End(CallEnd::Halted);
        }
        let credential = caller.credential();
        let sent = tokio::select! {
            biased;
            () = caller.stop.reached(StopLevel::Leave) => return Next::End(CallEnd::Halted),
            sent = caller.account.transport.send_while(request, &caller.may_leave()) => sent,
        };
        drop(permit);
        if sent.as_ref().is_err_and(|failure| failure.kind == FailureKind::HeldBack) {
            // Whose the run is, the ledger tells before the next slot.
            return Next::Again;
        }
        caller.account.budget.took(clock::now() - may_leave);
        crash_point!("after_answer");
        let http_status = sent.as_ref().ok().map(|answer| answer.status);
        let failure = sent.as_ref().err().map(|failure| failure.kind.name());
        tracing::debug!(call = self.kind.name(), attempt = self.attempt, status = http_status, failure, "answered");
        tracing::Span::current().record("status", http_status);
        let after = match sent {
            Ok(answer) => self.answered(&answer, operation, may_leave).await,
            Err(failure) => {
                self.tell_called(http_status, failure.kind.name());
                self.state.unanswered(failure)
            }
        };
        self.go_on(after, credential).await
    }

    /// Makes the intent of this attempt durable, before anything leaves.
    async fn intend(&mut self) -> crate::error::Result<WriteResult> {
        let Some(recorded) = &mut self.intent else { return Ok(WriteResult::Durable) };
        crash_point!("before_intent");
        let mut entries = std::mem::take(&mut recorded.before);
        let StepAt { row, step, sent_before } = recorded.at;
        let attempt = sent_before + self.attempt;
        let creates = recorded.creates.clone();
        entries.push(Entry::Intent(Intent { row, step, kind: self.kind, attempt, creates }));
        if !Safeguard::Intent.holds() {
            return Ok(WriteResult::Durable);
        }
        let written = self.caller.account.ledger.write(&self.caller.run, entries).await?;
        crash_point!("after_intent");
        pause_point!("after_intent");
        Ok(written)
    }

    fn tell_called(&self, http_status: Option<u16>, verdict: &'static str) {
        self.caller.tell(Notice::Called { kind: self.kind, http_status, attempt: self.attempt, verdict });
    }

    /// Hears what the answer means, and lets the budget hear what the service wants.
    async fn answered(&mut self, answer: &Answer, operation: CallKind, left: Instant) -> AfterAttempt {
        let caller = self.caller;
        self.http_status = Some(answer.status);
        self.answers += 1;
        let mut verdict = caller.account.service.verdict(self.call, answer);
        self.tell_called(self.http_status, verdict.name());
        let wait = match &verdict {
            Verdict::Again { wait: Wait::For(time) | Wait::Window(time), .. } => Some(*time),
            Verdict::Again { wait: Wait::Backoff, .. } => Some(caller.guessed_wait()),
            Verdict::Done { .. } => None,
            // Whatever the status: a service under maintenance says when it will be back.
            _ => retry_after(answer),
        };
        let hint = caller.account.service.quota_hint(answer);
        if caller.account.budget.answered(operation, left, &hint, wait).await {
            caller.tell(Notice::CountsApart);
        }
        if let Verdict::Done { reply, warnings } = &mut verdict {
            caller.account.field_names.apply(reply);
            for message in std::mem::take(warnings) {
                caller.tell(Notice::Warned { message });
            }
        }
        let after = self.state.answered(answer, verdict, wait);
        let is_over = matches!(after, AfterAttempt::End(_) | AfterAttempt::Failed { then: AfterFailure::End(_), .. });
        if let Some(time) = wait.filter(|_| is_over) {
            // This call is not made again, and the next one waits all the same.
            let message = format!("the service asked to be left alone for a while (status {})", answer.status);
            caller.tell_of_wait(time, WaitReason::Throttled { message });
        }
        after
    }

    /// Does what follows an attempt that was made with this credential.
    async fn go_on(&mut self, after: AfterAttempt, credential: u32) -> Next {
        let caller = self.caller;
        match after {
            AfterAttempt::End(end) => {
                caller.went_well(self.kind);
                Next::End(end)
            }
            // The budget waits before the next slot.
            AfterAttempt::Throttled { time, message } => {
                caller.tell_of_wait(time, WaitReason::Throttled { message });
                Next::Again
            }
            AfterAttempt::Failed { message, .. } if caller.went_wrong(self.kind) => {
                self.stopped_by(&ServiceStop::Unreachable(message))
            }
            AfterAttempt::Failed { message, then: AfterFailure::Again { failures } } => {
                caller.pause(caller.retry.pause(failures), WaitReason::Failed { message }).await;
                Next::Again
            }
            AfterAttempt::Failed { then: AfterFailure::End(end), .. } => Next::End(end),
            AfterAttempt::Renew { message } => {
                if !caller.renew(credential).await {
                    return self.stopped_by(&ServiceStop::Unauthorized(message));
                }
                self.state.renewed();
                Next::Again
            }
            AfterAttempt::Stop(stop) => self.stopped_by(&stop),
        }
    }

    fn stopped_by(&self, stop: &ServiceStop) -> Next {
        let ConnectedAccount { service, name, .. } = &self.caller.account;
        self.caller.halt(stop.error(service.name(), name).at_status(self.http_status));
        Next::End(CallEnd::Halted)
    }
}
