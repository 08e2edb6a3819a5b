use aes_siv::siv::Aes256Siv;
use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const KEY: usize = 32;
const NONCE: usize = 24;

/// Nothing but the text itself is sealed.
const NO_HEADERS: [&[u8]; 0] = [];

/// Seals values of contacts, so that a copy of the ledger alone gives nobody away.
///
/// The key never lies in the ledger. The nonce is a keyed hash of what is sealed: equal values look equal, which the
/// hashes beside them show as well, and no nonce is used for two texts.
pub(super) struct Vault {
    cipher: XChaCha20Poly1305,
    nonces: [u8; KEY],
    /// The key that [`Self::hide`] makes its cipher with.
    hiding: [u8; 2 * KEY],
}

impl Vault {
    pub(super) fn new(key: &[u8; KEY]) -> Self {
        let sealing = blake3::derive_key("rolo ledger values 1", key);
        let nonces = blake3::derive_key("rolo ledger nonces 1", key);
        let mut hiding = [0; 2 * KEY];
        blake3::Hasher::new_derive_key("rolo ledger hidden values 1").update(key).finalize_xof().fill(&mut hiding);
        Self { cipher: XChaCha20Poly1305::new(&sealing.into()), nonces, hiding }
    }

    /// As [`Self::seal`] does, in 24 bytes less: AES-SIV (RFC 5297), whose 16 bytes before the text are nonce and
    /// proof of wholeness at once.
    pub(super) fn hide(&self, text: &[u8]) -> Vec<u8> {
        let hidden = Aes256Siv::new(&self.hiding.into()).encrypt(NO_HEADERS, text);
        hidden.expect("only more than a hundred headers can't be hidden with a text")
    }

    /// What was hidden; `None` if it was with another key or is damaged.
    pub(super) fn unhide(&self, hidden: &[u8]) -> Option<Vec<u8>> {
        Aes256Siv::new(&self.hiding.into()).decrypt(NO_HEADERS, hidden).ok()
    }

    pub(super) fn seal(&self, text: &[u8]) -> Option<Vec<u8>> {
        let hash = blake3::keyed_hash(&self.nonces, text);
        let nonce = &hash.as_bytes()[..NONCE];
        let sealed = self.cipher.encrypt(XNonce::from_slice(nonce), text).ok()?;
        Some([nonce, &sealed].concat())
    }

    /// What was sealed; `None` if it was sealed with another key or is damaged.
    pub(super) fn unseal(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_at_checked(NONCE)?;
        self.cipher.decrypt(XNonce::from_slice(nonce), sealed).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_comes_back_and_only_with_its_key() {
        let vault = Vault::new(&[1; 32]);
        let hidden = vault.hide(b"Ann, +60123456789");
        assert_eq!(hidden.len(), 17 + 16);
        assert_eq!(vault.unhide(&hidden).unwrap(), b"Ann, +60123456789");
        assert!(!hidden.windows(3).any(|bytes| bytes == b"Ann"));
        assert_ne!(vault.hide(b"Ann, +60123456788")[16..], hidden[16..], "no two texts have one key stream");
        assert_eq!(Vault::new(&[2; 32]).unhide(&hidden), None);
        for at in 0..hidden.len() {
            let mut damaged = hidden.clone();
            damaged[at] ^= 1;
            assert_eq!(vault.unhide(&damaged), None, "byte {at}");
        }
        assert_eq!(vault.unhide(&[]), None);
        assert_eq!(vault.unhide(&vault.hide(&[])), Some(Vec::new()));
    }

    #[test]
    fn what_is_sealed_comes_back_and_only_with_its_key() {
        let vault = Vault::new(&[1; 32]);
        let sealed = vault.seal(b"Ann, +60123456789").unwrap();
        assert_eq!(vault.unseal(&sealed).unwrap(), b"Ann, +60123456789");
        assert!(!sealed.windows(3).any(|bytes| bytes == b"Ann"));
        assert_eq!(Vault::new(&[2; 32]).unseal(&sealed), None);
        let mut damaged = sealed.clone();
        *damaged.last_mut().unwrap() ^= 1;
        assert_eq!(vault.unseal(&damaged), None);
        assert_eq!(vault.unseal(&[]), None);
    }
}
