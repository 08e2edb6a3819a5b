use crate::contact::{Position, RowRecord};
use crate::journal::Key;
use crate::reconcile::Row;

/// One row, in source order.
#[derive(Debug)]
pub enum Work {
    /// It has its outcome without a call; `recorded` if the ledger has it already.
    Ready {
        position: Position,
        record: RowRecord,
        keys: Vec<Key>,
        recorded: bool,
    },
    Row(Box<Row>),
}
