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
mod claims;
mod codes;
mod comment;
mod compile;
mod condition;
mod decimal;
mod evidence;
mod facts;
mod few_words;
mod file;
mod forward;
mod guess;
mod guess_names;
mod guessed;
mod headers;
mod looks;
mod names;
mod new_fields;
mod parse;
mod placeholder;
mod resolve;
mod reverse;
mod sample;
mod settle;
mod standard;
mod tags;

pub use check::{Check, DateOrder, DecimalMark};
pub use codes::{country_code, language_code};
pub use comment::write_commented;
pub use condition::{Condition, Test};
pub use decimal::decimal_warning;
pub use facts::Facts;
pub use few_words::propose_values;
pub use file::{
    BadCells, Blank, ColumnRule, Constants, CustomFields, Duplicates, Feeds, Grade, Mapping, MergedRule, Numbers,
    SetAction,
};
pub use forward::{Becomes, ColumnFeed, Constant, FieldFeed, Forward, NameFeed, SetFeed};
pub use guess::guess;
pub use guessed::{ColumnEvidence, Guess, Sureness};
pub use looks::{EmailLook, LooksLike, PhoneLook};
pub use names::{collapse, join_name, split_name, splits_back};
pub use new_fields::{NewField, new_fields};
pub use placeholder::is_placeholder;
pub use reverse::{Discovery, ExportColumn, HeldType, Reverse};
pub use sample::Sample;
pub use tags::{is_system_group, join_set, looks_joined, split_set};
