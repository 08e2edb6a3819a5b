//! Jobs of the configuration that are due by a schedule.

use std::path::Path;
use std::time::Duration;

use super::job::{self, JobSettings};
use super::source::Input;
use super::submit::{export_of, import_of, queued_import};
use super::{ChosenAccount, CommandContext, running, several};
use crate::clock;
use crate::config::{Account, Action, Config, Job};
use crate::error::{Error, Result};
use crate::fleet::{DueRun, Scheduled};
use crate::jobs::{self, QueuedRecord};
use crate::ledger::{LedgerHandle, RunKind};
use crate::metrics::{AccountLimit, NextDue};
use crate::storage::absolute;
use crate::web::ConfiguredJob;

/// The jobs that have a schedule, by name.
pub fn scheduled(config: &Config) -> Vec<Scheduled> {
    let of = |job: &Job| job.schedule.clone().map(|schedule| Scheduled { job: job.name.clone(), schedule });
    config.jobs.values().filter_map(of).collect()
}

/// What whoever watches a worker is told of the configuration: what accounts admit, and when jobs are due. Where it
/// can't be used, nothing.
pub fn watched(context: &CommandContext) -> (Vec<AccountLimit>, Vec<NextDue>) {
    let Ok(config) = context.config() else { return Default::default() };
    let limit = |account: &Account| {
        let service = account.connect().ok()?;
        let quota = account.rate.unwrap_or(service.limits().quota.value);
        Some(AccountLimit {
            account: account.name.clone(),
            service: account.service.clone(),
            calls_per_second: f64::from(quota.calls) / quota.per.as_secs_f64(),
        })
    };
    let now = clock::unix_now();
    let next = |it: Scheduled| Some(NextDue { at: it.schedule.next(now)?, job: it.job });
    let limits = config.accounts.values().filter(|account| !account.unthrottled).filter_map(limit).collect();
    (limits, scheduled(&config).into_iter().filter_map(next).collect())
}

/// The jobs, as people are told of them.
pub fn for_people(config: &Config, now: Duration) -> Vec<ConfiguredJob> {
    let name_of = |file: &Path| file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let of = |job: &Job| {
        let (what, command) = match &job.action {
            Action::Import { file, to } => (format!("brings {} to {to}", name_of(file)), RunKind::Import),
            Action::Export { file, from } => {
                (format!("writes the contacts of {from} into {}", name_of(file)), RunKind::Export)
            }
            Action::Copy { from, to } => (format!("copies the contacts of {from} to {to}"), RunKind::Import),
        };
        let due = |schedule: &crate::config::Schedule| {
            let next = schedule.next(now).map(|due| schedule.moment(due));
            (schedule.to_string(), next.unwrap_or_else(|| "never".to_owned()))
        };
        ConfiguredJob { name: job.name.clone(), what, command, schedule: job.schedule.as_ref().map(due) }
    };
    config.jobs.values().map(of).collect()
}

/// What the job does when it is due: its file and its mapping are those that are there when it begins.
///
/// # Errors
/// Of kind `Usage` if the configuration is wrong; those of the ledger.
pub async fn due_run(name: &str, context: &CommandContext, ledger: &LedgerHandle) -> Result<DueRun> {
    let job = Some(name.to_owned());
    match job::settings_of(name, context)? {
        JobSettings::Import(settings) => {
            let queued = QueuedRecord { job, ..queued_import(&settings, &context.config()?.job(name)?.only) };
            let is_real = matches!(settings.account, ChosenAccount::Configured(_));
            let unasked = is_real && !settings.run.yes;
            let Input::File(path) = &settings.source.input else {
                return Err(Error::usage("standard input can't be read when a job is due"));
            };
            let failed = unasked.then(|| {
                format!("a guessed mapping is not sent to a real account unasked: write one with `rolo guess`, and name it in [jobs.{name}]")
            });
            let files = match several::pattern_of(&settings) {
                Some(pattern) if !unasked => several::new_files(&pattern, &settings, ledger, context).await?,
                _ => vec![((*settings).clone(), running::source_at(path.clone(), &settings.source)?)],
            };
            let mut runs = Vec::new();
            for (own, source) in files {
                let queued = QueuedRecord {
                    is_guessed: own.source.mapping.is_none(),
                    mapping: own.source.mapping.as_deref().map(absolute),
                    ..queued.clone()
                };
                runs.push(jobs::import_when_due(&import_of(&own, source)?, queued, ledger).await?);
            }
            let mut runs = runs.into_iter();
            Ok(DueRun { run: runs.next(), failed, others: runs.collect() })
        }
        JobSettings::Export(settings) => {
            let queued = QueuedRecord { job, ..QueuedRecord::default() };
            let run = jobs::export_when_due(&export_of(&settings, None)?, queued, ledger).await?;
            Ok(DueRun { run: Some(run), ..DueRun::default() })
        }
        JobSettings::Copy(_) => Err(Error::usage("a copy can't be queued, and so not be due by a schedule")),
    }
}
