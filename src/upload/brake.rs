use crate::contact::{Outcome, RowRecord};
use crate::error::{Error, Result, StopReason};

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

    /// Whether the first rows all went well.
    pub(super) fn canary(&self, rows: u64) -> Result<String> {
        let First { sent, failed, cause } = &self.first;
        if *failed == 0 {
            return Ok(format!("the first {} rows all went well: going on with the others", sent.min(&rows)));
        }
        Err(Error::stopped(format!("{failed} of the first {sent} rows failed: {cause}"))
            .because(StopReason::FirstRows)
            .hint("look at the results file; `rolo resume` goes on with the others all the same"))
    }

    pub(super) fn verdict(&self) -> Option<Error> {
        let stop = |message: String| {
            let hint = "look at the results file; `rolo resume` goes on with the rows not sent, `rolo retry` sends the failed ones again";
            Some(Error::stopped(message).because(StopReason::Threshold).hint(hint))
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
