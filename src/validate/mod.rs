//! Drafts to contacts: every cell checked, every error of a row found, rows kept in order.
//!
//! A [`Validator`] runs a compiled mapping over batches of rows: cells in parallel, then one pass in
//! row order for duplicates. Checking never fails as a whole: a row becomes a contact or the list of
//! all that is wrong with it, and even a panic in a check is an error of its row alone. Every code of
//! a row error is described in `docs/row-errors.md`.

mod boolean;
mod cell;
mod date;
mod duplicates;
mod email;
mod fault;
mod number;
mod phone;
mod phone_text;
mod row;
mod text;
mod timestamp;
mod url;
mod validator;

pub use email::check_email;
pub use fault::Fault;
pub use phone::{PhoneRegion, check_phone};
pub use validator::Validator;
