//! Why a run halts before its last row, as values, and the words for each.

use std::time::Duration;

use crate::error::{Error, StopReason};

/// Why a service keeps a run from going on. Most have the words that came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceStop {
    /// It can't be reached, or takes no calls.
    Unreachable(String),
    /// It refused the account's credential.
    Unauthorized(String),
    /// Whoever answers is not the service.
    Misdirected(String),
    /// Its certificate is not trusted; nothing was sent.
    Untrusted(String),
    /// It wants to be left alone for longer than a run waits.
    Parked(Duration),
}

impl ServiceStop {
    /// Why the run stops, in words, and what to do: whether there is a run yet, and whether it can be taken up
    /// where the account points then, is not known here, so that no hint names one.
    pub fn error(&self, service: &str, account: &str) -> Error {
        let error = match self {
            Self::Unreachable(message) => Error::stopped(format!("{service} can't be reached: {message}"))
                .because(StopReason::Unreachable)
                .hint("nothing is lost: the same command goes on when the service answers again"),
            Self::Unauthorized(message) => Error::stopped(format!("{service} refused account {account}: {message}"))
                .because(StopReason::Unauthorized)
                .hint("check the account's token and settings, then give the same command again"),
            Self::Misdirected(message) => {
                Error::stopped(format!("{service} is not where account {account} says: {message}"))
                    .because(StopReason::Misdirected)
                    .hint("check base_url of the account, then give the same command again")
            }
            Self::Untrusted(message) => Error::stopped(message.clone())
                .because(StopReason::Untrusted)
                .hint("nothing was sent; the same command goes on once the certificate is trusted"),
            Self::Parked(wait) => {
                let minutes = wait.as_secs().div_ceil(60);
                Error::stopped(format!("{service} asks to be left alone for {minutes} minutes"))
                    .because(StopReason::Parked)
                    .hint("nothing is lost: the same command goes on after that")
            }
        };
        error.in_service(service).in_account(account)
    }
}

/// Why a run stops by itself: too much goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum BrakeStop {
    /// So many rows, and no more were to be borne.
    Rows { bad: BadRows, rows: u64, at_most: u64 },
    /// Their share of so many rows.
    Share { bad: BadRows, rows: u64, of: u64, at_most: f64 },
    /// So many rows in a row ended in the same code.
    SameCause { rows: u64, code: String },
    /// Not all of the rows that were to be sent first went well; the code of the last that didn't.
    FirstRows { failed: u64, sent: u64, code: String },
}

/// Rows that the brake counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadRows {
    /// Failed, or in doubt.
    Failed,
    Rejected,
}

impl BrakeStop {
    /// Why the run stops, in words, and what to do.
    pub fn error(&self) -> Error {
        const RESUME_OR_RETRY: &str = "look at the results file; `rolo resume` goes on with the rows not sent, `rolo retry` sends the failed ones again";
        let (message, reason, hint) = match self {
            Self::Rows { bad, rows, at_most } => (
                format!("{rows} rows {}, and the run was told to stop at {at_most}", bad.words()),
                StopReason::Threshold,
                RESUME_OR_RETRY,
            ),
            Self::Share { bad, rows, of, at_most } => (
                format!(
                    "{rows} of {of} rows {}, and the run was told to stop at {:.1} %",
                    bad.words(),
                    at_most * 100.0
                ),
                StopReason::Threshold,
                RESUME_OR_RETRY,
            ),
            Self::SameCause { rows, code } => (
                format!("the last {rows} rows all failed for the same reason: {code}"),
                StopReason::Threshold,
                RESUME_OR_RETRY,
            ),
            Self::FirstRows { failed, sent, code } => (
                format!("{failed} of the first {sent} rows failed: {code}"),
                StopReason::FirstRows,
                "look at the results file; `rolo resume` goes on with the others all the same",
            ),
        };
        Error::stopped(message).because(reason).hint(hint)
    }
}

impl BadRows {
    const fn words(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Rejected => "were rejected",
        }
    }
}
