use std::path::PathBuf;

use super::Context;
use super::collect::Collecting;
use super::connect::{AccountSpec, Connection, connect, open_ledger};
use super::source::{SourceSpec, facts};
use super::spool::Spool;
use crate::clock;
use crate::contact::{Call, Filter, ListAll};
use crate::engine::Notice;
use crate::error::{Error, Result};
use crate::ledger::{self, Fingerprint, NewRun, RunState};
use crate::mapping::{Discovery, ExportColumn, Reverse};
use crate::report::{Event, Summary};
use crate::services::Service;
use crate::table::{self, PlusNumbers, WriteOptions};

/// Contacts to be written to a file.
pub struct ExportJob {
    pub account: AccountSpec,
    /// `.csv` or `.xlsx`, and what else the table can write.
    pub file: PathBuf,
    pub filter: Filter,
    /// Columns in this order; all that are found otherwise.
    pub columns: Option<Vec<String>>,
    /// Most contacts to write.
    pub limit: Option<u64>,
    /// How phone numbers are written to a text file.
    pub plus_numbers: PlusNumbers,
    /// Read each contact's messages into a column.
    pub messages: bool,
    /// Look up the contacts of this file's rows, where a service has no listing.
    pub identifiers: Option<SourceSpec>,
}

/// Writes an account's contacts to a file.
pub async fn export(job: &ExportJob, context: &mut Context) -> Result<Summary> {
    let begun = clock::now();
    let ledger = open_ledger(&context.state_dir)?;
    let connection = connect(&job.account, &context.state_dir, &ledger).await?;
    refuse_unsupported(job, &connection)?;
    let fingerprint = fingerprint(job)?;
    let _lock = ledger::lock::acquire(&context.state_dir, &fingerprint.name(), "export")?;
    let wanted = fingerprint.clone();
    let run = match ledger.run(move |ledger| ledger.unfinished(&wanted)).await? {
        Some(run) => run.id,
        None => {
            let new = new_run(job, &fingerprint);
            ledger.run(move |ledger| ledger.begin(&new)).await?
        }
    };
    let mut seen = Vec::new();
    let mut spool = Spool::open(&context.state_dir.join("export").join(format!("{run}.jsonl")), &mut seen)?;
    context.tell(Event::Started {
        command: "export",
        run: Some(run.to_string()),
        account: Some(job.account.name.clone()),
        file: job.file.display().to_string(),
        rows: None,
        resumed: spool.contacts,
    });
    let mut summary = Summary {
        command: "export",
        run: Some(run.to_string()),
        account: Some(job.account.name.clone()),
        file: Some(job.file.clone()),
        ..Summary::default()
    };
    let (caller, mut notices) = connection.caller(&run, &context.stop);
    let collecting = Collecting::new(job, &connection, &caller);
    let read = match &job.identifiers {
        Some(source) => collecting.look_up(source, &mut spool, seen, &mut summary, context).await,
        None => collecting.list(&mut spool, seen, &mut summary, context).await,
    };
    while let Ok(notice) = notices.try_recv() {
        if let Notice::Called { kind, .. } = notice {
            *summary.calls.entry(kind).or_default() += 1;
        }
    }
    let state = match read {
        Ok(()) => {
            let written = write(job, connection.account.service.as_ref(), &spool, &mut summary.remarks)?;
            summary.contacts = Some(written);
            spool.remove()?;
            RunState::Finished
        }
        Err(error) => {
            let interrupted = context.stop.is_asked() && caller.halted().is_none();
            summary.contacts = Some(spool.contacts);
            summary.stopped = Some(error.message);
            summary.interrupted = interrupted;
            summary.file = None;
            summary.remarks.push(format!(
                "{} contacts were read and are kept: the same command, or `rolo resume {run}`, goes on from there",
                spool.contacts
            ));
            summary.remarks.extend(error.hint);
            if interrupted { RunState::Interrupted } else { RunState::Stopped }
        }
    };
    summary.elapsed = clock::now() - begun;
    ledger.run(move |ledger| ledger.set_state(&run, state, &crate::contact::Counts::default())).await?;
    if let Some(sandbox) = connection.sandbox {
        sandbox.stop().await;
    }
    context.tell(Event::Finished(Box::new(summary.clone())));
    Ok(summary)
}

fn refuse_unsupported(job: &ExportJob, connection: &Connection) -> Result<()> {
    let service = &connection.account.service;
    let capabilities = service.capabilities();
    let name = service.name();
    let refuse = |what: &str, cure: &str| Err(Error::usage(format!("{name} can't {what}")).hint(cure.to_owned()));
    if job.messages && !capabilities.messages {
        let settable = job.account.service.settings.iter().any(|setting| setting.name == "messages");
        let cure = if settable {
            "add `messages = \"true\"` to the account (it relies on a path that no document states), or leave `--with messages` out"
        } else {
            "leave `--with messages` out"
        };
        return refuse("list a contact's messages", cure);
    }
    if job.identifiers.is_some() {
        return if capabilities.find_by.is_empty() {
            refuse("look contacts up", "leave --identifiers out")
        } else {
            Ok(())
        };
    }
    match capabilities.list_all {
        ListAll::No => {
            return refuse(
                "list its contacts",
                "give a file with their phones or e-mail addresses: --identifiers FILE",
            );
        }
        ListAll::ByField if job.filter.field.is_none() => {
            return refuse(
                "list all its contacts, only those whose field has a given value",
                "name one that they share: --where FIELD=VALUE, or give a file with their identifiers: --identifiers FILE",
            );
        }
        ListAll::ByField | ListAll::Yes => {}
    }
    let filters = capabilities.filters;
    if job.filter.tag.is_some() && !filters.tag {
        return refuse("list contacts by tag", "export all, and filter the file");
    }
    if job.filter.updated_since.is_some() && !filters.updated_since {
        return refuse("list contacts by when they changed", "export all, and filter the file");
    }
    if job.filter.field.is_some() && !filters.field {
        return refuse("list contacts by a field's value", "export all, and filter the file");
    }
    // Only the service knows by which fields it can.
    let call = Call::List { filter: job.filter.clone(), cursor: None, page_size: None };
    service.request(&call).map(drop)
}

fn fingerprint(job: &ExportJob) -> Result<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    let ids = job.identifiers.as_ref().map(|source| source.path.display().to_string());
    let file = std::path::absolute(&job.file).unwrap_or_else(|_| job.file.clone());
    let told = format!(
        "export\0{}\0{}\0{:?}\0{:?}\0{}\0{:?}\0{ids:?}",
        job.account.name,
        file.display(),
        job.filter,
        job.columns,
        job.messages,
        job.limit
    );
    hasher.update(told.as_bytes());
    if let Some(source) = &job.identifiers {
        let content =
            std::fs::File::open(&source.path).and_then(|mut file| std::io::copy(&mut file, &mut hasher)).map_err(
                |error| Error::usage(format!("the file can't be read: {}", source.path.display())).caused_by(error),
            );
        content?;
    }
    Ok(Fingerprint(*hasher.finalize().as_bytes()))
}

fn new_run(job: &ExportJob, fingerprint: &Fingerprint) -> NewRun {
    let field = job.filter.field.as_ref().map(|(field, value)| format!("{field}={}", value.as_text()));
    NewRun {
        command: "export".into(),
        fingerprint: fingerprint.clone(),
        account: job.account.name.clone(),
        service: job.account.service.name.to_owned(),
        file: std::path::absolute(&job.file).unwrap_or_else(|_| job.file.clone()).display().to_string(),
        options: serde_json::json!({
            "tag": job.filter.tag,
            "updated_since": job.filter.updated_since,
            "where": field,
            "columns": job.columns,
            "limit": job.limit,
            "raw_csv": job.plus_numbers == PlusNumbers::AsTheyAre,
            "messages": job.messages,
            "ids": job.identifiers.as_ref().map(|source| std::path::absolute(&source.path).unwrap_or_default()),
            "unthrottled": job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled),
        }),
        started: clock::unix_now().as_secs(),
    }
}

/// Writes the file from the spool: once over it for the columns, once for the rows.
fn write(job: &ExportJob, service: &dyn Service, spool: &Spool, remarks: &mut Vec<String>) -> Result<u64> {
    let columns = match &job.columns {
        Some(names) => names.iter().map(|name| ExportColumn::parse(name)).collect(),
        None => {
            let facts = facts(service, None);
            let mut discovery = Discovery::new(&facts);
            spool.each(|contact| {
                discovery.see(&contact);
                Ok(())
            })?;
            let columns = discovery.columns();
            let can = service.capabilities();
            if (can.lists_add || can.lists_in_create) && !columns.contains(&ExportColumn::Lists) {
                remarks.push(format!("{} does not tell the lists of a contact, so the file has none", service.name()));
            }
            columns
        }
    };
    let reverse = Reverse::new(columns);
    let headers: Vec<&str> = reverse.headers().iter().map(String::as_str).collect();
    let options = WriteOptions { plus_numbers: job.plus_numbers };
    let mut writer = table::create_with(&job.file, &headers, &options)?;
    let mut cells = Vec::new();
    let mut written = 0;
    spool.each(|contact| {
        reverse.row(&contact, &mut cells);
        let row: Vec<&str> = cells.iter().map(String::as_str).collect();
        written += 1;
        writer.write(&row)
    })?;
    writer.finish()?;
    Ok(written)
}
