use std::path::Path;

use secrecy::SecretString;
use serde_json::json;

use super::{CommandContext, Exit, print, secrets};
use crate::config::SecretSource;
use crate::error::Result;
use crate::ledger::postgres::PostgresPlace;
use crate::ledger::{self, LedgerPlace, Status};
use crate::report::{escape, escape_json, number};

const EXAMPLES: &str = "\
Examples:
  rolo ledger status                 read all of it, and say what it holds and whether it is whole
  rolo ledger migrate                make the ledger in the database of $ROLO_LEDGER, or bring it up to date
  rolo ledger copy ~/.local/state/rolo env:ROLO_LEDGER
                                     from the file of one machine into a database, or back";

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
    /// Make the ledger, or bring it up to date with this rolo. One in a file needs no such command.
    Migrate,
    /// Copy all of a ledger, with its key, into one that is empty or not there yet, and compare.
    Copy(CopyArgs),
}

#[derive(Debug, clap::Args)]
struct CopyArgs {
    /// State folder, env:NAME of a variable that holds the address of a database, or such an address.
    from: String,
    /// The same.
    to: String,
}

pub fn run(args: &LedgerCommand, context: &CommandContext) -> Result<Exit> {
    match args.action {
        Action::Status => status(context),
        Action::Migrate => migrate(context),
        Action::Copy(ref args) => copy(args, context),
    }
}

fn status(context: &CommandContext) -> Result<Exit> {
    let place = context.ledger()?;
    let Some(status) = place.status()? else {
        let path = place.shown();
        print(&if context.json {
            format!("{}\n", json!({ "ledger": path, "there": false }))
        } else {
            format!("there is no ledger yet: {}\n", escape(&path))
        })?;
        return Ok(Exit::Done);
    };
    print(&if context.json { to_json(&status) } else { to_words(&status) })?;
    let is_well = status.damage.is_empty() && status.key.1.trouble().is_none();
    Ok(if is_well { Exit::Done } else { Exit::Stopped })
}

fn migrate(context: &CommandContext) -> Result<Exit> {
    let place = context.ledger()?;
    let (from, to) = place.migrate()?;
    let shown = place.shown();
    print(&if context.json {
        format!("{}\n", escape_json(&json!({ "ledger": shown, "from": from, "version": to }).to_string()))
    } else {
        let shown = escape(&shown);
        match from {
            0 => format!("the ledger was made, with version {to}: {shown}\n"),
            from if from == to => format!("the ledger is up to date, with version {to}: {shown}\n"),
            from => format!("the ledger was brought from version {from} to {to}: {shown}\n"),
        }
    })?;
    Ok(Exit::Done)
}

fn copy(args: &CopyArgs, context: &CommandContext) -> Result<Exit> {
    let (from, to) = (named(&args.from, context)?, named(&args.to, context)?);
    let copied = ledger::copy(&from, &to)?;
    let shown = to.shown();
    print(&if context.json {
        let records: serde_json::Map<_, _> =
            copied.records.iter().map(|(table, records)| ((*table).to_owned(), json!(records))).collect();
        format!("{}\n", escape_json(&json!({ "ledger": shown, "records": records }).to_string()))
    } else {
        let mut lines: Vec<String> =
            copied.records.iter().map(|(table, records)| format!("{:>9} {table}", number(*records))).collect();
        lines.push(format!("all of it was copied, and reads the same: {}", escape(&shown)));
        lines.join("\n") + "\n"
    })?;
    Ok(Exit::Done)
}

/// The ledger that a word of the command line means.
fn named(word: &str, context: &CommandContext) -> Result<LedgerPlace> {
    let state_dir = context.state_dir()?.value;
    if let Some(name) = word.strip_prefix("env:") {
        let url = secrets::fetch(&SecretSource::Environment(name.to_owned()), &context.environment)?;
        return context.ledger_at(&url, &state_dir);
    }
    if PostgresPlace::is_meant(word) {
        return context.ledger_at(&SecretString::from(word.to_owned()), &state_dir);
    }
    Ok(LedgerPlace::in_folder(Path::new(word)))
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
    let mut lines = vec![
        format!("ledger    {}", escape(&status.place)),
        format!("version   {} (newest: {})", status.version, status.newest),
        format!("size      {} kB", number(status.bytes.div_ceil(1000))),
        format!("key       {}: {}", escape(&status.key.0), status.key.1.name()),
    ];
    lines.extend(status.counts.iter().map(|(what, n)| format!("{:>9} {what}", number(*n))));
    if status.damage.is_empty() {
        lines.push("all of it was read, and it is whole".to_owned());
    } else {
        lines.push("it is damaged:".to_owned());
        lines.extend(status.damage.iter().map(|damage| format!("  {}", escape(damage))));
        lines.push(status.cure.to_owned());
    }
    lines.extend(status.key.1.trouble().map(str::to_owned));
    lines.join("\n") + "\n"
}
