use std::path::{Path, PathBuf};

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::Context;
use super::account_spec::AccountSpec;
use super::connect::Connection;
use super::frame::Opened;
use super::left_behind::LeftBehind;
use super::recognize::Keep;
use super::source::{MappingChoice, SourceSpec};
use super::visit::Visit;
use crate::contact::{Call, Contact, Identifier, IdentifierKind, RemoteId, Snapshot, Target};
use crate::error::{Error, Result};
use crate::reconcile::{CallEnd, Comparison, Identified, Observed as _, SnapshotObserved};
use crate::report::Remark;
use crate::services::Reply;
use crate::table::{self, IfTaken, RowBatch};
use crate::upload::{Caller, LookupBatcher};
use crate::validate::Validator;

/// A comparison of what a copy desired with what the account now holds.
pub struct Verify<'a> {
    pub account: &'a AccountSpec,
    /// The results of the copy: the rows, and which contact each became.
    pub results: &'a Path,
    pub mapping: &'a MappingChoice,
    /// What the account has no place for.
    pub left: &'a LeftBehind,
}

impl Verify<'_> {
    /// Reads every copied contact again, writes what differs beside the results, and says how many do.
    pub async fn check(&self, context: &mut Context) -> Result<Remark> {
        let opened = Opened::account(self.account, Keep::Nothing, context).await?;
        opened.visit("verify", context, async |visit, context| self.compare(visit, context).await).await
    }

    async fn compare(&self, visit: &Visit, context: &mut Context) -> Result<Remark> {
        let service = visit.connection.account.service.clone();
        let definitions = visit.definitions().await?;
        let source =
            SourceSpec { mapping: self.mapping.clone(), exported: true, ..SourceSpec::of(self.results.to_owned()) };
        let mapped = source.map(service.as_ref(), definitions.as_deref())?;
        let mut validator = Validator::new(mapped.forward)?.of_export(source.exported);
        let mut reader = source.open()?;
        let headers = reader.headers().to_vec();
        let reading = Reading { batcher: Connection::lookup_batcher(&visit.caller), caller: &visit.caller };
        let place = context.written().place(&differences_path(self.results), IfTaken::NewName)?;
        let mut writer = table::create(&place, &["line", "contact_id", "field", "difference"])?;
        let (mut same, mut different, mut absent) = (0_u64, 0_u64, 0_u64);
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 256)? > 0 {
            let rows: Vec<(Option<RemoteId>, Option<Contact>)> = batch
                .rows()
                .zip(validator.check(&batch))
                .map(|(row, contact)| {
                    let id = row.own("_contact_id").filter(|id| !id.is_empty());
                    (id.map(|id| RemoteId(id.to_owned())), contact.ok())
                })
                .collect();
            let observed: Vec<Option<Snapshot>> = futures_util::stream::iter(&rows)
                .map(|(id, contact)| reading.observed(id.as_ref(), contact.as_ref()))
                .buffered(service.limits().concurrency.value.max(1))
                .try_collect()
                .await?;
            for ((row, (id, contact)), observed) in batch.rows().zip(&rows).zip(observed) {
                let line = row.own("_line").unwrap_or_default();
                let id = id.as_ref().map_or("", |id| id.0.as_str());
                let (Some(contact), Some(observed)) = (contact, observed) else {
                    absent += 1;
                    let outcome = row.own("_outcome").unwrap_or_default();
                    let why = if id.is_empty() { format!("not copied: {outcome}") } else { "not found".to_owned() };
                    writer.write(&[line, id, "", &why])?;
                    continue;
                };
                let mut differences = compare(contact, &observed, service.capabilities().tags_ignore_case);
                let lacking = headers.iter().zip(row.cells()).filter(|(header, cell)| self.left.lacks(header, cell));
                differences
                    .extend(lacking.map(|(header, _)| (header.clone(), "has no place on the service".to_owned())));
                for (field, difference) in &differences {
                    writer.write(&[line, id, field, difference])?;
                }
                if differences.is_empty() { same += 1 } else { different += 1 }
            }
        }
        writer.finish()?;
        Ok(Remark::Compared { same, different, absent, file: place.path })
    }
}

/// Field by field and tag by tag, what the account doesn't hold as it was desired.
fn compare(desired: &Contact, observed: &Snapshot, tags_ignore_case: bool) -> Vec<(String, String)> {
    let now = SnapshotObserved { snapshot: observed, tags_ignore_case };
    let mut differences = Vec::new();
    for change in desired.fields.iter().filter(|change| !change.value.is_empty()) {
        let word = match now.field(&change.field, &change.value).told() {
            Some(Comparison::Same) => continue,
            Some(Comparison::Different) => "holds another value",
            Some(Comparison::Empty) => "holds nothing",
            None => "can't be compared: the service does not tell it",
        };
        differences.push((change.field.name().to_owned(), word.to_owned()));
    }
    let mut sets = |names: &[String], has: &dyn Fn(&str) -> Option<bool>, field: &str| {
        for name in names {
            let word = match has(name) {
                Some(true) => continue,
                Some(false) => format!("lacks {name}"),
                None => format!("can't be compared: {name}"),
            };
            differences.push((field.to_owned(), word));
        }
    };
    sets(&desired.tags.add, &|tag| now.has_tag(tag).told(), "tags");
    sets(&desired.lists.add, &|list| now.on_list(list).told(), "lists");
    differences
}

struct Reading<'a> {
    caller: &'a Caller,
    batcher: LookupBatcher,
}

impl Reading<'_> {
    /// What the account holds of the contact that a row became; `None` if there is none.
    async fn observed(&self, id: Option<&RemoteId>, desired: Option<&Contact>) -> Result<Option<Snapshot>> {
        let (Some(id), Some(desired)) = (id, desired) else { return Ok(None) };
        let capabilities = self.caller.account.service.capabilities();
        let mut observed = None;
        if capabilities.read {
            match self.caller.read(&Call::Read { target: Target::Id(id.clone()) }).await.end {
                CallEnd::Done(Reply::Contact(contact)) => observed = Some(*contact),
                CallEnd::Missing { .. } => return Ok(None),
                end => return Err(self.unread(&end)),
            }
        } else {
            let by_id = Identifier::new(IdentifierKind::Id, id.0.clone());
            for identifier in std::iter::once(&by_id).chain(&desired.identifiers) {
                match self.batcher.identify(std::slice::from_ref(identifier)).await {
                    Ok(Identified::One(contact)) if contact.id == *id => observed = Some(*contact),
                    Ok(_) => {}
                    Err(result) => return Err(self.unread(&result.end)),
                }
                if observed.is_some() {
                    break;
                }
            }
        }
        if let Some(contact) = &mut observed
            && contact.tags.is_none()
            && capabilities.tags_read
            && !desired.tags.is_empty()
            && let CallEnd::Done(Reply::Tags(tags)) =
                self.caller.read(&Call::ReadTags { target: Target::Id(id.clone()) }).await.end
        {
            contact.tags = Some(tags);
        }
        Ok(observed)
    }

    fn unread(&self, ended: &CallEnd) -> Error {
        let said = self.caller.why_failed(ended);
        Error::stopped(format!("a copied contact could not be read for the comparison: {said}"))
    }
}

/// `results.csv` → `results.differences.csv`.
fn differences_path(results: &Path) -> PathBuf {
    results.with_extension("differences.csv")
}
