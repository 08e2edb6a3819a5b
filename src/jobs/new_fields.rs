//! Custom fields that the account lacks: found before anything is sent, and created if that is wanted.

use super::Context;
use super::frame::Frame;
use super::source::{SourceSpec, facts};
use crate::contact::FieldDefinition;
use crate::error::{Error, Result};
use crate::journal::{AccountNote, RunId};
use crate::ledger::{LedgerHandle, Run};
use crate::mapping::{Mapping, NewField, Sample, new_fields};
use crate::reconcile::CallEnd;
use crate::report::Note;
use crate::services::Service;
use crate::upload::{Caller, create_field, list_fields, remember_fields};
use crate::validate::Looks;

/// The custom fields of an account as a mapping is held against them.
pub struct KnownFields {
    /// Those that the account defines, and those that are to be created; `None` where nothing is compared.
    pub definitions: Option<Vec<FieldDefinition>>,
    /// Those that are to be created.
    pub to_create: Vec<NewField>,
    /// All that the account defines; `None` where it was not asked.
    pub listed: Option<Vec<FieldDefinition>>,
}

/// Reads which custom fields the account defines, and finds those that a source feeds and it lacks.
/// What is lacking and not to be created is said, with the rows that have it.
///
/// # Errors
/// Kind `Usage` if fields are to be created and the service can't do that.
pub async fn known_fields(
    source: &SourceSpec,
    create: bool,
    caller: &Caller,
    context: &mut Context,
) -> Result<KnownFields> {
    let service = caller.account.service.as_ref();
    let can = service.capabilities();
    if create && can.creates_fields.is_empty() {
        let cure = if can.custom_fields {
            "create what is lacking there by hand, and leave --create-fields out"
        } else {
            "it has no custom fields: leave --create-fields out"
        };
        return Err(Error::usage(format!("{} can't create custom fields", service.name()))
            .in_service(service.name())
            .in_account(&caller.account.name)
            .hint(cure));
    }
    if !can.fields_defined && !create {
        return Ok(KnownFields { definitions: None, to_create: Vec::new(), listed: None });
    }
    let listed = list_fields(caller).await?;
    let (lacking, is_guessed, named) = lacking(source, service, &listed)?;
    if !create {
        for field in lacking.iter().filter(|_| !is_guessed) {
            context.note(Note::FieldLacking { field: field.definition.name.clone(), rows: field.filled });
        }
        return Ok(KnownFields { definitions: Some(listed.clone()), to_create: Vec::new(), listed: Some(listed) });
    }
    for field in lacking.iter().filter(|field| !field.few_words.is_empty()) {
        context.note(Note::FieldOfFewWords { field: field.definition.name.clone(), words: field.few_words.clone() });
    }
    // A service that takes any field is asked about those alone that the source names: that it defines
    // others changes nothing about what a column feeds.
    let relevant = |field: &FieldDefinition| can.fields_defined || named.contains(&field.name);
    let mut definitions: Vec<_> = listed.iter().filter(|field| relevant(field)).cloned().collect();
    definitions.extend(lacking.iter().map(|field| field.definition.clone()));
    Ok(KnownFields { definitions: Some(definitions), to_create: lacking, listed: Some(listed) })
}

/// The custom fields that a mapping, or without one a header, names.
pub(super) fn named_fields(source: &SourceSpec, service: &dyn Service) -> Result<Vec<FieldDefinition>> {
    let (named, _, _) = lacking(source, service, &[])?;
    Ok(named.into_iter().map(|field| field.definition).collect())
}

/// What the source feeds and the account lacks, whether the mapping is guessed, and the names of all
/// custom fields that the source feeds.
fn lacking(
    source: &SourceSpec,
    service: &dyn Service,
    listed: &[FieldDefinition],
) -> Result<(Vec<NewField>, bool, Vec<String>)> {
    let mapping = source.mapping_text()?.map(|(text, origin)| Mapping::parse(&text, &origin)).transpose()?;
    let mut reader = source.open()?;
    let headers = reader.headers().to_vec();
    let looks = Looks { region: source.region.as_deref() };
    let found =
        |defined, sample| new_fields(mapping.as_ref(), &headers, sample, &facts(service, Some(defined)), &looks);
    let unread = Sample::default();
    let named = found(&[], &unread).into_iter().map(|field| field.definition.name).collect();
    // Names are told by the headers; only what is lacking is worth a reading of the whole file.
    let lacking =
        if found(listed, &unread).is_empty() { Vec::new() } else { found(listed, &Sample::read(reader.as_mut())?) };
    Ok((lacking, mapping.is_none(), named))
}

/// Creates the fields, each once: what an earlier execution of the run was about to create, and is there
/// now, is counted and not created again. All of them are looked for afterwards.
///
/// # Errors
/// Kind `Stopped` if a field can't be created, with the service's own words; no row was sent then.
pub async fn create_fields(fields: &[NewField], frame: &mut Frame, context: &mut Context) -> Result<Vec<String>> {
    let mut wanted = created_by(&frame.ledger, frame.keys.account(), frame.run.id()).await?;
    if fields.is_empty() && wanted.is_empty() {
        return Ok(wanted);
    }
    wanted.extend(fields.iter().map(words).filter(|field| !wanted.contains(field)).collect::<Vec<_>>());
    record(&wanted, frame).await?;
    for field in fields {
        context.note(Note::FieldCreated { field: words(field) });
        let end = create_field(&frame.caller, &field.definition).await?.end;
        if !matches!(end, CallEnd::Done(_)) {
            wanted.retain(|other| *other != words(field));
            record(&wanted, frame).await?;
            return Err(frame
                .caller
                .halted()
                .unwrap_or_else(|| not_created(field, frame.connection.account.service.name(), end.why_failed())));
        }
    }
    let there = list_fields(&frame.caller).await?;
    if let Some(absent) =
        fields.iter().find(|field| there.iter().all(|there| !is_called(there, &field.definition.name)))
    {
        return Err(not_created(absent, frame.connection.account.service.name(), "it is not there afterwards"));
    }
    remember_fields(&frame.ledger, frame.keys.account(), &there).await?;
    Ok(wanted)
}

fn is_called(field: &FieldDefinition, name: &str) -> bool {
    field.name == name || field.alias.as_deref() == Some(name)
}

fn not_created(field: &NewField, service: &str, said: &str) -> Error {
    Error::stopped(format!("{service} did not create the custom field {}: {said}", words(field)))
        .hint("no row was sent; create it in the service, or name another field in the mapping")
}

/// A field as it is shown: `seats (number)`.
pub(super) fn words(field: &NewField) -> String {
    format!("{} ({})", field.definition.name, field.kind())
}

/// The fields that a run created, as they are shown.
pub async fn fields_created(ledger: &LedgerHandle, run: &Run) -> Result<Vec<String>> {
    created_by(ledger, &run.new.identity, &run.id).await
}

async fn created_by(ledger: &LedgerHandle, account: &str, run: &RunId) -> Result<Vec<String>> {
    let note = ledger.note(account, &AccountNote::FieldsOf(run.clone())).await?;
    Ok(note.unwrap_or_default().lines().map(str::to_owned).collect())
}

/// Remembers what the run creates, before the first call.
async fn record(fields: &[String], frame: &Frame) -> Result<()> {
    let lines = fields.join("\n");
    let note = (!fields.is_empty()).then_some(lines.as_str());
    frame.ledger.set_note(&frame.run, frame.keys.account(), &AccountNote::FieldsOf(frame.run.id().clone()), note).await
}
