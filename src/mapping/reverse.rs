//! What a service holds, to rows of an export.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::compile::DEFAULT_SEPARATOR;
use super::facts::Facts;
use super::names::{join_name, split_name};
use super::standard::{self, EXTRA, LISTS, MOMENTS, STANDARD, TAGS};
use super::tags::join_set;
use crate::contact::{Field, Snapshot, Value};

/// One column of an export.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ExportColumn {
    /// The service's id of the contact.
    Id,
    Field(Field),
    Tags,
    Lists,
    /// What no field of ours stands for, as one JSON object.
    Extra,
}

impl ExportColumn {
    /// The column with this header.
    pub fn parse(header: &str) -> Self {
        match header {
            "id" => Self::Id,
            TAGS => Self::Tags,
            LISTS => Self::Lists,
            EXTRA => Self::Extra,
            name => Self::Field(Field::new(name)),
        }
    }

    pub fn header(&self) -> &str {
        match self {
            Self::Id => "id",
            Self::Field(field) => field.name(),
            Self::Tags => TAGS,
            Self::Lists => LISTS,
            Self::Extra => EXTRA,
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
    custom: BTreeSet<Field>,
    tags: bool,
    lists: bool,
    extra: bool,
}

impl Discovery {
    pub fn new(facts: &Facts<'_>) -> Self {
        let told = facts.fields.iter().filter(|spec| spec.read && standard::is_standard(spec.name));
        let defined = facts.definitions.unwrap_or_default().iter();
        Self {
            standard: told.map(|spec| spec.name.to_owned()).collect(),
            custom: defined.map(|definition| Field::custom(&definition.name)).collect(),
            tags: facts.has_tags(),
            lists: false,
            extra: false,
        }
    }

    pub fn see(&mut self, snapshot: &Snapshot) {
        for field in snapshot.fields.keys() {
            if field.custom_name().is_none() && standard::is_standard(field.name()) {
                if !self.standard.contains(field.name()) {
                    self.standard.insert(field.name().to_owned());
                }
            } else if !self.custom.contains(field) {
                self.custom.insert(field.clone());
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
        columns.extend(self.custom.iter().cloned().map(ExportColumn::Field));
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
    separator: char,
}

impl Reverse {
    pub fn new(columns: Vec<ExportColumn>) -> Self {
        let headers = columns.iter().map(|column| column.header().to_owned()).collect();
        Self { columns, headers, separator: DEFAULT_SEPARATOR }
    }

    /// With another character between tags and between lists.
    pub fn with_separator(mut self, separator: char) -> Self {
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
                ExportColumn::Field(field) => cell.push_str(&told(snapshot, field)),
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

/// The text of a field. A name that the service divides otherwise is joined or split.
fn told<'a>(snapshot: &'a Snapshot, field: &Field) -> Cow<'a, str> {
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
