use serde_json::{Value, json};

use crate::contact::{FieldDefinition, FieldKind};
use crate::error::Result;
use crate::journal::AccountNote;
use crate::ledger::LedgerHandle;

/// Keeps which custom fields an account was seen to define: a rehearsal asks no service.
///
/// # Errors
/// Those of the ledger.
pub async fn remember_fields(ledger: &LedgerHandle, account: &str, fields: &[FieldDefinition]) -> Result<()> {
    let fields = fields.iter().map(|field| {
        let (kind, choices) = written(&field.kind);
        json!({ "name": field.name, "alias": field.alias, "kind": kind, "choices": choices })
    });
    let written: Value = fields.collect();
    ledger.set_notes(account, &[(AccountNote::CustomFields, written.to_string())]).await
}

/// The custom fields that an account was last seen to define; `None` if it never was, or they can't be read.
///
/// # Errors
/// Those of the ledger.
pub async fn remembered_fields(ledger: &LedgerHandle, account: &str) -> Result<Option<Vec<FieldDefinition>>> {
    let note = ledger.note(account, &AccountNote::CustomFields).await?;
    let fields = note.and_then(|note| serde_json::from_str::<Vec<Value>>(&note).ok());
    Ok(fields.and_then(|fields| fields.iter().map(read).collect()))
}

fn written(kind: &FieldKind) -> (&'static str, &[String]) {
    if let FieldKind::Choice(choices) = kind {
        return ("choice", choices);
    }
    (kind.name().unwrap_or("text"), &[])
}

fn read(field: &Value) -> Option<FieldDefinition> {
    let kind = match field["kind"].as_str()? {
        "choice" => FieldKind::Choice(serde_json::from_value(field["choices"].clone()).ok()?),
        named => FieldKind::from_name(named)?,
    };
    let alias = field["alias"].as_str().map(str::to_owned);
    Some(FieldDefinition { name: field["name"].as_str()?.to_owned(), alias, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back() {
        let choice = FieldKind::Choice(vec!["gold".into(), "silver".into()]);
        for kind in FieldKind::NAMED.into_iter().map(|(_, kind)| kind).chain([choice]) {
            let (name, choices) = written(&kind);
            let kept = json!({ "name": "seats", "alias": "s", "kind": name, "choices": choices });
            let expected = FieldDefinition { name: "seats".into(), alias: Some("s".into()), kind };
            assert_eq!(read(&kept), Some(expected));
        }
        assert_eq!(read(&json!({ "name": "x", "kind": "of tomorrow" })), None);
    }
}
