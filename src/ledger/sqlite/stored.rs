//! How numbers stand in SQLite.

/// SQLite's integers have a sign; nothing we count comes near their end.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A stored number as we count; below 0 it can only be damage, and reads as 0.
pub(super) fn back(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A stored value that does not read as what it should be.
pub(super) fn damaged(what: &'static str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Blob, what.into())
}
