use std::path::Path;

use super::{CommandContext, Exit, print, running};
use crate::contact::Identifier;
use crate::error::{Error, Result};
use crate::jobs::{self, parse_identifier};
use crate::report::{count, escape};

const EXAMPLES: &str = "\
Examples:
  rolo forget ann@example.org
  rolo forget +447911123456 --yes";

/// Remove a person from every local record. What services hold stays there.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ForgetCommand {
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

impl ForgetCommand {
    pub fn settings(&self) -> Result<ForgetSettings> {
        Ok(ForgetSettings { identifier: parse_identifier(&self.identifier)?, yes: self.yes })
    }
}

pub fn run(args: &ForgetCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings()?;
    if !settings.yes {
        return Err(Error::usage("forgetting can't be undone, so it has to be confirmed")
            .hint("add --yes to remove the person from the ledger and from the files rolo wrote"));
    }
    running::block_on(async {
        let forgotten = jobs::forget(&settings.identifier, &context.state_dir()?.value, &context.ledger()?).await?;
        let mut lines = vec![format!("removed: {} of the ledger", count(forgotten.records, "record"))];
        let path = |file: &Path| escape(&file.display().to_string()).into_owned();
        lines.extend(forgotten.files.iter().map(|file| format!("removed from: {}", path(file))));
        lines.extend(
            forgotten
                .kept
                .iter()
                .map(|file| format!("still holds the person, and could not be written anew: {}", path(file))),
        );
        lines.extend(forgotten.sources.iter().map(|file| format!("still holds the person: {}", path(file))));
        if !forgotten.sources.is_empty() {
            lines.push(
                "rolo changes no file that it only reads: take the person out of it, or the next import brings them back"
                    .to_owned(),
            );
        }
        let elsewhere =
            |file: &std::path::PathBuf| format!("may hold the person, and is left as it is: {}", path(file));
        lines.extend(forgotten.elsewhere.iter().map(elsewhere));
        lines.push("what the services hold is there as before\n".to_owned());
        print(&lines.join("\n"))?;
        Ok(Exit::Done)
    })
}
