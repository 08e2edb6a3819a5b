use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use toml::de::DeValue;

use super::document::Section;
use super::layered::Origin;
use super::rate::{parse_rate, rate_within};
use super::retention::Retention;
use super::secret::{SecretSource, TextSource};
use super::span::parse_span;
use crate::contact::Quota;
use crate::error::{Error, Result, nearest};
use crate::services::{self, Service, ServiceEntry, Settings};
use crate::trust::is_loopback;

/// Names that an account can't have, since they stand for the embedded server.
pub const RESERVED: &str = "sandbox";

/// A named connection to a service.
#[derive(Clone, Debug)]
pub struct Account {
    pub name: String,
    /// Name of the service, which exists.
    pub service: String,
    /// `None` only where `refresh` stands in for it.
    pub token: Option<SecretSource>,
    /// How a new token is got when the present one has expired.
    pub refresh: Option<Refresh>,
    /// Lower than the service's own limit, which [`Account::connect`] checks.
    pub rate: Option<Quota>,
    /// Calls are not paced: for a server on this machine alone.
    pub unthrottled: bool,
    /// Requests under way at once, in place of the service's own number: for a server on this machine alone.
    pub in_flight: Option<u64>,
    /// How old what is remembered of a contact may be for its id to be written to without a look.
    pub trust: Option<Duration>,
    /// Keep hashes of values alone, so that a later change can be put back only after a read.
    pub hashes_only: bool,
    /// What is kept of its runs.
    pub retention: Retention,
    /// Without a closing slash; `None` for the service's own.
    pub base_url: Option<String>,
    /// Certificates to trust beside the system's, in PEM.
    pub ca_file: Option<PathBuf>,
    /// What this service needs to know beside; names are checked, values by the service.
    pub settings: Settings,
    /// Where the account begins in its file.
    pub origin: Origin,
}

/// What a new access token is got with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refresh {
    pub refresh_token: SecretSource,
    pub client_id: TextSource,
    pub client_secret: SecretSource,
}

/// Settings that every account can have.
const COMMON: [&str; 12] = [
    "service",
    "token",
    "refresh",
    "rate",
    "unthrottled",
    "in_flight",
    "trust",
    "remember",
    "keep_runs",
    "keep_undo",
    "base_url",
    "ca_file",
];

impl Account {
    pub(super) fn read(name: &str, section: &Section<'_, '_>, services: &[ServiceEntry]) -> Result<Self> {
        if name == RESERVED || name.contains(':') || name.is_empty() {
            return Err(section
                .error(format!("an account can't be called: {name}"))
                .in_account(name)
                .hint(format!("`{RESERVED}` and `{RESERVED}:SERVICE` are the embedded server; take another name")));
        }
        let service = section.required_text("service")?;
        let entry = find(&service, services).map_err(|error| section.wrong("service", error))?;
        let own: Vec<&str> = entry.settings.iter().map(|spec| spec.name).collect();
        let known: Vec<&str> = COMMON.iter().chain(&own).copied().collect();
        section.only(&known)?;

        let token = SecretSource::read(section, "token")?;
        let refresh = section.section("refresh")?.map(|refresh| Refresh::read(&refresh)).transpose()?;
        if token.is_none() && refresh.is_none() {
            return Err(section
                .error(format!("[accounts.{name}] lacks a setting: token"))
                .in_setting(format!("accounts.{name}.token"))
                .in_account(name)
                .hint("add `token = { env = \"NAME\" }`, or a file, command or credential"));
        }
        let rate = match section.text("rate")? {
            Some((text, _)) => Some(parse_rate(&text).map_err(|error| section.wrong("rate", error))?),
            None => None,
        };
        let trust = match section.text("trust")? {
            Some((text, _)) => Some(parse_span(&text).map_err(|error| section.wrong("trust", error))?),
            None => None,
        };
        let hashes_only = match section.text("remember")? {
            None => false,
            Some((text, _)) => match text.as_str() {
                "values" => false,
                "hashes" => true,
                other => {
                    let error = Error::usage(format!("it is neither values nor hashes: {other}"));
                    return Err(section.wrong("remember", error));
                }
            },
        };
        let base_url = match section.text("base_url")? {
            Some((text, _)) => Some(checked_url(&text).map_err(|error| section.wrong("base_url", error))?),
            None => None,
        };
        let (unthrottled, in_flight) = own_pace(section, base_url.as_deref())?;
        let account = Self {
            unthrottled,
            in_flight,
            name: name.to_owned(),
            service,
            token,
            refresh,
            rate,
            trust,
            hashes_only,
            retention: Retention::read(section)?,
            base_url,
            ca_file: section.path("ca_file")?,
            settings: read_settings(section, &own)?,
            origin: Origin::File(section.place()),
        };
        account.connect_to(entry).map_err(|error| {
            let named = error.reworded(|message| format!("[accounts.{name}]: {message}"));
            section.placed(named).in_account(name).in_service(entry.name)
        })?;
        Ok(account)
    }

    /// What is known of its service.
    pub fn entry(&self) -> Result<&'static ServiceEntry> {
        services::find(&self.service)
    }

    /// The service with this account's settings; its rate has been checked against the service's own.
    pub fn connect(&self) -> Result<Box<dyn Service>> {
        self.connect_to(self.entry()?)
    }

    fn connect_to(&self, entry: &ServiceEntry) -> Result<Box<dyn Service>> {
        let service = (entry.connect)(&self.settings)?;
        if let Some(rate) = self.rate {
            rate_within(rate, &service.limits().quota)?;
        }
        Ok(service)
    }
}

/// How fast calls leave where the server is one's own: `unthrottled` and `in_flight`.
fn own_pace(section: &Section<'_, '_>, base_url: Option<&str>) -> Result<(bool, Option<u64>)> {
    let given = ["unthrottled", "in_flight"].into_iter().find(|key| section.get(key).is_some());
    let is_near = base_url.is_some_and(leads_to_loopback);
    if let Some(key) = given.filter(|_| !is_near) {
        let error = Error::usage("it is for a server on this machine alone: others count calls, and refuse them")
            .hint("give the account a loopback base_url, such as http://127.0.0.1:8787/SERVICE, or take it out");
        return Err(section.wrong(key, error));
    }
    let unthrottled = section.flag("unthrottled")?;
    if unthrottled && section.get("rate").is_some() {
        let error = Error::usage("calls are either paced or not: rate").hint("take one of the two out");
        return Err(section.wrong("unthrottled", error));
    }
    match section.count("in_flight")? {
        Some(0) => Err(section.wrong("in_flight", Error::usage("at least one request is under way at once"))),
        in_flight => Ok((unthrottled, in_flight)),
    }
}

impl Refresh {
    fn read(section: &Section<'_, '_>) -> Result<Self> {
        section.only(&["token", "client_id", "client_secret"])?;
        let lacks = |key: &str| section.error(format!("refresh lacks a setting: {key}"));
        Ok(Self {
            refresh_token: SecretSource::read(section, "token")?.ok_or_else(|| lacks("token"))?,
            client_id: TextSource::read(section, "client_id")?.ok_or_else(|| lacks("client_id"))?,
            client_secret: SecretSource::read(section, "client_secret")?.ok_or_else(|| lacks("client_secret"))?,
        })
    }
}

fn find<'e>(name: &str, services: &'e [ServiceEntry]) -> Result<&'e ServiceEntry> {
    services.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let names: Vec<_> = services.iter().map(|entry| entry.name).collect();
        Error::usage(format!("no service is called: {name}")).hint(match nearest(name, names.iter().copied()) {
            Some(near) => format!("did you mean {near}?"),
            None => format!("the services are {}", names.join(", ")),
        })
    })
}

fn read_settings(section: &Section<'_, '_>, names: &[&str]) -> Result<Settings> {
    let mut settings = BTreeMap::new();
    for &name in names {
        let Some(value) = section.get(name) else { continue };
        let text = match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Integer(number) => number.to_string(),
            DeValue::Boolean(flag) => flag.to_string(),
            _ => return Err(section.not_a(name, value, "text, a number, or true or false")),
        };
        settings.insert(name.to_owned(), text);
    }
    Ok(Settings(settings))
}

/// A base URL: `https`, or `http` for a loopback address alone, since it would show the credential
/// to everyone on the way. No closing slash, user, query or fragment.
fn checked_url(text: &str) -> Result<String> {
    let not = |why: &str| Error::usage(format!("not a usable base URL: {why}"));
    let url = reqwest::Url::parse(text).map_err(|_| not("write it as https://host/path"))?;
    if url.host_str().is_none() {
        return Err(not("it has no host"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(not("it holds a user or password").hint("give the credential as the account's token"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(not("it has a query or a fragment"));
    }
    match url.scheme() {
        "https" => {}
        "http" if url.host_str().is_some_and(is_loopback) => {}
        "http" => {
            return Err(not("plain http is accepted for loopback addresses alone")
                .hint("it would show the credential to everyone on the way; use https"));
        }
        other => return Err(not(&format!("it is neither https nor http: {other}"))),
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn leads_to_loopback(url: &str) -> bool {
    let url = reqwest::Url::parse(url).ok();
    url.as_ref().and_then(reqwest::Url::host_str).is_some_and(is_loopback)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_server_on_this_machine_goes_unpaced() {
        for here in ["http://127.0.0.1:8787/x", "https://localhost", "http://[::1]:80/a"] {
            assert!(leads_to_loopback(here), "{here}");
        }
        assert!(!leads_to_loopback("https://chat.example.org") && !leads_to_loopback("https://127.0.0.1.example.org"));
    }

    #[test]
    fn plain_http_goes_to_this_machine_alone() {
        for good in ["https://chat.example.org", "http://127.0.0.1:8787/x", "http://localhost", "http://[::1]:80/a"] {
            assert!(checked_url(good).is_ok(), "{good}");
        }
        for bad in [
            "http://chat.example.org",
            "http://127.0.0.1.example.org",
            "ftp://a.example.org",
            "chat.example.org",
            "https://user:secret@a.example.org",
            "https://a.example.org/?x=1",
            "https://a.example.org/#x",
            "",
        ] {
            let error = checked_url(bad).unwrap_err();
            assert!(!error.message.contains("secret"), "{error}");
        }
        assert_eq!(checked_url("https://chat.example.org/api/").unwrap(), "https://chat.example.org/api");
    }
}
