use std::fmt::Write as _;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::Url;

use crate::error::{Error, Result};
use crate::trust::is_loopback;

/// What stands unencoded in a query or a form: the unreserved characters of RFC 3986 alone, so that
/// `+` travels as `%2B` and a space as `%20`, which every server reads alike.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Where an account's API is: scheme, host and leading path, checked.
#[derive(Clone, Debug)]
pub(super) struct BaseUrl {
    url: Url,
    /// Its path, without a slash at its end.
    path: String,
    /// Host and, where it is not the usual one, port: what messages call the server.
    pub(super) host: String,
    pub(super) encrypted: bool,
}

impl BaseUrl {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let wrong = |what: &str| {
            Error::usage(format!("the base URL {what}"))
                .hint("write it as `https://HOST` or `https://HOST/PATH`, without key, query or fragment")
        };
        let url = Url::parse(text.trim()).map_err(|error| wrong(&format!("can't be read: {error}")))?;
        let Some(host) = url.host_str() else { return Err(wrong("has no host")) };
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("holds a user name or a password"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("has a query or a fragment"));
        }
        let encrypted = match url.scheme() {
            "https" => true,
            "http" if is_loopback(host) => false,
            "http" => {
                return Err(Error::usage(format!("the base URL is not encrypted: {host}"))
                    .hint("use https; plain http is accepted for loopback addresses alone"));
            }
            other => return Err(wrong(&format!("is neither https nor http: {other}"))),
        };
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let path = url.path().trim_end_matches('/').to_owned();
        Ok(Self { url, path, host, encrypted })
    }

    /// Whether the server is on this machine, by its address.
    pub(super) fn is_loopback(&self) -> bool {
        self.url.host_str().is_some_and(is_loopback)
    }

    /// The URL below this base with an already encoded path and a query that is not.
    ///
    /// `None` if the URL would not lead where the path says: a `.` or `..` in it, encoded or not, would
    /// be resolved away, and a `?` or `#` would end it. An identifier must never choose the endpoint.
    pub(super) fn join<'a>(&self, path: &str, query: impl Iterator<Item = (&'a str, &'a str)>) -> Option<Url> {
        let dots = |segment: &str| matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..");
        if !path.starts_with('/') || path.contains(['?', '#', '\\', '\t', '\n', '\r']) || path.split('/').any(dots) {
            return None;
        }
        // Scheme and host were read once and for all.
        let mut url = self.url.clone();
        url.set_path(&format!("{}{path}", self.path));
        let query = encoded_pairs(query);
        url.set_query((!query.is_empty()).then_some(query.as_str()));
        Some(url)
    }
}

/// Names and values as a query, and as a form, carries them.
pub(super) fn encoded_pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in pairs {
        let separator = if text.is_empty() { "" } else { "&" };
        let (name, value) = (utf8_percent_encode(name, ENCODED), utf8_percent_encode(value, ENCODED));
        write!(text, "{separator}{name}={value}").expect("writing to a string can't fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn joined(base: &str, path: &str, query: &[(&str, &str)]) -> Option<String> {
        BaseUrl::parse(base).unwrap().join(path, query.iter().copied()).map(|url| url.to_string())
    }

    #[test]
    fn a_plus_and_a_space_of_a_query_are_encoded_so_that_no_server_confuses_them() {
        assert_eq!(
            joined(
                "https://api.example.com/v1/",
                "/contact/by_custom_field",
                &[("name", "phone"), ("value", "+60 12&é")]
            ),
            Some("https://api.example.com/v1/contact/by_custom_field?name=phone&value=%2B60%2012%26%C3%A9".to_owned())
        );
    }

    #[test]
    fn a_path_keeps_its_encoding_and_its_last_slash() {
        assert_eq!(
            joined("https://api.example.com", "/contact/phone:%2B60123/", &[]),
            Some("https://api.example.com/contact/phone:%2B60123/".to_owned())
        );
    }

    proptest! {
        #[test]
        fn a_url_is_the_one_that_its_text_reads_as(path in "/[ -~é]{0,24}", value in ".{0,8}", slash in any::<bool>()) {
            let base = if slash { "https://api.example.com:8443/v1/" } else { "https://api.example.com" };
            let joined = BaseUrl::parse(base).unwrap().join(&path, [("q", value.as_str())].into_iter());
            if let Some(url) = joined {
                let query = encoded_pairs([("q", value.as_str())].into_iter());
                let text = format!("{}{path}?{query}", base.trim_end_matches('/'));
                prop_assert_eq!(url, Url::parse(&text).unwrap());
            }
        }
    }

    #[test]
    fn an_identifier_that_would_lead_elsewhere_is_refused() {
        for path in
            ["/contact/../admin", "/contact/%2e%2E", "/contact/.", "/contact/a?b=c", "/contact/a#b", "/a\\b", "a"]
        {
            assert_eq!(joined("https://api.example.com/v1", path, &[]), None, "{path}");
        }
    }

    #[test]
    fn plain_http_is_for_loopback_alone() {
        for good in ["http://127.0.0.1:8080/vendor", "http://[::1]:1", "http://localhost:3000", "https://example.com"] {
            assert!(BaseUrl::parse(good).is_ok(), "{good}");
        }
        for bad in [
            "http://example.com",
            "http://127.0.0.1.example.com",
            "http://localhost.example.com",
            "ftp://example.com",
            "https://user:hunter2@example.com",
            "https://example.com/?key=1",
            "https://example.com/#x",
            "example.com",
            "",
        ] {
            let error = BaseUrl::parse(bad).unwrap_err();
            assert_eq!(error.kind, crate::error::ErrorKind::Usage, "{bad}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
