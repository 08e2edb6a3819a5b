use super::decide::decide;
use super::decision::Decision;
use super::event::Next;
use super::machine::Reconciliation;
use crate::contact::Overwrite;

impl Reconciliation {
    /// Calls that the row may still take where each is made once: what a run must be able to make before it
    /// begins the contact, so as not to leave it half done. Rather too many than too few.
    pub fn calls_at_most(&self) -> u64 {
        if matches!(self.next, Next::Done(_)) || (self.rests_on_memory() && !self.row.is_sample) {
            return 0;
        }
        let contact = &self.row.contact;
        let identifiers = self.identification().identifiers().count();
        let looks = if self.to_identify().is_empty() { 0 } else { identifiers };
        let depends = contact.fields.iter().any(|change| change.overwrite != Overwrite::Always)
            || contact.tags.replace
            || !contact.tags.remove.is_empty()
            || self.rules.keep_before
            || self.rules.verify
            || self.rules.by_plan;
        let reads = if depends || self.row.is_sample { 2 } else { usize::from(self.there.is_some()) };
        let writes = match decide(contact, None, &self.rules.terms(true)) {
            Decision::Steps { steps, .. } => steps.len(),
            _ => 1,
        };
        let takes_away = usize::from(!contact.tags.remove.is_empty()) + contact.lists.remove.len();
        let clears = usize::from(contact.fields.iter().any(|change| change.value.is_empty()));
        let learns_id = usize::from(!self.rules.capabilities.create_tells_id);
        let asks = usize::from(self.may_ask_for_a_holder());
        (looks + reads + writes + takes_away + clears + learns_id + asks) as u64
    }
}
