//! What people write beside a phone number that says nothing of whose it is: `Work:`, `(home)`, the
//! link of a messenger.

/// Words for a kind of line. A word that isn't one of these may be a name or a warning ("wrong"), and
/// is told; so is `fax`, which is no phone.
const LABELS: &[&str] = &[
    // English
    "phone",
    "tel",
    "telephone",
    "mobile",
    "mob",
    "cell",
    "cellphone",
    "cellular",
    "home",
    "work",
    "office",
    "business",
    "main",
    "private",
    "direct",
    "landline",
    "whatsapp",
    "wa",
    "viber",
    "telegram",
    "signal",
    "sms",
    "number",
    "no",
    "nr",
    "call",
    "ph",
    "m",
    "t",
    "p",
    "h",
    "w",
    "o",
    "c",
    "d",
    // German
    "telefon",
    "handy",
    "mobil",
    "mobiltelefon",
    "festnetz",
    "privat",
    "geschäftlich",
    "arbeit",
    "büro",
    "zuhause",
    "zentrale",
    "dienstlich",
    // Spanish, Portuguese
    "teléfono",
    "telefono",
    "telefone",
    "móvil",
    "movil",
    "celular",
    "cel",
    "casa",
    "trabajo",
    "oficina",
    "fijo",
    "fixo",
    "trabalho",
    "telemóvel",
    "telemovel",
    "particular",
    // French, Italian
    "téléphone",
    "portable",
    "domicile",
    "maison",
    "travail",
    "bureau",
    "fixe",
    "standard",
    "cellulare",
    "ufficio",
    "lavoro",
    "fisso",
    // Chinese, Japanese, Korean, Arabic, Hebrew
    "电话",
    "電話",
    "手机",
    "手機",
    "携帯",
    "전화",
    "휴대폰",
    "هاتف",
    "جوال",
    "טלפון",
    "נייד",
    // Dutch, Polish, Turkish, Russian, Ukrainian
    "telefoon",
    "mobiel",
    "thuis",
    "werk",
    "kantoor",
    "komórka",
    "dom",
    "praca",
    "cep",
    "ev",
    "iş",
    "тел",
    "телефон",
    "моб",
    "мобильный",
    "мобільний",
    "дом",
    "рабочий",
    "домашний",
];

/// The number without the label round it, and the label.
pub(super) fn without_label(text: &str) -> (&str, Option<&str>) {
    if !text.contains(char::is_alphabetic) {
        return (text, None);
    }
    before_colon(text)
        .or_else(|| in_brackets(text))
        .or_else(|| leading_word(text))
        .or_else(|| trailing_word(text))
        .map_or((text, None), |(number, label)| (number, Some(label)))
}

/// `Work: +44…`
fn before_colon(text: &str) -> Option<(&str, &str)> {
    let (label, number) = text.split_once(':')?;
    is_label(label).then(|| (number.trim(), label))
}

/// `+44… (home)`, `[mobile] +44…`
fn in_brackets(text: &str) -> Option<(&str, &str)> {
    for (open, close) in [('(', ')'), ('[', ']')] {
        if let Some((number, label)) = text.strip_suffix(close).and_then(|text| text.rsplit_once(open))
            && is_label(label)
        {
            return Some((number.trim(), label));
        }
        if let Some((label, number)) = text.strip_prefix(open).and_then(|text| text.split_once(close))
            && is_label(label)
        {
            return Some((number.trim(), label));
        }
    }
    None
}

/// `mobile +44…`, `Tel.+44…`
fn leading_word(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| c.is_ascii_digit() || matches!(c, '+' | '('))?;
    let (label, number) = text.split_at(end);
    // A letter right before a digit is part of what was typed: `x45`.
    let apart = label.ends_with([' ', '.', '-', ')']) || number.starts_with('+');
    (apart && is_label(label)).then_some((number, label))
}

/// `+44… work`
fn trailing_word(text: &str) -> Option<(&str, &str)> {
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (number, label) = text.split_at(end);
    // One letter behind a number is a slip, or begins an extension.
    let apart = label.starts_with([' ', '-', ',']) && label.chars().filter(|c| c.is_alphabetic()).count() > 1;
    (apart && is_label(label)).then_some((number, label))
}

fn is_label(text: &str) -> bool {
    let mut words = text.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).peekable();
    text.len() <= 40
        && words.peek().is_some()
        && !text.contains(|c: char| c.is_numeric() || c == '+')
        && words.all(|word| LABELS.contains(&word.to_lowercase().as_str()))
}

/// The digits in a link or an address of a messenger, which always begin with a country code.
pub(super) fn messenger_number(text: &str) -> Option<&str> {
    let lower = text.to_ascii_lowercase();
    let digits = |number: &str| (7..=15).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    for host in ["@c.us", "@s.whatsapp.net"] {
        if lower.ends_with(host) {
            let number = &text[..text.len() - host.len()];
            return digits(number).then_some(number);
        }
    }
    let start = lower.find("://").map_or(0, |at| at + 3);
    let (link, rest) = (&text[start..], &lower[start..]);
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    for path in ["wa.me/", "api.whatsapp.com/send?phone=", "api.whatsapp.com/send/?phone="] {
        if let Some(after) = rest.strip_prefix(path) {
            let number = &link[link.len() - after.len()..];
            let number = number.trim_start_matches(['+', '/']);
            let end = number.find(['?', '&', '/']).unwrap_or(number.len());
            return digits(&number[..end]).then_some(&number[..end]);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_for_the_kind_of_line_is_taken_off_and_any_other_stays() {
        for (text, number) in [
            ("Work: +447400100374", "+447400100374"),
            ("Tel. +447400100374", "+447400100374"),
            ("Tel.+447400100374", "+447400100374"),
            ("+447400100374 (home)", "+447400100374"),
            ("[Mobile] +447400100374", "+447400100374"),
            ("Handy (privat): 0171 123", "0171 123"),
            ("+447400100374 work", "+447400100374"),
            ("моб. +7912", "+7912"),
        ] {
            assert_eq!(without_label(text).0, number, "{text}");
        }
        for text in [
            "+447400100373 (mum)",
            "Fax: +4474",
            "+44 7400 (wrong)",
            "+447400100952x",
            "x45",
            "Anna: 1",
            "+44 74OO 1",
            "1",
        ] {
            assert_eq!(without_label(text), (text, None));
        }
    }

    #[test]
    fn links_of_messengers_hold_a_whole_number() {
        for text in [
            "https://wa.me/447400100371",
            "wa.me/447400100371?text=hi",
            "HTTPS://API.whatsapp.com/send?phone=447400100371&text=x",
            "https://www.wa.me/+447400100371",
            "447400100371@c.us",
            "447400100371@s.whatsapp.net",
        ] {
            assert_eq!(messenger_number(text), Some("447400100371"), "{text}");
        }
        for text in ["https://wa.me/message/ABC", "anna@c.us", "https://example.com/447400100371", "+447400100371"] {
            assert_eq!(messenger_number(text), None, "{text}");
        }
    }
}
