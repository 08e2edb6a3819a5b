use super::super::vault::Vault;
use super::Damaged;
use crate::contact::{Identifier, IdentifierKind};

/// Identifiers that somebody is looked up by, sealed.
pub(in crate::ledger) fn seal_identifiers(vault: &Vault, identifiers: &[Identifier]) -> Result<Vec<u8>, Damaged> {
    let list: Vec<_> = identifiers.iter().map(|one| (one.kind.name(), &one.value)).collect();
    let text = serde_json::to_vec(&list).map_err(|_| Damaged("identifiers can't be written"))?;
    vault.seal(&text).ok_or(Damaged("identifiers can't be sealed"))
}

/// What was sealed; none if that was under another key.
pub(in crate::ledger) fn unseal_identifiers(vault: &Vault, sealed: &[u8]) -> Vec<Identifier> {
    vault.unseal(sealed).and_then(|text| read(&text)).unwrap_or_default()
}

fn read(text: &[u8]) -> Option<Vec<Identifier>> {
    let list: Vec<(String, String)> = serde_json::from_slice(text).ok()?;
    list.into_iter().map(|(kind, value)| Some(Identifier::new(IdentifierKind::from_name(&kind)?, value))).collect()
}
