use super::changed::{ChangedContact, Had};
use crate::contact::{
    Capabilities, Contact, FieldChange, Identifier, IdentifierKind, Overwrite, RowError, Snapshot, Value,
};
use crate::reconcile::{Observed as _, SnapshotObserved, reads_as};

/// The contact as it should be again, and what is left and why: what somebody changed since, what
/// nobody knows, what the service has no way to put back.
pub fn three_way(
    contact: &ChangedContact,
    observed: &Snapshot,
    capabilities: &Capabilities,
) -> (Contact, Vec<RowError>) {
    let mut desired =
        Contact { identifiers: vec![Identifier::new(IdentifierKind::Id, contact.id.0.clone())], ..Contact::default() };
    let mut left = Vec::new();
    for (field, replaced) in &contact.fields {
        let present = observed.fields.get(field).cloned().unwrap_or(Value::Clear);
        // Where answers to writes show nothing, nobody knows what was stored but that it reads as what was sent.
        let is_own =
            replaced.after.same_as(&present) || !capabilities.writes_tell_fields && reads_as(&replaced.after, &present);
        if is_own {
            desired.fields.push(FieldChange::new(field.clone(), replaced.before.clone(), Overwrite::Always));
        } else if !replaced.before.same_as(&present) {
            left.push(RowError::of_row("undo.changed_since", format!("{field} was changed since, and stays as it is")));
        }
    }
    let now = SnapshotObserved { snapshot: observed, tags_ignore_case: capabilities.tags_ignore_case };
    let removes = capabilities.tags_remove || capabilities.tags_replace;
    let adds = capabilities.tags_add || capabilities.tags_replace || capabilities.tags_in_update;
    for (tag, had) in &contact.tags {
        match wanted(*had, now.has_tag(tag).told()) {
            None => {}
            Some(true) if adds => desired.tags.add.push(tag.clone()),
            Some(false) if removes => desired.tags.remove.push(tag.clone()),
            Some(back) => left.push(no_way("tag", tag, back)),
        }
    }
    for (list, had) in &contact.lists {
        match wanted(*had, now.on_list(list).told()) {
            None => {}
            Some(true) if capabilities.lists_add => desired.lists.add.push(list.clone()),
            Some(false) if capabilities.lists_remove => desired.lists.remove.push(list.clone()),
            Some(back) => left.push(no_way("list", list, back)),
        }
    }
    left.extend(contact.unknown.iter().map(|what| {
        RowError::of_row("undo.not_known", format!("nobody knows what was there before, so it stays as it is: {what}"))
    }));
    (desired, left)
}

/// What has to be done about a tag or a list: given (`true`), taken away, or nothing.
fn wanted(had: Had, has: Option<bool>) -> Option<bool> {
    // Somebody changed it since, or it is as it was.
    let stays = has.is_some_and(|has| has != had.after) || has == Some(had.before);
    (!stays && had.before != had.after).then_some(had.before)
}

fn no_way(what: &str, name: &str, back: bool) -> RowError {
    let way = if back { "give it back" } else { "take it away" };
    RowError::of_row("undo.no_way", format!("the service has no way to {way}, so it stays as it is: {what} {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_put_back_only_if_it_is_as_the_run_left_it() {
        let (added, removed) = (Had { before: false, after: true }, Had { before: true, after: false });
        for (had, has, expected) in [
            (added, Some(true), Some(false)),
            (added, Some(false), None),
            (added, None, Some(false)),
            (removed, Some(false), Some(true)),
            (removed, Some(true), None),
            (removed, None, Some(true)),
            (Had { before: false, after: false }, Some(true), None),
            (Had { before: false, after: false }, Some(false), None),
        ] {
            assert_eq!(wanted(had, has), expected, "{had:?} {has:?}");
        }
    }
}
