use crate::contact::{Contact, FieldChange, Value};

/// One contact out of several, in the order of their rows: each field and identifier as the last of
/// them has it, and the tags and lists of all. A field that one empties and another fills is filled.
pub(super) fn merge(contacts: Vec<Contact>) -> Contact {
    let mut contacts = contacts.into_iter();
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
    merged
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
        let merged = merge(vec![first, last]);
        let values: Vec<_> =
            merged.fields.iter().map(|change| format!("{}={}", change.field, change.value.as_text())).collect();
        assert_eq!(values, ["city=York", "company=Acme"]);
        assert_eq!(merged.tags.add, ["vip", "lead"]);
        let kinds: Vec<_> = merged.identifiers.iter().map(|identifier| identifier.kind).collect();
        assert_eq!(kinds, [IdentifierKind::Phone, IdentifierKind::Email]);
    }
}
