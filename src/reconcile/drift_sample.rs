use std::sync::Arc;

use super::machine::{Reconciliation, Row};
use super::rules::Rules;
use crate::contact::Outcome;
use crate::journal::RunId;

/// For so many rows that need calls, one is looked at that memory would do for: one call in a hundred
/// at the most.
const ROWS_PER_LOOK: u64 = 100;

/// Chooses, among the rows that memory would do for, the few that are looked at all the same, so that
/// a service that is changed by hand is noticed.
///
/// They are drawn at random, so that a file in the same order every night has other rows looked at
/// each time; but from the run's id, and counted by outcomes alone, so that a run that was cut off
/// looks at the same rows as one left in peace.
#[derive(Clone, Debug)]
pub struct DriftSample {
    seed: u64,
    /// Rows that needed calls.
    sent_for: u64,
    looks: u64,
    /// Rows that memory does for, since the last look.
    rested: u64,
    /// How many more of them are passed over before one is looked at; drawn once a look is due.
    passes: Option<u64>,
}

/// How a row goes on.
#[derive(Debug)]
pub enum Way {
    /// By what is remembered of its contact.
    Known(Box<Reconciliation>),
    /// It is looked at, and of its contact no more is remembered yet than that the row is as last applied.
    Unopened(Box<Row>),
}

impl DriftSample {
    /// The sample of this run.
    pub fn of(run: &RunId) -> Self {
        // FNV-1a: any spread will do, as long as every version of rolo has the same.
        let fold = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        let seed = run.0.as_bytes().iter().fold(0xcbf2_9ce4_8422_2325, fold);
        Self { seed, sent_for: 0, looks: 0, rested: 0, passes: None }
    }

    /// The way of a row; of those that memory would do for, a few are looked at all the same.
    pub fn way_of(&mut self, row: Row, rules: &Arc<Rules>) -> Way {
        let again = self.is_due().then(|| row.clone());
        let way = Reconciliation::new(row, rules.clone());
        if !way.rests_on_memory() {
            self.needs_calls();
            return Way::Known(Box::new(way));
        }
        let looks_at = self.looks_at();
        match again.filter(|_| looks_at).map(|row| Row { is_sample: true, ..row }) {
            Some(row) if row.as_applied.is_some() => Way::Unopened(Box::new(row)),
            Some(row) => Way::Known(Box::new(Reconciliation::new(row, rules.clone()))),
            None => Way::Known(Box::new(way)),
        }
    }

    /// A row ended without a way: before the run was cut off, or since it isn't sent at all.
    pub fn ended(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Unchanged => drop(self.looks_at()),
            Outcome::Created | Outcome::Updated | Outcome::Failed | Outcome::InDoubt => self.needs_calls(),
            Outcome::Skipped | Outcome::Rejected => {}
        }
    }

    /// A row needs calls.
    fn needs_calls(&mut self) {
        self.sent_for += 1;
    }

    /// Whether one of the next rows that memory would do for is looked at.
    fn is_due(&self) -> bool {
        self.sent_for / ROWS_PER_LOOK > self.looks
    }

    /// A row comes that memory would do for; whether it is looked at.
    fn looks_at(&mut self) -> bool {
        self.rested += 1;
        if !self.is_due() {
            return false;
        }
        // About as many are to come until the next look is due as came since the last.
        let passes = self.passes.unwrap_or_else(|| drawn(self.seed, self.looks) % self.rested);
        self.passes = passes.checked_sub(1);
        if passes > 0 {
            return false;
        }
        (self.looks, self.rested, self.passes) = (self.looks + 1, 0, None);
        true
    }
}

/// SplitMix64 at a place of its sequence.
fn drawn(seed: u64, at: u64) -> u64 {
    let mut mixed = seed.wrapping_add(at.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// The rows looked at in a night of which every tenth row changes.
    fn night(run: &str, rows: u64) -> Vec<u64> {
        let mut sample = DriftSample::of(&RunId(run.into()));
        let mut looked = Vec::new();
        for row in 0..rows {
            if row % 10 == 0 {
                sample.needs_calls();
            } else if sample.looks_at() {
                looked.push(row);
            }
        }
        looked
    }

    #[test]
    fn no_more_than_one_call_in_a_hundred_is_a_look() {
        // 10,000 rows, 1,000 of them changed: ten looks, the last of which is due with the last calls.
        for run in 0..50 {
            let looked = night(&format!("20261121-0931-{run}"), 10_000).len();
            assert!((9..=10).contains(&looked), "{looked} looks");
        }
        assert_eq!(night("20261121-0931-k3f", 999), [0_u64; 0], "99 calls are too few for one");
    }

    #[test]
    fn each_night_looks_at_other_rows_and_a_night_taken_up_again_at_the_same() {
        assert_eq!(night("20261121-0931-k3f", 10_000), night("20261121-0931-k3f", 10_000));
        let nights = 50;
        let first: BTreeSet<u64> = (0..nights).map(|run| night(&format!("night {run}"), 10_000)[0]).collect();
        // Drawn from 900 rows fifty times, almost all of them differ, and they lie far apart.
        assert!(first.len() > 40, "{first:?}");
        assert!(first.last().unwrap() - first.first().unwrap() > 500, "{first:?}");
    }
}
