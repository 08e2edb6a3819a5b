use std::collections::BTreeSet;

use super::fault::shown;
use crate::contact::{Contact, FieldChange, RowError, Value};

/// One contact out of several with their lines, in the order of their rows: each field and identifier as the
/// last of them has it, and the tags and lists of all. A field that one empties and another fills is filled.
/// What a row holds and a later one holds otherwise is not sent, and said.
pub(super) fn merge(rows: Vec<(u64, Contact)>) -> Contact {
    let held: Vec<(u64, Vec<(String, String)>)> = rows.iter().map(|(line, row)| (*line, values(row))).collect();
    let mut contacts = rows.into_iter().map(|(_, contact)| contact);
    let mut merged = contacts.next().unwrap_or_default();
    for contact in contacts {
        for identifier in contact.identifiers {
            match merged.identifiers.iter_mut().find(|held| held.kind == identifier.kind) {
                Some(held) => *held = identifier,
                None => merged.identifiers.push(identifier),
            }
        }
        for change in contact.fields {
            set(&mut merged.fields, change);
        }
        together(&mut merged.tags.add, &mut merged.tags.remove, contact.tags.add);
        together(&mut merged.tags.remove, &mut merged.tags.add, contact.tags.remove);
        merged.tags.replace |= contact.tags.replace;
        together(&mut merged.lists.add, &mut merged.lists.remove, contact.lists.add);
        together(&mut merged.lists.remove, &mut merged.lists.add, contact.lists.remove);
        merged.notes.extend(contact.notes);
    }
    merged.identifiers.sort_by_key(|identifier| identifier.kind);
    let sent = values(&merged);
    let mut told = BTreeSet::new();
    for (line, values) in held {
        for (field, value) in values {
            let other = sent.iter().find(|(sent, now)| *sent == field && *now != value);
            if other.is_some() && told.insert((field.clone(), value.clone())) {
                let message = format!(
                    "{field}: line {line} names the same contact, and its value is not sent, since a later row has \
                     another: {}",
                    shown(&value)
                );
                merged.notes.push(RowError::of_row("duplicate.value_left", message));
            }
        }
    }
    merged
}

/// What a contact is to hold, by the name of the field or of the identifier's kind.
fn values(contact: &Contact) -> Vec<(String, String)> {
    let filled = contact.fields.iter().filter(|change| change.value != Value::Clear);
    let mut values: Vec<(String, String)> =
        filled.map(|change| (change.field.to_string(), change.value.as_text().into_owned())).collect();
    for identifier in &contact.identifiers {
        let name = identifier.kind.name();
        if values.iter().all(|(field, _)| field != name) {
            values.push((name.to_owned(), identifier.value.clone()));
        }
    }
    values
}

fn set(fields: &mut Vec<FieldChange>, change: FieldChange) {
    match fields.iter_mut().find(|held| held.field == change.field) {
        Some(held) if change.value == Value::Clear && held.value != Value::Clear => {}
        Some(held) => *held = change,
        None => fields.push(change),
    }
}

/// Adds names to those that are there, and takes them out of those that say the opposite.
fn together(names: &mut Vec<String>, opposite: &mut Vec<String>, more: Vec<String>) {
    for name in more {
        opposite.retain(|other| *other != name);
        if !names.contains(&name) {
            names.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Field, Identifier, IdentifierKind, Overwrite};

    fn contact(fields: &[(&str, &str)], tags: &[&str]) -> Contact {
        let change = |(name, value): &(&str, &str)| {
            let value = if value.is_empty() { Value::Clear } else { Value::Text((*value).to_owned()) };
            FieldChange::new(Field::new(name), value, Overwrite::Always)
        };
        let mut contact = Contact { fields: fields.iter().map(change).collect(), ..Contact::default() };
        contact.tags.add = tags.iter().map(|tag| (*tag).to_owned()).collect();
        contact
    }

    #[test]
    fn each_field_is_the_last_filled_one_and_tags_are_those_of_all() {
        let mut first = contact(&[("city", "Leeds"), ("company", "Acme")], &["vip"]);
        first.identifiers.push(Identifier::new(IdentifierKind::Email, "a@b.example"));
        let mut last = contact(&[("city", "York"), ("company", "")], &["lead", "vip"]);
        last.identifiers.push(Identifier::new(IdentifierKind::Phone, "+447400100201"));
        let merged = merge(vec![(2, first), (5, last)]);
        let values: Vec<_> =
            merged.fields.iter().map(|change| format!("{}={}", change.field, change.value.as_text())).collect();
        assert_eq!(values, ["city=York", "company=Acme"]);
        assert_eq!(merged.tags.add, ["vip", "lead"]);
        let notes: Vec<_> = merged.notes.iter().map(|note| note.message.as_str()).collect();
        let said =
            "city: line 2 names the same contact, and its value is not sent, since a later row has another: Leeds";
        assert_eq!(notes, [said]);
        let kinds: Vec<_> = merged.identifiers.iter().map(|identifier| identifier.kind).collect();
        assert_eq!(kinds, [IdentifierKind::Phone, IdentifierKind::Email]);
    }
}
