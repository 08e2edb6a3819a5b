use std::path::Path;
use std::time::Duration;

use reqwest::{Method, Request, Url};
use secrecy::SecretString;

use super::message::Alert;
use super::signature::signature;
use crate::error::{Error, Result};
use crate::transport::{FailureKind, OriginClient, Proxies, Timeouts};

/// How long a receiver may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Posts alerts to an address.
pub(super) struct Webhook {
    client: OriginClient,
    url: Url,
    secret: Option<SecretString>,
}

impl Webhook {
    /// # Errors
    /// Of kind `Usage`: encrypted connections can't be prepared.
    pub(super) fn new(
        url: Url,
        secret: Option<SecretString>,
        ca_file: Option<&Path>,
        proxies: &Proxies,
    ) -> Result<Self> {
        let timeouts = Timeouts { connect: DEADLINE, silence: None };
        let client = OriginClient::new(&url.origin().ascii_serialization(), ca_file, proxies, timeouts)?;
        Ok(Self { client, url, secret })
    }

    /// `now` is the time of this try, in seconds from the Unix epoch.
    pub(super) async fn send(&self, alert: &Alert, now: u64) -> Result<()> {
        let body = alert.to_json().to_string();
        let headers = [
            ("content-type", "application/json".to_owned()),
            ("webhook-id", alert.id.clone()),
            ("webhook-timestamp", now.to_string()),
        ];
        let secret = self.secret.as_ref();
        let signed = secret.map(|secret| signature(secret, &alert.id, now, &body)).transpose()?;
        let mut request = Request::new(Method::POST, self.url.clone());
        for (name, value) in headers.into_iter().chain(signed.map(|signed| ("webhook-signature", signed))) {
            let value = value.parse().map_err(|error| Error::bug("a header can't be sent").caused_by(error))?;
            request.headers_mut().insert(name, value);
        }
        *request.body_mut() = Some(body.into());
        let answer = tokio::time::timeout(DEADLINE, self.client.execute(request)).await;
        // Of the address, whose path may be a secret, a failure names the host alone.
        let answer = answer.map_err(|_| Error::stopped("the webhook gave no answer in time"))?.map_err(|failure| {
            let what = match failure.kind {
                FailureKind::NoAnswer => "the webhook gave no answer",
                FailureKind::NotSent | FailureKind::Untrusted | FailureKind::HeldBack => "the webhook can't be reached",
            };
            Error::stopped(format!("{what}: {}", failure.message))
        })?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Error::stopped(format!("the webhook answered with status {}", answer.status().as_u16())))
    }
}
