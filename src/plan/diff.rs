use super::held::{Held, HeldField};
use super::lane::Need;
use crate::contact::{Field, FieldChange, FieldSpec, Overwrite, Value};

/// The wanted fields, sorted by what has to be sent.
#[derive(Debug, Default)]
pub(super) struct FieldDiff {
    pub set: Vec<(Field, Value)>,
    /// Custom fields to take away.
    pub clear_custom: Vec<Field>,
    /// Fields that differ but that the service takes only when a contact is created.
    pub create_only: Vec<Field>,
    /// More must be known before the policy can be kept.
    pub need: Option<Need>,
}

/// What an update has to send so that the service holds what is wanted, as far as policy allows.
pub(super) fn against_held(changes: &[FieldChange], held: &dyn Held, specs: &[FieldSpec]) -> FieldDiff {
    let mut diff = FieldDiff::default();
    for change in changes {
        let compared = held.field(&change.field, &change.value);
        let clears = change.value.is_empty();
        let wanted = match change.overwrite {
            Overwrite::Never => false,
            Overwrite::IfEmpty if clears => false,
            Overwrite::IfEmpty => match compared {
                HeldField::Empty => true,
                HeldField::Same | HeldField::Different => false,
                HeldField::Unknown => {
                    diff.need = Some(Need::Contact);
                    false
                }
            },
            Overwrite::Always => match compared {
                HeldField::Same => false,
                HeldField::Empty => !clears,
                HeldField::Different | HeldField::Unknown => true,
            },
        };
        if !wanted {
            continue;
        }
        let spec = spec_of(specs, &change.field);
        if spec.is_some_and(|spec| !spec.update) {
            // Telling what is not known to differ would cry wolf on every row.
            if compared != HeldField::Unknown {
                diff.create_only.push(change.field.clone());
            }
            continue;
        }
        if spec.and_then(|spec| spec.group).is_some() && held.groups().is_none() {
            diff.need = Some(Need::Contact);
        }
        if clears && change.field.custom_name().is_some() {
            diff.clear_custom.push(change.field.clone());
        } else {
            diff.set.push((change.field.clone(), change.value.clone()));
        }
    }
    diff
}

pub(super) fn spec_of<'a>(specs: &'a [FieldSpec], field: &Field) -> Option<&'a FieldSpec> {
    specs.iter().find(|spec| spec.name == field.name())
}
