//! Who is told of a job, and the sending of what waits in the outbox.

use std::io::Write as _;
use std::time::Duration;

use super::{CommandContext, running, secrets};
use crate::alerts::{Delivered, JobWatch, Sender, deliver};
use crate::config::{Config, SecretSource};
use crate::error::{Error, Result};
use crate::ledger::{LedgerHandle, Run};
use crate::report::escape;
use crate::transport::Proxies;

/// How long a command takes at its end to send what waits.
const AT_THE_END: Duration = Duration::from_secs(10);

/// How long it waits for whoever takes an alert then.
const AT_MOST: Duration = Duration::from_secs(20);

/// The watch over the job that a run is of, if it is of one, as the configuration has it now.
pub(super) fn watch_of(run: &Run, config: &Config) -> Option<JobWatch> {
    let name = run.job()?;
    Some(config.jobs.get(name).map_or_else(|| JobWatch::unknown(name), |job| JobWatch::of(job, config)))
}

/// Sends what waits for the channels of this configuration.
///
/// # Errors
/// Those of the ledger.
pub(super) async fn send_waiting(
    ledger: &LedgerHandle,
    config: &Config,
    context: &CommandContext,
    within: Duration,
) -> Result<Delivered> {
    let channels: Vec<String> = config.channels.keys().cloned().collect();
    if channels.is_empty() {
        return Ok(Delivered::default());
    }
    deliver(ledger, &channels, |name| sender(name, config, context), within).await
}

/// A channel of the configuration, ready to send.
///
/// # Errors
/// There is none of this name, or a secret of it is not there.
pub(super) fn sender(name: &str, config: &Config, context: &CommandContext) -> Result<Sender> {
    let channel = config.channels.get(name).ok_or_else(|| Error::usage(format!("no channel is called: {name}")))?;
    let proxies = Proxies::of(|name| context.environment.get(name));
    let fetch = |source: &SecretSource| secrets::fetch(source, &context.environment);
    Sender::new(channel, fetch, context.ca_file.as_deref(), &proxies)
}

/// Sends what waits, at the end of a command, within a bounded time. Whatever comes of it, the command ended as it did.
pub(super) fn after(context: &CommandContext) {
    // What is wrong with the configuration or the ledger the command itself has said.
    let Ok(config) = context.config() else { return };
    if config.channels.is_empty() {
        return;
    }
    let Ok(place) = context.ledger() else { return };
    if !place.may_exist() {
        return;
    }
    let sent = running::block_on(async {
        let ledger = place.open()?;
        let sending = send_waiting(&ledger, &config, context, AT_THE_END);
        tokio::time::timeout(AT_MOST, sending).await.unwrap_or_else(|_| Ok(Delivered::default()))
    });
    let trouble = match sent {
        Ok(delivered) => delivered.trouble,
        Err(error) => vec![error.message],
    };
    for why in trouble.iter().filter(|_| !context.quiet) {
        let words = format!("an alert is not sent yet ({why}): the next command or worker tries again");
        drop(writeln!(std::io::stderr().lock(), "{}", escape(&words)));
    }
}
