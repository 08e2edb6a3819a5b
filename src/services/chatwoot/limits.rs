use std::time::Duration;

use super::options::Options;
use crate::contact::{Limits, Quota, Source, Sourced};

const MINUTE: Duration = Duration::from_secs(60);
const PARALLEL: Source = Source::Assumed("nothing is published; few at once keep clear of the 14 s database timeout");
const ONE_A_SEARCH: Source = Source::Docs("contacts/search has one q");

const PAGE_SIZE: u32 = 15;
/// Keys whose contacts surely fit on one page.
pub(super) const KEYS_OF_A_PAGE: usize = PAGE_SIZE as usize;

/// Keys of one filter: as many as a server was seen to take. Its answer is paged like a listing, so that
/// contacts which are there cost the pages they would cost in smaller filters too.
const KEYS: usize = 150;
const KEYS_AS_UPSTREAM: Sourced<usize> = Sourced::new(KEYS, Source::Assumed("as upstream; halved where it is refused"));

/// Characters of a label.
pub(super) const TAG_CHARS: usize = 255;

/// What a descendant of the upstream program takes, where it has labels.
const AS_UPSTREAM: Sourced<usize> = Sourced::new(TAG_CHARS, Source::Assumed("as upstream"));

/// The shortest full page that any document of the family shows: EngageLab's list example has
/// `page_size=10`, everything else says 15. A shorter page is the last one.
pub(super) const SHORTEST_PAGE: usize = 10;

/// Chatwoot's own throttle, read at release 4.14.2.
pub(super) fn upstream(_options: &Options) -> Limits {
    Limits {
        quota: Sourced::new(
            Quota { calls: 3000, per: MINUTE },
            Source::Docs(
                "config/initializers/rack_attack.rb, RACK_ATTACK_LIMIT (300 before 3.1.0; the cloud is silent)",
            ),
        ),
        quota_scope: "IP address",
        counts_apart: None,
        concurrency: Sourced::new(4, PARALLEL),
        identifiers_per_find: Sourced::new(
            KEYS,
            Source::Docs(
                "contacts/filter chains conditions with OR; a running 4.14.2 took 150. Halved where it is refused",
            ),
        ),
        page_size: Some(Sourced::new(PAGE_SIZE, Source::Docs("RESULTS_PER_PAGE; issue 12565"))),
        tag_chars: Some(Sourced::new(TAG_CHARS, Source::Docs("a running 4.14.2 refuses a label of 256 characters"))),
        ..UNKNOWN
    }
}

/// 99digital publishes no limit; a look-up by search counts against the tighter upstream throttle.
pub(super) fn digital99(options: &Options) -> Limits {
    let quota = if options.abilities.filter {
        Sourced::new(
            Quota { calls: 600, per: MINUTE },
            Source::Assumed("not published; ten a second is a fifth of what the upstream program admits"),
        )
    } else {
        Sourced::new(
            Quota { calls: 100, per: MINUTE },
            Source::Assumed("not published; upstream admits 100 searches a minute and account, and look-ups search"),
        )
    };
    let identifiers = if options.abilities.filter { KEYS_AS_UPSTREAM } else { Sourced::new(1, ONE_A_SEARCH) };
    Limits {
        quota,
        quota_scope: "account",
        counts_apart: None,
        concurrency: Sourced::new(4, PARALLEL),
        identifiers_per_find: identifiers,
        page_size: Some(Sourced::new(PAGE_SIZE, Source::Docs("99digital: list contacts"))),
        tag_chars: options.abilities.labels.then_some(AS_UPSTREAM),
        ..UNKNOWN
    }
}

/// EngageLab publishes no limit.
pub(super) fn engagelab(options: &Options) -> Limits {
    let identifiers = if options.abilities.filter {
        KEYS_AS_UPSTREAM
    } else {
        Sourced::new(1, Source::Docs("LiveDesk: Search Contacts has one q"))
    };
    Limits {
        quota: Sourced::new(
            Quota { calls: 120, per: MINUTE },
            Source::Assumed("the documents are silent; two a second is harmless to a shared service"),
        ),
        quota_scope: "account",
        counts_apart: None,
        concurrency: Sourced::new(2, Source::Assumed("the documents are silent")),
        identifiers_per_find: identifiers,
        // Fifteen a page, but one example asks for ten: no length is relied on.
        page_size: None,
        tag_chars: options.abilities.labels.then_some(AS_UPSTREAM),
        ..UNKNOWN
    }
}

/// What nobody in the family states. Every member overrides the first four.
const UNKNOWN: Limits = Limits {
    quota: Sourced::new(Quota { calls: 60, per: MINUTE }, Source::Assumed("the documents are silent")),
    quota_scope: "account",
    counts_apart: None,
    concurrency: Sourced::new(1, Source::Assumed("the documents are silent")),
    identifiers_per_find: Sourced::new(1, ONE_A_SEARCH),
    identifiers_per_filter: None,
    fields_per_create: None,
    fields_per_update: None,
    tags_per_add: None,
    tags_per_remove: None,
    page_size: None,
    tag_chars: None,
    custom_name_chars: None,
    custom_value_chars: None,
};
