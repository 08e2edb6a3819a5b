use super::halt::{BadRows, BrakeStop};
use crate::contact::{Outcome, RowRecord};

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

/// A share of fewer rows says nothing yet.
const SHARE_FROM: u64 = 100;

/// Counts what goes wrong against the brake's thresholds.
#[derive(Debug, Default)]
pub(super) struct Watch {
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
    pub(super) fn new(brake: Brake) -> Self {
        Self { brake, ..Self::default() }
    }

    pub(super) fn ready(&mut self, record: &RowRecord) {
        self.read += 1;
        self.rejected += u64::from(record.outcome == Outcome::Rejected);
    }

    /// A row that a cut-off execution finished; how many rows were sent for it.
    pub(super) fn again(&mut self, record: &RowRecord) -> u64 {
        let sent = u64::from(!matches!(record.outcome, Outcome::Rejected | Outcome::Skipped));
        self.first.sent += sent;
        self.first.count(record);
        sent
    }

    pub(super) fn sent(&mut self, record: &RowRecord) {
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

    /// How many rows went first, if all of them went well.
    pub(super) fn canary(&self, rows: u64) -> Result<u64, BrakeStop> {
        let First { sent, failed, cause } = &self.first;
        if *failed == 0 {
            return Ok(rows.min(*sent));
        }
        Err(BrakeStop::FirstRows { failed: *failed, sent: *sent, code: cause.clone() })
    }

    /// Whether more went wrong than the run was told to bear.
    pub(super) fn verdict(&self) -> Option<BrakeStop> {
        let Brake { failed_at_most, failed_share, rejected_at_most, rejected_share, same_cause } = self.brake;
        over(BadRows::Failed, self.failed, self.sent, failed_at_most, failed_share)
            .or_else(|| over(BadRows::Rejected, self.rejected, self.read, rejected_at_most, rejected_share))
            .or_else(|| {
                let is_over = same_cause.is_some_and(|most| self.same_cause >= most.max(1));
                is_over.then(|| BrakeStop::SameCause { rows: self.same_cause, code: self.cause.clone() })
            })
    }
}

/// Whether these rows are too many, as a number or as a share of `of` rows.
fn over(bad: BadRows, rows: u64, of: u64, at_most: Option<u64>, share: Option<f64>) -> Option<BrakeStop> {
    if let Some(at_most) = at_most.filter(|most| rows >= *most.max(&1)) {
        return Some(BrakeStop::Rows { bad, rows, at_most });
    }
    #[expect(clippy::cast_precision_loss, reason = "a share of rows needs no more than 52 bits")]
    let present = rows as f64 / of.max(1) as f64;
    let at_most = share.filter(|most| of >= SHARE_FROM && present >= *most)?;
    Some(BrakeStop::Share { bad, rows, of, at_most })
}
