//! One call from its first attempt to its end, as a value: what came of an attempt goes in, what follows comes
//! out. It has no runtime, no clock and no account; docs/state-machine.md has the table that it follows.

use std::time::Duration;

use super::halt::ServiceStop;
use crate::contact::{Call, CallKind, Filter};
use crate::reconcile::CallEnd;
use crate::services::{Answer, Reply, Verdict};
use crate::transport::{Failure, FailureKind};

/// The same error 500 so often in a row, within seconds, is no passing one.
const SAME_ERRORS: u32 = 4;

/// How often one call is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Attempts that may end without a usable answer.
    pub tries: u32,
    /// Attempts that the service may throttle before the run stops.
    pub throttled: u32,
}

/// What has come of a call so far.
#[derive(Debug)]
pub struct CallState<'a> {
    call: &'a Call,
    kind: CallKind,
    patience: Patience,
    /// Attempts that ended without a usable answer.
    failures: u32,
    /// Answers that asked us to come again later.
    throttled: u32,
    /// A new credential was got because this call was refused.
    renewed: bool,
    /// Why nobody can say whether an earlier attempt was applied.
    in_doubt: Option<String>,
    /// The body of the last answer with status 500, and how often in a row it came.
    broken: (u32, Vec<u8>),
}

/// What follows an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum AfterAttempt {
    /// The service wants to be left alone for so long; then the call is attempted again.
    Throttled { time: Duration, message: String },
    /// The attempt failed, which counts for the circuit breaker. While that stays closed: again after the pause that
    /// so many failures call for, or the end.
    Failed { message: String, then: AfterFailure },
    /// Again, if the credential can be renewed; if not, the run stops.
    Renew { message: String },
    /// The run can't go on.
    Stop(ServiceStop),
    /// The service is at work, and this is how the call ended.
    End(CallEnd),
}

/// What follows a failed attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum AfterFailure {
    Again { failures: u32 },
    End(CallEnd),
}

impl<'a> CallState<'a> {
    pub fn new(call: &'a Call, patience: Patience) -> Self {
        Self {
            call,
            kind: call.kind(),
            patience,
            failures: 0,
            throttled: 0,
            renewed: false,
            in_doubt: None,
            broken: (0, Vec::new()),
        }
    }

    /// The credential was renewed after [`AfterAttempt::Renew`]: a second refusal is final.
    pub fn renewed(&mut self) {
        self.renewed = true;
    }

    /// What follows an attempt that got an answer. `wait` is how long the service wants to be left alone, if it
    /// said so or a pause is due because it said "too many".
    pub fn answered(&mut self, answer: &Answer, verdict: Verdict, wait: Option<Duration>) -> AfterAttempt {
        match verdict {
            Verdict::Stop { message } | Verdict::Misdirected { message } if self.has_lost_its_place(answer) => {
                AfterAttempt::End(CallEnd::Missing { message })
            }
            Verdict::Again { message, .. } => self.throttled(wait.unwrap_or_default(), message),
            Verdict::Stop { message } if self.renewed => AfterAttempt::Stop(ServiceStop::Unauthorized(message)),
            Verdict::Stop { message } => AfterAttempt::Renew { message },
            Verdict::Misdirected { message } => AfterAttempt::Stop(ServiceStop::Misdirected(message)),
            Verdict::Unclear { message } if self.is_broken_for_this(answer) => {
                let message = format!(
                    "it fails in the same way each time it is asked by this condition ({message}); \
                     where a listing without the condition works, the service can't answer it"
                );
                AfterAttempt::End(CallEnd::Refused { code: "service.refused".into(), message, fields: Vec::new() })
            }
            Verdict::Unclear { message } => {
                self.in_doubt = Some(message.clone());
                match wait {
                    Some(time) if !self.is_settled_by_look_up() => self.throttled(time, message),
                    _ => self.failed(message),
                }
            }
            Verdict::Done { reply, .. } => AfterAttempt::End(CallEnd::Done(reply)),
            // A delete that was in doubt and now finds nothing has done its work.
            Verdict::Missing { .. } if self.kind == CallKind::Delete && self.in_doubt.is_some() => {
                AfterAttempt::End(CallEnd::Done(Reply::Nothing))
            }
            Verdict::Missing { message } => AfterAttempt::End(CallEnd::Missing { message }),
            Verdict::Exists { message, fields, id } => AfterAttempt::End(CallEnd::Exists { message, fields, id }),
            Verdict::Refused { code, message, fields } => {
                AfterAttempt::End(CallEnd::Refused { code: code.into_owned(), message, fields })
            }
        }
    }

    /// What follows an attempt that got no answer.
    pub fn unanswered(&mut self, failure: Failure) -> AfterAttempt {
        match failure.kind {
            FailureKind::Untrusted => return AfterAttempt::Stop(ServiceStop::Untrusted(failure.message)),
            FailureKind::NoAnswer => self.in_doubt = Some(failure.message.clone()),
            FailureKind::NotSent | FailureKind::HeldBack => {}
        }
        self.failed(failure.message)
    }

    fn throttled(&mut self, time: Duration, message: String) -> AfterAttempt {
        self.throttled += 1;
        if self.throttled >= self.patience.throttled {
            return AfterAttempt::Stop(ServiceStop::Unreachable(message));
        }
        AfterAttempt::Throttled { time, message }
    }

    /// An attempt that did not end well: once more after a pause, unless the call has had its tries. A create in
    /// doubt has none left: only a look-up can settle it.
    fn failed(&mut self, message: String) -> AfterAttempt {
        self.failures += 1;
        let is_in_doubt = self.is_settled_by_look_up() && self.in_doubt.is_some();
        if !is_in_doubt && self.failures < self.patience.tries {
            return AfterAttempt::Failed { message, then: AfterFailure::Again { failures: self.failures } };
        }
        let end = match self.in_doubt.take() {
            Some(message) if self.kind.writes() => CallEnd::Unclear { message },
            _ => CallEnd::Unreachable { message: message.clone() },
        };
        AfterAttempt::Failed { message, then: AfterFailure::End(end) }
    }

    /// Whether only looking tells what became of a call whose answer was lost: sent again, it could make
    /// something twice.
    const fn is_settled_by_look_up(&self) -> bool {
        matches!(self.kind, CallKind::Create | CallKind::CreateField)
    }

    /// Whether a later page of a listing is not there any more: the pages before it showed that the listing is.
    fn has_lost_its_place(&self, answer: &Answer) -> bool {
        let is_later = matches!(self.call, Call::List { cursor: Some(_), .. });
        is_later && matches!(answer.status, 404 | 410) && !answer.is_page()
    }

    /// Whether the service breaks on this very question: a listing by a condition ended in the same error of the
    /// service's own program each time. A service that is down answers with its gateway's.
    fn is_broken_for_this(&mut self, answer: &Answer) -> bool {
        let has_a_condition = matches!(self.call, Call::List { filter, .. } if *filter != Filter::default());
        if !has_a_condition || answer.status != 500 {
            return false;
        }
        let again = if self.broken.1 == answer.body { self.broken.0 } else { 0 };
        self.broken = (again + 1, answer.body.clone());
        self.broken.0 == SAME_ERRORS
    }
}
