use std::io::Write as _;
use std::net::SocketAddr;

use super::source::{SandboxArgs, SandboxSettings};
use super::{CommandContext, Exit, print, running};
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
pub struct SandboxCommand {
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

impl SandboxCommand {
    pub fn settings(&self) -> Result<ServeSettings> {
        if !self.listen.ip().is_loopback() {
            return Err(Error::usage(format!("the sandbox serves this machine alone, not: {}", self.listen.ip()))
                .hint("listen on 127.0.0.1 or [::1]"));
        }
        Ok(ServeSettings { listen: self.listen, sandbox: self.sandbox.settings() })
    }
}

pub fn run(args: &SandboxCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings()?;
    running::block_on(async {
        let job = running::job_context(context)?;
        let mut options = rolo_sandbox::Options::new(crate::clock::unix_now);
        options.listen = settings.listen;
        options.emulator.unthrottled = settings.sandbox.unthrottled;
        options.state = (!settings.sandbox.memory).then(|| job.state_dir.join("sandbox"));
        for text in &settings.sandbox.faults {
            let fault = rolo_sandbox::Fault::parse(text)
                .map_err(|why| Error::usage(format!("the fault can't be read: {text}")).hint(why))?;
            options.faults.push(fault);
        }
        let served = rolo_sandbox::start(options).await.map_err(|error| {
            Error::stopped(format!("the sandbox can't listen on {}", settings.listen))
                .hint("another program may have the port; --listen 127.0.0.1:0 picks a free one")
                .caused_by(error)
        })?;
        print(&format!("http://{}\n", served.addr()))?;
        if !context.quiet {
            let words = "serving each service below its own path; the secret is `sandbox`; ctrl-c ends it\n";
            drop(std::io::stderr().lock().write_all(words.as_bytes()));
        }
        job.stop.requested().await;
        served.stop().await;
        Ok(Exit::Done)
    })
}
