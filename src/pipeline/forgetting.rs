use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::contact::{Identifier, IdentifierKind};
use crate::error::{Error, Result};
use crate::ledger::LedgerHandle;
use crate::table::{self, PlusNumbers, ReadOptions, RowBatch, RowView, WriteOptions};

/// Digits at the end of a phone number by which it is known however it is written.
const TELLING_DIGITS: usize = 9;

/// What became of a person's traces.
#[derive(Clone, Debug, Default)]
pub struct Forgotten {
    /// Records of the ledger that went.
    pub records: u64,
    /// Files that rolo wrote and that no longer hold the person.
    pub files: Vec<PathBuf>,
    /// Files that hold the person and could not be written anew.
    pub kept: Vec<PathBuf>,
}

/// Removes a person from the ledger and from every file that rolo wrote and still knows of.
///
/// A row of a results file keeps its line and its outcome, so that the file still accounts for every
/// row, and loses everything else; a row of an export goes. What rolo keeps for itself (standard
/// input, unfinished exports) is removed whole.
pub async fn forget(ledger: &LedgerHandle, state_dir: &Path, identifier: &Identifier) -> Result<Forgotten> {
    let key = ledger.hasher().identifier(identifier);
    let history = ledger.run(move |ledger| ledger.history(&key)).await?;
    let runs = ledger.run(|ledger| ledger.runs(usize::MAX >> 1)).await?;
    let mut written: BTreeMap<PathBuf, BTreeSet<String>> = BTreeMap::new();
    for run in runs {
        let lines = history.iter().filter(|event| event.run == run.id).map(|event| event.line.to_string());
        if let Some(results) = run.new.options["results"].as_str() {
            written.entry(PathBuf::from(results)).or_default().extend(lines);
        }
        if run.new.command == "export" {
            written.entry(PathBuf::from(run.new.file)).or_default();
        }
    }
    let mut forgotten =
        Forgotten { records: ledger.run(move |ledger| ledger.forget(&key)).await?, ..Forgotten::default() };
    for (path, lines) in written {
        let person = Person { identifier, lines };
        if person.is_in(&path) {
            match person.remove_from(&path) {
                Ok(()) => forgotten.files.push(path),
                Err(_) => forgotten.kept.push(path),
            }
        }
    }
    for folder in ["input", "export", "copy"] {
        let Ok(entries) = std::fs::read_dir(state_dir.join(folder)) else { continue };
        let person = Person { identifier, lines: BTreeSet::new() };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| person.is_in(path)) {
            std::fs::remove_file(&path).map_err(|error| {
                Error::stopped(format!("the file can't be removed: {}", path.display())).caused_by(error)
            })?;
            forgotten.files.push(path);
        }
    }
    Ok(forgotten)
}

/// Whom to look for in a file: by what a cell holds, or by the lines the ledger knows.
struct Person<'a> {
    identifier: &'a Identifier,
    lines: BTreeSet<String>,
}

impl Person<'_> {
    fn is_in(&self, path: &Path) -> bool {
        let Ok(mut reader) = table::open(path, &ReadOptions::default()) else {
            return std::fs::read_to_string(path).is_ok_and(|text| self.is_told_by(&text));
        };
        let own = reader.own_columns().to_vec();
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 512).is_ok_and(|read| read > 0) {
            if batch.rows().any(|row| self.is(&row, &own) && row.cells().any(|cell| !cell.is_empty())) {
                return true;
            }
        }
        false
    }

    /// Writes the file anew, without the person.
    fn remove_from(&self, path: &Path) -> Result<()> {
        let mut reader = table::open(path, &ReadOptions::default())?;
        let own = reader.own_columns().to_vec();
        let of_results = own.iter().any(|name| name == "_outcome");
        let columns: Vec<&str> = reader.headers().iter().chain(&own).map(String::as_str).collect();
        let width = reader.headers().len();
        let options = WriteOptions { plus_numbers: PlusNumbers::Guarded };
        let mut writer = table::create_results(path, &columns, &options)?;
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 512)? > 0 {
            for row in batch.rows() {
                let gone = self.is(&row, &own);
                if gone && !of_results {
                    continue;
                }
                let mut cells: Vec<&str> = (0..width).map(|column| if gone { "" } else { row.cell(column) }).collect();
                cells.extend(own.iter().map(|name| match name.as_str() {
                    "_line" | "_sheet" | "_outcome" | "_code" => row.own(name).unwrap_or_default(),
                    _ if gone => "",
                    name => row.own(name).unwrap_or_default(),
                }));
                if matches!(row.own("_outcome"), Some("rejected" | "failed" | "in_doubt")) && !gone {
                    writer.write_needing_attention(&cells, &[])?;
                } else {
                    writer.write(&cells)?;
                }
            }
        }
        writer.finish()
    }

    fn is(&self, row: &RowView<'_>, own: &[String]) -> bool {
        let line = row.own("_line").is_some_and(|line| self.lines.contains(line));
        line || row.cells().any(|cell| self.is_told_by(cell))
            || own.iter().filter_map(|name| row.own(name)).any(|cell| self.is_told_by(cell))
    }

    fn is_told_by(&self, text: &str) -> bool {
        if self.identifier.kind == IdentifierKind::Phone {
            let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
            let wanted = digits(&self.identifier.value);
            let telling = &wanted[wanted.len().saturating_sub(TELLING_DIGITS)..];
            // A cell with a number ends with it; in a longer text only the whole number is the person's.
            let is_number = text.len() <= 40 && digits(text).ends_with(telling);
            return telling.len() >= 5 && (is_number || text.contains(&self.identifier.value));
        }
        let text = Identifier::new(self.identifier.kind, text).comparable();
        let wanted = self.identifier.comparable();
        let is_part = |c: char| c.is_alphanumeric() || "._%+-@".contains(c);
        text.match_indices(&wanted).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + wanted.len()..].chars().next();
            !before.is_some_and(is_part) && !after.is_some_and(char::is_alphanumeric)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(kind: IdentifierKind, identifier: &str, text: &str) -> bool {
        let identifier = Identifier::new(kind, identifier);
        Person { identifier: &identifier, lines: BTreeSet::new() }.is_told_by(text)
    }

    #[test]
    fn a_person_is_told_by_the_whole_identifier_however_it_is_written() {
        for text in ["Ann@Example.com", "<ann@example.com>", "email: refused: ann@example.com."] {
            assert!(told(IdentifierKind::Email, "ann@example.com", text), "{text}");
        }
        for text in ["joann@example.com", "ann@example.community", "ann@example.co", ""] {
            assert!(!told(IdentifierKind::Email, "ann@example.com", text), "{text}");
        }
        for text in ["+447400100101", "07400 100101", "'+44 7400 100101", "no such number: +447400100101, check"] {
            assert!(told(IdentifierKind::Phone, "+447400100101", text), "{text}");
        }
        for text in ["+447400100102", "100101", ""] {
            assert!(!told(IdentifierKind::Phone, "+447400100101", text), "{text}");
        }
    }
}
