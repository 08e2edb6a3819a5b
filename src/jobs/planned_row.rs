use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::contact::{Call, Position, RemoteId, RowRecord};
use crate::error::{Error, Result};
use crate::journal::Key;
use crate::reconcile::{Keys, Planned, Seen, seal_of};

/// What a plan foresees of one row, as it stands in its file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct PlannedRow {
    /// From 0, across sheets.
    row: u64,
    line: u64,
    outcome: String,
    /// The contact's id; absent if nobody was there.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact: Option<String>,
    /// What the contact held, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    holds: BTreeMap<String, String>,
    calls: Vec<PlannedCall>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    codes: Vec<String>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct PlannedCall {
    kind: String,
    /// Of the fields it carries.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fields: Vec<String>,
    seal: String,
}

impl PlannedRow {
    /// `seen` when it was decided what to send.
    pub fn new(position: Position, record: &RowRecord, seen: Option<&Seen>, writes: &[Call], keys: &Keys) -> Self {
        let calls = writes.iter().map(|call| PlannedCall {
            kind: call.kind().name().to_owned(),
            fields: match call {
                Call::Create { edit, .. } | Call::Update { edit, .. } => {
                    edit.fields.iter().map(|(field, _)| field.name().to_owned()).collect()
                }
                _ => Vec::new(),
            },
            seal: seal_of(call, keys).hex(),
        });
        let holds = seen.iter().flat_map(|seen| &seen.holds).map(|(name, key)| (name.clone(), key.hex()));
        Self {
            row: position.index,
            line: position.line,
            outcome: record.outcome.name().to_owned(),
            contact: seen.and_then(|seen| seen.contact.as_ref()).map(|id| id.0.clone()),
            holds: holds.collect(),
            calls: calls.collect(),
            codes: record.errors.iter().map(|error| error.code.to_string()).collect(),
        }
    }

    fn planned(self) -> Option<Planned> {
        let holds =
            self.holds.into_iter().map(|(name, text)| Some((name, Key::from_hex(&text)?))).collect::<Option<_>>()?;
        let calls = self.calls.iter().map(|call| Key::from_hex(&call.seal)).collect::<Option<_>>()?;
        Some(Planned { seen: Seen { contact: self.contact.map(RemoteId), holds }, calls })
    }
}

/// The rows of a plan, one after another.
pub struct PlannedRows {
    lines: std::io::Lines<BufReader<File>>,
}

impl PlannedRows {
    pub fn open(plan: &Path) -> Result<Self> {
        let file = File::open(plan).map_err(|error| {
            Error::usage(format!("the plan can't be read: {}", plan.display()))
                .at_path(plan)
                .hint("put it back, and give the command again")
                .caused_by(error)
        })?;
        let mut lines = BufReader::new(file).lines();
        drop(lines.next());
        Ok(Self { lines })
    }

    /// What is planned for a row. Rows are asked for in the file's order.
    pub fn of(&mut self, row: u64) -> Result<Planned> {
        loop {
            let line = self.lines.next().and_then(std::result::Result::ok);
            let planned: Option<PlannedRow> = line.and_then(|line| serde_json::from_str(&line).ok());
            let Some(planned) = planned else {
                return Err(Error::stopped("the plan was changed while it was being kept to")
                    .hint("put the plan back as it was, and `rolo resume`"));
            };
            if planned.row == row {
                return planned.planned().ok_or_else(|| Error::stopped("the plan holds what no rolo has written"));
            }
        }
    }
}
