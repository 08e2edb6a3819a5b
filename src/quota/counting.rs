use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::contact::CallKind;
use crate::services::QuotaHint;

/// Answers in a row that have to speak for counting apart, each of them where counting together would probably
/// have shown itself.
const ENOUGH: u32 = 40;
/// Of those, answers that tell of more than one call: a count that never moves says nothing.
const MOVED: u32 = 5;

/// Finds out by the headers of an account whether its service counts the calls of each operation by themselves.
///
/// An answer tells how many calls of the window are used. If operations are counted apart, those are never more
/// than this operation's own calls; counted together, they often are, in fixed windows and in sliding ones. So
/// many answers without one that has more are taken as shown; a single one that has more, or a refusal, settles
/// the contrary for good. Somebody else's calls on the account look like counting together, which costs time and
/// no refusal.
#[derive(Debug)]
pub(super) struct Counting {
    window: Duration,
    /// Calls of the last two windows, as they left.
    left: VecDeque<(Instant, CallKind)>,
    agreeing: u32,
    moved: u32,
    settled: Option<Counted>,
}

/// How a service counts calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// All calls together.
    Together,
    /// Those of each operation by themselves.
    Apart,
}

impl Counting {
    /// `possible`: somebody says that operations are counted apart.
    pub(super) fn new(window: Duration, possible: bool) -> Self {
        let settled = (!possible).then_some(Counted::Together);
        Self { window, left: VecDeque::new(), agreeing: 0, moved: 0, settled }
    }

    /// Together, as long as nothing else is shown.
    pub(super) fn counted(&self) -> Counted {
        self.settled.unwrap_or(Counted::Together)
    }

    pub(super) fn left(&mut self, operation: CallKind, at: Instant) {
        if self.settled == Some(Counted::Together) {
            return;
        }
        while self.left.front().is_some_and(|(then, _)| at.duration_since(*then) > self.window * 2) {
            self.left.pop_front();
        }
        self.left.push_back((at, operation));
    }

    /// What an answer told about the quota, to a call that left at `left`.
    pub(super) fn answered(&mut self, operation: CallKind, left: Instant, hint: &QuotaHint, refused: bool) {
        if self.settled == Some(Counted::Together) {
            return;
        }
        if refused {
            self.settled = Some(Counted::Together);
            return;
        }
        let (Some(limit), Some(remaining)) = (hint.limit, hint.remaining) else { return };
        let used = limit.saturating_sub(remaining);
        // As many as the service can have counted, if it counts apart; as it is somewhat later there, some more.
        let earliest = left.checked_sub(self.window + self.window / 10);
        let since = |then: &Instant, from: Option<Instant>| from.is_none_or(|from| *then >= from);
        let own = self.left.iter().filter(|(then, of)| *of == operation && since(then, earliest)).count();
        if used as usize > own.max(1) {
            self.settled = Some(Counted::Together);
            return;
        }
        let within = left.checked_sub(self.window * 9 / 10);
        let all = self.left.iter().filter(|(then, _)| *then <= left && since(then, within)).count();
        if self.settled.is_none() && all > own {
            self.agreeing += 1;
            self.moved += u32::from(used > 1);
            if self.agreeing >= ENOUGH && self.moved >= MOVED {
                self.settled = Some(Counted::Apart);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);
    const TWO: [CallKind; 2] = [CallKind::Create, CallKind::AddTags];

    /// Calls of two operations in turn, five a second, to a service whose fixed windows begin `offset` after the
    /// first; what is found out, and after how many calls.
    fn found(apart: bool, sliding: bool, offset: u64, others: u32) -> (Option<Counted>, u32) {
        let begun = crate::clock::now();
        let mut counting = Counting::new(SECOND, true);
        let mut calls: Vec<(Instant, CallKind)> = Vec::new();
        for n in 0..400_u32 {
            let (now, operation) = (begun + Duration::from_micros(204_800) * n, TWO[n as usize % 2]);
            counting.left(operation, now);
            calls.push((now, operation));
            let window = |at: Instant| (at - begun + Duration::from_millis(1000 - offset)).as_secs();
            let counts = |then: Instant| if sliding { now - then < SECOND } else { window(then) == window(now) };
            let used = calls.iter().filter(|(then, of)| counts(*then) && (!apart || *of == operation)).count();
            let used = u32::try_from(used).unwrap() + others;
            let hint =
                QuotaHint { limit: Some(5), remaining: Some(5_u32.saturating_sub(used)), ..QuotaHint::default() };
            counting.answered(operation, now, &hint, false);
            if counting.settled.is_some() {
                return (counting.settled, n);
            }
        }
        (counting.settled, 400)
    }

    #[test]
    fn what_headers_show_is_found_out_in_windows_of_each_kind() {
        for sliding in [false, true] {
            for offset in [0, 137, 500, 999] {
                let (counted, calls) = found(true, sliding, offset, 0);
                assert_eq!(counted, Some(Counted::Apart), "{sliding} {offset}");
                assert!((ENOUGH..200).contains(&calls), "{calls}");
                assert_eq!(found(false, sliding, offset, 0).0, Some(Counted::Together), "{sliding} {offset}");
            }
        }
        // Somebody else calls as well.
        assert_eq!(found(true, true, 0, 2).0, Some(Counted::Together));
    }

    #[test]
    fn a_count_that_stands_still_or_is_not_told_shows_nothing() {
        let now = crate::clock::now();
        for remaining in [Some(4), None] {
            let mut counting = Counting::new(SECOND, true);
            for n in 0..400 {
                let (at, operation) = (now + Duration::from_millis(205) * n, TWO[n as usize % 2]);
                counting.left(operation, at);
                let hint = QuotaHint { limit: Some(5), remaining, ..QuotaHint::default() };
                counting.answered(operation, at, &hint, false);
            }
            assert_eq!((counting.settled, counting.counted()), (None, Counted::Together));
        }
    }

    #[test]
    fn a_refusal_settles_that_calls_are_counted_together() {
        let mut counting = Counting::new(SECOND, true);
        counting.settled = Some(Counted::Apart);
        counting.answered(CallKind::Find, crate::clock::now(), &QuotaHint::default(), true);
        assert_eq!(counting.counted(), Counted::Together);
        assert_eq!(Counting::new(SECOND, false).counted(), Counted::Together);
    }
}
