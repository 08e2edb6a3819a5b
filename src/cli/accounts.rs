use comfy_table::{Table, presets};
use serde_json::json;

use super::{Context, Exit, print};
use crate::config::{Account, rate_words};
use crate::error::Result;
use crate::report::escape;

const EXAMPLES: &str = "\
Examples:
  rolo accounts
  rolo accounts --json";

/// List the configured accounts, and where each keeps its secret.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {}

pub fn run(_: &Args, context: &Context) -> Result<Exit> {
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
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    table.add_row(["account", "service", "secret", "rate", "base URL", "defined in"]);
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
    print(&format!("{}\n", table.trim_fmt()))?;
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
