use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::contact::{Field, FieldDefinition, Snapshot};
use crate::services::Reply;

/// The one name of each custom field of an account, whichever of its names an answer shows it under.
///
/// Empty until the account's fields were listed; clones share what is learned.
#[derive(Clone, Default)]
pub struct FieldNames(Arc<RwLock<BTreeMap<String, String>>>);

impl FieldNames {
    /// Learns the other names of these fields. A name that is another field's own, or that two fields
    /// have, tells nothing.
    pub fn learn(&self, fields: &[FieldDefinition]) {
        let mut names = BTreeMap::new();
        for field in fields {
            let Some(alias) = &field.alias else { continue };
            let mut called = fields.iter().filter(|other| other.name == *alias || other.alias.as_ref() == Some(alias));
            if called.next().is_some() && called.next().is_none() {
                names.insert(alias.clone(), field.name.clone());
            }
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = names;
    }

    /// Gives the custom fields of the contacts of an answer the names under which they are written.
    pub(super) fn apply(&self, reply: &mut Reply) {
        let names = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if names.is_empty() {
            return;
        }
        match reply {
            Reply::Contact(contact) => rename(contact, &names),
            Reply::Contacts(page) => page.items.iter_mut().for_each(|contact| rename(contact, &names)),
            _ => {}
        }
    }
}

fn rename(contact: &mut Snapshot, names: &BTreeMap<String, String>) {
    let name_of = |field: &Field| Some((field.clone(), names.get(field.custom_name()?)?));
    let shown: Vec<_> = contact.fields.keys().filter_map(name_of).collect();
    for (other, name) in shown {
        if let Some(value) = contact.fields.remove(&other) {
            contact.fields.entry(Field::custom(name)).or_insert(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{FieldKind, RemoteId, Value};

    fn field(name: &str, alias: Option<&str>) -> FieldDefinition {
        FieldDefinition { name: name.to_owned(), alias: alias.map(str::to_owned), kind: FieldKind::Text }
    }

    /// The names under which a contact shows its fields, after these were listed.
    fn shown(fields: &[FieldDefinition], shown: &[&str]) -> Vec<String> {
        let names = FieldNames::default();
        names.learn(fields);
        let mut contact = Snapshot::new(RemoteId("1".into()));
        contact.fields = shown.iter().map(|name| (Field::new(name), Value::Text((*name).into()))).collect();
        let mut reply = Reply::Contact(Box::new(contact));
        names.apply(&mut reply);
        let Reply::Contact(contact) = reply else { unreachable!() };
        contact.fields.keys().map(|field| field.name().to_owned()).collect()
    }

    #[test]
    fn a_field_has_one_name_whichever_it_is_shown_under() {
        let fields = [field("Work email", Some("work_email")), field("plan", None)];
        assert_eq!(shown(&fields, &["custom.work_email"]), ["custom.Work email"]);
        assert_eq!(shown(&fields, &["custom.Work email", "custom.plan"]), ["custom.Work email", "custom.plan"]);
        assert_eq!(shown(&fields, &["work_email"]), ["work_email"], "a standard field keeps its name");
        assert_eq!(shown(&[], &["custom.work_email"]), ["custom.work_email"]);
    }

    #[test]
    fn a_name_that_two_fields_answer_to_is_left_as_it_is() {
        let fields = [field("plan", Some("plan_1")), field("Tariff", Some("plan"))];
        assert_eq!(shown(&fields, &["custom.plan", "custom.plan_1"]), ["custom.plan"]);
        let twice = [field("a", Some("x")), field("b", Some("x"))];
        assert_eq!(shown(&twice, &["custom.x"]), ["custom.x"]);
    }
}
