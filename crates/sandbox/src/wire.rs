/// A request as it arrived.
#[derive(Clone, Debug, Default)]
pub struct WireRequest {
    /// In capitals.
    pub method: String,
    /// Still percent-encoded, without the query, below the service's base URL; begins with a slash.
    pub path: String,
    /// Decoded, in order.
    pub query: Vec<(String, String)>,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl WireRequest {
    /// The path between its slashes, each part decoded.
    pub(crate) fn path_parts(&self) -> Vec<String> {
        self.path.split('/').skip(1).map(decoded).collect()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        value_of(&self.headers, name)
    }

    pub fn query_value(&self, name: &str) -> Option<&str> {
        value_of(&self.query, name)
    }
}

/// A part of a path without its percent-encoding.
pub(crate) fn decoded(part: &str) -> String {
    percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned()
}

/// The first value under a name.
pub(crate) fn value_of<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
}

/// An answer about to leave.
#[derive(Clone, Debug, Default)]
pub struct WireAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl WireAnswer {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self {
            status,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        }
    }

    pub fn text(status: u16, body: &str) -> Self {
        Self { status, headers: vec![("content-type".into(), "text/plain".into())], body: body.into() }
    }
}

/// The pairs of `application/x-www-form-urlencoded` text, in which `+` is a space.
pub(crate) fn form_pairs(text: &str) -> Vec<(String, String)> {
    form_urlencoded::parse(text.as_bytes()).into_owned().collect()
}
