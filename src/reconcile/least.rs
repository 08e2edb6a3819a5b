use super::step::Step;
use crate::contact::{Contact, Limits};

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
