use std::sync::Arc;

use prometheus::core::Collector;
use prometheus::{IntCounter, IntCounterVec, Opts, Registry};

use crate::contact::WaitReason;
use crate::error::{Error, Result};
use crate::report::{Event, Reporter};

/// Of which run something is counted.
#[derive(Clone, Debug)]
pub struct RunLabels {
    pub account: String,
    pub service: String,
    /// Empty for a run that is of no job.
    pub job: String,
    /// The command.
    pub command: String,
}

/// What this process has done so far.
pub struct Counters {
    pub(super) registry: Registry,
    rows: IntCounterVec,
    calls: IntCounterVec,
    throttled: IntCounterVec,
    runs: IntCounterVec,
    ledger_errors: IntCounter,
    renewals_failed: IntCounter,
}

impl Counters {
    /// All at nought.
    ///
    /// # Errors
    /// A metric of this name can't be.
    pub fn new(version: &str) -> Result<Self> {
        let registry = Registry::new();
        let of_run = ["account", "service", "job", "kind"];
        let counted = |name: &str, help: &str, labels: &[&str]| {
            let counter = IntCounterVec::new(Opts::new(name, help), labels).map_err(wrong)?;
            registered(&registry, counter)
        };
        let plain = |name: &str, help: &str| registered(&registry, IntCounter::new(name, help).map_err(wrong)?);
        let counters = Self {
            rows: counted(
                "rolo_rows_total",
                "Rows that this worker brought to their outcome.",
                &[&of_run[..], &["outcome"]].concat(),
            )?,
            calls: counted(
                "rolo_calls_total",
                "Calls that this worker made, by what their answers meant.",
                &["account", "service", "job", "kind", "verdict"],
            )?,
            throttled: counted(
                "rolo_throttled_total",
                "Times that a service asked for fewer calls, as by status 429.",
                &["account", "service"],
            )?,
            runs: counted(
                "rolo_runs_ended_total",
                "Runs that this worker let go of, by how they stood then.",
                &[&of_run[..], &["state"]].concat(),
            )?,
            ledger_errors: plain("rolo_ledger_errors_total", "Times that the ledger could not be used.")?,
            renewals_failed: plain(
                "rolo_lease_renewals_failed_total",
                "Times that a claim on a run or an account could not be renewed.",
            )?,
            registry: registry.clone(),
        };
        let build = Opts::new("rolo_build_info", "The version of rolo.").const_label("version", version);
        registered(&registry, prometheus::IntGauge::with_opts(build).map_err(wrong)?)?.set(1);
        Ok(counters)
    }

    /// The ledger could not be used.
    pub fn ledger_failed(&self) {
        self.ledger_errors.inc();
    }

    /// How often claims could not be renewed so far.
    pub(super) fn renewals_failed(&self, so_far: u64) {
        self.renewals_failed.inc_by(so_far.saturating_sub(self.renewals_failed.get()));
    }
}

fn registered<T: Collector + Clone + 'static>(registry: &Registry, collector: T) -> Result<T> {
    registry.register(Box::new(collector.clone())).map_err(wrong)?;
    Ok(collector)
}

#[expect(clippy::needless_pass_by_value, reason = "it is what `map_err` hands over")]
pub(super) fn wrong(error: prometheus::Error) -> Error {
    Error::bug(format!("a metric can't be: {error}"))
}

/// Counts the events of a run.
pub struct Counting {
    counters: Arc<Counters>,
    run: RunLabels,
}

impl Counting {
    pub fn new(counters: &Arc<Counters>, run: RunLabels) -> Self {
        Self { counters: counters.clone(), run }
    }
}

impl Reporter for Counting {
    fn event(&mut self, event: &Event) {
        let RunLabels { account, service, job, command } = &self.run;
        let of_run = |last: &'static str| [account.as_str(), service, job, command, last];
        match event {
            Event::Row { record, .. } => self.counters.rows.with_label_values(&of_run(record.outcome.name())).inc(),
            Event::Called { kind, verdict, .. } => {
                let labels = [account.as_str(), service, job, kind.name(), verdict];
                self.counters.calls.with_label_values(&labels).inc();
            }
            Event::Waiting { reason: WaitReason::Throttled { .. }, .. } => {
                self.counters.throttled.with_label_values(&[account.as_str(), service]).inc();
            }
            Event::Finished(summary) => {
                if let Some(state) = summary.state {
                    self.counters.runs.with_label_values(&of_run(state.name())).inc();
                }
            }
            _ => {}
        }
    }
}
