//! `POST /contact/list`: search, filter, pages by cursor.

use std::time::Duration;

use serde_json::{Value, json};

use super::contacts::{Contact, Identifier};
use super::emulator::{Answer, Respondio};
use super::failure::failure;
use super::requests::limit_and_cursor;
use crate::{WireAnswer, WireRequest};

impl Respondio {
    pub(super) fn list(&self, request: &WireRequest, now: Duration) -> Answer {
        let (limit, cursor) = limit_and_cursor(request)?;
        let body: Value = serde_json::from_slice(&request.body).map_err(|_| failure(400, "the body must be JSON"))?;
        let search = match &body["search"] {
            Value::Null => String::new(),
            Value::String(text) => text.to_lowercase(),
            _ => return Err(failure(400, "search must be a string")),
        };
        if !body["timezone"].is_string() {
            return Err(failure(400, "timezone must be a string"));
        }
        let mut filter = Filter::read(&body["filter"])?;
        for condition in &mut filter.conditions {
            if let Some(field) = self.space.field(&condition.field) {
                condition.field.clone_from(&field.name);
            }
        }
        let fits = |contact: &&Contact| {
            contact.visible_from <= now && is_found(contact, &search) && filter.lets_through(contact)
        };
        // A filter for one phone or e-mail need not look at every contact.
        let mut shown: Vec<&Contact> = match filter.identifier() {
            Some(identifier) => {
                let found = self.contacts.find(&identifier, now).and_then(|id| self.contacts.get(id));
                found.into_iter().filter(|contact| contact.id > cursor).filter(fits).collect()
            }
            None => self.contacts.after(cursor).filter(fits).take(limit + 1).collect(),
        };
        let goes_on = shown.len() > limit;
        shown.truncate(limit);
        let link = |cursor: u64| {
            let host = request.header("host").unwrap_or("api.respond.io");
            format!("http://{host}/contact/list?cursorId={cursor}&limit={limit}")
        };
        let next = shown.last().filter(|_| goes_on).map(|last| link(last.id));
        let earlier: Vec<_> = self.contacts.before(cursor.saturating_add(1)).filter(fits).take(limit + 1).collect();
        let previous = earlier.first().map(|_| link(earlier.get(limit).map_or(0, |contact| contact.id)));
        Ok(json!({
            "items": shown.iter().map(|contact| contact.shown(&self.space)).collect::<Vec<_>>(),
            "pagination": { "next": next, "previous": previous.filter(|_| cursor > 0) },
        }))
    }
}

fn is_found(contact: &Contact, search: &str) -> bool {
    search.is_empty()
        || ["firstName", "lastName", "phone", "email"]
            .iter()
            .any(|name| contact.value(name).is_some_and(|value| value.to_lowercase().contains(search)))
}

/// Conditions that must all hold, or of which one must.
struct Filter {
    all: bool,
    conditions: Vec<Condition>,
}

struct Condition {
    /// contactField, contactTag or lifecycle.
    category: String,
    field: String,
    operator: String,
    value: Value,
}

const OPERATORS: &[&str] = &[
    "isEqualTo",
    "isNotEqualTo",
    "isTimestampAfter",
    "isTimestampBefore",
    "isTimestampBetween",
    "exists",
    "doesNotExist",
    "isGreaterThan",
    "isLessThan",
    "isBetween",
    "hasAnyOf",
    "hasAllOf",
    "hasNoneOf",
];

impl Filter {
    fn read(filter: &Value) -> Result<Self, WireAnswer> {
        let (all, list) = match (filter.get("$and"), filter.get("$or")) {
            (Some(Value::Array(list)), None) => (true, list),
            (None, Some(Value::Array(list))) => (false, list),
            _ => return Err(failure(400, "filter must hold either $and or $or, an array")),
        };
        let conditions = list.iter().map(Condition::read).collect::<Result<_, _>>()?;
        Ok(Self { all, conditions })
    }

    /// No condition lets everything through, under `$or` too.
    fn lets_through(&self, contact: &Contact) -> bool {
        self.conditions.is_empty()
            || if self.all {
                self.conditions.iter().all(|condition| condition.holds(contact))
            } else {
                self.conditions.iter().any(|condition| condition.holds(contact))
            }
    }

    fn identifier(&self) -> Option<Identifier> {
        let decides = self.all || self.conditions.len() == 1;
        self.conditions.iter().filter(|_| decides).find_map(|condition| {
            let value = condition.value.as_str()?.to_owned();
            match (condition.category.as_str(), condition.field.as_str(), condition.operator.as_str()) {
                ("contactField", "phone", "isEqualTo") => Some(Identifier::Phone(value)),
                ("contactField", "email", "isEqualTo") => Some(Identifier::Email(value)),
                _ => None,
            }
        })
    }
}

impl Condition {
    fn read(condition: &Value) -> Result<Self, WireAnswer> {
        let text = |name: &str| condition[name].as_str().unwrap_or_default().to_owned();
        let read = Self {
            category: text("category"),
            field: text("field"),
            operator: text("operator"),
            value: condition["value"].clone(),
        };
        if !["contactField", "contactTag", "lifecycle"].contains(&read.category.as_str()) {
            return Err(failure(400, "category must be contactField, contactTag or lifecycle"));
        }
        if !OPERATORS.contains(&read.operator.as_str()) {
            return Err(failure(400, &format!("operator must be one of {}", OPERATORS.join(", "))));
        }
        Ok(read)
    }

    fn holds(&self, contact: &Contact) -> bool {
        let values: Vec<Value> = match self.category.as_str() {
            "contactTag" => contact.tags.iter().map(|tag| json!(tag)).collect(),
            "lifecycle" => contact.lifecycle.iter().map(|stage| json!(stage)).collect(),
            _ => self.field_of(contact).into_iter().collect(),
        };
        let wanted: Vec<&Value> = match &self.value {
            Value::Array(list) => list.iter().collect(),
            // A range: `{from, to}`.
            Value::Object(range) => [range.get("from"), range.get("to")].into_iter().flatten().collect(),
            one => vec![one],
        };
        // An address is the same in capitals, as it is in a path.
        let is_address = self.category == "contactField" && self.field == "email";
        let address = |value: &Value| value.as_str().map(str::to_lowercase);
        let is = |wanted: &&Value| {
            let same_address =
                |value: &Value| is_address && address(value).is_some() && address(value) == address(wanted);
            values.iter().any(|value| same(value, wanted) || same_address(value))
        };
        let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.parse().ok());
        let moment = |value: &Value| number(value).or_else(|| seconds(value.as_str()?));
        let compare = |read: &dyn Fn(&Value) -> Option<f64>, holds: &dyn Fn(f64, f64, f64) -> bool| {
            let value = values.first().and_then(read);
            let bounds = wanted.first().and_then(|first| read(first)).zip(wanted.last().and_then(|last| read(last)));
            value.zip(bounds).is_some_and(|(value, (low, high))| holds(value, low, high))
        };
        match self.operator.as_str() {
            "isEqualTo" | "hasAnyOf" => wanted.iter().any(is),
            "isNotEqualTo" | "hasNoneOf" => !wanted.iter().any(is),
            "hasAllOf" => wanted.iter().all(is),
            "exists" => !values.is_empty(),
            "doesNotExist" => values.is_empty(),
            "isGreaterThan" => compare(&number, &|value, low, _| value > low),
            "isLessThan" => compare(&number, &|value, low, _| value < low),
            "isBetween" => compare(&number, &|value, low, high| value >= low && value <= high),
            "isTimestampAfter" => compare(&moment, &|value, low, _| value > low),
            "isTimestampBefore" => compare(&moment, &|value, low, _| value < low),
            _ => compare(&moment, &|value, low, high| value >= low && value <= high),
        }
    }

    fn field_of(&self, contact: &Contact) -> Option<Value> {
        match self.field.as_str() {
            "created_at" | "createdAt" => Some(json!(contact.created_at)),
            "id" => Some(json!(contact.id)),
            name => contact.value(name).map(|value| json!(value)).or_else(|| contact.custom(name).cloned()),
        }
    }
}

/// Equal as they are, or as text: a filter says "true" and "7" for true and 7.
fn same(value: &Value, wanted: &Value) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    value == wanted || text(value) == text(wanted)
}

/// A moment or a day (its beginning, in UTC) in Unix seconds.
fn seconds(text: &str) -> Option<f64> {
    let moment = text.parse::<jiff::Timestamp>().ok();
    let day =
        || text.parse::<jiff::civil::Date>().ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok().map(|day| day.timestamp());
    moment.or_else(day).map(|moment| moment.as_duration().as_secs_f64())
}
