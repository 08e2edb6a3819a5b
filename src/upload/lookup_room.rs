use std::sync::atomic::{AtomicUsize, Ordering};

/// How many identifiers one look-up may carry, as far as the service was seen to refuse more.
#[derive(Debug)]
pub(super) struct LookupRoom(AtomicUsize);

impl Default for LookupRoom {
    fn default() -> Self {
        Self(AtomicUsize::new(usize::MAX))
    }
}

impl LookupRoom {
    /// No more than `room`, and no more than was seen to be taken.
    pub(super) fn within(&self, room: usize) -> usize {
        room.min(self.0.load(Ordering::Relaxed)).max(1)
    }

    /// So many are taken, where twice as many were refused.
    pub(super) fn narrow(&self, taken: usize) {
        self.0.fetch_min(taken.max(1), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_ups_carry_no_more_than_was_seen_to_be_taken() {
        let room = LookupRoom::default();
        assert_eq!((room.within(150), room.within(0)), (150, 1));
        room.narrow(75);
        room.narrow(100);
        assert_eq!((room.within(150), room.within(15)), (75, 15));
    }
}
