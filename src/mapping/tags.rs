//! Several names in one cell: tags and lists.
//!
//! Names stand between separators. A name that holds a separator or a line break, begins with a
//! quotation mark, or has white space at an end, is written in quotation marks, and a quotation mark
//! inside is then doubled, as CSV does it: `vip;"a;b";"5"" pipe"`. On reading, quotation marks count
//! only where they enclose a whole name, so `"Quoted" Industries` is read as it stands.

use std::borrow::Cow;

/// What people put between tags. A name that holds any of these is written in quotation marks, so that
/// a reader who has to guess the separator guesses right.
pub(crate) const SEPARATORS: [char; 3] = [';', '|', ','];

/// The names in a cell, in order.
pub fn split_set(cell: &str, separator: char) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let mut rest = cell;
    loop {
        let (name, after) = next_name(rest, separator);
        if !name.is_empty() {
            names.push(name.into_owned());
        }
        match after {
            Some(after) => rest = after,
            None => return names,
        }
    }
}

/// A cell that holds these names and reads back to them. Empty names are left out.
pub fn join_set<S: AsRef<str>>(names: &[S], separator: char) -> String {
    let mut cell = String::new();
    for name in names.iter().map(AsRef::as_ref).filter(|name| !name.is_empty()) {
        if !cell.is_empty() {
            cell.push(separator);
        }
        let quoted = name.starts_with('"')
            || name.trim() != name
            || name.contains([separator, '\n', '\r'])
            || name.contains(SEPARATORS);
        if quoted {
            cell.push('"');
            cell.push_str(&name.replace('"', "\"\""));
            cell.push('"');
        } else {
            cell.push_str(name);
        }
    }
    cell
}

/// How often each of [`SEPARATORS`] stands in a cell outside quotation marks.
pub(crate) fn count_separators(cell: &str) -> [usize; 3] {
    let mut counts = [0; 3];
    let mut quoted = false;
    for character in cell.chars() {
        quoted ^= character == '"';
        if let Some(which) = SEPARATORS.iter().position(|separator| *separator == character).filter(|_| !quoted) {
            counts[which] += 1;
        }
    }
    counts
}

/// The first name, and what follows its separator if there is one.
fn next_name(text: &str, separator: char) -> (Cow<'_, str>, Option<&str>) {
    if let Some(found) = quoted_name(text, separator) {
        return found;
    }
    match text.split_once(separator) {
        Some((name, after)) => (Cow::Borrowed(name.trim()), Some(after)),
        None => (Cow::Borrowed(text.trim()), None),
    }
}

/// The same for a name wholly in quotation marks; `None` if it isn't one.
fn quoted_name(text: &str, separator: char) -> Option<(Cow<'_, str>, Option<&str>)> {
    let inner = text.trim_start().strip_prefix('"')?;
    let mut from = 0;
    let end = loop {
        let mark = from + inner[from..].find('"')?;
        if inner[mark + 1..].starts_with('"') {
            from = mark + 2;
        } else {
            break mark;
        }
    };
    let name = if inner[..end].contains('"') {
        Cow::Owned(inner[..end].replace("\"\"", "\""))
    } else {
        Cow::Borrowed(&inner[..end])
    };
    let after = &inner[end + 1..];
    if after.trim().is_empty() && !after.contains(separator) {
        return Some((name, None));
    }
    let (between, after) = after.split_once(separator)?;
    between.trim().is_empty().then_some((name, Some(after)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_trimmed_and_empty_ones_fall_out() {
        assert_eq!(split_set(" vip ; ;lead;vip;", ';'), ["vip", "lead", "vip"]);
        assert_eq!(split_set("", ';'), Vec::<String>::new());
        assert_eq!(split_set("a,b;c", ';'), ["a,b", "c"]);
    }

    #[test]
    fn quotation_marks_count_only_round_a_whole_name() {
        assert_eq!(split_set("vip;\"a;b\";\"5\"\" pipe\"", ';'), ["vip", "a;b", "5\" pipe"]);
        assert_eq!(split_set("\"Quoted\" Industries;x", ';'), ["\"Quoted\" Industries", "x"]);
        assert_eq!(split_set("\"never closed;x", ';'), ["\"never closed", "x"]);
    }

    proptest! {
        #[test]
        fn what_is_joined_splits_back(
            names in proptest::collection::vec("[a-c;,| \"\\n\u{a0}é]{1,6}", 0..6),
            separator in prop_oneof![Just(';'), Just(','), Just('|')],
        ) {
            prop_assert_eq!(split_set(&join_set(&names, separator), separator), names);
        }
    }
}
