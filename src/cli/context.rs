use std::path::PathBuf;

use clap::{ArgAction, Args};

use super::{Environment, logs, places};
use crate::config::{Config, Layered};
use crate::error::Result;

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Common options")]
pub struct GlobalArgs {
    /// Folder of the ledger and the sandbox's contacts [default: $ROLO_STATE or ~/.local/state/rolo].
    #[arg(long, global = true, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
    /// Configuration file [default: rolo.toml here or in ~/.config/rolo].
    #[arg(long, global = true, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Trust the certificates in this PEM file beside the system's.
    #[arg(long, global = true, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Write events as JSON lines to standard output.
    #[arg(long, global = true)]
    pub json: bool,
    /// Write a log of JSON lines to this file; it holds no personal values.
    #[arg(long, global = true, value_name = "FILE")]
    pub log: Option<PathBuf>,
    /// Say only what went wrong.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say more; twice for every call.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
}

/// What every command may ask: the environment and the common options, checked.
#[derive(Clone, Debug)]
pub struct CommandContext {
    pub environment: Environment,
    pub json: bool,
    pub quiet: bool,
    /// Certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    state_dir: Option<PathBuf>,
    config: Option<PathBuf>,
}

impl CommandContext {
    /// Checks the common options and starts the log, if one is asked for.
    pub fn new(args: GlobalArgs, environment: Environment) -> Result<Self> {
        logs::start(args.verbose, args.log.as_deref())?;
        Ok(Self {
            environment,
            json: args.json,
            quiet: args.quiet,
            ca_file: args.ca_file,
            state_dir: args.state_dir,
            config: args.config,
        })
    }

    /// The folder of the ledger; not yet made.
    pub fn state_dir(&self) -> Result<Layered<PathBuf>> {
        places::state_dir(self.state_dir.clone(), &self.environment)
    }

    /// The configuration; an empty one if there is no file.
    pub fn config(&self) -> Result<Config> {
        match places::config_file(self.config.as_deref(), &self.environment) {
            Some(path) => Config::load(&path),
            None => Ok(Config::default()),
        }
    }
}
