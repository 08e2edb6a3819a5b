use std::time::Duration;

use crate::contact::{CallKind, WaitReason};
use crate::journal::RunId;

/// What an upload tells while it works. Whoever shows it puts it into words.
#[derive(Clone, Debug, PartialEq)]
pub enum Notice {
    Called {
        kind: CallKind,
        http_status: Option<u16>,
        attempt: u32,
        /// What the answer meant, or why there is none: one word.
        verdict: &'static str,
    },
    /// The service is seen to count the calls of each operation by themselves: more may leave from now on.
    CountsApart,
    /// Sending pauses.
    Waiting { time: Duration, reason: WaitReason },
    /// A call went well, and the service has this to say about it.
    Warned { message: String },
    /// With a new access token came a new refresh token, which only the user can keep.
    RefreshTokenChanged,
    /// A credential was refused, and no new one could be got.
    NotRenewed { message: String },
    /// Of a run that sends a few rows first: all of them went well.
    FirstRowsWentWell { rows: u64 },
    /// A row is about to be sent that no client could do with fewer calls than these.
    Planned { least_calls: u64 },
    /// A row of an earlier or this run turned out to be several contacts, after a create whose answer
    /// was lost.
    MadeTwice {
        run: RunId,
        line: u64,
        /// As messages name contacts: with the addresses of their pages, where those are known.
        ids: Vec<String>,
    },
    /// A contact whose row is as last applied was looked at: had somebody changed it since?
    LookedAt { drifted: bool },
}
