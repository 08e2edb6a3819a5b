use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::contact::{Field, Outcome, RemoteId, Snapshot, Value};
use crate::error::Result;
use crate::journal::{BeforeImage, Change};
use crate::ledger::{LedgerHandle, Run};

/// What is not known of a contact of which nothing was recorded.
const ALL_OF_IT: &str = "all of it";

/// What a run did to one contact, all its changes taken together.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangedContact {
    pub id: RemoteId,
    /// The first row that led to it.
    row: u64,
    pub created: bool,
    pub fields: BTreeMap<Field, Replaced>,
    /// By name: whether the contact had the tag before the run, and after it.
    pub tags: BTreeMap<String, Had>,
    pub lists: BTreeMap<String, Had>,
    /// What was changed without anybody knowing what was there before, by name.
    pub unknown: BTreeSet<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Replaced {
    pub before: Value,
    pub after: Value,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Had {
    pub before: bool,
    pub after: bool,
}

/// What a run did to each contact, in the order of its rows.
pub async fn changed(ledger: &LedgerHandle, run: &Run) -> Result<Vec<ChangedContact>> {
    let mut by_id: HashMap<RemoteId, ChangedContact> = HashMap::new();
    let mut after = 0;
    loop {
        let images: Vec<BeforeImage> = ledger.before_images(&run.id, after, 4096).await?;
        if images.is_empty() {
            break;
        }
        after += images.len();
        for image in images {
            let contact = by_id
                .entry(image.contact_id.clone())
                .or_insert_with(|| ChangedContact::new(image.contact_id, image.row));
            contact.row = contact.row.min(image.row);
            contact.add_earlier(image.change);
        }
    }
    without_record(ledger, run, &mut by_id).await?;
    let mut contacts: Vec<ChangedContact> = by_id.into_values().collect();
    contacts.sort_by(|one, other| (one.row, &one.id).cmp(&(other.row, &other.id)));
    Ok(contacts)
}

/// Adds the contacts that rows of the run updated and of which nothing was recorded.
async fn without_record(ledger: &LedgerHandle, run: &Run, by_id: &mut HashMap<RemoteId, ChangedContact>) -> Result<()> {
    let mut from = 0;
    loop {
        let rows = ledger.rows(&run.id, from, 4096).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        from = last + 1;
        for (row, record) in rows {
            if let (Outcome::Updated, Some(id)) = (record.outcome, record.contact_id) {
                by_id.entry(id.clone()).or_insert_with(|| ChangedContact {
                    unknown: BTreeSet::from([ALL_OF_IT.to_owned()]),
                    ..ChangedContact::new(id, row)
                });
            }
        }
    }
}

impl ChangedContact {
    fn new(id: RemoteId, row: u64) -> Self {
        Self {
            id,
            row,
            created: false,
            fields: BTreeMap::new(),
            tags: BTreeMap::new(),
            lists: BTreeMap::new(),
            unknown: BTreeSet::new(),
        }
    }

    /// What the run left of what it changed.
    pub fn as_left(&self) -> Snapshot {
        let has = |names: &BTreeMap<String, Had>| {
            names.iter().filter(|(_, had)| had.after).map(|(name, _)| name.clone()).collect::<Vec<_>>()
        };
        Snapshot {
            fields: self.fields.iter().map(|(field, replaced)| (field.clone(), replaced.after.clone())).collect(),
            tags: Some(has(&self.tags)),
            lists: Some(has(&self.lists)),
            ..Snapshot::new(self.id.clone())
        }
    }

    /// Takes a change that came before those taken so far.
    fn add_earlier(&mut self, change: Change) {
        match change {
            Change::Created => self.created = true,
            Change::Field { field, before, after } => {
                self.fields
                    .entry(field)
                    .and_modify(|replaced| replaced.before = before.clone())
                    .or_insert(Replaced { before: before.clone(), after });
            }
            Change::TagAdded(tag) => had(&mut self.tags, tag, false),
            Change::TagRemoved(tag) => had(&mut self.tags, tag, true),
            Change::ListAdded(list) => had(&mut self.lists, list, false),
            Change::ListRemoved(list) => had(&mut self.lists, list, true),
            Change::Unknown(what) => drop(self.unknown.insert(what)),
        }
        // What was there before all of the run's changes is not known, so none of them is put back.
        self.fields.retain(|field, _| !self.unknown.contains(field.name()));
    }
}

fn had(names: &mut BTreeMap<String, Had>, name: String, before: bool) {
    names.entry(name).and_modify(|had| had.before = before).or_insert(Had { before, after: !before });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_changes_of_a_contact_are_one_from_what_was_first_to_what_was_last() {
        let mut contact = ChangedContact::new(RemoteId("7".into()), 3);
        let text = |text: &str| Value::Text(text.to_owned());
        let city = Field::new("city");
        let tier = Field::new("custom.tier");
        // Latest first, as the ledger tells them.
        for change in [
            Change::Field { field: city.clone(), before: text("b"), after: text("c") },
            Change::Field { field: tier.clone(), before: text("y"), after: text("z") },
            Change::TagRemoved("vip".into()),
            Change::Field { field: city.clone(), before: text("a"), after: text("b") },
            Change::TagAdded("vip".into()),
            Change::Unknown("custom.tier".into()),
        ] {
            contact.add_earlier(change);
        }
        assert_eq!(contact.fields, BTreeMap::from([(city, Replaced { before: text("a"), after: text("c") })]));
        assert_eq!(contact.tags, BTreeMap::from([("vip".to_owned(), Had { before: false, after: false })]));
        assert_eq!(contact.unknown, BTreeSet::from(["custom.tier".to_owned()]));
    }
}
