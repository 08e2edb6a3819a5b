//! An import that keeps to a saved plan: the plan says what is read, how, and where it goes.

use std::path::{Path, PathBuf};

use super::consent::consent;
use super::import_settings::ImportSettings;
use super::source::{NightArgs, RunArgs, RunSettings, SandboxArgs, SourceArgs};
use super::{ChosenAccount, CommandContext, Exit, running};
use crate::error::{Error, Result};
use crate::jobs::{self, SavedPlan};

/// What was said beside `--plan`.
pub(super) struct Choices<'a> {
    pub file: Option<&'a Path>,
    pub to: Option<&'a str>,
    pub source: &'a SourceArgs,
    pub run: &'a RunArgs,
    pub night: &'a NightArgs,
    pub verify: bool,
    pub create_fields: bool,
    pub sandbox: &'a SandboxArgs,
}

/// Does what the plan at `path` shows, and nothing else.
pub(super) fn import(args: &Choices<'_>, path: &Path, context: &CommandContext) -> Result<Exit> {
    refuse_other_choices(args)?;
    let plan = SavedPlan::open(path)?;
    let settings = settings(args, &plan, context)?;
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let mut source = plan.source(args.file, args.source.mapping.as_deref())?;
        if args.file.is_some() {
            source.path = running::source_spec(&settings.source, &job).await?.path;
        }
        consent(&settings, &source, &mut job, context).await?;
        let import = settings.job(source, Some(plan), context)?;
        let summary = jobs::import(&import, &mut job).await?;
        Ok(running::ended(&summary, context))
    })
}

fn settings(args: &Choices<'_>, plan: &SavedPlan, context: &CommandContext) -> Result<ImportSettings> {
    let config = context.config()?;
    let file: PathBuf = args.file.unwrap_or(&plan.head.file).to_owned();
    let mut source = args.source.settings(file, &config, context)?;
    // A guess that stands in a plan is a guess still.
    source.mapping.clone_from(&plan.head.mapping_file);
    let account = args.to.unwrap_or(&plan.head.account);
    let mut sandbox = args.sandbox.settings();
    sandbox.unthrottled |= plan.head.unthrottled;
    Ok(ImportSettings {
        source,
        account: ChosenAccount::named(account, &config)?,
        run: RunSettings { verify: false, ..args.run.settings()? },
        night: args.night.settings()?,
        sandbox,
        keep_results: None,
        expect_rows: None,
    })
}

/// How the file is read and what is sent was decided when the plan was made.
fn refuse_other_choices(args: &Choices<'_>) -> Result<()> {
    let Choices { run, .. } = args;
    let reading = &args.source.reading;
    let given = [
        ("--sheet", reading.sheet.is_some()),
        ("--header-row", reading.header_row.is_some()),
        ("--header", reading.header.is_some()),
        ("--visible-only", reading.visible_only),
        ("--delimiter", reading.delimiter.is_some()),
        ("--encoding", reading.encoding.is_some()),
        ("--region", reading.region.is_some()),
        ("--only", !reading.only.is_empty()),
        ("--edits", reading.edits.is_some()),
        ("--limit", reading.limit.is_some()),
        ("--verify", args.verify),
        ("--create-fields", args.create_fields),
        ("--changed-only", run.changed_only),
        ("--fresh", run.fresh),
    ];
    match given.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((option, _)) => Err(Error::usage(format!("the plan decides already what {option} would say"))
            .hint(format!("leave {option} out, or make another plan"))),
    }
}
