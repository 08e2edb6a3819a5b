use super::event::{CallEnd, CallResult, Next};
use super::machine::{Reading, Reconciliation, State};
use super::observed::Observed as _;
use super::step::Step;
use crate::contact::{Call, Field, FieldDefinition, FieldKind, Value};
use crate::services::Reply;

/// The types that an account has for its custom fields, which a cell of a text file doesn't state.
impl Reconciliation {
    /// Reads the account's definitions, if one of them may say of which type a value is that is about to be sent.
    pub(super) fn reads_definitions(&mut self, steps: &[Step]) -> bool {
        let is_needed = self.definitions.is_none() && steps.iter().any(|step| self.may_be_typed(step));
        if is_needed {
            self.next = Next::Read(Call::ListFields { cursor: None });
            self.state = State::Reading(Reading::Definitions);
        }
        is_needed
    }

    pub(super) fn definitions_were_read(&mut self, result: &CallResult) {
        match &result.end {
            CallEnd::Done(Reply::Fields(page)) => {
                let of_row = |field: &&FieldDefinition| {
                    self.rules.untyped.iter().any(|untyped| untyped.custom_name() == Some(&field.name))
                };
                self.definitions = Some(page.items.iter().filter(of_row).cloned().collect());
                self.read_or_decide();
            }
            // A plan that asks nobody knows of none.
            CallEnd::Done(_) => {
                self.definitions = Some(Vec::new());
                self.read_or_decide();
            }
            _ => self.end_by(result),
        }
    }

    /// The steps with each value in the type that the account has for its field, where it says the same there.
    pub(super) fn in_defined_types(&self, mut steps: Vec<Step>) -> Vec<Step> {
        let Some(definitions) = &self.definitions else { return steps };
        for step in &mut steps {
            let (Step::Create { edit, .. } | Step::Update { edit }) = step else { continue };
            for (field, value) in edit.fields.iter_mut().filter(|(field, _)| self.is_untyped(field)) {
                let defined = definitions.iter().find(|defined| field.custom_name() == Some(&defined.name));
                let sample = defined.and_then(|defined| sample(&defined.kind));
                if let Some(typed) = sample.and_then(|sample| value.in_type_of(&sample)) {
                    *value = typed;
                }
            }
        }
        steps
    }

    /// Whether a value of the step is text that may be meant in another type.
    fn may_be_typed(&self, step: &Step) -> bool {
        let (Step::Create { edit, .. } | Step::Update { edit }) = step else { return false };
        let reads_as = |value: &Value, kind: FieldKind| sample(&kind).and_then(|sample| value.in_type_of(&sample));
        edit.fields.iter().any(|(field, value)| {
            let is_typed = reads_as(value, FieldKind::Number).or_else(|| reads_as(value, FieldKind::Boolean));
            is_typed.is_some() && self.is_untyped(field)
        })
    }

    /// Whether nothing says of which type the field's value is: not the source, and no value that is held there.
    fn is_untyped(&self, field: &Field) -> bool {
        let there = self.there.as_ref();
        let facts = there.map(|there| there.facts(&self.rules.keys, self.rules.capabilities.tags_ignore_case));
        let is_held = facts.is_some_and(|facts| facts.last_value(field).is_some_and(|value| !value.is_empty()));
        !is_held && self.rules.untyped.contains(field)
    }
}

/// A value of the type that a field of this kind holds; `None` where that is text.
fn sample(kind: &FieldKind) -> Option<Value> {
    match kind {
        FieldKind::Number => Some(Value::Number("0".to_owned())),
        FieldKind::Boolean => Some(Value::Boolean(true)),
        _ => None,
    }
}
