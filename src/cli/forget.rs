use super::why::parse_identifier;
use crate::contact::Identifier;
use crate::error::Result;

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
