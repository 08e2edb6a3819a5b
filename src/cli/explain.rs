use serde_json::json;

use super::{CommandContext, Exit, print};
use crate::error::{Error, Result};
use crate::report::{Explanation, escape, explain, explanations, nearest_code};

const EXAMPLES: &str = "\
Examples:
  rolo explain phone.no_country         what a code of the column `_code` means, and what to do
  rolo explain 3                        the same of an exit code
  rolo explain                          every code";

/// Say what a code of a results file, or an exit code, means and what to do about it.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ExplainCommand {
    /// As in the column `_code`, or a number from 0 to 70.
    code: Option<String>,
}

pub fn run(args: &ExplainCommand, context: &CommandContext) -> Result<Exit> {
    let Some(code) = args.code.as_deref().map(str::trim) else {
        let all: String = explanations().map(|one| in_list(&one, context.json)).collect();
        print(&all)?;
        return Ok(Exit::Done);
    };
    let Some(one) = explain(code) else {
        let error = Error::usage(format!("there is no code called: {}", escape(code)));
        return Err(match nearest_code(code) {
            Some(near) => error.hint(format!("did you mean {near}?")),
            None => error.hint("`rolo explain` lists them all"),
        });
    };
    print(&if context.json { in_list(&one, true) } else { in_full(&one) })?;
    Ok(Exit::Done)
}

fn in_full(one: &Explanation) -> String {
    let Explanation { code, means, cure } = one;
    format!("{code}\n  means: {means}\n  to do: {cure}\n")
}

fn in_list(one: &Explanation, is_json: bool) -> String {
    let Explanation { code, means, cure } = one;
    if is_json {
        return format!("{}\n", json!({ "code": code, "means": means, "to_do": cure }));
    }
    format!("{code:<28}  {means}\n")
}
