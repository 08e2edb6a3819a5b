//! The least calls of a new contact, held against every way to send it.

use std::collections::{BTreeSet, VecDeque};

use proptest::prelude::*;
use rolo::contact::{Capabilities, Limits, Source, Sourced};
use rolo::reconcile::NewContact;

/// What is still to be sent, and whether the contact is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Left {
    made: bool,
    new: (usize, usize, usize, usize, usize),
}

/// The fewest calls over all ways to send it: each call takes any part that it may take.
fn by_trying_everything(new: &NewContact, capabilities: &Capabilities, limits: &Limits) -> usize {
    let size = |limit: Option<Sourced<usize>>| limit.map_or(usize::MAX, |limit| limit.value);
    let (create, update) = (size(limits.fields_per_create), size(limits.fields_per_update));
    let as_a_whole = if new.replaces_tags { capabilities.tags_replace } else { !capabilities.tags_add };
    let a_tag_call = if as_a_whole { usize::MAX } else { size(limits.tags_per_add) };
    let begin = Left { made: false, new: (new.only_created, new.only_updated, new.either, new.tags, new.lists) };
    // What only a create takes and one create has no room for can't be sent by anybody.
    let unsendable = new.only_created.saturating_sub(create);
    let mut seen = BTreeSet::from([begin]);
    let mut next = VecDeque::from([(begin, 0)]);
    while let Some((Left { made, new: (created, updated, either, tags, lists) }, calls)) = next.pop_front() {
        if made && (created, updated, either, tags, lists) == (unsendable, 0, 0, 0, 0) {
            return calls;
        }
        let mut to = Vec::new();
        let riding = |rides: bool| if rides { 0..=tags.min(a_tag_call) } else { 0..=0 };
        for tags_sent in riding(if made { capabilities.tags_in_update } else { capabilities.tags_in_create }) {
            let tags = tags - tags_sent;
            if made {
                for more in 0..=either {
                    for some in (0..=updated).filter(|some| some + more <= update && some + more + tags_sent > 0) {
                        to.push((created, updated - some, either - more, tags, lists));
                    }
                }
                continue;
            }
            for more in 0..=either {
                for some in (0..=created).filter(|some| some + more <= create) {
                    let lists = if capabilities.lists_in_create { 0 } else { lists };
                    to.push((created - some, updated, either - more, tags, lists));
                }
            }
        }
        if made {
            to.extend((1..=tags.min(a_tag_call)).map(|sent| (created, updated, either, tags - sent, lists)));
            to.extend(lists.checked_sub(1).map(|lists| (created, updated, either, tags, lists)));
        }
        for new in to {
            let left = Left { made: true, new };
            if seen.insert(left) {
                next.push_back((left, calls + 1));
            }
        }
    }
    panic!("no way to send it: {new:?}")
}

fn limit() -> impl Strategy<Value = Option<Sourced<usize>>> {
    prop::option::of((1_usize..4).prop_map(|limit| Sourced::new(limit, Source::Seed)))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_least_calls_are_those_of_the_best_of_all_ways(
        (only_created, only_updated, either) in (0_usize..4, 0_usize..4, 0_usize..6),
        (tags, lists, replaces_tags, tags_replace) in (0_usize..5, 0_usize..3, any::<bool>(), any::<bool>()),
        (fields_per_create, fields_per_update, tags_per_add) in (limit(), limit(), limit()),
        (tags_in_create, tags_in_update, tags_add, lists_in_create) in any::<(bool, bool, bool, bool)>(),
    ) {
        let (capabilities, limits) = super::cases::respondio_v1_facts();
        let capabilities =
            Capabilities { tags_in_create, tags_in_update, tags_add, tags_replace, lists_in_create, ..capabilities };
        let limits = Limits { fields_per_create, fields_per_update, tags_per_add, ..limits };
        let new = NewContact { only_created, only_updated, either, tags, replaces_tags, lists };
        prop_assert_eq!(new.least_calls(&capabilities, &limits), by_trying_everything(&new, &capabilities, &limits));
    }
}
