use std::collections::HashMap;
use std::error::Error as StdError;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt as _, Full, Limited};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpResponseBody, HttpService,
};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Body, Method, Url};

use super::StorageOptions;
use crate::error::Result;
use crate::transport::{Failure, FailureKind, OriginClient, Proxies, Timeouts};

/// Where clouds tell their own machines who they are.
const MACHINES: [&str; 6] = [
    "169.254.169.254",
    "169.254.170.2",
    "169.254.170.23",
    "[fd00:ec2::23]",
    "[fd00:ec2::254]",
    "metadata.google.internal",
];

/// A storage that says nothing for so long has broken off.
const TIMEOUTS: Timeouts = Timeouts { connect: Duration::from_secs(10), silence: Some(Duration::from_secs(30)) };
/// What is not there at once is not there.
const TIMEOUTS_OF_MACHINES: Timeouts =
    Timeouts { connect: Duration::from_secs(1), silence: Some(Duration::from_secs(5)) };

/// Bytes of a refusal that are read for its code.
const REFUSAL: usize = 64 << 10;

/// The client of one operation on storage: each of its requests goes by the house's rules, and what went wrong last is
/// kept for the words.
#[derive(Clone, Debug)]
pub struct StorageClient(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ca_file: Option<PathBuf>,
    proxies: Proxies,
    /// The host at which this machine is told who it is, where that is not a usual one.
    machine: Option<String>,
    origins: Mutex<HashMap<String, Arc<OriginClient>>>,
    trouble: Mutex<Option<Trouble>>,
    /// What makes the last step of an upload in parts conditional, which the library doesn't.
    condition: Option<(HeaderName, HeaderValue)>,
}

/// What went wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub host: String,
    pub status: Option<u16>,
    /// The code that the storage itself gave: `NoSuchBucket`.
    pub code: Option<String>,
    /// Why there was no answer, in words.
    pub failure: Option<String>,
    /// It was one of those addresses by which a cloud tells its machines who they are.
    pub of_machine: bool,
}

impl StorageClient {
    pub fn new(options: &StorageOptions, condition: Option<(HeaderName, HeaderValue)>) -> Self {
        let told = options.variables.get("AWS_METADATA_ENDPOINT").and_then(|url| Url::parse(url).ok());
        Self(Arc::new(Inner {
            ca_file: options.ca_file.clone(),
            proxies: options.proxies.clone(),
            machine: told.map(|url| url.authority().to_owned()),
            origins: Mutex::default(),
            trouble: Mutex::default(),
            condition,
        }))
    }

    fn is_of_machine(&self, host: &str) -> bool {
        MACHINES.contains(&host) || self.0.machine.as_deref() == Some(host)
    }

    /// What went wrong last.
    pub fn trouble(&self) -> Option<Trouble> {
        self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The client for a server, made once.
    pub fn origin(&self, url: &Url) -> Result<Arc<OriginClient>> {
        let base = url.origin().ascii_serialization();
        let mut origins = self.0.origins.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = origins.get(&base) {
            return Ok(known.clone());
        }
        let made = match url.host_str().filter(|host| MACHINES.contains(host)) {
            Some(host) => OriginClient::of_machine(host, TIMEOUTS_OF_MACHINES)?,
            None => OriginClient::new(&base, self.0.ca_file.as_deref(), &self.0.proxies, TIMEOUTS)?,
        };
        Ok(origins.entry(base).or_insert(Arc::new(made)).clone())
    }

    fn note(&self, trouble: Trouble) {
        *self.0.trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(trouble);
    }

    fn failed(&self, host: &str, failure: Failure) -> HttpError {
        let of_machine = self.is_of_machine(host);
        let kind = match failure.kind {
            // Asked again and again, a machine of no cloud would only be slow to say so.
            FailureKind::NotSent if !of_machine => HttpErrorKind::Connect,
            FailureKind::NotSent | FailureKind::Untrusted | FailureKind::HeldBack => HttpErrorKind::Unknown,
            FailureKind::NoAnswer => HttpErrorKind::Interrupted,
        };
        let words = failure.message;
        let (status, code) = (None, None);
        self.note(Trouble { host: host.to_owned(), status, code, failure: Some(words.clone()), of_machine });
        HttpError::new_boxed(kind, words.into())
    }

    fn refused(&self, words: String) -> HttpError {
        let (host, status, code) = (String::new(), None, None);
        self.note(Trouble { host, status, code, failure: Some(words.clone()), of_machine: false });
        HttpError::new_boxed(HttpErrorKind::Unknown, words.into())
    }
}

#[async_trait]
impl HttpService for StorageClient {
    async fn call(&self, request: HttpRequest) -> std::result::Result<HttpResponse, HttpError> {
        let (parts, body) = request.into_parts();
        let url: Url = parts.uri.to_string().parse().map_err(|_| self.refused("an address can't be sent".into()))?;
        let origin = self.origin(&url).map_err(|error| self.refused(error.message))?;
        let completes = parts.method == Method::POST && url.query_pairs().any(|(name, _)| name == "uploadId");
        let mut sent = reqwest::Request::new(parts.method, url);
        *sent.headers_mut() = parts.headers;
        if let Some((name, value)) = self.0.condition.as_ref().filter(|_| completes) {
            sent.headers_mut().insert(name, value.clone());
        }
        *sent.body_mut() = Some(body.as_bytes().map_or_else(|| Body::wrap(body.clone()), |bytes| bytes.clone().into()));
        let answered = origin.execute(sent).await.map_err(|failure| self.failed(origin.host(), failure))?;
        let status = answered.status();
        let answered: http::Response<Body> = answered.into();
        let (parts, body) = answered.into_parts();
        if status.is_client_error() || status.is_server_error() {
            let body = Limited::new(body, REFUSAL).collect().await.map(http_body_util::Collected::to_bytes);
            let body = body.unwrap_or_default();
            self.note(Trouble {
                host: origin.host().to_owned(),
                status: Some(status.as_u16()),
                code: code_in(&String::from_utf8_lossy(&body)),
                failure: None,
                of_machine: self.is_of_machine(origin.host()),
            });
            let body = Full::new(body).map_err(|never| match never {});
            return Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)));
        }
        let client = self.clone();
        let body = body.map_err(move |error| client.failed(origin.host(), origin.failure(error)));
        Ok(HttpResponse::from_parts(parts, HttpResponseBody::new(body)))
    }
}

impl HttpConnector for StorageClient {
    fn connect(&self, _options: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

/// The code of a refusal: a word, and nothing else of what may repeat parts of a credential.
fn code_in(refusal: &str) -> Option<String> {
    let code = refusal.split_once("<Code>")?.1.split_once("</Code>")?.0;
    let is_word = !code.is_empty() && code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then(|| code.to_owned())
}

/// The innermost words of an error of the library that no request was the reason of.
pub fn innermost(error: &object_store::Error) -> String {
    let mut cause: &dyn StdError = error;
    while let Some(below) = cause.source() {
        cause = below;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_refusal_only_the_code_is_kept() {
        let refusal = "<Error><Code>SignatureDoesNotMatch</Code><AWSAccessKeyId>AKIA</AWSAccessKeyId></Error>";
        assert_eq!(code_in(refusal).as_deref(), Some("SignatureDoesNotMatch"));
        for other in ["", "<html>no</html>", "<Code></Code>", "<Code>a b</Code>", "<Code>AKIA"] {
            assert_eq!(code_in(other), None, "{other}");
        }
    }
}
