use unicode_normalization::UnicodeNormalization;

use super::fault::CellFault;
use crate::contact::Value;

/// Words for yes, in the languages that spreadsheets are kept in most.
const YES: &[&str] = &[
    "true",
    "yes",
    "y",
    "1",
    "on",
    "t",
    "x",
    "1.0",
    "✓",
    "✔",
    "☑",
    "✅",
    "sí",
    "si",
    "s",
    "sim",
    "oui",
    "vrai",
    "ja",
    "j",
    "wahr",
    "verdadero",
    "verdadeiro",
    "vero",
    "waar",
    "tak",
    "prawda",
    "ano",
    "áno",
    "pravda",
    "igen",
    "igaz",
    "evet",
    "doğru",
    "kyllä",
    "tosi",
    "sand",
    "sant",
    "sann",
    "adevărat",
    "ναι",
    "ya",
    "так",
    "да",
    "истина",
    "是",
    "はい",
    "نعم",
    "כן",
];

/// Words for no.
const NO: &[&str] = &[
    "false",
    "no",
    "n",
    "0",
    "0.0",
    "off",
    "✗",
    "✘",
    "❌",
    "☐",
    "f",
    "não",
    "nao",
    "non",
    "faux",
    "nein",
    "nee",
    "falsch",
    "falso",
    "onwaar",
    "nie",
    "fałsz",
    "nepravda",
    "nem",
    "hamis",
    "hayır",
    "hayir",
    "yanlış",
    "yanliş",
    "ei",
    "epätosi",
    "nej",
    "nei",
    "falsk",
    "falskt",
    "usant",
    "fals",
    "όχι",
    "tidak",
    "ні",
    "нет",
    "ложь",
    "否",
    "いいえ",
    "لا",
    "לא",
];

/// A cell that says yes or no.
pub(super) fn check_boolean(cell: &str) -> Result<Value, CellFault> {
    // A letter and its accent may be two characters.
    let is = |words: &[&str]| words.contains(&cell) || words.contains(&&*cell.to_lowercase().nfc().collect::<String>());
    match cell {
        "true" | "TRUE" | "1" => Ok(Value::Boolean(true)),
        "false" | "FALSE" | "0" => Ok(Value::Boolean(false)),
        _ if cell.len() > 40 => Err(not_a_boolean()),
        _ if is(YES) => Ok(Value::Boolean(true)),
        _ if is(NO) => Ok(Value::Boolean(false)),
        _ => Err(not_a_boolean()),
    }
}

fn not_a_boolean() -> CellFault {
    CellFault::new("value.not_a_boolean", "not a yes or no, write true or false")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yes_and_no_are_understood_in_many_spellings() {
        for yes in ["true", "TRUE", "Yes", "y", "1", "on", "Sí", "Si\u{301}", "JA", "oui", "Да", "1.0", "✓", "VERO"]
        {
            assert_eq!(check_boolean(yes), Ok(Value::Boolean(true)), "{yes}");
        }
        for no in ["false", "No", "N", "0", "off", "Nein", "não", "Нет", "✗", "FAUX", "hayır"] {
            assert_eq!(check_boolean(no), Ok(Value::Boolean(false)), "{no}");
        }
        for neither in ["maybe", "2", "10", "truee", "n/a", "-", "-1", "ok", "yes please", "o", "O", "11"] {
            assert_eq!(check_boolean(neither).unwrap_err().code, "value.not_a_boolean", "{neither}");
        }
    }

    #[test]
    fn no_word_means_both() {
        assert!(YES.iter().all(|word| !NO.contains(word)));
    }
}
