use clap_complete::Shell;

use super::{Exit, print};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  rolo completions bash > /etc/bash_completion.d/rolo
  rolo completions fish > ~/.config/fish/completions/rolo.fish";

/// Write the completions for a shell.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct CompletionsCommand {
    #[arg(value_enum)]
    shell: Shell,
}

/// `program` is the whole command line.
pub fn run(args: &CompletionsCommand, mut program: clap::Command) -> Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "rolo", &mut script);
    let script = String::from_utf8(script).map_err(|error| Error::bug("the script is not text").caused_by(error))?;
    print(&script)?;
    Ok(Exit::Done)
}
