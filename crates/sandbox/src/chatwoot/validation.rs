use super::flavor::Language;
use super::record::Contact;
use super::store::Store;
use super::text::is_blank;

/// A rule of a model that a record breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub attribute: &'static str,
    pub rule: Rule,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    Taken,
    Blank,
    MustNotBeBlank,
    MustExist,
    TooLong,
    NotEmail,
    NotE164,
    NotLabel,
    NotKey,
    Standard,
}

impl Problem {
    pub fn message(&self, language: Language) -> String {
        let mut name = self.attribute.trim_end_matches("_id").replace('_', " ");
        if let Some(first) = name.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        let text = match language {
            Language::English => match self.rule {
                Rule::Taken => "has already been taken",
                Rule::Blank => "can't be blank",
                Rule::MustNotBeBlank => "must not be blank",
                Rule::MustExist => "must exist",
                Rule::TooLong => "is too long (maximum is 255 characters)",
                Rule::NotEmail => "Invalid email",
                Rule::NotE164 => "should be in e164 format",
                Rule::NotLabel => "is invalid",
                Rule::NotKey => "must only contain letters, numbers, underscores, hyphens, and dots",
                Rule::Standard => "The provided key is not allowed as it might conflict with default attributes.",
            },
            Language::German => match self.rule {
                Rule::Taken => "ist bereits vergeben",
                Rule::Blank | Rule::MustNotBeBlank => "muss ausgefüllt werden",
                Rule::MustExist => "muss existieren",
                Rule::TooLong => "ist zu lang (mehr als 255 Zeichen)",
                Rule::NotEmail => "Ungültige E-Mail",
                Rule::NotE164 => "sollte im E.164-Format sein",
                Rule::NotLabel | Rule::NotKey => "ist nicht gültig",
                Rule::Standard => "Der Schlüssel ist nicht erlaubt, er könnte Standardattributen widersprechen.",
            },
        };
        format!("{name} {text}")
    }
}

/// All the rules a contact breaks: the whole record is looked at, whatever was sent.
pub(super) fn problems(store: &Store, contact: &Contact) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut add = |attribute, rule| found.push(Problem { attribute, rule });
    let texts = [
        ("name", &contact.name),
        ("email", &contact.email),
        ("phone_number", &contact.phone_number),
        ("identifier", &contact.identifier),
    ];
    for (attribute, value) in texts {
        if value.as_ref().is_some_and(|text| text.chars().count() > 255) {
            add(attribute, Rule::TooLong);
        }
    }
    for (attribute, value) in store.get(contact.id).into_iter().flat_map(Contact::copied) {
        if value.is_some_and(|text| text.chars().count() > 255) {
            add(attribute, Rule::TooLong);
        }
    }
    if let Some(email) = &contact.email {
        if store.email_taken(email, contact.id) {
            add("email", Rule::Taken);
        }
        if !is_email(email) {
            add("email", Rule::NotEmail);
        }
    }
    if let Some(identifier) = contact.identifier.as_ref().filter(|text| !is_blank(text))
        && store.identifier_taken(identifier, contact.id)
    {
        add("identifier", Rule::Taken);
    }
    if let Some(phone) = contact.phone_number.as_ref().filter(|text| !is_blank(text)) {
        if store.phone_taken(phone, contact.id) {
            add("phone_number", Rule::Taken);
        }
        if !ends_in_e164(phone) {
            add("phone_number", Rule::NotE164);
        }
    }
    found
}

/// `x@y` without spaces and with one at sign; no dot is needed.
fn is_email(text: &str) -> bool {
    text.split_once('@').is_some_and(|(name, host)| {
        !name.is_empty() && !host.is_empty() && !host.contains('@') && !text.contains(char::is_whitespace)
    })
}

/// The text must end with a plus, a digit from 1 to 9, then 1 to 14 digits. What stands before is not looked at.
fn ends_in_e164(text: &str) -> bool {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &text[head.len()..];
    head.ends_with('+') && !digits.starts_with('0') && (2..=15).contains(&digits.len())
}

/// Begins with a letter or a digit, two characters at least, then letters, digits, underscores, hyphens.
pub(super) fn is_label(text: &str) -> bool {
    let mut rest = text.chars();
    rest.next().is_some_and(char::is_alphanumeric)
        && text.chars().count() >= 2
        && rest.all(|c| c.is_alphanumeric() || c == '_' || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_is_checked_at_its_end_only() {
        for good in ["+49151234567", "abc+4912345", "+12", "+123456789012345"] {
            assert!(ends_in_e164(good), "{good}");
        }
        for bad in ["49151234567", "+1", "+0123", "+1234567890123456", "+49 151", "0049151", "+49151\n", "(+49)151"] {
            assert!(!ends_in_e164(bad), "{bad}");
        }
    }

    #[test]
    fn an_email_needs_no_dot_but_takes_no_space() {
        assert!(is_email("a@b"));
        for bad in ["a", "@b", "a@", "a b@c", "a@b@c", "a@b\n"] {
            assert!(!is_email(bad), "{bad}");
        }
    }

    #[test]
    fn labels_begin_with_a_letter_or_digit_and_have_two_characters() {
        for good in ["vip", "2x", "ab-c_d", "über"] {
            assert!(is_label(good), "{good}");
        }
        for bad in ["v", "-vip", "_a", "a b", "a,b", ""] {
            assert!(!is_label(bad), "{bad}");
        }
    }
}
