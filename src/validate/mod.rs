//! Drafts to contacts: every cell checked, every error of a row found, rows kept in order.
//!
//! A [`Validator`] runs a compiled mapping over batches of rows: several batches side by side, then one
//! pass in row order for duplicates. Checking never fails as a whole: a row becomes a contact or the list of
//! all that is wrong with it, and even a panic in a check is an error of its row alone. Every code of
//! a row error is described in `docs/row-errors.md`.

mod boolean;
mod cell;
mod date;
mod duplicates;
mod email;
mod fault;
mod garbled;
mod groups;
mod looks;
mod merge;
mod number;
pub mod numbering;
mod phone;
mod phone_column;
mod phone_label;
mod phone_region;
mod phone_text;
mod plain;
mod preview;
mod row;
mod seen_keys;
mod sets;
mod text;
mod time;
mod timestamp;
mod unsent;
mod url;
mod validator;
mod whole_row;

pub use date::settle_day_order;
pub use email::check_email;
pub use fault::{CellFault, Understood};
pub use looks::Looks;
pub use phone::{Phone, PhoneRegion, check_phone, read_phone};
pub use phone_column::{NumbersEvidence, settle_numbers};
pub use phone_region::region_doubt;
pub use preview::Preview;
pub use unsent::Unsent;
pub use validator::{CheckedRows, Checking, RowChecker, Settler, Validator};
