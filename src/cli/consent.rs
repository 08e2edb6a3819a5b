//! Nothing is sent to a real account before somebody has seen it, where there is somebody; a guess never.

use std::io::{self, IsTerminal as _, Write as _};

use super::asking::Asking;
use super::forecast::forecast_words;
use super::import_settings::ImportSettings;
use super::source::Input;
use super::{ChosenAccount, CommandContext, kept_input, running};
use crate::config::Night;
use crate::error::{Error, Result};
use crate::jobs::{self, CopyExport, CopyJob, PlanJob, SourceSpec};
use crate::report::Summary;

/// Rows of which the changes are shown before somebody is asked.
const SAMPLES: usize = 5;

/// Asks whether the file may be sent to a real account, where there is somebody to ask. The sandbox harms nobody,
/// and `--yes` is an answer; where nobody can be asked, a mapping file is one as well.
///
/// # Errors
/// Kind `Usage`, with the cure, if nobody said yes.
pub async fn consent(
    settings: &ImportSettings,
    source: &SourceSpec,
    job: &mut jobs::Context,
    context: &CommandContext,
) -> Result<()> {
    let real = matches!(settings.account, ChosenAccount::Configured(_));
    if !real || settings.run.yes {
        return Ok(());
    }
    let mapping = settings.source.mapping.as_ref();
    let account = settings.account.name();
    let file = match &settings.source.input {
        Input::File(path) => path.display().to_string(),
        Input::Stdin => "FILE".to_owned(),
    };
    let asks = io::stdin().is_terminal() && io::stderr().is_terminal() && settings.source.input != Input::Stdin;
    if !asks && mapping.is_some() {
        return Ok(());
    }
    if !asks {
        // What is wrong with the file or with the guess for it is told first.
        if let Input::File(_) = settings.source.input {
            source.map(settings.account.connect()?.as_ref(), None)?;
        }
        return Err(Error::usage(format!("a guessed mapping is not sent to a real account unasked: {account}")).hint(
            format!("write the mapping down with `rolo guess {file} --for {account}` and read it, or say --yes"),
        ));
    }
    let plan = PlanJob {
        source: source.clone(),
        account: running::account_spec(&settings.account, &settings.sandbox, context)?,
        live: false,
        samples: SAMPLES,
        create_fields: settings.run.create_fields,
        night: settings.night.clone(),
        save: None,
    };
    let otherwise = match mapping {
        Some(mapping) => format!("change {}, and import again", mapping.display()),
        None => format!("write the mapping down with `rolo guess {file} --for {account}`, mend it, and import again"),
    };
    ask(&plan, &account, otherwise, job).await
}

/// The same for a copy, whose mapping is guessed for what was exported. Where nobody can be asked, nothing
/// is read of either account. A summary if the copy has ended with its export.
///
/// # Errors
/// Kind `Usage`, with the cure, if nobody said yes.
pub async fn consent_to_copy(
    copy: &CopyJob,
    to: &ChosenAccount,
    is_agreed: bool,
    job: &mut jobs::Context,
) -> Result<Option<Summary>> {
    if is_agreed || !matches!(to, ChosenAccount::Configured(_)) {
        return Ok(None);
    }
    let account = to.name();
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(Error::usage(format!("a guessed mapping is not sent to a real account unasked: {account}"))
            .hint("name a mapping with --mapping, or say --yes"));
    }
    let source = match jobs::export_for_copy(copy, job).await? {
        CopyExport::Rows(source) => *source,
        CopyExport::Ended(summary) => return Ok(Some(*summary)),
    };
    let file = source.path.clone();
    let plan = PlanJob {
        source,
        account: copy.to.clone(),
        live: false,
        samples: SAMPLES,
        create_fields: false,
        save: None,
        night: Night::default(),
    };
    let asked = ask(&plan, &account, "name a mapping with --mapping, and copy again".to_owned(), job).await;
    if asked.is_err() {
        jobs::forget_export(&file)?;
    }
    asked.map(|()| None)
}

/// Shows what would be done, and asks whether to.
async fn ask(plan: &PlanJob, account: &str, otherwise: String, job: &mut jobs::Context) -> Result<()> {
    let forecast = jobs::plan(plan, job).await?;
    let question = format!("{}\nsend this to {account}? [y/N] ", forecast_words(&forecast));
    drop(io::stderr().write_all(question.as_bytes()).and_then(|()| io::stderr().flush()));
    let answer = || {
        let mut answer = String::new();
        io::stdin().read_line(&mut answer).map(|_| answer)
    };
    let _asking = Asking::begin();
    if kept_input::interruptible(job, answer).await?.is_ok_and(|answer| means_yes(&answer)) {
        return Ok(());
    }
    Err(Error::usage("nothing was sent").hint(otherwise))
}

fn means_yes(answer: &str) -> bool {
    matches!(answer.trim().to_lowercase().as_str(), "y" | "yes")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert!(means_yes("y\n") && means_yes(" YES\r\n"));
        assert!(!means_yes("") && !means_yes("\n") && !means_yes("no") && !means_yes("yesterday"));
    }
}
