use super::hex;

/// A keyed hash of an identifier or a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub [u8; Key::BYTES]);

impl Key {
    /// 80 bits: two of ten million texts meet with a chance below 2⁻³³, and nobody without the secret can
    /// look for two that do.
    pub const BYTES: usize = 10;

    /// In 20 hexadecimal digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// The key that [`Self::hex`] wrote. An earlier version wrote 32 digits, which begin with the same.
    pub fn from_hex(hex: &str) -> Option<Self> {
        let digits = hex.get(..2 * Self::BYTES).filter(|_| matches!(hex.len(), 20 | 32))?;
        let number = u128::from_str_radix(digits, 16).ok()?;
        number.to_be_bytes()[16 - Self::BYTES..].try_into().ok().map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_back_as_it_was_written() {
        let first = Key([0, 1, 2, 3, 4, 5, 6, 7, 254, 255]);
        assert_eq!(first.hex(), "0001020304050607feff");
        assert_eq!(Key::from_hex(&first.hex()), Some(first));
        assert_eq!(Key::from_hex("0001020304050607feffffffffffffff"), Some(first));
        assert_eq!(Key::from_hex("00"), None);
        assert_eq!(Key::from_hex("not hexadecimal, but"), None);
    }
}
