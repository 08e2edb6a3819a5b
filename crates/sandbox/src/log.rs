use std::collections::VecDeque;
use std::time::Duration;

/// A body is logged up to this many bytes.
const LARGEST_BODY: usize = 256 * 1024;
/// All logged bodies together hold at most this many bytes.
const LARGEST_LOG: usize = 64 * 1024 * 1024;
/// Query parameters that carry a secret at one vendor or another.
const SECRETS: &[&str] =
    &["access_token", "api_access_token", "api_key", "apikey", "key", "token", "client_secret", "refresh_token"];

/// One request as it was met; kept in memory alone.
#[derive(Clone, Debug)]
pub struct LoggedRequest {
    pub service: String,
    pub method: String,
    /// Still percent-encoded, below the service's base URL.
    pub path: String,
    /// Decoded, with the values of secrets replaced.
    pub query: Vec<(String, String)>,
    /// The first 256 KiB.
    pub body: Vec<u8>,
    /// What was answered; none if the connection ended without an answer.
    pub status: Option<u16>,
    /// When it arrived, from the Unix epoch.
    pub at: Duration,
    /// Whether the emulator carried it out (it was asked, and did not refuse).
    pub applied: bool,
    /// The names of the faults used on it, joined by a comma.
    pub fault: Option<String>,
}

/// The latest requests, bounded in number and in bytes.
pub(super) struct RequestLog {
    entries: VecDeque<LoggedRequest>,
    capacity: usize,
    bytes: usize,
}

impl RequestLog {
    pub(super) fn new(capacity: usize) -> Self {
        Self { entries: VecDeque::new(), capacity, bytes: 0 }
    }

    pub(super) fn push(&mut self, mut entry: LoggedRequest) {
        if self.capacity == 0 {
            return;
        }
        entry.body.truncate(LARGEST_BODY);
        for (name, value) in &mut entry.query {
            if SECRETS.contains(&name.to_ascii_lowercase().as_str()) {
                "[secret]".clone_into(value);
            }
        }
        self.bytes += entry.body.len();
        self.entries.push_back(entry);
        while self.entries.len() > self.capacity || self.bytes > LARGEST_LOG {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.body.len();
        }
    }

    pub(super) fn entries(&self) -> Vec<LoggedRequest> {
        self.entries.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(path: &str) -> LoggedRequest {
        LoggedRequest {
            service: "engagor".into(),
            method: "GET".into(),
            path: path.into(),
            query: vec![("access_token".into(), "tell no one".into()), ("limit".into(), "50".into())],
            body: vec![0; 300 * 1024],
            status: Some(200),
            at: Duration::ZERO,
            applied: true,
            fault: None,
        }
    }

    #[test]
    fn secrets_and_what_is_too_much_stay_out() {
        let mut log = RequestLog::new(2);
        for path in ["/1", "/2", "/3"] {
            log.push(request(path));
        }
        let entries = log.entries();
        assert_eq!(entries.iter().map(|entry| entry.path.as_str()).collect::<Vec<_>>(), ["/2", "/3"]);
        assert_eq!(entries[0].query[0].1, "[secret]");
        assert_eq!(entries[0].query[1].1, "50");
        assert_eq!(entries[0].body.len(), 256 * 1024);
    }
}
