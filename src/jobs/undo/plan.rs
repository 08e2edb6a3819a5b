use super::changed::{ChangedContact, changed};
use super::three_way::three_way;
use crate::contact::{Capabilities, Field, IdentifierKind, ImportMode};
use crate::error::Result;
use crate::ledger::{LedgerHandle, Run};
use crate::reconcile::{Decision, SnapshotObserved, Terms, decide};
use crate::services::Service;

/// What an undo would do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UndoPlan {
    /// Contacts that the run created.
    pub created: u64,
    /// Contacts that it changed, and that can be put back at least in part.
    pub changed: u64,
    /// Those of them that can't be put back whole.
    pub in_part: u64,
    pub fields: u64,
    pub tags: u64,
    pub lists: u64,
    /// Contacts that it changed, without a record of anything that was there before.
    pub unknown: u64,
}

impl UndoPlan {
    /// Its parts in words, each with how many; `deletes` is whether the service can delete contacts.
    pub fn told(&self, deletes: bool) -> Vec<(u64, &'static str, &'static str)> {
        let parts = [
            (
                if deletes { self.created } else { 0 },
                "created contact",
                "would be deleted, but for those that somebody changed since",
            ),
            (self.changed, "changed contact", "would be put back"),
            (self.fields, "field", "in them"),
            (self.tags, "tag", "in them"),
            (self.lists, "membership of a list", "in them"),
            (
                if deletes { 0 } else { self.created },
                "created contact",
                "would stay: this service can't delete contacts",
            ),
            (self.in_part, "of these", "would be put back in part: nobody knows all that was there before"),
            (self.unknown, "changed contact", "would stay: nobody knows what was there before"),
        ];
        parts.into_iter().filter(|(n, ..)| *n > 0).collect()
    }

    /// Whether anything at all can be put back.
    pub const fn is_possible(&self, deletes: bool) -> bool {
        self.changed > 0 || (deletes && self.created > 0)
    }
}

/// What can be put back of a run at this service, and the calls that it takes at most, where each is made once.
pub async fn undo_plan(ledger: &LedgerHandle, run: &Run, service: &dyn Service) -> Result<(UndoPlan, u64)> {
    let contacts = changed(ledger, run).await?;
    let asks = contacts.iter().any(|contact| asks_for_definitions(contact, service.capabilities()));
    let calls = u64::from(asks) + contacts.iter().map(|contact| calls_at_most(contact, service)).sum::<u64>();
    Ok((what_is_put_back(contacts), calls))
}

/// What can be put back of a run, wherever that is.
pub async fn undo_parts(ledger: &LedgerHandle, run: &Run) -> Result<UndoPlan> {
    Ok(what_is_put_back(changed(ledger, run).await?))
}

fn what_is_put_back(contacts: Vec<ChangedContact>) -> UndoPlan {
    let mut plan = UndoPlan::default();
    for contact in contacts {
        let parts = contact.fields.len() + contact.tags.len() + contact.lists.len();
        if contact.created {
            plan.created += 1;
        } else if parts == 0 {
            plan.unknown += u64::from(!contact.unknown.is_empty());
        } else {
            plan.changed += 1;
            plan.in_part += u64::from(!contact.unknown.is_empty());
            plan.fields += contact.fields.len() as u64;
            plan.tags += contact.tags.len() as u64;
            plan.lists += contact.lists.len() as u64;
        }
    }
    plan
}

/// Whether the account's custom fields are listed first: contacts may show a field under another name than the
/// one that is remembered.
pub fn asks_for_definitions(contact: &ChangedContact, can: &Capabilities) -> bool {
    let has_custom = contact.fields.keys().any(|field| field.custom_name().is_some());
    can.fields_defined && if contact.created { can.delete } else { has_custom }
}

/// Calls that putting one contact back takes at most, where each is made once and it is as the run left it.
fn calls_at_most(contact: &ChangedContact, service: &dyn Service) -> u64 {
    let can = service.capabilities();
    let by_id = can.read || can.find_by.contains(&IdentifierKind::Id);
    let looks = if by_id { 1 } else { can.find_by.len() } + usize::from(can.tags_read);
    if contact.created {
        return if can.delete { looks as u64 + 1 } else { 0 };
    }
    let as_left = contact.as_left();
    let (desired, _) = three_way(contact, &as_left, can);
    let terms = Terms {
        mode: ImportMode::Update,
        replace_custom: false,
        mapped: &[],
        capabilities: can,
        limits: service.limits(),
        fields: service.fields(),
    };
    let observed = SnapshotObserved { snapshot: &as_left, tags_ignore_case: can.tags_ignore_case };
    let writes = match decide(&desired, Some(&observed), &terms) {
        Decision::Steps { steps, .. } => steps.len(),
        Decision::Unchanged { .. } => 0,
        _ => 1,
    };
    // Somebody else may have one of the values by now: whoever it is is looked up.
    let is_found_by = |kind: &&IdentifierKind| contact.fields.contains_key(&Field::new(kind.name()));
    let holders = can.find_by.iter().filter(is_found_by).count();
    (looks + writes + holders) as u64
}
