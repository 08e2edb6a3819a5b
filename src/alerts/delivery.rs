use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

use super::message::Alert;
use super::sender::{Sender, told};
use crate::clock;
use crate::error::Result;
use crate::ledger::{LedgerHandle, Sending};

/// How long nobody else takes an alert that is being sent: longer than any sender takes.
const LEASE: Duration = Duration::from_secs(60);

/// Before the second try, and at most before one, in seconds.
const PAUSE: (u64, u64) = (10, 30 * 60);

/// Alerts that are taken at once.
const AT_ONCE: usize = 8;

/// What came of the alerts that waited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    pub sent: u64,
    /// Why others were not sent, once for each reason: they are tried again.
    pub trouble: Vec<String>,
}

/// Sends alerts that wait for these channels, until none is due or that time is over. What a sender is doing by then is
/// left to it for as long as it may take.
///
/// # Errors
/// Those of the ledger.
pub async fn deliver(
    ledger: &LedgerHandle,
    channels: &[String],
    sender: impl Fn(&str) -> Result<Sender>,
    within: Duration,
) -> Result<Delivered> {
    let begun: Instant = clock::now();
    let mut delivered = Delivered::default();
    let mut senders: BTreeMap<String, Result<Sender>> = BTreeMap::new();
    while clock::now() - begun < within {
        let taken = ledger.take_alerts(channels, LEASE, AT_ONCE).await?;
        if taken.is_empty() {
            break;
        }
        for kept in taken {
            crash_point!("alert_taken");
            let now = ledger.now().await?.as_secs();
            let sender = senders.entry(kept.channel.clone()).or_insert_with(|| sender(&kept.channel));
            let sent = match sender {
                Ok(sender) => sender.send(&Alert::of(&kept), now).await,
                Err(error) => Err(error.clone()),
            };
            crash_point!("alert_sent");
            let came = match sent {
                Ok(()) => Sending::Delivered,
                Err(error) => Sending::Again(pause(kept.tries), told(&error)),
            };
            ledger.settle_alert(&kept, &came).await?;
            match came {
                Sending::Delivered => delivered.sent += 1,
                Sending::Again(_, why) => {
                    let trouble = format!("{}: {why}", kept.channel);
                    if !delivered.trouble.contains(&trouble) {
                        delivered.trouble.push(trouble);
                    }
                }
            }
        }
    }
    Ok(delivered)
}

/// How long to wait after so many tries.
fn pause(tries: u64) -> u64 {
    let doubled = 2_u64.saturating_pow(u32::try_from(tries.saturating_sub(1)).unwrap_or(u32::MAX));
    PAUSE.0.saturating_mul(doubled).min(PAUSE.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_half_an_hour() {
        assert_eq!([1, 2, 3, 9].map(pause), [10, 20, 40, 1800]);
        assert_eq!(pause(u64::MAX), 1800);
    }
}
