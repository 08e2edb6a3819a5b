//! The only room that knows the command line, the terminal and the environment.
//!
//! One file a command: its arguments, and the checked settings they become. Below that nobody sees
//! the command line. Standard output is data, standard error is talk; both can be read without
//! color. A command ends with an [`Exit`], whose codes are a contract (docs/exit-codes.md).

mod account;
mod accounts;
mod added_account;
mod alerting;
mod alerts;
mod asking;
mod by_plan;
mod cancel;
mod check;
mod choice;
mod command_line;
mod completions;
mod consent;
mod context;
mod copy;
mod dialogue;
mod environment;
mod exit;
mod explain;
mod export;
mod failed_start;
mod forecast;
mod forget;
mod guess;
mod import;
mod import_settings;
mod job;
mod kept_input;
mod kept_secret;
mod ledger;
mod logs;
mod man;
mod night_watch;
mod open;
mod output;
mod places;
mod plan;
mod prune;
mod recorded;
mod rehearse;
mod report;
mod resume;
mod retry;
mod running;
mod runs;
mod sandbox;
mod scheduled;
mod secrets;
mod services;
mod several;
mod show;
mod source;
mod submit;
#[cfg(feature = "otlp")]
mod traces;
mod undo;
mod why;
mod work;
mod work_log;
mod workers;

use std::ffi::OsString;
use std::process::ExitCode;

pub use choice::ChosenAccount;
pub use command_line::{Command, CommandLine};
pub use context::{CommandContext, GlobalArgs};
pub use environment::Environment;
pub use exit::Exit;
pub use output::{listing_width, print, progress, unused};

use clap::Parser as _;

/// Runs the command that `args` (with the program's name first) ask for.
pub fn run(args: impl IntoIterator<Item = OsString>, environment: &Environment) -> ExitCode {
    output::announce_bugs();
    let line = match CommandLine::try_parse_from(args) {
        Ok(line) => line,
        Err(error) => {
            drop(error.print());
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    let json = line.global.json;
    let result = std::panic::catch_unwind(|| {
        let context = CommandContext::new(line.global, environment.clone())?;
        let sends_alerts = line.command.sends_alerts();
        let ended = line.command.run(&context);
        if sends_alerts {
            alerting::after(&context);
        }
        #[cfg(feature = "otlp")]
        traces::finish();
        ended
    });
    match result {
        Ok(Ok(exit)) => exit.into(),
        Ok(Err(error)) => {
            output::show_error(&error, json, environment);
            ExitCode::from(error.kind.exit_code())
        }
        Err(_) => ExitCode::from(crate::error::ErrorKind::Bug.exit_code()),
    }
}

#[cfg(test)]
mod tests;
