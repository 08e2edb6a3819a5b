//! Each room alone, through its public face.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod table_csv;
mod transport;
//! Rooms tested through their public doors.

mod mapping;
mod mapping_facts;
mod validate;
