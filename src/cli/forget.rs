use std::collections::BTreeSet;

use super::why::parse_identifier;
use super::{Context, Exit, print, recorded};
use crate::contact::Identifier;
use crate::error::Result;
use crate::ledger::Ledger as _;
use crate::report::escape;
use crate::report::words::count;

const EXAMPLES: &str = "\
Examples:
  rolo forget ann@example.org
  rolo forget +447911123456 --yes";

/// Remove a person from every local record. What services hold stays there.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Phone with + and country code, e-mail address, or KIND:VALUE (id, service_id, external_id).
    identifier: String,
    /// Do it without asking.
    #[arg(short, long)]
    yes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ForgetSettings {
    pub identifier: Identifier,
    pub yes: bool,
}

impl Args {
    pub fn settings(&self) -> Result<ForgetSettings> {
        Ok(ForgetSettings { identifier: parse_identifier(&self.identifier)?, yes: self.yes })
    }
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let settings = args.settings()?;
    let Some(mut ledger) = context.ledger()? else {
        print("nothing is remembered of this person\n")?;
        return Ok(Exit::Done);
    };
    let key = recorded::key(&ledger, &settings.identifier);
    let events = ledger.history(&key)?;
    if !settings.yes {
        let runs: BTreeSet<_> = events.iter().map(|event| &event.run).collect();
        print(&format!(
            "{} in {} would be forgotten, with all that is known of the contact; give --yes to do it\n",
            count(events.len() as u64, "event"),
            count(runs.len() as u64, "run")
        ))?;
        return Ok(Exit::Done);
    }
    let removed = ledger.forget(&key)?;
    print(&format!("removed from the ledger: {}\n", count(removed, "record")))?;
    let files: BTreeSet<_> = events.iter().map(|event| event.file.as_str()).collect();
    if !files.is_empty() {
        let files: Vec<_> = files.into_iter().map(|file| format!("  {}\n", escape(file))).collect();
        print(&format!(
            "these files, and the results and reports made of them, may still name the person:\n{}",
            files.concat()
        ))?;
    }
    Ok(Exit::Done)
}
