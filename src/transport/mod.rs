//! One HTTP request in, one bounded answer out.
//!
//! No redirects, no hidden retries, no proxy that the caller didn't name, a total deadline, and a cap on the
//! size of an answer. The credential is put into the request here and nowhere else, and can't be
//! printed.

mod address;
mod client;
mod credential;
mod failure;
mod gated_body;
mod origin;
mod proxy;
mod redaction;

pub use client::{HttpOptions, HttpTransport};
pub use origin::{OriginClient, Timeouts};
pub use proxy::{Proxies, Route};

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;

use crate::services::{Answer, Request};

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: FailureKind,
    /// In words, with the host but neither credential nor query.
    pub message: String,
}

impl Failure {
    /// No byte left, and none may any more.
    fn held_back() -> Self {
        Self { kind: FailureKind::HeldBack, message: "the request may not leave any more".to_owned() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No byte of the request left: name not found, refused, connect timeout. Not applied.
    NotSent,
    /// The server's certificate can't be trusted. Not applied, and no use trying again.
    Untrusted,
    /// The request left, wholly or partly, and no whole answer came back.
    NoAnswer,
    /// Whoever asked for it may not send it any more: see [`MayLeave`]. Not applied.
    HeldBack,
}

impl FailureKind {
    /// As a log writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NotSent => "not sent",
            Self::Untrusted => "untrusted",
            Self::NoAnswer => "no answer",
            Self::HeldBack => "held back",
        }
    }
}

/// Whether a request may still leave. Asked as late as can be, so it answers at once.
pub type MayLeave = Arc<dyn Fn() -> bool + Send + Sync>;

/// Sends requests of one account.
pub trait Transport: Send + Sync {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Answer, Failure>>;

    /// The same, unless `may_leave` says otherwise right before the first byte would leave: connecting may have
    /// taken long, and the process may have been stopped meanwhile.
    fn send_while<'a>(&'a self, request: &'a Request, may_leave: &MayLeave) -> BoxFuture<'a, Result<Answer, Failure>> {
        if may_leave() { self.send(request) } else { std::future::ready(Err(Failure::held_back())).boxed() }
    }
}
