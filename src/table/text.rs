//! Bytes as UTF-8 text: which encoding, and how one knows.
//!
//! The order: what the user says; a byte order mark; the zeros of UTF-16; strict UTF-8; else a
//! statistical guess on the first megabyte, which is always said.

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Decoder, Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE};

use super::inflate;
use super::options::ReadOptions;
use super::source::{Packing, RecognizedFile, refuse_known};
use super::text_kind::TextKind;
use super::unreadable::{ContentFault, unreadable};
use crate::error::{Error, Result};

/// Bytes looked at before the encoding is decided.
const SAMPLE_BYTES: usize = 1 << 20;

/// A text whose compression is taken off and whose encoding is known.
pub struct OpenText {
    pub path: PathBuf,
    pub kind: TextKind,
    pub encoding: TextEncoding,
    /// The first of it.
    pub sample: String,
    /// All of it from the first byte, not decoded.
    pub bytes: Box<dyn Read + Send>,
}

impl OpenText {
    /// # Errors
    /// If it can't be unpacked, is no text, or text of a kind that is known and can't be read.
    pub fn open(source: RecognizedFile, packing: Packing, options: &ReadOptions) -> Result<Self> {
        let path = source.path.clone();
        let failed = |cause| unreadable(&path, cause);
        let bytes = inflate::unpacked(source, packing, &options.limits).map_err(failed)?;
        let (sample, bytes) = sampled(bytes).map_err(failed)?;
        if packing != Packing::None {
            refuse_packed(&path, &sample)?;
        }
        let encoding = TextEncoding::of(&sample, options.encoding.as_deref()).map_err(|message| {
            Error::usage(message).hint("name it as web pages do: utf-8, windows-1252, utf-16le, shift_jis, gbk")
        })?;
        let sample = encoding.decoded_sample(&sample);
        if is_binary(&sample) {
            return Err(Error::usage(format!("{} is not text: it looks like a binary file", path.display()))
                .hint("hand over a .csv or .xlsx file"));
        }
        let kind = TextKind::of(&path, &sample)?;
        Ok(Self { path, kind, encoding, sample, bytes })
    }
}

/// What came out of gzip or zstd must be text.
fn refuse_packed(path: &Path, sample: &[u8]) -> Result<()> {
    let inside = [
        (b"PK\x03\x04".as_slice(), "a workbook"),
        (b"\x1f\x8b", "another gzip file"),
        (b"\x28\xb5\x2f\xfd", "another zstd file"),
    ];
    if let Some((_, kind)) = inside.iter().find(|(magic, _)| sample.starts_with(magic)) {
        return Err(Error::usage(format!("{} is compressed and holds {kind}", path.display()))
            .hint("unpack it once and hand over what is inside"));
    }
    refuse_known(path, sample)
}

/// How the bytes of a text become characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TextEncoding {
    pub encoding: &'static Encoding,
    /// Length of the byte order mark.
    mark: usize,
    pub known_by: KnownBy,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KnownBy {
    Option,
    Mark,
    /// Zeros where UTF-16 has them.
    Zeros,
    /// All of the sample is valid.
    Validity,
    /// Nearly all of it is.
    Likeness,
    Guess,
}

impl TextEncoding {
    /// Decides by the first bytes of a text. `label` is what the user said.
    ///
    /// # Errors
    /// A message if no encoding has that label.
    pub fn of(sample: &[u8], label: Option<&str>) -> std::result::Result<Self, String> {
        let marked = Encoding::for_bom(sample);
        if let Some(label) = label {
            let named = Encoding::for_label_no_replacement(label.trim().as_bytes())
                .ok_or_else(|| format!("no such encoding: {label}"))?;
            let is_utf16 = |encoding| encoding == UTF_16LE || encoding == UTF_16BE;
            return Ok(match marked {
                Some((encoding, mark)) if encoding == named || is_utf16(encoding) && is_utf16(named) => {
                    Self { encoding, mark, known_by: KnownBy::Option }
                }
                _ => Self { encoding: named, mark: 0, known_by: KnownBy::Option },
            });
        }
        if let Some((encoding, mark)) = marked {
            return Ok(Self { encoding, mark, known_by: KnownBy::Mark });
        }
        let (encoding, known_by) = if let Some(encoding) = utf16_by_zeros(sample) {
            (encoding, KnownBy::Zeros)
        } else {
            match Utf8Likeness::of(sample) {
                Utf8Likeness { broken: 0, .. } => (UTF_8, KnownBy::Validity),
                Utf8Likeness { sound, broken } if sound >= 4 && sound >= broken * 4 => (UTF_8, KnownBy::Likeness),
                _ => (guessed(sample), KnownBy::Guess),
            }
        };
        Ok(Self { encoding, mark: 0, known_by })
    }

    /// `bytes`, from the first of the text, as UTF-8. Where the encoding is UTF-8 already, nothing
    /// is checked; elsewhere bytes that are no characters become U+FFFD.
    ///
    /// # Errors
    /// Those of reading.
    pub fn decoded(self, mut bytes: Box<dyn Read + Send>) -> io::Result<Box<dyn BufRead + Send>> {
        let mut mark = [0; 4];
        bytes.read_exact(&mut mark[..self.mark])?;
        if self.encoding == UTF_8 {
            return Ok(Box::new(BufReader::with_capacity(BUFFER_BYTES, bytes)));
        }
        Ok(Box::new(Decoded::new(bytes, self.encoding)))
    }

    /// The sample itself as UTF-8.
    pub fn decoded_sample(self, sample: &[u8]) -> String {
        self.encoding.decode_without_bom_handling(&sample[self.mark..]).0.into_owned()
    }

    /// What to tell the user; nothing where there is no doubt.
    pub fn note(self) -> Option<String> {
        let name = self.encoding.name();
        match self.known_by {
            KnownBy::Option | KnownBy::Validity => None,
            KnownBy::Mark if self.encoding == UTF_8 => None,
            KnownBy::Mark => Some(format!("encoding {name}, by its byte order mark")),
            KnownBy::Zeros => Some(format!("encoding {name}, by its zero bytes")),
            KnownBy::Likeness => {
                Some("encoding UTF-8, though some bytes are not: rows that hold such are rejected".into())
            }
            KnownBy::Guess => {
                Some(format!("encoding {name} is a guess: if names look wrong, say which it is with --encoding"))
            }
        }
    }
}

const BUFFER_BYTES: usize = 64 << 10;

/// Multi-byte characters, and places where a character is broken.
struct Utf8Likeness {
    sound: usize,
    broken: usize,
}

impl Utf8Likeness {
    fn of(sample: &[u8]) -> Self {
        let (mut sound, mut broken) = (0, 0);
        for chunk in sample.utf8_chunks() {
            sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
            broken += usize::from(!chunk.invalid().is_empty());
        }
        // The sample may end in the middle of a character.
        let tail = std::str::from_utf8(sample).err().filter(|error| error.error_len().is_none());
        if tail.is_some() || sample.utf8_chunks().last().is_some_and(|last| ends_early(last.invalid())) {
            broken -= 1;
        }
        Self { sound, broken }
    }
}

/// Whether `invalid`, the last bytes of a sample, are the beginning of a character.
fn ends_early(invalid: &[u8]) -> bool {
    !invalid.is_empty() && std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none())
}

/// UTF-16 without a mark: every other byte of text in a Latin script is zero.
fn utf16_by_zeros(sample: &[u8]) -> Option<&'static Encoding> {
    let zeros = |parity: usize| sample.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, pairs) = (zeros(0), zeros(1), sample.len() / 2);
    if pairs >= 2 && odd * 10 >= pairs * 4 && even * 20 <= odd {
        Some(UTF_16LE)
    } else if pairs >= 2 && even * 10 >= pairs * 4 && odd * 20 <= even {
        Some(UTF_16BE)
    } else {
        None
    }
}

fn guessed(sample: &[u8]) -> &'static Encoding {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Allow);
    detector.feed(sample, true);
    let guess = detector.guess(None, Utf8Detection::Deny);
    let (as_guessed, as_mac) = (Casing::of(sample, guess), Casing::of(sample, MACINTOSH));
    if guess.is_single_byte()
        && as_guessed.odd > 0
        && as_mac.odd * 4 < as_guessed.odd
        && as_mac.sound > as_guessed.sound
    {
        return MACINTOSH;
    }
    guess
}

/// How letters outside of ASCII stand behind small letters: the guesser knows no Mac Roman, in which the
/// bytes of small accented letters are capitals, signs and control characters elsewhere.
struct Casing {
    /// Small letters.
    sound: usize,
    /// Capitals, control characters and signs that stand in no word.
    odd: usize,
}

impl Casing {
    fn of(sample: &[u8], encoding: &'static Encoding) -> Self {
        let text = encoding.decode_without_bom_handling(sample).0;
        let (mut sound, mut odd, mut before) = (0, 0, ' ');
        for letter in text.chars() {
            if before.is_lowercase() && !letter.is_ascii() {
                if letter.is_lowercase() {
                    sound += 1;
                } else if letter.is_uppercase() || letter.is_control() || letter.is_numeric() {
                    odd += 1;
                }
            }
            before = letter;
        }
        Self { sound, odd }
    }
}

/// A share of control characters that no text has.
fn is_binary(sample: &str) -> bool {
    let head: Vec<char> = sample.chars().take(8 << 10).collect();
    let strange = head.iter().filter(|c| c.is_ascii_control() && !matches!(c, '\t' | '\n' | '\r' | '\u{c}' | '\u{1a}'));
    strange.count() * 10 > head.len()
}

/// Whether a text has one of Ã, Â, Å, Ä, â, Ð and Ñ, as all text has that was written as UTF-8 and read as
/// windows-1252: they are what the first bytes of UTF-8 for letters of Europe and for typographic marks become.
pub fn may_be_garbled(text: &str) -> bool {
    // In UTF-8 each of these begins with C3.
    let bytes = text.as_bytes();
    memchr::memchr_iter(0xc3, bytes).any(|at| matches!(bytes.get(at + 1), Some(0x82..=0x85 | 0x90 | 0x91 | 0xa2)))
}

/// Text of another encoding as UTF-8, a buffer at a time.
struct Decoded {
    bytes: BufReader<Box<dyn Read + Send>>,
    decoder: Decoder,
    text: Vec<u8>,
    given: usize,
    ended: bool,
}

impl Decoded {
    fn new(bytes: Box<dyn Read + Send>, encoding: &'static Encoding) -> Self {
        Self {
            bytes: BufReader::with_capacity(BUFFER_BYTES, bytes),
            decoder: encoding.new_decoder_without_bom_handling(),
            text: Vec::with_capacity(BUFFER_BYTES * 3 + 16),
            given: 0,
            ended: false,
        }
    }
}

impl Read for Decoded {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let text = self.fill_buf()?;
        let count = text.len().min(buffer.len());
        buffer[..count].copy_from_slice(&text[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Decoded {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.given == self.text.len() && !self.ended {
            let bytes = self.bytes.fill_buf()?;
            let last = bytes.is_empty();
            self.text.resize(BUFFER_BYTES * 3 + 16, 0);
            let (result, read, written, _) = self.decoder.decode_to_utf8(bytes, &mut self.text, last);
            self.text.truncate(written);
            self.given = 0;
            self.bytes.consume(read);
            self.ended = last && result == encoding_rs::CoderResult::InputEmpty;
        }
        Ok(&self.text[self.given..])
    }

    fn consume(&mut self, count: usize) {
        self.given += count;
    }
}

/// The first bytes of a text, and all of it from the first byte on.
fn sampled(mut bytes: Box<dyn Read + Send>) -> io::Result<(Vec<u8>, Box<dyn Read + Send>)> {
    let mut sample = Vec::new();
    (&mut bytes).take(SAMPLE_BYTES as u64).read_to_end(&mut sample)?;
    if sample.is_empty() {
        return Err(ContentFault::error(
            "is empty",
            "save the spreadsheet again, or check that its download was complete",
        ));
    }
    let whole = Box::new(Cursor::new(sample.clone()).chain(bytes));
    Ok((sample, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sample: &[u8]) -> (&'static str, KnownBy) {
        let text = TextEncoding::of(sample, None).expect("no label given");
        (text.encoding.name(), text.known_by)
    }

    fn utf16le(text: &str) -> Vec<u8> {
        text.encode_utf16().flat_map(u16::to_le_bytes).collect()
    }

    #[test]
    fn marks_zeros_validity_and_guesses_come_in_this_order() {
        assert_eq!(of(b"\xef\xbb\xbfname"), ("UTF-8", KnownBy::Mark));
        assert_eq!(of(&[b"\xff\xfe".as_slice(), &utf16le("name")].concat()), ("UTF-16LE", KnownBy::Mark));
        assert_eq!(of(&utf16le("name,phone\nAnn,1")), ("UTF-16LE", KnownBy::Zeros));
        assert_eq!(
            of(&"name\nJosé".encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<_>>()),
            ("UTF-16BE", KnownBy::Zeros)
        );
        assert_eq!(of("name\nJosé".as_bytes()), ("UTF-8", KnownBy::Validity));
        assert_eq!(of(b"name,city\nJos\xe9,M\xe1laga\nMar\xeda,Le\xf3n\n"), ("windows-1252", KnownBy::Guess));
    }

    #[test]
    fn mac_roman_is_told_by_small_letters_where_others_have_capitals_and_signs() {
        let mac = |text: &str| {
            text.chars()
                .map(|c| match c {
                    'é' => 0x8e,
                    'è' => 0x8f,
                    'ü' => 0x9f,
                    'ñ' => 0x96,
                    c => u8::try_from(c).expect("a letter of the table"),
                })
                .collect::<Vec<u8>>()
        };
        assert_eq!(of(&mac("prénom,nom\rRené,Lefèvre\rZoé,Müller\r")).0, "macintosh");
        assert_eq!(of(b"name,city\nO\x92Neil,M\xfcnchen\nZo\xeb,K\xf6ln\n").0, "windows-1252");
        assert_ne!(of(b"ime,mesto\nMi\x9ao,\x8abenik\nJo\x9eef,Vinkovci\n").0, "macintosh");
    }

    #[test]
    fn one_broken_byte_in_much_sound_text_leaves_it_utf8() {
        let text = ["名前,電話\n太郎,1\n".as_bytes(), b"Jos\xe9,2\n"].concat();
        assert_eq!(of(&text), ("UTF-8", KnownBy::Likeness));
    }

    #[test]
    fn a_sample_may_end_inside_a_character() {
        let text = "name\n李".as_bytes();
        assert_eq!(of(&text[..text.len() - 1]), ("UTF-8", KnownBy::Validity));
        assert_eq!(of(&[b"Jos\xe9,".as_slice(), &"é".as_bytes()[..1]].concat()).1, KnownBy::Guess);
    }

    #[test]
    fn decoding_streams_over_buffer_ends() {
        let text = "añ李😀".repeat(50_000);
        let bytes: Box<dyn Read + Send> = Box::new(Cursor::new(utf16le(&text)));
        let mut decoded = String::new();
        let encoding = TextEncoding::of(b"", Some("utf-16le")).expect("a label");
        encoding.decoded(bytes).expect("no mark").read_to_string(&mut decoded).expect("sound text");
        assert_eq!(decoded, text);
    }
}
