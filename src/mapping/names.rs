//! One name or two: how a full name becomes a first and a last name, and back.
//!
//! The rule, in both directions:
//!
//! - **Joining** writes the first name, a space, the last name. If one of them is missing, the other
//!   is the name.
//! - **Splitting** gives the last word to the last name and all words before it to the first name. If
//!   a word after the first is a particle that begins a surname (`de`, `van`, `von`, `bin`, `da`…),
//!   the last name begins at the earliest such particle instead. A single word is a first name.
//! - **A comma** turns them round: `Müller, Jörg` is `Jörg` + `Müller`. What follows a comma and is a
//!   title or a form of company is none of it: `John Smith, Jr.` is `John` + `Smith, Jr.`, and
//!   `Acme, Inc.` stays whole, as a first name.
//! - **Brackets** at the end belong to the first name: `Mei Lim (VIP)` is `Mei (VIP)` + `Lim`.
//!
//! No word is ever dropped or added. Splitting a name without comma and brackets and joining the parts
//! gives the same name. Joining two names and splitting again gives the same two whenever the
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

/// What follows a comma and makes the whole the name of a company.
const COMPANIES: &[&str] = &[
    "inc",
    "ltd",
    "llc",
    "llp",
    "plc",
    "gmbh",
    "ag",
    "kg",
    "co",
    "corp",
    "sa",
    "sl",
    "srl",
    "spa",
    "bv",
    "nv",
    "ab",
    "as",
    "oy",
    "pty",
    "pte",
    "sarl",
    "sas",
    "kk",
    "lp",
    "limited",
    "incorporated",
];

/// What follows a comma and belongs to the last name.
const SUFFIXES: &[&str] =
    &["jr", "sr", "ii", "iii", "iv", "md", "phd", "esq", "cpa", "dds", "mba", "ma", "ba", "msc", "bsc", "rn", "dr"];

/// The first and the last name in a full name; either may be empty.
pub fn split_name(name: &str) -> (String, String) {
    let name = collapse(name);
    if let Some((bare, brackets)) = trailing_brackets(&name) {
        let (first, last) = split_name(bare);
        return (join_name(&first, brackets), last);
    }
    if let Some((before, after)) = name.rsplit_once(", ") {
        let word = after.to_lowercase().replace(['.', ' '], "");
        if COMPANIES.contains(&word.as_str()) {
            return (name, String::new());
        }
        if SUFFIXES.contains(&word.as_str()) {
            let (first, last) = split_name(before);
            let titled = format!("{}, {after}", if last.is_empty() { &first } else { &last });
            return if last.is_empty() { (titled, last) } else { (first, titled) };
        }
        if !before.contains(',') && !after.contains(',') && has_letters(before) && has_letters(after) {
            return (after.to_owned(), before.to_owned());
        }
        // Several commas: a list, an address, a string of titles. Nobody can say which part is what.
        return (name, String::new());
    }
    match surname_start(&name) {
        Some(start) => (name[..start - 1].to_owned(), name[start..].to_owned()),
        None => (name, String::new()),
    }
}

/// A name and the brackets behind it, if both are there.
fn trailing_brackets(name: &str) -> Option<(&str, &str)> {
    let open = if name.ends_with(')') {
        '('
    } else if name.ends_with(']') {
        '['
    } else {
        return None;
    };
    let at = name.rfind(open).filter(|at| *at > 0)?;
    let (bare, brackets) = name.split_at(at);
    let bare = bare.strip_suffix(' ')?;
    (!bare.is_empty()).then_some((bare, brackets))
}

fn has_letters(text: &str) -> bool {
    text.contains(char::is_alphabetic)
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
            // The longest has six letters, all of ASCII.
            word.len() <= 6 && PARTICLES.iter().any(|particle| word.eq_ignore_ascii_case(particle))
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
            ("Müller, Jörg", "Jörg", "Müller"),
            ("de la Cruz, Ana María", "Ana María", "de la Cruz"),
            ("Lim, Mei (VIP)", "Mei (VIP)", "Lim"),
            ("Mei Lim (VIP)", "Mei (VIP)", "Lim"),
            ("(VIP)", "(VIP)", ""),
            ("Acme, Inc.", "Acme, Inc.", ""),
            ("Acme Holding, S.A.", "Acme Holding, S.A.", ""),
            ("John Smith, Jr.", "John", "Smith, Jr."),
            ("Smith, John, Dr.", "John", "Smith, Dr."),
            ("Smith, John, Leeds", "Smith, John, Leeds", ""),
            ("Doe, Jane, Inc.", "Doe, Jane, Inc.", ""),
            ("Smith,", "Smith,", ""),
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
        fn splitting_and_joining_gives_the_name_back(name in "[^,)\\]\\pC]{0,40}") {
            let (first, last) = split_name(&name);
            prop_assert_eq!(join_name(&first, &last), collapse(&name));
        }

        #[test]
        fn joining_and_splitting_keeps_every_word(first in "\\PC{0,20}", last in "[a-z \u{a0}'.-]{0,20}") {
            let (a, b) = split_name(&join_name(&first, &last));
            // A comma turns the parts round, and brackets go to the first name.
            let sorted = |texts: [&str; 2]| {
                let joined = texts.join(" ").replace(',', " , ");
                let mut words: Vec<String> = joined.split_whitespace().filter(|word| *word != ",").map(str::to_owned).collect();
                words.sort();
                words
            };
            prop_assert_eq!(sorted([&first, &last]), sorted([&a, &b]));
        }

        #[test]
        fn one_plain_word_as_a_last_name_splits_back(first in "[A-Z][a-z]{4,9}( [A-Z][a-z]{5,9})?", last in "[A-Z][a-z]{5,12}") {
            prop_assert!(splits_back(&first, &last));
        }
    }
}
