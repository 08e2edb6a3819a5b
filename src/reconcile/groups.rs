use std::collections::VecDeque;

use super::identify::has;
use super::machine::Reconciliation;
use crate::contact::{Identifier, Snapshot};

/// Rows that one look-up may span: enough to fill it where few rows want one.
const SPAN: u64 = 1024;

/// Packs the look-ups of rows, in the file's order, into as few calls as the service takes. A value
/// without a clock, so that a plan packs exactly as an import does.
#[derive(Clone, Debug)]
pub struct LookupGroups {
    /// Identifiers that one look-up takes.
    room: usize,
    load: usize,
    forming: Vec<u64>,
    full: VecDeque<Vec<u64>>,
}

impl LookupGroups {
    /// No group yet; one look-up takes so many identifiers, at least one.
    pub fn new(identifiers_per_find: usize) -> Self {
        Self { room: identifiers_per_find.max(1), load: 0, forming: Vec::new(), full: VecDeque::new() }
    }

    /// A row, by its index, that wants so many identifiers looked up.
    pub fn add(&mut self, row: u64, identifiers: usize) {
        let first = self.forming.first().copied().unwrap_or(row);
        if self.load + identifiers > self.room || row - first >= SPAN {
            self.close();
        }
        self.load += identifiers;
        self.forming.push(row);
        if self.load >= self.room {
            self.close();
        }
    }

    /// Every row up to this one has come: none of them is added any more.
    pub fn passed(&mut self, row: u64) {
        if self.forming.first().is_some_and(|first| row.saturating_sub(*first) >= SPAN) {
            self.close();
        }
    }

    /// No row comes any more: the group under way is as full as it gets.
    pub fn close(&mut self) {
        if !self.forming.is_empty() {
            self.full.push_back(std::mem::take(&mut self.forming));
            self.load = 0;
        }
    }

    /// The next group that is ready to be looked up.
    pub fn take_ready(&mut self) -> Option<Vec<u64>> {
        self.full.pop_front()
    }

    /// The group that [`Self::take_ready`] would give.
    pub fn first_ready(&self) -> &[u64] {
        self.full.front().map_or(&[], Vec::as_slice)
    }

    /// Whether [`Self::take_ready`] would give a group.
    pub fn has_ready(&self) -> bool {
        !self.full.is_empty()
    }
}

/// Groups of questions that fit into one look-up each, in order.
pub fn pack<T>(questions: Vec<(T, Vec<Identifier>)>, identifiers_per_find: usize) -> Vec<Vec<(T, Vec<Identifier>)>> {
    let room = identifiers_per_find.max(1);
    let mut groups: Vec<Vec<(T, Vec<Identifier>)>> = Vec::new();
    let mut load = 0;
    for question in questions {
        let size = question.1.len();
        match groups.last_mut() {
            Some(group) if load + size <= room => {
                load += size;
                group.push(question);
            }
            _ => {
                load = size;
                groups.push(vec![question]);
            }
        }
    }
    groups
}

/// One look-up that is made for several rows at once.
#[derive(Clone, Debug)]
pub struct SharedLookup {
    /// The rows it is for, by their place among those asked about, and what each wants looked up.
    rows: Vec<(usize, Vec<Identifier>)>,
}

impl SharedLookup {
    /// What those of `rows` that still find out whom they are about want looked up next, in as few
    /// look-ups as they fit into. None if each of them knows.
    pub fn next_of<'a>(
        rows: impl IntoIterator<Item = &'a Reconciliation>,
        identifiers_per_find: usize,
    ) -> Vec<SharedLookup> {
        let wanted = rows.into_iter().map(|row| row.to_identify().to_vec()).enumerate();
        let wanted = wanted.filter(|(_, identifiers)| !identifiers.is_empty()).collect();
        pack(wanted, identifiers_per_find).into_iter().map(|rows| SharedLookup { rows }).collect()
    }

    /// The same for its first rows and for the others; `None` of one row.
    pub fn halves(&self) -> Option<[SharedLookup; 2]> {
        if self.rows.len() < 2 {
            return None;
        }
        let (first, others) = self.rows.split_at(self.rows.len() / 2);
        Some([first, others].map(|rows| SharedLookup { rows: rows.to_vec() }))
    }

    /// All that it asks for.
    pub fn identifiers(&self) -> Vec<Identifier> {
        self.rows.iter().flat_map(|(_, wanted)| wanted.iter().cloned()).collect()
    }

    /// For each row that it is for: its place, and those of the contacts found that are its own.
    pub fn shares<'a>(&'a self, found: &'a [Snapshot]) -> impl Iterator<Item = (usize, Vec<Snapshot>)> + 'a {
        self.rows.iter().map(move |(at, wanted)| {
            let is_own = |contact: &&Snapshot| wanted.iter().any(|identifier| has(contact, identifier));
            (*at, found.iter().filter(is_own).cloned().collect())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(groups: &mut LookupGroups) -> Vec<Vec<u64>> {
        std::iter::from_fn(|| groups.take_ready()).collect()
    }

    #[test]
    fn rows_are_packed_in_order_and_no_group_is_above_the_room() {
        let mut groups = LookupGroups::new(5);
        for row in 0..4 {
            groups.add(row, 2);
        }
        assert_eq!(all(&mut groups), [vec![0, 1]]);
        groups.close();
        assert_eq!(all(&mut groups), [vec![2, 3]]);
    }

    #[test]
    fn a_row_that_wants_more_than_there_is_room_for_is_a_group_of_its_own() {
        let mut groups = LookupGroups::new(2);
        groups.add(0, 1);
        groups.add(1, 2);
        assert_eq!(all(&mut groups), [vec![0], vec![1]]);
    }

    #[test]
    fn what_is_refused_in_one_look_up_is_asked_in_two() {
        let rows = (0..3).map(|at| (at, vec![Identifier::new(crate::contact::IdentifierKind::Phone, at.to_string())]));
        let lookup = SharedLookup { rows: rows.collect() };
        let [first, others] = lookup.halves().unwrap();
        let asked = |lookup: &SharedLookup| lookup.identifiers().into_iter().map(|one| one.value).collect::<Vec<_>>();
        assert_eq!((asked(&first), asked(&others)), (vec!["0".to_owned()], vec!["1".to_owned(), "2".to_owned()]));
        assert!(first.halves().is_none(), "one row's question stays whole");
    }

    #[test]
    fn a_group_does_not_wait_for_rows_that_are_far_away() {
        let mut groups = LookupGroups::new(10);
        groups.add(0, 1);
        groups.passed(SPAN - 1);
        assert!(!groups.has_ready());
        groups.passed(SPAN);
        assert_eq!(all(&mut groups), [vec![0]]);
    }
}
