use std::path::Path;

use secrecy::{ExposeSecret as _, SecretString};

use super::mail::Mail;
use super::message::Alert;
use super::program;
use super::webhook::Webhook;
use crate::config::{Channel, SecretSource, TextSource, checked_url};
use crate::error::{Error, Result};
use crate::transport::Proxies;

/// A channel that is ready to send, its secrets fetched.
pub struct Sender(Way);

enum Way {
    Webhook(Box<Webhook>),
    Command(Vec<String>),
    Mail(Box<Mail>),
}

impl Sender {
    /// `fetch` goes to where a secret is kept; `ca_file` holds certificates to trust beside those of the system, and a webhook is
    /// reached through these proxies.
    ///
    /// # Errors
    /// A secret is not there, or what the channel says can't be used.
    pub fn new(
        channel: &Channel,
        fetch: impl Fn(&SecretSource) -> Result<SecretString>,
        ca_file: Option<&Path>,
        proxies: &Proxies,
    ) -> Result<Self> {
        let text = |source: &TextSource| match source {
            TextSource::Text(text) => Ok(SecretString::from(text.clone())),
            TextSource::Secret(source) => fetch(source),
        };
        Ok(Self(match channel {
            Channel::Webhook { url, secret } => {
                let url = checked_url(text(url)?.expose_secret())?;
                let secret = secret.as_ref().map(&fetch).transpose()?;
                Way::Webhook(Box::new(Webhook::new(url, secret, ca_file, proxies)?))
            }
            Channel::Command(argv) => Way::Command(argv.clone()),
            Channel::Mail(mail) => {
                let login = match (&mail.user, &mail.password) {
                    (Some(user), Some(password)) => Some((text(user)?, fetch(password)?)),
                    _ => None,
                };
                Way::Mail(Box::new(Mail::new(mail, login, ca_file)?))
            }
        }))
    }

    /// Sends an alert now, the time of which is given in seconds from the Unix epoch.
    ///
    /// # Errors
    /// Nobody has it, as far as is known; in words that show no secret.
    pub async fn send(&self, alert: &Alert, now: u64) -> Result<()> {
        match &self.0 {
            Way::Webhook(webhook) => webhook.send(alert, now).await,
            Way::Command(argv) => program::run(argv, alert).await,
            Way::Mail(mail) => mail.send(alert).await,
        }
    }
}

/// Why an alert was not sent, in one line: with the nearest cause, where there is one.
pub(super) fn told(error: &Error) -> String {
    match error.causes().last() {
        Some(cause) => format!("{}: {cause}", error.message),
        None => error.message.clone(),
    }
}
