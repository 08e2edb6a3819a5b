use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::resume::again_of;
use super::source::{SandboxSettings, region};
use super::{
    ChosenAccount, CommandContext, Exit, added_account, kept_secret, print, recorded, retry, running, scheduled, undo,
};
use crate::config::{NewAccount, RESERVED, SecretSource};
use crate::error::{Error, Result};
use crate::jobs::{self, AccountSpec, Again, ImportJob, UndoJob};
use crate::ledger::{LedgerHandle, Run};
use crate::report::{JobState, RunAction};
use crate::services::{self, Service, Settings};
use crate::storage::Address;
use crate::upload::Stop;
use crate::web::{AccountChoice, AccountWanted, ConfiguredJob, JobMaker, PageServer, PageSettings};
use crate::{clock, table};

const EXAMPLES: &str = "\
Examples:
  rolo open contacts.xlsx
  rolo open --listen 127.0.0.1:8788 --no-browser      and go to the address that it prints";

/// Open a page on this machine that shows a file's columns, problems and plan, and sends it.
///
/// The first line of standard output is the address. It holds a token that lets in one browser, once.
/// Nobody but this machine can reach it; ctrl-c ends it, and stops a run cleanly that is under way.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct OpenCommand {
    /// File of contacts to begin with.
    file: Option<PathBuf>,
    /// Address to listen on, of this machine alone; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Print the address, and open no browser.
    #[arg(long)]
    no_browser: bool,
}

pub fn run(args: &OpenCommand, context: &CommandContext) -> Result<Exit> {
    if let Some(address) = args.file.as_deref().and_then(Address::of) {
        return Err(Error::usage(format!("the page reads files of this machine alone: {address}"))
            .at_path(address.path())
            .hint("copy the file here first; every other command reads it where it is"));
    }
    if let Some(file) = &args.file {
        table::SourceFile::open(file)?;
    }
    running::block_on(async {
        let job = running::job_context(context)?;
        let settings = PageSettings {
            listen: args.listen,
            state_dir: job.state_dir.clone(),
            ledger: job.ledger.clone(),
            maker: Arc::new(CommandLineJobs(context.clone())),
            file: args.file.clone(),
            calendar: clock::calendar(),
        };
        let server = PageServer::bind(settings).await?;
        let address = server.address();
        print(&format!("{address}\n"))?;
        let shown = !args.no_browser && browser::that_detached(&address).is_ok();
        if !context.quiet {
            let words = if shown { "opened in the browser" } else { "open this address in a browser: it works once" };
            drop(std::io::stderr().lock().write_all(format!("{words}; ctrl-c ends it\n").as_bytes()));
        }
        server.run(&job.stop).await?;
        Ok(Exit::Done)
    })
}

/// Makes the jobs of a page as the commands make theirs.
struct CommandLineJobs(CommandContext);

impl CommandLineJobs {
    fn chosen(&self, account: &str) -> Result<ChosenAccount> {
        ChosenAccount::named(account, &self.0.config()?)
    }

    /// One harmless read, which no signal to the page ends.
    async fn tried(&self, spec: &AccountSpec) -> Result<Duration> {
        let mut trial = running::context_stopped_by(Stop::default(), &self.0)?;
        jobs::test_account(spec, &mut trial).await
    }
}

#[async_trait]
impl JobMaker for CommandLineJobs {
    fn accounts(&self) -> Result<Vec<AccountChoice>> {
        let config = self.0.config()?;
        let mut accounts = Vec::new();
        for account in config.accounts.values() {
            let base_url = ChosenAccount::Configured(Box::new(account.clone())).base_url()?;
            let service = account.entry()?.title;
            accounts.push(AccountChoice { name: account.name.clone(), service, is_real: true, base_url });
        }
        let sandbox = services::ALL.iter().map(|entry| AccountChoice {
            name: format!("{RESERVED}:{}", entry.name),
            service: entry.title,
            is_real: false,
            base_url: None,
        });
        // The first is proposed, and harms nobody.
        accounts.splice(0..0, sandbox);
        Ok(accounts)
    }

    fn service(&self, account: &str) -> Result<Box<dyn Service>> {
        self.chosen(account)?.connect()
    }

    fn account(&self, account: &str, unthrottled: bool) -> Result<AccountSpec> {
        let sandbox = SandboxSettings { unthrottled, ..SandboxSettings::default() };
        running::account_spec(&self.chosen(account)?, &sandbox, &self.0)
    }

    fn add_account(&self, wanted: AccountWanted, key: &SecretString) -> Result<String> {
        let AccountWanted { name, service, base_url, settings, untested } = wanted;
        // Stands in until the key is kept.
        let token = SecretSource::Environment("KEY".to_owned());
        let account = NewAccount { name, service, token, base_url, settings: Settings(settings) };
        let trial = async |spec: &AccountSpec| if untested { Ok(None) } else { self.tried(spec).await.map(Some) };
        let added = running::block_on(added_account::add(account, key, None, &self.0, trial))?;
        Ok(kept_secret::words(&added.account.token))
    }

    fn test_account(&self, account: &str) -> Result<Duration> {
        let spec = self.account(account, false)?;
        running::block_on(self.tried(&spec))
    }

    fn jobs(&self) -> Result<Vec<ConfiguredJob>> {
        Ok(scheduled::for_people(&self.0.config()?, clock::unix_now()))
    }

    fn region(&self) -> Result<Option<String>> {
        region(None, &self.0.config()?, &self.0)
    }

    async fn again(&self, run: &Run, ledger: &LedgerHandle) -> Result<Again> {
        again_of(run, &SandboxSettings::default(), &self.0, ledger).await
    }

    async fn retry(&self, run: &Run, ledger: &LedgerHandle) -> Result<ImportJob> {
        retry::failed_rows(run, &SandboxSettings::default(), &self.0, ledger).await
    }

    fn undo(&self, run: &Run) -> Result<UndoJob> {
        undo::of(run.clone(), &SandboxSettings::default(), &self.0)
    }

    fn undone_at(&self, run: &Run) -> Result<Box<dyn Service>> {
        JobState::of_run(run, false, jobs::results_of(run).as_deref()).allows(RunAction::Undo)?;
        let account = recorded::chosen(run, &self.0.config()?)?;
        jobs::may_put_back(run, &account.place()?)?;
        account.connect()
    }
}
