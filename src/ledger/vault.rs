use chacha20poly1305::aead::{Aead as _, KeyInit as _};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};

const KEY: usize = 32;
const NONCE: usize = 24;

/// Seals values of contacts, so that a copy of the ledger alone gives nobody away.
///
/// The key never lies in the ledger. The nonce is a keyed hash of what is sealed: equal values look equal, which the hashes beside them show as
/// well, and no nonce is used for two texts.
pub(super) struct Vault {
    cipher: XChaCha20Poly1305,
    nonces: [u8; KEY],
}

impl Vault {
    pub(super) fn new(key: &[u8; KEY]) -> Self {
        let sealing = blake3::derive_key("rolo ledger values 1", key);
        let nonces = blake3::derive_key("rolo ledger nonces 1", key);
        Self { cipher: XChaCha20Poly1305::new(&sealing.into()), nonces }
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
