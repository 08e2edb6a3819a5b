//! Expressions over digits as one automaton: a single walk over the digits asks all of them.

use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::{primitives::StateID, start, syntax};
use regex_automata::{Anchored, MatchKind};

#[derive(Debug)]
pub(super) struct Automaton {
    states: dense::DFA<Vec<u32>>,
    start: StateID,
}

impl Automaton {
    /// `None` if one of these is no expression.
    pub fn of(expressions: &[String]) -> Option<Self> {
        let config = dense::Config::new().start_kind(StartKind::Anchored).match_kind(MatchKind::All).accelerate(false);
        let states = dense::Builder::new()
            .configure(config)
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .thompson(thompson::Config::new().utf8(false).which_captures(WhichCaptures::None))
            .build_many(expressions)
            .ok()?;
        let start = states.start_state(&start::Config::new().anchored(Anchored::Yes)).ok()?;
        Some(Self { states, start })
    }

    /// Which of the expressions are all of `digits`, a bit for each.
    pub fn matched(&self, digits: &str) -> u32 {
        let mut state = self.start;
        for digit in digits.bytes() {
            state = self.states.next_state(state, digit);
            if self.states.is_dead_state(state) {
                return 0;
            }
        }
        state = self.states.next_eoi_state(state);
        if !self.states.is_match_state(state) {
            return 0;
        }
        let at = |index| 1 << self.states.match_pattern(state, index).as_u32();
        (0..self.states.match_len(state)).map(at).fold(0, |all, one: u32| all | one)
    }
}
