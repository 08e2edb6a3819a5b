use std::io::Write as _;
use std::path::PathBuf;

use super::source::{Input, SourceArgs, SourceSettings};
use super::{Chosen, Context, Exit, print, running};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  rolo guess contacts.csv                         writes contacts.mapping.toml
  rolo guess contacts.xlsx --sheet Leads -o -     shows it instead";

/// Read a file and write a mapping file for it, with the evidence for each column.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// CSV or XLSX file; `-` is CSV on standard input.
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
    source: SourceArgs,
}

#[derive(Clone, Debug)]
pub struct GuessSettings {
    pub source: SourceSettings,
    /// `None` for beside the source; `-` is standard output.
    pub output: Option<PathBuf>,
    pub force: bool,
}

impl Args {
    pub fn settings(&self, context: &Context) -> Result<GuessSettings> {
        let source = self.source.settings(self.file.clone(), &context.config()?, context)?;
        Ok(GuessSettings { source, output: self.output.clone(), force: self.force })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let settings = args.settings(context)?;
    let state_dir = context.state_dir()?.value;
    let source = running::source_spec(&settings.source, &state_dir)?;
    let config = context.config()?;
    let service = Chosen::target(args.account.clone(), &config, context)?.connect()?;
    let text = source.guess(service.as_ref())?;
    let beside = || {
        let name = source.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        source.path.with_file_name(format!("{name}.mapping.toml"))
    };
    let path = match (&settings.output, &settings.source.input) {
        (Some(path), _) if path.as_os_str() == "-" => None,
        (Some(path), _) => Some(path.clone()),
        (None, Input::Stdin) => None,
        (None, Input::File(_)) => Some(beside()),
    };
    let Some(path) = path else {
        print(&text)?;
        return Ok(Exit::Done);
    };
    if path.exists() && !settings.force {
        return Err(Error::usage(format!("a mapping file is there already: {}", path.display()))
            .hint("replace it with --force, or show the guess with `-o -`"));
    }
    std::fs::write(&path, text).map_err(|error| {
        Error::stopped(format!("the mapping file can't be written: {}", path.display())).caused_by(error)
    })?;
    if !context.quiet {
        let words = format!("written: {}\nread it, mend it, and every command on the file takes it\n", path.display());
        drop(std::io::stderr().lock().write_all(words.as_bytes()));
    }
    Ok(Exit::Done)
}
