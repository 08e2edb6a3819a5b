//! Rooms tested through their public doors.

mod mapping;
mod mapping_docs;
mod mapping_facts;
mod validate;
mod validate_phone;
