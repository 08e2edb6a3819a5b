//! vCard 2.1, 3.0 and 4.0: one card an entry.
//!
//! `lines` puts folded lines together, `property` takes one apart and decodes it, `columns` gives its value
//! a place among the columns, `cards` joins them to entries, and `writer` writes cards of version 3.0, which
//! every address book reads. Parsers there are for one version or two; what real files mix (bare types and
//! quoted-printable of 2.1, quotes of 4.0, groups and labels of Apple's) is read by one here.

mod cards;
mod columns;
mod lines;
mod property;
mod writer;

pub use cards::Cards;
pub use writer::VcardWriter;
