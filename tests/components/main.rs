//! Rooms tested through their public doors.

mod mapping;
mod mapping_facts;
mod validate;
