use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::Context;
use super::connect::{AccountSpec, connect, open_ledger};
use super::export::{ExportJob, export};
use super::import::{ImportJob, ImportOptions, definitions, import};
use super::parity::Parity;
use super::source::{MappingChoice, SourceSpec, facts};
use crate::contact::{FieldKind, Filter};
use crate::error::{Error, Result};
use crate::ledger::lock::make_private_folder;
use crate::mapping::{self, ColumnRule, Feeds};
use crate::report::words::count;
use crate::report::{Event, Summary};
use crate::table::{self, PlusNumbers, ReadOptions, RowBatch};

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

/// Exports, imports, keeps the map of ids in the ledger (as notes `copied/FROM/ID` of the account
/// copied to), and if asked to, compares.
///
/// The export lies in the state folder between the two; a copy that was cut off goes on from there.
/// It stays until the next copy where rows need attention, so that these can be sent again.
pub async fn copy(job: &CopyJob, context: &mut Context) -> Result<Summary> {
    let file = meantime(job, &context.state_dir)?;
    let done = file.with_extension("done");
    if done.exists() {
        remove(&file)?;
        remove(&done)?;
    }
    if !file.exists() {
        let exporting = ExportJob {
            account: job.from.clone(),
            file: file.clone(),
            filter: job.filter.clone(),
            columns: None,
            limit: job.limit,
            plus_numbers: PlusNumbers::AsTheyAre,
            messages: false,
            identifiers: job.identifiers.clone(),
        };
        let mut exported = export(&exporting, context).await?;
        if exported.stopped.is_some() {
            return Ok(exported);
        }
        if exported.contacts == Some(0) {
            remove(&file)?;
            exported.command = "copy";
            exported.file = None;
            exported.remarks.push(format!("nothing to copy: {} has no such contact", job.from.name));
            return Ok(exported);
        }
    }
    let source = SourceSpec {
        path: file.clone(),
        read: ReadOptions::default(),
        mapping: MappingChoice::Text(mapping_text(job, &file, context).await?),
        region: None,
        chosen: None,
    };
    let left = Left::of(job, &source)?;
    let importing = ImportJob {
        source: source.clone(),
        account: job.to.clone(),
        results: job.results.clone(),
        options: job.options.clone(),
        command: "import",
        retries: None,
        resume: None,
    };
    let mut summary = import(&importing, context).await?;
    if summary.stopped.is_some() {
        return Ok(summary);
    }
    summary.command = "copy";
    summary.unmapped.clear();
    summary.remarks.extend(left.words(job));
    keep_ids(job, context).await?;
    if job.verify {
        let parity = Parity { account: &job.to, results: &job.results, mapping: &source.mapping, left: &left };
        summary.remarks.push(parity.check(context).await?);
    }
    if summary.counts.needing_attention() == 0 {
        remove(&file)?;
    } else {
        std::fs::write(&done, b"").map_err(|error| Error::stopped("the copy can't be marked done").caused_by(error))?;
    }
    context.tell(Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

/// Where the export lies meanwhile: the same place for the same copy.
fn meantime(job: &CopyJob, state_dir: &Path) -> Result<PathBuf> {
    let folder = state_dir.join("copy");
    make_private_folder(&folder)
        .map_err(|error| Error::stopped(format!("the folder can't be made: {}", folder.display())).caused_by(error))?;
    let identifiers = job.identifiers.as_ref().map(|source| &source.path);
    let told = format!("{}\0{}\0{:?}\0{:?}\0{identifiers:?}", job.from.name, job.to.name, job.filter, job.limit);
    let name = blake3::hash(told.as_bytes()).to_hex();
    Ok(folder.join(format!("{}.csv", &name[..16])))
}

fn remove(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(Error::stopped(format!("the copied export can't be removed: {}", path.display())).caused_by(error))
        }
        _ => Ok(()),
    }
}

/// The mapping of an export's own columns, without the other account's ids.
async fn mapping_text(job: &CopyJob, file: &Path, context: &mut Context) -> Result<String> {
    if let Some(path) = &job.mapping {
        return std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("the mapping file can't be read: {}", path.display())).caused_by(error)
        });
    }
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(&job.to, &context.state_dir, &ledger).await?;
    let defined = definitions(&connection, context).await?;
    let mut reader = table::open(file, &ReadOptions::default())?;
    let headers = reader.headers().to_vec();
    let mut sample = RowBatch::new();
    reader.read(&mut sample, 200)?;
    let mut guess = mapping::guess(&headers, &sample, &facts(connection.account.service.as_ref(), defined.as_deref()));
    if headers.iter().any(|header| header == "id") {
        guess.mapping.columns.insert("id".into(), ColumnRule::new(Feeds::Nothing));
    }
    for rule in guess.mapping.columns.values_mut().filter(|rule| rule.separator.is_some()) {
        // What an export of ours puts between names, whatever the names hold.
        rule.separator = Some(';');
    }
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    Ok(mapping::write_commented(&guess))
}

/// What the copy leaves behind: contacts with something in it, by column.
pub struct Left {
    /// What the other service has no place for.
    lacking: BTreeMap<String, u64>,
    /// What only the service itself sets, such as when a contact was made.
    own: BTreeMap<String, u64>,
    /// Yes-or-no columns, in which `false` says no more than an empty cell where there is no place.
    booleans: BTreeSet<String>,
}

impl Left {
    fn of(job: &CopyJob, source: &SourceSpec) -> Result<Self> {
        let from = (job.from.service.connect)(&job.from.settings)?;
        let to = (job.to.service.connect)(&job.to.settings)?;
        let forward = source.map(to.as_ref(), None)?.forward;
        let sets_itself = |header: &str| {
            let spec = from.fields().iter().find(|spec| spec.name == header);
            header == "extra" || spec.is_some_and(|spec| !spec.create && !spec.update)
        };
        let headers: Vec<&String> = forward.headers().iter().collect();
        let unfed = forward.unmapped().iter().chain(forward.ignored()).filter(|header| *header != "id");
        let columns: Vec<usize> =
            unfed.filter_map(|header| headers.iter().position(|known| *known == header)).collect();
        let booleans = from.fields().iter().filter(|spec| (spec.kind)() == FieldKind::Boolean);
        let booleans = booleans.map(|spec| spec.name.to_owned()).collect();
        let mut left = Self { lacking: BTreeMap::new(), own: BTreeMap::new(), booleans };
        let mut reader = source.open()?;
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 512)? > 0 {
            for row in batch.rows() {
                for &column in &columns {
                    let header = headers[column];
                    if left.says_something(header, row.cell(column)) {
                        let kind = if sets_itself(header) { &mut left.own } else { &mut left.lacking };
                        *kind.entry(header.clone()).or_default() += 1;
                    }
                }
            }
        }
        Ok(left)
    }

    fn says_something(&self, header: &str, cell: &str) -> bool {
        let says_no = cell == "false" && self.booleans.contains(header);
        !cell.is_empty() && !says_no
    }

    /// Whether a contact's cell is left behind for want of a place.
    pub fn lacks(&self, header: &str, cell: &str) -> bool {
        self.lacking.contains_key(header) && self.says_something(header, cell)
    }

    fn words(&self, job: &CopyJob) -> Vec<String> {
        let told = |columns: &BTreeMap<String, u64>| {
            let each = columns.iter().map(|(header, n)| format!("{header} ({})", count(*n, "contact")));
            each.collect::<Vec<_>>().join(", ")
        };
        let mut words = Vec::new();
        if !self.lacking.is_empty() {
            words.push(format!("not copied, as the mapping has no place for it: {}", told(&self.lacking)));
        }
        if !self.own.is_empty() {
            words.push(format!("not copied, as only {} itself sets it: {}", job.from.service.name, told(&self.own)));
        }
        words
    }
}

/// Keeps which id became which.
async fn keep_ids(job: &CopyJob, context: &Context) -> Result<()> {
    let ledger = open_ledger(&context.state_dir)?;
    let mut reader = table::open(&job.results, &ReadOptions::default())?;
    let Some(column) = reader.headers().iter().position(|header| header == "id") else { return Ok(()) };
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 512)? > 0 {
        let pairs: Vec<(String, String)> = batch
            .rows()
            .filter_map(|row| Some((row.cell(column).to_owned(), row.own("_contact_id")?.to_owned())))
            .filter(|(from, to)| !from.is_empty() && !to.is_empty())
            .collect();
        let (from, to) = (job.from.name.clone(), job.to.name.clone());
        ledger
            .run(move |ledger| {
                pairs.iter().try_for_each(|(old, new)| ledger.set_note(&to, &format!("copied/{from}/{old}"), Some(new)))
            })
            .await?;
    }
    Ok(())
}
