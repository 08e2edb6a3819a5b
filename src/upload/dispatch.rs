use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::brake::Brake;
use super::drive::Driver;
use super::notice::Notice;
use super::stages::Stages;
use super::work::Work;
use crate::contact::{Position, RowRecord};
use crate::error::Error;
use crate::journal::Entry;

/// Records of rows that need no call, written to the ledger together.
const TOGETHER: usize = 512;

/// How a dispatch ended.
#[derive(Clone, Debug, Default)]
pub struct RunEnd {
    /// Rows that finished after one that did not, by index: durable, but not in an unbroken order.
    pub apart: BTreeMap<u64, RowRecord>,
    /// Why it ended before the feed did.
    pub halt: Option<Error>,
}

/// Takes rows from the feed and hands finished ones on; `Stages` holds the run's state: which rows are under
/// way, which wait for an earlier one, what went wrong.
///
/// A row comes in two stages. First it is found out which contact it is about, ahead of its turn and
/// together with other rows; then it begins, in the file's order, so that rows which lead to the same
/// contact have it one after the other as the file has them.
pub struct Dispatcher {
    pub driver: Arc<Driver>,
    /// Rows under way at once.
    pub concurrency: usize,
    pub brake: Brake,
    /// Send this many rows first, and the others only if all of them went well.
    pub canary: Option<u64>,
}

impl Dispatcher {
    /// Drives every row of `feed` to its outcome and hands finished rows to `finished` in source
    /// order: one that changed something once its outcome is durable, one that was only looked at perhaps
    /// before, since a run that goes on looks at it again. `notice` gets what happens meanwhile.
    ///
    /// When the run stops, rows not begun are left in the feed and rows under way end after the
    /// request that is out.
    pub async fn run(
        &self,
        mut feed: mpsc::Receiver<Work>,
        mut notices: mpsc::UnboundedReceiver<Notice>,
        finished: &mut (dyn FnMut(Position, RowRecord) -> crate::error::Result<()> + Send),
        notice: &mut (dyn FnMut(Notice) + Send),
    ) -> RunEnd {
        let caller = &self.driver.caller;
        let mut stages = Stages::new(self.driver.clone(), self.concurrency, self.brake, self.canary);
        let gathered = stages.gathered.clone();
        let mut feeding = true;
        self.driver.look_again().await;
        loop {
            let takes = feeding && stages.has_room() && !caller.stop.is_requested();
            stages.go_on(feeding);
            stages.look_up_gathered();
            if caller.stop.is_requested() && stages.has_nothing_out() || !feeding && stages.is_empty() {
                break;
            }
            tokio::select! {
                biased;
                Some((position, end)) = stages.under_way.next() => stages.ended(position, end),
                Some(rows) = stages.identifying.next() => stages.identified(rows),
                Some(()) = stages.looking_up.next() => {}
                () = gathered.came() => {}
                Some(told) = notices.recv() => notice(told),
                work = feed.recv(), if takes => match work {
                    None => feeding = false,
                    Some(work) => stages.take(work).await,
                },
                () = caller.stop.requested(), if !caller.stop.is_requested() => {}
                error = caller.account.allowance.time_up(), if !caller.stop.is_requested() => caller.halt(error),
            }
            stages.go_on(feeding);
            if (stages.unrecorded.len() >= TOGETHER || !feeding)
                && !stages.unrecorded.is_empty()
                && !self.record(&mut stages.unrecorded).await
            {
                break;
            }
            // A row's calls are told before the row.
            while let Ok(told) = notices.try_recv() {
                notice(told);
            }
            while let Some((position, record)) = stages.next_finished() {
                if let Err(error) = finished(position, record) {
                    caller.halt(error);
                }
            }
            match stages.canary_end(feeding) {
                Some(Ok(rows)) => notice(Notice::FirstRowsWentWell { rows }),
                Some(Err(stop)) => caller.halt(stop.error()),
                None => {}
            }
            if let Some(stop) = stages.watch.verdict() {
                caller.halt(stop.error());
            } else if let Some(used) = stages.allowance_used() {
                caller.halt(used);
            }
        }
        let _ = self.record(&mut stages.unrecorded).await;
        if !caller.stop.is_requested() {
            self.driver.look_again().await;
        }
        while let Ok(told) = notices.try_recv() {
            notice(told);
        }
        RunEnd { apart: stages.apart(), halt: caller.halted() }
    }

    async fn record(&self, entries: &mut Vec<Entry>) -> bool {
        let caller = &self.driver.caller;
        if entries.is_empty() {
            return true;
        }
        crash_point!("before_rows");
        match caller.account.ledger.write(&caller.run, std::mem::take(entries)).await {
            Ok(_) => {
                crash_point!("after_rows");
                true
            }
            Err(error) => {
                caller.halt(error);
                false
            }
        }
    }
}
