use super::column_choice::Fed;
use super::draft::Draft;
use crate::contact::trim_unseen;
use crate::error::{Error, Result};
use crate::jobs::{MappingChoice, facts};
use crate::mapping::{ColumnEvidence, Guess, Mapping};
use crate::report::MappingTable;
use crate::services::Service;

/// Different values shown of a column.
const SHOWN: usize = 3;

/// The columns of a file, what they feed and what speaks for it.
pub struct ColumnsView {
    pub headers: Vec<String>,
    pub columns: Vec<ColumnView>,
    /// Rows that are contacts.
    pub rows: u64,
    pub mapping: Mapping,
    /// The guess, whose evidence goes into a mapping file.
    pub guess: Guess,
    /// Where the mapping came from; why it can't work, if it can't.
    pub table: Result<MappingTable>,
}

/// One column.
pub struct ColumnView {
    pub header: String,
    /// Rows in which it holds something.
    pub filled: u64,
    /// A few values as they stand in the file and, where they are sent, as they are sent.
    pub values: Vec<(String, Option<String>)>,
    pub fed: Fed,
    /// It says how other columns are read, or which rows are sent.
    pub is_used: bool,
    pub evidence: ColumnEvidence,
}

impl ColumnsView {
    /// The columns of a draft by its mapping, or by another one that is not saved.
    pub fn of(draft: &Draft, service: &dyn Service, unsaved: Option<Mapping>) -> Result<Self> {
        let source = draft.source()?;
        let guessed = source.guess(service)?;
        let mapping = match (unsaved, &draft.mapping) {
            (Some(mapping), _) => mapping,
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).map_err(|cause| {
                    Error::usage(format!("the mapping file can't be read: {}", path.display()))
                        .at_path(path)
                        .caused_by(cause)
                })?;
                Mapping::parse(&text, &path.display().to_string())?
            }
            (None, None) => guessed.guess.mapping.clone(),
        };
        let headers: Vec<String> = guessed.guess.columns.iter().map(|column| column.header.clone()).collect();
        let facts = facts(service, None);
        let forward = mapping.forward(&headers, &facts, draft.region.as_deref());
        let mut stated = source;
        stated.mapping = MappingChoice::Text(mapping.to_toml());
        // A guess that was not touched has said its doubts already.
        let table = match (&forward, draft.mapping.is_none() && mapping == guessed.guess.mapping) {
            (Err(error), _) => Err(error.clone()),
            (Ok(_), true) => Ok(guessed.table.clone()),
            (Ok(_), false) => stated.map(service, None).and_then(|mapped| mapped.table()),
        };
        let columns = guessed.guess.columns.iter().enumerate().map(|(index, evidence)| {
            let fed = Fed::of(&mapping, &evidence.header);
            ColumnView {
                filled: guessed.sample.filled.get(index).copied().unwrap_or_default(),
                values: values(&guessed.sample.rows, index, &evidence.header, table.as_ref().ok()),
                is_used: fed.feeds.is_none() && forward.as_ref().is_ok_and(|forward| forward.uses(index)),
                header: evidence.header.clone(),
                evidence: evidence.clone(),
                fed,
            }
        });
        Ok(Self {
            columns: columns.collect(),
            rows: guessed.sample.contacts,
            headers,
            mapping,
            guess: guessed.guess,
            table,
        })
    }
}

fn values(
    sample: &crate::table::RowBatch,
    column: usize,
    header: &str,
    table: Option<&MappingTable>,
) -> Vec<(String, Option<String>)> {
    let mapped = table.and_then(|table| table.columns.iter().find(|mapped| mapped.column == header));
    if let Some(mapped) = mapped.filter(|mapped| !mapped.values.is_empty()) {
        return mapped.values.iter().map(|(cell, sent)| (cell.clone(), Some(sent.clone()))).collect();
    }
    let mut values: Vec<(String, Option<String>)> = Vec::new();
    for row in sample.rows() {
        let cell = trim_unseen(row.cell(column));
        if !cell.is_empty() && values.len() < SHOWN && values.iter().all(|(seen, _)| seen != cell) {
            values.push((cell.to_owned(), None));
        }
    }
    values
}
