use std::fmt;

use super::{Key, KnownValue, hex};
use crate::contact::{Field, Identifier, IdentifierKind, Value};

/// Makes the keys of one ledger. Cheap to clone; usable while the ledger is busy elsewhere.
#[derive(Clone)]
pub struct Hasher {
    secret: [u8; 32],
}

impl Hasher {
    pub const fn new(secret: [u8; 32]) -> Self {
        Self { secret }
    }

    /// The keyed hash of `text`: the beginning of a BLAKE3 output. Equal texts of different `what` have unrelated
    /// keys.
    pub fn key(&self, what: &str, text: &str) -> Key {
        Key(self.hash(what, text))
    }

    /// A name for `text` by which it is known again and not read, in 32 hexadecimal digits.
    pub fn name(&self, what: &str, text: &str) -> String {
        hex(&self.hash::<16>(what, text))
    }

    fn hash<const BYTES: usize>(&self, what: &str, text: &str) -> [u8; BYTES] {
        let mut hasher = blake3::Hasher::new_keyed(&self.secret);
        hasher.update(&(what.len() as u64).to_le_bytes());
        hasher.update(what.as_bytes());
        hasher.update(text.as_bytes());
        let mut hash = [0; BYTES];
        hash.copy_from_slice(&hasher.finalize().as_bytes()[..BYTES]);
        hash
    }

    /// The key of an identifier: the same for all ways of writing it that mean the same.
    pub fn identifier(&self, identifier: &Identifier) -> Key {
        self.key(identifier.kind.name(), &identifier.comparable())
    }

    /// The hash of a field's value. Two ways of writing one identifier have one hash.
    pub fn value(&self, field: &Field, value: &Value) -> KnownValue {
        if value.is_empty() {
            return KnownValue::Empty;
        }
        let text = value.as_text();
        // What identifies somebody in two ways of writing is one value: see `Identifier::comparable`.
        let text = match IdentifierKind::from_name(field.name()) {
            Some(kind) => Identifier::new(kind, text).comparable(),
            None => text.into_owned(),
        };
        KnownValue::Held(self.key(field.name(), &text))
    }

    /// The hash of a tag.
    pub fn tag(&self, tag: &str) -> Key {
        self.key("tag", tag)
    }

    /// The hash of a list.
    pub fn list(&self, list: &str) -> Key {
        self.key("list", list)
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
