use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use quoted_printable::ParseMode;

/// One property of a card, its value decoded to text and not yet unescaped.
#[derive(Clone, Debug, Default)]
pub struct Property {
    /// What ties it to a label: `item1`.
    pub group: String,
    /// In capitals.
    pub name: String,
    /// `TYPE` and what version 2.1 writes without it, in small letters.
    pub types: Vec<String>,
    /// Other parameters, names in capitals.
    parameters: Vec<(String, String)>,
    pub value: String,
    /// Bytes of it were no text in the encoding it says, and stand as U+FFFD.
    pub is_broken: bool,
    /// It says no encoding, is no UTF-8, and was read as windows-1252.
    pub is_guess: bool,
}

impl Property {
    /// `None` if the line is no property. `encoding` is that of values which name none.
    pub fn parse(line: &[u8], encoding: &'static Encoding) -> Option<Self> {
        let colon = unquoted(line, b':')?;
        let head = String::from_utf8_lossy(&line[..colon]).into_owned();
        let mut parts = split_unquoted(&head, ';').into_iter();
        let name = parts.next()?.trim();
        let (group, name) = name.rsplit_once('.').unwrap_or(("", name));
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')) {
            return None;
        }
        let mut property =
            Self { group: group.to_ascii_lowercase(), name: name.to_ascii_uppercase(), ..Self::default() };
        for part in parts {
            match part.split_once('=') {
                Some((key, values)) if key.trim().eq_ignore_ascii_case("TYPE") => {
                    let unquoted = plain(values).to_ascii_lowercase();
                    property.types.extend(unquoted.split(',').map(|kind| kind.trim().to_owned()));
                }
                Some((key, value)) => property.parameters.push((key.trim().to_ascii_uppercase(), plain(value))),
                None if is_transfer_encoding(part) => property.parameters.push(("ENCODING".into(), part.to_owned())),
                None => property.types.push(part.trim().to_ascii_lowercase()),
            }
        }
        property.decode(&line[colon + 1..], encoding);
        Some(property)
    }

    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    pub fn is(&self, kind: &str) -> bool {
        self.types.iter().any(|found| found == kind)
    }

    /// Whether the value is bytes and no text: a picture, a sound, a key.
    pub fn is_binary(&self) -> bool {
        let encoded = self
            .parameter("ENCODING")
            .is_some_and(|encoding| encoding.eq_ignore_ascii_case("b") || encoding.eq_ignore_ascii_case("base64"));
        encoded || self.value.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("data:"))
    }

    /// How much its owner prefers it, 1 most.
    pub fn preference(&self) -> u32 {
        let stated = self.parameter("PREF").and_then(|number| number.parse().ok());
        stated.unwrap_or(if self.is("pref") { 1 } else { 101 })
    }

    fn decode(&mut self, raw: &[u8], encoding: &'static Encoding) {
        let quoted =
            self.parameter("ENCODING").is_some_and(|encoding| encoding.eq_ignore_ascii_case("QUOTED-PRINTABLE"));
        let decoded = quoted.then(|| quoted_printable::decode(raw, ParseMode::Robust).ok()).flatten();
        let bytes = decoded.as_deref().unwrap_or(raw);
        let stated = self.parameter("CHARSET").and_then(|label| Encoding::for_label(label.as_bytes()));
        let (encoding, is_guess) = match stated {
            Some(stated) => (stated, false),
            None if std::str::from_utf8(bytes).is_ok() => (UTF_8, false),
            None if encoding == UTF_8 && quoted => (WINDOWS_1252, true),
            None => (encoding, false),
        };
        let (text, is_broken) = encoding.decode_without_bom_handling(bytes);
        (self.value, self.is_broken, self.is_guess) = (text.into_owned(), is_broken, is_guess);
    }
}

/// Where `wanted` stands outside of quotes.
fn unquoted(line: &[u8], wanted: u8) -> Option<usize> {
    let mut quoted = false;
    line.iter().position(|byte| {
        quoted ^= *byte == b'"';
        !quoted && *byte == wanted
    })
}

fn split_unquoted(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        !quoted && c == separator
    })
    .collect()
}

/// A parameter's value without its quotes and circumflex escapes (RFC 6868).
fn plain(value: &str) -> String {
    let value = value.replace('"', "");
    let mut text = String::with_capacity(value.len());
    let mut characters = value.trim().chars();
    while let Some(character) = characters.next() {
        match (character, character == '^') {
            (_, true) => match characters.next() {
                Some('n') => text.push('\n'),
                Some('\'') => text.push('"'),
                Some('^') => text.push('^'),
                other => text.extend(std::iter::once('^').chain(other)),
            },
            (character, _) => text.push(character),
        }
    }
    text
}

fn is_transfer_encoding(part: &str) -> bool {
    ["QUOTED-PRINTABLE", "BASE64", "B", "8BIT", "7BIT"].iter().any(|known| part.trim().eq_ignore_ascii_case(known))
}

/// The parts of a value between `separator`s that no backslash precedes, unescaped.
pub fn parts(value: &str, separator: char, is_old: bool) -> Vec<String> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let mut characters = value.chars().peekable();
    while let Some(character) = characters.next() {
        // Version 2.1 escapes what separates, and writes line breaks in quoted-printable.
        let escaped = match characters.peek() {
            Some('n' | 'N') if character == '\\' && !is_old => Some('\n'),
            Some(next @ (',' | ';' | ':' | '\\')) if character == '\\' => Some(*next),
            _ => None,
        };
        if let Some(escaped) = escaped {
            characters.next();
            part.push(escaped);
        } else if character == separator {
            parts.push(std::mem::take(&mut part));
        } else {
            part.push(character);
        }
    }
    parts.push(part);
    parts
}

/// The whole value, unescaped.
pub fn unescaped(value: &str, is_old: bool) -> String {
    parts(value, '\0', is_old).concat()
}
