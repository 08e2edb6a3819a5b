//! A job that could not begin leaves a trace: without a token, a file or a connection there is no run otherwise.

use std::io::Write as _;
use std::path::Path;

use super::{ChosenAccount, CommandContext, running};
use crate::alerts::{AlertFacts, JobWatch};
use crate::config::{Action, Config, Job};
use crate::error::{Error, Result};
use crate::jobs::could_not_begin;
use crate::ledger::RunKind;
use crate::storage::absolute;

/// Records a run of the job that has failed, and why. Where even that can't be done, it is said.
pub(super) fn record(job: &Job, why: &Error, watch: &JobWatch, config: &Config, context: &CommandContext) {
    if let Err(error) = try_to_record(job, why, watch, config, context)
        && !context.quiet
    {
        let words = format!("that job {} could not begin is not recorded: {}\n", job.name, error.message);
        drop(std::io::stderr().lock().write_all(words.as_bytes()));
    }
}

fn try_to_record(job: &Job, why: &Error, watch: &JobWatch, config: &Config, context: &CommandContext) -> Result<()> {
    let absolute = |file: &Path| absolute(file).display().to_string();
    let (kind, account, file) = match &job.action {
        Action::Import { file, to } => (RunKind::Import, to, absolute(file)),
        Action::Export { file, from } => (RunKind::Export, from, absolute(file)),
        Action::Copy { from, to } => (RunKind::Import, to, format!("the contacts of {from}")),
    };
    let account = ChosenAccount::named(account, config)?.place()?;
    let facts = AlertFacts {
        command: kind.name().to_owned(),
        account: account.name.clone(),
        service: account.service.name.to_owned(),
        file: file.clone(),
        ..AlertFacts::default()
    };
    let judged = watch.failed(why, None, facts)?;
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        let run = could_not_begin(kind, &account, file, &job.name, &ledger).await?;
        let hint = why.hint.as_ref().map(|hint| format!(": {hint}")).unwrap_or_default();
        let told = format!("{}{hint}", why.message);
        ledger.record_failed(&run, &told, &judged).await.map(drop)
    })
}
