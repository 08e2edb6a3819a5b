use super::chunk::chunks;
use super::diff::{FieldDiff, against_held, spec_of};
use super::held::{Held, HeldField};
use super::step::Step;
use super::tags;
use crate::contact::{
    Capabilities, ClearBy, Contact, CustomEdit, Edit, Field, FieldSpec, Groups, Limits, ListChange, RowError, TagEdit,
    TagMode, Value,
};

/// Which contacts an import may touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Create what is missing, update what is there.
    #[default]
    Upsert,
    Create,
    Update,
}

/// What a service allows, and what the mapping asks of every contact.
#[derive(Clone, Copy, Debug)]
pub struct Rules<'a> {
    pub mode: Mode,
    /// The mapped custom fields are all that should be left.
    pub replace_custom: bool,
    /// Fields that the mapping feeds. A replacement leaves those a row says nothing about as they are.
    pub mapped: &'a [Field],
    pub capabilities: &'a Capabilities,
    pub limits: &'a Limits,
    pub fields: &'a [FieldSpec],
}

/// What has to be read before a lane can be planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The contact's fields (and field groups).
    Contact,
    Tags,
}

/// What becomes of one contact.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The service already holds all that policy lets us send. `notes` are of fields left alone.
    Unchanged {
        notes: Vec<RowError>,
    },
    /// The mode leaves this contact out.
    Skip(RowError),
    /// Nothing the service offers would do it.
    Refuse(RowError),
    Need(Need),
    /// In the order in which they must be sent. Never empty.
    Steps {
        steps: Vec<Step>,
        notes: Vec<RowError>,
    },
}

/// Decides what becomes of `contact`, of which `held` is known to be there (`None`: it is known not
/// to be there).
pub fn lane(contact: &Contact, held: Option<&dyn Held>, rules: &Rules<'_>) -> Decision {
    match (held, rules.mode) {
        (Some(_), Mode::Create) => Decision::Skip(RowError::of_row(
            "contact.exists",
            "the contact is there already, and the mapping only creates",
        )),
        (None, Mode::Update) => Decision::Skip(RowError::of_row(
            "contact.not_found",
            "no contact has any of the row's identifiers, and the mapping only updates",
        )),
        (Some(held), _) => update(contact, held, rules),
        (None, _) => create(contact, rules),
    }
}

fn create(contact: &Contact, rules: &Rules<'_>) -> Decision {
    let capabilities = rules.capabilities;
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
        .filter(|change| !change.value.is_empty())
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
        present.into_iter().partition(|(field, _)| match spec_of(rules.fields, field) {
            Some(spec) => spec.create,
            None => capabilities.create_with_custom_fields,
        });
    // What a create can't do without goes first, then what only a create takes, so that splitting
    // moves neither to an update.
    first.sort_by_key(|(field, _)| {
        let name = field.name();
        let needed = capabilities.create_needs_fields.contains(&name)
            || identifier.as_ref().is_some_and(|identifier| identifier.kind.name() == name);
        (!needed, !only_created(field, rules))
    });
    let mut created = chunks(&first, rules.limits.fields_per_create).into_iter();
    let mut edits = vec![Edit { fields: created.next().unwrap_or_default(), ..Edit::default() }];
    let (late, rest): (Vec<_>, Vec<_>) =
        created.flatten().chain(later).partition(|(field, _)| only_created(field, rules));
    let notes = late.iter().map(|(field, _)| create_only_note(field)).collect();
    if !rest.is_empty() {
        edits.extend(
            chunks(&rest, rules.limits.fields_per_update).into_iter().map(|fields| Edit { fields, ..Edit::default() }),
        );
    }
    let mut lists = contact.lists.add.clone();
    if capabilities.lists_in_create {
        edits[0].lists = std::mem::take(&mut lists);
    }
    let mut tag_edits = match tags::edits(&contact.tags, None, capabilities, rules.limits) {
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

/// Whether no update takes the field.
fn only_created(field: &Field, rules: &Rules<'_>) -> bool {
    spec_of(rules.fields, field).is_some_and(|spec| !spec.update)
}

fn update(contact: &Contact, held: &dyn Held, rules: &Rules<'_>) -> Decision {
    let capabilities = rules.capabilities;
    let mut diff = against_held(&contact.fields, held, rules.fields);
    if let Some(need) = diff.need {
        return Decision::Need(need);
    }
    let tag_edits = match tags::edits(&contact.tags, Some(held), capabilities, rules.limits) {
        Ok(edits) => edits,
        Err(need) => return Decision::Need(need),
    };
    let mut notes: Vec<RowError> = diff.create_only.iter().map(create_only_note).collect();
    let fed = |fields: Vec<(Field, Value)>| Edit {
        groups: groups_of(&fields, held, rules.fields),
        fields,
        ..Edit::default()
    };
    let replacement = match replacement(contact, &diff, held, rules) {
        Ok(replacement) => replacement,
        Err(need) => return Decision::Need(need),
    };
    let mut edits: Vec<Edit> = Vec::new();
    if let Some(fields) = replacement {
        diff.clear_custom.clear();
        edits.extend(chunks(&fields, rules.limits.fields_per_update).into_iter().map(fed));
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
                let differs = |field: &&Field| held.field(field, &Value::Clear) == HeldField::Different;
                notes.extend(diff.clear_custom.iter().filter(differs).map(not_cleared_note));
                diff.clear_custom.clear();
            }
            ClearBy::Call | ClearBy::EditMode => {}
        }
        if !diff.set.is_empty() {
            edits.extend(chunks(&diff.set, rules.limits.fields_per_update).into_iter().map(fed));
        }
    }
    let mut steps = Vec::new();
    if !diff.clear_custom.is_empty() {
        if capabilities.clear_custom_by == ClearBy::Call {
            steps.push(Step::ClearFields { fields: diff.clear_custom });
        } else {
            edits.extend(removed(&diff.clear_custom, rules.limits));
        }
    }
    let mut all = joined(edits, tag_edits, capabilities);
    all.append(&mut steps);
    all.extend(list_steps(&contact.lists, held));
    if all.is_empty() { Decision::Unchanged { notes } } else { Decision::Steps { steps: all, notes } }
}

/// Field edits and tag edits in one sequence; a service that takes tags in an update has them
/// ride along with fields, one tag edit a call.
fn joined(edits: Vec<Edit>, tag_edits: Vec<TagEdit>, capabilities: &Capabilities) -> Vec<Step> {
    let mut tag_edits = tag_edits.into_iter();
    let mut steps: Vec<Step> = edits
        .into_iter()
        .map(|mut edit| {
            if capabilities.tags_in_update {
                edit.tags = tag_edits.next();
            }
            Step::Update { edit }
        })
        .collect();
    steps.extend(tag_edits.map(|edit| {
        let alone = match edit.mode {
            TagMode::Add => capabilities.tags_add,
            TagMode::Remove => capabilities.tags_remove,
            TagMode::Replace => capabilities.tags_replace,
        };
        if capabilities.tags_in_update && !alone {
            return Step::Update { edit: Edit { tags: Some(edit), ..Edit::default() } };
        }
        Step::EditTags { edit }
    }));
    steps
}

fn removed(fields: &[Field], limits: &Limits) -> Vec<Edit> {
    let emptied: Vec<(Field, Value)> = fields.iter().map(|field| (field.clone(), Value::Clear)).collect();
    chunks(&emptied, limits.fields_per_update)
        .into_iter()
        .map(|fields| Edit { fields, custom: CustomEdit::Remove, ..Edit::default() })
        .collect()
}

fn touches_custom(fields: &[(Field, Value)]) -> bool {
    fields.iter().any(|(field, _)| field.custom_name().is_some())
}

/// What an update has to name so that the mapped custom fields are all that is left: the changed
/// standard fields, and every custom field that should stay, with the held value where policy keeps
/// it. `None` if the custom fields are as they should be.
fn replacement(
    contact: &Contact,
    diff: &FieldDiff,
    held: &dyn Held,
    rules: &Rules<'_>,
) -> Result<Option<Vec<(Field, Value)>>, Need> {
    if !rules.replace_custom || !rules.capabilities.custom_replace {
        return Ok(None);
    }
    let mut fed: Vec<&Field> =
        contact.fields.iter().map(|change| &change.field).filter(|field| field.custom_name().is_some()).collect();
    fed.extend(rules.mapped.iter().filter(|field| field.custom_name().is_some()));
    let beyond = held.custom_beyond(&fed).ok_or(Need::Contact)?;
    if !beyond && !touches_custom(&diff.set) && diff.clear_custom.is_empty() {
        return Ok(None);
    }
    let mut custom: Vec<(Field, Value)> = Vec::new();
    for (at, field) in fed.iter().enumerate() {
        if fed[..at].contains(field) || diff.clear_custom.contains(field) {
            continue;
        }
        if let Some(changed) = diff.set.iter().find(|(set, _)| set == *field) {
            custom.push(changed.clone());
            continue;
        }
        let wanted = contact.fields.iter().find(|change| change.field == **field);
        let wanted = wanted.map_or(&Value::Clear, |change| &change.value);
        let kept = match held.field(field, wanted) {
            HeldField::Empty => continue,
            HeldField::Same => wanted.clone(),
            HeldField::Different | HeldField::Unknown => held.value(field).ok_or(Need::Contact)?.clone(),
        };
        custom.push(((*field).clone(), kept));
    }
    if custom.is_empty() {
        // A replacement that names nothing would be no replacement.
        custom.extend(fed.first().map(|field| ((*field).clone(), Value::Clear)));
    }
    let standard = diff.set.iter().filter(|(field, _)| field.custom_name().is_none()).cloned();
    Ok(Some(standard.chain(custom).collect()))
}

fn groups_of(fields: &[(Field, Value)], held: &dyn Held, specs: &[FieldSpec]) -> Groups {
    let Some(groups) = held.groups() else { return Groups::new() };
    fields
        .iter()
        .filter_map(|(field, _)| spec_of(specs, field)?.group)
        .filter_map(|group| groups.get(group).map(|held| (group.to_owned(), held.clone())))
        .collect()
}

fn list_steps(change: &ListChange, held: &dyn Held) -> Vec<Step> {
    let add = change.add.iter().filter(|list| held.on_list(list) != Some(true));
    let remove = change.remove.iter().filter(|list| held.on_list(list) != Some(false));
    add.map(|list| Step::AddToList { list: list.clone() })
        .chain(remove.map(|list| Step::RemoveFromList { list: list.clone() }))
        .collect()
}

fn create_only_note(field: &Field) -> RowError {
    RowError::of_row(
        "field.create_only",
        format!("the service takes {field} only when it creates a contact, so the held value stays"),
    )
}

fn not_cleared_note(field: &Field) -> RowError {
    RowError::of_row("field.not_cleared", format!("the service has no way to empty {field}, so the held value stays"))
}

/// The least calls that any client could do a new contact with, given its fields and tags.
pub fn least_calls(fields: usize, tags: usize, limits: &Limits) -> usize {
    let field_calls = limits.fields_per_create.map_or(1, |limit| fields.div_ceil(limit.value).max(1));
    let tag_calls = if tags == 0 { 0 } else { limits.tags_per_add.map_or(1, |limit| tags.div_ceil(limit.value)) };
    field_calls + tag_calls
}

/// The least calls that any client could take these steps of one contact with. Steps that change a
/// contact can't be fewer; those that make one can, where a service splits what others send whole.
pub fn least_calls_of(contact: &Contact, steps: &[Step], limits: &Limits) -> usize {
    match steps.first() {
        Some(Step::Create { .. }) => {
            let fields = contact.fields.iter().filter(|change| !change.value.is_empty()).count();
            least_calls(fields, contact.tags.add.len(), limits)
        }
        _ => steps.len(),
    }
}
