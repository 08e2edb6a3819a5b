use std::sync::Arc;

use super::caller::Caller;
use super::pages::{Listed, list_page};
use super::walk::{Completeness, Walk};
use crate::contact::{Cursor, Filter, Snapshot};
use crate::error::Result;

/// A listing of an account's contacts: the one way in which every command lists. [`Walk`] says which
/// page comes next and what may be claimed in the end; this asks for it.
pub struct Listing {
    caller: Arc<Caller>,
    filter: Filter,
    walk: Walk,
}

/// What came next.
#[derive(Debug)]
pub enum Turned {
    Page(ListedPage),
    /// The service does not know any more where the listing was, so that it begins again.
    BeganAgain,
}

/// One page, in the pass that it was read in.
#[derive(Debug)]
pub struct ListedPage {
    pub pass: usize,
    pub contacts: Vec<Snapshot>,
    /// Of each of them, whether no page before it had it, in any pass.
    pub first: Vec<bool>,
    /// What the service counted in all.
    pub total: Option<u64>,
    pub next: Option<Cursor>,
}

impl Listing {
    pub fn new(caller: Arc<Caller>, filter: Filter) -> Self {
        let walk = Walk::new(caller.account.service.capabilities().list_starts);
        Self::going_on(caller, filter, walk)
    }

    /// The same, from where an earlier walk was cut off.
    pub fn going_on(caller: Arc<Caller>, filter: Filter, walk: Walk) -> Self {
        Self { caller, filter, walk }
    }

    pub fn walk(&self) -> &Walk {
        &self.walk
    }

    pub fn completeness(&self) -> Option<Completeness> {
        self.walk.completeness()
    }

    /// The next page; `None` once there is a verdict.
    ///
    /// # Errors
    /// The service refused to list, or can't be reached, or the run is stopping.
    pub async fn next(&mut self) -> Result<Option<Turned>> {
        let Some(cursor) = self.walk.next() else { return Ok(None) };
        let pass = self.walk.pass();
        let page = match list_page(&self.caller, &self.filter, cursor).await? {
            Listed::Page(page) => page,
            Listed::Refused(_) if self.walk.stale() => return Ok(Some(Turned::BeganAgain)),
            Listed::Refused(error) => return Err(error),
        };
        let first = self.walk.page(page.items.iter().map(|contact| &contact.id), page.total, page.next.clone());
        Ok(Some(Turned::Page(ListedPage { pass, contacts: page.items, first, total: page.total, next: page.next })))
    }
}
