//! One client connection: bytes to a request, a delivery to bytes.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{HeaderName, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::delivery::{Delivery, Payload};
use super::instance::Instance;
use super::shared::Shared;
use super::socket::Socket;
use super::wire::form_pairs;
use super::{LoggedRequest, WireAnswer, WireRequest};

/// The longest body that is read.
const LARGEST_BODY: usize = 16 * 1024 * 1024;

/// Serves one connection until either side closes it.
pub(super) async fn serve(stream: TcpStream, shared: Arc<Shared>) {
    let reset = Arc::new(AtomicBool::new(false));
    let patience = shared.patience;
    let socket = Socket::new(stream, Arc::clone(&reset), patience);
    let service = service_fn(move |request| exchange(request, Arc::clone(&shared), Arc::clone(&reset)));
    // A connection that breaks is the client's business, or a fault made on purpose.
    // The date comes from the sandbox's clock alone, never from the machine's.
    let _ = hyper::server::conn::http1::Builder::new()
        .auto_date_header(false)
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .serve_connection(TokioIo::new(socket), service)
        .await;
}

async fn exchange(
    request: Request<Incoming>,
    shared: Arc<Shared>,
    reset: Arc<AtomicBool>,
) -> io::Result<Response<Payload>> {
    let (instance, request) = match read(request, &shared).await {
        Ok(read) => read,
        Err(refusal) => return Ok(whole(refusal)),
    };
    match handle(&shared, instance, request).await {
        Delivery::Whole(answer) => Ok(whole(answer)),
        Delivery::Reset => {
            reset.store(true, Ordering::Relaxed);
            Err(io::Error::other("reset on purpose"))
        }
        Delivery::Never => match std::future::pending::<Infallible>().await {},
        Delivery::Cut { answer, bytes } => Ok(respond(answer, |body| Payload::cut(body, bytes))),
        Delivery::CutAndReset { answer, bytes } => {
            reset.store(true, Ordering::Relaxed);
            Ok(respond(answer, |body| Payload::cut(body, bytes)))
        }
        Delivery::Slow { answer, pause } => Ok(respond(answer, |body| Payload::slow(&body, pause))),
        Delivery::Endless(answer) => Ok(respond(answer, Payload::endless)),
    }
}

/// Faults, emulator, faults again, log.
async fn handle(shared: &Shared, instance: &Instance, request: WireRequest) -> Delivery {
    let at = (shared.clock)();
    let faults = shared.faults_for(&instance.name, &request);
    let delay = shared.latency + faults.iter().map(|fault| fault.delay()).sum::<Duration>();
    if !delay.is_zero() {
        tokio::time::sleep(delay).await;
    }
    let now = (shared.clock)();
    for fault in &faults {
        instance.configure(fault);
    }
    let asked = faults.iter().all(|fault| fault.applies());
    let answer = if asked {
        let arrives = || faults.iter().fold(request.clone(), |request, fault| fault.arrives(request));
        let arrived = (!faults.is_empty()).then(arrives);
        instance.answer(arrived.as_ref().unwrap_or(&request), now)
    } else {
        WireAnswer::json(200, &serde_json::json!({}))
    };
    let applied = asked && answer.status < 400;
    let mut delivery = Delivery::Whole(answer);
    for fault in &faults {
        let Delivery::Whole(answer) = delivery else { break };
        delivery = fault.deliver(dated(answer, now), now);
    }
    if let Delivery::Whole(answer) = delivery {
        delivery = Delivery::Whole(dated(answer, now));
    }
    for change in faults.iter().flat_map(|fault| fault.changes()) {
        instance.change(change, now);
    }
    let used = faults.iter().map(|fault| fault.name()).collect::<Vec<_>>().join(",");
    shared.record(LoggedRequest {
        service: instance.name.clone(),
        method: request.method,
        path: request.path,
        query: request.query,
        body: request.body,
        status: delivery.status(),
        at,
        applied,
        fault: (!used.is_empty()).then_some(used),
    });
    delivery
}

/// The answer with the date of the sandbox's clock, which is not that of the machine in every test:
/// vendors' waits are measured from it.
fn dated(mut answer: WireAnswer, now: Duration) -> WireAnswer {
    if !answer.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("date")) {
        answer.headers.push(("date".to_owned(), httpdate::fmt_http_date(std::time::UNIX_EPOCH + now)));
    }
    answer
}

/// The service a request is for, and what it asks there.
async fn read(request: Request<Incoming>, shared: &Shared) -> Result<(&Instance, WireRequest), WireAnswer> {
    let (parts, body) = request.into_parts();
    if let Some(host) = parts.headers.get(hyper::header::HOST)
        && !names_this_machine(host)
    {
        let host = String::from_utf8_lossy(host.as_bytes()).chars().take(100).collect::<String>();
        let words = format!("the sandbox answers to 127.0.0.1, [::1] and localhost alone, not to: {host}");
        return Err(WireAnswer::text(421, &words));
    }
    let path = parts.uri.path();
    let (name, below) = path.get(1..).map_or(("", ""), |rest| match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    });
    let Some(instance) = shared.instance(name) else {
        return Err(WireAnswer::text(404, &format!("no service of that name here; there are: {}", shared.names())));
    };
    let body = tokio::time::timeout(shared.patience, Limited::new(body, LARGEST_BODY).collect())
        .await
        .map_err(|_| closing(WireAnswer::text(408, "the body took too long")))?
        .map_err(|_| WireAnswer::text(413, "the body is longer than 16 MiB, or ended early"))?
        .to_bytes();
    let headers = parts.headers.iter();
    let request = WireRequest {
        method: parts.method.as_str().to_owned(),
        path: if below.is_empty() { "/".to_owned() } else { below.to_owned() },
        query: parts.uri.query().map_or_else(Vec::new, form_pairs),
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect(),
        body: body.to_vec(),
    };
    Ok((instance, request))
}

/// Whether a `Host` header, with its port or without, is a loopback name. A page in a browser can make any name of
/// its own lead here, but can't send another name than that.
fn names_this_machine(host: &HeaderValue) -> bool {
    let Ok(host) = host.to_str() else { return false };
    let (name, port) = match host.rsplit_once(':') {
        Some((name, port)) if !port.contains(']') => (name, port),
        _ => (host, ""),
    };
    let address = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    port.bytes().all(|byte| byte.is_ascii_digit())
        && (name.eq_ignore_ascii_case("localhost")
            || address.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback()))
}

/// The answer as the last of its connection.
fn closing(mut answer: WireAnswer) -> WireAnswer {
    answer.headers.push(("connection".to_owned(), "close".to_owned()));
    answer
}

fn whole(answer: WireAnswer) -> Response<Payload> {
    respond(answer, Payload::whole)
}

fn respond(answer: WireAnswer, payload: impl FnOnce(Vec<u8>) -> Payload) -> Response<Payload> {
    let mut response = Response::new(payload(answer.body));
    *response.status_mut() = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in answer.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
