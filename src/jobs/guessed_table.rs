use crate::error::Error;
use crate::mapping::{Feeds, Guess, Sample};
use crate::report::{MappedColumn, MappingTable, UnmappedColumn};

/// Where a mapping came from that nobody stated.
pub(super) const GUESSED: &str = "guessed from the columns and their values";

/// The table of a guess that can't work as it is, and why.
pub(super) fn guessed_table(guess: &Guess, sample: &Sample, error: &Error) -> MappingTable {
    let mut table = MappingTable { origin: GUESSED.into(), rows: sample.contacts, ..MappingTable::default() };
    for (column, filled) in guess.columns.iter().zip(&sample.filled) {
        match guess.mapping.columns.get(&column.header).map(|rule| &rule.feeds) {
            Some(Feeds::Nothing) => table.ignored.push(column.header.clone()),
            None if !column.mapped => {
                table.unmapped.push(UnmappedColumn { column: column.header.clone(), filled: *filled, warned: false });
            }
            feeds => table.columns.push(MappedColumn {
                column: column.header.clone(),
                becomes: match feeds {
                    Some(Feeds::Field(field)) => field.clone(),
                    Some(Feeds::Tags(_)) => "tags to add".into(),
                    Some(Feeds::Lists(_)) => "lists to add".into(),
                    Some(Feeds::Nothing) | None => String::new(),
                },
                sure: column.sure.word().into(),
                because: column.because.clone(),
                brief: column.brief.clone(),
                values: Vec::new(),
            }),
        }
    }
    table.warnings.clone_from(&guess.warnings);
    table.notes.clone_from(&guess.notes);
    table.warnings.push(match &error.hint {
        Some(hint) => format!("as it is, the mapping can't be used: {}: {hint}", error.message),
        None => format!("as it is, the mapping can't be used: {}", error.message),
    });
    table
}
