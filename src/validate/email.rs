//! E-mail addresses.
//!
//! The rule: the grammar of `input type=email` in the HTML standard (WHATWG, "valid e-mail address"),
//! and beyond it what mail servers need: no dot at an end of the local part and no two in a row
//! (RFC 5321, 4.1.2), at most 64 octets before the `@` and 254 in all (RFC 5321, 4.5.3.1), at least
//! one dot in the domain and a top level that is not a number. Domains in other scripts become
//! their ASCII form (IDNA, UTS 46). The local part keeps its case, the domain is written small.

use std::borrow::Cow;

use super::fault::{CellFault, Understood, shown};
use crate::contact::{Value, is_invisible};

/// Domains whose misspellings are worth pointing out in a message.
const COMMON_DOMAINS: [&str; 14] = [
    "gmail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "live.com",
    "aol.com",
    "googlemail.com",
    "protonmail.com",
    "web.de",
    "gmx.de",
    "orange.fr",
    "libero.it",
    "qq.com",
];

/// The address in a cell, ready to be sent.
pub fn check_email(cell: &str) -> Result<Value, CellFault> {
    read_email(cell).map(|understood| understood.value)
}

/// The address in a cell, without what mail programs and lists put round it: `mailto:`, pointed
/// brackets, quotation marks, a separator at the end. A name before the address is left out, and said.
pub(super) fn read_email(cell: &str) -> Result<Understood, CellFault> {
    if is_address_alone(cell) {
        return address_of(cell).map(Understood::from);
    }
    if cell.len() > 1024 {
        return Err(CellFault::new("email.too_long", "an e-mail address has at most 254 characters"));
    }
    let plain = plain_text(cell);
    let text = bare(&plain);
    if several(text) {
        return Err(CellFault::new(
            "email.several_addresses",
            "more than one e-mail address, keep one and move the others",
        ));
    }
    let (address, name) = match text.split_once('<') {
        None => (text, ""),
        Some((name, address)) => {
            let address = address.strip_suffix('>').filter(|address| !address.contains(['<', '>']));
            let message = "more than the bare address, write it alone as anna@example.com";
            (bare(address.ok_or_else(|| CellFault::new("email.not_bare", message))?), name.trim())
        }
    };
    let value = address_of(address)?;
    let note = (!name.is_empty() && !name.contains('@')).then(|| {
        let message = format!("read as {}, and left out: {}", value.as_text(), shown(name));
        CellFault::new("email.name_left_out", message)
    });
    Ok(Understood { value, note })
}

/// Whether a cell is one address at the most, with nothing round it: most cells are, and need none of what
/// the others need.
fn is_address_alone(cell: &str) -> bool {
    let bytes = cell.as_bytes();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'.' | b'_' | b'-' | b'+');
    let ends = bytes.first().zip(bytes.last());
    cell.len() <= 1024
        && ends.is_some_and(|(first, last)| first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric())
        && bytes.iter().all(|byte| is_part(*byte))
}

/// The text without what can't be seen, its full-width characters in ASCII.
fn plain_text(cell: &str) -> Cow<'_, str> {
    if cell.is_ascii() {
        return Cow::Borrowed(cell);
    }
    let plain = |character: char| match character {
        '\u{fe6b}' => '@',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        _ => character,
    };
    Cow::Owned(cell.chars().filter(|character| !is_invisible(*character)).map(plain).collect())
}

/// The text within quotation marks, brackets and `mailto:`, without separators at its ends.
fn bare(text: &str) -> &str {
    let mut text = text.trim();
    loop {
        let before = text;
        // A dot in front is a slip of another kind, and may be part of the address.
        text = text.trim_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';'));
        text = text.strip_suffix(['.', ':']).unwrap_or(text);
        for (open, close) in [('"', '"'), ('\'', '\''), ('(', ')'), ('[', ']')] {
            // `"Ann" <a@x.example>` begins with a mark that ends before the address.
            let inner = text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
            text = inner.filter(|inner| !inner.contains(open)).unwrap_or(text);
        }
        if text.get(..7).is_some_and(|start| start.eq_ignore_ascii_case("mailto:")) {
            text = text[7..].split('?').next().unwrap_or_default();
        }
        if text == before {
            return text;
        }
    }
}

/// Whether more than one part of the text has an `@`.
fn several(text: &str) -> bool {
    let parts =
        text.split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '、' | '/' | '|' | '&' | '<' | '>' | '"'));
    parts.filter(|part| part.contains('@')).count() > 1
}

fn address_of(address: &str) -> Result<Value, CellFault> {
    let Some((local, domain)) = address.rsplit_once('@') else {
        return Err(syntax("not an e-mail address, write it as anna@example.com"));
    };
    check_local(local)?;
    let domain = check_domain(domain)?;
    if local.len() + 1 + domain.len() > 254 {
        return Err(CellFault::new("email.too_long", "an e-mail address has at most 254 characters"));
    }
    Ok(Value::Text(match domain {
        Cow::Borrowed(_) => address.to_owned(),
        Cow::Owned(domain) => format!("{local}@{domain}"),
    }))
}

fn check_local(local: &str) -> Result<(), CellFault> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&byte);
    if local.is_empty() {
        return Err(syntax("nothing before the @"));
    }
    if !local.bytes().all(allowed) {
        return Err(syntax(if local.starts_with('"') {
            "quotation marks before the @, which services refuse"
        } else if local.is_ascii() {
            "a character before the @ that no e-mail address has"
        } else {
            "a letter before the @ that is not ASCII, which services refuse"
        }));
    }
    let two_dots = |pair: &[u8]| pair == b"..";
    if local.starts_with('.') || local.ends_with('.') || local.as_bytes().windows(2).any(two_dots) {
        return Err(syntax("a dot at an end, or two in a row, before the @"));
    }
    if local.len() > 64 {
        return Err(CellFault::new("email.too_long", "at most 64 characters stand before the @"));
    }
    Ok(())
}

/// The domain in ASCII and small.
fn check_domain(domain: &str) -> Result<Cow<'_, str>, CellFault> {
    let plain = domain.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-".contains(&byte));
    // `xn--` labels are checked by decoding them, which only the library does.
    let is_coded = |domain: &str| domain.bytes().any(|byte| byte == b'-') && domain.contains("xn--");
    let ascii = if plain && !is_coded(domain) {
        Cow::Borrowed(domain)
    } else if domain.is_ascii() && !is_coded(&domain.to_ascii_lowercase()) {
        Cow::Owned(domain.to_ascii_lowercase())
    } else {
        Cow::Owned(idna::domain_to_ascii(domain).map_err(|_| domain_fault("not a domain that can exist", domain))?)
    };
    if ascii.is_empty() {
        return Err(syntax("nothing after the @"));
    }
    if !ascii.contains('.') {
        return Err(domain_fault("the domain after the @ has no dot", &ascii));
    }
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top_is_number = ascii.rsplit('.').next().is_some_and(|top| top.bytes().all(|byte| byte.is_ascii_digit()));
    if top_is_number || !ascii.split('.').all(label) {
        return Err(domain_fault("the domain after the @ is not one that can exist", &ascii));
    }
    Ok(ascii)
}

fn domain_fault(message: &str, domain: &str) -> CellFault {
    match meant_domain(domain) {
        Some(meant) => CellFault::new("email.domain", format!("{message}, did you mean {meant}")),
        None => CellFault::new("email.domain", message),
    }
}

/// The well-known domain that this one is probably a slip for.
fn meant_domain(domain: &str) -> Option<&'static str> {
    if domain.len() > 30 {
        return None;
    }
    let most = |known: &str| if known.len() > 7 { 2 } else { 1 };
    COMMON_DOMAINS
        .into_iter()
        .filter(|known| least_distance(known, domain) <= most(known))
        .map(|known| (strsim::damerau_levenshtein(known, domain), known))
        .filter(|(distance, known)| *distance <= most(known))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

/// What the distance of two words is at the least: the letters that one of them has more of than the other.
/// Quicker than the distance by far, and for most pairs enough.
fn least_distance(one: &str, other: &str) -> usize {
    let place = |letter: char| usize::try_from(u32::from(letter)).map_or(127, |letter| letter.min(127));
    let mut counts = [0_i32; 128];
    one.chars().for_each(|letter| counts[place(letter)] += 1);
    other.chars().for_each(|letter| counts[place(letter)] -= 1);
    let more: i32 = counts.iter().filter(|count| **count > 0).sum();
    let less: i32 = counts.iter().filter(|count| **count < 0).sum();
    usize::try_from(more.max(-less)).unwrap_or_default()
}

fn syntax(message: &str) -> CellFault {
    CellFault::new("email.syntax", message)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(cell: &str) -> Result<String, &'static str> {
        check_email(cell).map(|value| value.as_text().into_owned()).map_err(|fault| fault.code)
    }

    #[test]
    fn addresses_keep_their_local_part_and_get_a_small_domain() {
        for (cell, address) in [
            ("anna@example.com", "anna@example.com"),
            ("  Anna.Smith+Tag@EXAMPLE.Com ", "Anna.Smith+Tag@example.com"),
            ("\u{200b}anna@example.com\u{a0}", "anna@example.com"),
            ("o'brien@mail.example.co.uk", "o'brien@mail.example.co.uk"),
            ("anna@bücher.example", "anna@xn--bcher-kva.example"),
            ("anna@xn--bcher-kva.example", "anna@xn--bcher-kva.example"),
            ("1@2.io", "1@2.io"),
            ("anna@example.com.", "anna@example.com"),
            ("anna@example.com;", "anna@example.com"),
            ("anna@example.com , ", "anna@example.com"),
            ("<anna@example.com>", "anna@example.com"),
            ("\"anna@example.com\"", "anna@example.com"),
            ("'anna@example.com'", "anna@example.com"),
            ("mailto:anna@example.com", "anna@example.com"),
            ("MAILTO:anna@example.com?subject=hi", "anna@example.com"),
            ("<mailto:anna@example.com>", "anna@example.com"),
            ("anna＠example.com", "anna@example.com"),
            ("ａｎｎａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "anna@example.com"),
            ("an\u{ad}na@exam\u{200b}ple.com\u{3164}", "anna@example.com"),
        ] {
            assert_eq!(read(cell), Ok(address.to_owned()), "{cell}");
        }
        let longest = format!("{}@{}.com", "a".repeat(64), ["b".repeat(61), "c".repeat(61), "d".repeat(61)].join("."));
        assert_eq!(longest.len(), 254);
        assert_eq!(read(&longest), Ok(longest.clone()));
    }

    #[test]
    fn what_no_service_takes_is_refused() {
        for (cell, code) in [
            ("n/a", "email.syntax"),
            ("anna", "email.syntax"),
            ("anna@", "email.syntax"),
            ("@example.com", "email.syntax"),
            ("anna@@example.com", "email.syntax"),
            ("anna smith@example.com", "email.syntax"),
            (".anna@example.com", "email.syntax"),
            ("anna..x@example.com", "email.syntax"),
            ("\"anna x\"@example.com", "email.syntax"),
            ("jörg@example.com", "email.syntax"),
            ("anna@localhost", "email.domain"),
            ("anna@-example.com", "email.domain"),
            ("anna@exa_mple.com", "email.domain"),
            ("anna@example,com", "email.domain"),
            ("anna@[192.0.2.1]", "email.domain"),
            ("anna@192.0.2.1", "email.domain"),
            ("anna@example.com;second@example.com", "email.several_addresses"),
            ("a@example.com, b@example.com", "email.several_addresses"),
            ("a@example.com b@example.com", "email.several_addresses"),
            ("a@example.com\nb@example.com", "email.several_addresses"),
            ("Ann <a@example.com>, Bob <b@example.com>", "email.several_addresses"),
            ("a@example.com <b@example.com>", "email.several_addresses"),
            ("<anna@example.com> Anna", "email.not_bare"),
            ("<anna@example.com", "email.not_bare"),
            ("anna\u{a0}smith@example.com", "email.syntax"),
            ("anna(at)example.com", "email.syntax"),
            (",;", "email.syntax"),
        ] {
            assert_eq!(read(cell), Err(code), "{cell}");
        }
        assert_eq!(read(&format!("{}@example.com", "a".repeat(65))), Err("email.too_long"));
        let long = format!("{}@{}.com", "a".repeat(64), ["b".repeat(62), "c".repeat(61), "d".repeat(61)].join("."));
        assert_eq!(read(&long), Err("email.too_long"));
    }

    #[test]
    fn a_name_before_the_address_is_left_out_and_said() {
        for cell in ["Ann Lee <ann@x.example>", "\"Lee, Ann\" <ann@x.example>", "\"Ann\" <ann@x.example>;"] {
            let understood = read_email(cell).unwrap();
            assert_eq!(understood.value, Value::Text("ann@x.example".into()), "{cell}");
            assert_eq!(understood.note.map(|note| note.code), Some("email.name_left_out"), "{cell}");
        }
        assert_eq!(read_email("mailto:ann@x.example").unwrap().note, None);
    }

    #[test]
    fn a_misspelt_common_domain_is_pointed_out_in_an_error() {
        let fault = check_email("anna@gmail,com").unwrap_err();
        assert!(fault.message.ends_with("did you mean gmail.com"), "{}", fault.message);
    }

    proptest! {
        #[test]
        fn no_two_words_are_nearer_than_their_letters_say(one in "[a-eé.]{0,9}", other in "[a-eé.]{0,9}") {
            prop_assert!(least_distance(&one, &other) <= strsim::damerau_levenshtein(&one, &other));
        }
    }
}
