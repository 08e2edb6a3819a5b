//! Reads the transcripts of the services' documents, for tests.
//!
//! A transcript is a request and its answer as they go over the wire. Lines that begin with `#`
//! are comments; one of them names the source. The credential is left out: the transport adds it.
//!
//! ```text
//! # Get contact by ID
//! # source: vendor docs "Contacts API"
//! GET /contact/123
//!
//! HTTP/1.1 200 OK
//! content-type: application/json
//!
//! {"data": {"id": "123"}}
//! ```

use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::http::{Answer, Body, Method, Request};

pub struct Transcript {
    pub request: Request,
    pub answer: Answer,
}

impl Transcript {
    pub fn parse(text: &str) -> Self {
        assert!(
            text.lines().any(|line| line.starts_with("# source: ")),
            "a transcript names its source in a line `# source: …`"
        );
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#')).collect();
        let split = lines.iter().position(|line| line.starts_with("HTTP/1.1 ")).expect("a transcript has an answer");
        Self { request: request(&lines[..split]), answer: answer(&lines[split..]) }
    }
}

fn request(lines: &[&str]) -> Request {
    let (method, target) = lines[0].split_once(' ').expect("METHOD PATH");
    let method = [Method::Get, Method::Post, Method::Put, Method::Patch, Method::Delete]
        .into_iter()
        .find(|known| known.name() == method)
        .expect("a known method");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (headers, body) = message(lines);
    let form = headers.iter().any(|(name, value)| name == "content-type" && value.contains("urlencoded"));
    Request {
        method,
        path: path.to_owned(),
        query: pairs(query),
        body: match body.as_str() {
            "" => Body::None,
            body if form => Body::Form(pairs(body)),
            body => Body::Json(serde_json::from_str(body).expect("a JSON body")),
        },
    }
}

fn answer(lines: &[&str]) -> Answer {
    let status = lines[0].split(' ').nth(1).and_then(|status| status.parse().ok()).expect("HTTP/1.1 STATUS");
    let (headers, body) = message(lines);
    Answer { status, headers, body: body.into_bytes(), at: Duration::from_secs(1_790_000_000) }
}

/// Headers and body of what follows the first line.
fn message(lines: &[&str]) -> (Vec<(String, String)>, String) {
    let lines = &lines[1..];
    let blank = lines.iter().position(|line| line.is_empty()).unwrap_or(lines.len());
    let headers = lines[..blank]
        .iter()
        .map(|line| line.split_once(": ").expect("NAME: VALUE"))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    (headers, lines[blank..].join("\n").trim().to_owned())
}

fn pairs(encoded: &str) -> Vec<(String, String)> {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().expect("UTF-8").into_owned();
    encoded
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (decode(name), decode(value)))
        .collect()
}
