use std::net::SocketAddr;

use super::source::{SandboxArgs, SandboxSettings};
use crate::error::{Error, Result};

const EXAMPLES: &str = "\
Examples:
  rolo sandbox --listen 127.0.0.1:8787
  rolo sandbox --listen 127.0.0.1:0 --unthrottled --memory     a free port, for tests";

/// Serve the emulators on a loopback address, for rehearsals and for other programs.
///
/// Each service is below its own path; the first line of standard output is the address. The
/// secret `sandbox` is accepted, any other is refused the vendor's way.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Address to listen on; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,
    #[command(flatten)]
    sandbox: SandboxArgs,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServeSettings {
    pub listen: SocketAddr,
    pub sandbox: SandboxSettings,
}

impl Args {
    pub fn settings(&self) -> Result<ServeSettings> {
        if !self.listen.ip().is_loopback() {
            return Err(Error::usage(format!("the sandbox serves this machine alone, not: {}", self.listen.ip()))
                .hint("listen on 127.0.0.1 or [::1]"));
        }
        Ok(ServeSettings { listen: self.listen, sandbox: self.sandbox.settings() })
    }
}
