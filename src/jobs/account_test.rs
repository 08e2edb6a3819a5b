use std::time::Duration;

use tokio::sync::mpsc;

use super::Context;
use super::account_spec::AccountSpec;
use super::frame::Opened;
use super::notices::pass_on_warnings;
use super::visit::Visit;
use crate::clock;
use crate::contact::Call;
use crate::error::{Error, Result, StopReason};
use crate::reconcile::CallEnd;
use crate::upload::{Caller, Retry};

/// Makes one harmless read of an account; returns how long it took.
///
/// # Errors
/// In words that tell apart: credentials that were refused (kind `Stopped`), a service that can't be
/// reached (`Stopped`), and a server that answers otherwise than the service does, as with a wrong
/// base URL (`Usage`).
pub async fn test_account(account: &AccountSpec, context: &mut Context) -> Result<Duration> {
    let opened = Opened::unrecognized(account, context).await?;
    opened.visit("test", context, async |visit, context| check_once(account, visit, context).await).await
}

async fn check_once(account: &AccountSpec, visit: &Visit, context: &mut Context) -> Result<Duration> {
    let (sender, mut notices) = mpsc::unbounded_channel();
    let mut retry = Retry::new(0);
    (retry.tries, retry.throttled, retry.open_after) = (1, 1, u32::MAX);
    let caller = Caller::new(visit.connection.account.clone(), visit.run.clone(), retry, context.stop.clone(), sender);
    let begun = clock::now();
    let result = caller.read(&Call::Check).await;
    let took = clock::now() - begun;
    pass_on_warnings(&mut notices, context);
    let (name, service) = (&account.name, account.service.name);
    let place = account.base_url.as_deref().unwrap_or(account.service.base_url);
    let elsewhere = |message: &str| {
        Error::usage(format!("account {name}: the server answers, but not as {service} does: {message}"))
            .hint(format!("check base_url and the account's settings; the request went to {place}"))
    };
    match (result.end, result.http_status) {
        (CallEnd::Done(_), _) => Ok(took),
        (CallEnd::Taken(_), _) => Err(Error::bug("a read was taken for a create")),
        (CallEnd::Halted, _) => match caller.halted() {
            Some(halt) if halt.reason == Some(StopReason::Misdirected) => Err(elsewhere(&halt.message)),
            // The service has no such thing as the account's settings say.
            Some(halt) if matches!(result.http_status, Some(404 | 405 | 410)) => Err(elsewhere(&halt.message)),
            Some(halt) if halt.kind == crate::error::ErrorKind::Stopped && result.http_status.is_some() => {
                Err(Error::stopped(format!("account {name}: credentials refused: {}", halt.message))
                    .hint("check where the account's token comes from, and whether it is still valid"))
            }
            // There is no run to be resumed.
            Some(halt) if halt.reason == Some(StopReason::Untrusted) => {
                Err(Error::stopped(format!("account {name}: {}", halt.message))
                    .hint("nothing was sent; give the command again once the certificate is trusted"))
            }
            Some(halt) => {
                let error = Error::stopped(format!("account {name}: {}", halt.message));
                Err(halt.hint.iter().fold(error, Error::hint))
            }
            None => Err(Error::interrupted("interrupted before the service answered")),
        },
        (CallEnd::Unreachable { message } | CallEnd::Unclear { message }, None) => {
            Err(Error::stopped(format!("account {name}: {service} can't be reached: {message}"))
                .hint(format!("check the network and base_url; the request went to {place}")))
        }
        (CallEnd::Unreachable { message }, Some(_)) => {
            Err(Error::stopped(format!("account {name}: {service} answers, but takes no calls now: {message}"))
                .hint("try again in a while"))
        }
        (
            CallEnd::Missing { message }
            | CallEnd::Exists { message, .. }
            | CallEnd::Refused { message, .. }
            | CallEnd::Unclear { message },
            _,
        ) => Err(elsewhere(&message)),
    }
}
