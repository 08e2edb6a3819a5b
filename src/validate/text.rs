//! Text, and values out of a known set.

use super::fault::Fault;
use crate::contact::Value;
use crate::mapping::{country_code, language_code};

/// Free text: anything that a person can have typed.
pub(super) fn check_text(cell: &str) -> Result<Value, Fault> {
    check_characters(cell)?;
    Ok(Value::Text(cell.to_owned()))
}

/// Refuses control characters other than line breaks and tabs.
pub(super) fn check_characters(text: &str) -> Result<(), Fault> {
    // Bytes are quick to pass over; only U+0080 to U+009F, whose first byte is C2, need a look.
    let suspect = text.bytes().any(|byte| byte < 0x20 || byte == 0x7f || byte == 0xc2);
    let control = suspect.then(|| text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))).flatten();
    match control {
        None => Ok(()),
        Some(control) => Err(Fault::new(
            "text.control_character",
            format!("holds the control character U+{:04X}, delete it", u32::from(control)),
        )),
    }
}

/// Refuses more than `most` characters.
pub(super) fn check_length(text: &str, most: Option<usize>) -> Result<(), Fault> {
    let Some(most) = most.filter(|most| text.len() > *most) else { return Ok(()) };
    let count = text.chars().count();
    if count <= most {
        return Ok(());
    }
    Err(Fault::new("value.too_long", format!("{count} characters, the service takes at most {most}")))
}

/// One of the values that the service offers, in the service's own spelling.
pub(super) fn check_choice(cell: &str, choices: &[String]) -> Result<Value, Fault> {
    let exact = choices.iter().find(|choice| *choice == cell);
    let found = exact.or_else(|| {
        let mut alike = choices.iter().filter(|choice| choice.to_lowercase() == cell.to_lowercase());
        alike.next().filter(|_| alike.next().is_none())
    });
    found.map(|choice| Value::Text(choice.clone())).ok_or_else(|| {
        let shown: Vec<_> = choices.iter().take(10).map(String::as_str).collect();
        let more = if choices.len() > shown.len() { "…" } else { "" };
        Fault::new("value.not_a_choice", format!("not one of the values the field takes, {}{more}", shown.join(", ")))
    })
}

/// A language, to its ISO 639-1 code.
pub(super) fn check_language(cell: &str) -> Result<Value, Fault> {
    if let Some(code) = language_code(cell) {
        return Ok(Value::Text(code.to_owned()));
    }
    let message = match cell.split_once(['-', '_']).and_then(|(language, _)| language_code(language)) {
        Some(code) => format!("the field takes a language without a country, write {code}"),
        None => "not a language, write an ISO 639-1 code such as en".to_owned(),
    };
    Err(Fault::new("value.not_a_language", message))
}

/// A country, to its ISO 3166-1 alpha-2 code.
pub(super) fn check_country(cell: &str) -> Result<Value, Fault> {
    country_code(cell).map(|code| Value::Text(code.to_owned())).ok_or_else(|| {
        Fault::new("value.not_a_country", "not a country, write an ISO 3166 code of two letters such as MY")
    })
}

/// Structure, kept as the text the user wrote.
pub(super) fn check_json(cell: &str) -> Result<Value, Fault> {
    match serde_json::from_str::<serde::de::IgnoredAny>(cell) {
        Ok(_) => Ok(Value::Text(cell.to_owned())),
        Err(error) => Err(Fault::new("value.not_json", format!("not JSON at character {}", error.column()))),
    }
}

/// The id of a contact on a connected platform.
pub(super) fn check_service_id(cell: &str) -> Result<Value, Fault> {
    match cell.split_once('/') {
        Some((service, id)) if !service.trim().is_empty() && !id.trim().is_empty() => check_text(cell),
        _ => Err(Fault::new("value.not_a_service_id", "not a platform and an id, write it as twitter/12345")),
    }
}

/// What a spreadsheet shows in a cell whose formula failed.
pub(super) fn is_spreadsheet_error(cell: &str) -> bool {
    cell.starts_with('#')
        && matches!(
            cell,
            "#REF!"
                | "#N/A"
                | "#VALUE!"
                | "#NAME?"
                | "#DIV/0!"
                | "#NULL!"
                | "#NUM!"
                | "#SPILL!"
                | "#CALC!"
                | "#GETTING_DATA"
        )
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
        assert_eq!(check_language("EN"), Ok(Value::Text("en".into())));
        assert_eq!(check_language("Spanish"), Ok(Value::Text("es".into())));
        let fault = check_language("pt-BR").unwrap_err();
        assert!(fault.message.ends_with("write pt"), "{}", fault.message);
        assert_eq!(check_country("Malaysia"), Ok(Value::Text("MY".into())));
        assert_eq!(check_country("Narnia").unwrap_err().code, "value.not_a_country");
    }

    #[test]
    fn json_and_platform_ids_have_a_form() {
        assert!(check_json("{\"a\":[1,null]}").is_ok());
        assert_eq!(check_json("{a}").unwrap_err().code, "value.not_json");
        assert!(check_service_id("twitter/12345").is_ok());
        assert_eq!(check_service_id("12345").unwrap_err().code, "value.not_a_service_id");
    }
}
