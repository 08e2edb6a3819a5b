use std::collections::HashSet;
use std::sync::Arc;

use super::caller::{Caller, Ended, Reached};
use crate::contact::{Call, Cursor, FieldDefinition, Filter, RemoteId, Snapshot};
use crate::error::{Error, Result};
use crate::services::{Page, Reply};

/// A listing of contacts, page by page, each contact once.
///
/// Contacts that move while pages are read may come twice (the second is dropped) or be missed:
/// [`Pages::short_of`] compares with the total the service told last.
pub struct Pages {
    caller: Arc<Caller>,
    filter: Filter,
    page_size: Option<u32>,
    cursor: Option<Cursor>,
    begun: bool,
    seen: HashSet<RemoteId>,
    total: Option<u64>,
    /// A second walk: pages without anything new are to be expected.
    repeating: bool,
}

impl Pages {
    /// A listing from `cursor` on, or from the start.
    pub fn new(caller: Arc<Caller>, filter: Filter, cursor: Option<Cursor>) -> Self {
        let page_size = caller.account.service.limits().page_size.map(|size| size.value);
        Self { begun: false, caller, filter, page_size, cursor, seen: HashSet::new(), total: None, repeating: false }
    }

    /// The next page's new contacts, and where the page after it begins. `None` at the end.
    pub async fn next(&mut self) -> Result<Option<(Vec<Snapshot>, Option<Cursor>)>> {
        if self.begun && self.cursor.is_none() {
            return Ok(None);
        }
        let call = Call::List { filter: self.filter.clone(), cursor: self.cursor.take(), page_size: self.page_size };
        let page: Page<Snapshot> = match self.caller.read(&call).await {
            Reached { ended: Ended::Done(Reply::Contacts(page)), .. } => page,
            reached => return Err(listing_error(&self.caller, &reached, "contacts")),
        };
        self.begun = true;
        self.total = page.total.or(self.total);
        let read = page.items.len();
        let fresh: Vec<Snapshot> =
            page.items.into_iter().filter(|contact| self.seen.insert(contact.id.clone())).collect();
        // A page without anything new, after one that had some, would go round for ever.
        let stuck = fresh.is_empty() && !self.repeating;
        self.cursor = if stuck || read == 0 { None } else { page.next };
        Ok(Some((fresh, self.cursor.clone())))
    }

    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// Begins from the start once more; what was seen stays seen.
    pub fn again(&mut self) {
        self.begun = false;
        self.cursor = None;
        self.repeating = true;
    }

    /// Contacts that a resumed listing has already.
    pub fn already_seen(&mut self, ids: impl IntoIterator<Item = RemoteId>) {
        self.seen.extend(ids);
    }

    /// What the service told a listing that was cut off and is gone on with.
    pub fn already_counted(&mut self, total: Option<u64>) {
        self.total = self.total.or(total);
    }

    /// How many contacts the service counts that the listing did not show.
    pub fn short_of(&self) -> u64 {
        self.total.map_or(0, |total| total.saturating_sub(self.seen.len() as u64))
    }
}

/// The custom fields that the account defines, all pages.
pub async fn list_fields(caller: &Caller) -> Result<Vec<FieldDefinition>> {
    let mut fields = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let before = cursor.clone();
        match caller.read(&Call::ListFields { cursor }).await {
            Reached { ended: Ended::Done(Reply::Fields(page)), .. } => {
                fields.extend(page.items);
                cursor = page.next;
            }
            reached => return Err(listing_error(caller, &reached, "custom fields")),
        }
        if cursor.is_none() || cursor == before {
            return Ok(fields);
        }
    }
}

/// The error for a listing that did not end well.
fn listing_error(caller: &Caller, reached: &Reached, what: &str) -> Error {
    if let Some(halt) = caller.halted() {
        let mut error = Error::stopped(halt.message);
        error.kind = halt.kind;
        return if halt.hint.is_empty() { error } else { error.hint(halt.hint) };
    }
    let said = match &reached.ended {
        Ended::Missing { message }
        | Ended::Exists { message, .. }
        | Ended::Refused { message, .. }
        | Ended::Unreachable { message }
        | Ended::Unclear { message } => message.as_str(),
        Ended::Done(_) => "it answered something else than was asked",
        Ended::Halted => return Error::interrupted(format!("interrupted while reading the {what}")),
    };
    Error::stopped(format!("{} did not list its {what}: {said}", caller.account.service.name()))
}
