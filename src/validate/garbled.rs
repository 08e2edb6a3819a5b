//! Text that was written as UTF-8 and read as windows-1252 before it came into the file: `GarcÃ­a`.

use encoding_rs::WINDOWS_1252;

use crate::table::may_be_garbled;

/// What such a text was before, if it is one.
pub(super) fn ungarbled(text: &str) -> Option<String> {
    if !may_be_garbled(text) {
        return None;
    }
    let (bytes, _, unmapped) = WINDOWS_1252.encode(text);
    let before = std::str::from_utf8(&bytes).ok().filter(|_| !unmapped)?;
    Some(before.to_owned())
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
