//! Files on the web: read whole, once.

use std::fs::File;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_LENGTH, ETAG, HeaderValue, LOCATION};
use reqwest::{Method, Request, Response, Url};

use super::address::Address;
use super::client::StorageClient;
use super::copying::{Copied, Copying};
use super::{StorageOptions, failure};
use crate::error::{Error, Result};
use crate::transport::{Failure, FailureKind};

/// Redirects that are followed.
const REDIRECTS: usize = 5;
/// Pauses before it is tried again.
const PAUSES: [Duration; 3] = [Duration::from_millis(100), Duration::from_millis(500), Duration::from_secs(2)];

pub async fn copy(options: &StorageOptions, address: &Address, file: File) -> Result<Copied> {
    let client = StorageClient::new(options, None);
    let mut copying = Copying::new(options, file);
    let mut pauses = PAUSES.iter();
    loop {
        match once(&client, address, &mut copying).await? {
            Ok(etag) => return copying.finish(None, etag),
            Err(failure) => match pauses.next().filter(|_| failure.kind != FailureKind::Untrusted) {
                Some(pause) => tokio::time::sleep(*pause).await,
                None => {
                    return Err(Error::stopped(format!("can't read {address}: {}", failure.message))
                        .at_path(address.path())
                        .hint("give the command again when the server can be reached"));
                }
            },
        }
        copying.restart()?;
    }
}

/// Copies it, unless the connection fails: that may be tried again.
async fn once(
    client: &StorageClient,
    address: &Address,
    copying: &mut Copying,
) -> Result<std::result::Result<Option<String>, Failure>> {
    let mut answer = match found(client, address).await? {
        Ok(answer) => answer,
        Err(failure) => return Ok(Err(failure)),
    };
    failure::of_web(address, answer.status().as_u16())?;
    let header = |name| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (etag, length) = (header(ETAG), header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok()));
    let origin = client.origin(answer.url())?;
    loop {
        match answer.chunk().await {
            Ok(Some(chunk)) => copying.add(&chunk)?,
            Ok(None) if length.is_none_or(|length| length == copying.bytes) => return Ok(Ok(etag)),
            Ok(None) => {
                let message = format!("{} broke off after {} bytes", origin.host(), copying.bytes);
                return Ok(Err(Failure { kind: FailureKind::NoAnswer, message }));
            }
            Err(error) => return Ok(Err(origin.failure(error))),
        }
    }
}

/// The answer at the end of what redirects there are: each leads to where the house's rules hold as well.
async fn found(client: &StorageClient, address: &Address) -> Result<std::result::Result<Response, Failure>> {
    let mut url: Url = address.url()?;
    for _ in 0..=REDIRECTS {
        let mut request = Request::new(Method::GET, url.clone());
        request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        let answer = match client.origin(&url)?.execute(request).await {
            Ok(answer) => answer,
            Err(failure) => return Ok(Err(failure)),
        };
        if !answer.status().is_redirection() {
            return Ok(Ok(answer));
        }
        let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).and_then(|to| url.join(to).ok());
        url = to.ok_or_else(|| elsewhere(address, "nowhere"))?;
    }
    Err(elsewhere(address, "ever elsewhere"))
}

fn elsewhere(address: &Address, to: &str) -> Error {
    Error::usage(format!("{address} leads {to}"))
        .at_path(address.path())
        .hint("open it in a browser: it may be a page to log in at, and not the file")
}
