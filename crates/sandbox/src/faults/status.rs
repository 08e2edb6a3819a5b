use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use super::fields::parse_duration;
use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// An answer of the fault's own; nothing is carried out unless `applied:yes`.
pub struct Status {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub retry_after: Option<RetryAfter>,
    pub body: Vec<u8>,
    /// The moment that the answer takes for now, instead of the sandbox's clock.
    pub at: Option<Duration>,
}

/// The forms in which a wait is really announced.
#[derive(Clone, Debug, PartialEq)]
pub enum RetryAfter {
    Seconds(u64),
    /// Seconds with a fraction, as some servers write them though the standard has none.
    Fraction(f64),
    /// An HTTP date this far ahead.
    Date(Duration),
    /// An HTTP date a minute ago.
    Past,
    /// Neither a number nor a date.
    Garbage,
}

impl Status {
    pub fn new(status: u16) -> Self {
        let body = format!(r#"{{"status":"error","code":{status},"message":"fault {status}"}}"#);
        Self { status, headers: Vec::new(), retry_after: None, body: body.into_bytes(), at: None }
    }

    pub fn retry_after(mut self, retry_after: RetryAfter) -> Self {
        self.retry_after = Some(retry_after);
        self
    }

    /// The answer is given at this moment, from the Unix epoch: its `Date` says so, and a date in
    /// `Retry-After` is counted from it.
    pub fn at(mut self, moment: Duration) -> Self {
        self.at = Some(moment);
        self
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }
}

fn date(moment: Duration) -> String {
    httpdate::fmt_http_date(UNIX_EPOCH + moment)
}

impl RetryAfter {
    fn value(&self, now: Duration) -> String {
        match self {
            Self::Seconds(seconds) => seconds.to_string(),
            Self::Fraction(seconds) => seconds.to_string(),
            Self::Date(ahead) => date(now + *ahead),
            Self::Past => date(now.saturating_sub(Duration::from_secs(60))),
            Self::Garbage => "when pigs fly".to_owned(),
        }
    }
}

impl Behavior for Status {
    fn applies(&self) -> bool {
        false
    }

    fn deliver(&self, _answer: WireAnswer, now: Duration) -> Delivery {
        let mut headers = vec![("content-type".to_owned(), "application/json".to_owned())];
        headers.extend(self.headers.iter().cloned());
        headers.extend(self.at.map(|moment| ("date".to_owned(), date(moment))));
        let now = self.at.unwrap_or(now);
        headers.extend(self.retry_after.as_ref().map(|retry| ("retry-after".to_owned(), retry.value(now))));
        Delivery::Whole(WireAnswer { status: self.status, headers, body: self.body.clone() })
    }
}

pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let text = fields.take_value().ok_or("status needs a number, like status=503")?;
    let status = text.parse().ok().filter(|status| (200..=599).contains(status));
    let mut fault = Status::new(status.ok_or_else(|| format!("status is a number from 200 to 599, not: {text}"))?);
    fault.retry_after = fields.take("retry-after").as_deref().map(parse_retry_after).transpose()?;
    if let Some(location) = fields.take("location") {
        fault = fault.header("location", &location);
    }
    if let Some(body) = fields.take("body") {
        fault.body = body.into_bytes();
    }
    Ok(Arc::new(fault))
}

fn parse_retry_after(text: &str) -> Result<RetryAfter, String> {
    match text {
        "date" => Ok(RetryAfter::Date(Duration::from_secs(30))),
        "past" => Ok(RetryAfter::Past),
        "garbage" => Ok(RetryAfter::Garbage),
        _ => match text.parse() {
            Ok(seconds) => Ok(RetryAfter::Seconds(seconds)),
            Err(_) if text.contains('.') => text
                .parse()
                .ok()
                .filter(|seconds| (0.0..1e6).contains(seconds))
                .map(RetryAfter::Fraction)
                .ok_or_else(|| format!("retry-after is a number of seconds, not: {text}")),
            Err(_) => parse_duration(text).map(|wait| RetryAfter::Seconds(wait.as_secs())),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str, name: &str) -> Option<String> {
        let fault = parse(&mut Fields::parse(text).unwrap()).unwrap();
        assert!(!fault.applies());
        // 1994-11-06 08:49:37, the moment of the example in RFC 9110.
        let Delivery::Whole(answer) = fault.deliver(WireAnswer::default(), Duration::from_secs(784_111_777)) else {
            panic!("not whole");
        };
        answer.headers.into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    #[test]
    fn a_wait_is_announced_in_every_form() {
        assert_eq!(header("429", "retry-after"), None);
        assert_eq!(header("429,retry-after:7", "retry-after").unwrap(), "7");
        assert_eq!(header("503,retry-after:1.5", "retry-after").unwrap(), "1.5");
        assert!(parse(&mut Fields::parse("503,retry-after:1.x").unwrap()).is_err());
        assert_eq!(header("429,retry-after:10h", "retry-after").unwrap(), "36000");
        assert_eq!(header("429,retry-after:date", "retry-after").unwrap(), "Sun, 06 Nov 1994 08:50:07 GMT");
        assert_eq!(header("429,retry-after:past", "retry-after").unwrap(), "Sun, 06 Nov 1994 08:48:37 GMT");
        assert!(header("429,retry-after:garbage", "retry-after").unwrap().parse::<u64>().is_err());
    }

    #[test]
    fn an_answer_with_a_moment_of_its_own_counts_from_it() {
        let fault = Status::new(429).at(Duration::from_secs(784_111_777)).retry_after(RetryAfter::Past);
        let Delivery::Whole(answer) = fault.deliver(WireAnswer::default(), Duration::ZERO) else { panic!("not whole") };
        let header = |name| answer.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        assert_eq!(header("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(header("retry-after"), Some("Sun, 06 Nov 1994 08:48:37 GMT"));
    }

    #[test]
    fn a_redirect_says_where_to() {
        assert_eq!(header("302,location:http://127.0.0.1:9/", "location").unwrap(), "http://127.0.0.1:9/");
    }

    #[test]
    fn a_status_that_is_none_is_refused() {
        assert!(parse(&mut Fields::parse("99").unwrap()).is_err());
        assert!(parse(&mut Fields::parse("").unwrap()).is_err());
    }
}
