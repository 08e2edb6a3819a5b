use std::collections::BTreeSet;

use crate::contact::{Identifier, IdentifierKind, RemoteId};

/// Digits at the end of a phone number by which it is known however it is written.
const OWN_DIGITS: usize = 9;

/// What stands where somebody was named.
const FORGOTTEN: &str = "[forgotten]";

/// Whom to look for in a file: by what a cell holds, or by the lines the ledger knows.
pub struct Person<'a> {
    pub identifier: &'a Identifier,
    pub lines: BTreeSet<String>,
    /// Ids of the person's contacts in the account that the file is about.
    pub contacts: BTreeSet<String>,
}

/// Ids of the contacts in what an account points to.
pub fn ids_in(contacts: &[(String, RemoteId)], identity: &str) -> BTreeSet<String> {
    contacts.iter().filter(|(account, _)| account == identity).map(|(_, id)| id.0.clone()).collect()
}

impl Person<'_> {
    /// Whether the text names the person, alone or among other words.
    pub fn is_named_in(&self, text: &str) -> bool {
        self.is(text) || !self.mentions(text).is_empty()
    }

    /// Whether the text is the person's identifier, however it is written, and nothing else.
    pub fn is(&self, text: &str) -> bool {
        match self.identifier.kind {
            IdentifierKind::Phone => self.is_phone(text),
            IdentifierKind::Email => {
                let text = text.trim();
                let address = text.rsplit_once('<').map_or(text, |(_, rest)| rest.trim_end_matches('>'));
                let address = address.strip_prefix("mailto:").unwrap_or(address);
                Identifier::new(IdentifierKind::Email, address.trim()).comparable() == self.identifier.comparable()
            }
            kind => Identifier::new(kind, text.trim()).comparable() == self.identifier.comparable(),
        }
    }

    fn is_phone(&self, text: &str) -> bool {
        let is_part = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+()-./'".contains(c);
        if text.len() > 40 || !text.chars().all(is_part) {
            return false;
        }
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        let (wanted, found) = (digits(&self.identifier.value), digits(text));
        if text.contains('+') || found.starts_with("00") {
            // With its country's code it is the whole number or another one.
            return found.trim_start_matches('0') == wanted;
        }
        let own = &wanted[wanted.len().saturating_sub(OWN_DIGITS)..];
        own.len() >= 5 && found.ends_with(own) && wanted.ends_with(found.trim_start_matches('0'))
    }

    /// Whether a cell in a column of this name can hold an identifier of the person's kind: a number that
    /// is an id elsewhere is an age or a price.
    pub fn may_stand_in(&self, column: &str) -> bool {
        match self.identifier.kind {
            IdentifierKind::Phone | IdentifierKind::Email => true,
            IdentifierKind::Id => matches!(column, "_contact_id" | "contact_id" | "id"),
            _ => column.to_lowercase().contains("id"),
        }
    }

    /// The text without what names the person in it.
    pub fn redacted(&self, text: &str) -> String {
        let mut redacted = String::with_capacity(text.len());
        let mut from = 0;
        for at in self.mentions(text) {
            redacted.push_str(&text[from..at]);
            redacted.push_str(FORGOTTEN);
            from = at + self.identifier.value.len();
        }
        redacted.push_str(&text[from..]);
        redacted
    }

    /// Where the identifier stands in a text as a word of its own.
    fn mentions(&self, text: &str) -> Vec<usize> {
        let wanted = self.identifier.value.to_ascii_lowercase();
        if !matches!(self.identifier.kind, IdentifierKind::Phone | IdentifierKind::Email) || wanted.is_empty() {
            return Vec::new();
        }
        let text = text.to_ascii_lowercase();
        let is_part = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
        let found = text.match_indices(&wanted).filter(|(at, _)| {
            let before = text[..*at].chars().next_back();
            let mut after = text[at + wanted.len()..].chars();
            let next = after.next();
            // A full stop ends a sentence; with something behind it, it is part of a longer address.
            let goes_on = next.is_some_and(char::is_alphanumeric)
                || next.is_some_and(is_part) && after.next().is_some_and(char::is_alphanumeric);
            !before.is_some_and(is_part) && !goes_on
        });
        found.map(|(at, _)| at).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(identifier: &Identifier) -> Person<'_> {
        Person { identifier, lines: BTreeSet::new(), contacts: BTreeSet::new() }
    }

    fn is_named(kind: IdentifierKind, identifier: &str, text: &str) -> bool {
        person(&Identifier::new(kind, identifier)).is_named_in(text)
    }

    #[test]
    fn a_person_is_told_by_the_whole_identifier_however_it_is_written() {
        for text in
            ["Ann@Example.com", "<ann@example.com>", "email: refused: ann@example.com.", "Ann <ann@example.com>"]
        {
            assert!(is_named(IdentifierKind::Email, "ann@example.com", text), "{text}");
        }
        for text in ["joann@example.com", "ann@example.community", "ann@example.com.my", "ann@example.co", ""] {
            assert!(!is_named(IdentifierKind::Email, "ann@example.com", text), "{text}");
        }
        for text in ["+447400100101", "07400 100101", "'+44 7400 100101", "no such number: +447400100101, check"] {
            assert!(is_named(IdentifierKind::Phone, "+447400100101", text), "{text}");
        }
        for text in ["+447400100102", "100101", "", "+4917400100101", "0017400100101", "order 7400100101-3"] {
            assert!(!is_named(IdentifierKind::Phone, "+447400100101", text), "{text}");
        }
    }

    #[test]
    fn attack_06_who_only_names_the_person_is_not_the_person() {
        let ann = Identifier::new(IdentifierKind::Email, "ann@example.com");
        let ann = person(&ann);
        let note = "ask Ann@example.com, not joann@example.com";
        assert!(ann.is_named_in(note) && !ann.is(note));
        assert_eq!(ann.redacted(note), "ask [forgotten], not joann@example.com");
        assert_eq!(ann.redacted("nobody"), "nobody");
        let id = Identifier::new(IdentifierKind::Id, "42");
        let by_id = person(&id);
        assert!(by_id.is("42") && by_id.may_stand_in("_contact_id") && !by_id.may_stand_in("Age"));
    }
}
