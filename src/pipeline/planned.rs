use std::collections::BTreeMap;
use std::time::Duration;

use super::Context;
use super::connect::{AccountSpec, Connection, connect, ledger_path, open_ledger};
use super::source::SourceSpec;
use crate::contact::{CallKind, Contact, Counts, CustomEdit, Identifier, IdentifierKind, Outcome, Position};
use crate::engine::{Finder, Found, Keys, Remembered, list_fields};
use crate::error::{Error, Result};
use crate::ledger::{KnownContact, RunId};
use crate::plan::{self, Decision, Held, Need, Rules, SnapshotHeld, Step};
use crate::table::RowBatch;
use crate::validate::Validator;

/// An import to be foreseen.
pub struct PlanJob {
    pub source: SourceSpec,
    pub account: AccountSpec,
    /// Look the contacts up, to be exact. Reads only.
    pub live: bool,
    /// Rows of which the changes are told.
    pub samples: usize,
}

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
    /// Contacts of which nobody knows yet whether they exist: taken as new.
    pub unknown: u64,
    pub unmapped: Vec<String>,
    /// `line 12: create, with phone, email and 3 more fields`.
    pub samples: Vec<String>,
    /// Rows by error code.
    pub codes: BTreeMap<String, u64>,
    pub mapping: String,
}

impl Forecast {
    pub fn total_calls(&self) -> u64 {
        self.calls.values().sum()
    }
}

/// Foresees an import. Writes nothing, neither to the account nor to the ledger.
pub async fn plan(job: &PlanJob, context: &mut Context) -> Result<Forecast> {
    let remembers = ledger_path(&context.state_dir).exists();
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(&job.account, &context.state_dir, &ledger).await?;
    let service = connection.account.service.clone();
    let (caller, _notices) = connection.caller(&RunId("plan".into()), &context.stop);
    let definitions = if service.capabilities().fields_defined { Some(list_fields(&caller).await?) } else { None };
    let mapped = job.source.map(service.as_ref(), definitions.as_deref())?;
    let keys = Keys::new(ledger.hasher(), &job.account.name, service.capabilities().tags_ignore_case);
    let fed = mapped.forward.fields();
    let mut foreseeing = Foreseeing {
        samples: job.samples,
        keys: &keys,
        finder: job.live.then(|| Connection::finder(&caller)),
        rules: Rules {
            mode: super::import::mode_of(&mapped.forward),
            replace_custom: mapped.forward.custom_edit() == CustomEdit::Replace,
            mapped: &fed,
            capabilities: service.capabilities(),
            limits: service.limits(),
            fields: service.fields(),
        },
        forecast: Forecast {
            unmapped: mapped.forward.unmapped().to_vec(),
            mapping: mapped.origin.clone(),
            ..Forecast::default()
        },
    };
    let mut reader = job.source.open()?;
    let mut validator = Validator::new(mapped.forward)?;
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, super::feed::BATCH)? > 0 {
        if context.stop.is_asked() {
            return Err(Error::interrupted("interrupted while planning; nothing was sent"));
        }
        let contacts = validator.check(&batch);
        let asked = contacts.iter().flatten().flat_map(|contact| keys.identifiers(&contact.identifiers)).collect();
        let mut known = if remembers { ledger.known(keys.account(), asked).await? } else { Vec::new() }.into_iter();
        for (row, contact) in batch.rows().zip(contacts) {
            foreseeing.forecast.rows += 1;
            match contact {
                Err(errors) => {
                    foreseeing.forecast.counts[Outcome::Rejected] += 1;
                    for error in errors {
                        *foreseeing.forecast.codes.entry(error.code.into_owned()).or_default() += 1;
                    }
                }
                Ok(contact) => {
                    let mine: Vec<_> = contact.identifiers.iter().filter_map(|_| known.next().flatten()).collect();
                    foreseeing.take(row.position(), &contact, mine.into_iter().next()).await?;
                }
            }
        }
    }
    let mut forecast = foreseeing.forecast;
    forecast.time = connection.account.budget.estimate(forecast.total_calls());
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    Ok(forecast)
}

struct Foreseeing<'a> {
    samples: usize,
    keys: &'a Keys,
    finder: Option<Finder>,
    rules: Rules<'a>,
    forecast: Forecast,
}

impl Foreseeing<'_> {
    async fn take(&mut self, position: Position, contact: &Contact, known: Option<KnownContact>) -> Result<()> {
        let capabilities = self.rules.capabilities;
        let given = contact.identifiers.iter().any(|identifier| {
            identifier.kind == IdentifierKind::Id
                || (identifier.kind == IdentifierKind::ServiceId && capabilities.address_by.contains(&identifier.kind))
        });
        let findable: Vec<Identifier> = contact
            .identifiers
            .iter()
            .filter(|identifier| capabilities.find_by.contains(&identifier.kind))
            .cloned()
            .collect();
        let mut snapshot = None;
        if known.is_none() && !given {
            let room = self.rules.limits.identifiers_per_find.value.max(1);
            self.count(CallKind::Find, findable.len().div_ceil(room) as u64);
            match &self.finder {
                None => self.forecast.unknown += 1,
                Some(finder) => {
                    for some in findable.chunks(room) {
                        match finder.find(some.to_vec()).await.0 {
                            Found::Contacts(mut found) if !found.is_empty() => {
                                snapshot = Some(found.swap_remove(0));
                                break;
                            }
                            Found::Contacts(_) => {}
                            Found::Not(_) => return Err(Error::stopped("a look-up failed; nothing was sent")),
                        }
                    }
                }
            }
        }
        let told = snapshot
            .as_ref()
            .map(|snapshot| SnapshotHeld { snapshot, tags_ignore_case: capabilities.tags_ignore_case });
        let remembered = known.as_ref().map(|known| Remembered { known, keys: self.keys });
        let held: Option<&dyn Held> = match (&told, &remembered) {
            (Some(told), _) => Some(told),
            (None, Some(remembered)) => Some(remembered),
            (None, None) => None,
        };
        let decision = plan::lane(contact, held, &self.rules);
        self.least(contact, &decision);
        let outcome = match &decision {
            Decision::Unchanged { .. } => Outcome::Unchanged,
            Decision::Skip(_) => Outcome::Skipped,
            Decision::Refuse(why) => {
                *self.forecast.codes.entry(why.code.to_string()).or_default() += 1;
                Outcome::Failed
            }
            Decision::Need(need) => {
                self.count(if *need == Need::Tags { CallKind::ReadTags } else { CallKind::Read }, 1);
                self.count(CallKind::Update, 1);
                Outcome::Updated
            }
            Decision::Steps { steps, .. } => {
                for step in steps {
                    self.count(step.kind(), 1);
                }
                if matches!(steps.first(), Some(Step::Create { .. })) { Outcome::Created } else { Outcome::Updated }
            }
        };
        self.forecast.counts[outcome] += 1;
        if self.forecast.samples.len() < self.samples && matches!(outcome, Outcome::Created | Outcome::Updated) {
            self.forecast.samples.push(sample(position, &decision));
        }
        Ok(())
    }

    fn count(&mut self, kind: CallKind, n: u64) {
        if n > 0 {
            *self.forecast.calls.entry(kind).or_default() += n;
        }
    }

    fn least(&mut self, contact: &Contact, decision: &Decision) {
        if let Decision::Steps { steps, .. } = decision {
            let least = plan::least_calls_of(contact, steps, self.rules.limits);
            self.forecast.least_calls += least as u64;
        }
    }
}

/// One row's changes in words: names of fields, never their values.
fn sample(position: Position, decision: &Decision) -> String {
    let Decision::Steps { steps, .. } = decision else { return format!("{position}: read first, then update") };
    let words: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::Create { edit, .. } | Step::Update { edit } => {
                let names: Vec<_> = edit.fields.iter().map(|(field, _)| field.name()).collect();
                let shown = names.iter().take(4).copied().collect::<Vec<_>>().join(", ");
                let more = names.len().saturating_sub(4);
                let verb = step.kind().name();
                if more > 0 { format!("{verb} with {shown} and {more} more") } else { format!("{verb} with {shown}") }
            }
            Step::EditTags { edit } => format!("{}: {}", step.kind(), edit.tags.len()),
            Step::ClearFields { fields } => format!("clear {} fields", fields.len()),
            Step::AddToList { .. } | Step::RemoveFromList { .. } => step.kind().name().to_owned(),
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
        let decision = Decision::Steps { steps: vec![Step::Create { identifier: None, edit }], notes: Vec::new() };
        let words = sample(Position { index: 0, line: 2, sheet: 0 }, &decision);
        assert_eq!(words, "line 2: create with phone, email, city, company and 1 more");
    }
}
