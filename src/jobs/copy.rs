use std::path::{Path, PathBuf};

use super::Context;
use super::account_spec::AccountSpec;
use super::ended::Ended;
use super::export::export;
use super::export_job::ExportJob;
use super::fingerprint::Parts;
use super::frame::Opened;
use super::import::{ImportJob, import};
use super::import_options::ImportOptions;
use super::job_events::JobEvents;
use super::left_behind::LeftBehind;
use super::recognize::{Keep, last_identity};
use super::source::{MappingChoice, SourceSpec, facts};
use super::verify::Verify;
use super::visit::Visit;
use crate::alerts::JobWatch;
use crate::contact::{Filter, RemoteId};
use crate::error::{Error, Result};
use crate::journal::AccountNote;
use crate::mapping::{self, ColumnRule, Feeds, Sample};
use crate::platform::make_private_folder;
use crate::report::{JobKind, Remark, Summary};
use crate::storage::absolute;
use crate::table::{self, IfTaken, PlusNumbers, ReadOptions, RowBatch};
use crate::validate::Looks;

/// Contacts to be brought from one account to another.
pub struct CopyJob {
    pub from: AccountSpec,
    pub to: AccountSpec,
    pub filter: Filter,
    pub identifiers: Option<SourceSpec>,
    /// A mapping from the columns of an export; guessed if absent.
    pub mapping: Option<PathBuf>,
    /// Most contacts to copy.
    pub limit: Option<u64>,
    pub results: PathBuf,
    pub options: ImportOptions,
    /// Compare every copied contact afterwards, and write what differs beside the results.
    pub verify: bool,
}

/// Exports, imports, keeps the map of ids in the ledger (as [`AccountNote::CopyOf`] of the account
/// copied to), and if asked to, compares.
///
/// The export lies in the state folder between the two; a copy that was cut off goes on from there.
/// It stays until the next copy where rows need attention, so that these can be sent again.
pub async fn copy(job: &CopyJob, context: &mut Context) -> Result<Summary> {
    let events = JobEvents::begin(JobKind::Copy);
    let file = meantime(job, context).await?;
    let done = file.with_extension("done");
    if let Some(ended) = export_meanwhile(job, &file, context).await? {
        return Ok(ended);
    }
    let source = exported_source(job, &file, context).await?;
    let left = LeftBehind::of(&job.from, &job.to, &source)?;
    let importing = ImportJob::of(source.clone(), job.to.clone(), job.results.clone(), job.options.clone());
    let mut summary = import(&importing, context).await?;
    summary.kind = JobKind::Copy;
    if summary.stopped.is_some() {
        return Ok(summary);
    }
    summary.unmapped.clear();
    summary.remarks.extend(left.remarks(&job.from));
    keep_ids(job, context).await?;
    if job.verify {
        let verify = Verify { account: &job.to, results: &job.results, mapping: &source.mapping, left: &left };
        summary.remarks.push(verify.check(context).await?);
    }
    if summary.counts.needing_attention() == 0 {
        remove(&file)?;
    } else {
        std::fs::write(&done, b"").map_err(|error| Error::stopped("the copy can't be marked done").caused_by(error))?;
    }
    events.finish(Ended::Whole, summary, context)
}

/// The first half of a copy.
pub enum CopyExport {
    /// What the copy would send; it goes on from there.
    Rows(Box<SourceSpec>),
    /// The copy has ended: there is nothing to send, or the export did not come to its end.
    Ended(Box<Summary>),
}

/// Exports what a copy would send, for somebody to see it first.
pub async fn export_for_copy(job: &CopyJob, context: &mut Context) -> Result<CopyExport> {
    let file = meantime(job, context).await?;
    if let Some(ended) = export_meanwhile(job, &file, context).await? {
        return Ok(CopyExport::Ended(Box::new(ended)));
    }
    Ok(CopyExport::Rows(Box::new(exported_source(job, &file, context).await?)))
}

/// Removes the export of a copy that is not to be.
pub fn forget_export(file: &Path) -> Result<()> {
    remove(file)
}

/// Exports to `file`, unless an earlier copy that was cut off did. A summary if there is nothing to go on
/// with.
async fn export_meanwhile(job: &CopyJob, file: &Path, context: &mut Context) -> Result<Option<Summary>> {
    let done = file.with_extension("done");
    if done.exists() {
        remove(file)?;
        remove(&done)?;
    }
    if file.exists() {
        return Ok(None);
    }
    let exporting = ExportJob {
        account: job.from.clone(),
        file: file.to_owned(),
        filter: job.filter.clone(),
        columns: None,
        limit: job.limit,
        plus_numbers: PlusNumbers::AsTheyAre,
        messages: false,
        tags_by_list: false,
        // A mapping of one's own names the columns that an export has.
        exact: job.mapping.is_none(),
        identifiers: job.identifiers.clone(),
        // It is in the state folder, which is ours.
        if_taken: IfTaken::Replace,
        resumes: None,
        queued: None,
    };
    let watch = context.watch.clone();
    context.watch = watch.as_ref().map(JobWatch::of_first_half);
    let exported = export(&exporting, context).await;
    context.watch = watch;
    let mut exported = exported?;
    exported.kind = JobKind::Copy;
    if exported.stopped.is_some() {
        return Ok(Some(exported));
    }
    if exported.contacts == Some(0) {
        remove(file)?;
        exported.file = None;
        exported.remarks.push(Remark::NothingToCopy { account: job.from.name.clone() });
        return Ok(Some(exported));
    }
    Ok(None)
}

async fn exported_source(job: &CopyJob, file: &Path, context: &mut Context) -> Result<SourceSpec> {
    Ok(SourceSpec {
        mapping: MappingChoice::Text(mapping_text(job, file, context).await?),
        exported: true,
        ..SourceSpec::of(file.to_owned())
    })
}

/// Where the export lies meanwhile: the same place for the same copy.
async fn meantime(job: &CopyJob, context: &mut Context) -> Result<PathBuf> {
    let folder = context.state_dir.join("copy");
    make_private_folder(&folder).map_err(|error| {
        Error::stopped(format!("the folder can't be made: {}", folder.display())).at_path(&folder).caused_by(error)
    })?;
    let from = recognized(&job.from, context).await?;
    let to = recognized(&job.to, context).await?;
    let identifiers = job.identifiers.as_ref().map(|source| absolute(&source.path).display().to_string());
    let parts = Parts::new("copy 1")
        .with("from", &from)
        .with("to", &to)
        .with_filter(&job.filter)
        .with_some("limit", job.limit.map(|limit| limit.to_string()).as_deref())
        .with_some("identifiers", identifiers.as_deref());
    Ok(folder.join(format!("{}.csv", parts.fingerprint().name())))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::stopped(format!("the copied export can't be removed: {}", path.display()))
                .at_path(path)
                .caused_by(error))
        }
        _ => Ok(()),
    }
}

/// The mapping of an export's own columns, without the other account's ids.
async fn mapping_text(job: &CopyJob, file: &Path, context: &mut Context) -> Result<String> {
    if let Some(path) = &job.mapping {
        return std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("the mapping file can't be read: {}", path.display())).at_path(path).caused_by(error)
        });
    }
    let opened = Opened::unrecognized(&job.to, context).await?;
    opened.visit("copy", context, async |visit, _| guessed_mapping(file, visit).await).await
}

/// The guess for an export, by the fields of the account copied to.
async fn guessed_mapping(file: &Path, visit: &Visit) -> Result<String> {
    let defined = visit.definitions().await?;
    let mut reader = table::open(file, &ReadOptions::default())?;
    let headers = reader.headers().to_vec();
    let sample = Sample::read(reader.as_mut())?;
    let service = visit.connection.account.service.as_ref();
    let mut guess = mapping::guess(&headers, &sample, &facts(service, defined.as_deref()), &Looks::default(), &[]);
    if headers.iter().any(|header| header == "id") {
        guess.mapping.columns.insert("id".into(), ColumnRule::new(Feeds::Nothing));
    }
    for rule in guess.mapping.columns.values_mut().filter(|rule| !rule.separators.is_empty()) {
        // What an export of ours puts between names, whatever the names hold.
        rule.separators = vec![";".to_owned()];
    }
    Ok(mapping::write_commented(&guess))
}

/// What an account points to, without more ado.
async fn recognized(account: &AccountSpec, context: &mut Context) -> Result<String> {
    if account.sandbox.is_some() {
        return Ok(account.name.clone());
    }
    let opened = Opened::account(account, Keep::Nothing, context).await?;
    opened.visit("copy", context, async |visit, _| Ok(visit.connection.identity().to_owned())).await
}

/// Keeps which id became which.
async fn keep_ids(job: &CopyJob, context: &Context) -> Result<()> {
    let ledger = context.ledger.open()?;
    let from = last_identity(&ledger, &job.from.name).await?;
    let to = last_identity(&ledger, &job.to.name).await?;
    let mut reader = table::open(&job.results, &ReadOptions::default())?;
    let Some(column) = reader.headers().iter().position(|header| header == "id") else { return Ok(()) };
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 512)? > 0 {
        let copy_of = |id: &str| AccountNote::CopyOf { account: from.clone(), id: RemoteId(id.to_owned()) };
        let notes: Vec<(AccountNote, String)> = batch
            .rows()
            .filter_map(|row| Some((row.cell(column), row.own("_contact_id")?)))
            .filter(|(old, new)| !old.is_empty() && !new.is_empty())
            .map(|(old, new)| (copy_of(old), new.to_owned()))
            .collect();
        ledger.set_notes(&to, &notes).await?;
    }
    Ok(())
}
