use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderValue};
use reqwest::{Certificate, Client, Response, Url, redirect, retry};
use secrecy::{ExposeSecret, SecretString};

use super::address::{BaseUrl, encoded_pairs};
use super::credential::Prepared;
use super::redaction::Redaction;
use super::{Failure, Transport, failure};
use crate::clock;
use crate::error::{Error, Result};
use crate::services::{Answer, Body, Credential, Method, Request};

/// A connection that has been idle for longer is not used again: servers close idle connections after
/// five seconds and more, and a request written into that moment would be in doubt.
const IDLE: Duration = Duration::from_secs(4);

/// How requests of one account are sent.
pub struct HttpOptions {
    /// `https`, or plain `http` for loopback addresses.
    pub base_url: String,
    pub credential: Credential,
    pub secret: SecretString,
    /// Certificates (PEM) to trust beside those of the system.
    pub ca_file: Option<PathBuf>,
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
            connect_timeout: Duration::from_secs(10),
            deadline: Duration::from_secs(30),
            answer_cap: 8_000_000,
        }
    }
}

/// [`Transport`] over HTTP/1.1. One for each account; connections are shared by its calls.
pub struct HttpTransport {
    client: Client,
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
        let mut builder = Client::builder()
            .user_agent(concat!("rolo/", env!("CARGO_PKG_VERSION")))
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .no_proxy()
            .http1_only()
            .pool_idle_timeout(IDLE)
            .connect_timeout(options.connect_timeout.min(options.deadline * 9 / 10));
        builder = match &options.ca_file {
            Some(file) => builder.tls_certs_merge(certificates(file)?),
            // Nothing to verify, so a machine without any certificate can still rehearse.
            None if !base.encrypted => builder.tls_certs_only([]),
            None => builder,
        };
        let client = builder.build().map_err(|error| {
            Error::usage("encrypted connections can't be prepared")
                .hint(
                    "are certificates installed (package ca-certificates)? if not, name a file of them with --ca-file",
                )
                .caused_by(error.without_url())
        })?;
        Ok(Self {
            client,
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

    async fn exchange(&self, request: &Request) -> Result<Answer, Failure> {
        let (prepared, redaction) = self.prepared.read().unwrap_or_else(PoisonError::into_inner).clone();
        let request = self.build(request, prepared)?;
        let exchange = async {
            let response = self.client.execute(request).await.map_err(|error| self.failure(error))?;
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

    fn build(&self, request: &Request, prepared: Prepared) -> Result<reqwest::Request, Failure> {
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
        match &request.body {
            Body::None => {}
            Body::Json(json) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
                *built.body_mut() = Some(json.to_string().into());
            }
            Body::Form(pairs) => {
                headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-www-form-urlencoded"));
                let form = encoded_pairs(pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())));
                *built.body_mut() = Some(form.into());
            }
        }
        Ok(built)
    }

    async fn read(&self, mut response: Response) -> Result<Answer, Failure> {
        let mut answer = Answer { status: response.status().as_u16(), ..Answer::default() };
        for (name, value) in response.headers() {
            answer.headers.push((name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned()));
        }
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failure(error))? {
            if answer.body.len() + chunk.len() > self.answer_cap {
                return Err(failure::no_answer(format!(
                    "the answer of {} is larger than {} bytes",
                    self.base.host, self.answer_cap
                )));
            }
            answer.body.extend_from_slice(&chunk);
        }
        answer.at = clock::unix_now();
        Ok(answer)
    }

    fn failure(&self, error: reqwest::Error) -> Failure {
        failure::of_client(&error.without_url(), &self.base.host)
    }
}

impl Transport for HttpTransport {
    fn send<'a>(&'a self, request: &'a Request) -> BoxFuture<'a, Result<Answer, Failure>> {
        self.exchange(request).boxed()
    }
}

impl fmt::Debug for HttpTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpTransport").field("base", &self.base).field("secret", &"[redacted]").finish_non_exhaustive()
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

fn certificates(file: &Path) -> Result<Vec<Certificate>> {
    let pem = fs::read(file).map_err(|error| {
        Error::usage(format!("the certificate file can't be read: {}", file.display())).caused_by(error)
    })?;
    match Certificate::from_pem_bundle(&pem) {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(Error::usage(format!("the certificate file holds no certificate: {}", file.display()))
            .hint("it must be in PEM form, with the line `-----BEGIN CERTIFICATE-----`")),
    }
}
