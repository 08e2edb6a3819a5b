use super::machine::Reconciliation;
use super::planned::{Seen, seal_of};
use super::step::Step;
use crate::contact::{Outcome, RemoteId, RowError, Target};
use crate::journal::Key;

/// How a row keeps to its plan.
impl Reconciliation {
    /// What was seen of the contact when it was first decided what to send; told of runs that keep to a
    /// plan, and of the making of one.
    pub fn seen(&self) -> Option<&Seen> {
        self.seen.as_ref()
    }

    /// Whether the row ends here, as `steps` are not what was planned or the contact is not as it was seen.
    pub(super) fn ends_by_plan(&mut self, steps: &[Step]) -> bool {
        if !self.rules.by_plan {
            return false;
        }
        let begun = self.created || self.changed || self.row.steps.iter().any(|step| step.kind.writes());
        let seen = match &self.there {
            Some(there) => Seen::of(there.id(), there.told.as_ref(), self.rules.fields, &self.rules.keys),
            None => Seen::default(),
        };
        if self.seen.is_none() {
            self.seen = Some(seen.clone());
        }
        let Some(planned) = &self.row.planned else { return false };
        let target = Target::Id(RemoteId(String::new()));
        let calls: Vec<Key> = steps
            .iter()
            .filter_map(|step| step.call(Some(&target)))
            .map(|call| seal_of(&call, &self.rules.keys))
            .collect();
        let why = if begun {
            // What the row has sent itself has changed the contact: what is left is a part of what was shown.
            let more = calls.iter().any(|call| !planned.calls.contains(call));
            more.then(|| "the contact was changed while the row was being sent".to_owned())
        } else {
            let other = || (planned.calls != calls).then(|| "the row asks for other calls than were shown".to_owned());
            planned.seen.difference(&seen, self.rules.pages.as_ref()).or_else(other)
        };
        let Some(why) = why else { return false };
        let outcome = if begun && (self.created || self.changed) { Outcome::Failed } else { Outcome::Skipped };
        let words = format!("{why}; nothing that the plan does not show was sent: make the plan again");
        let record = self.record(outcome, vec![RowError::of_row("plan.changed", words)]);
        self.end(record);
        true
    }

    /// A plan takes one row a contact: what a second one finds depends on what became of the first.
    pub(super) fn ends_as_second(&mut self, line: u64) {
        let words = format!("line {line} leads to the same contact, and a saved plan takes one row a contact");
        let record = self.record(Outcome::Skipped, vec![RowError::of_row("plan.shared", words)]);
        self.end(record);
    }
}
