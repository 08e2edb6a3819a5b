use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// A page for people with status 200, as a proxy or a sign-in wall gives.
pub struct Html;

const PAGE: &str = "<!doctype html><html><head><title>Just a moment</title></head><body>Checking.</body></html>";

impl Behavior for Html {
    fn deliver(&self, _answer: WireAnswer, _now: Duration) -> Delivery {
        let headers = vec![("content-type".to_owned(), "text/html; charset=utf-8".to_owned())];
        Delivery::Whole(WireAnswer { status: 200, headers, body: PAGE.into() })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(Html))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_comes_with_status_200() {
        let Delivery::Whole(answer) = Html.deliver(WireAnswer::text(404, "{}"), Duration::ZERO) else {
            panic!("not whole");
        };
        assert_eq!((answer.status, answer.body.first()), (200, Some(&b'<')));
    }
}
