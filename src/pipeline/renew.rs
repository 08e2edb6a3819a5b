use std::sync::Arc;

use futures_util::FutureExt as _;
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;

use super::connect::{AccountSpec, RefreshSecrets};
use crate::engine::Renew;
use crate::error::{Error, Result};
use crate::services::{Body, Credential, Method, RefreshSpec, Request};
use crate::transport::{HttpOptions, HttpTransport, Transport as _};

/// Gets a new access token for an account and lets `transport` use it.
///
/// The secrets travel in a query, as the vendor wants it; an error never shows them. A new refresh
/// token is used from then on, but kept nowhere: secrets are not written to disk.
pub fn renewal(account: &AccountSpec, spec: RefreshSpec, transport: &Arc<HttpTransport>) -> Result<Option<Renew>> {
    let Some(secrets) = &account.refresh else { return Ok(None) };
    let credential = Credential::Query(spec.refresh_token);
    let mut options = HttpOptions::new(spec.site.clone(), credential, secrets.refresh_token.clone());
    options.ca_file.clone_from(&account.ca_file);
    let asking = Arc::new(Asking { site: HttpTransport::new(options)?, request: request(&spec, secrets), spec });
    let transport = transport.clone();
    Ok(Some(Arc::new(move || {
        let (asking, transport) = (asking.clone(), transport.clone());
        async move {
            let token = asking.ask().await?;
            transport.set_secret(token).map_err(|error| error.message)
        }
        .boxed()
    })))
}

/// The first token of an account that has none of its own.
pub async fn first_token(account: &str, renew: Option<&Renew>) -> Result<()> {
    let Some(renew) = renew else { return Ok(()) };
    renew().await.map_err(|message| {
        Error::stopped(format!("account {account} got no access token: {message}"))
            .hint("check the account's refresh token, client id and client secret")
    })
}

struct Asking {
    site: HttpTransport,
    request: Request,
    spec: RefreshSpec,
}

impl Asking {
    async fn ask(&self) -> Result<SecretString, String> {
        let answer = self.site.send(&self.request).await.map_err(|failure| failure.message)?;
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let Some(token) = said[self.spec.answer_access_token].as_str().filter(|token| !token.is_empty()) else {
            let why = said[self.spec.answer_error].as_str().unwrap_or("no token in the answer");
            return Err(format!("{why} (HTTP {})", answer.status));
        };
        if let Some(next) = said[self.spec.answer_refresh_token].as_str().filter(|next| !next.is_empty()) {
            self.site.set_secret(SecretString::from(next)).map_err(|error| error.message)?;
        }
        Ok(SecretString::from(token))
    }
}

fn request(spec: &RefreshSpec, secrets: &RefreshSecrets) -> Request {
    let own = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let mut query: Vec<_> = spec.fixed.iter().map(|(name, value)| own(name, value)).collect();
    query.push(own(spec.client_id, secrets.client_id.expose_secret()));
    query.push(own(spec.client_secret, secrets.client_secret.expose_secret()));
    Request { method: Method::Get, path: spec.path.to_owned(), query, body: Body::None }
}
