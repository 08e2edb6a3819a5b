use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::allowance::AllowanceMeter;
use super::caller::Caller;
use crate::error::Error;

/// Calls that are promised to contacts under way, so that none is begun that the allowance would cut in half.
pub(super) struct Promises {
    caller: Arc<Caller>,
    /// By the index of the row.
    rows: HashMap<u64, u64>,
    groups: u64,
    refused: Option<Error>,
}

impl Promises {
    pub(super) fn new(caller: &Arc<Caller>) -> Self {
        Self { caller: caller.clone(), rows: HashMap::new(), groups: 0, refused: None }
    }

    fn meter(&self) -> &AllowanceMeter {
        &self.caller.account.allowance
    }

    /// Forgets what was refused: there may be room by now.
    pub(super) fn begin_anew(&mut self) {
        self.refused = None;
    }

    /// Whether this row may begin; what it is promised once, it has until its end.
    pub(super) fn row(&mut self, index: u64, at_most: impl FnOnce() -> u64) -> bool {
        if !self.meter().is_limited() || self.rows.contains_key(&index) {
            return true;
        }
        let calls = at_most();
        let is_promised = calls == 0 || self.promise(calls);
        if is_promised && calls > 0 {
            self.rows.insert(index, calls);
        }
        is_promised
    }

    /// Promises a group of rows the calls of a look-up; `None` if it is of no use, as the first of them could
    /// not begin after it.
    pub(super) fn group(&mut self, first_at_most: impl FnOnce() -> u64) -> Option<u64> {
        if !self.meter().is_limited() {
            return Some(0);
        }
        let calls = first_at_most();
        if !self.promise(calls) {
            return None;
        }
        self.groups += calls;
        Some(calls)
    }

    fn promise(&mut self, calls: u64) -> bool {
        let promised = self.rows.values().sum::<u64>() + self.groups;
        // What has no pace of its own still takes its time.
        let period = self.caller.account.budget.period().max(Duration::from_millis(1));
        self.refused = self.meter().has_room(calls, promised, period).err();
        self.refused.is_none()
    }

    pub(super) fn row_ended(&mut self, index: u64) {
        self.rows.remove(&index);
    }

    pub(super) fn group_ended(&mut self, promised: u64) {
        self.groups -= promised;
    }

    /// Why something could not begin since this was last begun anew.
    pub(super) fn refused(&mut self) -> Option<Error> {
        self.refused.take()
    }
}
