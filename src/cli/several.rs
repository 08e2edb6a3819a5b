//! A source that means all files of a name: each is imported once, in order.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::consent::consent;
use super::import_settings::ImportSettings;
use super::source::Input;
use super::{CommandContext, Exit, output, progress, running};
use crate::error::{Error, ErrorKind, Result};
use crate::jobs::{self, SourceSpec, TakenFiles, mapping_beside, results_beside};
use crate::ledger::LedgerHandle;
use crate::report::{count, escape};
use crate::storage::{self, MatchedFile, Pin};

/// The pattern, where a source is one.
pub(super) fn pattern_of(settings: &ImportSettings) -> Option<PathBuf> {
    match &settings.source.input {
        Input::File(path) if storage::is_pattern(path) => Some(path.clone()),
        _ => None,
    }
}

/// The files that a pattern means and that the account has not had as they are now, each with its own import.
///
/// # Errors
/// Those of listing them and of the ledger; kind `Usage` if all results would go to one file.
pub(super) async fn new_files(
    pattern: &Path,
    settings: &ImportSettings,
    ledger: &LedgerHandle,
    context: &CommandContext,
) -> Result<Vec<(ImportSettings, SourceSpec)>> {
    let matched = storage::matching(pattern)?;
    let taken = TakenFiles::of(&settings.account.place()?, ledger).await?;
    let (all, mut fresh) = (matched.len(), Vec::new());
    for file in matched {
        let own = settings_of(&file.path, pattern, settings)?;
        let source = running::source_at(file.path.clone(), &own.source)?;
        let pin = pin_of(&file, &source)?;
        if !taken.has(&file.path, &pin) {
            fresh.push((own, SourceSpec { taken_as: Some(pin), ..source }));
        }
    }
    let words = format!(
        "{} of {} to import; {} before",
        count(fresh.len() as u64, "file"),
        escape(&pattern.display().to_string()),
        if all == fresh.len() { "none was taken".to_owned() } else { format!("{} were taken", all - fresh.len()) }
    );
    if !context.quiet {
        drop(writeln!(std::io::stderr().lock(), "{words}"));
    }
    Ok(fresh)
}

/// What tells a file as it is now from what stood there before: of an object its tag, which the listing has.
fn pin_of(file: &MatchedFile, source: &SourceSpec) -> Result<Pin> {
    let digest = if file.etag.is_some() { String::new() } else { jobs::digest(source)? };
    Ok(Pin { version: None, etag: file.etag.clone(), digest })
}

/// The settings for one of the files: what stands beside it is its own, and a `*` in the name of the results stands
/// for its name.
fn settings_of(file: &Path, pattern: &Path, settings: &ImportSettings) -> Result<ImportSettings> {
    let mut own = settings.clone();
    own.source.input = Input::File(file.to_owned());
    own.source.mapping = settings.source.mapping.clone().or_else(|| mapping_beside(file));
    let results = &settings.source.results;
    let name = results.file_name().unwrap_or_default().to_string_lossy();
    own.source.results = if *results == results_beside(pattern) {
        results_beside(file)
    } else if name.contains('*') {
        let stem = results_beside(file).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let stem = stem.rsplit_once(".results.").map_or(stem.as_str(), |(stem, _)| stem);
        results.with_file_name(name.replacen('*', stem, 1))
    } else {
        return Err(Error::usage(format!("the results of several files can't go to one: {}", results.display()))
            .at_path(results)
            .hint("write a * for the name of each, such as out/*.results.csv, or leave it out"));
    };
    Ok(own)
}

/// Imports each of the files, one after the other. One that can't be used as it is keeps nobody from the next.
pub(super) fn import(pattern: &Path, settings: &ImportSettings, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let ledger = job.ledger.open()?;
        let files = new_files(pattern, settings, &ledger, context).await?;
        drop(ledger);
        let (mut worst, mut failed, all) = (Exit::Done, 0, files.len() as u64);
        for (own, source) in files {
            job.reporter = progress(context);
            match Box::pin(one(&own, source, &mut job, context)).await {
                Ok(exit @ (Exit::Stopped | Exit::Interrupted | Exit::Bug)) => return Ok(exit),
                Ok(exit) => worst = if exit.code() > worst.code() { exit } else { worst },
                Err(error) if error.kind == ErrorKind::Usage => {
                    output::show_error(&error, context.json, &context.environment);
                    failed += 1;
                }
                Err(error) => return Err(error),
            }
        }
        if failed == 0 {
            return Ok(worst);
        }
        Err(Error::usage(format!("{failed} of {} could not be imported: {}", count(all, "file"), pattern.display()))
            .at_path(pattern)
            .hint("why is said above; those are tried again when the command is given again, the others are not"))
    })
}

async fn one(
    settings: &ImportSettings,
    source: SourceSpec,
    job: &mut jobs::Context,
    context: &CommandContext,
) -> Result<Exit> {
    let source = running::opened(source, job).await?;
    consent(settings, &source, job, context).await?;
    let import = settings.job(source, None, context)?;
    let summary = jobs::import(&import, job).await?;
    Ok(running::ended(&summary, context))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::ImportCommand;
    use crate::cli::{Command, CommandLine, Environment, GlobalArgs};
    use clap::Parser as _;

    fn results(arguments: &str) -> Result<String> {
        let line = CommandLine::try_parse_from(format!("rolo {arguments}").split_whitespace()).expect("it parses");
        let context = CommandContext::new(GlobalArgs::default(), Environment::of(&[("HOME", "/nowhere")]))?;
        let Command::Import(args) = line.command else { unreachable!("it imports") };
        let args: ImportCommand = args;
        let settings = args.settings(&context)?;
        let pattern = pattern_of(&settings).expect("a pattern");
        let own = settings_of(Path::new("in/may.csv.gz"), &pattern, &settings)?;
        Ok(own.source.results.display().to_string())
    }

    #[test]
    fn each_file_has_results_of_its_own() {
        assert_eq!(results("import in/*.csv.gz").unwrap(), "in/may.results.csv");
        assert_eq!(results("import in/*.csv.gz --results out/*.done.csv").unwrap(), "out/may.done.csv");
        let error = results("import in/*.csv.gz --results out/all.csv").unwrap_err();
        assert!(error.message.contains("can't go to one: out/all.csv"), "{error}");
    }
}
