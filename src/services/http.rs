use std::time::Duration;

/// The verb of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Get,
    Post,
    Put,
    Patch,
    Delete,
}

impl Method {
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

#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    None,
    Json(serde_json::Value),
    /// `application/x-www-form-urlencoded`, encoded by the transport.
    Form(Vec<(String, String)>),
}

/// One HTTP request, complete but for the base URL and the credential, which only the transport
/// knows. Nothing in it is secret.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    pub method: Method,
    /// Below the account's base URL, beginning with a slash, already percent-encoded.
    pub path: String,
    /// Not yet encoded; the transport writes `+` as `%2B`.
    pub query: Vec<(String, String)>,
    pub body: Body,
}

impl Request {
    pub fn new(method: Method, path: impl Into<String>) -> Self {
        Self { method, path: path.into(), query: Vec::new(), body: Body::None }
    }

    #[must_use]
    pub fn query(mut self, name: &str, value: impl Into<String>) -> Self {
        self.query.push((name.to_owned(), value.into()));
        self
    }

    #[must_use]
    pub fn json(mut self, body: serde_json::Value) -> Self {
        self.body = Body::Json(body);
        self
    }
}

/// One HTTP answer, read to its end and bounded in size by the transport.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// When it arrived, from the Unix epoch: dates in headers are measured from it.
    pub at: Duration,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<serde_json::Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as text for a person: at most 200 characters, without tags of an HTML page.
    pub fn excerpt(&self) -> String {
        let text = String::from_utf8_lossy(&self.body);
        let text = text.trim();
        if text.starts_with('<') {
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

/// What `Retry-After` asks for, in seconds or as an HTTP date; `None` if absent or unreadable.
/// A date is measured from the server's own `Date` where it sent one; a past date is no wait.
pub fn retry_after(answer: &Answer) -> Option<Duration> {
    let text = answer.header("retry-after")?.trim();
    if let Ok(seconds) = text.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let until = httpdate::parse_http_date(text).ok()?;
    let now = answer
        .header("date")
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or(std::time::UNIX_EPOCH + answer.at);
    Some(until.duration_since(now).unwrap_or_default())
}
