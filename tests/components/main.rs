//! Each room alone, through its public face.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod table_csv;
mod transport;
//! Rooms tested through their public doors.

mod mapping;
mod mapping_facts;
mod validate;
//! The parts of rolo, each tested from outside, in one binary.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod sandbox;
mod sandbox_client;
mod sandbox_respondio_v1;
