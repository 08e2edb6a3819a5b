//! The parts of rolo, each tested from outside, in one binary.

#![expect(clippy::unwrap_used, reason = "a helper that fails fails its test")]

mod sandbox;
mod sandbox_client;
mod sandbox_engagor;
mod sandbox_respondio;
mod sandbox_respondio_v1;
