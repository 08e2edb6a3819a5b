//! Which column the value of a property stands in.

use super::property::{Property, parts, unescaped};

/// The parts of a name, and of an address, in their order.
const NAME_PARTS: [&str; 5] = ["Last name", "First name", "Middle name", "Name prefix", "Name suffix"];
const ADDRESS_PARTS: [&str; 7] = ["PO box", "Address line 2", "Street", "City", "Region", "Postal code", "Country"];

/// Properties about the card and not about the person.
const OF_THE_CARD: [&str; 5] = ["VERSION", "PRODID", "REV", "X-ABLABEL", "KIND"];

/// What a property with one value is called as a column.
const NAMED: [(&str, &str); 13] = [
    ("FN", "Name"),
    ("TITLE", "Job title"),
    ("ROLE", "Role"),
    ("NOTE", "Notes"),
    ("URL", "Website"),
    ("UID", "UID"),
    ("NICKNAME", "Nickname"),
    ("LANG", "Language"),
    ("TZ", "Time zone"),
    ("GEO", "GEO"),
    ("GENDER", "Gender"),
    ("IMPP", "IMPP"),
    ("PHOTO", "Photo"),
];

/// Names and values that the property stands for; none if it is about the card itself, or binary. `label`
/// is what its owner calls it.
pub fn columns_of(property: &Property, label: Option<&str>, is_old: bool) -> Vec<(String, String)> {
    let whole = || unescaped(&property.value, is_old);
    let one = |name: &str| vec![(name.to_owned(), whole())];
    let each = |names: &[&str]| {
        let values = parts(&property.value, ';', is_old).into_iter();
        names.iter().map(|name| (*name).to_owned()).zip(values).collect()
    };
    if let Some(name) = property.parameter("X-COLUMN") {
        return one(name);
    }
    match property.name.as_str() {
        name if OF_THE_CARD.contains(&name) || property.is_binary() => Vec::new(),
        // Made because a card must have one.
        "FN" if property.parameter("X-MADE").is_some() => Vec::new(),
        "N" => each(&NAME_PARTS),
        "ADR" => each(&ADDRESS_PARTS),
        "ORG" => {
            let mut units = parts(&property.value, ';', is_old).into_iter();
            let company = units.next().unwrap_or_default();
            let department: Vec<String> = units.filter(|unit| !unit.trim().is_empty()).collect();
            vec![("Company".into(), company), ("Department".into(), department.join(", "))]
        }
        "TEL" => one(&phone_column(property, label)),
        "EMAIL" => one(&placed(property, label, "e-mail", "E-mail")),
        "BDAY" => vec![("Birthday".into(), known_day(property, &whole()))],
        "ANNIVERSARY" => vec![("Anniversary".into(), known_day(property, &whole()))],
        name => one(NAMED.iter().find(|(known, _)| *known == name).map_or(name, |(_, column)| column)),
    }
}

fn phone_column(property: &Property, label: Option<&str>) -> String {
    let is = |kind: &str| property.is(kind);
    let labelled =
        |words: &[&str]| label.is_some_and(|label| words.iter().any(|word| label.eq_ignore_ascii_case(word)));
    if is("fax") || label.is_some_and(|label| label.to_lowercase().ends_with("fax")) {
        return placed(property, None, "fax", "Fax");
    }
    if is("pager") || labelled(&["pager"]) {
        return "Pager".into();
    }
    if is("cell") || is("iphone") || labelled(&["mobile", "iphone", "cell"]) {
        return if is("work") { "Work mobile phone".into() } else { "Mobile phone".into() };
    }
    placed(property, label, "phone", "Phone")
}

/// `Work phone`, `Home e-mail`; the plain name where nothing is said.
fn placed(property: &Property, label: Option<&str>, kind: &str, plain: &str) -> String {
    match label {
        Some(label) => format!("{label} {kind}"),
        None if property.is("work") => format!("Work {kind}"),
        None if property.is("home") => format!("Home {kind}"),
        None if property.is("main") => format!("Main {kind}"),
        None => plain.to_owned(),
    }
}

/// A day, without its year where that is only there because version 3.0 wants one (Apple's
/// `X-APPLE-OMIT-YEAR`): `--03-04`, as version 4.0 writes it.
fn known_day(property: &Property, value: &str) -> String {
    let day = day(value);
    let made_up = property.parameter("X-APPLE-OMIT-YEAR").filter(|year| !year.is_empty());
    match made_up.and_then(|year| day.strip_prefix(year)) {
        Some(rest) if rest.starts_with('-') => format!("-{rest}"),
        _ => day,
    }
}

/// A day without dashes, as versions 2.1 and 4.0 write it, with them.
fn day(value: &str) -> String {
    let date = value.trim();
    if date.len() == 8 && date.bytes().all(|byte| byte.is_ascii_digit()) {
        return format!("{}-{}-{}", &date[..4], &date[4..6], &date[6..]);
    }
    date.to_owned()
}
