use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;

use crate::error::{Error, Result};

/// Before a secret that is written in base64, as the Standard Webhooks have it.
const PREFIX: &str = "whsec_";

/// The signature of an alert, as the Standard Webhooks have it: HMAC-SHA-256 over id, time and body.
///
/// # Errors
/// Of kind `Usage`: the secret says that it is in base64, and is not.
pub(super) fn signature(secret: &SecretString, id: &str, timestamp: u64, body: &str) -> Result<String> {
    let secret = secret.expose_secret();
    let key = match secret.strip_prefix(PREFIX) {
        Some(encoded) => STANDARD
            .decode(encoded)
            .map_err(|_| Error::usage(format!("the secret of the webhook is not base64 behind {PREFIX}")))?,
        None => secret.as_bytes().to_vec(),
    };
    let mut mac =
        Hmac::<Sha256>::new_from_slice(&key).map_err(|_| Error::usage("the secret of the webhook can't be a key"))?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_standard_webhooks_is_signed_as_there() {
        let secret = SecretString::from("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, "{\"test\": 2432232314}");
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
