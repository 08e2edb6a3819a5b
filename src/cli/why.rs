use serde_json::json;

use super::{CommandContext, Exit, print, running};
use crate::contact::Identifier;
use crate::error::Result;
use crate::jobs::{self, PrunedBefore, parse_identifier};
use crate::ledger::HistoryStep;
use crate::report::escape_json;

const EXAMPLES: &str = "\
Examples:
  rolo why +447911123456
  rolo why ann@example.org
  rolo why external_id:4711";

/// Show all that was ever done to one contact.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct WhyCommand {
    /// Phone with + and country code, e-mail address, or KIND:VALUE (id, service_id, external_id).
    identifier: String,
}

impl WhyCommand {
    pub fn identifier(&self) -> Result<Identifier> {
        parse_identifier(&self.identifier)
    }
}

pub fn run(args: &WhyCommand, context: &CommandContext) -> Result<Exit> {
    let identifier = args.identifier()?;
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        if !context.json {
            print(&jobs::told_of(&identifier, &ledger).await?)?;
            return Ok(Exit::Done);
        }
        let key = ledger.hasher().identifier(&identifier);
        let events = ledger.history(&key).await?;
        let pruned = PrunedBefore::of(&ledger).await?;
        for event in events {
            let mut line = json!({
                "at": event.at,
                "run": event.run.0,
                "account": event.account,
                "file": event.file,
                "line": event.line,
                "what": event.what.to_string(),
                "contact_id": event.contact_id.as_ref().map(|id| &id.0),
            });
            if let HistoryStep::Row { messages, .. } = &event.what
                && !messages.is_empty()
            {
                line["messages"] = json!(messages);
            }
            print(&format!("{}\n", escape_json(&line.to_string())))?;
        }
        if pruned.runs > 0 {
            print(&format!("{}\n", json!({ "pruned_runs": pruned.runs, "latest_pruned": pruned.latest })))?;
        }
        Ok(Exit::Done)
    })
}
