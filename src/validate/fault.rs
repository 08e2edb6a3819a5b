/// What is wrong with one cell, before it is known which row and column it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As in docs/row-errors.md.
    pub code: &'static str,
    /// What is wrong, and what would be right, without the value.
    pub message: String,
}

impl Fault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// Longest value shown in a message, in characters.
const SHOWN: usize = 40;

/// A value as a message shows it: one line, shortened, without characters that can't be seen.
pub(crate) fn shown(value: &str) -> String {
    let mut text = String::new();
    let value = value.trim();
    for (count, character) in value.chars().enumerate() {
        if count == SHOWN {
            text.push('…');
            break;
        }
        if character.is_control() || is_invisible(character) {
            text.extend(character.escape_unicode());
        } else {
            text.push(character);
        }
    }
    text
}

/// Characters of Unicode that take no room and only steer: zero width, direction, soft hyphen.
pub(crate) fn is_invisible(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
