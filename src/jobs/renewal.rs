use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::account_spec::{AccountSpec, RefreshSecrets};
use crate::error::Result;
use crate::services::{Answer, Credential, Method, RefreshSpec, Request};
use crate::transport::{FailureKind, HttpOptions, HttpTransport, Transport as _};
use crate::upload::{Renew, Renewed};

/// Tries of one renewal that may end without an answer.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(1);

/// Gets new access tokens for one account. Its requests hold secrets in their URL, so nothing of
/// them is ever shown: neither the request nor what a refusal quotes of it.
pub struct Renewal {
    spec: RefreshSpec,
    client_id: SecretString,
    client_secret: SecretString,
    /// Puts the refresh token into the query.
    asking: HttpTransport,
    refresh_token: Mutex<SecretString>,
    /// What sends the account's calls, and gets the new token.
    transport: Arc<HttpTransport>,
}

impl Renewal {
    pub fn new(
        spec: RefreshSpec,
        secrets: RefreshSecrets,
        account: &AccountSpec,
        transport: Arc<HttpTransport>,
    ) -> Result<Self> {
        let place = Credential::Query(spec.refresh_token);
        let mut options = HttpOptions::new(spec.site.clone(), place, secrets.refresh_token.clone());
        options.ca_file.clone_from(&account.ca_file);
        options.proxies.clone_from(&account.proxies);
        Ok(Self {
            asking: HttpTransport::new(options)?,
            spec,
            client_id: secrets.client_id,
            client_secret: secrets.client_secret,
            refresh_token: Mutex::new(secrets.refresh_token),
            transport,
        })
    }

    /// Gets a new access token, which every call that leaves from now on carries, and a new refresh token
    /// where the service gives one.
    pub async fn renew(&self) -> Result<Renewed, String> {
        let mut request = Request::new(Method::Get, self.spec.path);
        for (name, value) in self.spec.fixed {
            request = request.query(name, *value);
        }
        request = request
            .query(self.spec.client_id, self.client_id.expose_secret())
            .query(self.spec.client_secret, self.client_secret.expose_secret());
        let answer = self.ask(&request).await?;
        let body = answer.json().unwrap_or_default();
        let text = |key: &str| body.get(key).and_then(serde_json::Value::as_str).filter(|text| !text.is_empty());
        let Some(token) = text(self.spec.answer_access_token) else {
            // Only a word of its own kind is repeated: a page could quote the URL.
            let word = text(self.spec.answer_error).filter(|word| is_plain(word)).unwrap_or("no token in the answer");
            return Err(format!("{word} (status {})", answer.status));
        };
        self.transport.set_secret(token.to_owned().into()).map_err(|error| error.message)?;
        text(self.spec.answer_refresh_token).map_or(Ok(Renewed::AccessToken), |token| self.keep(token))
    }

    fn keep(&self, token: &str) -> Result<Renewed, String> {
        let mut present = self.refresh_token.lock().unwrap_or_else(PoisonError::into_inner);
        if present.expose_secret() == token {
            return Ok(Renewed::AccessToken);
        }
        *present = token.to_owned().into();
        self.asking.set_secret(present.clone()).map_err(|error| error.message)?;
        Ok(Renewed::RefreshTokenToo)
    }

    async fn ask(&self, request: &Request) -> Result<Answer, String> {
        let mut failed = String::new();
        for try_ in 0..TRIES {
            tokio::time::sleep(PAUSE * try_).await;
            match self.asking.send(request).await {
                Ok(answer) if answer.status == 429 || answer.status >= 500 => {
                    failed = format!("the service had an error (status {})", answer.status);
                }
                Ok(answer) => return Ok(answer),
                Err(failure) if failure.kind == FailureKind::Untrusted => return Err(failure.message),
                Err(failure) => failed = failure.message,
            }
        }
        Err(failed)
    }

    /// As the upload asks for it.
    pub fn into_renew(self) -> Renew {
        let renewal = Arc::new(self);
        Arc::new(move || {
            let renewal = renewal.clone();
            Box::pin(async move { renewal.renew().await })
        })
    }
}

fn is_plain(word: &str) -> bool {
    word.len() <= 64 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}
