use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;

use futures_util::future::BoxFuture;
use futures_util::stream::FuturesUnordered;

use super::brake::{Brake, Watch};
use super::drive::{Begun, Driver, RowEnd};
use super::gathered::GatheredLookups;
use super::halt::BrakeStop;
use super::look_up::identify_together;
use super::promises::Promises;
use super::work::Work;
use crate::contact::{Position, RowRecord};
use crate::error::Error;
use crate::journal::Entry;
use crate::reconcile::{DriftSample, LookupGroups, Reconciliation, Way};

/// Rows that may be finished but held back because an earlier one is not.
const WINDOW: u64 = 4096;
/// Rows that may wait for their turn to begin: more than a group of look-ups spans.
const QUEUE: usize = 2200;
/// Groups of look-ups under way at once where one asks about several rows.
const GROUPS: usize = 2;

/// A group looked up, with the calls that it was promised; no rows if the run stops.
type Identified = (u64, Option<Vec<Reconciliation>>);
type Identifying = BoxFuture<'static, Identified>;
type UnderWay = BoxFuture<'static, (Position, RowEnd)>;

/// The rows of a run that have come and are not done.
pub(super) struct Stages {
    driver: Arc<Driver>,
    concurrency: usize,
    /// In the file's order; `None` while it is found out which contact the row is about.
    queue: VecDeque<(u64, Option<Box<Reconciliation>>)>,
    groups: LookupGroups,
    /// Rows that wait for their group to be looked up.
    parked: HashMap<u64, Box<Reconciliation>>,
    pub(super) identifying: FuturesUnordered<Identifying>,
    pub(super) under_way: FuturesUnordered<UnderWay>,
    pub(super) gathered: Arc<GatheredLookups>,
    /// Gathered look-ups that are out.
    pub(super) looking_up: FuturesUnordered<BoxFuture<'static, ()>>,
    window: BTreeMap<u64, (Position, RowRecord)>,
    pub(super) unrecorded: Vec<Entry>,
    /// Index of the next row to be told as finished, and of the next to come.
    next: u64,
    taken: u64,
    pub(super) watch: Watch,
    canary: Option<u64>,
    sent: u64,
    sample: DriftSample,
    promises: Promises,
}

impl Stages {
    pub(super) fn new(driver: Arc<Driver>, concurrency: usize, brake: Brake, canary: Option<u64>) -> Self {
        Self {
            groups: LookupGroups::new(driver.rules.lookup_room),
            sample: DriftSample::of(&driver.rules.run),
            promises: Promises::new(&driver.caller),
            driver,
            concurrency: concurrency.max(1),
            queue: VecDeque::new(),
            parked: HashMap::new(),
            identifying: FuturesUnordered::new(),
            under_way: FuturesUnordered::new(),
            gathered: Arc::default(),
            looking_up: FuturesUnordered::new(),
            window: BTreeMap::new(),
            unrecorded: Vec::new(),
            next: 0,
            taken: 0,
            watch: Watch::new(brake),
            canary: canary.filter(|rows| *rows > 0),
            sent: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty() && self.under_way.is_empty()
    }

    /// Whether no request is out: what a stopping run waits for.
    pub(super) fn has_nothing_out(&self) -> bool {
        self.under_way.is_empty() && self.identifying.is_empty() && self.looking_up.is_empty()
    }

    /// Whether another row may come.
    pub(super) fn has_room(&self) -> bool {
        self.queue.len() < QUEUE
            && self.taken.saturating_sub(self.next) < WINDOW
            && self.canary.is_none_or(|rows| self.sent < rows)
    }

    pub(super) async fn take(&mut self, work: Work) {
        match work {
            Work::Ready { position, record, keys, recorded } => {
                if recorded {
                    // Judged already when it ended; but the first rows are judged together.
                    self.sent += self.watch.again(&record);
                } else {
                    self.watch.ready(&record);
                    self.unrecorded.push(Entry::Row { position, record: record.clone(), keys });
                }
                self.sample.ended(record.outcome);
                self.came(position.index);
                self.window.insert(position.index, (position, record));
            }
            Work::Row(row) => {
                let index = row.position.index;
                self.sent += 1;
                let way = self.sample.way_of(*row, &self.driver.rules);
                let driver = self.driver.clone();
                let Some(machine) = opened(&driver, way).await else { return self.came(index) };
                let identifiers = machine.to_identify().len();
                if identifiers > 0 {
                    self.queue.push_back((index, None));
                    self.groups.add(index, identifiers);
                    self.parked.insert(index, machine);
                } else {
                    self.queue.push_back((index, Some(machine)));
                }
                self.came(index);
            }
        }
    }

    fn came(&mut self, index: u64) {
        self.taken = index + 1;
        self.groups.passed(index);
    }

    /// Begins what can be begun: look-ups ahead of their rows' turn, and rows in the file's order.
    pub(super) fn go_on(&mut self, feeding: bool) {
        if self.driver.caller.stop.is_requested() {
            return;
        }
        let is_stuck = !self.has_room()
            && self.under_way.is_empty()
            && self.identifying.is_empty()
            && self.queue.front().is_some_and(|(_, machine)| machine.is_none());
        if !feeding || is_stuck && !self.groups.has_ready() {
            self.groups.close();
        }
        self.promises.begin_anew();
        loop {
            self.look_up_ahead();
            let begins = self.under_way.len() < self.concurrency
                && self.queue.front().is_some_and(|(_, machine)| machine.is_some());
            if !begins || !self.promise_first() {
                return;
            }
            let Some((_, Some(machine))) = self.queue.pop_front() else { return };
            self.begin(machine);
        }
    }

    /// Makes look-ups that rows under way wait for together: full ones at once, others when no row goes on by itself.
    pub(super) fn look_up_gathered(&mut self) {
        if self.driver.caller.stop.is_requested() {
            return self.gathered.halt();
        }
        let room = self.driver.rules.lookup_room;
        loop {
            let waits = self.gathered.rows() + self.driver.claims.waiting();
            let is_last = self.looking_up.is_empty() && self.identifying.is_empty() && waits == self.under_way.len();
            let Some(call) = self.gathered.take(&self.driver.caller, room, is_last) else { return };
            self.looking_up.push(call);
        }
    }

    /// Promises the first row that waits all the calls that it may take; false if there are not so many left.
    fn promise_first(&mut self) -> bool {
        let Some((index, Some(machine))) = self.queue.front() else { return true };
        self.promises.row(*index, || machine.calls_at_most())
    }

    /// Promises the calls of the next look-up, and those of the row that it is made for where it is for one alone:
    /// another night would look it up again. `None` if there are not so many left.
    fn promise_group(&mut self) -> Option<u64> {
        let (group, parked) = (self.groups.first_ready(), &self.parked);
        let at_most = |row: &u64| parked.get(row).map_or(1, |machine| machine.calls_at_most());
        match group {
            [row] => self.promises.row(*row, || at_most(row)).then_some(0),
            _ => self.promises.group(|| {
                let identifiers =
                    group.iter().filter_map(|row| parked.get(row)).map(|machine| machine.to_identify().len()).sum();
                let more_pages = self.driver.rules.calls_of_lookup(identifiers) - 1;
                group.first().map_or(1, at_most) + more_pages
            }),
        }
    }

    /// Why no further row may begin, once all that have begun are at their ends.
    pub(super) fn allowance_used(&mut self) -> Option<Error> {
        if self.has_nothing_out() { self.promises.refused() } else { None }
    }

    fn look_up_ahead(&mut self) {
        let together = self.driver.rules.looks_up_together();
        let at_once = if together { GROUPS } else { self.concurrency };
        while self.identifying.len() < at_once && self.groups.has_ready() {
            let waiting = self.queue.iter().take(self.concurrency * 2).filter(|(_, machine)| machine.is_some()).count();
            if waiting >= self.concurrency * 2 {
                return;
            }
            let Some(promised) = self.promise_group() else { return };
            let Some(group) = self.groups.take_ready() else { return };
            let rows: Vec<_> = group.iter().filter_map(|row| self.parked.remove(row)).map(|row| *row).collect();
            let driver = self.driver.clone();
            self.identifying.push(Box::pin(async move {
                (promised, identify_together(&driver.caller, rows, driver.rules.lookup_room).await)
            }));
        }
    }

    /// It is known which contacts these rows are about; `None` if the run stops.
    pub(super) fn identified(&mut self, (promised, rows): Identified) {
        self.promises.group_ended(promised);
        for machine in rows.into_iter().flatten() {
            let index = machine.position().index;
            if let Ok(at) = self.queue.binary_search_by_key(&index, |(index, _)| *index) {
                self.queue[at].1 = Some(Box::new(machine));
            }
        }
    }

    fn begin(&mut self, machine: Box<Reconciliation>) {
        let position = machine.position();
        match self.driver.begin(machine) {
            Begun::Ended { record, entries } => {
                self.promises.row_ended(position.index);
                self.watch.sent(&record);
                self.unrecorded.extend(entries);
                self.window.insert(position.index, (position, record));
            }
            Begun::UnderWay { machine, ticket, claimed } => {
                let driver = self.driver.clone();
                let gathered = driver.rules.looks_up_together().then(|| self.gathered.clone());
                self.under_way.push(Box::pin(async move {
                    let end = driver.drive_to_end(machine, ticket, claimed, gathered.as_deref(), |record| record);
                    (position, end.await)
                }));
            }
        }
    }

    pub(super) fn ended(&mut self, position: Position, end: RowEnd) {
        self.promises.row_ended(position.index);
        if let RowEnd::Finished(record) = end {
            self.watch.sent(&record);
            self.window.insert(position.index, (position, record));
        }
    }

    /// The next row in the file's order, if it is finished.
    pub(super) fn next_finished(&mut self) -> Option<(Position, RowRecord)> {
        let (position, record) = self.window.remove(&self.next)?;
        self.next = position.index + 1;
        Some((position, record))
    }

    /// How many rows went first and well, or that not all of them did, once they are done.
    pub(super) fn canary_end(&mut self, feeding: bool) -> Option<Result<u64, BrakeStop>> {
        let rows = self.canary.filter(|rows| (self.sent >= *rows || !feeding) && self.is_empty())?;
        self.canary = None;
        Some(self.watch.canary(rows))
    }

    /// Rows that finished after one that did not, by index.
    pub(super) fn apart(self) -> BTreeMap<u64, RowRecord> {
        self.window.into_iter().map(|(index, (_, record))| (index, record)).collect()
    }
}

/// The way, with all that is remembered of the contact; `None` if the run halts, as that can't be read.
async fn opened(Driver { caller, rules, .. }: &Driver, way: Way) -> Option<Box<Reconciliation>> {
    let row = match way {
        Way::Known(machine) => return Some(machine),
        Way::Unopened(row) => row,
    };
    let known = match &row.as_applied {
        Some(applied) => caller.account.ledger.known_by_id(rules.keys.account(), &applied.id).await,
        None => Ok(None),
    };
    let known = known.map_err(|error| caller.halt(error)).ok()?;
    Some(Box::new(Reconciliation::new(row.opened(known), rules.clone())))
}
