use std::path::PathBuf;

use super::Context;
use super::source::{SourceArgs, SourceSettings};
use crate::error::Result;

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
