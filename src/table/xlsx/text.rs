//! Text as a cell shows it, out of the pieces of XML that it is written in.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use crate::table::xml::{Tag, TagKind, Token};

/// Text that is not UTF-8, or refers to what there is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextFault;

/// Adds the text that is written as `raw`: references resolved, line ends as one character.
pub fn add_text(raw: &[u8], into: &mut String) -> Result<(), TextFault> {
    let raw = std::str::from_utf8(raw).map_err(|_| TextFault)?;
    if memchr2(b'&', b'\r', raw.as_bytes()).is_none() {
        into.push_str(raw);
        return Ok(());
    }
    into.push_str(&quick_xml::escape::unescape(&with_plain_line_ends(raw)).map_err(|_| TextFault)?);
    Ok(())
}

/// Adds text in which nothing is a reference.
pub fn add_marked_text(raw: &[u8], into: &mut String) -> Result<(), TextFault> {
    into.push_str(&with_plain_line_ends(std::str::from_utf8(raw).map_err(|_| TextFault)?));
    Ok(())
}

fn with_plain_line_ends(raw: &str) -> Cow<'_, str> {
    if memchr(b'\r', raw.as_bytes()).is_none() {
        return Cow::Borrowed(raw);
    }
    Cow::Owned(raw.replace("\r\n", "\n").replace('\r', "\n"))
}

/// Text with its escapes resolved: `_x000D_` is the character of that number, a unit of UTF-16.
pub fn without_escapes(text: &str) -> Cow<'_, str> {
    let Some(first) = find_escape(text) else { return Cow::Borrowed(text) };
    let (mut units, mut plain, mut at) = (Vec::new(), String::new(), Some(first));
    let mut rest = text;
    while let Some((from, unit)) = at {
        if from > 0 {
            add_units(&mut units, &mut plain);
            plain.push_str(&rest[..from]);
        }
        units.push(unit);
        rest = &rest[from + ESCAPE_BYTES..];
        at = find_escape(rest);
    }
    add_units(&mut units, &mut plain);
    plain.push_str(rest);
    Cow::Owned(plain)
}

/// Adds the characters of neighbouring escapes: two of them may be one character.
fn add_units(units: &mut Vec<u16>, into: &mut String) {
    into.extend(char::decode_utf16(units.drain(..)).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

const ESCAPE_BYTES: usize = "_x000D_".len();

/// Where the first escape begins, and its number.
fn find_escape(text: &str) -> Option<(usize, u16)> {
    let mut from = 0;
    loop {
        let at = from + memchr(b'_', &text.as_bytes()[from..])?;
        if let Some([b'_', b'x', digits @ .., b'_']) = text.as_bytes().get(at..at + ESCAPE_BYTES)
            && digits.iter().all(u8::is_ascii_hexdigit)
            && let Some(unit) = std::str::from_utf8(digits).ok().and_then(|hex| u16::from_str_radix(hex, 16).ok())
        {
            return Some((at, unit));
        }
        from = at + 1;
    }
}

/// The text of a string, which may be in parts with formats of their own. How a text is spoken stands beside
/// it in some languages, and is none of it.
#[derive(Debug, Default)]
pub struct RichText {
    is_phonetic: bool,
    /// Within an element of text, whose spaces count or don't.
    in_text: bool,
    keeps_spaces: bool,
    part: String,
}

impl RichText {
    /// Begins a string.
    pub fn begin(&mut self) {
        (self.is_phonetic, self.in_text) = (false, false);
    }

    /// Takes a piece of the string's element, and adds the text that it ends to `into`.
    pub fn take(&mut self, token: Token<'_>, into: &mut String) -> Result<(), TextFault> {
        match token {
            Token::Text(text) if self.in_text => add_text(text, &mut self.part),
            Token::MarkedText(text) if self.in_text => add_marked_text(text, &mut self.part),
            Token::Tag(tag) => {
                self.take_tag(&Tag::of(tag), into);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn take_tag(&mut self, tag: &Tag<'_>, into: &mut String) {
        match (tag.local(), tag.kind) {
            (b"rPh", kind) => self.is_phonetic = kind == TagKind::Begin,
            (b"t", TagKind::Begin) if !self.is_phonetic && !self.in_text => {
                self.in_text = true;
                self.keeps_spaces = tag.attributes.value(b"xml:space") == Some(b"preserve");
                self.part.clear();
            }
            (b"t", TagKind::End) if self.in_text => {
                self.in_text = false;
                let blank: &[char] = if self.keeps_spaces { &[] } else { &[' ', '\t', '\r', '\n'] };
                into.push_str(&without_escapes(self.part.trim_matches(blank)));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::xml::Tokens;

    fn shown(string: &str) -> Result<String, TextFault> {
        let (mut tokens, mut rich, mut text) =
            (Tokens::new(string.as_bytes(), 1_000), RichText::default(), String::new());
        while let Some(token) = tokens.read().expect("a document") {
            rich.take(token, &mut text)?;
        }
        Ok(text)
    }

    #[test]
    fn parts_are_joined_and_what_stands_beside_them_is_not() {
        assert_eq!(shown("x<t> a </t>y").as_deref(), Ok("a"));
        assert_eq!(
            shown("<r><t xml:space=\"preserve\">a </t></r><r><rPr><b/></rPr><t>b</t></r><rPh><t>no</t></rPh>")
                .as_deref(),
            Ok("a b")
        );
        assert_eq!(
            shown("<x:t>a&amp;&#x42;\r\nb\rc&#13;</x:t><t/><t><![CDATA[&<\r\n]]></t>").as_deref(),
            Ok("a&B\nb\nc&<")
        );
        assert_eq!(shown("<t>\u{a0}a</t>").as_deref(), Ok("\u{a0}a"));
        assert_eq!(shown("<t>&none;</t>"), Err(TextFault));
    }

    #[test]
    fn escapes_are_characters_and_what_is_none_stays() {
        for (text, expected) in [
            ("plain", "plain"),
            ("a_x000D_b", "a\rb"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDCF7_!", "📷!"),
            ("_xD83D_a_xDCF7_", "\u{fffd}a\u{fffd}"),
            ("_x00G0_ _x00_ __x0041_", "_x00G0_ _x00_ _A"),
            ("_x0041", "_x0041"),
        ] {
            assert_eq!(without_escapes(text), expected, "{text}");
        }
    }
}
