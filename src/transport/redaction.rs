use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};

use super::address::encoded_pairs;
use crate::services::{Answer, Credential};

/// A shorter secret may be a word that contacts hold as well; a longer one in an answer is an echo.
const SHORTEST: usize = 12;
const INSTEAD: &[u8] = b"[secret]";

/// The ways in which a service could repeat the secret that it was sent.
#[derive(Clone, Default)]
pub(super) struct Redaction {
    spellings: Vec<SecretString>,
}

impl Redaction {
    pub(super) fn new(credential: Credential, secret: &SecretString) -> Self {
        let text = secret.expose_secret();
        let mut spellings = vec![text.to_owned(), encoded_pairs([("", text)].into_iter()).split_off(1)];
        if credential == Credential::Basic {
            spellings.push(STANDARD.encode(text));
            spellings.extend(text.split_once(':').map(|(_, password)| password.to_owned()));
        }
        spellings.retain(|spelling| spelling.len() >= SHORTEST);
        spellings.dedup();
        Self { spellings: spellings.into_iter().map(SecretString::from).collect() }
    }

    /// Takes the secret out of what a service answered, so that no message, file or log repeats it.
    pub(super) fn redact(&self, answer: &mut Answer) {
        for spelling in &self.spellings {
            let secret = spelling.expose_secret();
            for (_, value) in &mut answer.headers {
                if value.contains(secret) {
                    *value = value.replace(secret, &String::from_utf8_lossy(INSTEAD));
                }
            }
            if let Some(body) = without(&answer.body, secret.as_bytes()) {
                answer.body = body;
            }
        }
    }
}

/// `body` with each `secret` replaced; `None` if it holds none.
fn without(body: &[u8], secret: &[u8]) -> Option<Vec<u8>> {
    let find = |from: &[u8]| from.windows(secret.len()).position(|window| window == secret);
    let mut at = find(body)?;
    let mut rest = body;
    let mut clean = Vec::with_capacity(body.len());
    loop {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(INSTEAD);
        rest = &rest[at + secret.len()..];
        match find(rest) {
            Some(next) => at = next,
            None => break,
        }
    }
    clean.extend_from_slice(rest);
    Some(clean)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacted(credential: Credential, secret: &str, body: &str) -> String {
        let mut answer = Answer { body: body.as_bytes().to_vec(), ..Answer::default() };
        answer.headers.push(("x-echo".into(), body.to_owned()));
        Redaction::new(credential, &SecretString::from(secret.to_owned())).redact(&mut answer);
        let body = String::from_utf8(answer.body).unwrap();
        assert_eq!(answer.headers[0].1, body);
        body
    }

    #[test]
    fn a_secret_is_taken_out_however_it_is_spelt() {
        let bearer = |body| redacted(Credential::Bearer, "0123456789abcdef", body);
        assert_eq!(bearer("no 0123456789abcdef, 0123456789abcdef!"), "no [secret], [secret]!");
        assert_eq!(bearer("0123456789abcde"), "0123456789abcde");
        assert_eq!(
            redacted(Credential::Query("key"), "a+b/c=0123456789", "?key=a%2Bb%2Fc%3D0123456789&x"),
            "?key=[secret]&x"
        );
        // RFC 7617, section 2.
        let basic = |body| redacted(Credential::Basic, "Aladdin:open sesame", body);
        assert_eq!(basic("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), "Basic [secret]");
    }

    #[test]
    fn a_short_secret_may_be_a_word_of_the_data_and_stays() {
        assert_eq!(redacted(Credential::Bearer, "sandbox", "sandbox"), "sandbox");
    }
}
