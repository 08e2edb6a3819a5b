//! One name or two: how a full name becomes a first and a last name, and back.
//!
//! The rule, in both directions:
//!
//! - **Joining** writes the first name, a space, the last name. If one of them is missing, the other
//!   is the name.
//! - **Splitting** gives the last word to the last name and all words before it to the first name. If
//!   a word after the first is a particle that begins a surname (`de`, `van`, `von`, `bin`, `da`…),
//!   the last name begins at the earliest such particle instead. A single word is a first name.
//!
//! No word is ever dropped, added or moved. Splitting a name and joining the parts gives the same
//! name for every name. Joining two names and splitting again gives the same two whenever the
//! last name is one word without particles before it or begins with a particle, which is what
//! [`splits_back`] tells; a surname of two plain words (`García Márquez`) comes back with its first
//! word in the first name. White space is collapsed to single spaces first.

/// Words that begin a surname when they follow another word.
const PARTICLES: &[&str] = &[
    "abu", "af", "al", "av", "bar", "bat", "ben", "bin", "bint", "binti", "da", "das", "de", "degli", "dei", "del",
    "della", "den", "der", "di", "do", "dos", "du", "ibn", "la", "le", "lo", "mac", "ten", "ter", "van", "von", "zu",
    "vom", "zum", "zur",
];

/// The text with white space at the ends taken off and every run of white space made one space.
pub fn collapse(text: &str) -> String {
    let mut collapsed = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !collapsed.is_empty() {
            collapsed.push(' ');
        }
        collapsed.push_str(word);
    }
    collapsed
}

/// The full name of a person with these names. Empty parts are left out.
pub fn join_name(first: &str, last: &str) -> String {
    let mut name = collapse(first);
    let last = collapse(last);
    if !name.is_empty() && !last.is_empty() {
        name.push(' ');
    }
    name.push_str(&last);
    name
}

/// The first and the last name in a full name; either may be empty.
pub fn split_name(name: &str) -> (String, String) {
    let name = collapse(name);
    match surname_start(&name) {
        Some(start) => (name[..start - 1].to_owned(), name[start..].to_owned()),
        None => (name, String::new()),
    }
}

/// Whether splitting the joined name gives these two names again.
pub fn splits_back(first: &str, last: &str) -> bool {
    split_name(&join_name(first, last)) == (collapse(first), collapse(last))
}

/// The byte at which the last name begins in a collapsed full name of at least two words.
fn surname_start(name: &str) -> Option<usize> {
    let last_word = name.rfind(' ')? + 1;
    let particle = name.match_indices(' ').map(|(space, _)| space + 1).find(|start| {
        *start < last_word && {
            let word = name[*start..].split(' ').next().unwrap_or_default();
            PARTICLES.iter().any(|particle| word.to_lowercase() == *particle)
        }
    });
    Some(particle.unwrap_or(last_word))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_split_where_a_reader_would_split_them() {
        for (name, first, last) in [
            ("Anna Smith", "Anna", "Smith"),
            ("Ana María García", "Ana María", "García"),
            ("Juan de la Cruz", "Juan", "de la Cruz"),
            ("Peter Van der Berg", "Peter", "Van der Berg"),
            ("Siti binti Ahmad", "Siti", "binti Ahmad"),
            ("Madonna", "Madonna", ""),
            ("李娜", "李娜", ""),
            ("  Anna\u{a0} Smith ", "Anna", "Smith"),
            ("", "", ""),
            ("Anna de", "Anna", "de"),
            ("de la Cruz", "de", "la Cruz"),
        ] {
            assert_eq!(split_name(name), (first.to_owned(), last.to_owned()), "{name}");
        }
    }

    #[test]
    fn names_join_without_stray_spaces() {
        assert_eq!(join_name(" Anna ", "Smith"), "Anna Smith");
        assert_eq!(join_name("", "Smith"), "Smith");
        assert_eq!(join_name("Anna", " "), "Anna");
        assert_eq!(join_name("", ""), "");
    }

    #[test]
    fn a_surname_of_two_plain_words_is_known_not_to_split_back() {
        assert!(splits_back("Juan", "de la Cruz"));
        assert!(splits_back("Ana María", "García"));
        assert!(!splits_back("Gabriel", "García Márquez"));
    }

    proptest! {
        #[test]
        fn splitting_and_joining_gives_the_name_back(name in "\\PC{0,40}") {
            let (first, last) = split_name(&name);
            prop_assert_eq!(join_name(&first, &last), collapse(&name));
        }

        #[test]
        fn joining_and_splitting_keeps_every_word_in_order(first in "\\PC{0,20}", last in "[a-z \u{a0}'.-]{0,20}") {
            let (a, b) = split_name(&join_name(&first, &last));
            let words: Vec<_> = first.split_whitespace().chain(last.split_whitespace()).collect();
            let kept: Vec<_> = a.split_whitespace().chain(b.split_whitespace()).collect();
            prop_assert_eq!(words, kept);
        }

        #[test]
        fn one_plain_word_as_a_last_name_splits_back(first in "[A-Z][a-z]{4,9}( [A-Z][a-z]{5,9})?", last in "[A-Z][a-z]{5,12}") {
            prop_assert!(splits_back(&first, &last));
        }
    }
}
