use crate::contact::{Value, is_invisible};

/// What is wrong with one cell, before it is known which row and column it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CellFault {
    /// As in docs/row-errors.md.
    pub code: &'static str,
    /// What is wrong, and what would be right, without the value.
    pub message: String,
}

impl CellFault {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

/// What a cell says, and what had to be understood to know it.
#[derive(Clone, Debug, PartialEq)]
pub struct Understood {
    pub value: Value,
    /// What was left out or read otherwise than it is written. Never of a cell that says only `value`.
    pub note: Option<CellFault>,
}

impl From<Value> for Understood {
    fn from(value: Value) -> Self {
        Self { value, note: None }
    }
}

/// Longest value shown in a message, in characters.
const SHOWN: usize = 40;

/// A character that can't be seen, as a message shows it: `<U+200B>`, and `\n` for the end of a line.
fn seen(character: char) -> String {
    match character {
        '\n' => return "\\n".into(),
        '\r' => return "\\r".into(),
        '\t' => return "\\t".into(),
        _ => {}
    }
    format!("<U+{:04X}>", u32::from(character))
}

/// A value as a message shows it: one line, shortened, nothing in it that can't be seen.
pub(crate) fn shown(value: &str) -> String {
    let mut text = String::new();
    let value = value.trim();
    for (count, character) in value.chars().enumerate() {
        if count == SHOWN {
            text.push('…');
            break;
        }
        if character.is_control() || is_invisible(character) {
            text.push_str(&seen(character));
        } else {
            text.push(character);
        }
    }
    text
}
