use std::sync::Mutex;

use crate::error::{Error, Result};

/// Bytes of chance in a token, and in the cookie that it is changed for.
const CHANCE: usize = 24;

/// Who may look: whoever holds the cookie, for which the token in the printed address is changed once.
pub struct Session {
    cookie_name: String,
    cookie: String,
    token: Mutex<Option<String>>,
    first_token: String,
}

impl Session {
    /// One of the server on this port: browsers keep the cookies of all ports of a host together.
    pub fn new(port: u16) -> Result<Self> {
        let first_token = chance()?;
        Ok(Self {
            cookie_name: format!("rolo-{port}"),
            cookie: chance()?,
            token: Mutex::new(Some(first_token.clone())),
            first_token,
        })
    }

    /// The token of the printed address.
    pub fn token(&self) -> &str {
        &self.first_token
    }

    /// Takes the token, once, for the cookie, as a header sets it.
    pub fn redeem(&self, token: &str) -> Option<String> {
        let mut kept = self.token.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        kept.take_if(|kept| is_same(kept, token))?;
        Some(format!("{}={}; Path=/; HttpOnly; SameSite=Strict", self.cookie_name, self.cookie))
    }

    /// Whether a `Cookie` header holds the cookie.
    pub fn knows(&self, cookies: &str) -> bool {
        let pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
        pairs.filter(|(name, _)| *name == self.cookie_name).any(|(_, value)| is_same(&self.cookie, value))
    }
}

/// Compares in a time that tells nothing of where the texts differ.
fn is_same(kept: &str, given: &str) -> bool {
    blake3::hash(kept.as_bytes()) == blake3::hash(given.as_bytes())
}

/// A text of chance, fit for an address and a cookie.
pub fn chance() -> Result<String> {
    use base64::Engine as _;
    let mut bytes = [0; CHANCE];
    getrandom::fill(&mut bytes)
        .map_err(|cause| Error::stopped("the system gives no random numbers").caused_by(cause))?;
    Ok(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_changed_once_for_a_strict_cookie_that_no_script_sees() {
        let session = Session::new(8080).unwrap();
        assert!(session.redeem("guessed").is_none());
        let set = session.redeem(session.token()).unwrap();
        assert!(set.ends_with("; HttpOnly; SameSite=Strict") && set.starts_with("rolo-8080="), "{set}");
        assert!(session.redeem(session.token()).is_none(), "the address was used");
        let cookie = set.split(';').next().unwrap();
        assert!(session.knows(&format!("other=1; {cookie}")));
        assert!(!session.knows("rolo-8080=") && !session.knows("") && !session.knows("rolo-8081=x"));
    }
}
