use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Fields;
use crate::WireRequest;

/// The requests a fault is used on: those that fit `service`, `method`, `path`, `at`, `query` and `body`, counted from 1;
/// of these the `nth` (once, unless told otherwise), or each `every`th, at most `times` of them.
/// Copies count together.
#[derive(Clone, Debug, Default)]
pub struct Selection {
    pub service: Option<String>,
    /// In capitals.
    pub method: Option<String>,
    /// Text that the path below the service's base URL has in it.
    pub path: Option<String>,
    /// The whole path below the service's base URL.
    pub at: Option<String>,
    /// The name of a query parameter that is there, or names with `|` between of which one is.
    pub query: Option<String>,
    /// Text that the body has in it.
    pub body: Option<String>,
    pub nth: Option<u64>,
    pub times: Option<u64>,
    pub every: Option<u64>,
    pub(super) seen: Arc<AtomicU64>,
}

impl Selection {
    pub(super) fn parse(fields: &mut Fields) -> Result<Self, String> {
        Ok(Self {
            service: fields.take("service"),
            method: fields.take("method").map(|method| method.to_ascii_uppercase()),
            path: fields.take("path"),
            at: fields.take("at"),
            query: fields.take("query"),
            body: fields.take("body-has"),
            nth: fields.take_count("nth")?,
            times: fields.take_count("times")?,
            every: fields.take_count("every")?,
            seen: Arc::default(),
        })
    }

    /// What this leaves open, as the other says.
    pub(super) fn or(self, other: Self) -> Self {
        let counted = self.nth.is_some() || self.times.is_some() || self.every.is_some();
        Self {
            service: self.service.or(other.service),
            method: self.method.or(other.method),
            path: self.path.or(other.path),
            at: self.at.or(other.at),
            query: self.query.or(other.query),
            body: self.body.or(other.body),
            nth: self.nth,
            times: if counted { self.times } else { other.times },
            every: self.every,
            seen: self.seen,
        }
    }

    pub(super) fn applies_to(&self, service: &str, request: &WireRequest) -> bool {
        let fits = self.service.as_deref().is_none_or(|wanted| wanted == service)
            && self.method.as_deref().is_none_or(|wanted| wanted == request.method)
            && self.path.as_deref().is_none_or(|part| request.path.contains(part))
            && self.at.as_deref().is_none_or(|wanted| wanted == request.path)
            && self
                .query
                .as_deref()
                .is_none_or(|names| names.split('|').any(|name| request.query_value(name).is_some()))
            && self.body.as_deref().is_none_or(|part| String::from_utf8_lossy(&request.body).contains(part));
        if !fits {
            return false;
        }
        let number = self.seen.fetch_add(1, Ordering::Relaxed) + 1;
        let every = self.every.unwrap_or(1).max(1);
        let first = self.nth.unwrap_or(every);
        let Some(beyond) = number.checked_sub(first) else { return false };
        let once = if self.nth.is_some() && self.every.is_none() { 1 } else { u64::MAX };
        beyond % every == 0 && beyond / every < self.times.unwrap_or(once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(selection: &Selection) -> Vec<u64> {
        let request = WireRequest { method: "GET".into(), path: "/contact/7".into(), ..WireRequest::default() };
        (1..=12).filter(|_| selection.applies_to("engagor", &request)).collect::<Vec<_>>()
    }

    #[test]
    fn requests_are_counted_from_one() {
        let nth = Selection { nth: Some(3), ..Selection::default() };
        assert_eq!(chosen(&nth), [3]);
        let from_third_twice = Selection { nth: Some(3), times: Some(2), ..Selection::default() };
        assert_eq!(chosen(&from_third_twice), [3, 4]);
        let every_fifth = Selection { every: Some(5), ..Selection::default() };
        assert_eq!(chosen(&every_fifth), [5, 10]);
        let first_two = Selection { times: Some(2), ..Selection::default() };
        assert_eq!(chosen(&first_two), [1, 2]);
        assert_eq!(chosen(&Selection::default()).len(), 12);
    }

    #[test]
    fn what_does_not_fit_is_not_counted() {
        let selection = Selection { method: Some("POST".into()), nth: Some(1), ..Selection::default() };
        assert!(chosen(&selection).is_empty());
        let post = WireRequest { method: "POST".into(), path: "/contact/".into(), ..WireRequest::default() };
        assert!(selection.applies_to("engagor", &post));
        assert!(!selection.applies_to("engagor", &post));
        let elsewhere = Selection { service: Some("dmchamp".into()), ..Selection::default() };
        assert!(chosen(&elsewhere).is_empty());
        let path = Selection { path: Some("/tags".into()), ..Selection::default() };
        assert!(chosen(&path).is_empty());
    }
}
