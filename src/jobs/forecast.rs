use std::collections::BTreeMap;
use std::time::Duration;

use super::difference::Difference;
use super::nights::NightsAhead;
use crate::contact::{Call, CallKind, Counts, Position, RowRecord};

/// Lists that a forecast names at most: a file may have as many as it has rows.
const LISTS_NAMED: usize = 20;

/// What an import would do.
#[derive(Clone, Debug, Default)]
pub struct Forecast {
    pub rows: u64,
    pub counts: Counts,
    pub calls: BTreeMap<CallKind, u64>,
    /// What any client would need at least.
    pub least_calls: u64,
    /// At the account's quota.
    pub time: Duration,
    /// In how many nights it finishes, where nights have an end.
    pub nights: Option<NightsAhead>,
    /// Contacts of which nobody knows yet whether they exist: taken as new.
    pub unknown: u64,
    /// Contacts whose create an earlier run has begun, and nobody knows how it ended: an import looks them up
    /// until the service's search has surely caught up.
    pub in_doubt: u64,
    pub unmapped: Vec<String>,
    /// `line 12: create with phone, email and 3 more`.
    pub samples: Vec<String>,
    /// The same with the values, for people alone.
    pub differences: Vec<Difference>,
    /// Rows by error code, of those that a person has to look at.
    pub codes: BTreeMap<String, u64>,
    /// Rows by the code of what is told of them, of those that need nobody.
    pub told: BTreeMap<String, u64>,
    /// Custom fields that would be created: `seats (number)`.
    pub new_fields: Vec<String>,
    /// Lists that contacts would be added to, and how many: no service can be asked whether it has them.
    /// Where they are many, the first of them.
    pub lists: BTreeMap<String, u64>,
    /// How contacts are found: `look-ups` or `listing`.
    pub strategy: &'static str,
}

impl Forecast {
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }

    /// Counts a row and what is wrong with it or told of it.
    pub(super) fn count_row(&mut self, record: &RowRecord) {
        self.counts[record.outcome] += 1;
        let codes = if record.outcome.needs_attention() { &mut self.codes } else { &mut self.told };
        for error in &record.errors {
            *codes.entry(error.code.to_string()).or_default() += 1;
        }
    }

    pub(super) fn count(&mut self, kind: CallKind, calls: u64) {
        if calls > 0 {
            *self.calls.entry(kind).or_default() += calls;
        }
    }

    /// Takes note of the lists that a row's calls add its contact to.
    pub(super) fn count_lists(&mut self, calls: &[Call]) {
        let lists = calls.iter().flat_map(|call| match call {
            Call::Create { edit, .. } => edit.lists.as_slice(),
            Call::AddToList { list, .. } => std::slice::from_ref(list),
            _ => &[],
        });
        for list in lists {
            if let Some(rows) = self.lists.get_mut(list) {
                *rows += 1;
            } else if self.lists.len() < LISTS_NAMED {
                self.lists.insert(list.clone(), 1);
            }
        }
    }
}

/// One row's changes in words: names of fields, never their values.
pub(super) fn sample(position: Position, calls: &[Call]) -> String {
    let words: Vec<String> = calls
        .iter()
        .map(|call| match call {
            Call::Create { edit, .. } | Call::Update { edit, .. } => {
                let names: Vec<_> = edit.fields.iter().map(|(field, _)| field.name()).collect();
                let shown = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
                let more = names.len().saturating_sub(4);
                let verb = call.kind().name();
                if more > 0 { format!("{verb} with {shown} and {more} more") } else { format!("{verb} with {shown}") }
            }
            Call::EditTags { edit, .. } => format!("{}: {}", call.kind(), edit.tags.len()),
            Call::ClearFields { fields, .. } => format!("clear {} fields", fields.len()),
            _ => call.kind().name().to_owned(),
        })
        .collect();
    format!("{position}: {}", words.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Edit, Field, Value};

    #[test]
    fn a_sample_names_fields_and_shows_no_value() {
        let fields = ["phone", "email", "city", "company", "language"];
        let edit = Edit {
            fields: fields.iter().map(|name| (Field::new(name), Value::Text("secret".into()))).collect(),
            ..Edit::default()
        };
        let words = sample(Position { index: 0, line: 2, sheet: 0 }, &[Call::Create { identifier: None, edit }]);
        assert_eq!(words, "line 2: create with phone, email, city, company and 1 more");
    }
}
