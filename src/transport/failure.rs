use std::error::Error;
use std::io;

use super::{Failure, FailureKind, Route};
use crate::trust;

/// What kept an answer from coming, out of the client's error: everything before the connection stands
/// is known not to have been applied, everything after it is not known.
///
/// Messages name the host and the innermost cause. They hold no URL, since a query can hold a key.
pub(super) fn of_client(error: &reqwest::Error, host: &str, route: Option<&Route>) -> Failure {
    let cause = innermost(error);
    if !error.is_connect() {
        return no_answer(format!("{host} broke off before the answer was whole: {cause}"));
    }
    if let Some(refusal) = tls_refusal(error) {
        return Failure { kind: FailureKind::Untrusted, message: untrusted(host, refusal) };
    }
    let host = &route.map_or_else(|| host.to_owned(), |route| format!("{host} through {route}"));
    let message = if error.is_dns()
        && let Some(route) = route
    {
        if route.looks_names_up_here() {
            format!("a name was not found, of the server or of the proxy; `socks5h://` lets the proxy look up: {host}")
        } else {
            format!("the name of the proxy was not found: {route}")
        }
    } else if error.is_dns() {
        format!("the name of the server was not found: {host}")
    } else if error.is_timeout() {
        format!("{host} did not accept the connection in time")
    } else {
        format!("{host} could not be connected to: {cause}")
    };
    Failure { kind: FailureKind::NotSent, message }
}

/// The request may have been applied.
pub(super) fn no_answer(message: String) -> Failure {
    Failure { kind: FailureKind::NoAnswer, message }
}

/// No byte left.
pub(super) fn not_sent(message: String) -> Failure {
    Failure { kind: FailureKind::NotSent, message }
}

fn untrusted(host: &str, refusal: &rustls::Error) -> String {
    match refusal {
        rustls::Error::InvalidCertificate(reason) => {
            format!("the certificate of {host} can't be trusted: {}", trust::words(reason, host))
        }
        other => format!("no secure connection to {host} is possible: {other}"),
    }
}

/// What TLS itself objected to, if it did. A connection that only broke during the handshake is none.
fn tls_refusal<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a rustls::Error> {
    chain(error).find_map(|cause| cause.downcast_ref::<rustls::Error>())
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    chain(error).last().map(ToString::to_string).unwrap_or_default()
}

/// The causes of an error, the error itself left out. An `io::Error` hides the one that it wraps from
/// `source`, so it is asked for it.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped),
            None => error.source(),
        }
    }
    std::iter::successors(below(error), |cause| below(*cause))
}
