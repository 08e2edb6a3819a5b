use std::fmt;

use crate::contact::Identifier;

/// A keyed hash of an identifier or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; 16]);

impl Key {
    /// In 32 hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The key that [`Self::hex`] wrote.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let number = u128::from_str_radix(hex, 16).ok().filter(|_| hex.len() == 32)?;
        Some(Self(number.to_be_bytes()))
    }
}

/// Makes the keys of one ledger. Cheap to clone; usable while the ledger is busy elsewhere.
#[derive(Clone)]
pub struct Hasher {
    secret: [u8; 32],
}

impl Hasher {
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The keyed hash of `text`: half of a BLAKE3 output, so that two of a billion texts meet with a
    /// chance below 2⁻⁶⁸. Equal texts of different `what` have unrelated keys.
    pub fn key(&self, what: &str, text: &str) -> Key {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(&(what.len() as u64).to_le_bytes());
        hasher.update(what.as_bytes());
        hasher.update(text.as_bytes());
        let mut key = [0; 16];
        hasher.finalize_xof().fill(&mut key);
        Key(key)
    }

    /// The key of an identifier: the same for all ways of writing it that mean the same.
    pub fn identifier(&self, identifier: &Identifier) -> Key {
        self.key(identifier.kind.name(), &identifier.comparable())
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_as_it_was_written() {
        let first = Key([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 254, 255]);
        assert_eq!(first.hex(), "000102030405060708090a0b0c0dfeff");
        assert_eq!(Key::from_hex(&first.hex()), Some(first));
        assert_eq!(Key::from_hex("00"), None);
        assert_eq!(Key::from_hex("not hexadecimal, but just as long"), None);
    }

    #[test]
    fn a_key_depends_on_the_secret_the_meaning_and_the_text() {
        let hasher = Hasher::new([1; 32]);
        let key = hasher.key("email", "a@example.com");
        assert_eq!(key, hasher.clone().key("email", "a@example.com"));
        assert_ne!(key, hasher.key("phone", "a@example.com"));
        assert_ne!(key, hasher.key("emaila", "@example.com"));
        assert_ne!(key, hasher.key("email", "b@example.com"));
        let identifier = Identifier::new(crate::contact::IdentifierKind::Email, "A@Example.com");
        assert_eq!(key, hasher.identifier(&identifier));
        assert_ne!(key, Hasher::new([2; 32]).key("email", "a@example.com"));
    }
}
