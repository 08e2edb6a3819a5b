//! Text, and values out of a known set.

use super::fault::{CellFault, Understood};
use crate::contact::Value;
use crate::mapping::{country_code, language_code};

/// Free text: anything that a person can have typed.
pub(super) fn check_text(cell: &str) -> Result<Value, CellFault> {
    check_characters(cell)?;
    Ok(Value::Text(cell.to_owned()))
}

/// Refuses control characters other than line breaks and tabs.
pub(super) fn check_characters(text: &str) -> Result<(), CellFault> {
    // Bytes are quick to pass over; only U+0080 to U+009F, whose first byte is C2, need a look.
    let suspect = text.bytes().any(|byte| byte < 0x20 || byte == 0x7f || byte == 0xc2);
    let control = suspect.then(|| text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))).flatten();
    match control {
        None => Ok(()),
        Some(control) => Err(CellFault::new(
            "text.control_character",
            format!("holds the control character U+{:04X}, delete it", u32::from(control)),
        )),
    }
}

/// Refuses more than `most` characters.
pub(super) fn check_length(text: &str, most: Option<usize>) -> Result<(), CellFault> {
    let Some(most) = most.filter(|most| text.len() > *most) else { return Ok(()) };
    let count = text.chars().count();
    if count <= most {
        return Ok(());
    }
    Err(CellFault::new("value.too_long", format!("{count} characters, the service takes at most {most}")))
}

/// One of the values that the service offers, in the service's own spelling.
pub(super) fn check_choice(cell: &str, choices: &[String]) -> Result<Value, CellFault> {
    let exact = choices.iter().find(|choice| *choice == cell);
    let found = exact.or_else(|| {
        let mut alike = choices.iter().filter(|choice| choice.to_lowercase() == cell.to_lowercase());
        alike.next().filter(|_| alike.next().is_none())
    });
    found.map(|choice| Value::Text(choice.clone())).ok_or_else(|| {
        let shown: Vec<_> = choices.iter().take(10).map(String::as_str).collect();
        let more = if choices.len() > shown.len() { "…" } else { "" };
        CellFault::new(
            "value.not_a_choice",
            format!("not one of the values the field takes, {}{more}", shown.join(", ")),
        )
    })
}

/// A language, to its ISO 639-1 code. A country, script or encoding behind it is left out, and said.
pub(super) fn check_language(cell: &str) -> Result<Understood, CellFault> {
    if let Some(code) = language_code(cell) {
        return Ok(Value::Text(code.to_owned()).into());
    }
    // `pt-BR`, `zh_Hant_TW`, `es-419`, `de_DE.UTF-8`
    let (language, rest) = cell.split_once(['-', '_']).unwrap_or((cell, ""));
    let parts = |rest: &str| rest.len() <= 20 && rest.chars().all(|c| c.is_ascii_alphanumeric() || "-_.@".contains(c));
    match language_code(language).filter(|_| language.len() <= 3 && !rest.is_empty() && parts(rest)) {
        Some(code) => Ok(reduced(code, "a language alone")),
        None => Err(CellFault::new("value.not_a_language", "not a language, write an ISO 639-1 code such as en")),
    }
}

/// A country, to its ISO 3166-1 alpha-2 code. A part of the country behind it is left out, and said.
pub(super) fn check_country(cell: &str) -> Result<Understood, CellFault> {
    if let Some(code) = country_code(cell) {
        return Ok(Value::Text(code.to_owned()).into());
    }
    // `GB-ENG`, `US_CA`; `pt-BR` and `DE-BE` may be a language and another country.
    let country = cell.split_once(['-', '_']).filter(|(country, part)| {
        let code = |text: &str, least: usize, most: usize| {
            (least..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        };
        let locale = language_code(country).is_some() && country_code(part).is_some();
        code(country, 2, 2) && code(part, 1, 3) && !locale
    });
    country.and_then(|(country, _)| country_code(country)).map(|code| reduced(code, "a country alone")).ok_or_else(
        || CellFault::new("value.not_a_country", "not a country, write an ISO 3166 code of two letters such as MY"),
    )
}

fn reduced(code: &str, what: &str) -> Understood {
    let message = format!("the field takes {what}, read as {code}");
    Understood { value: Value::Text(code.to_owned()), note: Some(CellFault::new("value.reduced", message)) }
}

/// A value in JSON: a list, an object, or a scalar in its own type.
pub(super) fn check_json(cell: &str) -> Result<Value, CellFault> {
    match serde_json::from_str(cell) {
        Ok(json) => Ok(Value::of_json(&json)),
        Err(error) => Err(CellFault::new("value.not_json", format!("not JSON at character {}", error.column()))),
    }
}

/// The id of a contact on a connected platform.
pub(super) fn check_service_id(cell: &str) -> Result<Value, CellFault> {
    match cell.split_once('/') {
        Some((service, id)) if !service.trim().is_empty() && !id.trim().is_empty() => check_text(cell),
        _ => Err(CellFault::new("value.not_a_service_id", "not a platform and an id, write it as twitter/12345")),
    }
}

/// What a spreadsheet shows in a cell whose formula failed, in the languages it is used in most, or
/// whose column is too narrow.
#[inline]
pub(super) fn is_spreadsheet_error(cell: &str) -> bool {
    // Nearly every cell begins with something else.
    matches!(cell.as_bytes().first(), Some(b'E' | b'#')) && is_error(cell)
}

fn is_error(cell: &str) -> bool {
    const ERRORS: [&str; 34] = [
        "#REF!",
        "#N/A",
        "#VALUE!",
        "#NAME?",
        "#DIV/0!",
        "#NULL!",
        "#NUM!",
        "#SPILL!",
        "#CALC!",
        "#GETTING_DATA",
        "#FIELD!",
        "#BLOCKED!",
        "#CONNECT!",
        "#BUSY!",
        "#UNKNOWN!",
        "#ERROR!",
        "#BEZUG!",
        "#NV",
        "#WERT!",
        "#ZAHL!",
        "#¡REF!",
        "#N/D",
        "#¡VALOR!",
        "#¿NOMBRE?",
        "#¡DIV/0!",
        "#¡NUM!",
        "#VALEUR!",
        "#NOM?",
        "#NOMBRE!",
        "#VALORE!",
        "#NOME?",
        "#RIF!",
        "#VALOR!",
        "#ССЫЛКА!",
    ];
    if let Some(number) = cell.strip_prefix("Err:") {
        // LibreOffice's own errors are numbered from 501 on.
        return number.len() == 3 && number.bytes().all(|byte| byte.is_ascii_digit());
    }
    cell.starts_with('#') && (ERRORS.contains(&cell) || cell.len() > 2 && cell.bytes().all(|byte| byte == b'#'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_counted_in_characters() {
        assert!(check_length("ééé", Some(3)).is_ok());
        assert_eq!(check_length("éééé", Some(3)).unwrap_err().code, "value.too_long");
        assert!(check_length("any length", None).is_ok());
    }

    #[test]
    fn text_may_have_line_breaks_and_no_other_control_character() {
        assert!(check_text("two\r\nlines\tand a tab, é ü").is_ok());
        for cell in ["bell\u{7}", "nul\0", "\u{85}", "\u{1b}[31m", "\u{7f}"] {
            assert_eq!(check_text(cell).unwrap_err().code, "text.control_character", "{cell:?}");
        }
    }

    #[test]
    fn choices_are_matched_without_case_and_sent_as_the_service_spells_them() {
        let choices = ["Gold".to_owned(), "Silver".to_owned(), "silver".to_owned()];
        assert_eq!(check_choice("gold", &choices), Ok(Value::Text("Gold".into())));
        assert_eq!(check_choice("silver", &choices), Ok(Value::Text("silver".into())));
        assert_eq!(check_choice("SILVER", &choices).unwrap_err().code, "value.not_a_choice");
        assert_eq!(check_choice("tin", &choices).unwrap_err().code, "value.not_a_choice");
    }

    #[test]
    fn languages_and_countries_become_codes() {
        assert_eq!(check_language("EN"), Ok(Value::Text("en".into()).into()));
        assert_eq!(check_language("Spanish"), Ok(Value::Text("es".into()).into()));
        assert_eq!(check_country("Malaysia"), Ok(Value::Text("MY".into()).into()));
        assert_eq!(check_country("Narnia").unwrap_err().code, "value.not_a_country");
    }

    #[test]
    fn a_code_with_a_region_is_reduced_and_said() {
        for (cell, code) in
            [("pt-BR", "pt"), ("zh_CN", "zh"), ("zh-Hant-TW", "zh"), ("es-419", "es"), ("de_DE.UTF-8", "de")]
        {
            let understood = check_language(cell).unwrap();
            assert_eq!(understood.value, Value::Text(code.into()), "{cell}");
            let note = understood.note.unwrap();
            assert_eq!(note.code, "value.reduced");
            assert!(note.message.ends_with(code), "{}", note.message);
        }
        for (cell, code) in [("GB-ENG", "GB"), ("US-CA", "US"), ("CA_ON", "CA")] {
            let understood = check_country(cell).unwrap();
            assert_eq!(understood.value, Value::Text(code.into()), "{cell}");
            assert_eq!(understood.note.unwrap().code, "value.reduced");
        }
        // A language and a country, or a country and its part: Berlin is DE-BE.
        for cell in ["pt-BR", "DE-BE", "PT-BR", "XX-YY"] {
            assert_eq!(check_country(cell).unwrap_err().code, "value.not_a_country", "{cell}");
        }
        for cell in ["pt-", "Portuguese-Brazilian speaker", "xx-YY", "call-me"] {
            assert_eq!(check_language(cell).unwrap_err().code, "value.not_a_language", "{cell}");
        }
    }

    #[test]
    fn what_a_spreadsheet_shows_of_a_failed_formula_is_known() {
        for cell in ["#REF!", "#NV", "#¡VALOR!", "Err:502", "########"] {
            assert!(is_spreadsheet_error(cell), "{cell}");
        }
        for cell in ["#vip", "#", "##", "Err:me", "Error", "#1"] {
            assert!(!is_spreadsheet_error(cell), "{cell}");
        }
    }

    #[test]
    fn json_and_platform_ids_have_a_form() {
        assert!(check_json("{\"a\":[1,null]}").is_ok());
        assert_eq!(check_json("{a}").unwrap_err().code, "value.not_json");
        assert!(check_service_id("twitter/12345").is_ok());
        assert_eq!(check_service_id("12345").unwrap_err().code, "value.not_a_service_id");
    }
}
