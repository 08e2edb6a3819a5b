//! How what is remembered stands in a store, the same in each: packed, as JSON, as names. A backend adds how
//! its own statements read.

mod before;
mod bytes;
mod history;
mod identifiers;
mod known;
mod known_before;
mod learned;
mod packed_calls;
mod packed_known;
mod row_errors;
mod rows;
mod run_number;
mod runs;
mod sealed;

use std::fmt;

pub(super) use before::{decode_change, encode_change};
pub(super) use history::{StoredCall, StoredEnd, events};
pub(super) use identifiers::{seal_identifiers, unseal_identifiers};
pub(super) use known::Known;
pub(super) use learned::{merged, named};
pub(super) use packed_calls::{UnpackedCall, packed_calls, packed_count};
pub(super) use packed_known::{PackedKnown, Secrets};
pub(super) use row_errors::{decode_errors, encode_errors, forgotten_messages, made_twice};
pub(super) use rows::{StoredCalls, StoredRow, StoredStep, row_key};
pub(super) use runs::{CUT_OFF, StoredRun, run_name, run_prefix};

/// How long before a run a contact may have been made without its look-ups showing it: seconds.
pub(super) const CREATE_LAG: i64 = 120;

/// How long it is known who made a contact, and how long a look is waited for that shows nobody: seconds.
/// Longer than any run that looked before; a search that lags longer shows nothing more.
pub(super) const KEPT: u64 = 7 * 24 * 60 * 60;

/// How long it is known which due times of a job were seen to: seconds.
pub(super) const FIRED_KEPT: u64 = 90 * 24 * 60 * 60;

/// How long it is known that an alert was delivered or given up: seconds.
pub(super) const ALERT_KEPT: u64 = 30 * 24 * 60 * 60;

/// How long it is tried to deliver an alert: seconds.
pub(super) const GIVE_UP: u64 = 24 * 60 * 60;

/// Why an alert was given up that nobody tried to send.
pub(super) const NOBODY_SENT_IT: &str = "nobody whose configuration has this channel sent it within a day";

/// No honest use reserves a call's moment further ahead than this (or, at a slow pace, than
/// [`FURTHEST_CALLS`]), in microseconds.
pub(super) const FURTHEST: u64 = 20 * 60 * 1_000_000;

/// See [`FURTHEST`].
pub(super) const FURTHEST_CALLS: u64 = 16;

/// Stores' integers have a sign; nothing we count comes near their end.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number as we count; below 0 it can only be damage, and reads as 0.
pub(super) fn back(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A stored value that does not read as what it should be; in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Damaged(pub(super) &'static str);

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Damaged {}
