use std::path::{Path, PathBuf};

use clap::ValueEnum;

use super::source::{SandboxArgs, SandboxSettings};
use super::{ChosenAccount, CommandContext, Exit, print, recorded, running};
use crate::config::Config;
use crate::contact::{Field, Filter, Value};
use crate::error::{Error, Result};
use crate::jobs::{self, ExportJob, ExportRecord, RunRecord as _, SourceSpec, has_extension};
use crate::ledger::{Run, RunKind, RunState};
use crate::storage::{self, Address, absolute};
use crate::table::{IfTaken, PlusNumbers};

const EXAMPLES: &str = "\
Examples:
  rolo export all.xlsx --from support
  rolo export vips.csv --from support --tag vip --updated-since 2026-01-31
  rolo export some.csv --from support --identifiers phones.csv   where a service can't list all";

/// Write the contacts of an account to a file. Given again after it was cut off, it goes on.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ExportCommand {
    /// File to write, .csv, .xlsx, .jsonl or .vcf; `-` is CSV on standard output.
    pub(super) file: PathBuf,
    /// Account to read [default: the sandbox].
    #[arg(long, value_name = "ACCOUNT")]
    pub(super) from: Option<String>,
    /// Only contacts with this tag.
    #[arg(long)]
    pub(super) tag: Option<String>,
    /// Only contacts changed at or after this day or moment: 2026-01-31, 2026-01-31T12:00:00Z.
    #[arg(long, value_name = "MOMENT")]
    pub(super) updated_since: Option<String>,
    /// Only contacts whose field has this value.
    #[arg(long = "where", value_name = "FIELD=VALUE")]
    pub(super) condition: Option<String>,
    /// Read more of each contact; costs calls.
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) with: Vec<With>,
    /// List who has each tag, which takes far fewer calls than asking for the tags of each contact, where
    /// that is needed. A tag that the account does not define may be missed.
    #[arg(long, conflicts_with_all = ["tag", "updated_since", "condition", "identifiers", "limit"])]
    pub(super) tags_by_list: bool,
    /// Read the contacts that this file names, for services that can't list all.
    #[arg(long, value_name = "FILE")]
    pub(super) identifiers: Option<PathBuf>,
    /// Columns to write, in this order, such as id,phone,custom.tier [default: all that are found].
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub(super) columns: Option<Vec<String>>,
    /// Write at most this many contacts.
    #[arg(long, value_name = "CONTACTS")]
    pub(super) limit: Option<u64>,
    /// Write a CSV file for programs: no byte-order mark, and phone numbers as they are, of which a
    /// spreadsheet would drop the plus.
    #[arg(long)]
    pub(super) raw_csv: bool,
    /// Replace a file that is there.
    #[arg(long)]
    pub(super) force: bool,
    #[command(flatten)]
    pub(super) sandbox: SandboxArgs,
}

/// What can be read of a contact beside its fields and tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum With {
    /// The messages of its conversations.
    Messages,
}

#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// `None` is standard output.
    pub file: Option<PathBuf>,
    pub account: ChosenAccount,
    pub filter: Filter,
    pub with_messages: bool,
    pub tags_by_list: bool,
    pub identifiers: Option<PathBuf>,
    pub columns: Option<Vec<String>>,
    pub limit: Option<u64>,
    pub raw_csv: bool,
    pub if_there: IfThere,
    pub sandbox: SandboxSettings,
}

impl ExportCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<ExportSettings> {
        self.settings_with(&context.config()?)
    }

    pub(super) fn settings_with(&self, config: &Config) -> Result<ExportSettings> {
        let file = (self.file.as_os_str() != "-").then(|| self.file.clone());
        if let Some(file) = &file
            && !["csv", "xlsx", "jsonl", "ndjson", "vcf", "gz", "zst"]
                .iter()
                .any(|extension| has_extension(file, extension))
        {
            return Err(Error::usage(format!("an export ends in .csv, .xlsx, .jsonl or .vcf: {}", file.display()))
                .at_path(file));
        }
        let filter = Filter {
            tag: self.tag.clone(),
            updated_since: self.updated_since.as_deref().map(moment).transpose()?,
            field: self.condition.as_deref().map(condition).transpose()?,
        };
        Ok(ExportSettings {
            file,
            account: ChosenAccount::named(self.from.as_deref().unwrap_or(crate::config::RESERVED), config)?,
            filter,
            with_messages: self.with.contains(&With::Messages),
            tags_by_list: self.tags_by_list,
            identifiers: self.identifiers.clone(),
            columns: self.columns.clone(),
            limit: self.limit,
            raw_csv: self.raw_csv,
            if_there: if self.force { IfThere::Replace } else { IfThere::Refuse },
            sandbox: self.sandbox.settings(),
        })
    }
}

/// What is done about a file that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IfThere {
    /// Any file is left, whoever wrote it.
    Refuse,
    /// It is replaced: that was asked for.
    Replace,
    /// What the last night wrote is replaced, and what is somebody's is left: the export gets a new name.
    ReplaceOurs,
}

/// An export that was cut off.
pub(super) fn again(run: &Run, sandbox: &SandboxSettings, context: &CommandContext) -> Result<ExportJob> {
    let record = ExportRecord::of(run)?;
    Ok(ExportJob {
        account: recorded::account(run, record.unthrottled, sandbox, context)?,
        file: PathBuf::from(&run.new.file),
        filter: Filter {
            tag: record.tag,
            updated_since: record.updated_since,
            field: record.condition.as_deref().map(condition).transpose()?,
        },
        columns: record.columns,
        limit: record.limit,
        plus_numbers: if record.raw_csv { PlusNumbers::AsTheyAre } else { PlusNumbers::Guarded },
        messages: record.messages,
        tags_by_list: record.tags_by_list,
        identifiers: record.identifiers.map(SourceSpec::of),
        exact: false,
        // A job replaces what it wrote the last time, and gives the export a new name beside what is somebody's.
        if_taken: if record.queued.is_some() {
            IfTaken::NewName
        } else {
            IfTaken::Refuse("move it away, or give the export's own command again with --force")
        },
        resumes: Some(run.clone()),
        queued: record.queued,
    })
}

/// A day (its beginning in UTC) or a moment, as RFC 3339 in UTC.
fn moment(text: &str) -> Result<String> {
    let day =
        || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
    // A moment is tried first: a day parser takes its day and drops its hour.
    let parsed = text.parse::<jiff::Timestamp>().ok().or_else(|| if text.len() == 10 { day() } else { None });
    parsed
        .map(|moment| moment.to_string())
        .ok_or_else(|| Error::usage(format!("not a moment: {text}")).hint("write 2026-01-31 or 2026-01-31T12:00:00Z"))
}

pub(super) fn condition(text: &str) -> Result<(Field, Value)> {
    match text.split_once('=') {
        Some((field, value)) if !field.trim().is_empty() => {
            Ok((Field::new(field.trim()), Value::Text(value.to_owned())))
        }
        _ => Err(Error::usage(format!("not a condition: {text}")).hint("write FIELD=VALUE")),
    }
}

pub fn run(args: &ExportCommand, context: &CommandContext) -> Result<Exit> {
    export(&args.settings(context)?, context)
}

pub(super) fn export(settings: &ExportSettings, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let mut job = running::job_context(context)?;
        if let Some(file) = settings.file.as_deref().filter(|_| settings.if_there == IfThere::Refuse)
            && holds_something(file)?
            && !is_pipe(file)
            && !cut_off(file, &job).await?
        {
            return Err(Error::usage(format!("the file is there already: {}", file.display()))
                .at_path(file)
                .hint("name another, or replace it with --force"));
        }
        let file = match &settings.file {
            Some(file) => file.clone(),
            None => job.state_dir.join("export").join("stdout.csv"),
        };
        let export = ExportJob {
            account: running::account_spec(&settings.account, &settings.sandbox, context)?,
            file: file.clone(),
            filter: settings.filter.clone(),
            columns: settings.columns.clone(),
            limit: settings.limit,
            // Standard output feeds programs, which want neither mark nor guard.
            plus_numbers: if settings.raw_csv || settings.file.is_none() {
                PlusNumbers::AsTheyAre
            } else {
                PlusNumbers::Guarded
            },
            messages: settings.with_messages,
            tags_by_list: settings.tags_by_list,
            identifiers: running::plain_source(settings.identifiers.clone(), &job).await?,
            exact: false,
            if_taken: match settings.if_there {
                IfThere::Refuse => IfTaken::Refuse("name another, or replace it with --force"),
                IfThere::Replace => IfTaken::Replace,
                IfThere::ReplaceOurs => IfTaken::NewName,
            },
            resumes: None,
            queued: None,
        };
        let mut summary = jobs::export(&export, &mut job).await?;
        if settings.file.is_none() && summary.stopped.is_none() {
            print(&std::fs::read_to_string(&file).map_err(|error| {
                Error::stopped(format!("the export can't be read: {}", file.display())).at_path(&file).caused_by(error)
            })?)?;
            drop(std::fs::remove_file(&file));
            summary.file = None;
        }
        Ok(running::ended(&summary, context))
    })
}

fn holds_something(file: &Path) -> Result<bool> {
    match Address::of(file) {
        None => Ok(std::fs::symlink_metadata(file).is_ok_and(|there| there.len() > 0)),
        Some(address) => Ok(storage::storage().standing(&address)?.is_some_and(|standing| standing.bytes > 0)),
    }
}

fn is_pipe(file: &Path) -> bool {
    std::fs::metadata(file).is_ok_and(|there| !there.is_file() && !there.is_dir())
}

/// Whether the file is that of an export which was cut off after it had written it.
async fn cut_off(file: &Path, job: &jobs::Context) -> Result<bool> {
    if !job.ledger.may_exist() {
        return Ok(false);
    }
    let path = absolute(file).display().to_string();
    let runs = job.ledger.open()?.runs(1000).await?;
    let latest = runs.into_iter().find(|run| run.new.kind == RunKind::Export && run.new.file == path);
    Ok(latest.is_some_and(|run| matches!(run.state, RunState::Running | RunState::Stopped | RunState::Interrupted)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_its_beginning_and_a_moment_is_told_in_utc() {
        assert_eq!(moment("2026-01-31").unwrap(), "2026-01-31T00:00:00Z");
        assert_eq!(moment("2026-01-31T12:00:00+08:00").unwrap(), "2026-01-31T04:00:00Z");
        for wrong in ["", "yesterday", "2026-02-30", "31.01.2026", "2026-01-31T12:00"] {
            assert!(moment(wrong).is_err(), "{wrong}");
        }
    }
}
