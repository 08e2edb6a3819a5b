use super::super::CallsAt;
use super::{Damaged, back, decode_errors};
use crate::contact::{CallKind, Outcome, Position, RemoteId, RowRecord};
use crate::journal::{Answered, CallVerdict, Key, StepRecord};

/// Bytes of a key that lead from a person to their rows. Half of it: two of ten million people meet
/// with a chance of one in 300,000, and a row costs 250 bytes at most.
const ROW_KEY_BYTES: usize = 8;

/// What of a key leads to rows.
pub(in crate::ledger) fn row_key(key: &Key) -> &[u8] {
    &key.0[..ROW_KEY_BYTES]
}

/// The record of a row as its columns stand.
pub(in crate::ledger) struct StoredRow {
    pub(in crate::ledger) row: i64,
    pub(in crate::ledger) line: i64,
    pub(in crate::ledger) sheet: u16,
    pub(in crate::ledger) outcome: String,
    pub(in crate::ledger) contact_id: Option<String>,
    pub(in crate::ledger) calls: u32,
    pub(in crate::ledger) attempts: u32,
    pub(in crate::ledger) http_status: Option<u16>,
    pub(in crate::ledger) errors: Option<String>,
}

impl StoredRow {
    pub(in crate::ledger) fn read(self) -> Result<(Position, RowRecord), Damaged> {
        let record = RowRecord {
            outcome: Outcome::from_name(&self.outcome).ok_or(Damaged("the outcome of a row can't be read"))?,
            contact_id: self.contact_id.map(RemoteId),
            calls: self.calls,
            attempts: self.attempts,
            http_status: self.http_status,
            errors: decode_errors(self.errors.as_deref())?,
        };
        Ok((Position { index: back(self.row), line: back(self.line), sheet: self.sheet }, record))
    }
}

/// A step of a row as its columns stand.
pub(in crate::ledger) struct StoredStep {
    pub(in crate::ledger) step: u32,
    pub(in crate::ledger) kind: String,
    pub(in crate::ledger) sent: u32,
    pub(in crate::ledger) verdict: Option<String>,
    pub(in crate::ledger) answers: Option<u32>,
    pub(in crate::ledger) http_status: Option<u16>,
    pub(in crate::ledger) contact_id: Option<String>,
}

impl StoredStep {
    pub(in crate::ledger) fn read(self, row: u64) -> Result<StepRecord, Damaged> {
        let kind = read_kind(&self.kind)?;
        let answered = match self.verdict {
            None => None,
            Some(verdict) => Some(Answered {
                row,
                step: self.step,
                kind,
                attempts: self.answers.unwrap_or_default(),
                http_status: self.http_status,
                verdict: read_verdict(&verdict)?,
                contact_id: self.contact_id.map(RemoteId),
            }),
        };
        Ok(StepRecord { step: self.step, kind, sent: self.sent, answered })
    }
}

/// Calls of one kind in one second, as they are summed up.
pub(in crate::ledger) struct StoredCalls {
    pub(in crate::ledger) second: i64,
    pub(in crate::ledger) kind: String,
    pub(in crate::ledger) calls: i64,
}

impl StoredCalls {
    pub(in crate::ledger) fn read(self) -> Result<CallsAt, Damaged> {
        Ok(CallsAt { at: back(self.second), kind: read_kind(&self.kind)?, calls: back(self.calls) })
    }
}

pub(super) fn read_kind(name: &str) -> Result<CallKind, Damaged> {
    CallKind::from_name(name).ok_or(Damaged("the kind of a call can't be read"))
}

pub(super) fn read_verdict(name: &str) -> Result<CallVerdict, Damaged> {
    CallVerdict::from_name(name).ok_or(Damaged("the verdict on a call can't be read"))
}
