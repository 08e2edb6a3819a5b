use std::time::Duration;

/// The verb of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Makes, or does what has no verb of its own.
    Post,
    /// Replaces or changes, as the vendor says.
    Put,
    /// Changes what the body names.
    Patch,
    /// Deletes.
    Delete,
}

impl Method {
    /// As it is written in a request.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

/// What a request carries behind its head.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing, and no `Content-Type`.
    None,
    /// `application/json`.
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`, encoded by the transport.
    Form(Vec<(String, String)>),
}

/// One HTTP request, complete but for the base URL and the credential, which only the transport
/// knows. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The verb.
    pub method: Method,
    /// Below the account's base URL, beginning with a slash, already percent-encoded.
    pub path: String,
    /// Not yet encoded; the transport writes `+` as `%2B`.
    pub query: Vec<(String, String)>,
    /// What it carries.
    pub body: Body,
}

impl Request {
    /// A request without a query and without a body. `path` is percent-encoded already.
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: Body::None }
    }

    /// The same with one more query parameter, not yet encoded.
    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    /// The same with this body.
    #[must_use]
    pub fn json(mut self, body: serde_json::Value) -> Self {
        self.body = Body::Json(body);
        self
    }
}

/// One HTTP answer, read to its end and bounded in size by the transport.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// Whole, and never longer than the transport allows.
    pub body: Vec<u8>,
    /// When it arrived, from the Unix epoch: dates in headers are measured from it.
    pub at: Duration,
}

impl Answer {
    /// The first header of this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is. A byte-order mark before it is passed over, as RFC 8259 allows.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body)).ok()
    }

    /// Whether the body is a page for people: it begins as HTML does, whatever its headers say.
    pub fn is_page(&self) -> bool {
        let body = self.body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&self.body).trim_ascii_start();
        let begins = |with: &[u8]| body.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
        begins(b"<!doctype html") || begins(b"<html") || begins(b"<head") || begins(b"<body")
    }

    /// Where a redirect leads, for a person: no query, no user, and no part of the path that could
    /// name a contact. `None` without a `Location`.
    pub fn redirected_to(&self) -> Option<String> {
        let location = self.header("location")?.trim();
        let location = location.split(['?', '#']).next().unwrap_or_default();
        let (scheme, rest) = match location.split_once("://") {
            Some((scheme, rest)) => (format!("{scheme}://"), rest),
            None if location.starts_with("//") => ("//".to_owned(), &location[2..]),
            None => (String::new(), location),
        };
        let (host, path) =
            if scheme.is_empty() { ("", rest) } else { rest.split_at(rest.find('/').unwrap_or(rest.len())) };
        let host = host.rsplit('@').next().unwrap_or_default();
        let telling = |part: &&str| {
            part.chars().count() <= 40 && part.chars().all(|c| c.is_ascii_alphabetic() || "-_.".contains(c))
                || part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        let parts: Vec<&str> = path.split('/').collect();
        let kept = parts.iter().take_while(|part| telling(part)).count();
        let mut place = format!("{scheme}{host}{}", parts[..kept].join("/"));
        if kept < parts.len() {
            place.push_str("/…");
        }
        (!place.is_empty()).then_some(place)
    }

    /// The body as text for a person: at most 200 characters, without tags of an HTML page.
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        if text.trim_start_matches('\u{feff}').starts_with('<') {
            return "an HTML page".to_owned();
        }
        let mut excerpt: String = text.chars().take(200).collect();
        if excerpt.len() < text.len() {
            excerpt.push('…');
        }
        excerpt
    }
}

/// How long to wait before a request is sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// The service said how long.
    For(Duration),
    /// The service counts in fixed windows of this length by its own clock; the answer's `Date`
    /// header has been used to find what is left of it.
    Window(Duration),
    /// Nobody said: back off with jitter.
    Backoff,
}

/// What `Retry-After` asks for, in seconds (some services send fractions) or as an HTTP date; `None` if
/// absent or unreadable. A date is measured from the server's own `Date` where it sent one; a past date
/// is no wait.
pub fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if text.starts_with(|c: char| c.is_ascii_digit()) && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    {
        return Duration::try_from_secs_f64(text.parse().ok()?).ok();
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = answer
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(std::time::UNIX_EPOCH + answer.at);
    Some(until.duration_since(now).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Answer { status: 503, headers, body: body.to_vec(), at: Duration::from_secs(1_000_000) }
    }

    #[test]
    fn a_wait_is_read_from_whole_seconds_fractions_and_dates_by_the_servers_clock() {
        let wait = |text: &str| retry_after(&answer(&[("retry-after", text)], b""));
        assert_eq!(wait("4"), Some(Duration::from_secs(4)));
        assert_eq!(wait(" 0.25 "), Some(Duration::from_millis(250)));
        assert_eq!(wait("0"), Some(Duration::ZERO));
        for unreadable in ["", "-1", "1e9", "soon", ".", "1.2.3", "99999999999999999999999", "+4", "inf", "nan"] {
            assert_eq!(wait(unreadable), None, "{unreadable}");
        }
        // The server's clock is a year ahead of ours: only the difference between its own dates counts.
        let dates = [("retry-after", "Fri, 26 Nov 2027 10:00:07 GMT"), ("date", "Fri, 26 Nov 2027 10:00:00 GMT")];
        assert_eq!(retry_after(&answer(&dates, b"")), Some(Duration::from_secs(7)));
        let past = [("retry-after", "Fri, 26 Nov 2027 09:00:00 GMT"), ("date", "Fri, 26 Nov 2027 10:00:00 GMT")];
        assert_eq!(retry_after(&answer(&past, b"")), Some(Duration::ZERO));
    }

    #[test]
    fn remote_15c_json_behind_a_byte_order_mark_is_read() {
        assert_eq!(answer(&[], b"\xef\xbb\xbf{\"id\":1}").json(), Some(serde_json::json!({"id": 1})));
        assert_eq!(answer(&[], b"{\"id\":1}\xef\xbb\xbf").json(), None);
    }

    #[test]
    fn a_page_is_told_by_how_it_begins() {
        for page in ["<!DOCTYPE html><p>x", " \n<html lang=en>", "\u{feff}<HTML>", "<head><title>x"] {
            assert!(answer(&[], page.as_bytes()).is_page(), "{page}");
        }
        for other in ["", "{}", "<?xml version='1.0'?><error/>", "html", "<"] {
            assert!(!answer(&[], other.as_bytes()).is_page(), "{other}");
        }
    }

    #[test]
    fn the_place_of_a_redirect_shows_neither_query_nor_user_nor_contact() {
        let place = |location: &str| answer(&[("location", location)], b"").redirected_to();
        for (location, shown) in [
            ("https://new.example.org/api/v1/contacts/search?q=ann", "https://new.example.org/api/v1/contacts/search"),
            ("https://ann:pw@new.example.org:8443", "https://new.example.org:8443"),
            ("https://new.example.org/contact/phone:+60123456789/tags", "https://new.example.org/contact/…"),
            ("https://new.example.org/contact/1234567", "https://new.example.org/contact/…"),
            ("/login?next=/contacts", "/login"),
            ("//new.example.org/x", "//new.example.org/x"),
        ] {
            assert_eq!(place(location).as_deref(), Some(shown), "{location}");
        }
        assert_eq!(place("?x=1"), None);
        assert_eq!(answer(&[], b"").redirected_to(), None);
    }
}
