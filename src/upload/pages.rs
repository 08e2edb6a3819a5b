use super::caller::Caller;
use crate::contact::{Call, Cursor, FieldDefinition, Filter, Snapshot};
use crate::error::{Error, Result, StopReason};
use crate::reconcile::{CallEnd, CallResult};
use crate::services::{Page, Reply};

/// What became of asking for one page of contacts.
pub(super) enum Listed {
    Page(Page<Snapshot>),
    /// The service refused the request: a cursor that it doesn't know any more, or something else.
    Refused(Error),
}

/// One page of contacts.
pub(super) async fn list_page(caller: &Caller, filter: &Filter, cursor: Option<Cursor>) -> Result<Listed> {
    let page_size = caller.account.service.limits().page_size.map(|size| size.value);
    let reached = caller.read(&Call::List { filter: filter.clone(), cursor, page_size }).await;
    match reached.end {
        CallEnd::Done(Reply::Contacts(page)) => Ok(Listed::Page(page)),
        CallEnd::Refused { .. } | CallEnd::Missing { .. } => {
            Ok(Listed::Refused(listing_error(caller, &reached, "contacts")))
        }
        _ => Err(listing_error(caller, &reached, "contacts")),
    }
}

/// The custom fields that the account defines, all pages.
pub async fn list_fields(caller: &Caller) -> Result<Vec<FieldDefinition>> {
    let mut fields = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let before = cursor.clone();
        match caller.read(&Call::ListFields { cursor }).await {
            CallResult { end: CallEnd::Done(Reply::Fields(page)), .. } => {
                fields.extend(page.items);
                cursor = page.next;
            }
            result => return Err(listing_error(caller, &result, "custom fields")),
        }
        if cursor.is_none() || cursor == before {
            caller.account.field_names.learn(&fields);
            return Ok(fields);
        }
    }
}

/// Defines a custom field. If an answer is lost, only the list of fields tells whether the field is there,
/// and it is asked before the field is created again.
///
/// # Errors
/// Those of [`list_fields`].
pub async fn create_field(caller: &Caller, definition: &FieldDefinition) -> Result<CallResult> {
    let call = Call::CreateField { definition: definition.clone() };
    let mut tries = 1;
    loop {
        let mut result = caller.read(&call).await;
        if !matches!(result.end, CallEnd::Unclear { .. }) {
            return Ok(result);
        }
        if list_fields(caller).await?.iter().any(|field| field.name == definition.name) {
            result.end = CallEnd::Done(Reply::Nothing);
            return Ok(result);
        }
        if tries >= caller.retry.tries {
            return Ok(result);
        }
        tries += 1;
    }
}

/// The error for a listing that did not end well.
fn listing_error(caller: &Caller, result: &CallResult, what: &str) -> Error {
    if let Some(halt) = caller.halted() {
        return halt;
    }
    if result.end == CallEnd::Halted {
        return Error::interrupted(format!("interrupted while reading the {what}"));
    }
    let said = result.end.why_failed();
    let error = Error::stopped(format!("{} did not list its {what}: {said}", caller.account.service.name()))
        .in_service(caller.account.service.name())
        .in_account(&caller.account.name);
    match result.end {
        CallEnd::Refused { .. } => error.because(StopReason::ServiceRefused).hint(
            "asked again, the service would refuse it again: ask for something else, or change there what it names",
        ),
        _ => error,
    }
}
