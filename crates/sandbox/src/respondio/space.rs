//! The workspace: its custom fields and its tags.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::failure::failure;
use super::values::is_email;
use crate::WireAnswer;

const DATA_TYPES: &[&str] = &["text", "textArea", "list", "checkbox", "email", "number", "url", "date", "time"];
const LONGEST_NAME: usize = 50;
const LONGEST_DESCRIPTION: usize = 255;
const LONGEST_TAG: usize = 255;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CustomField {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) slug: String,
    pub(super) description: Option<String>,
    pub(super) data_type: String,
    pub(super) allowed_values: Option<Vec<String>>,
}

impl CustomField {
    /// The values of a list stand in an object, where the vendor's own programs look for them.
    pub(super) fn shown(&self) -> Value {
        let mut shown = json!(self);
        if let Some(values) = &self.allowed_values {
            shown["allowedValues"] = json!({ "listValues": values });
        }
        shown
    }

    /// Whether the field's type has this value; null is never asked about.
    pub(super) fn takes(&self, value: &Value) -> bool {
        let text = value.as_str();
        match self.data_type.as_str() {
            "number" => value.is_number() || text.is_some_and(|text| text.parse::<f64>().is_ok()),
            "checkbox" => value.is_boolean() || matches!(text, Some("true" | "false")),
            "list" => text.is_some_and(|text| self.allowed_values.iter().flatten().any(|allowed| allowed == text)),
            "email" => text.is_some_and(is_email),
            "url" => text.is_some_and(|text| text.starts_with("http://") || text.starts_with("https://")),
            "date" => text.is_some_and(is_date),
            "time" => text.is_some_and(is_time),
            _ => value.is_string() || value.is_number() || value.is_boolean(),
        }
    }
}

/// A workspace as a newcomer has it: ten custom fields, at least one of each type, and no tags.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Space {
    fields: Vec<CustomField>,
    #[serde(default)]
    shows_slugs: bool,
    tags: BTreeMap<String, Value>,
}

impl Default for Space {
    fn default() -> Self {
        let mut space = Self { fields: Vec::new(), shows_slugs: false, tags: BTreeMap::new() };
        for (name, data_type) in [
            ("company", "text"),
            ("city", "text"),
            ("notes", "textArea"),
            ("birthday", "date"),
            ("preferred_time", "time"),
            ("newsletter", "checkbox"),
            ("score", "number"),
            ("website", "url"),
            ("work_email", "email"),
        ] {
            space.add(name, slug_of(name), data_type, None, None);
        }
        let plans = ["free", "silver", "gold"].map(str::to_owned).to_vec();
        space.add("plan", slug_of("plan"), "list", None, Some(plans));
        space
    }
}

impl Space {
    pub(super) fn fields(&self) -> &[CustomField] {
        &self.fields
    }

    /// The field of this name, else of this slug, else of this id: the vendor's SDK writes names, its n8n
    /// node slugs, and ids where there is no slug.
    pub(super) fn field(&self, name: &str) -> Option<&CustomField> {
        let by_name = self.fields.iter().find(|field| field.name == name);
        let by_slug = || self.fields.iter().find(|field| field.slug == name);
        by_name.or_else(by_slug).or_else(|| self.fields.iter().find(|field| field.id.to_string() == name))
    }

    /// Whether a field has exactly this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }

    /// Takes away the fields of a newcomer.
    pub(super) fn forget_fields(&mut self) {
        self.fields.clear();
    }

    /// What contacts show this field as: the documents show names, which nobody tried.
    pub(super) fn shown_as<'a>(&self, field: &'a CustomField) -> &'a str {
        if self.shows_slugs { &field.slug } else { &field.name }
    }

    /// Contacts show their fields by slug from now on, or by name.
    pub(super) fn show_slugs(&mut self, shows: bool) {
        self.shows_slugs = shows;
    }

    pub(super) fn field_of_id(&self, id: &str) -> Result<Value, WireAnswer> {
        let field = self.fields.iter().find(|field| field.id.to_string() == id);
        field.map(CustomField::shown).ok_or_else(|| failure(404, "Custom field not found"))
    }

    pub(super) fn create_field(&mut self, body: &Value) -> Result<Value, WireAnswer> {
        let name = body["name"].as_str().filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_NAME);
        let Some(name) = name else { return Err(failure(400, "name must have 1 to 50 characters")) };
        let data_type = body["dataType"].as_str().unwrap_or("text");
        if !DATA_TYPES.contains(&data_type) {
            return Err(failure(400, &format!("dataType must be one of {}", DATA_TYPES.join(", "))));
        }
        let description = body["description"].as_str().map(str::to_owned);
        if description.as_ref().is_some_and(|text| text.chars().count() > LONGEST_DESCRIPTION) {
            return Err(failure(400, "description must have at most 255 characters"));
        }
        // An array in the vendor's SDK, an object with `listValues` in its connector.
        let allowed = body["allowedValues"].as_array().or_else(|| body["allowedValues"]["listValues"].as_array());
        let allowed = allowed.map(|list| list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect());
        if data_type == "list" && allowed.as_ref().is_none_or(Vec::is_empty) {
            return Err(failure(400, "allowedValues must not be empty"));
        }
        let taken = |slug: &str| self.fields.iter().any(|field| field.slug == slug);
        let own = body["slug"].as_str().filter(|slug| !slug.is_empty());
        let slug = own.map_or_else(
            || {
                let numbered = (2..).map(|number| format!("{}_{number}", slug_of(name)));
                std::iter::once(slug_of(name)).chain(numbered).find(|slug| !taken(slug)).unwrap_or_default()
            },
            str::to_owned,
        );
        if taken(&slug) || self.fields.iter().any(|field| field.name == name) {
            return Err(failure(400, &format!("Custom field {name} already exists")));
        }
        self.add(name, slug, data_type, description, allowed);
        Ok(self.fields.last().map(CustomField::shown).unwrap_or_default())
    }

    fn add(
        &mut self,
        name: &str,
        slug: String,
        data_type: &str,
        description: Option<String>,
        allowed_values: Option<Vec<String>>,
    ) {
        let id = self.fields.len() as u64 + 1;
        let (name, data_type) = (name.to_owned(), data_type.to_owned());
        self.fields.push(CustomField { id, name, slug, description, data_type, allowed_values });
    }

    pub(super) fn create_tag(&mut self, body: &Value) -> Result<Value, WireAnswer> {
        let name = tag_name(&body["name"])?;
        if self.tags.contains_key(name) {
            return Err(failure(400, &format!("Tag {name} already exists")));
        }
        let tag = json!({
            "id": self.tags.len() + 1,
            "name": name,
            "description": body["description"],
            "colorCode": body["colorCode"],
            "emoji": body["emoji"],
        });
        self.tags.insert(name.to_owned(), tag.clone());
        Ok(tag)
    }

    /// The old name and the new one.
    pub(super) fn update_tag(&mut self, body: &Value) -> Result<(String, String), WireAnswer> {
        let current = tag_name(&body["currentName"])?;
        let name = body["name"].as_str().unwrap_or(current);
        let mut tag = self.tags.remove(current).ok_or_else(|| failure(404, "Tag not found"))?;
        for key in ["name", "description", "colorCode", "emoji"] {
            if !body[key].is_null() {
                tag[key] = body[key].clone();
            }
        }
        self.tags.insert(name.to_owned(), tag);
        Ok((current.to_owned(), name.to_owned()))
    }

    pub(super) fn delete_tag(&mut self, body: &Value) -> Result<String, WireAnswer> {
        let name = tag_name(&body["name"])?;
        self.tags.remove(name).ok_or_else(|| failure(404, "Tag not found"))?;
        Ok(name.to_owned())
    }

    /// Tags that are put on a contact become the workspace's.
    pub(super) fn learn_tags(&mut self, names: &[String]) {
        for name in names {
            if !self.tags.contains_key(name) {
                // A name that contacts may carry is one that a tag may have.
                let _ = self.create_tag(&json!({ "name": name }));
            }
        }
    }
}

fn slug_of(name: &str) -> String {
    name.to_lowercase().replace(|letter: char| !letter.is_alphanumeric(), "_")
}

fn tag_name(name: &Value) -> Result<&str, WireAnswer> {
    let name = name.as_str().filter(|name| !name.is_empty() && name.chars().count() <= LONGEST_TAG);
    name.ok_or_else(|| failure(400, "name must have 1 to 255 characters"))
}

/// YYYY-MM-DD, a day that exists.
fn is_date(text: &str) -> bool {
    text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok()
}

/// HH:MM, 24 hours.
fn is_time(text: &str) -> bool {
    let parts = text.split_once(':').filter(|(hour, minute)| hour.len() == 2 && minute.len() == 2);
    parts.is_some_and(|(hour, minute)| {
        hour.parse::<u8>().is_ok_and(|hour| hour < 24) && minute.parse::<u8>().is_ok_and(|minute| minute < 60)
    })
}
