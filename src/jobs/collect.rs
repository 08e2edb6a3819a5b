use std::collections::HashSet;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Context;
use super::connect::Connection;
use super::export_job::ExportJob;
use super::source::SourceSpec;
use super::spool::{Spool, SpooledPage};
use super::tag_lists::{can_list_tags, is_checked};
use crate::clock;
use crate::contact::{Call, Capabilities, Contact, Cursor, Field, Filter, Message, RemoteId, Snapshot, Target, Value};
use crate::error::{Error, Result};
use crate::journal::Entry;
use crate::reconcile::{CallEnd, Identified, Keys};
use crate::report::{Event, Extent, Listed, LookedUp, Note, Remark, Summary};
use crate::services::Reply;
use crate::table;
use crate::upload::{Caller, Completeness, ListedPage, Listing, LookupBatcher, Turned, Walk};
use crate::validate::{Unsent, Validator};

/// The extra column of `--with messages`.
const MESSAGES: &str = "messages";
/// Contacts whose tags are asked for one by one before it is said that lists would do.
const MANY_TAG_READS: u64 = 1000;
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
    fields: Vec<Field>,
    /// Whether tags are learned from lists of who has each.
    lists_tags: bool,
}

impl<'a> Collecting<'a> {
    pub fn new(job: &'a ExportJob, connection: &'a Connection, caller: &'a Arc<Caller>) -> Self {
        let service = &connection.account.service;
        let keys = connection.keys(&connection.account.ledger);
        let readable = service.fields().iter().filter(|spec| spec.read && (spec.create || spec.update));
        let fields = readable.map(|spec| Field::new(spec.name)).collect();
        let lists_tags = job.tags_by_list && can_list_tags(service.capabilities());
        Self { job, connection, caller, keys, fields, lists_tags }
    }

    pub(super) fn capabilities(&self) -> &Capabilities {
        self.connection.account.service.capabilities()
    }

    /// Reads every contact that the job asks for. `pages` are those that a cut-off export has already.
    pub async fn list(
        &self,
        spool: &mut Spool,
        pages: Vec<SpooledPage>,
        summary: &mut Summary,
        context: &mut Context,
    ) -> Result<()> {
        let begun = clock::unix_now().as_secs();
        let resumed = !pages.is_empty();
        let mut walk = Walk::new(self.capabilities().list_starts);
        for page in pages {
            walk.again(page.pass, page.fresh.iter().chain(&page.again), page.total, page.next);
        }
        let mut listing = Listing::going_on(self.caller.clone(), self.job.filter.clone(), walk);
        self.walk(&mut listing, spool, context).await?;
        let walk = listing.walk();
        let read = spool.contacts;
        let limited = self.job.limit.is_some_and(|limit| limit <= read);
        if !limited && !walk.holds_all() {
            let mut gone = HashSet::new();
            spool.each(|contact| {
                if !walk.holds(&contact.id) {
                    gone.insert(contact.id);
                }
                Ok(())
            })?;
            spool.leave_out(gone);
        }
        let everything = self.job.filter == Filter::default() && self.job.limit.is_none();
        let moved = matches!(
            walk.completeness(),
            Some(Completeness::Moved { .. } | Completeness::Uncounted { same: false, .. })
        );
        if everything && !resumed && !moved && self.capabilities().find_by_listing {
            let ledger = &self.connection.account.ledger;
            ledger.set_listed_at(&self.caller.run, self.keys.account(), Some(begun)).await?;
        }
        let leaves_out = self.capabilities().list_leaves_out;
        summary.remarks.push(Remark::Extent(extent(walk.completeness(), read, spool, leaves_out, self.job)));
        if self.lists_tags { self.list_tags(spool, summary, context).await } else { Ok(()) }
    }

    async fn walk(&self, listing: &mut Listing, spool: &mut Spool, context: &mut Context) -> Result<()> {
        let mut last_noted = 0;
        loop {
            let room = self.job.limit.map_or(u64::MAX, |limit| limit.saturating_sub(spool.contacts));
            if room == 0 {
                break;
            }
            let pass = listing.walk().pass();
            if pass > 1 && pass > last_noted {
                last_noted = pass;
                context.note(Note::AnotherPass);
            }
            let ListedPage { pass, contacts, first, total, next } = match listing.next().await? {
                Some(Turned::Page(page)) => page,
                Some(Turned::BeganAgain) => {
                    context.note(Note::ListedAnew);
                    continue;
                }
                None => break,
            };
            if spool.contacts == 0 && pass == 0 {
                self.note_tags_one_by_one(total, context);
            }
            let (mut fresh, mut again) = (Vec::new(), Vec::new());
            for (contact, is_first) in contacts.into_iter().zip(first) {
                if !is_first {
                    again.push(contact.id);
                } else if (fresh.len() as u64) < room {
                    fresh.push(contact);
                }
            }
            let fresh = self.complete(fresh, spool.contacts).await?;
            spool.total = total;
            // Whoever has the run now goes on with the spool.
            self.caller.run.check().await?;
            spool.add_page(&fresh, again, pass, next)?;
            context.tell(Event::Exported { contacts: spool.contacts, total: listing.walk().total() });
        }
        Ok(())
    }

    fn note_tags_one_by_one(&self, total: Option<u64>, context: &mut Context) {
        let can = !self.lists_tags && can_list_tags(self.capabilities());
        let whole = self.job.filter == Filter::default() && self.job.limit.is_none();
        if let Some(contacts) = total.filter(|contacts| can && whole && *contacts >= MANY_TAG_READS) {
            let time = self.connection.account.budget.estimate(contacts);
            context.note(Note::TagsOneByOne { contacts, time });
        }
    }

    /// Reads what a listing didn't tell of these contacts and the export needs, as many at once as
    /// the service takes, and lets the ledger remember them. `place` is that of the first.
    async fn complete(&self, contacts: Vec<Snapshot>, place: u64) -> Result<Vec<Snapshot>> {
        let at_once = self.connection.account.service.limits().concurrency.value.max(1);
        let contacts: Vec<Snapshot> = futures_util::stream::iter((place..).zip(contacts))
            .map(|(place, contact)| self.complete_one(contact, !self.lists_tags || is_checked(place)))
            .buffered(at_once)
            .try_collect()
            .await?;
        if !self.lists_tags {
            self.remember(&contacts).await?;
        }
        Ok(contacts)
    }

    /// Lets the ledger remember contacts.
    pub(super) async fn remember(&self, contacts: &[Snapshot]) -> Result<()> {
        let known = contacts.iter().map(|contact| Entry::Known {
            account: self.keys.account().to_owned(),
            contact: self.keys.learn(&without_messages(contact), &self.fields),
            keys: self.keys.of_snapshot(contact),
            told: true,
        });
        self.connection.account.ledger.write(&self.caller.run, known.collect()).await.map(drop)
    }

    async fn complete_one(&self, mut contact: Snapshot, with_tags: bool) -> Result<Snapshot> {
        let target = Target::Id(contact.id.clone());
        if with_tags && contact.tags.is_none() && self.capabilities().tags_read {
            match self.caller.read(&Call::ReadTags { target: target.clone() }).await.end {
                CallEnd::Done(Reply::Tags(tags)) => contact.tags = Some(tags),
                CallEnd::Missing { .. } => {}
                ended => return Err(unread(self.caller, "tags", &ended)),
            }
        }
        if self.job.messages {
            match self.caller.read(&Call::ReadMessages { target }).await.end {
                CallEnd::Done(Reply::Messages(messages)) => {
                    let text = messages.iter().map(one_line).collect::<Vec<_>>().join("\n");
                    contact.fields.insert(Field::new(MESSAGES), Value::Text(text));
                }
                CallEnd::Missing { .. } => {}
                ended => return Err(unread(self.caller, "messages", &ended)),
            }
        }
        Ok(contact)
    }

    /// Looks up the contact of each row of a file. `pages` are what a cut-off export has already.
    pub async fn look_up(
        &self,
        source: &SourceSpec,
        spool: &mut Spool,
        pages: Vec<SpooledPage>,
        summary: &mut Summary,
        context: &mut Context,
    ) -> Result<()> {
        let service = &self.connection.account.service;
        let mapped = source.map(service.as_ref(), None)?;
        let total = mapped.sample.total;
        let batcher = Connection::lookup_batcher(self.caller);
        let mut validator = Validator::new(mapped.forward)?;
        let mut reader = source.open()?;
        let mut batch = table::RowBatch::new();
        let mut seen: HashSet<RemoteId> = pages.into_iter().flat_map(|page| page.fresh).collect();
        let mut at = RowsDone::of(spool.cursor.as_ref());
        let mut skip = usize::try_from(at.rows).unwrap_or(usize::MAX);
        while !spool.complete && reader.read(&mut batch, ROWS_AT_ONCE)? > 0 {
            let rows = validator.check(&batch);
            if skip >= rows.len() {
                skip -= rows.len();
                continue;
            }
            let looked: Vec<Looked> = futures_util::stream::iter(rows.into_iter().skip(skip))
                .map(|row| self.look_up_one(row, &batcher))
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
                    Looked::Ambiguous => at.ambiguous += 1,
                    Looked::Found(contact) if seen.insert(contact.id.clone()) => found.push(*contact),
                    Looked::Found(_) | Looked::Repeated => at.repeated += 1,
                }
            }
            let found = self.complete(found, 0).await?;
            self.caller.run.check().await?;
            spool.add(&found, Some(at.cursor()))?;
            context.tell(Event::Exported { contacts: spool.contacts, total: Some(total) });
            if self.job.limit.is_some_and(|limit| spool.contacts >= limit) {
                break;
            }
        }
        summary.remarks.push(Remark::Extent(Extent::LookedUp(at.looked_up(spool.contacts, total))));
        Ok(())
    }

    async fn look_up_one(&self, row: std::result::Result<Contact, Unsent>, batcher: &LookupBatcher) -> Result<Looked> {
        let contact = match row {
            Ok(contact) => contact,
            Err(unsent) if unsent.errors.iter().all(|error| error.code == "duplicate.in_file") => {
                return Ok(Looked::Repeated);
            }
            Err(_) => return Ok(Looked::Unusable),
        };
        let find_by = self.capabilities().find_by;
        if !contact.identifiers.iter().any(|identifier| find_by.contains(&identifier.kind)) {
            return Ok(Looked::Unusable);
        }
        match batcher.identify(&contact.identifiers).await {
            Ok(Identified::One(contact)) => Ok(Looked::Found(contact)),
            Ok(Identified::Nobody) => Ok(Looked::Missing),
            Ok(Identified::Ambiguous { .. } | Identified::Conflict { .. }) => Ok(Looked::Ambiguous),
            Err(result) => Err(unread(self.caller, "details", &result.end)),
        }
    }
}

/// What became of a row of a file of identifiers.
enum Looked {
    Found(Box<Snapshot>),
    Missing,
    /// The row's identifiers are several contacts'.
    Ambiguous,
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
    ambiguous: u64,
}

impl RowsDone {
    fn of(cursor: Option<&Cursor>) -> Self {
        let mut parts = cursor.map_or("", |cursor| cursor.0.as_str()).split(' ').map(|part| part.parse().unwrap_or(0));
        let mut next = || parts.next().unwrap_or(0);
        Self { rows: next(), missing: next(), unusable: next(), repeated: next(), ambiguous: next() }
    }

    fn cursor(&self) -> Cursor {
        let Self { rows, missing, unusable, repeated, ambiguous } = self;
        Cursor(format!("{rows} {missing} {unusable} {repeated} {ambiguous}"))
    }

    fn looked_up(&self, found: u64, total: u64) -> LookedUp {
        let Self { rows, missing, unusable, repeated, ambiguous } = *self;
        LookedUp { found, missing, unusable, repeated, ambiguous, not_reached: total.saturating_sub(rows) }
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

pub(super) fn unread(caller: &Caller, what: &str, ended: &CallEnd) -> Error {
    let said = caller.why_failed(ended);
    Error::stopped(format!("a contact's {what} could not be read: {said}"))
}

/// How complete the export is, and how sure that is. `read` contacts were seen at some time.
fn extent(walked: Option<Completeness>, read: u64, spool: &Spool, leaves_out: &'static str, job: &ExportJob) -> Extent {
    let filtered = job.filter != Filter::default();
    if let Some(limit) = job.limit.filter(|limit| *limit <= read) {
        return Extent::Limited { limit, filtered };
    }
    let listed = match walked {
        Some(Completeness::Sure { total }) => Listed::Whole {
            total,
            came_later: spool.contacts.saturating_sub(total),
            went: read.saturating_sub(spool.contacts),
        },
        Some(Completeness::Moved { passes, total }) => Listed::Moved { passes, read, total: Some(total) },
        Some(Completeness::Uncounted { passes, same: false }) => Listed::Moved { passes, read, total: None },
        Some(Completeness::Uncounted { passes, same: true }) if passes > 1 => Listed::Twice { read },
        Some(Completeness::Uncounted { .. }) | None => Listed::Once,
    };
    Extent::Listed { listed, filtered, leaves_out }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_far_a_file_was_looked_up_survives_as_a_cursor() {
        let at = RowsDone { rows: 128, missing: 3, unusable: 2, repeated: 1, ambiguous: 4 };
        assert_eq!(RowsDone::of(Some(&at.cursor())), at);
        assert_eq!(RowsDone::of(None), RowsDone::default());
        let not_reached = at.looked_up(122, 130).not_reached;
        assert_eq!(not_reached, 2, "128 of 130 rows");
    }
}
