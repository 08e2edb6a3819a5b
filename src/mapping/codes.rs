//! Countries and languages by code or by name.

use std::collections::HashMap;
use std::sync::LazyLock;

/// Code, then the names that stand for it: the `iso3166.tab` of the tz database (public domain),
/// the ISO 3166-1 alpha-3 code and long name, and names that people write.
const COUNTRIES: &str = include_str!("countries.tsv");

/// ISO 639-1 code, then the English names of ISO 639-2 and, for widely spoken languages, their own.
const LANGUAGES: &str = include_str!("languages.tsv");

static COUNTRY_NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| by_name(COUNTRIES));
static LANGUAGE_NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| by_name(LANGUAGES));

/// The ISO 3166-1 alpha-2 code for a code or a name, such as `GB` for `gb`, `GBR` or `United Kingdom`.
pub fn country_code(text: &str) -> Option<&'static str> {
    look_up(&COUNTRY_NAMES, text)
}

/// The ISO 639-1 code for a code or a name, such as `de` for `DE`, `German` or `Deutsch`.
pub fn language_code(text: &str) -> Option<&'static str> {
    look_up(&LANGUAGE_NAMES, text)
}

fn look_up(table: &HashMap<String, &'static str>, text: &str) -> Option<&'static str> {
    let text = text.trim();
    // The longest name in either table has fewer characters than this; a giant cell is not copied.
    if text.len() > 200 {
        return None;
    }
    table.get(&text.to_lowercase()).copied()
}

fn by_name(table: &'static str) -> HashMap<String, &'static str> {
    let mut names = HashMap::new();
    for line in table.lines() {
        let code = line.split('\t').next().unwrap_or_default();
        for name in line.split('\t') {
            names.entry(name.to_lowercase()).or_insert(code);
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn countries_and_languages_are_known_by_code_and_by_name() {
        for text in ["GB", "gb", "GBR", "United Kingdom", " uk ", "England"] {
            assert_eq!(country_code(text), Some("GB"), "{text}");
        }
        assert_eq!(country_code("España"), Some("ES"));
        assert_eq!(country_code("Narnia"), None);
        assert_eq!(country_code(""), None);
        assert_eq!(language_code("DE"), Some("de"));
        assert_eq!(language_code("Spanish"), Some("es"));
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
