//! The cases. Each file gives its own by `cases()`; each case is one function, or two: what works,
//! and how its absence is refused.

mod contacts;
mod custom_fields;
mod duplicates;
mod errors;
mod exports;
mod lists;
mod lookup;
pub mod paging;
mod rate;
mod tags;
mod text;
mod whole;

use crate::case::Case;

pub fn all() -> Vec<Case> {
    [
        contacts::cases(),
        custom_fields::cases(),
        tags::cases(),
        lists::cases(),
        lookup::cases(),
        duplicates::cases(),
        paging::cases(),
        exports::cases(),
        rate::cases(),
        errors::cases(),
        text::cases(),
        whole::cases(),
    ]
    .concat()
}
