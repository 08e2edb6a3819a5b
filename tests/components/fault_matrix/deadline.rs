//! Deadlines that a busy machine can't break: a time-out is one that the fault made, or the cell is run again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rolo::services::{Answer, Request};
use rolo::transport::{Failure, HttpTransport, Transport};
use rolo_sandbox::Sandbox;

/// How long a cell waits for its answers, and whether the machine was too slow for that.
#[derive(Clone)]
pub struct Deadline {
    pub time: Duration,
    /// The fault that keeps requests waiting until the client gives up, if one does.
    fault: Option<&'static str>,
    outrun: Arc<AtomicBool>,
}

impl Deadline {
    pub fn new(time: Duration, fault: Option<&'static str>) -> Self {
        Self { time, fault, outrun: Arc::default() }
    }

    pub fn doubled(&self) -> Self {
        Self::new(self.time * 2, self.fault)
    }

    /// A request ran out of time that the fault had not touched: the machine was slow, and how the cell
    /// ended says nothing.
    pub fn was_outrun(&self) -> bool {
        self.outrun.load(Ordering::SeqCst)
    }
}

/// A transport that holds each time-out against what the server has logged.
pub struct Watched {
    pub transport: HttpTransport,
    pub deadline: Deadline,
    pub sandbox: Arc<Sandbox>,
}

impl Watched {
    /// Requests that the server has kept waiting on purpose so far.
    fn kept_waiting(&self) -> usize {
        let Some(fault) = self.deadline.fault else { return 0 };
        self.sandbox.log().iter().filter(|met| met.fault.as_deref() == Some(fault)).count()
    }
}

impl Transport for Watched {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Answer, Failure>> {
        async move {
            let before = self.kept_waiting();
            let began = rolo::clock::now();
            let sent = self.transport.send(request).await;
            // Connecting has nine tenths of the deadline. Calls of a cell come one after the other, so that
            // a request which was kept waiting is this one.
            let out_of_time = sent.is_err() && began.elapsed() >= self.deadline.time * 9 / 10;
            if out_of_time && self.kept_waiting() == before {
                self.deadline.outrun.store(true, Ordering::SeqCst);
            }
            sent
        }
        .boxed()
    }
}
