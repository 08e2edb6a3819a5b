//! What the embedded server is filled with where it stands in for another account.

use std::collections::BTreeMap;

use crate::clock::MovedClock;
use crate::contact::{Field, FieldDefinition, FieldKind, Value};
use crate::error::Result;
use crate::journal::LastKnown;
use crate::ledger::LedgerHandle;
use crate::upload::remembered_fields;

/// Contacts that are in memory at once on their way into the embedded server.
pub(super) const PAGE: usize = 256;

/// The account that the embedded server stands in for. Its contacts stay in the ledger, from which the server
/// is filled page by page.
#[derive(Clone, Debug)]
pub struct StandIn {
    /// Under what the other account is remembered.
    pub identity: String,
    /// What calls are paced by, and the server's time.
    pub clock: MovedClock,
    /// Custom fields that the other account defines, as far as that is known.
    pub fields: Vec<FieldDefinition>,
    /// The other account holds nothing of what the embedded server has from the start.
    pub nothing_else: bool,
    /// Remembered contacts whose values are as well.
    pub contacts: u64,
    /// Remembered contacts whose values are not.
    pub by_hash_alone: u64,
}

impl StandIn {
    /// For the account that is remembered so. Its custom fields are those that it was last seen to define; where
    /// it never was, those that contacts were seen with, and `named`, which a source names.
    ///
    /// # Errors
    /// Those of the ledger.
    pub async fn of(identity: String, named: Vec<FieldDefinition>, ledger: &LedgerHandle) -> Result<Self> {
        let (mut contacts, mut by_hash_alone, mut after) = (0, 0, 0);
        let mut seen = SeenKinds::default();
        loop {
            let page = ledger.known_page(&identity, after, PAGE).await?;
            let Some((last, _)) = page.last() else { break };
            after = *last;
            for (_, contact) in &page {
                match &contact.values {
                    Some(values) => {
                        contacts += 1;
                        seen.take(values);
                    }
                    None => by_hash_alone += 1,
                }
            }
        }
        let fields = match remembered_fields(ledger, &identity).await? {
            Some(defined) => defined,
            None => seen.and(named),
        };
        Ok(Self { identity, clock: MovedClock::default(), fields, nothing_else: true, contacts, by_hash_alone })
    }
}

/// The kinds of the custom fields that contacts were seen with. What a contact holds tells of which kind a
/// field is, before its name does.
#[derive(Default)]
struct SeenKinds(BTreeMap<String, Option<FieldKind>>);

impl SeenKinds {
    fn take(&mut self, values: &LastKnown) {
        for (field, value) in &values.fields {
            let Some(name) = field.custom_name() else { continue };
            let kind = self.0.entry(name.to_owned()).or_default();
            *kind = kind.take().or_else(|| kind_of(value));
        }
    }

    /// With those that are named beside them.
    fn and(mut self, named: Vec<FieldDefinition>) -> Vec<FieldDefinition> {
        for definition in named {
            self.0.entry(definition.name).or_default().get_or_insert(definition.kind);
        }
        let defined = |(name, kind): (String, Option<FieldKind>)| FieldDefinition {
            name,
            alias: None,
            kind: kind.unwrap_or(FieldKind::Text),
        };
        self.0.into_iter().map(defined).collect()
    }
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
        let mut seen = SeenKinds::default();
        seen.take(&values(&[("seats", Value::Clear), ("note", Value::Clear)]));
        seen.take(&values(&[("seats", Value::Number("5".into()))]));
        let named =
            ["seats", "born"].map(|name| FieldDefinition { name: name.into(), alias: None, kind: FieldKind::Date });
        let found: Vec<_> = seen.and(named.into()).into_iter().map(|field| (field.name, field.kind)).collect();
        let wanted = [("born", FieldKind::Date), ("note", FieldKind::Text), ("seats", FieldKind::Number)];
        assert_eq!(found, wanted.map(|(name, kind)| (name.to_owned(), kind)));
    }
}
