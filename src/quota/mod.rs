//! When the next call of an account may leave.
//!
//! Paced, burst 1, on an absolute schedule, with a period widened by the jitter between us and the
//! service, so that no window of the service, however it counts, ever holds more calls than it
//! admits. Slots are taken from the ledger, so that every process that uses the same key shares them.
