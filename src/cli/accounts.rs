use serde_json::json;

use super::source::SandboxSettings;
use super::{ChosenAccount, CommandContext, Exit, listing_width, print, running};
use crate::config::{Account, rate_words};
use crate::error::Result;
use crate::jobs;
use crate::report::{TextTable, escape, words};

const EXAMPLES: &str = "\
Examples:
  rolo accounts
  rolo accounts --json
  rolo accounts test support         one harmless read: do address and token work?";

/// List the configured accounts, and where each keeps its secret.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct AccountsCommand {
    #[command(subcommand)]
    action: Option<Action>,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Make one harmless read, to see whether an account's address and token work.
    Test {
        /// Name of the account.
        account: String,
    },
}

pub fn run(args: &AccountsCommand, context: &CommandContext) -> Result<Exit> {
    match &args.action {
        Some(Action::Test { account }) => test(account, context),
        None => list(context),
    }
}

fn test(name: &str, context: &CommandContext) -> Result<Exit> {
    let chosen = ChosenAccount::named(name, &context.config()?)?;
    let service = chosen.entry()?.name;
    let took = running::block_on(async {
        let mut job = running::job_context(context)?;
        let account = running::account_spec(&chosen, &SandboxSettings::default(), context)?;
        jobs::test_account(&account, &mut job).await
    })?;
    let name = chosen.name();
    print(&if context.json {
        let milliseconds = u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
        format!("{}\n", json!({"account": name, "service": service, "works": true, "milliseconds": milliseconds}))
    } else {
        format!("{} works: {service} answered in {}\n", escape(&name), words::span(took))
    })?;
    Ok(Exit::Done)
}

fn list(context: &CommandContext) -> Result<Exit> {
    let config = context.config()?;
    if context.json {
        for account in config.accounts.values() {
            print(&format!("{}\n", to_json(account)))?;
        }
        return Ok(Exit::Done);
    }
    if config.accounts.is_empty() {
        print("no accounts are configured; `sandbox` is always there, for rehearsals\n")?;
        return Ok(Exit::Done);
    }
    let mut table = TextTable::new(["account", "service", "secret", "rate", "base URL", "defined in"]);
    for account in config.accounts.values() {
        table.add_row([
            escape(&account.name).into_owned(),
            account.service.clone(),
            escape(&secret(account)).into_owned(),
            account.rate.map_or_else(|| "the service's own".to_owned(), rate_words),
            account.base_url.as_deref().unwrap_or("the service's own").to_owned(),
            escape(&account.origin.to_string()).into_owned(),
        ]);
    }
    print(&table.words(listing_width()))?;
    Ok(Exit::Done)
}

fn secret(account: &Account) -> String {
    account.token.as_ref().map_or_else(|| "renewed when needed".to_owned(), ToString::to_string)
}

fn to_json(account: &Account) -> serde_json::Value {
    json!({
        "account": account.name,
        "service": account.service,
        "secret": secret(account),
        "rate": account.rate.map(|rate| json!({"calls": rate.calls, "seconds": rate.per.as_secs()})),
        "base_url": account.base_url,
        "settings": account.settings.0,
        "defined_in": account.origin.to_string(),
    })
}
