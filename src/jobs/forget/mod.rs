//! A person is removed from everything that is kept of them here.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::contact::Identifier;
use crate::error::{Error, Result};
use crate::jobs::results_of;
use crate::journal::RunId;
use crate::ledger::{HistoryEvent, HistoryStep, LedgerHandle, LedgerPlace, Run, RunKind};
use crate::storage::Address;
use crate::table::{IfTaken, Place, PlaceState, ReadOptions, WrittenFiles, sweep};

mod file;
mod person;
mod sources;

use file::{Found, PersonsFile, canonical, own_rows};
use person::{Person, ids_in};
use sources::sources_with;

/// What became of a person's traces.
#[derive(Clone, Debug, Default)]
pub struct Forgotten {
    /// Records of the ledger that went or were cleaned.
    pub records: u64,
    /// Files that rolo wrote and that no longer hold the person.
    pub files: Vec<PathBuf>,
    /// Files that hold the person and could not be written anew.
    pub kept: Vec<PathBuf>,
    /// Files that runs read, and that hold the person as before: rolo changes no source.
    pub sources: Vec<PathBuf>,
    /// Addresses at which the person may stand: of what runs read there, and of what they wrote there.
    pub elsewhere: BTreeSet<PathBuf>,
}

/// Removes a person from the ledger and from every file that rolo wrote and still knows of.
///
/// A row of a results file keeps its line and its outcome, so that the file still accounts for every
/// row, and loses everything else; a row of an export goes; another person's row loses what names this
/// one, and stays. A page goes whole, as does what rolo keeps for itself (standard input, unfinished
/// exports). Rows that no key leads to, such as rejected ones, are found by what stands in them.
///
/// # Errors
/// Of kind `Usage` if the identifier is that of several contacts of one account: somebody else would
/// be forgotten along.
pub async fn forget(identifier: &Identifier, state_dir: &Path, ledger: &LedgerPlace) -> Result<Forgotten> {
    let ledger = &ledger.open()?;
    let key = ledger.hasher().identifier(identifier);
    let history = ledger.history(&key).await?;
    refuse_several(&history)?;
    let contacts = ledger.contacts_of(&key).await?;
    let runs = ledger.runs(usize::MAX >> 1).await?;
    let written = WrittenFiles::in_state(state_dir);
    written.sweep();
    let mut forgotten = Forgotten { records: ledger.forget(&key).await?, ..Forgotten::default() };
    let mut rows: BTreeMap<RunId, BTreeSet<u64>> = BTreeMap::new();
    // Runs that met them in what they read, also where nothing was done about it.
    let mut met: BTreeSet<&RunId> = BTreeSet::new();
    let (pages, files): (Vec<_>, Vec<_>) = files_of(&runs, &written).into_iter().partition(|(path, _)| is_page(path));
    for (path, run) in files {
        sweep(path.parent().unwrap_or(&path));
        let lines = run.iter().flat_map(|run| lines_of(&history, &run.id));
        // Lines are the ledger's, and of the file only as long as nobody has changed it.
        let is_ours = written.state_of(&path) == PlaceState::Ours;
        let person = Person {
            identifier,
            lines: if is_ours { lines.collect() } else { BTreeSet::new() },
            // A row that nothing was sent for has no record; its file names the contact.
            contacts: run.map_or_else(BTreeSet::new, |run| ids_in(&contacts, &run.new.identity)),
        };
        let file = PersonsFile { path: &path, person: &person, options: own_rows(&ReadOptions::default()) };
        let place = if is_ours { written.place(&path, IfTaken::Replace)? } else { Place::from(&path) };
        match file.clean(&place) {
            Ok(Found::Nowhere) => {}
            Ok(Found::Rows(lines)) => {
                if let Some(run) = run {
                    met.extend((!lines.is_empty()).then_some(&run.id));
                    rows.entry(run.id.clone()).or_default().extend(indexes_of(ledger, run, &lines).await?);
                }
                forgotten.files.push(path);
            }
            Err(_) => forgotten.kept.push(path),
        }
    }
    let person = Person { identifier, lines: BTreeSet::new(), contacts: BTreeSet::new() };
    for run in &runs {
        rows.entry(run.id.clone()).or_default().extend(rows_that_name(ledger, run, &person).await?);
    }
    rows.retain(|_, indexes| !indexes.is_empty());
    let their_runs: BTreeSet<&RunId> = rows.keys().chain(history.iter().map(|event| &event.run)).collect();
    for (path, _) in pages {
        remove_page(&path, &their_runs, &person, &written, &mut forgotten);
    }
    met.extend(&their_runs);
    forgotten.sources = sources_with(&runs, identifier, &contacts, &met);
    forgotten.sources.retain(|path| !forgotten.files.contains(path) && !forgotten.kept.contains(path));
    forgotten.elsewhere = elsewhere(&runs, &met);
    for (run, indexes) in &rows {
        let indexes: Vec<u64> = indexes.iter().copied().collect();
        forgotten.records += ledger.forget_rows(run, &indexes).await?;
    }
    remove_kept(state_dir, &person, &mut forgotten)?;
    // What rolo keeps of standard input is a source as well, but nobody's own.
    let (kept, sources) =
        forgotten.sources.iter().cloned().partition(|path| path.starts_with(canonical(state_dir.into())));
    forgotten.sources = sources;
    remove_files(kept, &mut forgotten)?;
    Ok(forgotten)
}

/// Where in storage runs that `met` the person read and wrote, and exports that may have; nothing is changed there.
fn elsewhere(runs: &[Run], met: &BTreeSet<&RunId>) -> BTreeSet<PathBuf> {
    let may = |run: &&Run| met.contains(&run.id) || run.new.kind == RunKind::Export;
    let places = |run: &Run| [Some(PathBuf::from(&run.new.file)), results_of(run)];
    let places = runs.iter().filter(may).flat_map(places).flatten();
    places.filter(|path| Address::of(path).is_some_and(|address| !address.is_read_only())).collect()
}

/// Refuses an identifier that leads to several contacts of one account, such as a phone that a family
/// shares.
fn refuse_several(history: &[HistoryEvent]) -> Result<()> {
    let mut contacts: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for event in history.iter().filter(|event| matches!(event.what, HistoryStep::Row { .. })) {
        if let Some(id) = &event.contact_id {
            contacts.entry(&event.account).or_default().insert(&id.0);
        }
    }
    let Some((account, ids)) = contacts.into_iter().find(|(_, ids)| ids.len() > 1) else { return Ok(()) };
    let ids: Vec<&str> = ids.into_iter().collect();
    Err(Error::usage(format!("the identifier led to several contacts of {account}: {}", ids.join(", ")))
        .in_account(account)
        .hint(format!(
            "nothing was removed; forget the one who is meant by their id: `rolo forget id:{} --yes`",
            ids[0]
        )))
}

fn is_page(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("html"))
}

/// A page goes whole if it tells of a run that the person was in: it shows rows as they were, and can be
/// made again.
fn remove_page(
    path: &Path,
    their_runs: &BTreeSet<&RunId>,
    person: &Person<'_>,
    written: &WrittenFiles,
    forgotten: &mut Forgotten,
) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    if !their_runs.iter().any(|run| text.contains(&run.0)) && !person.is_named_in(&text) {
        return;
    }
    let is_removed = written.state_of(path) == PlaceState::Ours && std::fs::remove_file(path).is_ok();
    if is_removed { &mut forgotten.files } else { &mut forgotten.kept }.push(path.to_owned());
}

/// Every file that may hold people, with the run that wrote it last.
fn files_of<'a>(runs: &'a [Run], written: &WrittenFiles) -> BTreeMap<PathBuf, Option<&'a Run>> {
    let mut files: BTreeMap<PathBuf, Option<&Run>> = written.files().into_iter().map(|path| (path, None)).collect();
    // Oldest first, so that the latest remains.
    for run in runs.iter().rev() {
        if let Some(results) = super::run_record::results_of(run) {
            files.insert(canonical(results), Some(run));
        }
        if run.new.kind == RunKind::Export {
            files.insert(canonical(PathBuf::from(&run.new.file)), Some(run));
        }
    }
    files.retain(|path, _| path.is_file());
    files
}

fn lines_of(history: &[HistoryEvent], run: &RunId) -> Vec<String> {
    history.iter().filter(|event| event.run == *run).map(|event| event.line.to_string()).collect()
}

/// Indexes of a run's rows that stand at these lines.
async fn indexes_of(ledger: &LedgerHandle, run: &Run, lines: &BTreeSet<String>) -> Result<Vec<u64>> {
    let mut indexes = Vec::new();
    let mut from = 0;
    while !lines.is_empty() {
        let rows = ledger.placed_rows(&run.id, from, 4096).await?;
        let Some((last, _)) = rows.last() else { break };
        from = last.index + 1;
        let at = |line: u64| lines.contains(&line.to_string());
        indexes.extend(rows.iter().filter(|(position, _)| at(position.line)).map(|(position, _)| position.index));
    }
    Ok(indexes)
}

/// Indexes of a run's rows with a message that names the person.
async fn rows_that_name(ledger: &LedgerHandle, run: &Run, person: &Person<'_>) -> Result<Vec<u64>> {
    let mut indexes = Vec::new();
    let mut from = 0;
    loop {
        let rows = ledger.placed_rows(&run.id, from, 4096).await?;
        let Some((last, _)) = rows.last() else { return Ok(indexes) };
        from = last.index + 1;
        let names =
            rows.iter().filter(|(_, record)| record.errors.iter().any(|error| person.is_named_in(&error.message)));
        indexes.extend(names.map(|(position, _)| position.index));
    }
}

/// What rolo keeps for itself goes whole if the person is in it.
fn remove_kept(state_dir: &Path, person: &Person<'_>, forgotten: &mut Forgotten) -> Result<()> {
    for folder in ["input", "export", "copy"] {
        let folder = state_dir.join(folder);
        sweep(&folder);
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if !(PersonsFile { path: &path, person, options: own_rows(&ReadOptions::default()) }).holds() {
                continue;
            }
            remove_files(vec![path], forgotten)?;
        }
    }
    Ok(())
}

fn remove_files(files: Vec<PathBuf>, forgotten: &mut Forgotten) -> Result<()> {
    for path in files.into_iter().filter(|path| path.is_file()) {
        std::fs::remove_file(&path).map_err(|error| {
            Error::stopped(format!("the file can't be removed: {}", path.display())).at_path(&path).caused_by(error)
        })?;
        forgotten.files.push(path);
    }
    Ok(())
}
