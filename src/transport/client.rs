use std::fmt;
use std::io::Read;
use std::path::PathBuf;
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Response, Url};
use secrecy::{ExposeSecret, SecretString};

use super::address::{BaseUrl, encoded_pairs};
use super::credential::Prepared;
use super::gated_body::Gate;
use super::origin::{OriginClient, Timeouts};
use super::redaction::Redaction;
use super::{Failure, MayLeave, Proxies, Transport, failure};
use crate::clock;
use crate::error::Result;
use crate::services::{Answer, Body, Credential, Method, Request};

/// How requests of one account are sent.
pub struct HttpOptions {
    /// `https`, or plain `http` for loopback addresses.
    pub base_url: String,
    pub credential: Credential,
    pub secret: SecretString,
    /// Certificates (PEM) to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
    /// Of which the one that fits the base URL is used.
    pub proxies: Proxies,
    /// Name look-up, TCP and TLS together; never more than nine tenths of `deadline`.
    pub connect_timeout: Duration,
    /// From the first byte to the last, connecting included.
    pub deadline: Duration,
    /// Largest body of an answer, in bytes.
    pub answer_cap: usize,
}

impl HttpOptions {
    /// 10 s to connect, 30 s in all, answers of at most 8 MB.
    pub fn new(base_url: impl Into<String>, credential: Credential, secret: SecretString) -> Self {
        Self {
            base_url: base_url.into(),
            credential,
            secret,
            ca_file: None,
            proxies: Proxies::default(),
            connect_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            answer_cap: 8_000_000,
        }
    }
}

/// [`Transport`] over HTTP/1.1. One for each account; connections are shared by its calls.
pub struct HttpTransport {
    origin: OriginClient,
    base: BaseUrl,
    credential: Credential,
    prepared: RwLock<(Prepared, Redaction)>,
    deadline: Duration,
    answer_cap: usize,
}

impl HttpTransport {
    /// A base URL, secret or certificate file that can't be used is an error of kind `Usage`.
    pub fn new(options: HttpOptions) -> Result<Self> {
        let base = BaseUrl::parse(&options.base_url)?;
        let redaction = Redaction::new(options.credential, &options.secret);
        let prepared = (Prepared::new(options.credential, options.secret)?, redaction);
        let timeouts = Timeouts { connect: options.connect_timeout.min(options.deadline * 9 / 10), silence: None };
        let origin = OriginClient::new(&options.base_url, options.ca_file.as_deref(), &options.proxies, timeouts)?;
        Ok(Self {
            origin,
            base,
            credential: options.credential,
            prepared: RwLock::new(prepared),
            deadline: options.deadline,
            answer_cap: options.answer_cap,
        })
    }

    /// Requests that are sent from now on carry this secret.
    pub fn set_secret(&self, secret: SecretString) -> Result<()> {
        let redaction = Redaction::new(self.credential, &secret);
        let prepared = (Prepared::new(self.credential, secret)?, redaction);
        *self.prepared.write().unwrap_or_else(PoisonError::into_inner) = prepared;
        Ok(())
    }

    async fn exchange(&self, request: &Request, gate: Option<&Gate>) -> Result<Answer, Failure> {
        let (prepared, redaction) = self.prepared.read().unwrap_or_else(PoisonError::into_inner).clone();
        let request = self.build(request, prepared, gate)?;
        // A request without a body has no later moment at which to ask.
        if request.body().is_none() && gate.is_some_and(|gate| !gate.opens()) {
            return Err(Failure::held_back());
        }
        let held_back = |failure| match gate {
            Some(gate) if gate.has_refused() => Failure::held_back(),
            _ => failure,
        };
        let exchange = async {
            let response = self.origin.execute(request).await.map_err(held_back)?;
            let mut answer = self.read(response).await?;
            redaction.redact(&mut answer);
            Ok(answer)
        };
        match tokio::time::timeout(self.deadline, exchange).await {
            Ok(result) => result,
            Err(_) => Err(failure::no_answer(format!(
                "{} gave no whole answer within {} s",
                self.base.host,
                self.deadline.as_secs_f32()
            ))),
        }
    }

    fn build(&self, request: &Request, prepared: Prepared, gate: Option<&Gate>) -> Result<reqwest::Request, Failure> {
        let secret = match &prepared {
            Prepared::Query(name, secret) => Some((*name, secret.expose_secret())),
            Prepared::Header(..) => None,
        };
        let query = request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(secret);
        let url: Url = self.base.join(&request.path, query).ok_or_else(|| {
            failure::not_sent(format!("a request to {} has a path that can't be sent as it is", self.base.host))
        })?;
        let mut built = reqwest::Request::new(method(request.method), url);
        let headers = built.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        if let Prepared::Header(name, value) = prepared {
            headers.insert(name, value);
        }
        let text = match &request.body {
            Body::None => return Ok(built),
            Body::Json(json) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                json.to_string()
            }
            Body::Form(pairs) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                encoded_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())))
            }
        };
        *built.body_mut() = Some(match gate {
            // An empty one is never asked for.
            Some(gate) if !text.is_empty() => reqwest::Body::wrap(gate.body(text.into_bytes())),
            _ => text.into(),
        });
        Ok(built)
    }

    async fn read(&self, mut response: Response) -> Result<Answer, Failure> {
        let mut answer = Answer { status: response.status().as_u16(), ..Answer::default() };
        for (name, value) in response.headers() {
            answer.headers.push((name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        }
        while let Some(chunk) = response.chunk().await.map_err(|error| self.origin.failure(error))? {
            if answer.body.len() + chunk.len() > self.answer_cap {
                return Err(failure::no_answer(format!(
                    "the answer of {} is larger than {} bytes",
                    self.base.host, self.answer_cap
                )));
            }
            answer.body.extend_from_slice(&chunk);
        }
        answer.at = clock::unix_now();
        match unpacked(&answer, self.answer_cap) {
            Unpacked::As(body) => answer.body = body,
            Unpacked::AsItCame => {}
            Unpacked::TooLarge => {
                return Err(failure::no_answer(format!(
                    "the answer of {} unpacks to more than {} bytes",
                    self.base.host, self.answer_cap
                )));
            }
        }
        Ok(answer)
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Answer, Failure>> {
        self.exchange(request, None).boxed()
    }

    fn send_while<'a>(&'a self, request: &'a Request, may_leave: &MayLeave) -> BoxFuture<'a, Result<Answer, Failure>> {
        let gate = Gate::new(may_leave);
        async move { self.exchange(request, Some(&gate)).await }.boxed()
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("base", &self.base).field("secret", &"[redacted]").finish_non_exhaustive()
    }
}

enum Unpacked {
    As(Vec<u8>),
    /// It isn't compressed, whatever its header says.
    AsItCame,
    TooLarge,
}

/// The body of an answer that a proxy or server compressed, though nobody asked for that.
fn unpacked(answer: &Answer, cap: usize) -> Unpacked {
    let body = answer.body.as_slice();
    let encoding = answer.header("content-encoding").unwrap_or_default().trim().to_ascii_lowercase();
    let mut reader: Box<dyn Read + '_> = match encoding.as_str() {
        "gzip" | "x-gzip" => Box::new(MultiGzDecoder::new(body)),
        // RFC 9110 means the zlib form, and some servers send the bare one.
        "deflate" if body.first().is_some_and(|first| first & 0x0f == 8) => Box::new(ZlibDecoder::new(body)),
        "deflate" => Box::new(DeflateDecoder::new(body)),
        _ => return Unpacked::AsItCame,
    };
    let mut plain = Vec::new();
    match reader.by_ref().take(cap as u64 + 1).read_to_end(&mut plain) {
        Ok(_) if plain.len() > cap => Unpacked::TooLarge,
        Ok(_) => Unpacked::As(plain),
        Err(_) => Unpacked::AsItCame,
    }
}

fn method(method: Method) -> reqwest::Method {
    match method {
        Method::Get => reqwest::Method::GET,
        Method::Post => reqwest::Method::POST,
        Method::Put => reqwest::Method::PUT,
        Method::Patch => reqwest::Method::PATCH,
        Method::Delete => reqwest::Method::DELETE,
    }
}
