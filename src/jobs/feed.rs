use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver as StdReceiver, SyncSender};
use std::sync::{Arc, OnceLock};

use tokio::sync::mpsc;

use super::planned_row::PlannedRows;
use super::remembered_rows::{AskedRow, RememberedRow, remembered};
use crate::contact::{Contact, Outcome, RowRecord};
use crate::error::{Error, Result};
use crate::journal::RunId;
use crate::ledger::LedgerHandle;
use crate::reconcile::{Keys, Row, Rules};
use crate::table::{RowBatch, RowReader};
use crate::upload::Work;
use crate::validate::{Checking, RowChecker, Settler, Unsent, Validator};

/// Rows in a batch: enough to keep two cores busy, few enough to hold several.
pub const BATCH: usize = 512;
/// Settled batches that may wait for the upload.
const AHEAD: usize = 2;

/// A batch with what validation made of each row.
pub struct Checked {
    pub batch: Arc<RowBatch>,
    /// Empty once validation was switched off.
    pub contacts: Vec<std::result::Result<Contact, Unsent>>,
}

/// Reads and validates in three stages, so that the next batch is ready when the upload is and no
/// processor waits for another: one thread reads, the checks of several batches run side by side, and
/// one thread settles them in file order.
pub struct Reading {
    checked: mpsc::Receiver<Result<Checked>>,
    only_read: Arc<AtomicBool>,
}

/// A batch on its way from the reader to the settler; without a check once validation was switched off.
type Begun = (Arc<RowBatch>, Option<Checking>);

impl Reading {
    /// `others` are rows of the same file that an earlier run sent: they are not sent again, and a row
    /// that names the same person as one of them is a duplicate.
    pub fn start(reader: Box<dyn RowReader>, mut validator: Validator, others: Option<Box<dyn RowReader>>) -> Self {
        let (sender, checked) = mpsc::channel(AHEAD);
        let only_read = Arc::new(AtomicBool::new(false));
        let skip = only_read.clone();
        std::thread::spawn(move || {
            if let Err(error) = others.map_or(Ok(()), |others| remember(others, &mut validator)) {
                drop(sender.blocking_send(Err(error)));
                return;
            }
            let (checker, settler) = validator.divided();
            let (begun, to_settle) = std::sync::mpsc::sync_channel(RowChecker::at_once());
            std::thread::spawn(move || settle(settler, to_settle, &sender));
            read(reader, &checker, &begun, &skip);
        });
        Self { checked, only_read }
    }

    pub async fn next(&mut self) -> Result<Option<Checked>> {
        self.checked.recv().await.transpose()
    }

    /// Validates no more: what is still to come is only passed through.
    pub fn only_read(&mut self) {
        self.only_read.store(true, Ordering::Relaxed);
    }
}

/// The first stage: reads batches and begins to check them.
fn read(
    mut reader: Box<dyn RowReader>,
    checker: &RowChecker,
    begun: &SyncSender<Result<Begun>>,
    only_read: &AtomicBool,
) {
    loop {
        let mut batch = RowBatch::new();
        let read = reader.read(&mut batch, BATCH).map(|rows| (rows > 0).then(|| Arc::new(batch)));
        let Some(read) = read.transpose() else { return };
        let failed = read.is_err();
        let read = read.map(|batch| {
            let checking = (!only_read.load(Ordering::Relaxed)).then(|| checker.start(batch.clone()));
            (batch, checking)
        });
        if begun.send(read).is_err() || failed {
            return;
        }
    }
}

/// The last stage: waits for the checks in file order and gives the last word on each row.
fn settle(mut settler: Settler, begun: StdReceiver<Result<Begun>>, settled: &mpsc::Sender<Result<Checked>>) {
    for begun in begun {
        let checked = begun.and_then(|(batch, checking)| {
            let contacts = match checking {
                Some(checking) => settler.settle(&batch, checking.wait()?),
                None => Vec::new(),
            };
            Ok(Checked { batch, contacts })
        });
        if settled.blocking_send(checked).is_err() {
            return;
        }
    }
}

/// Lets the validator see rows that are not sent.
fn remember(mut others: Box<dyn RowReader>, validator: &mut Validator) -> Result<()> {
    let mut batch = RowBatch::new();
    while others.read(&mut batch, BATCH)? > 0 {
        drop(validator.check(&batch));
    }
    Ok(())
}

/// Turns checked batches into work: what is known of each contact, what a cut-off execution did.
pub struct RowFeed {
    pub reading: Reading,
    pub ledger: LedgerHandle,
    pub keys: Keys,
    pub run: RunId,
    /// Trust what the ledger remembers of contacts.
    pub remember: bool,
    pub resuming: bool,
    /// Finished rows of a cut-off execution, refilled from the ledger in order.
    replay: Replay,
    open: BTreeSet<u64>,
    /// What is planned for each row, where the run keeps to a plan.
    planned: Option<PlannedRows>,
    /// What tells whether a row rests on its having been applied.
    rules: Arc<Rules>,
    pub failure: Option<Error>,
}

#[derive(Default)]
struct Replay {
    records: BTreeMap<u64, RowRecord>,
    from: u64,
    exhausted: bool,
}

impl RowFeed {
    pub async fn new(
        reading: Reading,
        ledger: LedgerHandle,
        keys: Keys,
        run: RunId,
        remember: bool,
        resuming: bool,
        rules: Arc<Rules>,
    ) -> Result<Self> {
        let open = if resuming { ledger.open_rows(&run).await?.into_iter().collect() } else { BTreeSet::new() };
        let replay = Replay::default();
        Ok(Self { reading, ledger, keys, run, remember, resuming, replay, open, planned: None, rules, failure: None })
    }

    /// The same, each row with what is planned for it.
    #[must_use]
    pub fn by(self, planned: Option<PlannedRows>) -> Self {
        Self { planned, ..self }
    }

    /// Feeds work until the source ends or nobody takes it any more. Each batch goes to `batches`
    /// before the first of its rows becomes work.
    pub async fn run(&mut self, work: mpsc::Sender<Work>, batches: std::sync::mpsc::Sender<Arc<RowBatch>>) {
        if let Err(error) = self.feed(work, batches).await {
            self.failure = Some(error);
        }
    }

    async fn feed(&mut self, work: mpsc::Sender<Work>, batches: std::sync::mpsc::Sender<Arc<RowBatch>>) -> Result<()> {
        while let Some(checked) = self.reading.next().await? {
            if batches.send(checked.batch.clone()).is_err() {
                return Ok(());
            }
            for item in self.prepare(checked).await? {
                if work.send(item).await.is_err() {
                    self.reading.only_read();
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    async fn prepare(&mut self, checked: Checked) -> Result<Vec<Work>> {
        let rows = checked.batch.len() as u64;
        let first = if rows == 0 { 0 } else { checked.batch.row(0).position().index };
        let mut done = self.replayed(first, first + rows).await?;
        // Of what was finished for good, nobody asks any more.
        let asked = checked.batch.rows().zip(&checked.contacts).map(|(row, contact)| match contact {
            Ok(contact) if !done.contains_key(&row.position().index) => {
                let rests = self.planned.is_none()
                    && !self.open.contains(&row.position().index)
                    && self.rules.may_rest(contact);
                Some(AskedRow { contact, digest: rests.then(|| self.keys.row(contact)) })
            }
            _ => None,
        });
        let remembers = self.remember || self.resuming;
        let remembered = remembered(&self.ledger, &self.keys, asked, remembers).await?;
        let mut work = Vec::with_capacity(checked.contacts.len());
        for ((row, contact), remembered) in checked.batch.rows().zip(checked.contacts).zip(remembered) {
            let RememberedRow { keys, known, as_applied, digest, open_create } = remembered;
            let position = row.position();
            if let Some(record) = done.remove(&position.index) {
                work.push(Work::Ready { position, record, keys: Vec::new(), recorded: true });
                continue;
            }
            match contact {
                Err(unsent) => {
                    let record = RowRecord::unsent(unsent.outcome, unsent.errors);
                    work.push(Work::Ready { position, record, keys, recorded: false });
                }
                Ok(contact) => {
                    // What this very row began is among its own steps.
                    let open_create = open_create.filter(|open| open.run != self.run || open.row != position.index);
                    let steps = if self.open.contains(&position.index) {
                        self.ledger.steps(&self.run, position.index).await?
                    } else {
                        Vec::new()
                    };
                    let planned = match &mut self.planned {
                        Some(planned) => Some(Box::new(planned.of(position.index)?)),
                        None => None,
                    };
                    // Of a row that the plan has looked up, only what it has sent itself is remembered.
                    let is_begun = steps.iter().any(|step| step.kind.writes());
                    let known = known.filter(|_| planned.is_none() || is_begun);
                    let digest = digest.map_or_else(OnceLock::new, OnceLock::from);
                    let row = Row {
                        known,
                        as_applied,
                        steps,
                        open_create,
                        planned,
                        digest,
                        ..Row::new(position, contact, keys)
                    };
                    work.push(Work::Row(Box::new(row)));
                }
            }
        }
        Ok(work)
    }

    /// Records of the rows in `from..to` that a cut-off execution finished for good.
    async fn replayed(&mut self, from: u64, to: u64) -> Result<BTreeMap<u64, RowRecord>> {
        if !self.resuming {
            return Ok(BTreeMap::new());
        }
        while !self.replay.exhausted && self.replay.from < to {
            let rows = self.ledger.rows(&self.run, self.replay.from.max(from), BATCH).await?;
            match rows.last() {
                Some((last, _)) => self.replay.from = last + 1,
                None => self.replay.exhausted = true,
            }
            self.replay.records.extend(rows);
        }
        let later = self.replay.records.split_off(&to);
        let here = std::mem::replace(&mut self.replay.records, later);
        // What nobody could settle is taken up again, with what was done for it.
        let (doubtful, done) = here.into_iter().partition(|(_, record)| record.outcome == Outcome::InDoubt);
        let doubtful: BTreeMap<u64, RowRecord> = doubtful;
        self.open.extend(doubtful.into_keys());
        Ok(done)
    }
}
