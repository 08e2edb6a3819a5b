//! Headers as people write them, to our field names.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// A field, then the spellings of its header in the order in which they are preferred when a file
/// has several: English first, then the languages that contact lists come in.
const SPELLINGS: &str = include_str!("spellings.tsv");

static FIELDS: LazyLock<HashMap<String, Spelling>> = LazyLock::new(|| {
    let mut fields = HashMap::new();
    for line in SPELLINGS.lines() {
        let mut words = line.split('\t');
        let field = words.next().unwrap_or_default();
        for (rank, spelling) in words.enumerate() {
            fields.entry(key(spelling)).or_insert(Spelling { field, rank });
        }
    }
    fields
});

/// A known spelling: the field it stands for, and how many spellings of it are preferred to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub field: &'static str,
    pub rank: usize,
}

/// Words that only say whose value it is.
const OWNERS: [&str; 14] = [
    "contact",
    "customer",
    "client",
    "person",
    "user",
    "subscriber",
    "lead",
    "member",
    "guest",
    "your",
    "my",
    "primary",
    "main",
    "default",
];

/// Words that only say that there is a value.
const ENDINGS: [&str; 6] = ["1", "required", "optional", "main", "primary", "value"];

/// The field that a header stands for by its spelling.
pub(super) fn field_of(header: &str) -> Option<Spelling> {
    let known = |text: &str| FIELDS.get(&key(text)).copied();
    if let Some(spelling) = known(header) {
        return Some(spelling);
    }
    let bare = without_brackets(header);
    let words: Vec<String> = words(&bare);
    let mut words: &[String] = &words;
    loop {
        if let Some(spelling) = known(&words.join(" ")) {
            return Some(spelling);
        }
        words = match words {
            [first, rest @ ..] if !rest.is_empty() && OWNERS.contains(&first.as_str()) => rest,
            [rest @ .., last] if !rest.is_empty() && ENDINGS.contains(&last.as_str()) => rest,
            _ => return None,
        };
    }
}

/// The name of the custom field that a header says it is: `custom.tier`, `cf:tier` and `Custom: tier`
/// are `tier`, `cf_tier` and `custom_tier` keep their whole name.
pub(super) fn custom_name(header: &str) -> Option<&str> {
    let header = header.trim();
    for (prefix, keeps) in
        [("custom.", false), ("custom:", false), ("cf:", false), ("cf.", false), ("cf_", true), ("custom_", true)]
    {
        let start = header.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix));
        if start.is_some() && !header[prefix.len()..].trim().is_empty() {
            return Some(if keeps { header } else { header[prefix.len()..].trim() });
        }
    }
    None
}

/// What of a header counts when headers are compared: letters and digits, without case or accents.
pub(super) fn key(header: &str) -> String {
    header
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The words of a header, split at punctuation and where small letters meet capital ones.
fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for character in header.chars() {
        if !character.is_alphanumeric() || (small && character.is_uppercase()) {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            let last = words.len() - 1;
            words[last].extend(character.to_lowercase());
        }
        small = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn without_brackets(header: &str) -> String {
    let mut depth = 0_usize;
    let mut bare = String::with_capacity(header.len());
    for character in header.chars() {
        match character {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(character),
            _ => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_the_spellings_people_use() {
        for (header, field) in [
            ("Mobile", "phone"),
            ("WhatsApp", "phone"),
            ("Phone Number (required)", "phone"),
            ("phoneNumber", "phone"),
            ("Contact phone", "phone"),
            ("Phone 1 - Value", "phone"),
            ("E-mail address", "email"),
            ("EMAIL", "email"),
            ("Primary Email*", "email"),
            ("Nombre", "first_name"),
            ("Apellidos", "last_name"),
            ("Telefone", "phone"),
            ("Celular", "phone"),
            ("TELÉFONO MÓVIL", "phone"),
            ("Vorname", "first_name"),
            ("Nachname", "last_name"),
            ("Correo", "email"),
            ("Prénom", "first_name"),
            ("PRENOM", "first_name"),
            ("טלפון נייד", "phone"),
            ("手机号", "phone"),
            ("البريد الإلكتروني", "email"),
            ("Электронная почта", "email"),
            ("メールアドレス", "email"),
            ("first_name", "first_name"),
            ("customerName", "name"),
            ("Organización", "company"),
            ("Etiquetas", "tags"),
        ] {
            assert_eq!(field_of(header).map(|spelling| spelling.field), Some(field), "{header}");
        }
        for header in ["Shoe size", "Fax", "", "()", "Phone bill total", "1", "contact 1 1 1 x"] {
            assert_eq!(field_of(header), None, "{header}");
        }
    }

    #[test]
    fn headers_of_custom_fields_tell_the_name() {
        assert_eq!(custom_name("custom.tier"), Some("tier"));
        assert_eq!(custom_name("Custom: Shoe size"), Some("Shoe size"));
        assert_eq!(custom_name("cf:tier"), Some("tier"));
        assert_eq!(custom_name("cf_01"), Some("cf_01"));
        assert_eq!(custom_name("custom."), None);
        assert_eq!(custom_name("customer"), None);
        assert_eq!(custom_name("é"), None);
    }

    #[test]
    fn every_field_of_the_spellings_is_one_of_ours() {
        for line in SPELLINGS.lines() {
            let field = line.split('\t').next().unwrap();
            assert!(super::super::standard::is_standard(field) || ["tags", "lists"].contains(&field), "{field}");
        }
    }
}
