//! Columns to contact fields, and back.
//!
//! A [`Mapping`] says in a person's words what each column feeds; [`guess`] proposes one from the
//! headers and a sample, and [`write_commented`] writes it as a file with its evidence.
//! [`Mapping::forward`] holds it against a file's headers and a service's [`Facts`] and compiles it
//! into a [`Forward`], which `validate` runs over the rows. [`Reverse`] turns what a service holds
//! into rows of an export, with headers and cells that map back exactly.
//!
//! Nothing here checks a cell and nothing here is sent: what can't work with this file and this
//! service is refused while the mapping is compiled, naming the column and the cure.

mod check;
mod codes;
mod comment;
mod compile;
mod evidence;
mod facts;
mod file;
mod forward;
mod guess;
mod headers;
mod names;
mod nearest;
mod parse;
mod resolve;
mod reverse;
mod standard;
mod tags;

pub use check::{Check, DateOrder, DecimalMark};
pub use codes::{country_code, language_code};
pub use comment::write_commented;
pub use facts::Facts;
pub use file::{Blank, ColumnRule, Constants, CustomFields, Feeds, Mapping, Mode, SetAction};
pub use forward::{Becomes, Constant, Feed, FieldFeed, Forward, NameFeed, SetFeed};
pub use guess::{ColumnEvidence, Guess, guess};
pub use names::{collapse, join_name, split_name, splits_back};
pub use reverse::{Discovery, ExportColumn, Reverse};
pub use tags::{join_set, split_set};
