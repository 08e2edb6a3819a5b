use std::borrow::Cow;
use std::fmt::Write as _;

use crate::contact::is_invisible;

/// `text` with everything a terminal might obey, or that hides or reorders what is read, written
/// out: `\n`, `<U+001B>`, `<U+202E>`.
///
/// For all text from outside (cells, headers, file names, what a service said) before it is
/// printed. Letters of any script stay as they are, and so do joiners, which some scripts need.
/// What it returns holds nothing more to escape.
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().fold(true, |plain, byte| plain & (0x20..0x7f).contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let Some(first) = text.find(is_unsafe) else {
        return Cow::Borrowed(text);
    };
    let mut escaped = String::with_capacity(text.len() + 8);
    escaped.push_str(&text[..first]);
    for character in text[first..].chars() {
        match character {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            other if is_unsafe(other) => {
                write!(escaped, "<U+{:04X}>", u32::from(other)).expect("a String takes all that is written to it");
            }
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// JSON text with the same characters written as `\uXXXX`, which changes nothing of its meaning.
///
/// JSON's own rules already escape the first 32 characters; what is left can only stand within
/// strings.
pub fn escape_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_unsafe) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 8);
    for character in json.chars() {
        if is_unsafe(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(escaped, "\\u{unit:04x}").expect("a String takes all that is written to it");
            }
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// Control characters of both sets, line and paragraph separators, and what can't be seen, but for
/// joiners and the variants of a character, which belong to the letters and pictures of many scripts.
fn is_unsafe(character: char) -> bool {
    let belongs = matches!(character,
        '\u{180b}'..='\u{180f}' | '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}');
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}') || (is_invisible(character) && !belongs)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_written_out() {
        assert_eq!(escape("\u{1b}[31mred\u{1b}[0m"), "<U+001B>[31mred<U+001B>[0m");
        assert_eq!(escape("a\u{9b}2Jb"), "a<U+009B>2Jb");
        assert_eq!(escape("two\r\nlines\tand a tab"), "two\\r\\nlines\\tand a tab");
        assert_eq!(escape("bell\u{7}, null\0, delete\u{7f}"), "bell<U+0007>, null<U+0000>, delete<U+007F>");
    }

    #[test]
    fn what_reorders_or_hides_text_is_written_out() {
        assert_eq!(escape("invoice\u{202e}fdp.exe"), "invoice<U+202E>fdp.exe");
        assert_eq!(escape("a\u{2066}b\u{2069}c\u{200f}d"), "a<U+2066>b<U+2069>c<U+200F>d");
        assert_eq!(escape("a\u{200b}b\u{feff}c\u{e0041}"), "a<U+200B>b<U+FEFF>c<U+E0041>");
    }

    #[test]
    fn letters_of_every_script_stay_and_cost_nothing() {
        for text in ["Zoë Müller", "שלום", "你好", "नमस्ते", "👩\u{200d}👧", "می\u{200c}خواهم", ""]
        {
            assert!(matches!(escape(text), Cow::Borrowed(same) if same == text));
        }
    }

    proptest! {
        #[test]
        fn nothing_unsafe_is_left_and_escaping_again_changes_nothing(text in any::<String>()) {
            let once = escape(&text).into_owned();
            prop_assert!(!once.contains(is_unsafe));
            prop_assert_eq!(escape(&once).into_owned(), once.clone());
        }

        #[test]
        fn escaped_json_means_the_same(text in any::<String>()) {
            let json = serde_json::to_string(&text).unwrap();
            let escaped = escape_json(&json);
            prop_assert!(!escaped.contains(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&escaped).unwrap(), text);
        }
    }

    #[test]
    fn characters_beyond_sixteen_bits_become_a_pair_in_json() {
        assert_eq!(escape_json("\"\u{e0041}\""), "\"\\udb40\\udc41\"");
    }
}
