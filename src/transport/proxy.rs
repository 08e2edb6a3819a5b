use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use secrecy::{ExposeSecret as _, SecretString};

use super::address::BaseUrl;
use crate::error::{Error, Result};
use crate::trust::is_loopback;

/// The proxies that the environment names, as curl and most programs read them.
#[derive(Clone, Default)]
pub struct Proxies {
    https: Option<Named>,
    http: Option<Named>,
    all: Option<Named>,
    /// Hosts that are reached directly.
    no: String,
}

/// The value of a variable, which may hold a password.
#[derive(Clone)]
struct Named {
    variable: String,
    url: SecretString,
}

/// The proxy through which an account's requests go.
#[derive(Clone)]
pub struct Route {
    variable: String,
    /// Scheme, host and port, without the credentials.
    place: String,
    pub(super) url: SecretString,
}

impl Proxies {
    /// Those of `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, each also in lower case, which
    /// wins. `get` gives the value of a variable, `None` if it is empty or not set.
    pub fn of<'a>(get: impl Fn(&str) -> Option<&'a str>) -> Self {
        let find = |name: &str| {
            let lower = name.to_ascii_lowercase();
            [lower.as_str(), name].into_iter().find_map(|name| Some((name.to_owned(), get(name)?.trim().to_owned())))
        };
        let named = |name: &str| find(name).map(|(variable, url)| Named { variable, url: url.into() });
        Self {
            https: named("HTTPS_PROXY"),
            http: named("HTTP_PROXY"),
            all: named("ALL_PROXY"),
            no: find("NO_PROXY").map(|(_, hosts)| hosts).unwrap_or_default(),
        }
    }

    /// The proxy to the server at `base_url`; `None` if it is reached directly.
    ///
    /// This machine is reached through a proxy only where that is on this machine too: another would
    /// look for the address on itself, and be told the credential in the clear.
    ///
    /// # Errors
    /// Kind `Usage`, if what a variable holds can't be read as a proxy. It isn't shown.
    pub fn route(&self, base_url: &str) -> Result<Option<Route>> {
        let base = BaseUrl::parse(base_url)?;
        let own = if base.encrypted { &self.https } else { &self.http };
        let Some(named) = own.as_ref().or(self.all.as_ref()) else { return Ok(None) };
        let url = named.url.expose_secret();
        let Some(server) = base_url.trim().parse().ok() else { return Ok(None) };
        if Matcher::builder().all(url).build().intercept(&server).is_none() {
            return Err(Error::usage(format!("the proxy in {} can't be read", named.variable))
                .hint("write it as `http://HOST:PORT` or `socks5://HOST:PORT`, or unset the variable"));
        }
        let Some(found) = Matcher::builder().all(url).no(self.no.as_str()).build().intercept(&server) else {
            return Ok(None);
        };
        let proxy = found.uri();
        if base.is_loopback() && !proxy.host().is_some_and(is_loopback) {
            return Ok(None);
        }
        let scheme = proxy.scheme_str().unwrap_or("http");
        let place = format!("{scheme}://{}", proxy.authority().map_or("", |authority| authority.as_str()));
        // A bare `HOST:PORT` is a proxy that speaks HTTP.
        let url = if url.contains("://") { named.url.clone() } else { format!("http://{url}").into() };
        Ok(Some(Route { variable: named.variable.clone(), place, url }))
    }
}

impl Route {
    /// Whether the name of the server is looked up on this machine, and not by the proxy.
    pub(super) fn looks_names_up_here(&self) -> bool {
        self.place.starts_with("socks5://") || self.place.starts_with("socks4://")
    }
}

/// For a message: `the proxy http://proxy.example:3128 (HTTPS_PROXY)`.
impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the proxy {} ({})", self.place, self.variable)
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

impl fmt::Debug for Proxies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let named = [&self.https, &self.http, &self.all];
        f.debug_list().entries(named.into_iter().flatten().map(|named| &named.variable)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(variables: &[(&str, &str)], base_url: &str) -> Option<String> {
        let get = |name: &str| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
        let route = Proxies::of(get).route(base_url).unwrap();
        route.map(|route| {
            assert!(!format!("{route} {route:?}").contains("pw"), "{route}");
            route.to_string()
        })
    }

    const SERVER: &str = "https://chat.example.org/api";

    #[test]
    fn remote_38_the_proxy_of_the_environment_is_taken_and_shown_without_its_password() {
        let through = |place: &str, variable: &str| Some(format!("the proxy {place} ({variable})"));
        assert_eq!(
            route(&[("HTTPS_PROXY", "http://ann:pw@p.example:3128")], SERVER),
            through("http://p.example:3128", "HTTPS_PROXY")
        );
        assert_eq!(route(&[("ALL_PROXY", "p.example:3128")], SERVER), through("http://p.example:3128", "ALL_PROXY"));
        assert_eq!(
            route(&[("all_proxy", "socks5h://p.example:1080")], SERVER),
            through("socks5h://p.example:1080", "all_proxy")
        );
        let both = [
            ("HTTPS_PROXY", "http://a.example:1"),
            ("https_proxy", "http://b.example:2"),
            ("ALL_PROXY", "http://c.example:3"),
        ];
        assert_eq!(route(&both, SERVER), through("http://b.example:2", "https_proxy"));
        assert_eq!(route(&[("HTTP_PROXY", "http://p.example:3128")], SERVER), None, "the server is encrypted");
        assert_eq!(route(&[], SERVER), None);
    }

    #[test]
    fn hosts_of_no_proxy_are_reached_directly() {
        for no in ["chat.example.org", ".example.org", "other.example,example.org", "*"] {
            assert_eq!(route(&[("HTTPS_PROXY", "http://p.example:1"), ("NO_PROXY", no)], SERVER), None, "{no}");
        }
        for no in ["example.com", "xample.org", "10.0.0.0/8"] {
            assert!(route(&[("HTTPS_PROXY", "http://p.example:1"), ("no_proxy", no)], SERVER).is_some(), "{no}");
        }
    }

    #[test]
    fn this_machine_is_reached_through_a_proxy_of_this_machine_alone() {
        for server in ["http://127.0.0.1:8787", "http://localhost:3000", "http://[::1]:3000"] {
            assert_eq!(route(&[("HTTP_PROXY", "http://p.example:3128")], server), None, "{server}");
            assert!(route(&[("HTTP_PROXY", "http://127.0.0.1:8080")], server).is_some(), "{server}");
        }
    }

    #[test]
    fn what_is_no_proxy_is_refused_without_being_shown() {
        for wrong in ["ftp://ann:pw@p.example", "http://", "://pw", "pw pw"] {
            let error = Proxies::of(|name| (name == "HTTPS_PROXY").then_some(wrong)).route(SERVER).unwrap_err();
            assert_eq!(error.message, "the proxy in HTTPS_PROXY can't be read", "{wrong}");
            assert!(!format!("{error:?}").contains("pw"), "{error:?}");
        }
    }
}
