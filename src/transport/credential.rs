use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};
use crate::services::Credential;

/// A secret made ready for the place in a request where it goes. Has no `Debug`.
#[derive(Clone)]
pub(super) enum Prepared {
    /// The value is marked sensitive, so that no log of a header shows it.
    Header(HeaderName, HeaderValue),
    Query(&'static str, SecretString),
}

impl Prepared {
    /// An empty secret, one that a header can't hold, or a Basic one without a colon is an error of
    /// kind `Usage`, which does not show it.
    pub(super) fn new(credential: Credential, secret: SecretString) -> Result<Self> {
        let text = secret.expose_secret();
        if text.is_empty() {
            return Err(Error::usage("the secret of the account is empty")
                .hint("check where `token` in the configuration gets it from"));
        }
        match credential {
            Credential::Bearer => Ok(Self::Header(AUTHORIZATION, header_value(&format!("Bearer {text}"))?)),
            Credential::Basic if !text.contains(':') => Err(Error::usage("the secret of the account has no colon")
                .hint("this service wants user and password in one secret, written `user:password`")),
            Credential::Basic => {
                Ok(Self::Header(AUTHORIZATION, header_value(&format!("Basic {}", STANDARD.encode(text)))?))
            }
            Credential::Header(name) => {
                let name = HeaderName::from_bytes(name.as_bytes())
                    .map_err(|_| Error::bug(format!("a service names an impossible header: {name}")))?;
                Ok(Self::Header(name, header_value(text)?))
            }
            Credential::Query(name) => Ok(Self::Query(name, secret)),
        }
    }
}

fn header_value(text: &str) -> Result<HeaderValue> {
    let mut value = HeaderValue::from_str(text).map_err(|_| {
        Error::usage("the secret of the account can't be sent in a header")
            .hint("it holds a line break or another control character; is it the whole secret and nothing else?")
    })?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(credential: Credential, secret: &str) -> Option<(String, String)> {
        match Prepared::new(credential, secret.to_owned().into()).ok()? {
            Prepared::Header(name, value) => {
                assert!(value.is_sensitive());
                Some((name.to_string(), value.to_str().unwrap().to_owned()))
            }
            Prepared::Query(..) => None,
        }
    }

    #[test]
    fn each_credential_goes_where_its_service_wants_it() {
        let pair = |name: &str, value: &str| Some((name.to_owned(), value.to_owned()));
        assert_eq!(header(Credential::Bearer, "abc"), pair("authorization", "Bearer abc"));
        // RFC 7617, section 2.
        assert_eq!(
            header(Credential::Basic, "Aladdin:open sesame"),
            pair("authorization", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==")
        );
        assert_eq!(header(Credential::Header("api_access_token"), "abc"), pair("api_access_token", "abc"));
    }

    #[test]
    fn an_impossible_secret_is_refused_without_being_shown() {
        for (credential, secret) in
            [(Credential::Bearer, ""), (Credential::Bearer, "canary\nx"), (Credential::Basic, "canary")]
        {
            let error = Prepared::new(credential, secret.to_owned().into()).err().unwrap();
            assert_eq!(error.kind, crate::error::ErrorKind::Usage);
            assert!(!format!("{error:?}").contains("canary"));
        }
    }
}
