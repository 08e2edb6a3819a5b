//! XML as tags and text, which is all that the parts of a workbook are read by.
//!
//! What is odd is refused, so that nothing can be seen in a part that another reader would not see in it:
//! document types, zero bytes, tags that are cut off. Names and values are borrowed from one buffer, which
//! grows with the longest piece alone.

use std::io::{self, ErrorKind, Read};
use std::ops::Range;

use memchr::{memchr, memmem};

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 64 << 10;

const COMMENT: &[u8] = b"!--";
const MARKED_TEXT: &[u8] = b"![CDATA[";

/// A piece of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token<'t> {
    /// A tag without its brackets: `row r="1"`, `/row`, `c/`.
    Tag(&'t [u8]),
    /// Text as it stands, its references included.
    Text(&'t [u8]),
    /// Text in which nothing is markup.
    MarkedText(&'t [u8]),
    /// A comment or an instruction without its brackets, which says nothing.
    Aside(&'t [u8]),
}

/// Why a document can't be read on.
#[derive(Debug)]
pub enum XmlFault {
    NotWellFormed,
    CutOff,
    ZeroByte,
    DocumentType,
    /// A piece of it is longer than allowed.
    TooLong,
    /// All of it is longer than allowed.
    TooLarge,
    Unreadable(io::Error),
}

/// The pieces of a document, one behind the other.
pub struct Tokens<R> {
    source: R,
    buffer: Vec<u8>,
    /// Bytes of `buffer` that are handed out, and those that were read.
    at: usize,
    filled: usize,
    /// Bytes of the whole document that were read, and may be.
    taken: u64,
    most: u64,
    /// Bytes that a piece may have.
    longest: usize,
}

#[derive(Clone, Copy)]
enum Kind {
    Tag,
    Text,
    MarkedText,
    Aside,
}

/// Markup: how many bytes it has, and those before and behind it that are none of it.
struct Piece {
    kind: Kind,
    before: usize,
    length: usize,
    behind: usize,
}

impl Piece {
    /// The markup that goes on with `inside` behind its `<`, if all of it is there.
    fn of(inside: &[u8]) -> Result<Option<Self>, XmlFault> {
        let piece = |kind, length| Self { kind, before: 1, length, behind: 1 };
        match inside.first() {
            None => Ok(None),
            Some(b'!') => Self::of_declaration(inside),
            Some(b'?') => Ok(memmem::find(&inside[1..], b"?>").map(|end| piece(Kind::Aside, end + 2))),
            Some(_) => Ok(tag_length(inside)?.map(|length| piece(Kind::Tag, length))),
        }
    }

    /// A comment or marked text.
    fn of_declaration(inside: &[u8]) -> Result<Option<Self>, XmlFault> {
        if inside.starts_with(COMMENT) {
            return match memmem::find(&inside[1..], b"-->") {
                // The hyphens that open a comment don't close it.
                Some(0 | 1) => Err(XmlFault::NotWellFormed),
                Some(end) => Ok(Some(Self { kind: Kind::Aside, before: 1, length: end + 3, behind: 1 })),
                None => Ok(None),
            };
        }
        if let Some(text) = inside.strip_prefix(MARKED_TEXT) {
            let before = 1 + MARKED_TEXT.len();
            let piece = |length| Self { kind: Kind::MarkedText, before, length, behind: 3 };
            return Ok(memmem::find(text, b"]]>").map(piece));
        }
        let may_become = |whole: &[u8]| whole.starts_with(inside);
        if may_become(COMMENT) || may_become(MARKED_TEXT) { Ok(None) } else { Err(XmlFault::DocumentType) }
    }
}

impl<R: Read> Tokens<R> {
    /// `longest` is how many bytes a piece may have.
    pub fn new(source: R, longest: usize) -> Self {
        Self { source, buffer: vec![0; BUFFER_BYTES], at: 0, filled: 0, taken: 0, most: u64::MAX, longest }
    }

    /// Lets the whole document have so many bytes.
    pub fn allow(&mut self, bytes: u64) {
        self.most = bytes;
    }

    /// The next piece; `None` at the end.
    pub fn read(&mut self) -> Result<Option<Token<'_>>, XmlFault> {
        if self.at == self.filled && !self.fill()? {
            return Ok(None);
        }
        let (kind, range) = if self.buffer[self.at] == b'<' { self.markup()? } else { (Kind::Text, self.text()?) };
        let bytes = &self.buffer[range];
        Ok(Some(match kind {
            Kind::Tag => Token::Tag(bytes),
            Kind::Text => Token::Text(bytes),
            Kind::MarkedText => Token::MarkedText(bytes),
            Kind::Aside => Token::Aside(bytes),
        }))
    }

    /// Text up to the next `<` or the end.
    fn text(&mut self) -> Result<Range<usize>, XmlFault> {
        let mut seen = 0;
        let length = loop {
            let rest = &self.buffer[self.at + seen..self.filled];
            if let Some(length) = memchr(b'<', rest) {
                break seen + length;
            }
            seen = self.filled - self.at;
            self.check_length(seen)?;
            if !self.fill()? {
                break seen;
            }
        };
        self.check_length(length)?;
        Ok(self.take(0, length, 0))
    }

    /// What begins with the `<` that is next.
    fn markup(&mut self) -> Result<(Kind, Range<usize>), XmlFault> {
        loop {
            let inside = &self.buffer[self.at + 1..self.filled];
            if let Some(piece) = Piece::of(inside)? {
                self.check_length(piece.length + piece.behind)?;
                return Ok((piece.kind, self.take(piece.before, piece.length, piece.behind)));
            }
            self.check_length(inside.len())?;
            if !self.fill()? {
                return Err(XmlFault::CutOff);
            }
        }
    }

    /// Hands out `length` bytes, and passes over so many before and behind them.
    fn take(&mut self, before: usize, length: usize, behind: usize) -> Range<usize> {
        let from = self.at + before;
        self.at = from + length + behind;
        from..from + length
    }

    fn check_length(&self, length: usize) -> Result<(), XmlFault> {
        if length > self.longest { Err(XmlFault::TooLong) } else { Ok(()) }
    }

    /// Reads on; false at the end.
    fn fill(&mut self) -> Result<bool, XmlFault> {
        self.buffer.copy_within(self.at..self.filled, 0);
        self.filled -= self.at;
        self.at = 0;
        if self.filled == self.buffer.len() {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        let room = &mut self.buffer[self.filled..];
        let count = loop {
            match self.source.read(room) {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                read => break read.map_err(XmlFault::Unreadable)?,
            }
        };
        self.taken += count as u64;
        if self.taken > self.most {
            return Err(XmlFault::TooLarge);
        }
        if memchr(0, &room[..count]).is_some() {
            return Err(XmlFault::ZeroByte);
        }
        self.filled += count;
        Ok(count > 0)
    }
}

/// Bytes of the tag that `bytes` begin with, if all of it is there. A bracket in a quoted value ends no tag.
fn tag_length(bytes: &[u8]) -> Result<Option<usize>, XmlFault> {
    if let Some(length) = memchr(b'>', bytes) {
        let is_end = bytes[0] == b'/';
        // Nearly every tag has its values in double quotes, with nothing odd in them.
        let (quotes, odd) = bytes[..length].iter().fold((0, 0), |(quotes, odd), byte| {
            (quotes + usize::from(*byte == b'"'), odd + usize::from(matches!(*byte, b'<' | b'\'')))
        });
        if odd == 0 && quotes % 2 == 0 && !(is_end && quotes > 0) {
            return Ok(Some(length));
        }
    }
    odd_tag_length(bytes)
}

fn odd_tag_length(bytes: &[u8]) -> Result<Option<usize>, XmlFault> {
    let is_end = bytes[0] == b'/';
    let mut quote = None;
    for (at, byte) in bytes.iter().enumerate() {
        match (quote, byte) {
            (Some(open), byte) if open == *byte => quote = None,
            (Some(_), _) => {}
            (None, b'"' | b'\'') if !is_end => quote = Some(*byte),
            (None, b'"' | b'\'' | b'<') => return Err(XmlFault::NotWellFormed),
            (None, b'>') => return Ok(Some(at)),
            (None, _) => {}
        }
    }
    Ok(None)
}

/// A tag as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag<'t> {
    /// With what stands before its colon.
    pub name: &'t [u8],
    pub attributes: Attributes<'t>,
    pub kind: TagKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TagKind {
    Begin,
    End,
    /// Begin and end in one.
    Empty,
}

impl<'t> Tag<'t> {
    pub fn of(tag: &'t [u8]) -> Self {
        if let Some(name) = tag.strip_prefix(b"/") {
            return Self { name: name.trim_ascii_end(), attributes: Attributes(b""), kind: TagKind::End };
        }
        let (tag, kind) = match tag.strip_suffix(b"/") {
            Some(tag) => (tag, TagKind::Empty),
            None => (tag, TagKind::Begin),
        };
        let length = tag.iter().position(u8::is_ascii_whitespace).unwrap_or(tag.len());
        Self { name: &tag[..length], attributes: Attributes(&tag[length..]), kind }
    }

    /// The name without what stands before its colon.
    pub fn local(&self) -> &'t [u8] {
        local(self.name)
    }
}

pub fn local(name: &[u8]) -> &[u8] {
    memchr(b':', name).map_or(name, |colon| &name[colon + 1..])
}

/// Names and values of a tag's attributes, references not resolved; they end where one is malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes<'t>(&'t [u8]);

impl<'t> Attributes<'t> {
    /// The value of the first attribute of this name.
    pub fn value(&self, wanted: &[u8]) -> Option<&'t [u8]> {
        self.clone().find(|(name, _)| *name == wanted).map(|(_, value)| value)
    }

    /// The value of an attribute as the text that it means.
    pub fn text(&self, wanted: &[u8]) -> Option<String> {
        meant(self.value(wanted)?)
    }
}

/// The text that the value of an attribute means; `None` if it is none.
pub fn meant(value: &[u8]) -> Option<String> {
    let value = std::str::from_utf8(value).ok()?;
    quick_xml::escape::unescape(value).ok().map(std::borrow::Cow::into_owned)
}

impl<'t> Iterator for Attributes<'t> {
    type Item = (&'t [u8], &'t [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let rest = std::mem::take(&mut self.0).trim_ascii_start();
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let name = rest[..equals].trim_ascii();
        let value = rest[equals + 1..].trim_ascii_start();
        let quote = *value.first().filter(|byte| matches!(**byte, b'"' | b'\''))?;
        let value = &value[1..];
        let end = value.iter().position(|byte| *byte == quote)?;
        self.0 = &value[end + 1..];
        Some((name, &value[..end]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives three bytes at a time.
    struct Slow<'a>(&'a [u8]);

    impl Read for Slow<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(3).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0 = &self.0[count..];
            Ok(count)
        }
    }

    fn pieces(document: &str) -> Result<Vec<String>, XmlFault> {
        let mut tokens = Tokens::new(Slow(document.as_bytes()), 100);
        let mut pieces = Vec::new();
        while let Some(token) = tokens.read()? {
            let (sign, bytes) = match token {
                Token::Tag(bytes) => ('<', bytes),
                Token::Text(bytes) => ('t', bytes),
                Token::MarkedText(bytes) => ('m', bytes),
                Token::Aside(bytes) => ('!', bytes),
            };
            pieces.push(format!("{sign}{}", String::from_utf8_lossy(bytes)));
        }
        Ok(pieces)
    }

    #[test]
    fn a_document_is_its_tags_and_texts_whole_however_it_comes() {
        let found = pieces("<?x a>b?><a b=\"1>2\" c='\"'>te&amp;xt<!-- <no> --><![CDATA[<&]]]]></a><b/> ");
        let found = found.expect("a document");
        let expected = ["!?x a>b?", "<a b=\"1>2\" c='\"'", "tte&amp;xt", "!!-- <no> --", "m<&]]", "</a", "<b/", "t "];
        assert_eq!(found, expected);
        let long = format!("<a>{}</a>", "x".repeat(100));
        assert_eq!(pieces(&long).expect("as long as may be").len(), 3);
    }

    #[test]
    fn what_is_odd_or_too_long_is_a_fault() {
        for (document, fault) in [
            ("<!DOCTYPE a>", "DocumentType"),
            ("<!-x>", "DocumentType"),
            ("<!-->", "NotWellFormed"),
            ("<!--->", "NotWellFormed"),
            ("<a b=\"1\" <c/>", "NotWellFormed"),
            ("</a b=\">\">", "NotWellFormed"),
            ("<a", "CutOff"),
            ("<a b='>", "CutOff"),
            ("<![CDATA[x]]", "CutOff"),
            ("a\0b", "ZeroByte"),
        ] {
            assert_eq!(format!("{:?}", pieces(document).expect_err("a fault")), fault, "{document}");
        }
        for (begin, end) in [("", ""), ("<a b='", "'>"), ("<!--", "-->"), ("<![CDATA[", "]]>"), ("<?", "?>")] {
            let document = format!("{begin}{}{end}", "x".repeat(101));
            assert!(matches!(pieces(&document), Err(XmlFault::TooLong)), "{document}");
        }
    }

    #[test]
    fn a_tag_has_a_name_and_attributes() {
        let tag = Tag::of(b"x:row r = \"1\" hidden='a&lt;b'/");
        assert_eq!((tag.name, tag.local(), tag.kind), (&b"x:row"[..], &b"row"[..], TagKind::Empty));
        assert_eq!(tag.attributes.value(b"r"), Some(&b"1"[..]));
        assert_eq!(tag.attributes.text(b"hidden").as_deref(), Some("a<b"));
        assert_eq!(tag.attributes.value(b"s"), None);
        assert_eq!(Tag::of(b"a b").attributes.count(), 0);
        let end = Tag::of(b"/c ");
        assert_eq!((end.name, end.kind), (&b"c"[..], TagKind::End));
    }
}
