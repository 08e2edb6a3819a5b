use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::MayLeave;

/// The body of a request that asks, when it is first wanted, whether the request may still leave. The client has
/// written nothing by then: it wants the body once the connection stands and the head waits to be written with it.
pub(super) struct GatedBody {
    bytes: Option<Bytes>,
    gate: Gate,
}

/// What a [`GatedBody`] asks, and whether it was refused.
#[derive(Clone)]
pub(super) struct Gate {
    may_leave: MayLeave,
    refused: Arc<AtomicBool>,
}

impl Gate {
    pub(super) fn new(may_leave: &MayLeave) -> Self {
        Self { may_leave: may_leave.clone(), refused: Arc::default() }
    }

    /// Asks, and remembers a refusal.
    pub(super) fn opens(&self) -> bool {
        let opens = (self.may_leave)();
        if !opens {
            self.refused.store(true, Ordering::Release);
        }
        opens
    }

    pub(super) fn has_refused(&self) -> bool {
        self.refused.load(Ordering::Acquire)
    }

    pub(super) fn body(&self, bytes: Vec<u8>) -> GatedBody {
        GatedBody { bytes: Some(bytes.into()), gate: self.clone() }
    }
}

/// What keeps a body from being read.
#[derive(Debug)]
pub(super) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the request may not leave any more")
    }
}

impl std::error::Error for Refused {}

impl Body for GatedBody {
    type Data = Bytes;
    type Error = Refused;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Refused>>> {
        if self.bytes.is_some() && !self.gate.opens() {
            return Poll::Ready(Some(Err(Refused)));
        }
        Poll::Ready(self.bytes.take().map(|bytes| Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.bytes.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.bytes.as_ref().map_or(0, |bytes| bytes.len() as u64))
    }
}
