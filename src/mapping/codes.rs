//! Countries and languages by code or by name.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::contact::trim_unseen;

/// Code, then the names that stand for it: the `iso3166.tab` of the tz database (public domain),
/// the ISO 3166-1 alpha-3 code and long name, and names that people write.
const COUNTRIES: &str = include_str!("countries.tsv");

/// ISO 639-1 code, then the English names of ISO 639-2 and, for widely spoken languages, their own.
const LANGUAGES: &str = include_str!("languages.tsv");

static COUNTRY_NAMES: LazyLock<Names> = LazyLock::new(|| Names::new(COUNTRIES));
static LANGUAGE_NAMES: LazyLock<Names> = LazyLock::new(|| Names::new(LANGUAGES));

/// The ISO 3166-1 alpha-2 code for a code or a name, such as `GB` for `gb`, `GBR` or `United Kingdom`.
pub fn country_code(text: &str) -> Option<&'static str> {
    COUNTRY_NAMES.look_up(text)
}

/// The ISO 639-1 code for a code or a name, such as `de` for `DE`, `German` or `Deutsch`.
pub fn language_code(text: &str) -> Option<&'static str> {
    LANGUAGE_NAMES.look_up(text)
}

/// Codes, and the names that stand for them.
struct Names {
    /// By the two letters, since most files hold codes and every row is looked up.
    by_letters: [Option<&'static str>; 26 * 26],
    by_name: HashMap<String, &'static str>,
}

impl Names {
    fn new(table: &'static str) -> Self {
        let mut names = Self { by_letters: [None; 26 * 26], by_name: HashMap::new() };
        for line in table.lines() {
            let code = line.split('\t').next().unwrap_or_default();
            if let Some(letters) = letters(code) {
                names.by_letters[letters] = Some(code);
            }
            for name in line.split('\t') {
                names.by_name.entry(folded(name)).or_insert(code);
            }
        }
        names
    }

    fn look_up(&self, text: &str) -> Option<&'static str> {
        let text = trim_unseen(text);
        let by_letters = letters(text).and_then(|letters| self.by_letters[letters]);
        // The longest name in either table has fewer characters than this; a giant cell is not copied.
        if by_letters.is_some() || text.len() > 200 {
            return by_letters;
        }
        self.by_name.get(&folded(text)).copied()
    }
}

/// A name without case, accents, full stops and a leading article: `Espana`, `USA` and `U.S.A.`, `The Gambia`.
fn folded(name: &str) -> String {
    let plain = name.chars().nfd().filter(|character| !is_combining_mark(*character) && *character != '.');
    let folded: String = plain.map(|character| if character == '’' { '\'' } else { character }).collect();
    let folded = folded.trim().to_lowercase();
    folded.strip_prefix("the ").map(str::to_owned).unwrap_or(folded)
}

/// A number below 676 for two ASCII letters of either case.
fn letters(text: &str) -> Option<usize> {
    let [first, second] = text.as_bytes() else { return None };
    let place = |letter: u8| letter.is_ascii_alphabetic().then(|| usize::from(letter.to_ascii_lowercase() - b'a'));
    Some(place(*first)? * 26 + place(*second)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_languages_are_known_by_code_and_by_name() {
        for text in ["GB", "gb", "GBR", "United Kingdom", " uk ", "England"] {
            assert_eq!(country_code(text), Some("GB"), "{text}");
        }
        for (text, code) in [
            ("España", "ES"),
            ("Espana", "ES"),
            ("espan\u{303}a", "ES"),
            ("MYS", "MY"),
            ("Deutschland", "DE"),
            ("U.S.A", "US"),
            ("The Gambia", "GM"),
            ("Côte d’Ivoire", "CI"),
            ("Россия", "RU"),
            ("Großbritannien", "GB"),
            ("Türkei", "TR"),
            ("\u{200e}中国\u{feff}", "CN"),
        ] {
            assert_eq!(country_code(text), Some(code), "{text}");
        }
        assert_eq!(country_code("Narnia"), None);
        assert_eq!(country_code(""), None);
        assert_eq!(language_code("DE"), Some("de"));
        assert_eq!(language_code("Spanish"), Some("es"));
        assert_eq!(language_code("por"), Some("pt"));
        assert_eq!(language_code("pt-BR"), None);
    }

    #[test]
    fn a_code_is_never_hidden_by_another_countrys_name() {
        for (table, find) in [(COUNTRIES, country_code as fn(&str) -> _), (LANGUAGES, language_code)] {
            for line in table.lines() {
                let code = line.split('\t').next().unwrap();
                assert_eq!(find(code), Some(code));
            }
        }
    }
}
