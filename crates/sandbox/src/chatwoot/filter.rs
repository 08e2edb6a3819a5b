use std::collections::BTreeSet;

use serde_json::Value;

use super::answers::Refusal;
use super::definition::{Definition, Display};
use super::flavor::ChatwootOptions;
use super::pattern::Pattern;
use super::record::Contact;
use super::request::Request;
use super::store::Store;

/// Conditions joined by AND and OR, where AND binds closer: one of the groups must hold whole.
#[derive(Debug)]
pub(super) struct Conditions(Vec<Vec<Condition>>);

#[derive(Debug)]
struct Condition {
    attribute: Attribute,
    operator: Operator,
    /// Only the first of the values sent is ever looked at.
    value: Wanted,
}

/// What a condition compares with, and a contact's value in the same form.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
enum Wanted {
    Nothing,
    /// In lower case.
    Text(String),
    Number(f64),
    Bool(bool),
    /// Days since the epoch.
    Day(i64),
}

#[derive(Clone, Debug, PartialEq)]
enum Attribute {
    Name,
    Phone,
    Email,
    Identifier,
    Additional(&'static str),
    Labels,
    Created,
    LastActivity,
    Blocked,
    Custom(String, Display),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    NotEqual,
    Contains,
    DoesNotContain,
    StartsWith,
    Present,
    NotPresent,
    Greater,
    Less,
    DaysBefore,
}

const OPERATORS: [(&str, Operator); 10] = [
    ("equal_to", Operator::Equal),
    ("not_equal_to", Operator::NotEqual),
    ("contains", Operator::Contains),
    ("does_not_contain", Operator::DoesNotContain),
    ("starts_with", Operator::StartsWith),
    ("is_present", Operator::Present),
    ("is_not_present", Operator::NotPresent),
    ("is_greater_than", Operator::Greater),
    ("is_less_than", Operator::Less),
    ("days_before", Operator::DaysBefore),
];

const KEYS: &str = "name,phone_number,email,identifier,country_code,city,company_name,labels,created_at,\
                    last_activity_at,blocked";

impl Attribute {
    fn read(key: &str, definitions: &[Definition]) -> Option<Self> {
        Some(match key {
            "name" => Self::Name,
            "phone_number" => Self::Phone,
            "email" => Self::Email,
            "identifier" => Self::Identifier,
            "country_code" => Self::Additional("country_code"),
            "city" => Self::Additional("city"),
            "company_name" => Self::Additional("company_name"),
            "labels" => Self::Labels,
            "created_at" => Self::Created,
            "last_activity_at" => Self::LastActivity,
            "blocked" => Self::Blocked,
            custom => {
                let definition = definitions.iter().find(|one| one.of_contacts && one.attribute_key == custom)?;
                Self::Custom(custom.to_owned(), definition.display)
            }
        })
    }

    fn is_date(&self) -> bool {
        matches!(self, Self::Created | Self::LastActivity | Self::Custom(_, Display::Date))
    }

    fn allows(&self, operator: Operator) -> bool {
        use Operator::{
            Contains, DaysBefore, DoesNotContain, Equal, Greater, Less, NotEqual, NotPresent, Present, StartsWith,
        };
        let allowed: &[Operator] = match self {
            Self::Name | Self::Email | Self::Additional("city" | "company_name") => {
                &[Equal, NotEqual, Contains, DoesNotContain]
            }
            Self::Phone => &[Equal, NotEqual, Contains, DoesNotContain, StartsWith],
            Self::Identifier | Self::Additional(_) | Self::Blocked => &[Equal, NotEqual],
            Self::Labels => &[Equal, NotEqual, Present, NotPresent],
            Self::Created | Self::LastActivity => &[Greater, Less, DaysBefore],
            Self::Custom(_, display) => match display {
                Display::Number | Display::Currency | Display::Percent => {
                    &[Equal, NotEqual, Present, NotPresent, Greater, Less]
                }
                Display::Date => &[Equal, NotEqual, Present, NotPresent, Greater, Less, DaysBefore],
                Display::Checkbox => &[Equal, NotEqual],
                Display::Text | Display::Link | Display::List => {
                    &[Equal, NotEqual, Contains, DoesNotContain, Present, NotPresent]
                }
            },
        };
        allowed.contains(&operator)
    }
}

impl Conditions {
    /// Without `payload` the vendor's code breaks, for it looks no further.
    pub fn read(request: &Request, definitions: &[Definition]) -> Result<Self, Refusal> {
        let payload = request.body.get("payload").and_then(Value::as_array).ok_or(Refusal::Broken)?;
        let mut groups = vec![Vec::new()];
        for (position, sent) in payload.iter().enumerate() {
            let condition = Condition::read(sent, definitions, request)?;
            if let Some(group) = groups.last_mut() {
                group.push(condition);
            }
            let last = position + 1 == payload.len();
            // A word that is wrong is refused; one too many, or too few, makes a statement that breaks.
            let word = match sent.get("query_operator") {
                None | Some(Value::Null) => "",
                Some(Value::String(word)) => word.trim(),
                Some(_) => return Err(Refusal::Broken),
            };
            match word.to_ascii_lowercase().as_str() {
                "" if last => {}
                "and" if !last => {}
                "or" if !last => groups.push(Vec::new()),
                "" | "and" | "or" => return Err(Refusal::Broken),
                _ => return Err(Refusal::Text("Query operator must be either \"AND\" or \"OR\".".into())),
            }
        }
        Ok(Self(groups))
    }

    /// The slots that fulfil the conditions, each once.
    pub fn find(&self, store: &Store) -> Result<Vec<u32>, Refusal> {
        if !self.0.iter().flatten().all(|condition| condition.castable(store)) {
            return Err(Refusal::Broken);
        }
        let indexed: Option<Vec<&[u32]>> =
            self.0.iter().map(|group| group.iter().find_map(|condition| condition.indexed(store))).collect();
        let hit = |slot: &u32| store.slot(*slot).is_some_and(|contact| self.hold(contact));
        Ok(match indexed {
            Some(lists) => {
                let slots: BTreeSet<u32> = lists.into_iter().flatten().copied().collect();
                slots.into_iter().filter(hit).collect()
            }
            None => store.all().filter(hit).collect(),
        })
    }

    fn hold(&self, contact: &Contact) -> bool {
        self.0.iter().any(|group| group.iter().all(|condition| condition.holds(contact)))
    }
}

impl Condition {
    fn read(sent: &Value, definitions: &[Definition], request: &Request) -> Result<Self, Refusal> {
        let key = sent.get("attribute_key").and_then(Value::as_str).unwrap_or_default();
        let attribute = Attribute::read(key, definitions).ok_or_else(|| {
            Refusal::Text(format!(
                "Invalid attribute key - [{key}]. The key should be one of [{KEYS}] or a custom attribute defined in \
                 the account."
            ))
        })?;
        let word = sent.get("filter_operator").and_then(Value::as_str).unwrap_or_default();
        let operator = OPERATORS
            .iter()
            .find(|(name, operator)| *name == word && attribute.allows(*operator))
            .map(|(_, operator)| *operator)
            .ok_or_else(|| {
                let allowed: Vec<&str> =
                    OPERATORS.iter().filter(|(_, one)| attribute.allows(*one)).map(|(name, _)| *name).collect();
                Refusal::Text(format!("Invalid operator. The allowed operators for {key} are [{}].", allowed.join(",")))
            })?;
        let invalid = || Refusal::Text(format!("Invalid value. The values provided for {key} are invalid"));
        let first = match sent.get("values") {
            Some(Value::Array(values)) => values.first().cloned().unwrap_or_default(),
            // The first of a text's characters, too.
            Some(Value::String(text)) => text.chars().next().map_or(Value::Null, |first| first.to_string().into()),
            Some(_) => return Err(Refusal::Broken),
            None => Value::Null,
        };
        let value = match operator {
            Operator::Present | Operator::NotPresent => Wanted::Nothing,
            // Read from the list, not from what is in it.
            Operator::DaysBefore => return Err(Refusal::Broken),
            _ if first.is_null() => return Err(invalid()),
            _ => Wanted::read(&attribute, operator, &first, request.options).ok_or_else(|| {
                if attribute.is_date() && matches!(operator, Operator::Greater | Operator::Less) {
                    invalid()
                } else {
                    Refusal::Broken
                }
            })?,
        };
        // The words of the last two kinds are no types of the database.
        if matches!(attribute, Attribute::Custom(_, Display::Currency | Display::Percent)) {
            return Err(Refusal::Broken);
        }
        Ok(Self { attribute, operator, value })
    }

    /// The contacts an index gives for this condition; they still have to be looked at.
    fn indexed<'a>(&self, store: &'a Store) -> Option<&'a [u32]> {
        let Wanted::Text(text) = &self.value else { return None };
        match (&self.attribute, self.operator) {
            (Attribute::Email, Operator::Equal) => Some(store.with_email(text)),
            (Attribute::Phone, Operator::Equal) => Some(store.with_phone(text)),
            (Attribute::Identifier, Operator::Equal) => Some(store.with_identifier(text)),
            (Attribute::Labels, Operator::Equal) => Some(store.with_label(text)),
            _ => None,
        }
    }

    /// Whether the database can read every contact's value as the definition's type: it reads them all.
    fn castable(&self, store: &Store) -> bool {
        let Attribute::Custom(key, display) = &self.attribute else { return true };
        let reads = |text: &str| match display {
            Display::Number => number(text).is_some(),
            Display::Date => day(text).is_some(),
            Display::Checkbox => boolean(text).is_some(),
            _ => true,
        };
        let untyped = matches!(display, Display::Text | Display::Link | Display::List);
        untyped
            || store
                .contacts()
                .filter(|contact| contact.has_identifier())
                .filter_map(|contact| contact.custom_attributes.get(key).and_then(plain))
                .all(|text| reads(&text))
    }

    /// A missing value fulfils nothing, not even an inequality: so the database compares with null.
    fn holds(&self, contact: &Contact) -> bool {
        match &self.attribute {
            Attribute::Labels => {
                // The wanted label was lower-cased, the contact's was not.
                let has = || contact.labels.iter().any(|label| self.value == Wanted::Text(label.clone()));
                match self.operator {
                    Operator::Equal => has(),
                    Operator::NotEqual => !has(),
                    Operator::Present => !contact.labels.is_empty(),
                    _ => contact.labels.is_empty(),
                }
            }
            Attribute::Blocked => self.meets(&Wanted::Bool(contact.blocked)),
            Attribute::Created => self.moment(Some(contact.created_at / 1_000_000)),
            Attribute::LastActivity => self.moment(contact.last_activity_at),
            Attribute::Custom(key, display) => self.custom(contact.custom_attributes.get(key), *display),
            Attribute::Name => self.text(contact.name.as_deref()),
            Attribute::Phone => self.text(contact.phone_number.as_deref()),
            Attribute::Email => self.text(contact.email.as_deref()),
            Attribute::Identifier => self.text(contact.identifier.as_deref()),
            Attribute::Additional(key) => self.text(contact.additional(key)),
        }
    }

    fn moment(&self, seconds: Option<u64>) -> bool {
        seconds
            .and_then(|seconds| i64::try_from(seconds / 86_400).ok())
            .is_some_and(|day| self.meets(&Wanted::Day(day)))
    }

    /// An inequality is fulfilled by a contact without the attribute.
    fn custom(&self, value: Option<&Value>, display: Display) -> bool {
        let value = value.and_then(plain);
        match (self.operator, &value) {
            (Operator::Present, _) => return value.is_some(),
            (Operator::NotPresent, _) => return value.is_none(),
            (Operator::NotEqual, None) => return true,
            _ => {}
        }
        let Some(text) = value else { return false };
        let read = match display {
            Display::Date => day(&text).map(Wanted::Day),
            Display::Number => number(&text).map(Wanted::Number),
            Display::Checkbox => boolean(&text).map(Wanted::Bool),
            _ => return self.text(Some(&text)),
        };
        read.is_some_and(|read| self.meets(&read))
    }

    /// Without regard to case.
    fn text(&self, value: Option<&str>) -> bool {
        let (Some(value), Wanted::Text(wanted)) = (value, &self.value) else { return false };
        match self.operator {
            Operator::Contains => Pattern::containing(wanted).matches(value),
            Operator::DoesNotContain => !Pattern::containing(wanted).matches(value),
            _ => self.meets(&Wanted::Text(value.to_lowercase())),
        }
    }

    fn meets(&self, value: &Wanted) -> bool {
        match self.operator {
            // Whatever its name says.
            Operator::Equal | Operator::StartsWith => *value == self.value,
            Operator::NotEqual => *value != self.value,
            Operator::Greater => *value > self.value,
            Operator::Less => *value < self.value,
            _ => false,
        }
    }
}

impl Wanted {
    /// `None` for what the database can't compare with the attribute.
    fn read(attribute: &Attribute, operator: Operator, sent: &Value, options: &ChatwootOptions) -> Option<Self> {
        let text = sent.as_str();
        match attribute {
            Attribute::Created | Attribute::LastActivity | Attribute::Custom(_, Display::Date) => {
                day(text?).map(Self::Day)
            }
            Attribute::Blocked | Attribute::Custom(_, Display::Checkbox) => {
                sent.as_bool().or_else(|| boolean(text?)).map(Self::Bool)
            }
            Attribute::Custom(_, Display::Number) => sent.as_f64().or_else(|| number(text?)).map(Self::Number),
            // Refused later, whatever the value.
            Attribute::Custom(_, Display::Currency | Display::Percent) => Some(Self::Nothing),
            Attribute::Phone if !matches!(operator, Operator::Contains | Operator::DoesNotContain) => {
                let given = text?;
                let digits = if options.older_phone_filter { given.to_owned() } else { given.replace('+', "") };
                Some(Self::Text(format!("+{digits}").to_lowercase()))
            }
            _ => text.map(|text| Self::Text(text.to_lowercase())),
        }
    }
}

/// The text that the database makes of a value inside JSON.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
    }
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

/// The words that the database takes for a boolean.
fn boolean(text: &str) -> Option<bool> {
    let text = text.trim().to_ascii_lowercase();
    let begins = |word: &str, least: usize| text.len() >= least && word.starts_with(&text);
    if begins("true", 1) || begins("yes", 1) || text == "on" || text == "1" {
        Some(true)
    } else if begins("false", 1) || begins("no", 1) || begins("off", 2) || text == "0" {
        Some(false)
    } else {
        None
    }
}

/// The day of an ISO date, in days since the epoch; a time after it is dropped.
fn day(text: &str) -> Option<i64> {
    let date: jiff::civil::Date = text.get(..10)?.parse().ok()?;
    let midnight = date.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(midnight.timestamp().as_second().div_euclid(86_400))
}

#[cfg(test)]
mod tests {
    use super::super::Flavor;
    use super::super::test_client::TestClient;
    use serde_json::{Value, json};

    fn filled() -> TestClient {
        let mut server = TestClient::new(Flavor::Chatwoot);
        for (name, email, phone, identifier, city) in [
            ("Anna", "anna@b.c", "+4915100001", "X-1", "Oslo"),
            ("Berta", "berta@b.c", "+4915100002", "x-1", "Rome"),
            ("Cem", "cem@b.c", "+905320003", "Y-3", "Oslo"),
        ] {
            server.create(&json!({
                "name": name, "email": email, "phone_number": phone, "identifier": identifier,
                "additional_attributes": { "city": city }
            }));
        }
        server
    }

    fn names(server: &mut TestClient, payload: &Value) -> Vec<String> {
        let answer = server.post("/contacts/filter?sort=name", &json!({ "payload": payload }));
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.value["payload"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    }

    fn one(key: &str, operator: &str, value: &str) -> Value {
        json!([{ "attribute_key": key, "filter_operator": operator, "values": [value], "query_operator": null }])
    }

    #[test]
    fn keys_are_compared_in_lower_case_and_phones_with_a_plus() {
        let mut server = filled();
        assert_eq!(names(&mut server, &one("email", "equal_to", "ANNA@b.c")), ["Anna"]);
        assert_eq!(names(&mut server, &one("identifier", "equal_to", "x-1")), ["Anna", "Berta"]);
        assert_eq!(names(&mut server, &one("phone_number", "equal_to", "905320003")), ["Cem"]);
        assert_eq!(names(&mut server, &one("phone_number", "equal_to", "+905320003")), ["Cem"]);
        assert_eq!(names(&mut server, &one("name", "equal_to", "ANNA")), ["Anna"]);
        assert_eq!(names(&mut server, &one("city", "equal_to", "oslo")), ["Anna", "Cem"]);
        assert_eq!(names(&mut server, &one("phone_number", "contains", "4915")), ["Anna", "Berta"]);
        assert_eq!(names(&mut server, &one("phone_number", "starts_with", "+4915")), [""; 0], "it is equality");
    }

    #[test]
    fn a_chain_of_ors_finds_many_at_once_15_a_page() {
        let mut server = filled();
        for number in 0..17 {
            server.create(&json!({ "name": format!("n{number:02}"), "email": format!("n{number}@x.y") }));
        }
        let chain = |count: usize| {
            let conditions: Vec<Value> = (0..count)
                .map(|number| {
                    json!({
                        "attribute_key": "email", "filter_operator": "equal_to", "values": [format!("n{number}@x.y")],
                        "query_operator": if number + 1 == count { Value::Null } else { "OR".into() }
                    })
                })
                .collect();
            Value::Array(conditions)
        };
        assert_eq!(names(&mut server, &chain(15)).len(), 15);
        let answer = server.post("/contacts/filter?sort=name&page=2", &json!({ "payload": chain(17) }));
        assert_eq!(answer.value["meta"], json!({ "count": 17, "current_page": "2" }));
        assert_eq!(answer.value["payload"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn only_the_first_value_counts() {
        let mut server = filled();
        let payload = json!([{
            "attribute_key": "email", "filter_operator": "equal_to", "values": ["anna@b.c", "cem@b.c"],
            "query_operator": null
        }]);
        assert_eq!(names(&mut server, &payload), ["Anna"]);
    }

    #[test]
    fn and_binds_closer_than_or() {
        let mut server = filled();
        let condition = |key: &str, value: &str, then: Option<&str>| json!({ "attribute_key": key, "filter_operator": "equal_to", "values": [value], "query_operator": then });
        let payload = json!([
            condition("name", "Berta", Some("OR")),
            condition("city", "Oslo", Some("AND")),
            condition("name", "Cem", None)
        ]);
        assert_eq!(names(&mut server, &payload), ["Berta", "Cem"]);
    }

    #[test]
    fn a_defined_custom_attribute_is_a_key() {
        let mut server = filled();
        let undefined = server.post("/contacts/filter", &json!({ "payload": one("tier", "equal_to", "gold") }));
        assert_eq!(undefined.status, 422);
        server.post(
            "/custom_attribute_definitions",
            &json!({
                "attribute_display_name": "Tier", "attribute_key": "tier", "attribute_display_type": 0,
                "attribute_model": 1
            }),
        );
        server.create(&json!({ "name": "Dora", "email": "d@b.c", "custom_attributes": { "tier": "gold" } }));
        assert_eq!(names(&mut server, &one("tier", "equal_to", "gold")), ["Dora"]);
        assert_eq!(names(&mut server, &one("tier", "is_present", "")), ["Dora"]);
    }

    #[test]
    fn dates_are_compared_by_whole_days() {
        let mut server = filled();
        assert_eq!(names(&mut server, &one("created_at", "is_greater_than", "2025-12-31")).len(), 3);
        assert_eq!(names(&mut server, &one("created_at", "is_greater_than", "2026-01-01")).len(), 0);
        assert_eq!(names(&mut server, &one("created_at", "is_less_than", "2026-01-02")).len(), 3);
        let broken = server.post("/contacts/filter", &json!({ "payload": one("created_at", "days_before", "1") }));
        assert_eq!(broken.status, 500);
    }

    #[test]
    fn bad_conditions_are_422_with_an_error_and_no_payload_is_500() {
        let mut server = filled();
        let good = one("email", "equal_to", "a");
        let mut unjoined = good.as_array().unwrap().clone();
        unjoined.extend(good.as_array().unwrap().clone());
        let mut bad_word = good.clone();
        bad_word[0]["query_operator"] = "XOR".into();
        for payload in [
            one("shoe_size", "equal_to", "a"),
            one("email", "starts_with", "a"),
            one("email", "resembles", "a"),
            one("created_at", "is_less_than", "yesterday"),
            json!([{ "attribute_key": "email", "filter_operator": "equal_to", "values": [], "query_operator": null }]),
            bad_word,
        ] {
            let answer = server.post("/contacts/filter", &json!({ "payload": payload }));
            assert_eq!(answer.status, 422, "{payload}");
            assert!(answer.value["error"].is_string());
        }
        let mut one_too_many = good.clone();
        one_too_many[0]["query_operator"] = "OR".into();
        let mut number = one("identifier", "equal_to", "a");
        number[0]["values"] = json!([4711]);
        for payload in [Value::Array(unjoined), one_too_many, number, one("blocked", "equal_to", "maybe")] {
            assert_eq!(server.post("/contacts/filter", &json!({ "payload": payload })).status, 500, "{payload}");
        }
        assert_eq!(server.post("/contacts/filter", &json!({})).status, 500);
    }

    #[test]
    fn a_number_is_compared_until_one_contact_holds_text_there() {
        let mut server = filled();
        for (key, display) in [("seats", 1), ("price", 2)] {
            let definition = json!({
                "attribute_display_name": key, "attribute_key": key, "attribute_display_type": display,
                "attribute_model": 1
            });
            assert_eq!(server.post("/custom_attribute_definitions", &definition).status, 200);
        }
        let dora = json!({ "name": "Dora", "email": "d@b.c", "custom_attributes": { "seats": 12, "price": 1 } });
        server.create(&dora);
        assert_eq!(names(&mut server, &one("seats", "is_greater_than", "9")), ["Dora"]);
        assert_eq!(names(&mut server, &one("seats", "not_equal_to", "12")), ["Anna", "Berta", "Cem"]);
        let mut status = |key| server.post("/contacts/filter", &json!({ "payload": one(key, "equal_to", "1") })).status;
        assert_eq!((status("seats"), status("price")), (200, 500));
        server.create(&json!({ "name": "Eva", "email": "e@b.c", "custom_attributes": { "seats": "many" } }));
        let broken = server.post("/contacts/filter", &json!({ "payload": one("seats", "equal_to", "12") }));
        assert_eq!(broken.status, 500);
    }

    #[test]
    fn a_label_with_a_capital_is_never_equal() {
        let mut server = filled();
        let id = server.get("/contacts/search?q=anna").value["payload"][0]["id"].clone();
        server.post(&format!("/contacts/{id}/labels"), &json!({ "labels": ["VIP", "low"] }));
        assert_eq!(names(&mut server, &one("labels", "equal_to", "VIP")), [""; 0]);
        assert_eq!(names(&mut server, &one("labels", "equal_to", "LOW")), ["Anna"]);
        assert_eq!(server.get("/contacts?labels[]=vip").value["meta"]["count"], 1);
    }

    #[test]
    fn labels_are_a_key() {
        let mut server = filled();
        let found = server.get("/contacts/search?q=anna");
        let id = found.value["payload"][0]["id"].as_u64().unwrap();
        server.post(&format!("/contacts/{id}/labels"), &json!({ "labels": ["vip"] }));
        assert_eq!(names(&mut server, &one("labels", "equal_to", "vip")), ["Anna"]);
        assert_eq!(names(&mut server, &one("labels", "is_not_present", "")), ["Berta", "Cem"]);
    }
}
