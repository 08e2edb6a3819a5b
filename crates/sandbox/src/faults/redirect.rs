use std::sync::Arc;
use std::time::Duration;

use super::{Behavior, Delivery, Fields};
use crate::WireAnswer;

/// Nothing is carried out: the service has moved to another host for good.
pub struct Redirect {
    pub location: String,
}

/// A name that leads nowhere, by RFC 2606.
const ELSEWHERE: &str = "https://moved.invalid/";

impl Behavior for Redirect {
    fn applies(&self) -> bool {
        false
    }

    fn deliver(&self, _answer: WireAnswer, _now: Duration) -> Delivery {
        let page = format!("<html><body>Moved to <a href=\"{0}\">{0}</a>.</body></html>", self.location);
        let headers =
            vec![("location".to_owned(), self.location.clone()), ("content-type".to_owned(), "text/html".to_owned())];
        Delivery::Whole(WireAnswer { status: 301, headers, body: page.into_bytes() })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    let location = fields.take("location").unwrap_or_else(|| ELSEWHERE.to_owned());
    Ok(Arc::new(Redirect { location }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_place_is_named_and_nothing_is_done() {
        let fault = parse(&mut Fields::parse("location:http://127.0.0.1:9/x").unwrap()).unwrap();
        assert!(!fault.applies());
        let Delivery::Whole(answer) = fault.deliver(WireAnswer::default(), Duration::ZERO) else {
            panic!("not whole");
        };
        assert_eq!(answer.status, 301);
        assert_eq!(answer.headers[0], ("location".to_owned(), "http://127.0.0.1:9/x".to_owned()));
    }
}
