use super::decision::{Need, Terms};
use super::diff::FieldDiff;
use super::observed::{Comparison, Observed};
use crate::contact::{Contact, Field, Value};

pub(super) fn touches_custom(fields: &[(Field, Value)]) -> bool {
    fields.iter().any(|(field, _)| field.custom_name().is_some())
}

/// What an update has to name so that the mapped custom fields are all that is left: the changed
/// standard fields, and every custom field that should stay, with the observed value where policy keeps
/// it. `None` if the custom fields are as they should be.
pub(super) fn replacement(
    contact: &Contact,
    diff: &FieldDiff,
    observed: &dyn Observed,
    terms: &Terms<'_>,
) -> Result<Option<Vec<(Field, Value)>>, Need> {
    if !terms.replace_custom || !terms.capabilities.custom_replace {
        return Ok(None);
    }
    let mut fed: Vec<&Field> =
        contact.fields.iter().map(|change| &change.field).filter(|field| field.custom_name().is_some()).collect();
    fed.extend(terms.mapped.iter().filter(|field| field.custom_name().is_some()));
    let beyond = observed.custom_beyond(&fed).known().ok_or(Need::Contact)?;
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
        let desired = contact.fields.iter().find(|change| change.field == **field);
        let desired = desired.map_or(&Value::Clear, |change| &change.value);
        let kept = match observed.field(field, desired).known() {
            Some(Comparison::Empty) => continue,
            Some(Comparison::Same) => desired.clone(),
            Some(Comparison::Different) | None => observed.value(field).ok_or(Need::Contact)?.clone(),
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
