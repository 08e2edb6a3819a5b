use std::time::Duration;

use prometheus::{Gauge, GaugeVec, Opts, Registry};

use super::counters::wrong;
use crate::error::Result;
use crate::ledger::{JobCondition, LedgerHandle};

/// What a service admits of an account, as this worker's configuration has it.
#[derive(Clone, Debug)]
pub struct AccountLimit {
    pub account: String,
    pub service: String,
    pub calls_per_second: f64,
}

/// When a job is due next.
#[derive(Clone, Debug)]
pub struct NextDue {
    pub job: String,
    /// From the Unix epoch.
    pub at: Duration,
}

/// The ledger as it stands now, in a registry of its own.
///
/// # Errors
/// Those of the ledger.
pub(super) async fn gauges(ledger: &LedgerHandle, limits: &[AccountLimit], due: &[NextDue]) -> Result<Registry> {
    let registry = Registry::new();
    let set = Setter { registry: &registry };
    let figures = ledger.figures().await?;
    let runs = set.many("rolo_runs", "Runs of the ledger, by how they stand.", &["account", "service", "state"])?;
    let doubt = set.many("rolo_rows_in_doubt", "Rows of which nobody knows what became.", &["account", "service"])?;
    let mut queued = 0;
    for it in &figures.runs {
        runs.with_label_values(&[&it.account, &it.service, &it.state]).set(float(it.runs));
        doubt.with_label_values(&[&it.account, &it.service]).add(float(it.in_doubt));
        queued += if it.state == "queued" { it.runs } else { 0 };
    }
    set.one("rolo_queue_runs", "Runs that wait for a worker.", float(queued))?;
    // Without a run that waits there is no such moment.
    if let Some(oldest) = figures.oldest_queued {
        let help = "When the run that waits longest was queued.";
        set.one("rolo_queue_oldest_timestamp_seconds", help, float(oldest))?;
    }
    set.one("rolo_outbox_alerts", "Alerts that wait to be sent.", float(figures.outbox))?;
    let workers = ledger.workers().await?;
    set.one(
        "rolo_workers",
        "Workers that serve the queue.",
        float(workers.iter().filter(|it| it.serves).count() as u64),
    )?;
    let under_way = workers.iter().map(|it| it.runs.len() as u64).sum();
    set.one("rolo_runs_under_way", "Runs that somebody works on.", float(under_way))?;
    jobs(&set, ledger, due).await?;
    let quota = set.many(
        "rolo_quota_calls_per_second",
        "Calls that may be made of an account, by its service's limit or its own lower rate.",
        &["account", "service"],
    )?;
    for limit in limits {
        quota.with_label_values(&[&limit.account, &limit.service]).set(limit.calls_per_second);
    }
    Ok(registry)
}

async fn jobs(set: &Setter<'_>, ledger: &LedgerHandle, due: &[NextDue]) -> Result<()> {
    let condition = set.many("rolo_job_condition", "1 for how a job stands, 0 for all else.", &["job", "condition"])?;
    let success =
        set.many("rolo_job_last_success_timestamp_seconds", "When a job last did all that it was to do.", &["job"])?;
    for it in ledger.job_records().await? {
        for one in JobCondition::ALL {
            condition.with_label_values(&[it.job.as_str(), one.name()]).set(f64::from(one == it.condition));
        }
        if let Some(at) = it.succeeded {
            success.with_label_values(&[&it.job]).set(float(at));
        }
    }
    let next = set.many("rolo_job_next_due_timestamp_seconds", "When a job is due next.", &["job"])?;
    for it in due {
        next.with_label_values(&[&it.job]).set(it.at.as_secs_f64());
    }
    Ok(())
}

struct Setter<'a> {
    registry: &'a Registry,
}

impl Setter<'_> {
    fn many(&self, name: &str, help: &str, labels: &[&str]) -> Result<GaugeVec> {
        let gauge = GaugeVec::new(Opts::new(name, help), labels).map_err(wrong)?;
        self.registry.register(Box::new(gauge.clone())).map_err(wrong)?;
        Ok(gauge)
    }

    fn one(&self, name: &str, help: &str, value: f64) -> Result<()> {
        let gauge = Gauge::new(name, help).map_err(wrong)?;
        self.registry.register(Box::new(gauge.clone())).map_err(wrong)?;
        gauge.set(value);
        Ok(())
    }
}

#[expect(clippy::cast_precision_loss, reason = "a figure is shown, and no figure comes near to where it would matter")]
fn float(number: u64) -> f64 {
    number as f64
}
