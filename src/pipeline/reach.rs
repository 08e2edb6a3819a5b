use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::Context;
use super::connect::{AccountSpec, connect, open_ledger};
use crate::clock;
use crate::contact::Call;
use crate::engine::{Caller, Ended, Retry};
use crate::error::{Error, Result};
use crate::ledger::RunId;

/// Makes one harmless read of an account; returns how long it took.
///
/// # Errors
/// In words that tell apart: credentials that were refused (kind `Stopped`), a service that can't be
/// reached (`Stopped`), and a server that answers otherwise than the service does, as with a wrong
/// base URL (`Usage`).
pub async fn test_account(account: &AccountSpec, context: &Context) -> Result<Duration> {
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(account, &context.state_dir, &ledger).await?;
    let (sender, _notices) = mpsc::unbounded_channel();
    let mut retry = Retry::new(0);
    (retry.tries, retry.put_off, retry.gone_after) = (1, 1, u32::MAX);
    let run = RunId("test".into());
    let caller = Arc::new(Caller::new(connection.account.clone(), run, retry, context.stop.clone(), sender));
    let begun = clock::now();
    let reached = caller.read(&Call::Check).await;
    let took = clock::now() - begun;
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    let (name, service) = (&account.name, account.service.name);
    let place = account.base_url.as_deref().unwrap_or(account.service.base_url);
    let elsewhere = |message: &str| {
        Error::usage(format!("account {name}: the server answers, but not as {service} does: {message}"))
            .hint(format!("check base_url and the account's settings; the request went to {place}"))
    };
    match (reached.ended, reached.http_status) {
        (Ended::Done(_), _) => Ok(took),
        (Ended::Halted, _) => match caller.halted() {
            Some(halt) if matches!(reached.http_status, Some(300..=399 | 404 | 405 | 410)) => {
                Err(elsewhere(&halt.message))
            }
            Some(halt) if halt.kind == crate::error::ErrorKind::Stopped && reached.http_status.is_some() => {
                Err(Error::stopped(format!("account {name}: credentials refused: {}", halt.message))
                    .hint("check where the account's token comes from, and whether it is still valid"))
            }
            Some(halt) => Err(Error::stopped(format!("account {name}: {}", halt.message)).hint(halt.hint)),
            None => Err(Error::interrupted("interrupted before the service answered")),
        },
        (Ended::Unreachable { message } | Ended::Unclear { message }, None) => {
            Err(Error::stopped(format!("account {name}: {service} can't be reached: {message}"))
                .hint(format!("check the network and base_url; the request went to {place}")))
        }
        (Ended::Unreachable { message }, Some(_)) => {
            Err(Error::stopped(format!("account {name}: {service} answers, but takes no calls now: {message}"))
                .hint("try again in a while"))
        }
        (
            Ended::Missing { message }
            | Ended::Exists { message, .. }
            | Ended::Refused { message, .. }
            | Ended::Unclear { message },
            _,
        ) => Err(elsewhere(&message)),
    }
}
