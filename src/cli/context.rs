use std::path::{Path, PathBuf};

use clap::{ArgAction, Args};
use secrecy::SecretString;

use super::{Environment, logs, places, secrets};
use crate::alerts::JobWatch;
use crate::config::{Config, Layered};
use crate::error::Result;
use crate::ledger::postgres::PostgresPlace;
use crate::ledger::{KeySource, LedgerKey, LedgerPlace};
use crate::storage::{self, StorageOptions};
use crate::transport::Proxies;

/// The variable that holds a ledger's key, in hexadecimal digits, where it is in no file.
const LEDGER_KEY: &str = "ROLO_LEDGER_KEY";

/// Options of every command.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Common options")]
pub struct GlobalArgs {
    /// Folder of the ledger and the sandbox's contacts [default: $ROLO_STATE or ~/.local/state/rolo].
    #[arg(long, global = true, value_name = "FOLDER")]
    pub state_dir: Option<PathBuf>,
    /// Ledger in PostgreSQL, for several machines: postgres://USER@HOST/DATABASE [default: $ROLO_LEDGER, `ledger` of
    /// the configuration, or a file in the state folder].
    #[arg(long, global = true, value_name = "URL")]
    pub ledger: Option<String>,
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

/// The variables that say who we are to storage.
const STORAGE: [&str; 4] = ["AWS_", "GOOGLE_", "AZURE_", "HOME"];

fn storage_options(args: &GlobalArgs, environment: &Environment) -> StorageOptions {
    let state_dir = places::state_dir(args.state_dir.clone(), environment);
    StorageOptions {
        variables: STORAGE.iter().flat_map(|prefix| environment.beginning(prefix)).collect(),
        proxies: Proxies::of(|name| environment.get(name)),
        ca_file: args.ca_file.clone(),
        folder: state_dir.ok().map(|found| found.value.join("storage")),
    }
}

/// What every command may ask: the environment and the common options, checked.
#[derive(Clone, Debug)]
pub struct CommandContext {
    pub environment: Environment,
    pub json: bool,
    pub quiet: bool,
    /// Certificates to trust beside the system's.
    pub ca_file: Option<PathBuf>,
    /// The job of the configuration that the command is.
    pub watch: Option<JobWatch>,
    state_dir: Option<PathBuf>,
    ledger: Option<SecretString>,
    config: Option<PathBuf>,
}

impl CommandContext {
    /// Checks the common options and starts the log, if one is asked for.
    pub fn new(args: GlobalArgs, environment: Environment) -> Result<Self> {
        logs::start(args.verbose, args.log.as_deref(), &environment)?;
        storage::set_up(storage_options(&args, &environment));
        Ok(Self {
            environment,
            json: args.json,
            quiet: args.quiet,
            ca_file: args.ca_file,
            watch: None,
            state_dir: args.state_dir,
            ledger: args.ledger.map(SecretString::from),
            config: args.config,
        })
    }

    /// The folder of the ledger; not yet made.
    pub fn state_dir(&self) -> Result<Layered<PathBuf>> {
        places::state_dir(self.state_dir.clone(), &self.environment)
    }

    /// The same for a command that is this job of the configuration.
    #[must_use]
    pub fn of_job(&self, watch: JobWatch) -> Self {
        Self { watch: Some(watch), ..self.clone() }
    }

    /// Where the ledger is: `--ledger`, else `$ROLO_LEDGER`, else `ledger` of the configuration, else a file in the
    /// state folder.
    pub fn ledger(&self) -> Result<LedgerPlace> {
        let state_dir = self.state_dir()?.value;
        let environment = self.environment.get("ROLO_LEDGER").map(|url| SecretString::from(url.to_owned()));
        let url = match self.ledger.clone().or(environment) {
            Some(url) => Some(url),
            None => match self.config()?.ledger {
                Some(source) => Some(secrets::fetch(&source, &self.environment)?),
                None => None,
            },
        };
        match url {
            Some(url) => self.ledger_at(&url, &state_dir),
            None => Ok(LedgerPlace::in_folder(&state_dir)),
        }
    }

    /// The ledger in a database. Its key is `$ROLO_LEDGER_KEY`, else in the state folder.
    ///
    /// # Errors
    /// Kind `Usage`, if that is no address, or no key. Neither is shown.
    pub fn ledger_at(&self, url: &SecretString, state_dir: &Path) -> Result<LedgerPlace> {
        let key = match self.environment.get(LEDGER_KEY) {
            Some(key) => KeySource::From("environment variable ROLO_LEDGER_KEY", LedgerKey::from_hex(key)?),
            None => LedgerPlace::key_in(state_dir),
        };
        let mut place = PostgresPlace::new(url, self.ca_file.as_deref(), key)?;
        place.locks = Some(state_dir.join("locks"));
        Ok(LedgerPlace::Postgres(Box::new(place)))
    }

    /// The configuration file to be changed, which may not be there yet.
    ///
    /// # Errors
    /// Kind `Usage`, if there is no place for one.
    pub fn config_to_write(&self) -> Result<PathBuf> {
        places::config_to_write(self.config.as_deref(), &self.environment)
    }

    /// The configuration; an empty one if there is no file.
    pub fn config(&self) -> Result<Config> {
        match places::config_file(self.config.as_deref(), &self.environment) {
            Some(path) => Config::load(&path),
            None => Ok(Config::default()),
        }
    }
}
