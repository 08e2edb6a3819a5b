use std::io::Write as _;
use std::path::PathBuf;

use super::source::{ReadingArgs, SourceArgs, SourceSettings};
use super::{ChosenAccount, CommandContext, Exit, print, running, unused};
use crate::error::{Error, Result};
use crate::jobs;
use crate::storage;
use crate::table::{self, IfTaken, WrittenFiles};

const EXAMPLES: &str = "\
Examples:
  rolo guess contacts.csv                         writes contacts.mapping.toml
  rolo guess contacts.xlsx --sheet Leads -o -     shows it instead";

/// Read a file and write a mapping file for it, with the evidence for each column.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct GuessCommand {
    /// File of contacts, such as CSV, XLSX, vCard or JSON Lines; `-` is standard input.
    file: PathBuf,
    /// Where to write the mapping; `-` is standard output [default: FILE.mapping.toml beside the file].
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Replace a mapping file that is there.
    #[arg(long)]
    force: bool,
    /// Guess for this account's service [default: as for an import].
    #[arg(long = "for", visible_alias = "to", value_name = "ACCOUNT")]
    account: Option<String>,
    #[command(flatten)]
    reading: ReadingArgs,
    // Options of every command on a file that mean nothing here: taken, and said to be unused.
    #[arg(long, hide = true)]
    mapping: Option<PathBuf>,
    #[arg(long, hide = true)]
    results: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct GuessSettings {
    pub source: SourceSettings,
    /// `None` for beside the source; `-` is standard output.
    pub output: Option<PathBuf>,
    pub force: bool,
}

impl GuessCommand {
    pub fn settings(&self, context: &CommandContext) -> Result<GuessSettings> {
        let args = SourceArgs { reading: self.reading.clone(), ..SourceArgs::default() };
        let source = args.settings(self.file.clone(), &context.config()?, context)?;
        Ok(GuessSettings { source, output: self.output.clone(), force: self.force })
    }
}

pub fn run(args: &GuessCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings(context)?;
    unused("a guess reads no mapping", "--mapping", args.mapping.is_some(), context);
    unused("a guess writes no results", "--results", args.results.is_some(), context);
    let source = running::block_on(async {
        let job = running::job_context(context)?;
        running::source_spec(&settings.source, &job).await
    })?;
    let config = context.config()?;
    let service = ChosenAccount::target(args.account.clone(), &config, context)?.connect()?;
    let jobs::Guessed { text, table, .. } = source.guess(service.as_ref())?;
    let path = match &settings.output {
        Some(path) if path.as_os_str() == "-" => None,
        Some(path) => Some(path.clone()),
        None => settings.source.input.file().as_deref().map(jobs::mapping_place),
    };
    let Some(path) = path else {
        print(&text)?;
        return Ok(Exit::Done);
    };
    // Also one that a guess wrote: somebody may rely on it. A link to nowhere is there as well.
    if !settings.force && (std::fs::symlink_metadata(&path).is_ok() || storage::is_there(&path)) {
        return Err(Error::usage(format!("a mapping file is there already: {}", path.display()))
            .at_path(&path)
            .hint("replace it with --force, or show the guess with `-o -`"));
    }
    let written = WrittenFiles::in_state(&context.state_dir()?.value);
    table::write_private(written.place(&path, IfTaken::Replace)?, text.as_bytes())?;
    if !context.quiet {
        let words = format!(
            "{}\nwritten: {}\nread it, mend it, and every command on the file takes it\n",
            table.words(super::output::width()),
            path.display()
        );
        drop(std::io::stderr().lock().write_all(words.as_bytes()));
    }
    Ok(Exit::Done)
}
