//! Rooms tested through their public doors.

mod mapping;
mod mapping_docs;
mod mapping_facts;
mod mapping_guess;
mod mapping_reverse;
mod mapping_write;
mod validate;
mod validate_phone;
