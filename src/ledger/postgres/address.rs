use std::path::Path;
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres::{Client, Config, NoTls};

use super::errors::Trouble;
use super::tls::Tls;
use crate::error::{Error, Result};
use crate::trust::is_loopback;

/// With what an address of a ledger in PostgreSQL begins.
pub(super) const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// How long one attempt to connect may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long a server may not answer at all before its connection counts as lost.
const SILENCE: Duration = Duration::from_secs(10);

/// Where a ledger in PostgreSQL is, and how it is reached. Its password is shown to nobody.
#[derive(Clone)]
pub(super) struct Address {
    config: Config,
    /// `None` where nothing is encrypted.
    tls: Option<Tls>,
    shown: String,
}

impl Address {
    /// # Errors
    /// Of kind `Usage`: it is no address of a database, or the file of certificates can't be used. No message
    /// shows what was given.
    pub(super) fn parse(url: &SecretString, ca_file: Option<&Path>) -> Result<Self> {
        let (text, verified) = without_own_modes(url.expose_secret());
        let wrong = |why: &str| {
            Error::usage(format!("the address of the ledger can't be used: {why}"))
                .hint("write it as postgres://USER:PASSWORD@HOST:PORT/DATABASE; in it @ / : and % of a password are %40 %2F %3A %25")
        };
        if !SCHEMES.iter().any(|scheme| text.starts_with(scheme)) {
            return Err(wrong("it begins with neither postgres:// nor postgresql://"));
        }
        let mut config: Config = text.parse().map_err(|error: tokio_postgres::Error| {
            // Its cause names a key at most; the text itself may hold a password.
            let cause = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
            wrong(&if cause.contains("invalid value for option") {
                cause
            } else {
                "it is no URL of PostgreSQL".to_owned()
            })
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(wrong("it names no host"));
        }
        if config.get_dbname().is_none() {
            let user = config.get_user().unwrap_or("postgres").to_owned();
            config.dbname(user);
        }
        let asked = text.contains("sslmode=");
        if verified {
            config.ssl_mode(SslMode::Require);
        } else if !asked {
            config.ssl_mode(if is_near(&config) { SslMode::Disable } else { SslMode::Require });
        }
        if config.get_application_name().is_none() {
            config.application_name("rolo");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT);
        }
        config
            .target_session_attrs(TargetSessionAttrs::ReadWrite)
            .keepalives_idle(SILENCE)
            .keepalives_interval(Duration::from_secs(3))
            .keepalives_retries(3)
            .tcp_user_timeout(SILENCE);
        let shown = shown(&config);
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            _ => Some(Tls::new(ca_file)?),
        };
        Ok(Self { config, tls, shown })
    }

    /// What a person knows it by, without its password.
    pub(super) fn shown(&self) -> &str {
        &self.shown
    }

    /// A connection, which is served by this runtime.
    pub(super) async fn connect(&self) -> std::result::Result<Client, Trouble> {
        // A connection is served by this runtime; its end is seen by whoever asks next.
        match &self.tls {
            Some(tls) => {
                let (client, connection) = self.config.connect(tls.clone()).await?;
                tokio::spawn(async move { drop(connection.await) });
                Ok(client)
            }
            None => {
                let (client, connection) = self.config.connect(NoTls).await?;
                tokio::spawn(async move { drop(connection.await) });
                Ok(client)
            }
        }
    }
}

/// The same without the modes of TLS that only rolo's callers know: with TLS, rolo verifies in any case.
fn without_own_modes(url: &str) -> (String, bool) {
    let (mut text, mut verified) = (url.to_owned(), false);
    for mode in ["sslmode=verify-full", "sslmode=verify-ca"] {
        if text.contains(mode) {
            text = text.replace(mode, "sslmode=require");
            verified = true;
        }
    }
    (text, verified)
}

/// Whether nothing leaves this machine on the way to the database.
fn is_near(config: &Config) -> bool {
    config.get_hosts().iter().all(|host| match host {
        Host::Tcp(name) => is_loopback(name),
        Host::Unix(_) => true,
    }) && config.get_hostaddrs().iter().all(std::net::IpAddr::is_loopback)
}

fn shown(config: &Config) -> String {
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(at, host)| {
            let port = ports.get(at).or(ports.first()).copied().unwrap_or(5432);
            match host {
                Host::Tcp(name) if name.contains(':') => format!("[{name}]:{port}"),
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        })
        .collect();
    let user = config.get_user().map(|user| format!("{user}@")).unwrap_or_default();
    format!("postgres://{user}{}/{}", hosts.join(","), config.get_dbname().unwrap_or_default())
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.shown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> Result<Address> {
        Address::parse(&SecretString::from(url.to_owned()), None)
    }

    #[test]
    fn what_is_shown_of_an_address_holds_no_password() {
        let address = parsed("postgres://ann:s3cret@db.example.com/contacts").unwrap();
        assert_eq!(address.shown(), "postgres://ann@db.example.com:5432/contacts");
        let address = parsed("postgresql://ann:s3cret@a:5433,b/contacts?sslmode=disable").unwrap();
        assert_eq!(address.shown(), "postgres://ann@a:5433,b:5432/contacts");
        assert!(!format!("{address:?}").contains("s3cret"));
    }

    #[test]
    fn an_address_that_can_not_be_used_is_refused_without_being_shown() {
        for wrong in ["postgres://ann:s3cret@", "mysql://ann:s3cret@h/d", "postgres://ann:s3cret@h/d?sslmode=s3cret"] {
            let error = parsed(wrong).unwrap_err();
            let said = format!("{error:?}");
            assert!(error.message.starts_with("the address of the ledger can't be used"), "{said}");
            assert!(!said.contains("s3cret"), "{said}");
        }
    }

    #[test]
    fn what_leaves_the_machine_is_encrypted_unless_it_is_said_otherwise() {
        for (url, mode) in [
            ("postgres://ann@db.example.com/d", SslMode::Require),
            ("postgres://ann@10.0.0.7/d", SslMode::Require),
            ("postgres://ann@db.example.com/d?sslmode=verify-full", SslMode::Require),
            ("postgres://ann@db.example.com/d?sslmode=disable", SslMode::Disable),
            ("postgres://ann@127.0.0.1/d", SslMode::Disable),
            ("postgres://ann@localhost/d?sslmode=require", SslMode::Require),
            ("postgres://ann@%2Frun%2Fpostgresql/d", SslMode::Disable),
        ] {
            assert_eq!(parsed(url).unwrap().config.get_ssl_mode(), mode, "{url}");
        }
    }
}
