//! respond.io, in two versions that share little but the name.
//!
//! [`v1`] is the older Contacts API: one token a channel, contacts found by field, fields written
//! as an array and read as an object. [`v2`] is its successor: one token a workspace, contacts
//! addressed by identifier in the path, listed by cursor.

pub mod v1;
pub mod v2;
