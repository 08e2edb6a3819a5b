//! Several names in one cell: tags and lists.
//!
//! Names stand between separators. A name that holds a separator or a line break, begins with a
//! quotation mark, or has white space at an end, is written in quotation marks, and a quotation mark
//! inside is then doubled, as CSV does it: `vip;"a;b";"5"" pipe"`. On reading, quotation marks count
//! only where they enclose a whole name, so `"Quoted" Industries` is read as it stands.

use std::borrow::Cow;

use crate::contact::trim_unseen;

/// What people put between tags, most telling first. A name that holds any of these is written in
/// quotation marks, so that a reader who has to guess the separator guesses right.
pub(crate) const SEPARATORS: [&str; 9] = [":::", "\n", ";", "|", " / ", ",", "、", "，", "；"];

/// What stands between tags where the mapping doesn't say.
pub(crate) const DEFAULT_SEPARATOR: &str = ";";

/// Groups that an address book makes by itself and exports among the user's own (Google Contacts:
/// the system groups of its People API, written with a star).
const SYSTEM_GROUPS: [&str; 8] =
    ["mycontacts", "starred", "friends", "family", "coworkers", "blocked", "all", "chatbuddies"];

/// The names in a cell, in order. A list of texts in JSON, `["a","b"]`, is read as one whatever the
/// separators are.
pub fn split_set<S: AsRef<str>>(cell: &str, separators: &[S]) -> Vec<String> {
    if let Some(names) = json_list(cell) {
        return names;
    }
    let mut names: Vec<String> = Vec::new();
    let mut rest = cell;
    loop {
        let (name, after) = next_name(rest, separators);
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
pub fn join_set<S: AsRef<str>>(names: &[S], separator: &str) -> String {
    let mut cell = String::new();
    for name in names.iter().map(AsRef::as_ref).filter(|name| !name.is_empty()) {
        if !cell.is_empty() {
            cell.push_str(separator);
        }
        let quoted = name.starts_with(['"', '['])
            || trim_unseen(name) != name
            || name.contains(separator)
            || name.contains('\r')
            || looks_joined(name).is_some();
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

/// What in a name looks as if it stood between two.
pub fn looks_joined(name: &str) -> Option<&'static str> {
    // One of these is in each separator, and most names have none.
    if !name.bytes().any(|byte| matches!(byte, b':' | b'\n' | b';' | b'|' | b'/' | b',')) {
        return None;
    }
    SEPARATORS.into_iter().find(|separator| name.contains(separator))
}

/// Whether the name is a group that an address book made by itself, such as `* myContacts`.
pub fn is_system_group(name: &str) -> bool {
    let group = name.strip_prefix("* ").map(|group| group.trim().replace(' ', "").to_lowercase());
    group.is_some_and(|group| SYSTEM_GROUPS.contains(&group.as_str()))
}

/// The names of a cell that is a list of texts in JSON.
pub(crate) fn json_list(cell: &str) -> Option<Vec<String>> {
    let text = cell.trim();
    if !text.starts_with('[') || !text.ends_with(']') {
        return None;
    }
    let names: Vec<String> = serde_json::from_str(text).ok()?;
    Some(names.into_iter().map(|name| trim_unseen(&name).to_owned()).filter(|name| !name.is_empty()).collect())
}

/// Which of [`SEPARATORS`] stand in a cell outside quotation marks.
pub(crate) fn separators_in(cell: &str) -> [bool; SEPARATORS.len()] {
    let mut found = [false; SEPARATORS.len()];
    for (index, part) in cell.split('"').enumerate() {
        if index % 2 == 0 {
            for (which, separator) in SEPARATORS.iter().enumerate() {
                found[which] |= part.contains(separator);
            }
        }
    }
    found
}

/// Where the first separator begins and ends.
fn next_separator<S: AsRef<str>>(text: &str, separators: &[S]) -> Option<(usize, usize)> {
    let found = separators.iter().map(AsRef::as_ref).filter_map(|separator| {
        let start = match separator.as_bytes() {
            [byte] => memchr::memchr(*byte, text.as_bytes())?,
            _ => text.find(separator)?,
        };
        Some((start, start + separator.len()))
    });
    // Of two that begin at one place the longer one counts.
    found.min_by_key(|(start, end)| (*start, std::cmp::Reverse(*end)))
}

/// The first name, and what follows its separator if there is one.
fn next_name<'a, S: AsRef<str>>(text: &'a str, separators: &[S]) -> (Cow<'a, str>, Option<&'a str>) {
    if let Some(found) = quoted_name(text, separators) {
        return found;
    }
    match next_separator(text, separators) {
        Some((start, end)) => (Cow::Borrowed(trim_unseen(&text[..start])), Some(&text[end..])),
        None => (Cow::Borrowed(trim_unseen(text)), None),
    }
}

/// The same for a name wholly in quotation marks; `None` if it isn't one.
fn quoted_name<'a, S: AsRef<str>>(text: &'a str, separators: &[S]) -> Option<(Cow<'a, str>, Option<&'a str>)> {
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
    match next_separator(after, separators) {
        None => after.trim().is_empty().then_some((name, None)),
        Some((start, end)) => after[..start].trim().is_empty().then_some((name, Some(&after[end..]))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn split(cell: &str, separator: &str) -> Vec<String> {
        split_set(cell, &[separator])
    }

    #[test]
    fn names_are_trimmed_and_empty_ones_fall_out() {
        assert_eq!(split_set("\u{feff}vip\u{200b};\u{3164};lead\u{fe0f}", &[";"]), ["vip", "lead"]);
        assert_eq!(split(" vip ; ;lead;vip;", ";"), ["vip", "lead", "vip"]);
        assert_eq!(split("", ";"), Vec::<String>::new());
        assert_eq!(split("a,b;c", ";"), ["a,b", "c"]);
    }

    #[test]
    fn quotation_marks_count_only_round_a_whole_name() {
        assert_eq!(split("vip;\"a;b\";\"5\"\" pipe\"", ";"), ["vip", "a;b", "5\" pipe"]);
        assert_eq!(split("\"Quoted\" Industries;x", ";"), ["\"Quoted\" Industries", "x"]);
        assert_eq!(split("\"never closed;x", ";"), ["\"never closed", "x"]);
    }

    #[test]
    fn separators_are_texts_and_may_be_several() {
        assert_eq!(split("VIP ::: * myContacts", " ::: "), ["VIP", "* myContacts"]);
        assert_eq!(split("North / South", " / "), ["North", "South"]);
        assert_eq!(split("one\r\ntwo", "\n"), ["one", "two"]);
        assert_eq!(split_set("a;b,c", &[";", ","]), ["a", "b", "c"]);
    }

    #[test]
    fn a_list_in_json_is_read_as_one() {
        assert_eq!(split(r#" ["vip", "a, b"] "#, ";"), ["vip", "a, b"]);
        assert_eq!(split("[vip];x", ";"), ["[vip]", "x"]);
    }

    #[test]
    fn groups_that_an_address_book_makes_are_known() {
        assert!(is_system_group("* myContacts") && is_system_group("* starred"));
        assert!(!is_system_group("myContacts") && !is_system_group("* my best friends"));
    }

    proptest! {
        #[test]
        fn what_is_joined_splits_back(
            names in proptest::collection::vec("[a-c;,:/\\[\\]| \"\n\r\u{a0}\u{200b}é]{1,6}", 0..6),
            separator in prop_oneof![Just(";"), Just(","), Just("|"), Just(" ::: ")],
        ) {
            prop_assert_eq!(split(&join_set(&names, separator), separator), names);
        }
    }
}
