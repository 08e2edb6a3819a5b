//! Headers as people write them, to our field names.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::contact::FieldKind;

/// A field, then the spellings of its header in the order in which they are preferred when a file
/// has several: English first, then the languages that contact lists come in.
const SPELLINGS: &str = include_str!("spellings.tsv");

static FIELDS: LazyLock<HashMap<String, Spelling>> = LazyLock::new(|| {
    let mut fields = HashMap::new();
    for line in SPELLINGS.lines() {
        let mut words = line.split('\t');
        let field = words.next().unwrap_or_default();
        for (rank, spelling) in words.enumerate() {
            fields.entry(key(spelling)).or_insert(Spelling { field, rank });
        }
    }
    fields
});

/// A known spelling: the field it stands for, and how many spellings of it are preferred to this one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    pub field: &'static str,
    pub rank: usize,
}

/// Words that only say whose value it is.
const OWNERS: [&str; 14] = [
    "contact",
    "customer",
    "client",
    "person",
    "user",
    "subscriber",
    "lead",
    "member",
    "guest",
    "your",
    "my",
    "primary",
    "main",
    "default",
];

/// Words with which a form asks for a value.
const QUESTIONS: [&str; 10] = ["what", "whats", "is", "s", "enter", "please", "provide", "the", "cuál", "es"];

/// Words that only say that there is a value.
const ENDINGS: [&str; 6] = ["1", "required", "optional", "main", "primary", "value"];

/// The field that a header stands for by its spelling.
pub(super) fn field_of(header: &str) -> Option<Spelling> {
    let known = |text: &str| FIELDS.get(&key(text)).copied();
    if let Some(spelling) = known(header) {
        return Some(spelling);
    }
    let bare = without_brackets(header);
    // `WhatsApp` is one word, whatever its capitals.
    let whole: Vec<&str> = bare.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    if let Some(spelling) = spelled(&whole) {
        return Some(spelling);
    }
    let words: Vec<String> = words(&bare);
    let mut words: &[String] = &words;
    loop {
        if let Some(spelling) = spelled(words) {
            return Some(spelling);
        }
        words = match words {
            [first, rest @ ..] if !rest.is_empty() && OWNERS.contains(&first.as_str()) => rest,
            [first, rest @ ..] if !rest.is_empty() && QUESTIONS.contains(&first.as_str()) => rest,
            [rest @ .., last] if !rest.is_empty() && ENDINGS.contains(&last.as_str()) => rest,
            [rest @ .., last] if !rest.is_empty() && is_count(last) => return numbered(rest),
            _ => return None,
        };
    }
}

/// The field that words are a spelling of. A phone is also headed by two of its spellings, in whatever language and
/// order: `Telefon mobil`, `Tél. portable`, `Mobile / WhatsApp`.
fn spelled<W: AsRef<str>>(words: &[W]) -> Option<Spelling> {
    /// What stands beside a word for a phone and says nothing more.
    const NUMBERS: [&str; 9] = ["number", "no", "nr", "num", "n", "nummer", "numer", "numero", "nos"];
    let known = |text: &str| FIELDS.get(&key(text)).copied();
    let whole = words.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(" ");
    if let Some(spelling) = known(&whole) {
        return Some(spelling);
    }
    let mut best: Option<Spelling> = None;
    for word in words.iter().map(AsRef::as_ref) {
        match known(word).filter(|found| found.field == "phone") {
            Some(found) if !is_channel(word) => best = best.filter(|best| best.rank < found.rank).or(Some(found)),
            Some(_) => {}
            None if NUMBERS.contains(&key(word).as_str()) => {}
            None => return None,
        }
    }
    best
}

/// Whether one of the words of a header is a word for a phone.
pub(super) fn speaks_of_phones(header: &str) -> bool {
    words(header).iter().any(|word| FIELDS.get(&key(word)).is_some_and(|found| found.field == "phone"))
}

/// The second and every further phone or e-mail: `Phone 2`. Other fields have no second one.
fn numbered(words: &[String]) -> Option<Spelling> {
    let spelling = field_of(&words.join(" ")).filter(|found| matches!(found.field, "phone" | "email"))?;
    Some(Spelling { rank: spelling.rank + SECOND, ..spelling })
}

/// Words that say which of a person's phones or e-mails it is.
const PLACES: [&str; 33] = [
    "work",
    "home",
    "business",
    "office",
    "direct",
    "day",
    "evening",
    "other",
    "geschaftlich",
    "dienstlich",
    "buro",
    "arbeit",
    "firma",
    "escritorio",
    "trabalho",
    "residencial",
    "comercial",
    "trabajo",
    "casa",
    "oficina",
    "domicile",
    "bureau",
    "travail",
    "professionnel",
    "lavoro",
    "ufficio",
    "zakelijk",
    "landline",
    "festnetz",
    "fijo",
    "fixe",
    "fisso",
    "fixo",
];

/// Words that say that it is another of the same kind, which may stand in for the first.
const SECONDS: [&str; 13] = [
    "personal",
    "private",
    "privat",
    "particular",
    "prive",
    "second",
    "secondary",
    "alternative",
    "alternate",
    "alt",
    "additional",
    "secundario",
    "zweite",
];

/// Spellings behind every plain one: second columns, which may stand in for the first, then those that
/// are taken only where no other column is plainly the phone or the e-mail.
const SECOND: usize = 1000;
pub(super) const ELSEWHERE: usize = 2000;

/// The phone or e-mail that a header stands for with a word that says which one: `Work phone`. Any e-mail
/// of a person may stand in for another; a line at work may not for a mobile phone.
pub(super) fn qualified_field(header: &str) -> Option<Spelling> {
    let words = words(&without_brackets(header));
    let among = |list: &[&str], word: &String| list.contains(&key(word).as_str());
    let said = |word: &String| {
        among(&PLACES, word) || among(&SECONDS, word) || among(&OWNERS, word) || among(&ENDINGS, word) || is_count(word)
    };
    let place = words.iter().any(|word| among(&PLACES, word));
    let rest: Vec<&str> = words.iter().filter(|word| !said(word)).map(String::as_str).collect();
    let known = spelled(&rest).filter(|_| rest.len() < words.len());
    let landline = || {
        let line =
            matches!(words.as_slice(), [word] if ["landline", "festnetz", "festnetznummer"].contains(&word.as_str()));
        line.then_some(Spelling { field: "phone", rank: 0 })
    };
    let spelling = known.or_else(landline)?;
    let behind = match spelling.field {
        "email" => SECOND,
        "phone" if !place => SECOND,
        "phone" => ELSEWHERE,
        _ => return None,
    };
    Some(Spelling { rank: spelling.rank + behind, ..spelling })
}

/// Whether a header is the name of a messaging channel, which may head a number or a yes or no.
pub(super) fn is_channel(header: &str) -> bool {
    matches!(key(header).as_str(), "whatsapp" | "viber" | "sms" | "واتساب")
}

/// That a column says who wants to hear nothing.
pub(super) const AGAINST_CONTACT: &str = "who must not be written to";

/// Whether a header says who may be written to, and what it says.
pub(super) fn contact_wish(header: &str) -> Option<&'static str> {
    const AGAINST: [&str; 20] = [
        "donotcontact",
        "donotcall",
        "donotemail",
        "donotsms",
        "optout",
        "optedout",
        "unsubscribe",
        "dnc",
        "suppress",
        "blacklist",
        "abgemeldet",
        "desinscri",
        "nocontactar",
        "nollamar",
        "nepascontacter",
        "nepasappeler",
        "nichtkontaktieren",
        "werbesperre",
        "noncontattare",
        "naocontatar",
    ];
    const FOR: [&str; 20] = [
        "consent",
        "optin",
        "optedin",
        "acceptsmarketing",
        "acceptsemail",
        "acceptssms",
        "accepteles",
        "subscribed",
        "gdpr",
        "einwilligung",
        "consentimiento",
        "consentement",
        "consentimento",
        "persetujuan",
        "aceitaemail",
        "aceitamarketing",
        "aceptaemail",
        "aceptamarketing",
        "agreetobecontacted",
        "marketingstatus",
    ];
    // When or where somebody said it is not what they said.
    let beside = ["time", "date", "ip", "source", "timestamp", "method", "fecha", "datum"];
    if words(header).iter().any(|word| beside.contains(&word.as_str())) {
        return None;
    }
    let key = key(header);
    if AGAINST.iter().any(|word| key.contains(word)) {
        return Some(AGAINST_CONTACT);
    }
    FOR.iter().any(|word| key.contains(word)).then_some("who may be written to")
}

fn is_count(word: &str) -> bool {
    word.len() == 1 && word.as_bytes()[0].is_ascii_digit()
}

/// The name of a custom field and what a header says that it holds: `seats:number` is the number `seats`.
pub(super) fn custom_field_name(written: &str) -> (&str, Option<FieldKind>) {
    let Some((name, kind)) = written.rsplit_once(':').filter(|(name, _)| !name.trim().is_empty()) else {
        return (written, None);
    };
    let kind = match kind.trim().to_ascii_lowercase().as_str() {
        "text" => FieldKind::Text,
        "number" => FieldKind::Number,
        "boolean" => FieldKind::Boolean,
        "date" => FieldKind::Date,
        "timestamp" => FieldKind::Timestamp,
        "time" => FieldKind::Time,
        "url" => FieldKind::Url,
        // Both are structure, which a cell holds as JSON.
        "list" | "object" | "json" => FieldKind::Json,
        _ => return (written, None),
    };
    (name.trim_end(), Some(kind))
}

/// The name of the custom field that a header says it is: `custom.tier`, `cf:tier` and `Custom: tier`
/// are `tier`, `cf_tier` and `custom_tier` keep their whole name.
pub(super) fn custom_name(header: &str) -> Option<&str> {
    let header = header.trim();
    for (prefix, keeps) in
        [("custom.", false), ("custom:", false), ("cf:", false), ("cf.", false), ("cf_", true), ("custom_", true)]
    {
        let start = header.get(..prefix.len()).filter(|start| start.eq_ignore_ascii_case(prefix));
        if start.is_some() && !header[prefix.len()..].trim().is_empty() {
            return Some(if keeps { header } else { header[prefix.len()..].trim() });
        }
    }
    None
}

/// What of a header counts when headers are compared: letters and digits, without case or accents.
pub(super) fn key(header: &str) -> String {
    header
        .nfkd()
        .filter(|c| !is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .filter(|c| c.is_alphanumeric())
        .collect()
}

/// The words of a header, split at punctuation and where small letters meet capital ones.
pub(super) fn words(header: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for character in header.chars() {
        if !character.is_alphanumeric() || (small && character.is_uppercase()) {
            words.push(String::new());
        }
        if character.is_alphanumeric() {
            let last = words.len() - 1;
            words[last].extend(character.to_lowercase());
        }
        small = character.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

fn without_brackets(header: &str) -> String {
    let mut depth = 0_usize;
    let mut bare = String::with_capacity(header.len());
    for character in header.chars() {
        match character {
            '(' | '[' | '（' => depth += 1,
            ')' | ']' | '）' => depth = depth.saturating_sub(1),
            _ if depth == 0 => bare.push(character),
            _ => {}
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_known_in_the_spellings_people_use() {
        for (header, field) in [
            ("Mobile", "phone"),
            ("WhatsApp", "phone"),
            ("Mobile Phone Number", "phone"),
            ("Telefon mobil", "phone"),
            ("Tél. portable", "phone"),
            ("Mobile / WhatsApp", "phone"),
            ("Nº celular", "phone"),
            ("Phone Number (required)", "phone"),
            ("phoneNumber", "phone"),
            ("Contact phone", "phone"),
            ("Phone 1 - Value", "phone"),
            ("E-mail address", "email"),
            ("EMAIL", "email"),
            ("Primary Email*", "email"),
            ("What is your mobile number? (with country code)", "phone"),
            ("Please enter your e-mail address", "email"),
            ("No. Telefon Bimbit", "phone"),
            ("Alamat E-mel", "email"),
            ("Nombre", "first_name"),
            ("Apellidos", "last_name"),
            ("Telefone", "phone"),
            ("Celular", "phone"),
            ("TELÉFONO MÓVIL", "phone"),
            ("Vorname", "first_name"),
            ("Nachname", "last_name"),
            ("Correo", "email"),
            ("Prénom", "first_name"),
            ("PRENOM", "first_name"),
            ("טלפון נייד", "phone"),
            ("手机号", "phone"),
            ("البريد الإلكتروني", "email"),
            ("Электронная почта", "email"),
            ("メールアドレス", "email"),
            ("first_name", "first_name"),
            ("customerName", "name"),
            ("Organización", "company"),
            ("Phone 2", "phone"),
            ("E-mail 2 - Value", "email"),
            ("Person - Phone - Mobile", "phone"),
            ("Etiquetas", "tags"),
        ] {
            assert_eq!(field_of(header).map(|spelling| spelling.field), Some(field), "{header}");
        }
        for header in ["Shoe size", "Fax", "", "()", "Phone bill total", "1", "contact 1 1 1 x", "Work phone", "City 2"]
        {
            assert_eq!(field_of(header), None, "{header}");
        }
    }

    #[test]
    fn headers_that_say_which_phone_it_is_stand_behind_plain_ones() {
        for (header, field) in [
            ("Work phone", "phone"),
            ("Person - Phone - Work", "phone"),
            ("Telefon geschäftlich", "phone"),
            ("Secondary Email", "email"),
            ("Person - Email - Home", "email"),
            ("Work mobile", "phone"),
            ("Teléfono fijo", "phone"),
            ("Landline", "phone"),
        ] {
            assert_eq!(qualified_field(header).map(|found| found.field), Some(field), "{header}");
        }
        for header in ["Business Fax", "Assistant's Phone", "Home Country", "Work", "E-mail Type", "Owner email"] {
            assert_eq!(qualified_field(header), None, "{header}");
        }
    }

    #[test]
    fn a_header_may_tell_what_a_custom_field_holds() {
        assert_eq!(custom_field_name("seats:number"), ("seats", Some(FieldKind::Number)));
        assert_eq!(custom_field_name("a:b:list"), ("a:b", Some(FieldKind::Json)));
        assert_eq!(custom_field_name("ratio 1:2"), ("ratio 1:2", None));
        assert_eq!(custom_field_name(":number"), (":number", None));
    }

    #[test]
    fn headers_that_say_who_may_be_written_to_are_known() {
        assert_eq!(contact_wish("OPTIN_TIME"), None);
        for header in
            ["Do not contact", "No contactar", "Email Opt Out", "Consent", "Accepts Email Marketing", "unsubscribed"]
        {
            assert!(contact_wish(header).is_some(), "{header}");
        }
        assert_eq!(contact_wish("Contact name"), None);
    }

    #[test]
    fn headers_of_custom_fields_tell_the_name() {
        assert_eq!(custom_name("custom.tier"), Some("tier"));
        assert_eq!(custom_name("Custom: Shoe size"), Some("Shoe size"));
        assert_eq!(custom_name("cf:tier"), Some("tier"));
        assert_eq!(custom_name("cf_01"), Some("cf_01"));
        assert_eq!(custom_name("custom."), None);
        assert_eq!(custom_name("customer"), None);
        assert_eq!(custom_name("é"), None);
    }

    #[test]
    fn every_field_of_the_spellings_is_one_of_ours() {
        for line in SPELLINGS.lines() {
            let field = line.split('\t').next().unwrap();
            assert!(super::super::standard::is_standard(field) || ["tags", "lists"].contains(&field), "{field}");
        }
    }
}
