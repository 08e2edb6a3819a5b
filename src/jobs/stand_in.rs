//! What the embedded server is filled with where it stands in for another account.

use std::collections::BTreeMap;

use crate::clock::MovedClock;
use crate::contact::{Field, FieldDefinition, FieldKind, RemoteId, Value};
use crate::error::Result;
use crate::journal::LastKnown;
use crate::ledger::LedgerHandle;

/// The account that the embedded server stands in for.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// Under what the other account is remembered.
    pub identity: String,
    /// What calls are paced by, and the server's time.
    pub clock: MovedClock,
    pub contacts: Vec<(RemoteId, LastKnown)>,
    /// Custom fields that the other account defines, as far as that is known.
    pub fields: Vec<FieldDefinition>,
    /// The other account holds nothing of what the embedded server has from the start.
    pub nothing_else: bool,
    /// Remembered contacts whose values are not.
    pub by_hash_alone: u64,
}

impl StandIn {
    /// For the account that is remembered so. `named` are the custom fields that a source names.
    pub async fn of(identity: String, named: Vec<FieldDefinition>, ledger: &LedgerHandle) -> Result<Self> {
        let mut by_hash_alone = 0;
        let mut contacts = Vec::new();
        for (contact, _) in ledger.some_known(&identity, usize::MAX >> 1).await? {
            match contact.values {
                Some(values) => contacts.push((contact.id, values)),
                None => by_hash_alone += 1,
            }
        }
        let fields = fields(&contacts, named);
        Ok(Self { identity, clock: MovedClock::default(), contacts, fields, nothing_else: true, by_hash_alone })
    }
}

/// The custom fields that contacts were seen with, and those that are named. What a contact holds tells of
/// which kind a field is, before the name does.
fn fields(contacts: &[(RemoteId, LastKnown)], named: Vec<FieldDefinition>) -> Vec<FieldDefinition> {
    let mut kinds: BTreeMap<String, Option<FieldKind>> = BTreeMap::new();
    for (field, value) in contacts.iter().flat_map(|(_, values)| &values.fields) {
        let Some(name) = field.custom_name() else { continue };
        let kind = kinds.entry(name.to_owned()).or_default();
        *kind = kind.take().or_else(|| kind_of(value));
    }
    for definition in named {
        kinds.entry(definition.name).or_default().get_or_insert(definition.kind);
    }
    let defined = |(name, kind): (String, Option<FieldKind>)| FieldDefinition {
        name,
        alias: None,
        kind: kind.unwrap_or(FieldKind::Text),
    };
    kinds.into_iter().map(defined).collect()
}

fn kind_of(value: &Value) -> Option<FieldKind> {
    match value {
        Value::Clear | Value::Json(_) => None,
        Value::Number(_) => Some(FieldKind::Number),
        Value::Boolean(_) => Some(FieldKind::Boolean),
        Value::Date(_) => Some(FieldKind::Date),
        Value::Text(_) | Value::Timestamp(_) => Some(FieldKind::Text),
    }
}

/// A value as it stands in JSON; `None` for no value.
pub(super) fn json(value: &Value) -> Option<serde_json::Value> {
    match value {
        Value::Clear => None,
        Value::Boolean(truth) => Some((*truth).into()),
        Value::Json(json) => Some(json.clone()),
        Value::Number(text) => Some(serde_json::from_str(text).unwrap_or_else(|_| text.as_str().into())),
        Value::Text(text) | Value::Date(text) | Value::Timestamp(text) => Some(text.as_str().into()),
    }
}

/// The fields of a contact that `chosen` gives a name, as they stand in JSON.
pub(super) fn named(
    values: &LastKnown,
    chosen: impl Fn(&Field) -> Option<&str>,
) -> BTreeMap<String, serde_json::Value> {
    let held = |(field, value): (&Field, &Value)| Some((chosen(field)?.to_owned(), json(value)?));
    values.fields.iter().filter_map(held).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_contact_holds_tells_the_kind_of_a_field_before_its_name_does() {
        let values = |fields: &[(&str, Value)]| LastKnown {
            fields: fields.iter().map(|(name, value)| (Field::custom(name), value.clone())).collect(),
            ..LastKnown::default()
        };
        let contacts = [
            (RemoteId("1".into()), values(&[("seats", Value::Clear), ("note", Value::Clear)])),
            (RemoteId("2".into()), values(&[("seats", Value::Number("5".into()))])),
        ];
        let named =
            ["seats", "born"].map(|name| FieldDefinition { name: name.into(), alias: None, kind: FieldKind::Date });
        let found: Vec<_> = fields(&contacts, named.into()).into_iter().map(|field| (field.name, field.kind)).collect();
        let wanted = [("born", FieldKind::Date), ("note", FieldKind::Text), ("seats", FieldKind::Number)];
        assert_eq!(found, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    }
}
