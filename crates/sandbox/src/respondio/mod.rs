//! respond.io v2, the API of a workspace, as its documents describe it.
//!
//! `/respondio` stands for `https://api.respond.io/v2`. Where the documents are silent or disagree
//! this emulator takes one reading, and says so:
//!
//! - The rate, five requests a second, is counted for each operation (method and path pattern).
//! - A create whose phone or e-mail belongs to a contact is refused with 400 and "already exists".
//! - create_or_update overwrites what it is given, and answers with `contactId`; by `id:` it updates alone.
//! - An e-mail is the same in capitals, in a path as in a filter.
//! - A body may hold no keys but the documented ones; a phone is E.164 with `+`.
//! - A custom field is named by its `name`, its `slug` or its id, and shown by its name. A workspace comes with those of
//!   [`space`].
//! - `code` is a number but in the answer to a create; the values of a list are `{"listValues": [...]}`; `search`
//!   may be missing; a range is `{"from": ..., "to": ...}`: so the vendor's own programs have it.
//! - Contacts are listed in the order of their ids; the cursor is the last id shown, and `next` is
//!   a whole URL that lacks the version's path, as in the documents' sample.

mod contacts;
mod emulator;
mod failure;
mod fields;
mod known;
mod listing;
mod requests;
mod space;
mod values;

pub(super) use emulator::emulator;
