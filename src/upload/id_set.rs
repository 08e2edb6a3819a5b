use std::collections::BTreeSet;

use roaring::RoaringBitmap;

use crate::contact::RemoteId;

/// Enough of a hash to tell contacts apart: an id has no longest length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mark([u8; 16]);

impl Mark {
    pub fn of(id: &RemoteId) -> Self {
        let mut mark = [0; 16];
        mark.copy_from_slice(&blake3::hash(id.0.as_bytes()).as_bytes()[..16]);
        Self(mark)
    }
}

/// Ids of contacts, in little room: numbers below 2^32, as most services give them one after the other, take a bit
/// each where they stand close together and six bytes where they don't, others 8 bytes, and any other id 16. None
/// of it is ever moved to twice the room, as a hash table is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct IdSet {
    small: RoaringBitmap,
    large: BTreeSet<u64>,
    marks: BTreeSet<Mark>,
}

impl IdSet {
    /// Adds an id; false if it is there already.
    pub fn insert(&mut self, id: &RemoteId) -> bool {
        match Held::of(id) {
            Held::Small(number) => self.small.insert(number),
            Held::Large(number) => self.large.insert(number),
            Held::Mark(mark) => self.marks.insert(mark),
        }
    }

    pub fn contains(&self, id: &RemoteId) -> bool {
        match Held::of(id) {
            Held::Small(number) => self.small.contains(number),
            Held::Large(number) => self.large.contains(&number),
            Held::Mark(mark) => self.marks.contains(&mark),
        }
    }

    pub fn len(&self) -> u64 {
        self.small.len() + (self.large.len() + self.marks.len()) as u64
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn is_subset(&self, other: &Self) -> bool {
        self.small.is_subset(&other.small) && self.large.is_subset(&other.large) && self.marks.is_subset(&other.marks)
    }
}

/// How a set holds an id.
enum Held {
    Small(u32),
    Large(u64),
    Mark(Mark),
}

impl Held {
    /// A number is an id that is written as a number is, and no other: `07` is not the `7` of somebody else.
    fn of(id: &RemoteId) -> Self {
        let is_plain = id.0 == "0" || id.0.starts_with(|first: char| ('1'..='9').contains(&first));
        match id.0.parse::<u64>().ok().filter(|_| is_plain) {
            Some(number) => u32::try_from(number).map_or(Self::Large(number), Self::Small),
            None => Self::Mark(Mark::of(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_every_kind_are_told_apart() {
        let limits = ["4294967295", "4294967296", "18446744073709551615", "18446744073709551616"];
        let ids = ["7", "07", "+7", "0", "", "-1", "c7", " 7"].into_iter().chain(limits);
        let mut set = IdSet::default();
        assert!(set.is_empty());
        for (count, id) in (0_u64..).zip(ids) {
            let id = RemoteId(id.to_owned());
            assert!(!set.contains(&id), "{id:?}");
            assert!(set.insert(&id) && !set.insert(&id) && set.contains(&id), "{id:?}");
            assert_eq!(set.len(), count + 1);
        }
        let mut less = set.clone();
        assert!(less == set && less.is_subset(&set));
        for more in ["8", "c8", "100000000000008"] {
            less.insert(&RemoteId(more.to_owned()));
            assert!(set.is_subset(&less) && !less.is_subset(&set) && less != set);
            set.insert(&RemoteId(more.to_owned()));
        }
    }
}
