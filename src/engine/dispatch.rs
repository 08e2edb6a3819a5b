use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::mpsc;

use super::caller::{Halt, Notice};
use super::lane::{Lane, LaneEnd, Lanes};
use crate::contact::{Outcome, Position, RowRecord};
use crate::error::ErrorKind;
use crate::ledger::{Entry, Key};

/// Rows that may be finished but held back because an earlier one is not.
const WINDOW: u64 = 4096;
/// Records of rows that need no call, written to the ledger together.
const TOGETHER: usize = 512;

/// One row, in source order.
#[derive(Debug)]
pub enum Work {
    /// It has its outcome without a call; `recorded` if the ledger has it already.
    Ready {
        position: Position,
        record: RowRecord,
        keys: Vec<Key>,
        recorded: bool,
    },
    Lane(Box<Lane>),
}

/// When a run should stop by itself because too much goes wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Brake {
    /// Failed and in-doubt rows.
    pub failed_at_most: Option<u64>,
    /// Their share of the rows that were sent, judged from the hundredth on.
    pub failed_share: Option<f64>,
    /// Rejected rows.
    pub rejected_at_most: Option<u64>,
    /// Their share of the rows read, judged from the hundredth on.
    pub rejected_share: Option<f64>,
    /// The same error code in this many rows in a row.
    pub same_cause: Option<u64>,
}

/// How a dispatch ended.
#[derive(Clone, Debug, Default)]
pub struct Ended {
    /// Rows that finished after one that did not, by index: durable, but not in an unbroken order.
    pub apart: BTreeMap<u64, RowRecord>,
    /// Why it ended before the feed did.
    pub halt: Option<Halt>,
}

/// Owns a run's state: which rows are under way, which wait for an earlier one, what went wrong.
pub struct Dispatcher {
    pub lanes: Arc<Lanes>,
    /// Lanes under way at once.
    pub concurrency: usize,
    pub brake: Brake,
    /// Send this many rows first, and the others only if all of them went well.
    pub canary: Option<u64>,
}

impl Dispatcher {
    /// Drives every row of `feed` to its outcome and hands finished rows to `finished` in source
    /// order, each once its outcome is durable. `notice` gets what happens meanwhile.
    ///
    /// When the run stops, rows not begun are left in the feed and rows under way end after the
    /// request that is out.
    pub async fn run(
        &self,
        mut feed: mpsc::Receiver<Work>,
        mut notices: mpsc::UnboundedReceiver<Notice>,
        finished: &mut (dyn FnMut(Position, RowRecord) -> crate::error::Result<()> + Send),
        notice: &mut (dyn FnMut(Notice) + Send),
    ) -> Ended {
        let caller = &self.lanes.caller;
        let mut under_way = FuturesUnordered::new();
        let mut window: BTreeMap<u64, (Position, RowRecord)> = BTreeMap::new();
        let mut unrecorded: Vec<Entry> = Vec::new();
        let (mut next, mut taken) = (0_u64, 0_u64);
        let mut ended = Ended::default();
        let mut watch = Watch { brake: self.brake, ..Watch::default() };
        let mut feeding = true;
        let (mut canary, mut sent) = (self.canary.filter(|rows| *rows > 0), 0_u64);
        loop {
            let room = feeding
                && under_way.len() < self.concurrency
                && canary.is_none_or(|rows| sent < rows)
                && taken.saturating_sub(next) < WINDOW
                && !caller.stop.is_asked();
            if !feeding && under_way.is_empty() || caller.stop.is_asked() && under_way.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some(end) = under_way.next() => {
                    let (position, end): (Position, LaneEnd) = end;
                    if let LaneEnd::Finished(record) = end {
                        watch.sent(&record);
                        window.insert(position.index, (position, record));
                    }
                }
                Some(told) = notices.recv() => notice(told),
                work = feed.recv(), if room => match work {
                    None => feeding = false,
                    Some(Work::Ready { position, record, keys, recorded }) => {
                        if recorded {
                            // Judged already when it ended; but the first rows are judged together.
                            sent += watch.again(&record);
                        } else {
                            watch.ready(&record);
                        }
                        taken = position.index + 1;
                        if !recorded {
                            unrecorded.push(Entry::Row { position, record: record.clone(), keys });
                        }
                        window.insert(position.index, (position, record));
                    }
                    Some(Work::Lane(lane)) => {
                        taken = lane.position.index + 1;
                        sent += 1;
                        let lanes = self.lanes.clone();
                        under_way.push(async move { (lane.position, lanes.drive(*lane).await) });
                    }
                },
                () = caller.stop.asked(), if room => {}
            }
            if (unrecorded.len() >= TOGETHER || !feeding)
                && !unrecorded.is_empty()
                && !self.record(&mut unrecorded).await
            {
                break;
            }
            while let Some((position, record)) = window.remove(&next) {
                next = position.index + 1;
                if let Err(error) = finished(position, record) {
                    caller.halt_for(&error);
                }
            }
            if let Some(rows) = canary
                && (sent >= rows || !feeding)
                && under_way.is_empty()
            {
                canary = None;
                match watch.canary(rows) {
                    Ok(told) => notice(Notice::Warning(told)),
                    Err(halt) => caller.halt(halt),
                }
            }
            if let Some(halt) = watch.verdict() {
                caller.halt(halt);
            }
        }
        let _ = self.record(&mut unrecorded).await;
        while let Ok(told) = notices.try_recv() {
            notice(told);
        }
        ended.apart = window.into_iter().map(|(index, (_, record))| (index, record)).collect();
        ended.halt = caller.halted();
        ended
    }

    async fn record(&self, entries: &mut Vec<Entry>) -> bool {
        let caller = &self.lanes.caller;
        if entries.is_empty() {
            return true;
        }
        crash_point!("before_rows");
        match caller.account.ledger.write(&caller.run, std::mem::take(entries)).await {
            Ok(()) => {
                crash_point!("after_rows");
                true
            }
            Err(error) => {
                caller.halt_for(&error);
                false
            }
        }
    }
}

/// Counts what goes wrong against the brake's thresholds.
#[derive(Debug, Default)]
struct Watch {
    brake: Brake,
    sent: u64,
    failed: u64,
    read: u64,
    rejected: u64,
    cause: String,
    same_cause: u64,
    first: First,
}

/// How the first rows went, whichever execution sent them.
#[derive(Debug, Default)]
struct First {
    sent: u64,
    failed: u64,
    cause: String,
}

impl First {
    fn count(&mut self, record: &RowRecord) {
        if matches!(record.outcome, Outcome::Failed | Outcome::InDoubt) {
            self.failed += 1;
            if let Some(error) = record.errors.first() {
                error.code.as_ref().clone_into(&mut self.cause);
            }
        }
    }
}

impl Watch {
    fn ready(&mut self, record: &RowRecord) {
        self.read += 1;
        self.rejected += u64::from(record.outcome == Outcome::Rejected);
    }

    /// A row that a cut-off execution finished; how many rows were sent for it.
    fn again(&mut self, record: &RowRecord) -> u64 {
        let sent = u64::from(!matches!(record.outcome, Outcome::Rejected | Outcome::Skipped));
        self.first.sent += sent;
        self.first.count(record);
        sent
    }

    fn sent(&mut self, record: &RowRecord) {
        self.read += 1;
        self.sent += 1;
        self.first.sent += 1;
        self.first.count(record);
        if !matches!(record.outcome, Outcome::Failed | Outcome::InDoubt) {
            self.same_cause = 0;
            return;
        }
        self.failed += 1;
        let cause = record.errors.first().map(|error| error.code.as_ref()).unwrap_or_default();
        if cause == self.cause {
            self.same_cause += 1;
        } else {
            cause.clone_into(&mut self.cause);
            self.same_cause = 1;
        }
    }

    /// Whether the first rows all went well.
    fn canary(&self, rows: u64) -> Result<String, Halt> {
        let First { sent, failed, cause } = &self.first;
        if *failed == 0 {
            return Ok(format!("the first {} rows all went well: going on with the others", sent.min(&rows)));
        }
        Err(Halt {
            kind: ErrorKind::Stopped,
            message: format!("{failed} of the first {sent} rows failed: {cause}"),
            hint: "look at the results file; `rolo resume` goes on with the others all the same".into(),
        })
    }

    fn verdict(&self) -> Option<Halt> {
        let stop = |message: String| {
            Some(Halt {
                kind: ErrorKind::Stopped,
                message,
                hint: "look at the results file; `rolo resume` goes on with the rows not sent, `rolo retry` sends the failed ones again".into(),
            })
        };
        let kinds = [
            ("failed", self.failed, self.sent, self.brake.failed_at_most, self.brake.failed_share),
            ("were rejected", self.rejected, self.read, self.brake.rejected_at_most, self.brake.rejected_share),
        ];
        for (what, bad, of, at_most, share) in kinds {
            if let Some(most) = at_most
                && bad >= most.max(1)
            {
                return stop(format!("{bad} rows {what}, and the run was told to stop at {most}"));
            }
            #[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
            let present = bad as f64 / of.max(1) as f64;
            if let Some(most) = share
                && of >= 100
                && present >= most
            {
                return stop(format!(
                    "{bad} of {of} rows {what}, and the run was told to stop at {:.1} %",
                    most * 100.0
                ));
            }
        }
        if let Some(most) = self.brake.same_cause
            && self.same_cause >= most.max(1)
        {
            return stop(format!("the last {} rows all failed for the same reason: {}", self.same_cause, self.cause));
        }
        None
    }
}
