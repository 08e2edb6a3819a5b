use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::Value;

use super::answers::Refusal;
use super::definitions::{Definition, Display};
use super::pattern::Pattern;
use super::record::Contact;
use super::state::Asked;
use super::store::Store;

/// Conditions joined by AND and OR, where AND binds closer: one of the groups must hold whole.
#[derive(Debug)]
pub(super) struct Conditions(Vec<Vec<Condition>>);

#[derive(Debug)]
struct Condition {
    attribute: Attribute,
    operator: Operator,
    /// Only the first of the values sent is ever looked at.
    value: String,
    /// Days since the epoch, for conditions on dates.
    day: i64,
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

const KEYS: &str = "name, phone_number, email, identifier, country_code, city, company_name, labels, created_at, \
                    last_activity_at, blocked";

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
    pub fn read(asked: &Asked, definitions: &[Definition]) -> Result<Self, Refusal> {
        let payload = asked.body.get("payload").and_then(Value::as_array).ok_or(Refusal::Broken)?;
        let mut groups = vec![Vec::new()];
        for (position, sent) in payload.iter().enumerate() {
            let condition = Condition::read(sent, definitions, asked)?;
            if let Some(group) = groups.last_mut() {
                group.push(condition);
            }
            let last = position + 1 == payload.len();
            match sent.get("query_operator") {
                None | Some(Value::Null) if last => {}
                Some(Value::String(word)) if !last && word.eq_ignore_ascii_case("and") => {}
                Some(Value::String(word)) if !last && word.eq_ignore_ascii_case("or") => groups.push(Vec::new()),
                _ => return Err(Refusal::Text("Query operator must be either \"AND\" or \"OR\".".into())),
            }
        }
        Ok(Self(groups))
    }

    /// The slots that fulfil the conditions, each once.
    pub fn find(&self, store: &Store) -> Vec<u32> {
        let indexed: Option<Vec<&[u32]>> =
            self.0.iter().map(|group| group.iter().find_map(|condition| condition.indexed(store))).collect();
        let hit = |slot: &u32| store.slot(*slot).is_some_and(|contact| self.hold(contact));
        match indexed {
            Some(lists) => {
                let slots: BTreeSet<u32> = lists.into_iter().flatten().copied().collect();
                slots.into_iter().filter(hit).collect()
            }
            None => store.all().filter(hit).collect(),
        }
    }

    fn hold(&self, contact: &Contact) -> bool {
        self.0.iter().any(|group| group.iter().all(|condition| condition.holds(contact)))
    }
}

impl Condition {
    fn read(sent: &Value, definitions: &[Definition], asked: &Asked) -> Result<Self, Refusal> {
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
        let values = sent.get("values");
        let first = values.and_then(Value::as_array).map_or(values, |values| values.first()).and_then(plain);
        let value = match (first, operator) {
            (_, Operator::Present | Operator::NotPresent) => String::new(),
            (Some(value), _) => value,
            (None, _) => return Err(invalid()),
        };
        let today = i64::try_from(asked.now.as_secs() / 86_400).unwrap_or(i64::MAX);
        let day = match operator {
            Operator::DaysBefore => today.saturating_sub(value.trim().parse().map_err(|_| invalid())?),
            Operator::Present | Operator::NotPresent => 0,
            _ if attribute.is_date() => day(&value).ok_or_else(invalid)?,
            _ => 0,
        };
        let value = match attribute {
            Attribute::Phone if !value.starts_with('+') => format!("+{value}"),
            Attribute::Email | Attribute::Identifier | Attribute::Labels | Attribute::Custom(..) => {
                value.to_lowercase()
            }
            _ => value,
        };
        Ok(Self { attribute, operator, value, day })
    }

    /// The contacts an index gives for this condition; they still have to be looked at.
    fn indexed<'a>(&self, store: &'a Store) -> Option<&'a [u32]> {
        match (&self.attribute, self.operator) {
            (Attribute::Email, Operator::Equal) => Some(store.with_email(&self.value)),
            (Attribute::Phone, Operator::Equal) => Some(store.with_phone(&self.value)),
            (Attribute::Identifier, Operator::Equal) => Some(store.with_identifier(&self.value)),
            (Attribute::Labels, Operator::Equal) => Some(store.with_label(&self.value)),
            _ => None,
        }
    }

    /// A missing value fulfils nothing, not even an inequality: so the database compares with null.
    fn holds(&self, contact: &Contact) -> bool {
        let of_day = |day: Option<i64>| day.is_some_and(|day| compare(self.operator, &day, &self.day));
        match &self.attribute {
            Attribute::Labels => {
                let has = contact.labels.iter().any(|label| label.to_lowercase() == self.value);
                match self.operator {
                    Operator::Equal => has,
                    Operator::NotEqual => !has,
                    Operator::Present => !contact.labels.is_empty(),
                    _ => contact.labels.is_empty(),
                }
            }
            Attribute::Blocked => compare(self.operator, contact.blocked.to_string().as_str(), self.value.as_str()),
            Attribute::Created => of_day(i64::try_from(contact.created_at / 86_400_000_000).ok()),
            Attribute::LastActivity => {
                of_day(contact.last_activity_at.and_then(|seconds| i64::try_from(seconds / 86_400).ok()))
            }
            Attribute::Custom(key, display) => self.custom(contact.custom_attributes.get(key), *display),
            Attribute::Name => self.text(contact.name.as_deref().map(Cow::Borrowed)),
            Attribute::Phone => self.text(contact.phone_number.as_deref().map(Cow::Borrowed)),
            Attribute::Email => self.text(contact.email.as_deref().map(|text| text.to_lowercase().into())),
            Attribute::Identifier => self.text(contact.identifier.as_deref().map(|text| text.to_lowercase().into())),
            Attribute::Additional(key) => self.text(contact.additional(key).map(Cow::Borrowed)),
        }
    }

    fn custom(&self, value: Option<&Value>, display: Display) -> bool {
        let value = value.and_then(plain);
        match (self.operator, display) {
            (Operator::Present, _) => value.is_some(),
            (Operator::NotPresent, _) => value.is_none(),
            (operator, Display::Date) => {
                value.and_then(|text| day(&text)).is_some_and(|day| compare(operator, &day, &self.day))
            }
            (operator, Display::Number | Display::Currency | Display::Percent) => {
                match (value.and_then(|text| text.parse::<f64>().ok()), self.value.parse::<f64>()) {
                    (Some(one), Ok(other)) => compare(operator, &one, &other),
                    _ => false,
                }
            }
            _ => self.text(value.map(|text| text.to_lowercase().into())),
        }
    }

    fn text(&self, value: Option<Cow<str>>) -> bool {
        let Some(value) = value else { return false };
        match self.operator {
            Operator::Contains => Pattern::containing(&self.value).matches(&value),
            Operator::DoesNotContain => !Pattern::containing(&self.value).matches(&value),
            Operator::StartsWith => Pattern::starting_with(&self.value).matches(&value),
            operator => compare(operator, value.as_ref(), self.value.as_str()),
        }
    }
}

fn compare<T: PartialOrd + ?Sized>(operator: Operator, one: &T, other: &T) -> bool {
    match operator {
        Operator::Equal => one == other,
        Operator::NotEqual => one != other,
        Operator::Greater => one > other,
        Operator::Less | Operator::DaysBefore => one < other,
        _ => false,
    }
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(other.to_string()),
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
    use super::super::rehearsal::Rehearsal;
    use serde_json::{Value, json};

    fn filled() -> Rehearsal {
        let mut server = Rehearsal::new(Flavor::Chatwoot);
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

    fn names(server: &mut Rehearsal, payload: &Value) -> Vec<String> {
        let heard = server.post("/contacts/filter?sort=name", &json!({ "payload": payload }));
        assert_eq!(heard.status, 200, "{}", heard.text);
        heard.value["payload"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
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
        assert_eq!(names(&mut server, &one("phone_number", "starts_with", "+4915")), ["Anna", "Berta"]);
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
        let heard = server.post("/contacts/filter?sort=name&page=2", &json!({ "payload": chain(17) }));
        assert_eq!(heard.value["meta"], json!({ "count": 17, "current_page": "2" }));
        assert_eq!(heard.value["payload"].as_array().unwrap().len(), 2);
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
        assert_eq!(names(&mut server, &one("created_at", "days_before", "1")).len(), 0);
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
            Value::Array(unjoined),
            bad_word,
        ] {
            let heard = server.post("/contacts/filter", &json!({ "payload": payload }));
            assert_eq!(heard.status, 422, "{payload}");
            assert!(heard.value["error"].is_string());
        }
        assert_eq!(server.post("/contacts/filter", &json!({})).status, 500);
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
