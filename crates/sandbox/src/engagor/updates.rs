//! The `updates` and `options` of a change.

use serde_json::{Map, Value};

use super::contacts::{Contact, TEXT_FIELDS};
use super::emulator::invalid;
use crate::WireAnswer;

#[derive(Clone, Copy)]
enum AttributesMode {
    Update,
    Overwrite,
    Delete,
}

#[derive(Clone, Copy)]
enum TagsMode {
    Add,
    Update,
    Delete,
}

pub(super) struct Update {
    changes: Map<String, Value>,
    attributes_mode: AttributesMode,
    tags_mode: TagsMode,
}

impl Update {
    pub(super) fn read(updates: Option<&str>, options: Option<&str>) -> Result<Self, WireAnswer> {
        let updates = updates.ok_or_else(|| invalid("updates is required"))?;
        let Ok(Value::Object(changes)) = serde_json::from_str(updates) else {
            return Err(invalid("updates must be a JSON object"));
        };
        if changes.contains_key("socialprofiles") {
            return Err(invalid("the property socialprofiles can't be updated"));
        }
        let mut update = Self { changes, attributes_mode: AttributesMode::Update, tags_mode: TagsMode::Update };
        update.read_options(options.unwrap_or("{}"))?;
        update.check()?;
        Ok(update)
    }

    fn read_options(&mut self, options: &str) -> Result<(), WireAnswer> {
        let options = match serde_json::from_str(options) {
            Ok(Value::Object(options)) => options,
            // An empty list is what PHP makes of no options.
            Ok(Value::Array(list)) if list.is_empty() => Map::new(),
            _ => return Err(invalid("options must be a JSON object")),
        };
        for (name, mode) in options {
            match (name.as_str(), mode.as_str()) {
                ("customattributes_edit_mode", Some("update")) => self.attributes_mode = AttributesMode::Update,
                ("customattributes_edit_mode", Some("overwrite")) => self.attributes_mode = AttributesMode::Overwrite,
                ("customattributes_edit_mode", Some("delete")) => self.attributes_mode = AttributesMode::Delete,
                ("tags_edit_mode", Some("add")) => self.tags_mode = TagsMode::Add,
                ("tags_edit_mode", Some("update")) => self.tags_mode = TagsMode::Update,
                ("tags_edit_mode", Some("delete")) => self.tags_mode = TagsMode::Delete,
                _ => return Err(invalid(&format!("options has an unknown key or value: {name}"))),
            }
        }
        Ok(())
    }

    fn check(&self) -> Result<(), WireAnswer> {
        for (name, value) in &self.changes {
            let fits = match name.as_str() {
                "tags" => value.as_array().is_some_and(|tags| tags.iter().all(Value::is_string)),
                "customattributes" => value.is_object() || value.is_array(),
                name if TEXT_FIELDS.contains(&name) => value.is_string() || value.is_null(),
                _ => true,
            };
            if !fits {
                return Err(invalid(&format!("updates has a value of the wrong type: {name}")));
            }
        }
        Ok(())
    }

    /// Changes the contact; gives a warning for each key that is not one to change.
    pub(super) fn apply(self, contact: &mut Contact) -> Vec<String> {
        let mut warnings = Vec::new();
        for (name, value) in self.changes {
            match name.as_str() {
                "tags" => change_tags(&mut contact.tags, &value, self.tags_mode),
                "customattributes" => change_attributes(&mut contact.attributes, value, self.attributes_mode),
                text if TEXT_FIELDS.contains(&text) => match value {
                    Value::String(value) if !value.is_empty() => drop(contact.texts.insert(name, value)),
                    _ => drop(contact.texts.remove(text)),
                },
                other => warnings.push(format!("the property {other} was ignored")),
            }
        }
        warnings
    }
}

fn change_tags(tags: &mut Vec<String>, given: &Value, mode: TagsMode) {
    let given = given.as_array().into_iter().flatten().filter_map(Value::as_str);
    match mode {
        TagsMode::Delete => given.for_each(|tag| tags.retain(|known| known != tag)),
        TagsMode::Add | TagsMode::Update => {
            if matches!(mode, TagsMode::Update) {
                tags.clear();
            }
            for tag in given {
                if !tags.iter().any(|known| known == tag) {
                    tags.push(tag.to_owned());
                }
            }
        }
    }
}

/// Attributes come as an object, or as an array of keys or of `{key, value}` pairs.
fn change_attributes(attributes: &mut Map<String, Value>, given: Value, mode: AttributesMode) {
    let pairs: Vec<(String, Value)> = match given {
        Value::Object(map) => map.into_iter().collect(),
        Value::Array(list) => list
            .into_iter()
            .filter_map(|entry| {
                let key = entry.as_str().or_else(|| entry["key"].as_str())?.to_owned();
                Some((key, entry.get("value").cloned().unwrap_or_default()))
            })
            .collect(),
        _ => Vec::new(),
    };
    if matches!(mode, AttributesMode::Overwrite) {
        attributes.clear();
    }
    for (key, value) in pairs {
        if matches!(mode, AttributesMode::Delete) {
            attributes.shift_remove(&key);
        } else {
            attributes.insert(key, value);
        }
    }
}
