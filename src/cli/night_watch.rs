//! Beside a worker: whether jobs are late, and the sending of alerts.

use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::CommandContext;
use super::alerting::send_waiting;
use super::work_log::say;
use crate::alerts::{JobWatch, lateness};
use crate::clock;
use crate::config::Config;
use crate::error::Result;
use crate::ledger::LedgerHandle;

/// So often what waits in the outbox is sent.
const SEND_EVERY: Duration = Duration::from_secs(5);

/// So often it is looked whether a job is late.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// How long one round of sending goes on.
const WITHIN: Duration = Duration::from_secs(30);

/// How long the last round may take, when the worker has ended.
const LAST_ROUND: Duration = Duration::from_secs(20);

/// Watches until it is told to end.
pub(super) struct NightWatch {
    ends: watch::Sender<bool>,
    task: JoinHandle<()>,
}

impl NightWatch {
    pub(super) fn begin(ledger: &LedgerHandle, context: &CommandContext) -> Self {
        let (ends, ending) = watch::channel(false);
        // What has waited until this worker came is not late for want of one: it is about to begin it.
        let looked = Some(clock::now());
        let watching = Watching { ledger: ledger.clone(), context: context.clone(), looked, trouble: Vec::new() };
        Self { ends, task: tokio::spawn(watching.go_on(ending)) }
    }

    /// One more round, within a bounded time.
    pub(super) async fn end(self) {
        self.ends.send_replace(true);
        drop(tokio::time::timeout(LAST_ROUND, self.task).await);
    }
}

struct Watching {
    ledger: LedgerHandle,
    context: CommandContext,
    looked: Option<Instant>,
    /// What was said of the last round.
    trouble: Vec<String>,
}

impl Watching {
    async fn go_on(mut self, mut ending: watch::Receiver<bool>) {
        loop {
            let is_last = *ending.borrow();
            if is_last {
                self.looked = None;
            }
            let trouble = match self.round().await {
                Ok(trouble) => trouble,
                Err(error) => vec![error.message],
            };
            for why in trouble.iter().filter(|why| !self.trouble.contains(why)) {
                say(&self.context, &format!("an alert is not sent yet, and is tried again: {why}"));
            }
            self.trouble = trouble;
            if is_last {
                return;
            }
            tokio::select! {
                _ = ending.changed() => {}
                () = tokio::time::sleep(SEND_EVERY) => {}
            }
        }
    }

    /// Judges who is late, and sends what waits; returns what could not be sent.
    async fn round(&mut self) -> Result<Vec<String>> {
        let config = self.context.config()?;
        let now = clock::now();
        if self.looked.is_none_or(|looked| now - looked >= LOOK_EVERY) {
            self.judge(&config).await?;
            self.looked = Some(now);
        }
        Ok(send_waiting(&self.ledger, &config, &self.context, WITHIN).await?.trouble)
    }

    async fn judge(&self, config: &Config) -> Result<()> {
        let scheduled = config.jobs.values().filter_map(|job| Some((job, job.schedule.as_ref()?)));
        let known = self.ledger.job_records().await?;
        let now = self.ledger.now().await?;
        for (job, schedule) in scheduled {
            let Some(last) = self.ledger.last_fired_run(&job.name).await? else { continue };
            let record = known.iter().find(|record| record.job == job.name);
            // Runs that began later have said how the job stands since.
            if record.and_then(|record| record.run.as_ref()).is_some_and(|run| run.0 > last.run.id.0) {
                continue;
            }
            let Some(judged) = lateness(&JobWatch::of(job, config), schedule, &last, now)? else { continue };
            let is_known =
                record.is_some_and(|record| (record.condition, &record.run) == (judged.condition, &judged.run));
            if !is_known {
                self.ledger.judge(&judged).await?;
            }
        }
        Ok(())
    }
}
