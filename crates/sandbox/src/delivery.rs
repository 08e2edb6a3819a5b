//! How an answer leaves: whole, or in one of the ways in which networks fail.

use std::collections::VecDeque;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::{Body, Bytes, Frame, SizeHint};
use tokio::time::Sleep;

use super::WireAnswer;

/// The way an answer takes back to the client.
#[derive(Clone, Debug)]
pub enum Delivery {
    Whole(WireAnswer),
    /// No answer: the connection is reset.
    Reset,
    /// No answer, and the connection stays open.
    Never,
    /// The whole length is announced, some bytes are sent, then the connection is closed.
    Cut {
        answer: WireAnswer,
        bytes: usize,
    },
    /// The whole length is announced, some bytes are sent, then the connection is reset.
    CutAndReset {
        answer: WireAnswer,
        bytes: usize,
    },
    /// One byte at a time.
    Slow {
        answer: WireAnswer,
        pause: Duration,
    },
    /// The body, then spaces without end.
    Endless(WireAnswer),
}

impl Delivery {
    /// The status that is sent, if one is.
    pub(super) fn status(&self) -> Option<u16> {
        match self {
            Self::Whole(answer)
            | Self::Cut { answer, .. }
            | Self::CutAndReset { answer, .. }
            | Self::Slow { answer, .. }
            | Self::Endless(answer) => Some(answer.status),
            Self::Reset | Self::Never => None,
        }
    }
}

/// Long enough for what was written so far to leave before the connection breaks.
const FLUSH: Duration = Duration::from_millis(20);

enum Step {
    Send(Bytes),
    Pause(Duration),
    Break,
    SendForever(Bytes),
}

/// A body that follows a script.
pub(super) struct Payload {
    script: VecDeque<Step>,
    announced: Option<u64>,
    pause: Option<Pin<Box<Sleep>>>,
}

impl Payload {
    fn new(announced: Option<usize>, script: impl IntoIterator<Item = Step>) -> Self {
        Self { script: script.into_iter().collect(), announced: announced.map(|length| length as u64), pause: None }
    }

    pub(super) fn whole(body: Vec<u8>) -> Self {
        let length = body.len();
        let step = (length > 0).then(|| Step::Send(body.into()));
        Self::new(Some(length), step)
    }

    /// Announces one byte more than it has when `bytes` is all of the body, so that it is always cut.
    pub(super) fn cut(mut body: Vec<u8>, bytes: usize) -> Self {
        let announced = body.len().max(bytes.saturating_add(1).min(body.len() + 1));
        body.truncate(bytes);
        Self::new(Some(announced), [Step::Send(body.into()), Step::Pause(FLUSH), Step::Break])
    }

    pub(super) fn slow(body: &[u8], pause: Duration) -> Self {
        let steps = body.iter().flat_map(|byte| [Step::Send(Bytes::from(vec![*byte])), Step::Pause(pause)]);
        Self::new(Some(body.len()), steps)
    }

    pub(super) fn endless(body: Vec<u8>) -> Self {
        Self::new(None, [Step::Send(body.into()), Step::SendForever(Bytes::from(vec![b' '; 64 * 1024]))])
    }
}

impl Body for Payload {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        loop {
            if let Some(pause) = &mut self.pause {
                std::task::ready!(pause.as_mut().poll(context));
                self.pause = None;
            }
            match self.script.pop_front() {
                Some(Step::Send(bytes)) if bytes.is_empty() => {}
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Pause(pause)) => self.pause = Some(Box::pin(tokio::time::sleep(pause))),
                Some(Step::Break) => return Poll::Ready(Some(Err(io::Error::other("cut off on purpose")))),
                Some(Step::SendForever(bytes)) => {
                    self.script.push_front(Step::SendForever(bytes.clone()));
                    return Poll::Ready(Some(Ok(Frame::data(bytes))));
                }
                None => return Poll::Ready(None),
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.script.is_empty() && self.pause.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        self.announced.map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
