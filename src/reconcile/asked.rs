use unicode_normalization::UnicodeNormalization as _;

use super::keys::Keys;
use super::rules::Rules;
use crate::contact::{Contact, FieldChange, Value};

/// What an answer is compared with.
pub(super) struct Asked<'a> {
    pub(super) keys: &'a Keys,
    /// What the row desires.
    pub(super) row: &'a [FieldChange],
    /// Answers to writes show what was stored.
    pub(super) writes_tell: bool,
}

impl<'a> Asked<'a> {
    pub(super) fn by(row: &'a Contact, rules: &'a Rules) -> Self {
        Self { keys: &rules.keys, row: &row.fields, writes_tell: rules.capabilities.writes_tell_fields }
    }
}

/// Whether `stored` is `sent` in another type, or but for blanks and the composition of its letters.
pub fn reads_as(sent: &Value, stored: &Value) -> bool {
    sent.same_as(stored) || plain(&sent.as_text()) == plain(&stored.as_text())
}

/// A text but for blanks and the composition of its letters.
pub(super) fn plain(text: &str) -> String {
    let composed: String = text.nfc().collect();
    composed.split_whitespace().collect::<Vec<_>>().join(" ")
}
