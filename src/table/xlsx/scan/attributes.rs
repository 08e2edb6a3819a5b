//! Attributes of tags, and the references in them.

pub fn local(name: &[u8]) -> &[u8] {
    name.iter().rposition(|byte| *byte == b':').map_or(name, |colon| &name[colon + 1..])
}

/// The value of the attribute `key`.
pub fn attribute<'t>(attributes: &'t [u8], key: &[u8]) -> Option<&'t [u8]> {
    let mut rest = attributes.trim_ascii_start();
    while !rest.is_empty() {
        let equals = rest.iter().position(|byte| *byte == b'=')?;
        let name = rest[..equals].trim_ascii();
        let value = rest[equals + 1..].trim_ascii_start();
        let quote = *value.first().filter(|byte| matches!(**byte, b'"' | b'\''))?;
        let value = &value[1..];
        let end = value.iter().position(|byte| *byte == quote)?;
        if name == key {
            return Some(&value[..end]);
        }
        rest = value[end + 1..].trim_ascii_start();
    }
    None
}

pub fn is_hidden(attributes: &[u8]) -> bool {
    attribute(attributes, b"hidden").is_some_and(|value| value == b"1" || value == b"true")
}

pub fn digits(value: &[u8]) -> Option<u64> {
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

/// The number from 1 of a column such as `XFD`.
pub fn column_number(letters: &[u8]) -> Option<usize> {
    letters.iter().try_fold(0_usize, |number, letter| {
        number.checked_mul(26)?.checked_add(usize::from(letter.to_ascii_uppercase() - b'A') + 1)
    })
}

/// Row and column, from 0, of a reference such as `B7`; `None` for anything else.
pub fn place(reference: &[u8]) -> Option<(u32, u32)> {
    let letters = reference.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
    let column = column_number(&reference[..letters]).filter(|column| *column > 0)?;
    let row = digits(&reference[letters..]).filter(|row| *row > 0)?;
    Some((u32::try_from(row - 1).ok()?, u32::try_from(column - 1).ok()?))
}
