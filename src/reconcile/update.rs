use super::chunk::chunks;
use super::create::create_only_note;
use super::decision::{Decision, Terms};
use super::diff::{against_observed, spec_of};
use super::observed::{Comparison, Observed};
use super::replacement::{replacement, touches_custom};
use super::step::{Step, joined};
use super::tags;
use crate::contact::{
    ClearBy, Contact, CustomEdit, Edit, Field, FieldSpec, Groups, Limits, ListChange, RowError, Value,
};

/// The steps that bring a contact which is there to what is desired, as far as policy allows.
pub(super) fn update(contact: &Contact, observed: &dyn Observed, terms: &Terms<'_>) -> Decision {
    let capabilities = terms.capabilities;
    let mut diff = against_observed(&contact.fields, observed, terms.fields);
    if let Some(need) = diff.need {
        return Decision::Need(need);
    }
    if !diff.doubts.is_empty() {
        return Decision::Reject(diff.doubts);
    }
    let tag_edits = match tags::edits(&contact.tags, Some(observed), capabilities, terms.limits) {
        Ok(edits) => edits,
        Err(need) => return Decision::Need(need),
    };
    let mut notes: Vec<RowError> = diff.create_only.iter().map(create_only_note).collect();
    let fed = |fields: Vec<(Field, Value)>| Edit {
        groups: groups_of(&fields, observed, terms.fields),
        fields,
        ..Edit::default()
    };
    let replacement = match replacement(contact, &diff, observed, terms) {
        Ok(replacement) => replacement,
        Err(need) => return Decision::Need(need),
    };
    let mut edits: Vec<Edit> = Vec::new();
    if let Some(fields) = replacement {
        diff.clear_custom.clear();
        edits.extend(chunks(&fields, terms.limits.fields_per_update).into_iter().map(fed));
        // The first that names a custom field empties the rest; those after it add to it.
        if let Some(edit) = edits.iter_mut().find(|edit| touches_custom(&edit.fields)) {
            edit.custom = CustomEdit::Replace;
        }
    } else {
        match capabilities.clear_custom_by {
            ClearBy::Update => {
                diff.set.extend(std::mem::take(&mut diff.clear_custom).into_iter().map(|field| (field, Value::Clear)));
            }
            ClearBy::Unsupported => {
                let differs =
                    |field: &&Field| observed.field(field, &Value::Clear).known() == Some(Comparison::Different);
                notes.extend(diff.clear_custom.iter().filter(differs).map(not_cleared_note));
                diff.clear_custom.clear();
            }
            ClearBy::Call | ClearBy::EditMode => {}
        }
        if !diff.set.is_empty() {
            edits.extend(chunks(&diff.set, terms.limits.fields_per_update).into_iter().map(fed));
        }
    }
    let mut steps = Vec::new();
    if !diff.clear_custom.is_empty() {
        if capabilities.clear_custom_by == ClearBy::Call {
            steps.push(Step::ClearFields { fields: diff.clear_custom });
        } else {
            edits.extend(removed(&diff.clear_custom, terms.limits));
        }
    }
    let mut all = joined(edits, tag_edits, capabilities);
    all.append(&mut steps);
    all.extend(list_steps(&contact.lists, observed));
    if all.is_empty() { Decision::Unchanged { notes } } else { Decision::Steps { steps: all, notes } }
}

fn removed(fields: &[Field], limits: &Limits) -> Vec<Edit> {
    let emptied: Vec<(Field, Value)> = fields.iter().map(|field| (field.clone(), Value::Clear)).collect();
    chunks(&emptied, limits.fields_per_update)
        .into_iter()
        .map(|fields| Edit { fields, custom: CustomEdit::Remove, ..Edit::default() })
        .collect()
}

fn groups_of(fields: &[(Field, Value)], observed: &dyn Observed, specs: &[FieldSpec]) -> Groups {
    let Some(groups) = observed.groups() else { return Groups::new() };
    fields
        .iter()
        .filter_map(|(field, _)| spec_of(specs, field)?.group)
        .filter_map(|group| groups.get(group).map(|held| (group.to_owned(), held.clone())))
        .collect()
}

fn list_steps(change: &ListChange, observed: &dyn Observed) -> Vec<Step> {
    let add = change.add.iter().filter(|list| observed.on_list(list).known() != Some(true));
    let remove = change.remove.iter().filter(|list| observed.on_list(list).known() != Some(false));
    add.map(|list| Step::AddToList { list: list.clone() })
        .chain(remove.map(|list| Step::RemoveFromList { list: list.clone() }))
        .collect()
}

fn not_cleared_note(field: &Field) -> RowError {
    RowError::of_row("field.not_cleared", format!("the service has no way to empty {field}, so the held value stays"))
}
