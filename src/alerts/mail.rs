use std::path::Path;
use std::time::Duration;

use lettre::message::header::ContentType;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Message, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};

use super::message::Alert;
use crate::config::{MailChannel, MailSecurity};
use crate::error::{Error, Result};

/// How long a mail server may take for one step.
const DEADLINE: Duration = Duration::from_secs(10);

/// Sends alerts as mail.
pub(super) struct Mail {
    channel: MailChannel,
    transport: AsyncSmtpTransport<Tokio1Executor>,
}

impl Mail {
    /// # Errors
    /// Of kind `Usage`: encrypted connections can't be prepared.
    pub(super) fn new(
        channel: &MailChannel,
        login: Option<(SecretString, SecretString)>,
        ca_file: Option<&Path>,
    ) -> Result<Self> {
        let server = &channel.server;
        let tls = match server.security {
            MailSecurity::None => Tls::None,
            MailSecurity::Tls => Tls::Wrapper(trusting(&server.host, ca_file)?),
            MailSecurity::StartTls => Tls::Required(trusting(&server.host, ca_file)?),
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
            .port(server.port)
            .tls(tls)
            .timeout(Some(DEADLINE));
        if let Some((user, password)) = login {
            let (user, password) = (user.expose_secret().to_owned(), password.expose_secret().to_owned());
            builder = builder.credentials(Credentials::new(user, password));
        }
        Ok(Self { channel: channel.clone(), transport: builder.build() })
    }

    pub(super) async fn send(&self, alert: &Alert) -> Result<()> {
        let mut message = Message::builder()
            .from(self.channel.from.clone())
            .subject(alert.title())
            // The same of each try, so that whoever has it twice can tell.
            .message_id(Some(format!("<{}@{}>", alert.id, self.channel.from.email.domain())))
            .header(ContentType::TEXT_PLAIN);
        for to in &self.channel.to {
            message = message.to(to.clone());
        }
        let message = message
            .body(alert.text())
            .map_err(|error| Error::usage("the mail of an alert can't be written").caused_by(error))?;
        let sent = self.transport.send(message).await;
        sent.map(drop).map_err(|error| {
            let host = &self.channel.server.host;
            Error::stopped(format!("the mail server {host} did not take the mail")).caused_by(error)
        })
    }
}

fn trusting(host: &str, ca_file: Option<&Path>) -> Result<TlsParameters> {
    let unprepared =
        |error| Error::usage("encrypted connections to the mail server can't be prepared").caused_by(error);
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(file) = ca_file {
        let pem = std::fs::read(file).map_err(|error| {
            Error::usage(format!("the certificate file can't be read: {}", file.display())).caused_by(error)
        })?;
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(unprepared)?);
    }
    builder.build_rustls().map_err(unprepared)
}
