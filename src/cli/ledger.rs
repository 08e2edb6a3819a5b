use serde_json::json;

use super::{CommandContext, Exit, print};
use crate::error::Result;
use crate::jobs;
use crate::ledger::Status;
use crate::report::{escape, escape_json, number};

const EXAMPLES: &str = "\
Examples:
  rolo ledger status                 read all of it, and say what it holds and whether it is whole";

/// Look after the ledger, in which every run is recorded.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct LedgerCommand {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Read all of the ledger: what it holds, how large it is, and whether it is whole.
    Status,
}

pub fn run(args: &LedgerCommand, context: &CommandContext) -> Result<Exit> {
    match args.action {
        Action::Status => status(context),
    }
}

fn status(context: &CommandContext) -> Result<Exit> {
    let state_dir = context.state_dir()?.value;
    let Some(status) = jobs::ledger_status(&state_dir)? else {
        let path = jobs::ledger_path(&state_dir).display().to_string();
        print(&if context.json {
            format!("{}\n", json!({ "ledger": path, "there": false }))
        } else {
            format!("there is no ledger yet: {}\n", escape(&path))
        })?;
        return Ok(Exit::Done);
    };
    print(&if context.json { to_json(&status) } else { to_words(&status) })?;
    Ok(if status.damage.is_empty() { Exit::Done } else { Exit::Stopped })
}

fn to_json(status: &Status) -> String {
    let counts: serde_json::Map<_, _> =
        status.counts.iter().map(|(what, number)| ((*what).to_owned(), json!(number))).collect();
    let line = json!({
        "ledger": status.place,
        "there": true,
        "version": status.version,
        "newest": status.newest,
        "bytes": status.bytes,
        "key_file": status.key.0,
        "key": status.key.1.name(),
        "counts": counts,
        "damage": status.damage,
    });
    format!("{}\n", escape_json(&line.to_string()))
}

fn to_words(status: &Status) -> String {
    let path = |path: &std::path::Path| escape(&path.display().to_string()).into_owned();
    let mut lines = vec![
        format!("ledger    {}", path(&status.place)),
        format!("version   {} (newest: {})", status.version, status.newest),
        format!("size      {} kB", number(status.bytes.div_ceil(1000))),
        format!("key       {}: {}", path(&status.key.0), status.key.1.name()),
    ];
    lines.extend(status.counts.iter().map(|(what, n)| format!("{:>9} {what}", number(*n))));
    if status.damage.is_empty() {
        lines.push("all of it was read, and it is whole".to_owned());
    } else {
        lines.push("it is damaged:".to_owned());
        lines.extend(status.damage.iter().map(|damage| format!("  {}", escape(damage))));
        lines.push(status.cure.to_owned());
    }
    lines.join("\n") + "\n"
}
