use std::path::Path;
use std::time::Duration;

use reqwest::{Client, ClientBuilder, Proxy, Request, Response, redirect, retry};
use secrecy::ExposeSecret as _;

use super::address::BaseUrl;
use super::{Failure, Proxies, Route, failure};
use crate::error::{Error, Result};
use crate::trust;

/// A connection that has been idle for longer is not used again: servers close idle connections after
/// five seconds and more, and a request written into that moment would be in doubt.
const IDLE: Duration = Duration::from_secs(4);

/// How long a server is waited for.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// Name look-up, TCP and TLS together.
    pub connect: Duration,
    /// Until the next byte of an answer.
    pub silence: Option<Duration>,
}

/// Speaks HTTP/1.1 with one server, by rules that hold for every server: no redirects and no retries that the caller
/// doesn't see, no proxy that it didn't name, plain HTTP for loopback addresses alone.
#[derive(Debug)]
pub struct OriginClient {
    client: Client,
    /// What messages call the server.
    host: String,
    route: Option<Route>,
}

impl OriginClient {
    /// # Errors
    /// Kind `Usage`, if the base URL, a proxy or the file of certificates can't be used.
    pub fn new(base_url: &str, ca_file: Option<&Path>, proxies: &Proxies, timeouts: Timeouts) -> Result<Self> {
        let base = BaseUrl::parse(base_url)?;
        let mut builder = plain(timeouts);
        builder = match ca_file {
            Some(file) => {
                let mut trusting = trust::client_config(Some(file))?;
                trusting.alpn_protocols = vec![b"http/1.1".to_vec()];
                builder.tls_backend_preconfigured(trusting)
            }
            // Nothing to verify, so a machine without any certificate can still rehearse.
            None if !base.encrypted => builder.tls_certs_only([]),
            None => builder,
        };
        let route = proxies.route(base_url)?;
        if let Some(route) = &route {
            let proxy = Proxy::all(route.url.expose_secret()).map_err(|_| {
                // The client's own words would repeat the address, and with it a password.
                Error::usage(format!("{route} can't be used")).hint("write it as `http://HOST:PORT`")
            })?;
            builder = builder.proxy(proxy);
        }
        Ok(Self { client: built(builder)?, host: base.host, route })
    }

    /// A client for the addresses at which clouds tell their own machines who they are: unencrypted, and never through
    /// a proxy, since they lead nowhere but to the machine's own host.
    ///
    /// # Errors
    /// Kind `Usage`, if it can't be prepared.
    pub fn of_machine(host: &str, timeouts: Timeouts) -> Result<Self> {
        Ok(Self { client: built(plain(timeouts).tls_certs_only([]))?, host: host.to_owned(), route: None })
    }

    pub fn host(&self) -> &str {
        &self.host
    }

    /// # Errors
    /// Why there is no answer.
    pub async fn execute(&self, request: Request) -> Result<Response, Failure> {
        self.client.execute(request).await.map_err(|error| self.failure(error))
    }

    /// Why the rest of an answer did not come.
    pub fn failure(&self, error: reqwest::Error) -> Failure {
        failure::of_client(&error.without_url(), &self.host, self.route.as_ref())
    }
}

fn plain(timeouts: Timeouts) -> ClientBuilder {
    let builder = Client::builder()
        .user_agent(concat!("rolo/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .retry(retry::never())
        .referer(false)
        .no_proxy()
        .http1_only()
        .pool_idle_timeout(IDLE)
        .connect_timeout(timeouts.connect);
    match timeouts.silence {
        Some(silence) => builder.read_timeout(silence),
        None => builder,
    }
}

fn built(builder: ClientBuilder) -> Result<Client> {
    builder.build().map_err(|error| {
        Error::usage("encrypted connections can't be prepared")
            .hint("are certificates installed (package ca-certificates)? if not, name a file of them with --ca-file")
            .caused_by(error.without_url())
    })
}
