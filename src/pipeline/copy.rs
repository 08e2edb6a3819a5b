use std::path::{Path, PathBuf};

use super::Context;
use super::connect::{AccountSpec, Connection, connect, open_ledger};
use super::export::{ExportJob, export};
use super::import::{ImportJob, ImportOptions, import};
use super::source::{MappingChoice, SourceSpec};
use crate::contact::{Filter, Identifier};
use crate::engine::{Found, list_fields};
use crate::error::{Error, Result};
use crate::ledger::RunId;
use crate::mapping::{self, ColumnRule, Feeds};
use crate::plan::{Held as _, HeldField, SnapshotHeld};
use crate::report::Summary;
use crate::services::Service;
use crate::table::{self, ReadOptions, RowBatch};
use crate::validate::Validator;

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

/// Exports, imports, keeps the map of ids in the ledger, and if asked to, compares.
///
/// The export lies in the state folder between the two, and is removed when all is copied; a copy
/// that was cut off goes on from there.
pub async fn copy(job: &CopyJob, context: &mut Context) -> Result<Summary> {
    let folder = context.state_dir.join("copy");
    crate::ledger::lock::make_private_folder(&folder)
        .map_err(|error| Error::stopped(format!("the folder can't be made: {}", folder.display())).caused_by(error))?;
    let name = blake3::hash(format!("{}\0{}\0{:?}", job.from.name, job.to.name, job.filter).as_bytes()).to_hex();
    let file = folder.join(format!("{}.csv", &name[..16]));
    if !file.exists() {
        let exporting = ExportJob {
            account: job.from.clone(),
            file: file.clone(),
            filter: job.filter.clone(),
            columns: None,
            limit: job.limit,
            messages: false,
            identifiers: job.identifiers.clone(),
        };
        let exported = export(&exporting, context).await?;
        if exported.stopped.is_some() {
            return Ok(exported);
        }
    }
    let source = SourceSpec {
        path: file.clone(),
        read: ReadOptions::default(),
        mapping: MappingChoice::Text(mapping_text(job, &file)?),
        region: None,
        chosen: None,
    };
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
    keep_ids(job, context).await?;
    if job.verify {
        summary.remarks.push(verify(job, &source, context).await?);
    }
    std::fs::remove_file(&file).map_err(|error| {
        Error::stopped(format!("the copied export can't be removed: {}", file.display())).caused_by(error)
    })?;
    summary.command = "copy";
    Ok(summary)
}

/// The mapping of an export's own columns, without the other account's ids.
fn mapping_text(job: &CopyJob, file: &Path) -> Result<String> {
    if let Some(path) = &job.mapping {
        return std::fs::read_to_string(path).map_err(|error| {
            Error::usage(format!("the mapping file can't be read: {}", path.display())).caused_by(error)
        });
    }
    let service = (job.to.service.connect)(&job.to.settings)?;
    let mut reader = table::open(file, &ReadOptions::default())?;
    let headers = reader.headers().to_vec();
    let mut sample = RowBatch::new();
    reader.read(&mut sample, 200)?;
    let mut guess = mapping::guess(&headers, &sample, &super::source::facts(service.as_ref(), None));
    if headers.iter().any(|header| header == "id") {
        guess.mapping.columns.insert("id".into(), ColumnRule::new(Feeds::Nothing));
    }
    Ok(mapping::write_commented(&guess))
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

/// Looks every copied contact up again and compares field by field.
async fn verify(job: &CopyJob, source: &SourceSpec, context: &mut Context) -> Result<String> {
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(&job.to, &context.state_dir, &ledger).await?;
    let service = connection.account.service.clone();
    let (caller, _notices) = connection.caller(&RunId("verify".into()), &context.stop);
    let definitions = if service.capabilities().fields_defined { Some(list_fields(&caller).await?) } else { None };
    let mapped = source.map(service.as_ref(), definitions.as_deref())?;
    let finder = Connection::finder(&caller);
    let mut validator = Validator::new(mapped.forward)?;
    let mut reader = source.open()?;
    let path = differences_path(&job.results);
    let mut writer = table::create(&path, &["line", "contact_id", "field", "difference"])?;
    let (mut same, mut different, mut missing) = (0_u64, 0_u64, 0_u64);
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 256)? > 0 {
        let contacts = validator.check(&batch);
        for (row, contact) in batch.rows().zip(contacts) {
            let Ok(contact) = contact else { continue };
            let line = row.position().line.to_string();
            let identifiers = findable(service.as_ref(), &contact.identifiers);
            let mut found = None;
            for identifier in identifiers {
                if let Found::Contacts(mut contacts) = finder.find(vec![identifier]).await.0
                    && !contacts.is_empty()
                {
                    found = Some(contacts.swap_remove(0));
                    break;
                }
            }
            let Some(snapshot) = found else {
                missing += 1;
                writer.write(&[&line, "", "", "not found"])?;
                continue;
            };
            let held = SnapshotHeld { snapshot: &snapshot, tags_ignore_case: service.capabilities().tags_ignore_case };
            let mut differs = false;
            for change in contact.fields.iter().filter(|change| !change.value.is_empty()) {
                let compared = held.field(&change.field, &change.value);
                if compared != HeldField::Same {
                    differs = true;
                    let word = if compared == HeldField::Different { "holds another value" } else { "holds nothing" };
                    writer.write(&[&line, &snapshot.id.0, change.field.name(), word])?;
                }
            }
            for tag in contact.tags.add.iter().filter(|tag| held.has_tag(tag) == Some(false)) {
                differs = true;
                writer.write(&[&line, &snapshot.id.0, "tags", &format!("lacks {tag}")])?;
            }
            if differs { different += 1 } else { same += 1 }
        }
    }
    writer.finish()?;
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    Ok(format!(
        "compared: {same} contacts are the same, {different} differ, {missing} were not found; see {}",
        path.display()
    ))
}

fn findable(service: &dyn Service, identifiers: &[Identifier]) -> Vec<Identifier> {
    let find_by = service.capabilities().find_by;
    identifiers.iter().filter(|identifier| find_by.contains(&identifier.kind)).cloned().collect()
}

/// `results.csv` → `results.differences.csv`.
fn differences_path(results: &Path) -> PathBuf {
    results.with_extension("differences.csv")
}
