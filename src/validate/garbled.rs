//! Text that was written as UTF-8 and read as windows-1252 before it came into the file: `GarcÃ­a`.

use encoding_rs::WINDOWS_1252;

/// What such a text was before, if it is one.
pub(super) fn ungarbled(text: &str) -> Option<String> {
    if !has_lead(text.as_bytes()) {
        return None;
    }
    let (bytes, _, unmapped) = WINDOWS_1252.encode(text);
    let before = std::str::from_utf8(&bytes).ok().filter(|_| !unmapped)?;
    Some(before.to_owned())
}

/// Whether there is one of Ã, Â, Å, Ä, â, Ð and Ñ: the first bytes of UTF-8 for letters of Europe and for
/// typographic marks, as windows-1252 shows them. In UTF-8 each of these begins with C3.
fn has_lead(text: &[u8]) -> bool {
    memchr::memchr_iter(0xc3, text).any(|at| matches!(text.get(at + 1), Some(0x82..=0x85 | 0x90 | 0x91 | 0xa2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_in_the_wrong_encoding_is_known_and_words_of_people_are_not() {
        assert_eq!(ungarbled("Ana GarcÃ\u{ad}a").as_deref(), Some("Ana García"));
        assert_eq!(ungarbled("MÃ¼ller").as_deref(), Some("Müller"));
        assert_eq!(ungarbled("Oâ€™Neil").as_deref(), Some("O’Neil"));
        for text in ["García", "Ångström", "São João", "Âme", "SÃO PAULO", "Ñandú", "Анна", "李娜", "Ann"]
        {
            assert_eq!(ungarbled(text), None, "{text}");
        }
    }
}
