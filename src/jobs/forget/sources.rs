use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::file::{PersonsFile, canonical, own_rows};
use super::person::{Person, ids_in};
use crate::contact::{Identifier, RemoteId};
use crate::jobs::run_record::{ExportRecord, ImportRecord, RunRecord as _};
use crate::journal::RunId;
use crate::ledger::{Run, RunKind};
use crate::platform::FileStamp;
use crate::table::ReadOptions;

/// Files that runs read, that are there, and that hold the person: they are somebody's own, so none is changed.
///
/// A source holds them if it names them, or if one of the runs that `met` them read it and it was not written since.
pub fn sources_with(
    runs: &[Run],
    identifier: &Identifier,
    contacts: &[(String, RemoteId)],
    met: &BTreeSet<&RunId>,
) -> Vec<PathBuf> {
    let mut holding: BTreeMap<PathBuf, bool> = BTreeMap::new();
    let mut read: Vec<(PathBuf, ReadOptions)> = Vec::new();
    for run in runs {
        let Some((path, options)) = source_of(run) else { continue };
        let path = canonical(path);
        if !path.is_file() || holding.get(&path) == Some(&true) {
            continue;
        }
        let is_unchanged = || met.contains(&run.id) && is_written_by(&path, run.new.started);
        let person = Person { identifier, lines: BTreeSet::new(), contacts: ids_in(contacts, &run.new.identity) };
        let holds = is_unchanged()
            || !read.contains(&(path.clone(), options.clone()))
                && PersonsFile { path: &path, person: &person, options: own_rows(&options) }.holds();
        read.push((path.clone(), options));
        holding.insert(path, holds);
    }
    holding.into_iter().filter(|(_, holds)| *holds).map(|(path, _)| path).collect()
}

/// What a run read, and how.
fn source_of(run: &Run) -> Option<(PathBuf, ReadOptions)> {
    match run.new.kind {
        RunKind::Import | RunKind::Retry => {
            let record = ImportRecord::of(run).ok()?;
            Some((PathBuf::from(&run.new.file), record.read.options()))
        }
        RunKind::Export => Some((ExportRecord::of(run).ok()?.identifiers?, ReadOptions::default())),
        RunKind::Undo => None,
    }
}

fn is_written_by(path: &Path, second: u64) -> bool {
    std::fs::metadata(path).is_ok_and(|metadata| FileStamp::of(&metadata).is_written_by(second))
}
