use std::collections::HashSet;

use super::caller::Caller;
use super::look_up::look_up;
use super::pages::{Listed, list_page};
use crate::contact::{Field, Filter, Identifier, IdentifierKind, Snapshot};
use crate::error::Result;
use crate::reconcile::{CallEnd, has_identifier};

/// Calls that are saved at least, if it is to be tried whether a filtered listing finds contacts.
const WORTH_IT: u64 = 8;
/// Contacts of each sort of identifier that the listing has to find.
const CONTROLS: usize = 2;

/// How many identifiers one look-up of several rows may carry: as many as the service's documents say or,
/// where a filtered listing can do for look-ups, as many as that takes, once it has found contacts of the account
/// that are known to be there. Nobody is there whom it could miss where the account holds no contact.
///
/// # Errors
/// Those of a listing.
pub async fn lookup_room(caller: &Caller, look_ups: u64) -> Result<usize> {
    let service = &caller.account.service;
    let stated = service.limits().identifiers_per_find.value;
    let Some(wider) = service.limits().identifiers_per_filter.map(|limit| limit.value) else { return Ok(stated) };
    if look_ups < WORTH_IT {
        return Ok(stated);
    }
    let Listed::Page(page) = list_page(caller, &Filter::default(), None).await? else { return Ok(stated) };
    let Some(controls) = controls(&page.items, page.next.is_none(), service.capabilities().find_by) else {
        return Ok(stated);
    };
    if controls.is_empty() {
        return Ok(wider);
    }
    let (found, result) = look_up(caller, &controls).await;
    let finds = matches!(result.end, CallEnd::Done(_))
        && controls.iter().all(|control| found.iter().any(|contact| has_identifier(contact, control)));
    Ok(if finds { wider } else { stated })
}

/// Identifiers of these contacts, of each sort that look-ups go by: an address with its case turned, since a
/// look-up may disregard that. `None` if there is a sort of which no example is known, and may be one elsewhere.
fn controls(contacts: &[Snapshot], is_all: bool, kinds: &[IdentifierKind]) -> Option<Vec<Identifier>> {
    let mut controls = Vec::new();
    for kind in kinds {
        let field = Field::new(kind.name());
        let mut seen = HashSet::new();
        let values = contacts.iter().filter_map(|contact| contact.fields.get(&field));
        let values = values.map(|value| value.as_text().into_owned()).filter(|value| !value.is_empty());
        let of_kind: Vec<_> = values.filter(|value| seen.insert(value.clone())).take(CONTROLS).collect();
        if of_kind.is_empty() && !is_all {
            return None;
        }
        controls.extend(of_kind.into_iter().map(|value| Identifier::new(*kind, turned(*kind, &value))));
    }
    // One identifier alone would be looked up the usual way, and show nothing of the other.
    (controls.len() != 1).then_some(controls)
}

/// An address in capitals where it has small letters, and the other way round.
fn turned(kind: IdentifierKind, value: &str) -> String {
    if kind != IdentifierKind::Email {
        return value.to_owned();
    }
    if value.chars().any(char::is_lowercase) { value.to_uppercase() } else { value.to_lowercase() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{RemoteId, Value};

    fn contact(id: &str, fields: &[(&str, &str)]) -> Snapshot {
        let mut contact = Snapshot::new(RemoteId(id.into()));
        contact.fields = fields.iter().map(|(name, value)| (Field::new(name), Value::Text((*value).into()))).collect();
        contact
    }

    #[test]
    fn a_listing_is_tried_with_every_sort_of_identifier_that_contacts_have() {
        const BOTH: &[IdentifierKind] = &[IdentifierKind::Phone, IdentifierKind::Email];
        let both = [contact("1", &[("phone", "+44"), ("email", "a@x.example")]), contact("2", &[("phone", "+45")])];
        let asked = |controls: Option<Vec<Identifier>>| {
            controls.map(|controls| controls.into_iter().map(|control| control.value).collect::<Vec<_>>())
        };
        let words = |words: &[&str]| Some(words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>());
        assert_eq!(asked(controls(&both, false, BOTH)), words(&["+44", "+45", "A@X.EXAMPLE"]));
        assert_eq!(asked(controls(&both[1..], false, BOTH)), None, "nobody shows how addresses are found");
        assert_eq!(asked(controls(&both[1..], true, BOTH)), None, "one alone shows nothing");
        assert_eq!(asked(controls(&[], true, BOTH)), words(&[]), "nobody is there to be missed");
        assert_eq!(asked(controls(&[], false, BOTH)), None);
    }
}
