use super::decision::Need;
use super::observed::{Comparison, Fact, Observed};
use crate::contact::{Field, FieldChange, FieldSpec, Overwrite, RowError, Value};

/// The desired fields, sorted by what has to be sent.
#[derive(Debug, Default)]
pub(super) struct FieldDiff {
    pub(super) set: Vec<(Field, Value)>,
    /// Custom fields to take away.
    pub(super) clear_custom: Vec<Field>,
    /// Fields that differ but that the service takes only when a contact is created.
    pub(super) create_only: Vec<Field>,
    /// Why values may not be sent that would have to be.
    pub(super) doubts: Vec<RowError>,
    /// More must be read before the policy can be kept.
    pub(super) need: Option<Need>,
}

/// What an update has to send so that the service holds what is desired, as far as policy allows.
/// A policy that depends on what the service holds now is never decided from memory.
pub(super) fn against_observed(changes: &[FieldChange], observed: &dyn Observed, specs: &[FieldSpec]) -> FieldDiff {
    let mut diff = FieldDiff::default();
    for change in changes {
        let as_written = |written: &str| observed.field(&change.field, &Value::Text(written.to_owned()));
        let compared = match change.written.as_deref().map(as_written) {
            Some(fact) if fact.known() == Some(Comparison::Same) => fact,
            _ => observed.field(&change.field, &change.value),
        };
        let clears = change.value.is_empty();
        let sends = match change.overwrite {
            Overwrite::Never => false,
            Overwrite::IfEmpty if clears => false,
            Overwrite::IfEmpty => match compared.told() {
                Some(Comparison::Empty) => true,
                Some(Comparison::Same | Comparison::Different) => false,
                None => {
                    diff.need = Some(Need::Contact);
                    false
                }
            },
            Overwrite::Always => match compared.known() {
                Some(Comparison::Same) => false,
                Some(Comparison::Empty) => !clears,
                Some(Comparison::Different) | None => true,
            },
        };
        if !sends {
            continue;
        }
        if let Some(doubt) = &change.doubt {
            if compared == Fact::Unknown {
                diff.need = Some(Need::Contact);
            } else {
                diff.doubts.push((**doubt).clone());
            }
            continue;
        }
        let spec = spec_of(specs, &change.field);
        if spec.is_some_and(|spec| !spec.update) {
            // Telling what is not known to differ would cry wolf on every row.
            if compared != Fact::Unknown {
                diff.create_only.push(change.field.clone());
            }
            continue;
        }
        if spec.and_then(|spec| spec.group).is_some() && observed.groups().is_none() {
            diff.need = Some(Need::Contact);
        }
        // A null or an empty text that is put back is held, and nothing is taken away.
        if change.value == Value::Clear && change.field.custom_name().is_some() {
            diff.clear_custom.push(change.field.clone());
        } else {
            diff.set.push((change.field.clone(), in_held_type(change, observed)));
        }
    }
    diff
}

/// The desired value of a custom field in the type that the service holds it in: a cell of a text file
/// states none.
fn in_held_type(change: &FieldChange, observed: &dyn Observed) -> Value {
    let held = change.field.custom_name().and_then(|_| observed.last_value(&change.field));
    held.and_then(|held| change.value.in_type_of(held)).unwrap_or_else(|| change.value.clone())
}

pub(super) fn spec_of<'a>(specs: &'a [FieldSpec], field: &Field) -> Option<&'a FieldSpec> {
    specs.iter().find(|spec| spec.name == field.name())
}
