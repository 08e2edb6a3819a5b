use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;

use super::Context;
use super::connect::{AccountSpec, Connection, connect, open_ledger};
use super::source::{SourceSpec, facts};
use super::spool::Spool;
use crate::clock;
use crate::contact::{Call, Field, Filter, ListAll, Message, RemoteId, Snapshot, Target, Value};
use crate::engine::{Caller, Ended, Finder, Found, Keys, Notice, Pages};
use crate::error::{Error, Result};
use crate::ledger::{self, Entry, Fingerprint, NewRun, RunState};
use crate::mapping::{Discovery, ExportColumn, Reverse};
use crate::report::{Event, Summary};
use crate::services::{Reply, Service};
use crate::table;
use crate::validate::Validator;

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
    /// Read each contact's messages into a column.
    pub messages: bool,
    /// Look up the contacts of this file's rows, where a service has no listing.
    pub identifiers: Option<SourceSpec>,
}

/// The extra column of `--with messages`.
const MESSAGES: &str = "messages";

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
    let read = match &job.identifiers {
        Some(source) => look_up_all(job, source, &connection, &caller, &mut spool, context).await,
        None => list_all(job, &caller, &mut spool, seen, &mut summary, context).await,
    };
    while let Ok(notice) = notices.try_recv() {
        if let Notice::Called { kind, .. } = notice {
            *summary.calls.entry(kind).or_default() += 1;
        }
    }
    let state = match read {
        Ok(()) => {
            let written = write(job, connection.account.service.as_ref(), &spool)?;
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
        return refuse("list a contact's messages", "leave `--with messages` out");
    }
    if job.identifiers.is_some() {
        return if capabilities.find_by.is_empty() {
            refuse("look contacts up", "export without --ids")
        } else {
            Ok(())
        };
    }
    match capabilities.list_all {
        ListAll::No => {
            return refuse("list its contacts", "give a file with their phones or e-mail addresses: --ids FILE");
        }
        ListAll::ByField if job.filter.field.is_none() => {
            return refuse(
                "list all its contacts, only those whose field has a given value",
                "name one that they share: --where FIELD=VALUE, or give a file with their identifiers: --ids FILE",
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
    Ok(())
}

fn fingerprint(job: &ExportJob) -> Result<Fingerprint> {
    let mut hasher = blake3::Hasher::new();
    let ids = job.identifiers.as_ref().map(|source| source.path.display().to_string());
    let file = std::path::absolute(&job.file).unwrap_or_else(|_| job.file.clone());
    let told = format!(
        "export\0{}\0{}\0{:?}\0{:?}\0{}\0{ids:?}",
        job.account.name,
        file.display(),
        job.filter,
        job.columns,
        job.messages
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
            "messages": job.messages,
            "ids": job.identifiers.as_ref().map(|source| std::path::absolute(&source.path).unwrap_or_default()),
            "unthrottled": job.account.sandbox.as_ref().is_some_and(|sandbox| sandbox.unthrottled),
        }),
        started: clock::unix_now().as_secs(),
    }
}

async fn list_all(
    job: &ExportJob,
    caller: &Arc<Caller>,
    spool: &mut Spool,
    seen: Vec<RemoteId>,
    summary: &mut Summary,
    context: &mut Context,
) -> Result<()> {
    let capabilities = caller.account.service.capabilities();
    let tags = if capabilities.tags_read
        && !capabilities.find_tells_tags
        && capabilities.tags_defined
        && capabilities.filters.tag
    {
        Some(tags_by_listing(caller, summary).await?)
    } else {
        None
    };
    let mut pages = Pages::new(caller.clone(), job.filter.clone(), spool.cursor.clone());
    pages.already_seen(seen);
    if !spool.complete {
        walk(job, caller, &mut pages, spool, tags.as_ref(), context).await?;
    }
    let unfiltered = job.filter == Filter::default() || job.filter.field.is_some();
    if pages.short_of() > 0 && unfiltered && job.limit.is_none() {
        // Contacts moved between pages while they were read: a second walk finds those.
        context.note(format!("{} contacts moved while the pages were read: reading them once more", pages.short_of()));
        pages.again();
        walk(job, caller, &mut pages, spool, tags.as_ref(), context).await?;
    }
    summary.remarks.push(completeness(&pages, spool, capabilities.list_leaves_out, job));
    Ok(())
}

async fn walk(
    job: &ExportJob,
    caller: &Arc<Caller>,
    pages: &mut Pages,
    spool: &mut Spool,
    tags: Option<&HashMap<RemoteId, Vec<String>>>,
    context: &mut Context,
) -> Result<()> {
    while let Some((mut contacts, next)) = pages.next().await? {
        let room = job.limit.map_or(u64::MAX, |limit| limit.saturating_sub(spool.contacts));
        contacts.truncate(usize::try_from(room).unwrap_or(usize::MAX));
        let next = next.filter(|_| room > contacts.len() as u64);
        for contact in &mut contacts {
            if let Some(tags) = tags {
                contact.tags = Some(tags.get(&contact.id).cloned().unwrap_or_default());
            }
            complete_one(job, caller, contact).await?;
        }
        remember(caller, &contacts).await?;
        let full = next.is_none();
        spool.add(&contacts, next)?;
        crash_point!("after_page");
        context.tell(Event::Exported { contacts: spool.contacts, total: pages.total() });
        if full {
            break;
        }
    }
    Ok(())
}

/// Keeps in the ledger, by keyed hash, what was read: an import of the exported file then sends
/// what was edited in it, and nothing else.
async fn remember(caller: &Caller, contacts: &[Snapshot]) -> Result<()> {
    let (account, service) = (&caller.account, &caller.account.service);
    let keys = Keys::new(account.ledger.hasher(), &account.name, service.capabilities().tags_ignore_case);
    let told: Vec<Field> = service.fields().iter().filter(|spec| spec.read).map(|spec| Field::new(spec.name)).collect();
    let known = |contact: &Snapshot| Entry::Known {
        account: account.name.clone(),
        contact: keys.learn(contact, &told),
        keys: keys.of_snapshot(contact),
    };
    account.ledger.write(&caller.run, contacts.iter().map(known).collect()).await
}

/// Reads what the listing didn't tell of a contact and the export needs.
async fn complete_one(job: &ExportJob, caller: &Caller, contact: &mut Snapshot) -> Result<()> {
    let capabilities = caller.account.service.capabilities();
    let target = Target::Id(contact.id.clone());
    if contact.tags.is_none() && capabilities.tags_read {
        match caller.read(&Call::ReadTags { target: target.clone() }).await.ended {
            Ended::Done(Reply::Tags(tags)) => contact.tags = Some(tags),
            Ended::Missing { .. } => {}
            ended => return Err(unread(caller, "tags", &ended)),
        }
    }
    if job.messages {
        match caller.read(&Call::ReadMessages { target }).await.ended {
            Ended::Done(Reply::Messages(messages)) => {
                let text = messages.iter().map(one_line).collect::<Vec<_>>().join("\n");
                contact.fields.insert(Field::new(MESSAGES), Value::Text(text));
            }
            Ended::Missing { .. } => {}
            ended => return Err(unread(caller, "messages", &ended)),
        }
    }
    Ok(())
}

fn one_line(message: &Message) -> String {
    let mut line = String::new();
    for part in [&message.at, &message.from].into_iter().flatten() {
        line.push_str(part);
        line.push(' ');
    }
    line.push_str(&message.text);
    line
}

fn unread(caller: &Caller, what: &str, ended: &Ended) -> Error {
    let said = match ended {
        Ended::Halted => caller.halted().map_or_else(|| "interrupted".to_owned(), |halt| halt.message),
        Ended::Refused { message, .. } | Ended::Unreachable { message } | Ended::Unclear { message } => message.clone(),
        _ => "it answered something else than was asked".to_owned(),
    };
    Error::stopped(format!("a contact's {what} could not be read: {said}"))
}

/// Tags of every contact, by listing the contacts of each tag the account defines: far fewer calls
/// than asking for each contact.
async fn tags_by_listing(caller: &Arc<Caller>, summary: &mut Summary) -> Result<HashMap<RemoteId, Vec<String>>> {
    let mut by_contact: HashMap<RemoteId, Vec<String>> = HashMap::new();
    let defined = match caller.read(&Call::ListTags { cursor: None }).await.ended {
        Ended::Done(Reply::Tags(tags)) => tags,
        ended => return Err(unread(caller, "tags", &ended)),
    };
    for tag in defined {
        let mut pages = Pages::new(caller.clone(), Filter { tag: Some(tag.clone()), ..Filter::default() }, None);
        while let Some((contacts, _)) = pages.next().await? {
            for contact in contacts {
                by_contact.entry(contact.id).or_default().push(tag.clone());
            }
        }
    }
    summary
        .remarks
        .push("tags are those that the account defines; a tag that was only ever typed is not among them".into());
    Ok(by_contact)
}

fn completeness(pages: &Pages, spool: &Spool, leaves_out: &str, job: &ExportJob) -> String {
    let filtered = job.filter != Filter::default();
    if let Some(limit) = job.limit.filter(|limit| *limit <= spool.contacts) {
        return format!("not complete, as asked: the first {limit} contacts");
    }
    let mut text = match pages.total() {
        Some(total) if pages.short_of() == 0 => {
            format!(
                "complete: the service counts {total} contacts{}, and all were read",
                if filtered { " that match" } else { "" }
            )
        }
        Some(total) => {
            format!("not complete: the service counts {total} contacts, and its pages showed {}", spool.contacts)
        }
        None => "the service does not say how many contacts there are: every page was read to the end".to_owned(),
    };
    if !leaves_out.is_empty() {
        text.push_str("; its listing leaves out ");
        text.push_str(leaves_out);
    }
    text
}

/// Looks up the contact of each row of a file.
async fn look_up_all(
    job: &ExportJob,
    source: &SourceSpec,
    connection: &Connection,
    caller: &Arc<Caller>,
    spool: &mut Spool,
    context: &mut Context,
) -> Result<()> {
    let service = &connection.account.service;
    let find_by = service.capabilities().find_by;
    let mapped = source.map(service.as_ref(), None)?;
    let total = source.count()?;
    let mut validator = Validator::new(mapped.forward)?;
    let mut reader = source.open()?;
    let mut batch = table::RowBatch::new();
    let finder: Finder = Connection::finder(caller);
    let mut skip: u64 = spool.cursor.as_ref().and_then(|cursor| cursor.0.parse().ok()).unwrap_or(0);
    let (mut done, mut missing, mut unusable) = (0_u64, 0_u64, 0_u64);
    while !spool.complete && reader.read(&mut batch, 64)? > 0 {
        let contacts = validator.check(&batch);
        let mut found = Vec::new();
        for contact in contacts {
            done += 1;
            if done <= skip {
                continue;
            }
            let Ok(contact) = contact else {
                unusable += 1;
                continue;
            };
            let mut hit = None;
            for identifier in contact.identifiers.iter().filter(|identifier| find_by.contains(&identifier.kind)) {
                match finder.find(vec![identifier.clone()]).await.0 {
                    Found::Contacts(mut contacts) if !contacts.is_empty() => {
                        hit = Some(contacts.swap_remove(0));
                        break;
                    }
                    Found::Contacts(_) => {}
                    Found::Not(reached) => return Err(unread(caller, "details", &reached.ended)),
                }
            }
            match hit {
                Some(mut contact) => {
                    complete_one(job, caller, &mut contact).await?;
                    found.push(contact);
                }
                None => missing += 1,
            }
        }
        skip = 0;
        spool.add(&found, Some(crate::contact::Cursor(done.to_string())))?;
        crash_point!("after_page");
        context.tell(Event::Exported { contacts: spool.contacts, total: Some(total) });
    }
    spool.add(&[], None)?;
    context.tell(Event::Warning(format!(
        "not a full dump: {} of {total} rows were found; {missing} are not on the service, {unusable} have no usable identifier",
        spool.contacts
    )));
    Ok(())
}

/// Writes the file from the spool: once over it for the columns, once for the rows.
fn write(job: &ExportJob, service: &dyn Service, spool: &Spool) -> Result<u64> {
    let columns = match &job.columns {
        Some(names) => names.iter().map(|name| ExportColumn::parse(name)).collect(),
        None => {
            let mut discovery = Discovery::new(&facts(service, None));
            spool.each(|contact| {
                discovery.see(&contact);
                Ok(())
            })?;
            discovery.columns()
        }
    };
    let reverse = Reverse::new(columns);
    let headers: Vec<&str> = reverse.headers().iter().map(String::as_str).collect();
    let mut writer = table::create(&job.file, &headers)?;
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
