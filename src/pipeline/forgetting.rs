use std::path::{Path, PathBuf};

use crate::contact::Identifier;
use crate::error::{Error, Result};
use crate::ledger::LedgerHandle;

/// What became of a person's traces.
#[derive(Clone, Debug, Default)]
pub struct Forgotten {
    /// Records of the ledger that went.
    pub records: u64,
    /// Files of rolo's own that held the person and were removed.
    pub files: Vec<PathBuf>,
    /// Files that rolo wrote for the user and that still hold the person.
    pub kept: Vec<PathBuf>,
}

/// Removes a person from the ledger and from every file that rolo keeps for itself, and names the
/// results files that still hold them: those are the user's.
pub async fn forget(ledger: &LedgerHandle, state_dir: &Path, identifier: &Identifier) -> Result<Forgotten> {
    let key = ledger.hasher().identifier(identifier);
    let history = ledger.run(move |ledger| ledger.history(&key)).await?;
    let mut suspects: Vec<PathBuf> = Vec::new();
    for event in &history {
        let run = event.run.clone();
        if let Some(run) = ledger.run(move |ledger| ledger.run(&run)).await? {
            suspects.extend(run.new.options["results"].as_str().map(PathBuf::from));
            if run.new.command == "export" {
                suspects.push(PathBuf::from(run.new.file));
            }
        }
    }
    suspects.sort();
    suspects.dedup();
    let mut forgotten =
        Forgotten { records: ledger.run(move |ledger| ledger.forget(&key)).await?, ..Forgotten::default() };
    forgotten.kept = suspects.into_iter().filter(|path| holds(path, identifier)).collect();
    for folder in ["input", "export", "copy"] {
        let Ok(entries) = std::fs::read_dir(state_dir.join(folder)) else { continue };
        for path in entries.flatten().map(|entry| entry.path()).filter(|path| holds(path, identifier)) {
            std::fs::remove_file(&path).map_err(|error| {
                Error::stopped(format!("the file can't be removed: {}", path.display())).caused_by(error)
            })?;
            forgotten.files.push(path);
        }
    }
    Ok(forgotten)
}

/// Whether a file holds the identifier as text. Workbooks are packed, so they are read as rows.
fn holds(path: &Path, identifier: &Identifier) -> bool {
    let wanted = identifier.comparable();
    let same = |cell: &str| Identifier::new(identifier.kind, cell).comparable().contains(&wanted);
    let Ok(mut reader) = crate::table::open(path, &crate::table::ReadOptions::default()) else {
        return std::fs::read_to_string(path).is_ok_and(|text| same(&text));
    };
    let mut batch = crate::table::RowBatch::new();
    while reader.read(&mut batch, 512).is_ok_and(|read| read > 0) {
        if batch.rows().any(|row| row.cells().any(same)) {
            return true;
        }
    }
    false
}
