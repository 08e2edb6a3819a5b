//! Where a listing goes on.
//!
//! Pages are numbered from 1 and have no certain length, so a listing ends at an empty page. A
//! server that does not know `page` would repeat the first one for ever: the cursor remembers which
//! contacts were on the page before, and a page with the same ones is the end.

use serde_json::Value as Json;

use super::limits::{KEYS_OF_A_PAGE, SHORTEST_PAGE};
use crate::contact::{Cursor, Identifier, Snapshot};
use crate::error::{Error, Result};
use crate::services::Page;

/// Which of the orders of a service goes by what no two contacts share.
const LASTING: usize = 1;

/// What a cursor says: `PAGE SEEN MARK`, or `PAGE:ORDER SEEN MARK` in another order than the usual one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The page to ask for, from 1.
    pub page: u32,
    /// Which of the orders the listing has.
    pub order: usize,
    /// Contacts on the pages before.
    seen: u64,
    /// First and last id of the page before.
    mark: String,
}

impl Place {
    pub(super) fn read(cursor: Option<&Cursor>) -> Result<Self> {
        let Some(Cursor(text)) = cursor else {
            return Ok(Self { page: 1, order: 0, seen: 0, mark: String::new() });
        };
        let mut parts = text.splitn(3, ' ');
        let mut next = || parts.next().unwrap_or_default();
        let (page, order) = match next().split_once(':') {
            Some((page, order)) => (page, order.parse().ok()),
            None => (text.split(' ').next().unwrap_or_default(), Some(0)),
        };
        match (page.parse(), order, next().parse(), next()) {
            (Ok(page), Some(order), Ok(seen), mark) if page > 0 => {
                Ok(Self { page, order, seen, mark: mark.to_owned() })
            }
            _ => Err(Error::bug("a cursor of another service")),
        }
    }

    /// Where a look-up by a filter is. One that may go over several pages has an order in which none of its
    /// contacts are equal, lest some of them be on no page.
    pub(super) fn read_of_find(identifiers: &[Identifier], cursor: Option<&Cursor>) -> Result<Self> {
        let place = Self::read(cursor)?;
        let order = if cursor.is_none() && identifiers.len() > KEYS_OF_A_PAGE { LASTING } else { place.order };
        Ok(Self { order, ..place })
    }

    fn after(&self, items: &[Snapshot]) -> Option<Cursor> {
        let mark = mark(items);
        if items.is_empty() || mark == self.mark {
            return None;
        }
        let seen = self.seen.saturating_add(items.len() as u64);
        let order = if self.order == 0 { String::new() } else { format!(":{}", self.order) };
        Some(Cursor(format!("{}{order} {seen} {mark}", self.page.saturating_add(1))))
    }

    /// A page of a listing: another follows unless this one is empty or repeats the one before.
    pub(super) fn of_list(&self, items: Vec<Snapshot>, meta: &Json) -> Page<Snapshot> {
        Page { next: self.after(&items), total: number(meta.get("count")), items }
    }

    /// A page of a look-up, where one more call for an empty page would double the cost.
    ///
    /// `meta.has_more` decides where it is told. Otherwise a page is the last one if `meta.count`
    /// has been reached; for a search, whose count may be that of the page alone, it must also be
    /// shorter than any full page.
    pub(super) fn of_find(&self, items: Vec<Snapshot>, meta: &Json, exact_count: bool) -> Page<Snapshot> {
        let seen = self.seen.saturating_add(items.len() as u64);
        let full = items.len() >= SHORTEST_PAGE;
        let more = match (meta.get("has_more").and_then(Json::as_bool), number(meta.get("count"))) {
            (Some(told), _) => told,
            (None, Some(count)) => count > seen || (full && !exact_count),
            (None, None) => full,
        };
        Page { next: if more { self.after(&items) } else { None }, total: None, items }
    }
}

fn mark(items: &[Snapshot]) -> String {
    match (items.first(), items.last()) {
        (Some(first), Some(last)) => format!("{}-{}", first.id, last.id),
        _ => String::new(),
    }
}

/// A count written as a number or as text.
fn number(value: Option<&Json>) -> Option<u64> {
    match value? {
        Json::Number(number) => number.as_u64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}
