use clap::{CommandFactory as _, Parser, Subcommand};

use super::{
    CommandContext, Exit, GlobalArgs, account, accounts, alerts, cancel, check, completions, copy, explain, export,
    forget, guess, import, job, ledger, man, open, plan, prune, report, resume, retry, runs, sandbox, services, show,
    submit, undo, why, work, workers,
};
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
    Open(open::OpenCommand),
    Guess(guess::GuessCommand),
    Check(check::CheckCommand),
    Plan(plan::PlanCommand),
    Import(import::ImportCommand),
    Export(export::ExportCommand),
    Copy(copy::CopyCommand),
    Resume(resume::ResumeCommand),
    Retry(retry::RetryCommand),
    Undo(undo::UndoCommand),
    Runs(runs::RunsCommand),
    Show(show::ShowCommand),
    Why(why::WhyCommand),
    Explain(explain::ExplainCommand),
    Forget(forget::ForgetCommand),
    Prune(prune::PruneCommand),
    Report(report::ReportCommand),
    Run(job::RunCommand),
    Submit(submit::SubmitCommand),
    Work(work::WorkCommand),
    Workers(workers::WorkersCommand),
    Cancel(cancel::CancelCommand),
    Alerts(alerts::AlertsCommand),
    Sandbox(sandbox::SandboxCommand),
    Services(services::ServicesCommand),
    Accounts(accounts::AccountsCommand),
    Account(account::AccountCommand),
    Ledger(ledger::LedgerCommand),
    Completions(completions::CompletionsCommand),
    Man(man::ManCommand),
}

impl Command {
    /// Whether it sends what waits in the outbox at its end: those that do a run, or queue one.
    pub fn sends_alerts(&self) -> bool {
        matches!(
            self,
            Self::Run(_)
                | Self::Import(_)
                | Self::Export(_)
                | Self::Copy(_)
                | Self::Resume(_)
                | Self::Retry(_)
                | Self::Undo(_)
                | Self::Submit(_)
        )
    }

    pub fn run(self, context: &CommandContext) -> Result<Exit> {
        match self {
            Self::Open(args) => open::run(&args, context),
            Self::Guess(args) => guess::run(&args, context),
            Self::Check(args) => check::run(&args, context),
            Self::Plan(args) => plan::run(&args, context),
            Self::Import(args) => import::run(&args, context),
            Self::Export(args) => export::run(&args, context),
            Self::Copy(args) => copy::run(&args, context),
            Self::Resume(args) => resume::run(&args, context),
            Self::Retry(args) => retry::run(&args, context),
            Self::Undo(args) => undo::run(&args, context),
            Self::Runs(args) => runs::run(&args, context),
            Self::Show(args) => show::run(&args, context),
            Self::Why(args) => why::run(&args, context),
            Self::Explain(args) => explain::run(&args, context),
            Self::Forget(args) => forget::run(&args, context),
            Self::Prune(args) => prune::run(&args, context),
            Self::Report(args) => report::run(&args, context),
            Self::Run(args) => job::run(&args, context),
            Self::Submit(args) => submit::run(&args, context),
            Self::Work(args) => work::run(&args, context),
            Self::Workers(args) => workers::run(&args, context),
            Self::Cancel(args) => cancel::run(&args, context),
            Self::Alerts(args) => alerts::run(&args, context),
            Self::Sandbox(args) => sandbox::run(&args, context),
            Self::Services(args) => services::run(&args, context),
            Self::Accounts(args) => accounts::run(&args, context),
            Self::Account(args) => account::run(&args, context),
            Self::Ledger(args) => ledger::run(&args, context),
            Self::Completions(args) => completions::run(&args, CommandLine::command()),
            Self::Man(args) => man::run(&args, CommandLine::command()),
        }
    }
}
