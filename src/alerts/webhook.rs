use std::path::Path;
use std::time::Duration;

use reqwest::{Client, Url, redirect, retry};
use secrecy::SecretString;

use super::message::Alert;
use super::signature::signature;
use crate::error::{Error, Result};
use crate::trust;

/// How long a receiver may take.
const DEADLINE: Duration = Duration::from_secs(10);

/// Posts alerts to an address.
pub(super) struct Webhook {
    client: Client,
    url: Url,
    secret: Option<SecretString>,
}

impl Webhook {
    /// # Errors
    /// Of kind `Usage`: encrypted connections can't be prepared.
    pub(super) fn new(url: Url, secret: Option<SecretString>, ca_file: Option<&Path>) -> Result<Self> {
        let mut builder = Client::builder()
            .user_agent(concat!("rolo/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .http1_only()
            .timeout(DEADLINE);
        builder = if url.scheme() == "https" {
            let mut trusting = trust::client_config(ca_file)?;
            trusting.alpn_protocols = vec![b"http/1.1".to_vec()];
            builder.tls_backend_preconfigured(trusting)
        } else {
            builder.tls_certs_only([]).no_proxy()
        };
        let client = builder
            .build()
            .map_err(|error| Error::usage("encrypted connections can't be prepared").caused_by(error.without_url()))?;
        Ok(Self { client, url, secret })
    }

    /// `now` is the time of this try, in seconds from the Unix epoch.
    pub(super) async fn send(&self, alert: &Alert, now: u64) -> Result<()> {
        let body = alert.to_json().to_string();
        let mut request = self
            .client
            .post(self.url.clone())
            .header("content-type", "application/json")
            .header("webhook-id", &alert.id)
            .header("webhook-timestamp", now);
        if let Some(secret) = &self.secret {
            request = request.header("webhook-signature", signature(secret, &alert.id, now, &body)?);
        }
        // The address may be a secret, and is in no message.
        let answer = request.body(body).send().await.map_err(|error| {
            let why = if error.is_timeout() {
                "the webhook gave no answer in time"
            } else if error.is_connect() {
                "the webhook can't be reached"
            } else {
                "the webhook gave no answer"
            };
            Error::stopped(why).caused_by(error.without_url())
        })?;
        if answer.status().is_success() {
            return Ok(());
        }
        Err(Error::stopped(format!("the webhook answered with status {}", answer.status().as_u16())))
    }
}
