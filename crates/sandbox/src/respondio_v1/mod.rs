//! respond.io v1, the Contacts API of one channel, as its documents describe it.
//!
//! Where the documents are silent this emulator takes the stricter reading, and says so:
//!
//! - A value of a custom field is a string; an array, object, number or null is refused (403).
//! - `phone` is a `+`, which may lack, and 7 to 15 digits; `email` has an `@` inside.
//! - `locale`, `timezone` and `gender` can be read and not written.
//! - A create whose phone exists makes a second contact, unless the options refuse duplicates.
//! - Failures of validation carry an array of messages, all others one string; tag calls on an
//!   unknown contact carry an array, so that a client meets both.
//! - A refused request (429) does not count against the limit, one with a wrong token neither.
//! - Contacts found by a field come in the order of their ids.

mod contacts;
mod emulator;
mod known;
mod requests;

pub(super) use emulator::emulator;
