use super::id_set::IdSet;
use crate::contact::{Cursor, RemoteId};

/// Passes after which a listing that never stood still is given up.
const MOST_PASSES: usize = 6;
/// Pages in a row without anything new after which a pass is taken to go round.
const SAME_PAGES: u32 = 3;

/// A listing, page by page and pass by pass, until it is sure that nobody was missed.
///
/// Pages that are counted from the start shift when a contact before them goes, and contacts that are
/// equal by the order may come on two pages or on none. No order prevents both, so what is claimed
/// rests on this alone: a pass showed as many contacts as the service counted at its end, and every
/// one of them was seen again by the last pass. Then all of them were there at that end, and nobody else was.
/// A page that holds all there is needs no second look. Where the service doesn't count, two passes that
/// show the same are the most that can be had.
///
/// A plain value: it asks for pages by [`Walk::next`], is told what they held, and touches nothing.
#[derive(Debug)]
pub struct Walk {
    /// Where a pass begins, one for each order that the service has.
    starts: Vec<Option<Cursor>>,
    passes: Vec<Pass>,
    /// Which of the orders the pass under way has, counted on and on.
    order: usize,
    cursor: Option<Cursor>,
    verdict: Option<Completeness>,
    /// Whether a page was read since the last stale cursor.
    went_on: bool,
}

#[derive(Debug, Default)]
struct Pass {
    ids: IdSet,
    /// What the service counted last.
    total: Option<u64>,
    pages: u32,
    /// Pages without anything new, in a row.
    same: u32,
    ended: bool,
    /// The first page held all there was.
    at_once: bool,
}

/// What a finished listing may claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// All `total` contacts that there were at one moment.
    Sure { total: u64 },
    /// Every page was read in each of `passes` passes, and the service doesn't count. `same`: the last two
    /// showed the same contacts, or one page held them all.
    Uncounted { passes: usize, same: bool },
    /// In each of `passes` passes some came, went or moved, or fewer came than the service counted.
    Moved { passes: usize, total: u64 },
}

impl Completeness {
    /// Whether nobody can have been missed, as far as a service lets that be known.
    pub fn is_sure(self) -> bool {
        matches!(self, Self::Sure { .. } | Self::Uncounted { same: true, .. })
    }
}

impl Walk {
    /// A walk of a service whose listing can begin at each of `starts`, each in another order; the
    /// first is the usual one.
    pub fn new(starts: &[&str]) -> Self {
        let others = starts.iter().map(|start| Some(Cursor((*start).to_owned())));
        let starts = std::iter::once(None).chain(others).collect();
        Self { starts, passes: vec![Pass::default()], order: 0, cursor: None, verdict: None, went_on: false }
    }

    /// The page to ask for; `None` once there is a verdict.
    pub fn next(&self) -> Option<Option<Cursor>> {
        self.verdict.is_none().then(|| self.cursor.clone())
    }

    /// The number of the pass that is under way, from 0.
    pub fn pass(&self) -> usize {
        self.passes.len() - 1
    }

    pub fn completeness(&self) -> Option<Completeness> {
        self.verdict
    }

    /// What the service counted last.
    pub fn total(&self) -> Option<u64> {
        self.passes.iter().rev().find_map(|pass| pass.total)
    }

    /// Takes in the page that was asked for, and tells of each of its contacts whether none before was it, in any
    /// pass.
    pub fn page<'a>(
        &mut self,
        ids: impl IntoIterator<Item = &'a RemoteId>,
        total: Option<u64>,
        next: Option<Cursor>,
    ) -> Vec<bool> {
        self.went_on = true;
        let Some((pass, before)) = self.passes.split_last_mut() else { return Vec::new() };
        let (mut fresh, mut first) = (0_u64, Vec::new());
        for id in ids {
            let is_fresh = pass.ids.insert(id);
            fresh += u64::from(is_fresh);
            first.push(is_fresh && before.iter().all(|pass| !pass.ids.contains(id)));
        }
        let read = first.len();
        pass.total = total.or(pass.total);
        pass.pages += 1;
        pass.same = if fresh == 0 { pass.same + 1 } else { 0 };
        pass.at_once =
            if pass.pages == 1 { total.is_none_or(|total| total == fresh) } else { pass.at_once && fresh == 0 };
        self.cursor = next.filter(|_| read > 0 && pass.same < SAME_PAGES);
        if self.cursor.is_none() {
            pass.ended = true;
            self.judge();
        }
        first
    }

    /// The service doesn't know the cursor any more: the pass begins again. False if a page can't be
    /// had for another reason: it was the first of a pass, or the same happened just before.
    pub fn stale(&mut self) -> bool {
        if self.cursor == self.start() || !self.went_on || self.passes.len() >= 2 * MOST_PASSES {
            return false;
        }
        self.went_on = false;
        // What the broken pass saw was there, though it can't say that it saw all.
        self.begin();
        true
    }

    /// Takes in a page of an earlier run, which said in which pass it was read.
    pub fn again<'a>(
        &mut self,
        pass: usize,
        ids: impl IntoIterator<Item = &'a RemoteId>,
        total: Option<u64>,
        next: Option<Cursor>,
    ) {
        while self.pass() < pass && self.passes.len() < 2 * MOST_PASSES {
            self.begin();
        }
        self.page(ids, total, next);
    }

    /// Whether a contact that was read at some time is one of those that the verdict is about: where
    /// that is sure, those of the last pass.
    pub fn holds(&self, id: &RemoteId) -> bool {
        let sure = matches!(self.verdict, Some(Completeness::Sure { .. }));
        !sure || self.passes.last().is_some_and(|pass| pass.ids.contains(id))
    }

    /// Whether [`Self::holds`] is so for all that were read.
    pub fn holds_all(&self) -> bool {
        let sure = matches!(self.verdict, Some(Completeness::Sure { .. }));
        let Some((last, before)) = self.passes.split_last().filter(|_| sure) else { return true };
        before.iter().all(|pass| pass.ids.is_subset(&last.ids))
    }

    /// Where the pass under way begins.
    fn start(&self) -> Option<Cursor> {
        match self.order.checked_sub(1) {
            // The usual order comes first; after it the others take turns.
            Some(later) if self.starts.len() > 1 => self.starts[1 + later % (self.starts.len() - 1)].clone(),
            _ => None,
        }
    }

    fn begin(&mut self) {
        self.passes.push(Pass::default());
        self.cursor = self.start();
    }

    fn judge(&mut self) {
        let Some(last) = self.passes.last() else { return };
        let ended = self.passes.iter().filter(|pass| pass.ended).count();
        self.verdict = match (last.total, self.proven()) {
            (_, Some(proven)) => Some(Completeness::Sure { total: self.passes[proven].ids.len() }),
            (None, None) if last.at_once || self.repeated() => {
                Some(Completeness::Uncounted { passes: ended, same: true })
            }
            (None, None) if ended >= MOST_PASSES => Some(Completeness::Uncounted { passes: ended, same: false }),
            (Some(total), None) if ended >= MOST_PASSES => Some(Completeness::Moved { passes: ended, total }),
            (_, None) => None,
        };
        if self.verdict.is_none() {
            self.order += 1;
            self.begin();
        }
    }

    /// Whether the last pass showed the same contacts as the one before it that came to its end.
    fn repeated(&self) -> bool {
        let mut ended = self.passes.iter().rev().filter(|pass| pass.ended);
        matches!((ended.next(), ended.next()), (Some(last), Some(before)) if last.ids == before.ids)
    }

    /// Whether a pass has come to its end.
    pub fn has_passed(&self) -> bool {
        self.passes.iter().any(|pass| pass.ended)
    }

    /// How many contacts the service counts that the last pass to its end did not show.
    pub fn short_of(&self) -> u64 {
        let pass = self.passes.iter().rev().find(|pass| pass.ended);
        pass.and_then(|pass| Some(pass.total?.saturating_sub(pass.ids.len()))).unwrap_or_default()
    }

    /// The newest pass that showed as many as were counted at its end, all of whom the last one has too.
    fn proven(&self) -> Option<usize> {
        let (last, before) = self.passes.split_last()?;
        let counted = |pass: &Pass| pass.ended && pass.total == Some(pass.ids.len());
        if last.at_once && counted(last) {
            return Some(before.len());
        }
        (0..before.len()).rev().find(|&at| counted(&before[at]) && before[at].ids.is_subset(&last.ids))
    }
}

#[cfg(test)]
mod tests;
