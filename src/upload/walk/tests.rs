use super::*;

const PAGE: usize = 3;

/// What happens between two pages.
#[derive(Clone, Copy, Debug)]
enum Event {
    Deleted(u32),
    Created,
}

/// A service whose pages are counted from the start.
struct Listing {
    there: Vec<u32>,
    deleted: Vec<(u32, usize)>,
    created: u32,
    /// Contacts are equal by the usual order, which comes out otherwise on each page.
    ties: bool,
    calls: usize,
}

struct Answer {
    ids: Vec<RemoteId>,
    total: u64,
    next: Option<Cursor>,
}

fn id(number: u32) -> RemoteId {
    RemoteId(number.to_string())
}

impl Listing {
    fn new(contacts: u32) -> Self {
        Self { there: (1..=contacts).collect(), deleted: Vec::new(), created: 0, ties: false, calls: 0 }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Deleted(number) => {
                self.there.retain(|one| *one != number);
                self.deleted.push((number, self.calls));
            }
            Event::Created => {
                self.created += 1;
                self.there.push(100 + self.created);
            }
        }
    }

    fn answer(&mut self, cursor: Option<&Cursor>) -> Answer {
        self.calls += 1;
        let text = cursor.map_or("asc 1", |cursor| cursor.0.as_str());
        let (order, page) = text.split_once(' ').unwrap();
        let page: usize = page.parse().unwrap();
        let mut all = self.there.clone();
        match order {
            "desc" => all.reverse(),
            "asc" if self.ties && !all.is_empty() => {
                let by = page % all.len();
                all.rotate_left(by);
            }
            _ => {}
        }
        let ids: Vec<RemoteId> = all.iter().skip((page - 1) * PAGE).take(PAGE).map(|number| id(*number)).collect();
        let next = (!ids.is_empty()).then(|| Cursor(format!("{order} {}", page + 1)));
        Answer { ids, total: self.there.len() as u64, next }
    }
}

/// Walks to the end; `events` happen after so many answers; a cut after so many answers goes on in a
/// new process, with what was kept.
fn walked(listing: &mut Listing, events: &[(usize, Event)], cut: Option<usize>, starts: &[&str]) -> (Walk, usize) {
    let mut walk = Walk::new(starts);
    let mut kept = Vec::new();
    let mut last_began = 0;
    while let Some(cursor) = walk.next() {
        assert!(listing.calls < 1000, "it ends");
        let pass = walk.pass();
        let answer = listing.answer(cursor.as_ref());
        walk.page(&answer.ids, Some(answer.total), answer.next.clone());
        kept.push((pass, answer));
        if walk.pass() > pass {
            last_began = listing.calls;
        }
        let now = listing.calls;
        for (_, event) in events.iter().filter(|(after, _)| *after == now) {
            listing.happen(*event);
        }
        if cut == Some(listing.calls) {
            walk = Walk::new(starts);
            for (pass, answer) in &kept {
                walk.again(*pass, &answer.ids, Some(answer.total), answer.next.clone());
            }
        }
    }
    (walk, last_began)
}

fn claims_nothing_false(contacts: u32, ties: bool, events: &[(usize, Event)], cut: Option<usize>, starts: &[&str]) {
    let mut listing = Listing { ties, ..Listing::new(contacts) };
    let (walk, last_began) = walked(&mut listing, events, cut, starts);
    let told = format!("{contacts} {ties} {events:?} {cut:?} {starts:?}: {:?}", walk.completeness());
    let Some(Completeness::Sure { .. }) = walk.completeness() else {
        // Two changes in the first pages can't keep six passes from standing still.
        assert!(ties && starts.is_empty(), "a listing that came to rest is complete: {told}");
        return;
    };
    for number in (1..=contacts).filter(|number| listing.there.contains(number)) {
        assert!(walk.passes.iter().any(|pass| pass.ids.contains(&id(number))), "{number} was read: {told}");
        assert!(walk.holds(&id(number)), "{number} is kept: {told}");
    }
    for (number, at) in &listing.deleted {
        assert!(last_began == 0 || *at >= last_began || !walk.holds(&id(*number)), "{number} went before: {told}");
    }
}

#[test]
fn complete_is_never_said_when_a_contact_is_missing_whatever_comes_and_goes_at_any_page_and_across_a_resume() {
    for contacts in [0, 1, 3, 4, 7, 9] {
        let pages = contacts as usize / PAGE + 2;
        let mut changes = vec![Event::Created];
        changes.extend((1..=contacts).map(Event::Deleted));
        for starts in [&[][..], &["desc 1"][..]] {
            claims_nothing_false(contacts, false, &[], None, starts);
            for first in 1..=2 * pages {
                for one in &changes {
                    claims_nothing_false(contacts, false, &[(first, *one)], None, starts);
                    for second in first..=2 * pages {
                        for other in &changes {
                            let events = [(first, *one), (second, *other)];
                            claims_nothing_false(contacts, false, &events, None, starts);
                            claims_nothing_false(contacts, false, &events, Some(first), starts);
                            claims_nothing_false(contacts, false, &events, Some(second), starts);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_deletion_and_a_creation_that_leave_the_count_as_it_was_are_noticed() {
    // Pages 1-3, then 1 goes and 101 comes: 2 3 4 | 5 6 7 | 101, of which page two shows 5 6 7.
    let mut listing = Listing::new(7);
    let (walk, _) = walked(&mut listing, &[(1, Event::Deleted(1)), (1, Event::Created)], None, &[]);
    assert_eq!(walk.completeness(), Some(Completeness::Sure { total: 7 }));
    assert!(!walk.holds(&id(1)));
    assert!([2, 3, 4, 5, 6, 7, 101].iter().all(|number| walk.holds(&id(*number))));
}

#[test]
fn contacts_that_are_equal_by_the_usual_order_are_all_read_by_another_or_said_to_be_missing() {
    for contacts in [4, 7, 9, 40] {
        claims_nothing_false(contacts, true, &[], None, &["even 1", "desc 1"]);
        claims_nothing_false(contacts, true, &[], None, &[]);
    }
}

#[test]
fn a_listing_that_never_stands_still_is_not_called_complete() {
    let mut listing = Listing::new(9);
    let events: Vec<(usize, Event)> = (1..200).map(|call| (call, Event::Created)).collect();
    let events: Vec<_> =
        events.into_iter().chain((1..200_u32).map(|call| (call as usize, Event::Deleted(100 + call)))).collect();
    let (walk, _) = walked(&mut listing, &events, None, &["desc 1"]);
    if let Some(Completeness::Sure { .. }) = walk.completeness() {
        assert!((1..=9).all(|number| walk.holds(&id(number))));
    }
    assert!(walk.passes.len() <= MOST_PASSES);
}

#[test]
fn what_one_page_holds_is_read_once() {
    let mut listing = Listing::new(3);
    let (walk, _) = walked(&mut listing, &[], None, &["desc 1"]);
    assert_eq!(walk.completeness(), Some(Completeness::Sure { total: 3 }));
    assert_eq!(listing.calls, 2, "the second says that there is no more");
}

#[test]
fn remote_17_a_stale_cursor_begins_the_pass_again_and_a_refusal_of_the_first_page_is_no_stale_cursor() {
    let mut listing = Listing::new(7);
    let mut walk = Walk::new(&[]);
    assert!(!walk.stale(), "nothing was read");
    let answer = listing.answer(None);
    walk.page(&answer.ids, Some(7), answer.next);
    assert!(walk.stale());
    assert_eq!(walk.next(), Some(None));
    assert!(!walk.stale(), "the first page is refused too");
    while let Some(cursor) = walk.next() {
        let answer = listing.answer(cursor.as_ref());
        walk.page(&answer.ids, Some(answer.total), answer.next);
    }
    assert_eq!(walk.completeness(), Some(Completeness::Sure { total: 7 }));
}

/// A listing of a service that tells no count, to its verdict; `events` are what happens before each call.
fn uncounted(listing: &mut Listing, events: &[(usize, Event)]) -> Walk {
    let mut walk = Walk::new(&["desc 1"]);
    while let Some(cursor) = walk.next() {
        let now = listing.calls;
        for (_, event) in events.iter().filter(|(call, _)| *call == now) {
            listing.happen(*event);
        }
        let answer = listing.answer(cursor.as_ref());
        walk.page(&answer.ids, None, answer.next);
    }
    walk
}

#[test]
fn a_service_that_does_not_count_is_read_until_two_passes_show_the_same() {
    let mut listing = Listing::new(7);
    let walk = uncounted(&mut listing, &[]);
    assert_eq!(walk.completeness(), Some(Completeness::Uncounted { passes: 2, same: true }));
    assert_eq!(listing.calls, 8, "four a pass");

    // The first of page one goes while page two is read, so that the first of page two slips past it.
    let mut listing = Listing::new(7);
    let walk = uncounted(&mut listing, &[(1, Event::Deleted(1))]);
    assert_eq!(walk.completeness(), Some(Completeness::Uncounted { passes: 3, same: true }));
    let read = |number| walk.passes.iter().any(|pass| pass.ids.contains(&id(number)));
    assert!((1..=7).all(read), "the second pass shows whoever slipped past the first");

    let mut listing = Listing::new(2);
    let walk = uncounted(&mut listing, &[]);
    assert_eq!(walk.completeness(), Some(Completeness::Uncounted { passes: 1, same: true }));
    assert_eq!(listing.calls, 2, "what one page holds needs no second look");
}

#[test]
fn a_service_that_does_not_count_and_never_stands_still_is_given_up() {
    let mut listing = Listing::new(9);
    let events: Vec<_> = (1..200).map(|call| (call, Event::Created)).collect();
    let walk = uncounted(&mut listing, &events);
    assert!(matches!(walk.completeness(), Some(Completeness::Uncounted { same: false, .. })), "{walk:?}");
    assert!(walk.passes.len() <= MOST_PASSES);
}

#[test]
fn who_was_on_no_page_before_is_told_over_all_passes() {
    let id = |number: u64| RemoteId(number.to_string());
    let mut walk = Walk::new(&[]);
    let next = Some(Cursor("2".to_owned()));
    assert_eq!(walk.page(&[id(1), id(2), id(1)], Some(4), next), [true, true, false]);
    assert_eq!(walk.page(&[id(2), id(3)], Some(4), None), [false, true]);
    assert_eq!(walk.pass(), 1, "three of four came");
    assert_eq!(walk.page(&[id(1), id(4)], Some(4), None), [false, true]);
}
