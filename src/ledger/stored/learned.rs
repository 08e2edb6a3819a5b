use std::collections::BTreeMap;

use super::Known;
use crate::contact::{Field, RemoteId};
use crate::journal::{Applied, Key, KnownContact, LastKnown};

/// What is known of a contact once `contact` is known as well; `told` if an answer showed it now, `now` in
/// seconds from the Unix epoch. `number` tells the number of a field's name.
pub(in crate::ledger) fn merged<E>(
    before: Option<&Known>,
    (contact, keys, told): (&KnownContact, &[Key], bool),
    now: u64,
    mut number: impl FnMut(&str) -> Result<u64, E>,
) -> Result<Known, E> {
    let mut known = before.cloned().unwrap_or_default();
    // Whoever only looks, and sees a value as it was last known, takes nothing from how it was sent.
    let only_looks = told && contact.applied.is_none();
    let held = known.values.take();
    for (name, value) in &contact.fields {
        let number = number(name)?;
        if only_looks && known.fields.get(&number).is_some_and(|before| before != value) {
            let field = Field::new(name);
            let value = |values: &Option<LastKnown>| values.as_ref()?.fields.get(&field).cloned();
            let seen = value(&contact.values);
            if seen.is_some() && seen == value(&held) {
                continue;
            }
        }
        known.fields.insert(number, *value);
    }
    if contact.tags.is_some() {
        known.tags.clone_from(&contact.tags);
    }
    if told {
        unite(&mut known.lists, &contact.lists);
    } else {
        known.lists.clone_from(&contact.lists);
    }
    unite(&mut known.keys, keys);
    let is_as_before = before.is_some_and(|before| (&before.fields, &before.tags) == (&known.fields, &known.tags));
    known.applied = match &contact.applied {
        Some(applied) if applied.at == 0 => Some(Applied { at: now, ..applied.clone() }),
        Some(applied) => Some(applied.clone()),
        // Somebody who only looked, and saw it as it was, takes nothing away.
        None if told && is_as_before => known.applied,
        None => None,
    };
    if told {
        known.seen_at = now;
    }
    known.values = newer_over_older(held, contact.values.as_ref());
    Ok(known)
}

/// Values, newer over older ones. `None` if values are not to be kept.
fn newer_over_older(before: Option<LastKnown>, newer: Option<&LastKnown>) -> Option<LastKnown> {
    let newer = newer?;
    let mut values = before.unwrap_or_default();
    values.fields.extend(newer.fields.iter().map(|(field, value)| (field.clone(), value.clone())));
    values.tags = newer.tags.clone().or(values.tags);
    values.lists.clone_from(&newer.lists);
    Some(values)
}

/// The contact with this id, as everybody knows it. `name` tells the name of a field by its number.
pub(in crate::ledger) fn named<E>(
    id: String,
    known: Known,
    mut name: impl FnMut(u64) -> Result<String, E>,
) -> Result<KnownContact, E> {
    let mut contact = KnownContact {
        id: RemoteId(id),
        fields: BTreeMap::new(),
        tags: known.tags,
        lists: known.lists,
        values: known.values,
        seen_at: known.seen_at,
        applied: known.applied,
    };
    for (number, value) in known.fields {
        contact.fields.insert(name(number)?, value);
    }
    Ok(contact)
}

fn unite(keys: &mut Vec<Key>, more: &[Key]) {
    for key in more {
        if !keys.contains(key) {
            keys.push(*key);
        }
    }
}
