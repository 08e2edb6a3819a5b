use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::Fields;
use crate::sandbox::WireRequest;

/// The requests a fault is used on: those that fit `service`, `method`, `path` and `at`, counted from 1;
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
    pub nth: Option<u64>,
    pub times: Option<u64>,
    pub every: Option<u64>,
    seen: Arc<AtomicU64>,
}

impl Selection {
    pub(super) fn parse(fields: &mut Fields) -> Result<Self, String> {
        Ok(Self {
            service: fields.take("service"),
            method: fields.take("method").map(|method| method.to_ascii_uppercase()),
            path: fields.take("path"),
            at: fields.take("at"),
            nth: fields.take_count("nth")?,
            times: fields.take_count("times")?,
            every: fields.take_count("every")?,
            seen: Arc::default(),
        })
    }

    pub(super) fn meets(&self, service: &str, request: &WireRequest) -> bool {
        let fits = self.service.as_deref().is_none_or(|wanted| wanted == service)
            && self.method.as_deref().is_none_or(|wanted| wanted == request.method)
            && self.path.as_deref().is_none_or(|part| request.path.contains(part))
            && self.at.as_deref().is_none_or(|wanted| wanted == request.path);
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
        (1..=12).filter(|_| selection.meets("engagor", &request)).collect::<Vec<_>>()
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
        assert!(selection.meets("engagor", &post));
        assert!(!selection.meets("engagor", &post));
        let elsewhere = Selection { service: Some("dmchamp".into()), ..Selection::default() };
        assert!(chosen(&elsewhere).is_empty());
        let path = Selection { path: Some("/tags".into()), ..Selection::default() };
        assert!(chosen(&path).is_empty());
    }
}
