use std::path::Path;

use super::Context;
use super::collect::Collecting;
use super::connect::Connection;
use super::ended::Ended;
use super::export_job::ExportJob;
use super::fingerprint::Parts;
use super::frame::{Beginning, Opened};
use super::recognize::{Keep, Wanted, same_place};
use super::run_record::{ExportRecord, QueuedRecord};
use super::source::facts;
use super::spool::Spool;
use super::tag_lists::can_list_tags;
use crate::contact::{Call, Filter, ListAll};
use crate::error::{Error, Result, StopReason};
use crate::ledger::{Fingerprint, RunKind};
use crate::mapping::{Discovery, ExportColumn, Reverse};
use crate::report::{Remark, Summary};
use crate::services::Service;
use crate::storage::absolute;
use crate::table::{self, Place, PlusNumbers, WriteOptions};

/// Writes an account's contacts to a file.
pub async fn export(job: &ExportJob, context: &mut Context) -> Result<Summary> {
    let place = context.written().place(&job.file, job.if_taken)?;
    let mut opened = Opened::account(&job.account, Keep::Aliases, context).await?;
    refuse_unsupported(job, &opened.connection)?;
    let is_pending = job.queued.as_ref().is_some_and(|queued| queued.is_pending);
    if let Some(run) = job.resumes.as_ref().filter(|_| is_pending) {
        opened.claim(&run.id, RunKind::Export).await?;
    } else if let Some(run) = &job.resumes {
        same_place(run, &opened.connection, Wanted::GoOn)?;
    }
    let beginning = Beginning {
        kind: RunKind::Export,
        fingerprint: fingerprint(job, opened.connection.identity())?,
        file: &job.file,
        record: record(job),
        resumes: job.resumes.as_ref().map(|run| &run.id).filter(|_| is_pending),
        is_pending,
    };
    let mut frame = opened.begin(beginning, context).await?;
    let mut pages = Vec::new();
    let spooled = context.state_dir.join("export").join(format!("{}.jsonl", frame.run));
    let mut spool = Spool::open(&spooled, &mut pages)?;
    frame.tell_start(&job.file, None, spool.contacts, context);
    let mut summary = Summary { file: Some(place.path.clone()), ..frame.summary() };
    let collecting = Collecting::new(job, &frame.connection, &frame.caller);
    let read = match &job.identifiers {
        Some(source) => collecting.look_up(source, &mut spool, pages, &mut summary, context).await,
        None => collecting.list(&mut spool, pages, &mut summary, context).await,
    };
    frame.pass_on_notices(&mut summary, context);
    let ended = match read {
        Ok(()) => {
            // Whoever has the run now writes the file.
            frame.run.confirm().await?;
            let service = frame.connection.account.service.as_ref();
            summary.contacts = Some(write(job, &place, service, &spool, &mut summary.remarks)?);
            summary.remarks.extend(Remark::of_place(&job.file, &place));
            spool.remove()?;
            Ended::Whole
        }
        Err(error) => {
            summary.contacts = Some(spool.contacts);
            summary.file = None;
            if spool.contacts > 0 {
                summary.remarks.push(Remark::Kept { contacts: spool.contacts });
            }
            if spool.contacts == 0 && error.reason.is_some_and(StopReason::is_refusal) {
                spool.remove()?;
            }
            let interrupted = context.stop.is_requested() && frame.caller.halted().is_none();
            if interrupted { Ended::Interrupted } else { Ended::Stopped(error) }
        }
    };
    frame.finish(ended, summary, context).await
}

fn refuse_unsupported(job: &ExportJob, connection: &Connection) -> Result<()> {
    let service = &connection.account.service;
    let capabilities = service.capabilities();
    let name = service.name();
    let refuse = |what: &str, cure: &str| {
        let error = Error::usage(format!("{name} can't {what}")).hint(cure.to_owned());
        Err(error.in_service(name).in_account(&job.account.name))
    };
    if job.messages && !capabilities.messages {
        let settable = job.account.service.settings.iter().any(|setting| setting.name == "messages");
        let cure = if settable {
            "add `messages = \"true\"` to the account (it relies on a path that no document states), or leave `--with messages` out"
        } else {
            "leave `--with messages` out"
        };
        return refuse("list a contact's messages", cure);
    }
    if job.tags_by_list {
        if job.identifiers.is_some() || job.limit.is_some() || job.filter != Filter::default() {
            let error = Error::usage("tags are learned by list where a whole account is exported");
            return Err(error.hint("leave the conditions out, or `--tags-by-list`"));
        }
        if capabilities.tags_read && !can_list_tags(capabilities) {
            return refuse("list who has a tag", "leave `--tags-by-list` out: tags are asked for one by one");
        }
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

fn fingerprint(job: &ExportJob, identity: &str) -> Result<Fingerprint> {
    let text = |path: &Path| path.display().to_string();
    let mut parts = Parts::new("export 1")
        .with("account", identity)
        .with("file", &text(&absolute(&job.file)))
        .with_filter(&job.filter)
        .with_some("limit", job.limit.map(|limit| limit.to_string()).as_deref())
        .with_some("messages", job.messages.then_some("read"))
        .with_some("identifiers", job.identifiers.as_ref().map(|source| text(&source.path)).as_deref());
    parts = match &job.columns {
        None => parts.with_some("columns", None),
        Some(columns) => columns.iter().fold(parts, |parts, column| parts.with("column", column)),
    };
    if job.tags_by_list {
        parts = parts.with("tags", "listed");
    }
    if let Some(source) = &job.identifiers {
        source.digest_into(std::slice::from_mut(parts.hasher()))?;
    }
    Ok(parts.fingerprint())
}

pub(super) fn record(job: &ExportJob) -> ExportRecord {
    ExportRecord {
        version: 0,
        tag: job.filter.tag.clone(),
        updated_since: job.filter.updated_since.clone(),
        condition: job.filter.field.as_ref().map(|(field, value)| format!("{field}={}", value.as_text())),
        columns: job.columns.clone(),
        limit: job.limit,
        raw_csv: job.plus_numbers == PlusNumbers::AsTheyAre,
        messages: job.messages,
        tags_by_list: job.tags_by_list,
        identifiers: job.identifiers.as_ref().map(|source| absolute(&source.path)),
        unthrottled: job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled),
        queued: job.queued.clone().map(|queued| QueuedRecord { is_pending: false, ..queued }),
    }
}

/// Writes the file from the spool: once over it for the columns, once for the rows.
fn write(
    job: &ExportJob,
    place: &Place,
    service: &dyn Service,
    spool: &Spool,
    remarks: &mut Vec<Remark>,
) -> Result<u64> {
    let columns = match &job.columns {
        Some(names) => names.iter().map(|name| ExportColumn::parse(name)).collect(),
        None => {
            let facts = facts(service, None);
            let mut discovery = Discovery::new(&facts);
            if job.exact && facts.capabilities.custom_typed {
                discovery = discovery.exact();
            }
            spool.each(|contact| {
                discovery.see(&contact);
                Ok(())
            })?;
            let columns = discovery.columns();
            let can = service.capabilities();
            if (can.lists_add || can.lists_in_create) && !columns.contains(&ExportColumn::Lists) {
                remarks.push(Remark::ListsNotTold { service: service.name() });
            }
            columns
        }
    };
    let reverse = Reverse::new(columns);
    let headers: Vec<&str> = reverse.headers().iter().map(String::as_str).collect();
    let options = WriteOptions { plus_numbers: job.plus_numbers, ..WriteOptions::default() };
    let mut writer = table::create_with(place, &headers, &options)?;
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
