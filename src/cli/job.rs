use super::copy::{self, CopySettings};
use super::export::{self, ExportSettings};
use super::import;
use super::import_settings::ImportSettings;
use super::source::{NightArgs, ReadingArgs, RunArgs, SandboxArgs, SourceArgs};
use super::{CommandContext, Exit, failed_start, source};
use crate::alerts::JobWatch;
use crate::config::{Action, Job};
use crate::error::{ErrorKind, Result};

const EXAMPLES: &str = "\
Examples:
  rolo run nightly
  rolo run nightly --json";

/// Run a job of the configuration.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct RunCommand {
    /// Name of the job.
    job: String,
}

/// What a job asks for, as if it had been typed.
#[derive(Clone, Debug)]
pub enum JobSettings {
    Import(Box<ImportSettings>),
    Export(Box<ExportSettings>),
    Copy(Box<CopySettings>),
}

impl RunCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<JobSettings> {
        settings_of(&self.job, context)
    }
}

/// What the job of this name asks for.
///
/// # Errors
/// Of kind `Usage`: there is no such job, or something in it is wrong.
pub(super) fn settings_of(name: &str, context: &CommandContext) -> Result<JobSettings> {
    let config = context.config()?;
    let job = config.job(name)?;
    match &job.action {
        Action::Import { file, to } => {
            let args = import::ImportCommand {
                verify: job.verify,
                // Nobody would see what is created.
                rehearse: false,
                create_fields: false,
                file: Some(file.clone()),
                plan: None,
                to: Some(to.clone()),
                source: source_args(job),
                run: RunArgs::default(),
                night: NightArgs::default(),
                sandbox: SandboxArgs::default(),
            };
            let mut settings = args.settings_with(&config, context)?;
            settings.night = job.night.clone();
            settings.run = run_settings(job);
            // A job with a mapping was written down to be run as it is.
            settings.run.yes = settings.source.mapping.is_some();
            settings.keep_results = job.keep_results;
            settings.expect_rows = job.expect_rows;
            Ok(JobSettings::Import(Box::new(settings)))
        }
        Action::Export { file, from } => {
            let mut settings = export_args(job, file, from).settings_with(&config)?;
            settings.if_there = export::IfThere::ReplaceOurs;
            Ok(JobSettings::Export(Box::new(settings)))
        }
        Action::Copy { from, to } => {
            let args = copy::CopyCommand {
                from: from.clone(),
                to: to.clone(),
                mapping: job.mapping.clone(),
                verify: false,
                tag: job.tag.clone(),
                condition: None,
                identifiers: None,
                limit: job.limit,
                results: job.results.clone(),
                run: RunArgs::default(),
                sandbox: SandboxArgs::default(),
            };
            let mut settings = args.settings_with(&config)?;
            settings.run = run_settings(job);
            Ok(JobSettings::Copy(Box::new(settings)))
        }
    }
}

fn export_args(job: &Job, file: &std::path::Path, from: &str) -> export::ExportCommand {
    export::ExportCommand {
        file: file.to_owned(),
        from: Some(from.to_owned()),
        tag: job.tag.clone(),
        updated_since: job.updated_since.clone(),
        condition: None,
        with: Vec::new(),
        tags_by_list: job.tags_by_list,
        identifiers: None,
        columns: None,
        limit: job.limit,
        raw_csv: false,
        force: false,
        sandbox: SandboxArgs::default(),
    }
}

fn source_args(job: &Job) -> SourceArgs {
    SourceArgs {
        mapping: job.mapping.clone(),
        reading: ReadingArgs {
            sheet: job.sheet.clone(),
            header_row: job.header_row,
            header: job.no_header.then(|| "none".to_owned()),
            visible_only: job.visible_only,
            delimiter: job.delimiter.clone(),
            encoding: job.encoding.clone(),
            region: job.region.clone(),
            only: job.only.clone(),
            edits: job.edits.clone(),
            limit: job.limit,
        },
        results: job.results.clone(),
    }
}

fn run_settings(job: &Job) -> source::RunSettings {
    source::RunSettings {
        stop_when: job.stop_when,
        canary: job.canary,
        // Nobody is there to ask.
        yes: false,
        keep_before: job.keep_before,
        changed_only: job.changed_only,
        verify: job.verify,
        create_fields: false,
        fresh: false,
    }
}

pub fn run(args: &RunCommand, context: &CommandContext) -> Result<Exit> {
    let config = context.config()?;
    let job = config.job(&args.job)?;
    let watch = JobWatch::of(job, &config);
    let context = context.of_job(watch.clone());
    let ended = args.settings(&context).and_then(|settings| match settings {
        JobSettings::Import(settings) => import::import(&settings, &context),
        JobSettings::Export(settings) => export::export(&settings, &context),
        JobSettings::Copy(settings) => copy::copy(&settings, &context),
    });
    if let Err(error) = &ended
        && !watch.has_begun()
        && !matches!(error.kind, ErrorKind::AlreadyRunning | ErrorKind::Interrupted)
    {
        failed_start::record(job, error, &watch, &config, &context);
    }
    ended
}
