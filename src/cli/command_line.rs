use clap::{Parser, Subcommand};

use super::{Context, Exit, GlobalArgs, accounts, completions, forget, man, report, runs, services, show, why};
use crate::error::Result;

const EXAMPLES: &str = "\
Examples:
  rolo import contacts.csv                  rehearse in the sandbox; harms nobody
  rolo check contacts.xlsx                  look at every row, send nothing
  rolo import contacts.csv --to support     send to the account `support` of rolo.toml
  rolo export --from support all.xlsx       every contact into a workbook";

/// Moves contacts in bulk between spreadsheets and contact services, and accounts for every row.
#[derive(Debug, Parser)]
#[command(name = "rolo", version, before_help = EXAMPLES, disable_help_subcommand = true)]
#[command(subcommand_required = true, arg_required_else_help = true)]
pub struct CommandLine {
    #[command(flatten)]
    pub global: GlobalArgs,
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    Runs(runs::Args),
    Show(show::Args),
    Why(why::Args),
    Forget(forget::Args),
    Report(report::Args),
    Services(services::Args),
    Accounts(accounts::Args),
    Completions(completions::Args),
    Man(man::Args),
}

impl Command {
    pub fn run(self, context: &Context) -> Result<Exit> {
        match self {
            Self::Runs(args) => runs::run(&args, context),
            Self::Show(args) => show::run(&args, context),
            Self::Why(args) => why::run(&args, context),
            Self::Forget(args) => forget::run(&args, context),
            Self::Report(args) => report::run(&args, context),
            Self::Services(args) => services::run(&args, context),
            Self::Accounts(args) => accounts::run(&args, context),
            Self::Completions(args) => completions::run(&args),
            Self::Man(args) => man::run(&args),
        }
    }
}
