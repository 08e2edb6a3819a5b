use std::sync::Arc;

use super::{
    Behavior, Fields, bom, empty, endless, gzip, html, latency, lowered_limit, meanwhile, redirect, refusals, reset,
    reset_mid_answer, search_lag, slow, squeezed, status, timeout, truncated, unstable_ties, wrong_json,
};

type Parse = fn(&mut Fields) -> Result<Arc<dyn Behavior>, String>;

/// Every fault: its name, what may be said of it, what it does.
pub const FAULTS: &[(&str, &str, Parse)] = &[
    ("latency", "latency=50ms: every answer comes later", latency::parse),
    ("status", "status=503[,retry-after:30|1.5|date|past|garbage|10h][,location:URL][,body:TEXT]", status::parse),
    ("reset-before-apply", "the connection is reset, nothing was done", reset::parse_before),
    ("reset-after-apply", "the connection is reset, all was done", reset::parse_after),
    ("reset-mid-answer", "the connection is reset in the middle of the answer", reset_mid_answer::parse),
    ("truncated", "truncated[=length|json]: the answer ends too early", truncated::parse),
    ("wrong-json", "the answer is JSON of another kind", wrong_json::parse),
    ("html", "a page for people comes instead, with status 200", html::parse),
    ("endless", "the answer has no end", endless::parse),
    (
        "gzip",
        "gzip[=bomb]: the answer says that it is compressed, and is not, or is and unpacks to 64 MiB",
        gzip::parse,
    ),
    ("empty", "status 200 with nothing in it", empty::parse),
    ("slow", "slow[=1s]: the answer comes byte by byte, with a pause between", slow::parse),
    ("timeout", "timeout[=before]: no answer comes; the request was carried out unless before", timeout::parse),
    ("search-lag", "search-lag=30s: new contacts can't be looked up at first", search_lag::parse),
    ("lowered-limit", "lowered-limit=100: the service admits fewer requests from now on", lowered_limit::parse),
    ("redirect", "redirect[=location:URL]: 301 to another host, nothing was done", redirect::parse),
    ("bom", "the answer begins with a byte order mark", bom::parse),
    ("label-race", "422 `Tag must exist` to a write of labels, once", refusals::label_race),
    ("expired-cursor", "400 to every request with a place in a listing", refusals::expired_cursor),
    ("broken-filter", "broken-filter=ATTRIBUTE: 500 to every POST that names it", refusals::broken_filter),
    (
        "contact-deleted",
        "contact-deleted[=3]: once the request is answered, the first contacts of the listing are deleted",
        meanwhile::parse_deleted,
    ),
    (
        "contact-created",
        "contact-created[=3]: once the request is answered, contacts are created",
        meanwhile::parse_created,
    ),
    ("squeezed", "values are stored with one space where several came together", squeezed::parse),
    ("unstable-ties", "equal contacts come in another order on each page from now on", unstable_ties::parse),
];
