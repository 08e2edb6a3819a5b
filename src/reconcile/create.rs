use super::chunk::chunks;
use super::decision::{Decision, Terms};
use super::diff::spec_of;
use super::step::{Step, joined};
use super::tags;
use crate::contact::{Capabilities, Contact, Edit, Field, FieldChange, RowError, Value};

/// The steps that make a contact which is known not to be there.
pub(super) fn create(contact: &Contact, terms: &Terms<'_>) -> Decision {
    let capabilities = terms.capabilities;
    let doubts: Vec<_> = contact.fields.iter().filter_map(|change| change.doubt.as_deref().cloned()).collect();
    if !doubts.is_empty() {
        return Decision::Reject(doubts);
    }
    if !capabilities.create {
        return Decision::Refuse(RowError::of_row(
            "contact.not_found",
            "no contact has any of the row's identifiers, and the service can't create contacts",
        ));
    }
    let identifier =
        contact.identifiers.iter().find(|identifier| capabilities.create_needs.contains(&identifier.kind)).cloned();
    if identifier.is_none() && !capabilities.create_needs.is_empty() {
        let needed: Vec<_> = capabilities.create_needs.iter().map(|kind| kind.name()).collect();
        return Decision::Refuse(RowError::of_row(
            "create.needs_identifier",
            format!("the contact is new, and a new one needs: {}", needed.join(" or ")),
        ));
    }
    let present: Vec<(Field, Value)> = contact
        .fields
        .iter()
        .filter(|change| !change.value.is_empty() || keeps_none(change, capabilities))
        .map(|change| (change.field.clone(), change.value.clone()))
        .collect();
    for needed in capabilities.create_needs_fields {
        if !present.iter().any(|(field, _)| field.name() == *needed) {
            return Decision::Refuse(RowError::of_row(
                "create.needs_field",
                format!("the contact is new, and a new one needs: {needed}"),
            ));
        }
    }
    let (mut first, later): (Vec<_>, Vec<_>) =
        present.into_iter().partition(|(field, _)| match spec_of(terms.fields, field) {
            Some(spec) => spec.create,
            None => capabilities.create_with_custom_fields,
        });
    // What a create can't do without goes first, then what only a create takes, so that splitting
    // moves neither to an update.
    first.sort_by_key(|(field, _)| {
        let name = field.name();
        let needed = capabilities.create_needs_fields.contains(&name)
            || identifier.as_ref().is_some_and(|identifier| identifier.kind.name() == name);
        (!needed, !only_created(field, terms))
    });
    let mut created = chunks(&first, terms.limits.fields_per_create).into_iter();
    let mut edits = vec![Edit { fields: created.next().unwrap_or_default(), ..Edit::default() }];
    let (late, rest): (Vec<_>, Vec<_>) =
        created.flatten().chain(later).partition(|(field, _)| only_created(field, terms));
    let notes = late.iter().map(|(field, _)| create_only_note(field)).collect();
    if !rest.is_empty() {
        edits.extend(
            chunks(&rest, terms.limits.fields_per_update).into_iter().map(|fields| Edit { fields, ..Edit::default() }),
        );
    }
    let mut lists = contact.lists.add.clone();
    if capabilities.lists_in_create {
        edits[0].lists = std::mem::take(&mut lists);
    }
    let mut tag_edits = match tags::edits(&contact.tags, None, capabilities, terms.limits) {
        Ok(edits) => edits,
        Err(need) => return Decision::Need(need),
    };
    if capabilities.tags_in_create && !tag_edits.is_empty() {
        edits[0].tags = Some(tag_edits.remove(0));
    }
    let mut edits = edits.into_iter();
    let mut steps: Vec<Step> =
        edits.next().into_iter().map(|edit| Step::Create { identifier: identifier.clone(), edit }).collect();
    steps.extend(joined(edits.collect(), tag_edits, capabilities));
    steps.extend(lists.into_iter().map(|list| Step::AddToList { list }));
    Decision::Steps { steps, notes }
}

/// Whether a null or an empty text is a value that the service holds as such.
fn keeps_none(change: &FieldChange, capabilities: &Capabilities) -> bool {
    capabilities.custom_typed && change.field.custom_name().is_some() && change.value != Value::Clear
}

/// Whether no update takes the field.
fn only_created(field: &Field, terms: &Terms<'_>) -> bool {
    spec_of(terms.fields, field).is_some_and(|spec| !spec.update)
}

pub(super) fn create_only_note(field: &Field) -> RowError {
    RowError::of_row(
        "field.create_only",
        format!("the service takes {field} only when it creates a contact, so the held value stays"),
    )
}
