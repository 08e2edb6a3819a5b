//! Who may ask, and what a browser is told it may do with the answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::layout;
use super::site::Site;

/// Nothing but what this server itself hands out: no script in a page, no frame round it, no form to elsewhere.
const CONTENT: &str = "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; \
                       form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Whether a request is answered, decided by its headers alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Admission {
    Admitted,
    /// It was sent to another name: somebody's name server leads here.
    OtherHost,
    /// Another page sent it.
    OtherSite,
    /// It came without the cookie.
    Stranger,
}

/// What decides.
struct Asked<'a> {
    method: &'a Method,
    headers: &'a HeaderMap,
    /// Nothing of anybody is in the answer.
    is_open: bool,
}

impl Asked<'_> {
    fn header(&self, name: impl header::AsHeaderName) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap_or("\u{fffd}"))
    }

    /// `own` is the host and port that were printed.
    fn admission(&self, own: &str, knows: impl Fn(&str) -> bool) -> Admission {
        if self.header(header::HOST) != Some(own) {
            return Admission::OtherHost;
        }
        let fetch_site = self.header("sec-fetch-site");
        let changes = self.method != Method::GET && self.method != Method::HEAD;
        let is_own = match self.header(header::ORIGIN) {
            // As pages that tell no referrer send their forms.
            None | Some("null") => fetch_site == Some("same-origin") || !changes && fetch_site != Some("cross-site"),
            Some(origin) => origin.strip_prefix("http://") == Some(own),
        };
        // A link or an address bar leads here from anywhere, and brings no strict cookie from elsewhere.
        let leads_here = !changes && self.header("sec-fetch-mode") == Some("navigate");
        if !is_own && !leads_here {
            return Admission::OtherSite;
        }
        if self.is_open || self.header(header::COOKIE).is_some_and(knows) {
            return Admission::Admitted;
        }
        Admission::Stranger
    }
}

/// Lets through who may ask, and says with each answer what may be done with it.
pub async fn guard(State(site): State<Arc<Site>>, request: Request, next: Next) -> Response {
    let is_open = matches!(request.uri().path(), "/page.css" | "/page.js" | "/page.svg");
    let asked = Asked { method: request.method(), headers: request.headers(), is_open };
    let admission = asked.admission(&site.own_host, |cookies| site.session.knows(cookies));
    let token = request.uri().query().and_then(|query| query.strip_prefix("token="));
    let mut response = match admission {
        Admission::Admitted if token.is_some() => axum::response::Redirect::to("/").into_response(),
        Admission::Admitted => next.run(request).await,
        Admission::Stranger if request.method() == Method::GET => {
            match token.and_then(|token| site.session.redeem(token)) {
                Some(cookie) => entrance(&cookie, &site.first),
                None => (StatusCode::FORBIDDEN, layout::stranger()).into_response(),
            }
        }
        Admission::Stranger => (StatusCode::FORBIDDEN, layout::stranger()).into_response(),
        Admission::OtherHost | Admission::OtherSite => {
            (StatusCode::FORBIDDEN, "rolo answers its own page alone\n").into_response()
        }
    };
    let headers = response.headers_mut();
    // A page that is made elsewhere has brought its own, which lets nothing be loaded at all.
    headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(HeaderValue::from_static(CONTENT));
    for (name, value) in [
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::CACHE_CONTROL, "no-store"),
        (header::HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (header::HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Sets the cookie, and leads on by a page of its own: a strict cookie doesn't come with a redirection that began
/// in another program.
fn entrance(cookie: &str, first: &str) -> Response {
    let mut response = layout::entrance(first).into_response();
    if let Ok(cookie) = HeaderValue::from_str(cookie) {
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(method: &Method, headers: &[(&'static str, &str)]) -> Admission {
        let headers: HeaderMap = headers
            .iter()
            .map(|(name, value)| (header::HeaderName::from_static(name), HeaderValue::from_str(value).unwrap()))
            .collect();
        Asked { method, headers: &headers, is_open: false }.admission("127.0.0.1:8080", |cookies| cookies == "good")
    }

    #[test]
    fn only_the_printed_address_is_answered() {
        let with = |host: &str| admission(&Method::GET, &[("host", host), ("cookie", "good")]);
        assert_eq!(with("127.0.0.1:8080"), Admission::Admitted);
        for host in ["evil.example:8080", "localhost:8080", "127.0.0.1:8081", "127.0.0.1", ""] {
            assert_eq!(with(host), Admission::OtherHost, "{host}");
        }
        assert_eq!(admission(&Method::GET, &[("cookie", "good")]), Admission::OtherHost);
    }

    #[test]
    fn what_another_page_sends_is_refused_with_the_cookie_or_without() {
        let post = |more: &[(&'static str, &str)]| {
            let headers = [&[("host", "127.0.0.1:8080"), ("cookie", "good")], more].concat();
            admission(&Method::POST, &headers)
        };
        assert_eq!(post(&[("origin", "http://127.0.0.1:8080")]), Admission::Admitted);
        assert_eq!(post(&[("origin", "null"), ("sec-fetch-site", "same-origin")]), Admission::Admitted);
        assert_eq!(post(&[("origin", "null"), ("sec-fetch-site", "same-site")]), Admission::OtherSite);
        assert_eq!(post(&[("origin", "http://127.0.0.1:9090")]), Admission::OtherSite);
        assert_eq!(post(&[("origin", "https://127.0.0.1:8080")]), Admission::OtherSite);
        assert_eq!(post(&[("origin", "null")]), Admission::OtherSite);
        assert_eq!(post(&[]), Admission::OtherSite);
    }

    #[test]
    fn another_page_reads_nothing_and_a_link_from_elsewhere_leads_here() {
        let get = |more: &[(&'static str, &str)]| {
            admission(&Method::GET, &[&[("host", "127.0.0.1:8080"), ("cookie", "good")], more].concat())
        };
        assert_eq!(get(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "cors")]), Admission::OtherSite);
        assert_eq!(get(&[("origin", "http://evil.example")]), Admission::OtherSite);
        assert_eq!(get(&[("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")]), Admission::Admitted);
    }

    #[test]
    fn without_the_cookie_nobody_is_let_in() {
        let own = [("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")];
        assert_eq!(admission(&Method::GET, &own[..1]), Admission::Stranger);
        assert_eq!(admission(&Method::POST, &own), Admission::Stranger);
        assert_eq!(admission(&Method::POST, &[own[0], own[1], ("cookie", "bad")]), Admission::Stranger);
    }
}
