use std::path::PathBuf;

use super::{Exit, print};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  rolo man | man -l -
  rolo man --folder /usr/local/share/man/man1";

/// Write the manual pages.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ManCommand {
    /// Write one page a command into this folder, instead of the first page to standard output.
    #[arg(long, value_name = "FOLDER")]
    folder: Option<PathBuf>,
}

/// `command` is the whole command line.
pub fn run(args: &ManCommand, mut command: clap::Command) -> Result<Exit> {
    command.build();
    if let Some(folder) = &args.folder {
        clap_mangen::generate_to(command, folder).map_err(|error| {
            Error::usage(format!("the manual can't be written: {}", folder.display())).at_path(folder).caused_by(error)
        })?;
    } else {
        let mut page = Vec::new();
        clap_mangen::Man::new(command)
            .render(&mut page)
            .map_err(|error| Error::bug("the manual could not be made").caused_by(error))?;
        print(&String::from_utf8_lossy(&page))?;
    }
    Ok(Exit::Done)
}
