use std::time::Duration;

use lettre::message::Mailbox;

use super::document::{Section, texts};
use super::secret::{SecretSource, TextSource};
use super::span::parse_span;
use super::stop_when::{Threshold, share_or_count};
use crate::error::{Error, Result};
use crate::trust::is_loopback;

/// Where alerts about jobs go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Posted to an address, which may hold a secret itself, signed with `secret` if there is one.
    Webhook { url: TextSource, secret: Option<SecretSource> },
    /// Given to a program, without a shell.
    Command(Vec<String>),
    /// Sent as mail.
    Mail(Box<MailChannel>),
}

/// A mail server, and who writes to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailChannel {
    pub server: MailServer,
    pub from: Mailbox,
    pub to: Vec<Mailbox>,
    pub user: Option<TextSource>,
    pub password: Option<SecretSource>,
}

/// How a mail server is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailServer {
    pub host: String,
    pub port: u16,
    pub security: MailSecurity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MailSecurity {
    /// Encrypted from the first byte on.
    Tls,
    /// Encrypted by STARTTLS before anything is said.
    StartTls,
    /// Not at all: for this machine alone.
    None,
}

/// From when on somebody is told of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotifyWhen {
    /// Rejected rows of a run that came to its end.
    pub rejected: Threshold,
    /// Failed rows and those in doubt.
    pub failed: Threshold,
    /// How long after its due time a job may begin.
    pub late: Duration,
}

impl Default for NotifyWhen {
    fn default() -> Self {
        Self { rejected: Threshold::Share(50), failed: Threshold::Count(1), late: Duration::from_secs(30 * 60) }
    }
}

impl NotifyWhen {
    /// `notify_when` of a job.
    pub(super) fn read(section: &Section<'_, '_>) -> Result<Self> {
        let mut when = Self::default();
        let Some(given) = section.section("notify_when")? else { return Ok(when) };
        given.only(&["rejected", "failed", "late"])?;
        for (key, threshold) in [("rejected", &mut when.rejected), ("failed", &mut when.failed)] {
            if let Some(text) = share_or_count(&given, key)? {
                *threshold = Threshold::parse(&text).map_err(|error| given.wrong(key, error))?;
            }
        }
        if let Some((text, _)) = given.text("late")? {
            when.late = parse_span(&text).map_err(|error| given.wrong("late", error))?;
        }
        Ok(when)
    }
}

/// `notify` of a section: the names of channels, or none where the section says nothing.
pub(super) fn names(section: &Section<'_, '_>) -> Result<Option<Vec<String>>> {
    match section.get("notify") {
        None => Ok(None),
        Some(value) => texts(value)
            .map(Some)
            .ok_or_else(|| section.not_a("notify", value, "a list of the names of channels, such as [\"ops\"]")),
    }
}

impl Channel {
    pub(super) fn read(name: &str, section: &Section<'_, '_>) -> Result<Self> {
        let kinds = ["webhook", "command", "smtp"];
        let given: Vec<&str> = kinds.into_iter().filter(|kind| section.get(kind).is_some()).collect();
        match given[..] {
            ["webhook"] => {
                section.only(&["webhook", "secret"])?;
                let url = TextSource::read(section, "webhook")?;
                let url = url.ok_or_else(|| Error::bug("a webhook that is there is not"))?;
                if let TextSource::Text(text) = &url {
                    checked_url(text).map_err(|error| section.wrong("webhook", error))?;
                }
                Ok(Self::Webhook { url, secret: SecretSource::read(section, "secret")? })
            }
            ["command"] => {
                section.only(&["command"])?;
                let words = section.get("command").and_then(|value| texts(value).filter(|words| !words.is_empty()));
                match (words, section.get("command")) {
                    (Some(words), _) => Ok(Self::Command(words)),
                    (None, Some(value)) => Err(section
                        .not_a("command", value, "a list of texts: the program and its arguments")
                        .hint("no shell is run, so write [\"/usr/local/bin/page\", \"night\"]")),
                    (None, None) => Err(Error::bug("a command that is there is not")),
                }
            }
            ["smtp"] => mail(section).map(Box::new).map(Self::Mail),
            _ => Err(section.error(format!("[notify.{name}] should be a webhook, a command or a mail server")).hint(
                "give one of `webhook = \"https://…\"`, `command = [\"PROGRAM\", …]` and `smtp = \"smtps://HOST\"`",
            )),
        }
    }
}

fn mail(section: &Section<'_, '_>) -> Result<MailChannel> {
    section.only(&["smtp", "from", "to", "user", "password"])?;
    let server = MailServer::parse(&section.required_text("smtp")?).map_err(|error| section.wrong("smtp", error))?;
    let from = mailbox(&section.required_text("from")?).map_err(|error| section.wrong("from", error))?;
    let to = match section.get("to") {
        Some(value) => texts(value)
            .or_else(|| value.get_ref().as_str().map(|one| vec![one.to_owned()]))
            .filter(|to| !to.is_empty())
            .ok_or_else(|| section.not_a("to", value, "an address, or a list of them"))?,
        None => vec![section.required_text("to")?],
    };
    let to: Result<Vec<Mailbox>> = to.iter().map(|to| mailbox(to)).collect();
    let channel = MailChannel {
        server,
        from,
        to: to.map_err(|error| section.wrong("to", error))?,
        user: TextSource::read(section, "user")?,
        password: SecretSource::read(section, "password")?,
    };
    if channel.user.is_some() != channel.password.is_some() {
        return Err(section.error("a mail server is given both user and password, or neither"));
    }
    Ok(channel)
}

fn mailbox(text: &str) -> Result<Mailbox> {
    text.parse().map_err(|_| {
        Error::usage("it is no mail address").hint("write ops@example.org, or \"Night watch <ops@example.org>\"")
    })
}

/// An address to post to: `https`, or `http` for this machine alone.
///
/// # Errors
/// Of kind `Usage`, without the address, which may be a secret.
pub fn checked_url(text: &str) -> Result<reqwest::Url> {
    let not = |why: &str| Error::usage(format!("not an address to post to: {why}"));
    let url = reqwest::Url::parse(text).map_err(|_| not("write it as https://host/path"))?;
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(url.host_str().unwrap_or_default()) => Ok(url),
        "http" => Err(not("plain http is accepted for loopback addresses alone")),
        _ => Err(not("it is neither https nor http")),
    }
}

impl MailServer {
    /// Reads `smtps://HOST[:PORT]`, or `smtp://HOST[:PORT]`, which is encrypted by STARTTLS but on this machine.
    fn parse(text: &str) -> Result<Self> {
        let not = |why: &str| {
            Error::usage(format!("not the address of a mail server: {why}"))
                .hint("write smtps://mail.example.org, or smtp://mail.example.org:587 for STARTTLS")
        };
        let url = reqwest::Url::parse(text).map_err(|_| not("it is no address"))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| not("it has no host"))?.to_owned();
        if !url.username().is_empty() || url.password().is_some() {
            return Err(not("it holds a user or password; give them as `user` and `password`"));
        }
        let security = match url.scheme() {
            "smtps" => MailSecurity::Tls,
            "smtp" if is_loopback(&host) => MailSecurity::None,
            "smtp" => MailSecurity::StartTls,
            _ => return Err(not("it begins with neither smtps:// nor smtp://")),
        };
        let usual = if security == MailSecurity::Tls { 465 } else { 587 };
        Ok(Self { host, port: url.port().unwrap_or(usual), security })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mail_server_is_encrypted_unless_it_is_on_this_machine() {
        let read = |text: &str| MailServer::parse(text).map(|server| (server.port, server.security)).unwrap();
        assert_eq!(read("smtps://mail.example.org"), (465, MailSecurity::Tls));
        assert_eq!(read("smtp://mail.example.org"), (587, MailSecurity::StartTls));
        assert_eq!(read("smtp://127.0.0.1:2525"), (2525, MailSecurity::None));
        for wrong in ["", "mail.example.org", "http://mail.example.org", "smtps://u:secret@mail.example.org"] {
            let error = MailServer::parse(wrong).unwrap_err();
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    #[test]
    fn an_address_is_posted_to_encrypted_and_is_not_shown_when_it_is_wrong() {
        assert!(checked_url("https://hooks.example.org/T0/secret").is_ok());
        assert!(checked_url("http://127.0.0.1:8080/hook").is_ok());
        for wrong in ["http://hooks.example.org/secret", "ftp://hooks.example.org/secret", "secret"] {
            let error = checked_url(wrong).unwrap_err();
            assert!(!error.message.contains("secret"), "{error}");
        }
    }
}
