use std::collections::HashSet;
use std::fmt::Write as _;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Context;
use super::connect::Connection;
use super::export::ExportJob;
use super::source::SourceSpec;
use super::spool::Spool;
use crate::clock;
use crate::contact::{
    Call, Capabilities, Contact, Cursor, Field, Filter, Message, RemoteId, RowError, Snapshot, Target, Value,
};
use crate::engine::{Caller, Ended, Finder, Found, Keys, Pages};
use crate::error::{Error, Result};
use crate::ledger::Entry;
use crate::report::words::count;
use crate::report::{Event, Summary};
use crate::services::Reply;
use crate::table;
use crate::validate::Validator;

/// The extra column of `--with messages`.
const MESSAGES: &str = "messages";
/// Rows of a file of identifiers between two lines of the spool.
const ROWS_AT_ONCE: usize = 64;

/// Reads the contacts of an export into its spool, and lets the ledger remember them, so that an
/// import of the same file needs no look-up.
pub struct Collecting<'a> {
    pub job: &'a ExportJob,
    pub connection: &'a Connection,
    pub caller: &'a Arc<Caller>,
    keys: Keys,
    /// Fields that an import may ask about.
    asked: Vec<Field>,
}

impl<'a> Collecting<'a> {
    pub fn new(job: &'a ExportJob, connection: &'a Connection, caller: &'a Arc<Caller>) -> Self {
        let service = &connection.account.service;
        let ignore_case = service.capabilities().tags_ignore_case;
        let keys = Keys::new(connection.account.ledger.hasher(), &job.account.name, ignore_case);
        let told = service.fields().iter().filter(|spec| spec.read && (spec.create || spec.update));
        let asked = told.map(|spec| Field::new(spec.name)).collect();
        Self { job, connection, caller, keys, asked }
    }

    fn capabilities(&self) -> &Capabilities {
        self.connection.account.service.capabilities()
    }

    /// Reads every contact that the job asks for. `seen` are those that a cut-off export has already.
    pub async fn list(
        &self,
        spool: &mut Spool,
        seen: Vec<RemoteId>,
        summary: &mut Summary,
        context: &mut Context,
    ) -> Result<()> {
        let begun = clock::unix_now().as_secs();
        let resumed = !seen.is_empty();
        let mut pages = Pages::new(self.caller.clone(), self.job.filter.clone(), spool.cursor.clone());
        pages.already_seen(seen);
        pages.already_counted(spool.total);
        if !spool.complete {
            self.walk(&mut pages, spool, context).await?;
        }
        if pages.short_of() > 0 && self.job.limit.is_none() {
            // Contacts moved between pages while they were read: a second walk finds those.
            context
                .note(format!("{} contacts moved while the pages were read: reading them once more", pages.short_of()));
            pages.again();
            self.walk(&mut pages, spool, context).await?;
        }
        let everything = self.job.filter == Filter::default() && self.job.limit.is_none();
        if everything && !resumed && pages.short_of() == 0 && self.capabilities().find_by_listing {
            let account = self.job.account.name.clone();
            let ledger = &self.connection.account.ledger;
            ledger.run(move |ledger| ledger.set_listed_at(&account, Some(begun))).await?;
        }
        summary.remarks.push(completeness(&pages, spool, self.capabilities().list_leaves_out, self.job));
        Ok(())
    }

    async fn walk(&self, pages: &mut Pages, spool: &mut Spool, context: &mut Context) -> Result<()> {
        while let Some((mut contacts, next)) = pages.next().await? {
            let room = self.job.limit.map_or(u64::MAX, |limit| limit.saturating_sub(spool.contacts));
            contacts.truncate(usize::try_from(room).unwrap_or(usize::MAX));
            let next = next.filter(|_| room > contacts.len() as u64);
            let full = next.is_none();
            let contacts = self.complete(contacts).await?;
            spool.total = pages.total();
            spool.add(&contacts, next)?;
            context.tell(Event::Exported { contacts: spool.contacts, total: pages.total() });
            if full {
                break;
            }
        }
        Ok(())
    }

    /// Reads what a listing didn't tell of these contacts and the export needs, as many at once as
    /// the service takes, and lets the ledger remember them.
    async fn complete(&self, contacts: Vec<Snapshot>) -> Result<Vec<Snapshot>> {
        let at_once = self.connection.account.service.limits().concurrency.value.max(1);
        let contacts: Vec<Snapshot> = futures_util::stream::iter(contacts)
            .map(|contact| self.complete_one(contact))
            .buffered(at_once)
            .try_collect()
            .await?;
        let known = contacts.iter().map(|contact| Entry::Known {
            account: self.keys.account().to_owned(),
            contact: self.keys.learn(&without_messages(contact), &self.asked),
            keys: self.keys.of_snapshot(contact),
        });
        self.connection.account.ledger.write(&self.caller.run, known.collect()).await?;
        Ok(contacts)
    }

    async fn complete_one(&self, mut contact: Snapshot) -> Result<Snapshot> {
        let target = Target::Id(contact.id.clone());
        if contact.tags.is_none() && self.capabilities().tags_read {
            match self.caller.read(&Call::ReadTags { target: target.clone() }).await.ended {
                Ended::Done(Reply::Tags(tags)) => contact.tags = Some(tags),
                Ended::Missing { .. } => {}
                ended => return Err(unread(self.caller, "tags", &ended)),
            }
        }
        if self.job.messages {
            match self.caller.read(&Call::ReadMessages { target }).await.ended {
                Ended::Done(Reply::Messages(messages)) => {
                    let text = messages.iter().map(one_line).collect::<Vec<_>>().join("\n");
                    contact.fields.insert(Field::new(MESSAGES), Value::Text(text));
                }
                Ended::Missing { .. } => {}
                ended => return Err(unread(self.caller, "messages", &ended)),
            }
        }
        Ok(contact)
    }

    /// Looks up the contact of each row of a file. `seen` are those that a cut-off export has already.
    pub async fn look_up(
        &self,
        source: &SourceSpec,
        spool: &mut Spool,
        seen: Vec<RemoteId>,
        summary: &mut Summary,
        context: &mut Context,
    ) -> Result<()> {
        let service = &self.connection.account.service;
        let mapped = source.map(service.as_ref(), None)?;
        let total = source.count()?;
        let finder = Connection::finder(self.caller);
        let mut validator = Validator::new(mapped.forward)?;
        let mut reader = source.open()?;
        let mut batch = table::RowBatch::new();
        let mut seen: HashSet<RemoteId> = seen.into_iter().collect();
        let mut at = RowsDone::of(spool.cursor.as_ref());
        let mut skip = usize::try_from(at.rows).unwrap_or(usize::MAX);
        while !spool.complete && reader.read(&mut batch, ROWS_AT_ONCE)? > 0 {
            let rows = validator.check(&batch);
            if skip >= rows.len() {
                skip -= rows.len();
                continue;
            }
            let looked: Vec<Looked> = futures_util::stream::iter(rows.into_iter().skip(skip))
                .map(|row| self.look_up_one(row, &finder))
                .buffered(service.limits().concurrency.value.max(1))
                .try_collect()
                .await?;
            skip = 0;
            let mut found = Vec::new();
            for looked in looked {
                if self.job.limit.is_some_and(|limit| spool.contacts + found.len() as u64 >= limit) {
                    break;
                }
                at.rows += 1;
                match looked {
                    Looked::Unusable => at.unusable += 1,
                    Looked::Missing => at.missing += 1,
                    Looked::Found(contact) if seen.insert(contact.id.clone()) => found.push(*contact),
                    Looked::Found(_) | Looked::Repeated => at.repeated += 1,
                }
            }
            let found = self.complete(found).await?;
            spool.add(&found, Some(at.cursor()))?;
            context.tell(Event::Exported { contacts: spool.contacts, total: Some(total) });
            if self.job.limit.is_some_and(|limit| spool.contacts >= limit) {
                break;
            }
        }
        summary.remarks.push(at.words(spool.contacts, total));
        Ok(())
    }

    async fn look_up_one(&self, row: std::result::Result<Contact, Vec<RowError>>, finder: &Finder) -> Result<Looked> {
        let contact = match row {
            Ok(contact) => contact,
            Err(errors) if errors.iter().all(|error| error.code == "duplicate.in_file") => return Ok(Looked::Repeated),
            Err(_) => return Ok(Looked::Unusable),
        };
        let find_by = self.capabilities().find_by;
        let mut usable = false;
        for identifier in contact.identifiers.iter().filter(|identifier| find_by.contains(&identifier.kind)) {
            usable = true;
            match finder.find(vec![identifier.clone()]).await.0 {
                Found::Contacts(mut contacts) if !contacts.is_empty() => {
                    return Ok(Looked::Found(Box::new(contacts.swap_remove(0))));
                }
                Found::Contacts(_) => {}
                Found::Not(reached) => return Err(unread(self.caller, "details", &reached.ended)),
            }
        }
        Ok(if usable { Looked::Missing } else { Looked::Unusable })
    }
}

/// What became of a row of a file of identifiers.
enum Looked {
    Found(Box<Snapshot>),
    Missing,
    /// The row names a contact that an earlier one named.
    Repeated,
    /// The row has an error, or nothing that the service can look up by.
    Unusable,
}

/// How far the rows of a file of identifiers were looked up.
#[derive(Debug, Default, PartialEq)]
struct RowsDone {
    rows: u64,
    missing: u64,
    unusable: u64,
    repeated: u64,
}

impl RowsDone {
    fn of(cursor: Option<&Cursor>) -> Self {
        let mut parts = cursor.map_or("", |cursor| cursor.0.as_str()).split(' ').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        Self { rows: next(), missing: next(), unusable: next(), repeated: next() }
    }

    fn cursor(&self) -> Cursor {
        Cursor(format!("{} {} {} {}", self.rows, self.missing, self.unusable, self.repeated))
    }

    fn words(&self, found: u64, total: u64) -> String {
        let mut words = format!("not a full dump: {found} found by the rows of the file");
        for (n, what) in [
            (self.missing, "rows whose contact is not on the service"),
            (self.unusable, "rows without a usable identifier"),
            (self.repeated, "rows that name a contact named before"),
            (total.saturating_sub(self.rows), "rows not looked up, as the limit was reached"),
        ] {
            if n > 0 {
                let _ = write!(words, "; {what}: {n}");
            }
        }
        words
    }
}

fn without_messages(contact: &Snapshot) -> std::borrow::Cow<'_, Snapshot> {
    let messages = Field::new(MESSAGES);
    if !contact.fields.contains_key(&messages) {
        return std::borrow::Cow::Borrowed(contact);
    }
    let mut contact = contact.clone();
    contact.fields.remove(&messages);
    std::borrow::Cow::Owned(contact)
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

/// How complete the export is, and how sure that is.
fn completeness(pages: &Pages, spool: &Spool, leaves_out: &str, job: &ExportJob) -> String {
    let noun = if job.filter == Filter::default() { "contact" } else { "matching contact" };
    if let Some(limit) = job.limit.filter(|limit| *limit <= spool.contacts) {
        return format!("not complete, as asked: the first {}", count(limit, noun));
    }
    let read = spool.contacts;
    let counted = |total: u64| format!("at the last page the service counted {}", count(total, noun));
    let mut text = match pages.total() {
        Some(total) if total == read => format!("complete: {}, and all were read", counted(total)),
        Some(total) if total > read => {
            format!("not complete: {}, and its pages, read twice, showed {read}", counted(total))
        }
        Some(total) => format!(
            "complete as far as can be told: {} read, and {}: some went, or changed, while the pages were read",
            count(read, noun),
            counted(total)
        ),
        None => format!(
            "complete as far as can be told: every page was read to the end, but the service does not say how many \
             {noun}s there are"
        ),
    };
    if !leaves_out.is_empty() {
        text.push_str("; its listing leaves out ");
        text.push_str(leaves_out);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_file_was_looked_up_survives_as_a_cursor() {
        let at = RowsDone { rows: 128, missing: 3, unusable: 2, repeated: 1 };
        assert_eq!(RowsDone::of(Some(&at.cursor())), at);
        assert_eq!(RowsDone::of(None), RowsDone::default());
        assert_eq!(
            at.words(122, 130),
            "not a full dump: 122 found by the rows of the file; rows whose contact is not on the service: 3; \
             rows without a usable identifier: 2; rows that name a contact named before: 1; \
             rows not looked up, as the limit was reached: 2"
        );
    }
}
