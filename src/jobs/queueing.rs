//! Runs that are queued for a worker: all that they need is pinned when they are submitted.

use std::path::Path;

use super::account_spec::AccountSpec;
use super::export::record as export_record;
use super::export_job::ExportJob;
use super::import::ImportJob;
use super::recognize::remembered_as;
use super::run_record::{EditsRecord, ExportRecord, ImportRecord, QueuedRecord, ReadRecord, RunRecord};
use super::source::{MappingChoice, SourceSpec};
use crate::clock;
use crate::error::{Error, Result, StopReason};
use crate::journal::RunId;
use crate::ledger::{Fingerprint, LedgerHandle, NewRun, RunKind};
use crate::storage::{Address, absolute};

/// Queues an import, once its mapping was found to fit its file. Of the account no more is needed than where it
/// points to.
///
/// # Errors
/// Those of mapping, of reading the file, and of the ledger.
pub async fn submit_import(job: &ImportJob, queued: QueuedRecord, ledger: &LedgerHandle) -> Result<RunId> {
    let service = (job.account.service.connect)(&job.account.settings)?;
    let mapped = job.source.map(service.as_ref(), None)?;
    let is_guessed = matches!(job.source.mapping, MappingChoice::Guess);
    // A guess also looks at the fields of the account, which only the worker asks.
    let text = if is_guessed { String::new() } else { mapped.text };
    let only = if is_guessed { queued.only } else { Vec::new() };
    let queued = QueuedRecord { digest: digest(&job.source)?, is_guessed, only, ..queued };
    let record = ImportRecord { pin: job.source.pin(), ..import_record(job, text, queued) };
    ledger.submit(&waiting(RunKind::Import, &job.account, file(&job.source.path), record, ledger).await?).await
}

/// An import that is due by a schedule: of its file and its mapping nothing is pinned, since they are read when it
/// begins.
///
/// # Errors
/// Those of the ledger.
pub async fn import_when_due(job: &ImportJob, queued: QueuedRecord, ledger: &LedgerHandle) -> Result<NewRun> {
    let record = ImportRecord { pin: job.source.taken_as.clone(), ..import_record(job, String::new(), queued) };
    waiting(RunKind::Import, &job.account, file(&job.source.path), record, ledger).await
}

fn import_record(job: &ImportJob, mapping: String, queued: QueuedRecord) -> ImportRecord {
    ImportRecord {
        version: 0,
        mapping,
        region: job.source.region.clone(),
        read: ReadRecord::of(&job.source.read),
        results: absolute(&job.results),
        import: job.options.clone(),
        retries: None,
        chosen: None,
        unthrottled: job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled),
        exported: false,
        pin: None,
        plan: None,
        edits: job.source.edits.as_deref().map(EditsRecord::of),
        unmapped: None,
        queued: Some(QueuedRecord { is_pending: true, ..queued }),
    }
}

/// Queues an export.
///
/// # Errors
/// Those of the ledger.
pub async fn submit_export(job: &ExportJob, queued: QueuedRecord, ledger: &LedgerHandle) -> Result<RunId> {
    ledger.submit(&export_when_due(job, queued, ledger).await?).await
}

/// An export that is due by a schedule.
///
/// # Errors
/// Those of the ledger.
pub async fn export_when_due(job: &ExportJob, queued: QueuedRecord, ledger: &LedgerHandle) -> Result<NewRun> {
    let mut record = export_record(job);
    record.queued = Some(QueuedRecord { is_pending: true, ..queued });
    waiting(RunKind::Export, &job.account, file(&job.file), record, ledger).await
}

/// A run of a job that could not begin: it keeps the name of its job, and nothing that it could be begun by. Of the
/// account no more is needed than where it points to.
///
/// # Errors
/// Those of the ledger.
pub async fn could_not_begin(
    kind: RunKind,
    account: &AccountSpec,
    file: String,
    job: &str,
    ledger: &LedgerHandle,
) -> Result<NewRun> {
    let options = serde_json::json!({ "job": job });
    Ok(NewRun { options, ..waiting(kind, account, file, ExportRecord::default(), ledger).await? })
}

fn file(path: &Path) -> String {
    absolute(path).display().to_string()
}

/// A run that waits, under a fingerprint of its own.
async fn waiting(
    kind: RunKind,
    account: &AccountSpec,
    file: String,
    record: impl RunRecord,
    ledger: &LedgerHandle,
) -> Result<NewRun> {
    let mut fingerprint = [0; 32];
    getrandom::fill(&mut fingerprint)
        .map_err(|error| Error::stopped("the system gives no random bytes").caused_by(error))?;
    Ok(NewRun {
        kind,
        // What makes it the same as another is known when it begins; until then it is itself.
        fingerprint: Fingerprint(fingerprint),
        account: account.name.clone(),
        identity: remembered_as(account, ledger).await?,
        service: account.service.name.to_owned(),
        file,
        options: record.to_json()?,
        started: clock::unix_now().as_secs(),
    })
}

/// The digest of a source's bytes, in hexadecimal digits.
///
/// # Errors
/// Those of reading it.
pub fn digest(source: &SourceSpec) -> Result<String> {
    let mut hasher = [blake3::Hasher::new()];
    source.digest_into(&mut hasher)?;
    let [hasher] = hasher;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Whether the source of a queued import can be read here, and is what was submitted.
///
/// # Errors
/// With the reason `NotHere` if it can't be read, and `SourceChanged` if it is another by now.
pub fn as_submitted(job: &ImportJob) -> Result<()> {
    let Some(queued) = &job.queued else { return Ok(()) };
    let path = job.source.path.display();
    // Of what is due by a schedule nothing is pinned: it need only be there.
    let read = if queued.digest.is_empty() { there(&job.source) } else { digest(&job.source) };
    let found = read.map_err(|error| {
        if error.reason == Some(StopReason::SourceChanged) {
            return error;
        }
        Error::stopped(format!("this worker can't read the file of the run: {path}"))
            .because(StopReason::NotHere)
            .at_path(&job.source.path)
            .hint("a worker that can read it at this path serves the run; `rolo cancel` ends it")
            .caused_by(error)
    })?;
    if found == queued.digest {
        return has_folder(&job.results);
    }
    Err(Error::usage(format!("the file was changed since it was submitted: {path}"))
        .because(StopReason::SourceChanged)
        .at_path(&job.source.path)
        .hint("submit it again as it is now; nobody whom the service has already is made twice"))
}

fn there(source: &SourceSpec) -> Result<String> {
    source.file().map(|_| String::new())
}

/// Whether the folder that results go to is on this machine.
fn has_folder(file: &Path) -> Result<()> {
    let is_here = Address::of(file).is_none();
    match file.parent().filter(|folder| is_here && !folder.as_os_str().is_empty() && !folder.is_dir()) {
        None => Ok(()),
        Some(folder) => Err(Error::stopped(format!("this worker has no such folder: {}", folder.display()))
            .because(StopReason::NotHere)
            .at_path(folder)
            .hint("make it here, or start a worker where it is; `rolo cancel` ends the run")),
    }
}
