//! What a service holds, to rows of an export.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use super::facts::Facts;
use super::headers::custom_field_name;
use super::names::{join_name, split_name};
use super::standard::{self, EXTRA, LISTS, MOMENTS, STANDARD, TAGS};
use super::tags::{DEFAULT_SEPARATOR, join_set};
use crate::contact::{Field, Snapshot, Value, trim_unseen};

/// One column of an export.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExportColumn {
    /// The service's id of the contact.
    Id,
    Field(Field),
    /// A custom field whose type the text of a cell would lose, so that the header states it.
    Typed(Field, HeldType),
    Tags,
    Lists,
    /// What no field of ours stands for, as one JSON object.
    Extra,
}

/// What the values of a custom field are, where they are no texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeldType {
    Number,
    Boolean,
    /// Lists, objects, or values of several types: cells are JSON.
    Json,
}

impl HeldType {
    const ALL: [Self; 3] = [Self::Number, Self::Boolean, Self::Json];

    /// As it stands behind the colon of a header.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Json => "json",
        }
    }
}

impl ExportColumn {
    /// The column with this header: `custom.seats`, or with its type `custom.seats:number`.
    pub fn parse(header: &str) -> Self {
        match header {
            "id" => Self::Id,
            TAGS => Self::Tags,
            LISTS => Self::Lists,
            EXTRA => Self::Extra,
            name => match name.rsplit_once(':') {
                Some((field, "text")) if Field::new(field).custom_name().is_some() => Self::Field(Field::new(field)),
                Some((field, kind)) if Field::new(field).custom_name().is_some() => {
                    let kind = HeldType::ALL.into_iter().find(|known| known.name() == kind);
                    kind.map_or_else(|| Self::Field(Field::new(name)), |kind| Self::Typed(Field::new(field), kind))
                }
                _ => Self::Field(Field::new(name)),
            },
        }
    }

    pub fn header(&self) -> Cow<'_, str> {
        match self {
            Self::Id => Cow::Borrowed("id"),
            // A name that ends as a header states a type would be read as that.
            Self::Field(field) if field.custom_name().is_some_and(|name| custom_field_name(name).1.is_some()) => {
                Cow::Owned(format!("{}:text", field.name()))
            }
            Self::Field(field) => Cow::Borrowed(field.name()),
            Self::Typed(field, kind) => Cow::Owned(format!("{}:{}", field.name(), kind.name())),
            Self::Tags => Cow::Borrowed(TAGS),
            Self::Lists => Cow::Borrowed(LISTS),
            Self::Extra => Cow::Borrowed(EXTRA),
        }
    }
}

/// Finds out, in a first pass, which columns an export needs.
///
/// Every standard field that the service tells has a column even if no contact holds it, so that a
/// file shows which service it came from; the rest is added as contacts are seen.
#[derive(Clone, Debug, Default)]
pub struct Discovery {
    standard: BTreeSet<String>,
    /// Custom fields, and what all their values are: nothing yet, or a text.
    custom: BTreeMap<Field, Seen>,
    tags: bool,
    lists: bool,
    extra: bool,
    /// See [`Discovery::exact`].
    exact: bool,
}

/// What the values of a custom field were so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Seen {
    #[default]
    Nothing,
    Text,
    Typed(HeldType),
}

impl Seen {
    fn and(self, value: &Value) -> Self {
        let next = match value {
            _ if value.is_empty() => return self,
            Value::Number(_) => Self::Typed(HeldType::Number),
            Value::Boolean(_) => Self::Typed(HeldType::Boolean),
            Value::Json(_) => Self::Typed(HeldType::Json),
            Value::Text(_) | Value::Date(_) | Value::Timestamp(_) | Value::Clear => Self::Text,
        };
        match self {
            Self::Nothing => next,
            seen if seen == next => seen,
            _ => Self::Typed(HeldType::Json),
        }
    }
}

impl Discovery {
    pub fn new(facts: &Facts<'_>) -> Self {
        let readable = facts.fields.iter().filter(|spec| spec.read && standard::is_standard(spec.name));
        let defined = facts.definitions.unwrap_or_default().iter();
        Self {
            standard: readable.map(|spec| spec.name.to_owned()).collect(),
            custom: defined.map(|definition| (Field::custom(&definition.name), Seen::Nothing)).collect(),
            tags: facts.has_tags(),
            lists: false,
            extra: false,
            exact: false,
        }
    }

    /// Custom fields have JSON cells also where some contact holds null, an empty text or a text that a cell
    /// can't show, so that every value comes back as it is held.
    #[must_use]
    pub fn exact(self) -> Self {
        Self { exact: true, ..self }
    }

    pub fn see(&mut self, snapshot: &Snapshot) {
        for (field, value) in &snapshot.fields {
            if field.custom_name().is_none() && standard::is_standard(field.name()) {
                if !self.standard.contains(field.name()) {
                    self.standard.insert(field.name().to_owned());
                }
            } else if self.exact && field.custom_name().is_some() && !stands_in_a_cell(value) {
                self.custom.insert(field.clone(), Seen::Typed(HeldType::Json));
            } else if let Some(seen) = self.custom.get_mut(field) {
                *seen = seen.and(value);
            } else if !value.is_empty() || field.custom_name().is_none() {
                self.custom.insert(field.clone(), Seen::Nothing.and(value));
            }
        }
        self.tags |= snapshot.tags.as_ref().is_some_and(|tags| !tags.is_empty());
        // A service may take lists and never tell them: an empty column would say there are none.
        self.lists |= snapshot.lists.is_some();
        self.extra |= !snapshot.extra.is_empty();
    }

    /// The columns, in an order that depends only on which there are: id, standard fields in a fixed
    /// order, custom fields by name, tags, lists, moments, extra.
    pub fn columns(&self) -> Vec<ExportColumn> {
        let standard = |names: &'static [&'static str]| {
            let known = names.iter().filter(|name| **name != "id" && self.standard.contains(**name));
            known.map(|name| ExportColumn::Field(Field::new(name)))
        };
        let mut columns = vec![ExportColumn::Id];
        columns.extend(standard(STANDARD));
        columns.extend(self.custom.iter().map(|(field, seen)| match seen {
            // A field of the service's own has the one type that its documents give it.
            Seen::Typed(kind) if field.custom_name().is_some() => ExportColumn::Typed(field.clone(), *kind),
            _ => ExportColumn::Field(field.clone()),
        }));
        columns.extend(self.tags.then_some(ExportColumn::Tags));
        columns.extend(self.lists.then_some(ExportColumn::Lists));
        columns.extend(standard(MOMENTS));
        columns.extend(self.extra.then_some(ExportColumn::Extra));
        columns
    }
}

/// Writes contacts as rows whose cells map back to the same values.
#[derive(Clone, Debug)]
pub struct Reverse {
    columns: Vec<ExportColumn>,
    headers: Vec<String>,
    separator: &'static str,
}

impl Reverse {
    pub fn new(columns: Vec<ExportColumn>) -> Self {
        let headers = columns.iter().map(|column| column.header().into_owned()).collect();
        Self { columns, headers, separator: DEFAULT_SEPARATOR }
    }

    /// With another text between tags and between lists.
    pub fn with_separator(mut self, separator: &'static str) -> Self {
        self.separator = separator;
        self
    }

    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// Replaces what `out` holds by the cells of one contact, reusing its buffers.
    pub fn row(&self, snapshot: &Snapshot, out: &mut Vec<String>) {
        out.resize(self.columns.len(), String::new());
        for (column, cell) in self.columns.iter().zip(out) {
            cell.clear();
            match column {
                ExportColumn::Id => cell.push_str(&snapshot.id.0),
                ExportColumn::Field(field) => cell.push_str(&text_of(snapshot, field)),
                ExportColumn::Typed(field, HeldType::Json) => {
                    cell.push_str(&snapshot.fields.get(field).map_or(Cow::Borrowed(""), json_cell));
                }
                ExportColumn::Typed(field, _) => cell.push_str(&text_of(snapshot, field)),
                ExportColumn::Tags => cell.push_str(&self.set(snapshot.tags.as_deref())),
                ExportColumn::Lists => cell.push_str(&self.set(snapshot.lists.as_deref())),
                ExportColumn::Extra if snapshot.extra.is_empty() => {}
                ExportColumn::Extra => {
                    let object = snapshot.extra.iter().map(|(key, value)| (key.clone(), value.clone())).collect();
                    cell.push_str(&serde_json::Value::Object(object).to_string());
                }
            }
        }
    }

    fn set(&self, names: Option<&[String]>) -> String {
        join_set(names.unwrap_or_default(), self.separator)
    }
}

/// A value as a cell of JSON, in which null and an empty text are told apart from no value.
fn json_cell(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Json(serde_json::Value::Null) => Cow::Borrowed("null"),
        Value::Text(text) if text.is_empty() => Cow::Borrowed("\"\""),
        other => other.as_json_text(),
    }
}

/// Whether a value is read back from the text of a cell as it is.
fn stands_in_a_cell(value: &Value) -> bool {
    match value {
        Value::Json(serde_json::Value::Null) => false,
        // Blank at its ends, or written as spreadsheets keep a text from being a number.
        Value::Text(text) => !text.is_empty() && trim_unseen(text) == text && !text.starts_with("=\""),
        _ => true,
    }
}

/// The text of a field. A name that the service divides otherwise is joined or split.
fn text_of<'a>(snapshot: &'a Snapshot, field: &Field) -> Cow<'a, str> {
    if let Some(value) = snapshot.fields.get(field) {
        return value.as_text();
    }
    let text = |name: &str| snapshot.fields.get(&Field::new(name)).map(Value::as_text);
    match field.name() {
        "name" => match (text("first_name"), text("last_name")) {
            (None, None) => Cow::Borrowed(""),
            (first, last) => Cow::Owned(join_name(&first.unwrap_or_default(), &last.unwrap_or_default())),
        },
        "first_name" => text("name").map_or(Cow::Borrowed(""), |name| Cow::Owned(split_name(&name).0)),
        "last_name" => text("name").map_or(Cow::Borrowed(""), |name| Cow::Owned(split_name(&name).1)),
        _ => Cow::Borrowed(""),
    }
}
