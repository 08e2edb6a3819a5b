use super::super::{HistoryEvent, HistoryStep};
use super::rows::{read_kind, read_verdict};
use super::{Damaged, back, decode_errors};
use crate::contact::{Outcome, RemoteId};
use crate::journal::RunId;

/// Codes whose messages name other contacts.
const NAMING: [&str; 5] =
    ["contact.ambiguous", "contact.conflict", "contact.other_person", "contact.shared", "plan.changed"];

/// How a row ended, as the columns stand.
pub(in crate::ledger) struct StoredEnd {
    pub(in crate::ledger) run: String,
    pub(in crate::ledger) called: String,
    pub(in crate::ledger) file: String,
    pub(in crate::ledger) started: i64,
    pub(in crate::ledger) line: i64,
    pub(in crate::ledger) outcome: String,
    pub(in crate::ledger) contact_id: Option<String>,
    pub(in crate::ledger) errors: Option<String>,
}

/// A call of the row, as the columns stand.
pub(in crate::ledger) struct StoredCall {
    pub(in crate::ledger) kind: String,
    /// In microseconds from the Unix epoch.
    pub(in crate::ledger) at: i64,
    pub(in crate::ledger) verdict: Option<String>,
    pub(in crate::ledger) http_status: Option<u16>,
    pub(in crate::ledger) contact_id: Option<String>,
}

/// What was done about a row: its calls in order, how it ended, and what was found later.
pub(in crate::ledger) fn events(end: StoredEnd, calls: Vec<StoredCall>) -> Result<Vec<HistoryEvent>, Damaged> {
    let errors = decode_errors(end.errors.as_deref())?;
    let found_later = errors.iter().find(|error| error.code == "contact.made_twice").map(|error| error.message.clone());
    let mut ended = HistoryEvent {
        at: back(end.started),
        run: RunId(end.run),
        account: end.called,
        file: end.file,
        line: back(end.line),
        what: HistoryStep::Row {
            outcome: Outcome::from_name(&end.outcome).ok_or(Damaged("the outcome of a row can't be read"))?,
            messages: errors
                .iter()
                .filter(|error| NAMING.contains(&&*error.code))
                .map(|error| (error.code.to_string(), error.message.clone()))
                .collect(),
            codes: errors.into_iter().map(|error| error.code.into_owned()).collect(),
        },
        contact_id: end.contact_id.map(RemoteId),
    };
    let mut events = Vec::new();
    for call in calls {
        let at = back(call.at) / 1_000_000;
        ended.at = ended.at.max(at);
        events.push(HistoryEvent {
            at,
            what: HistoryStep::Call {
                kind: read_kind(&call.kind)?,
                verdict: call.verdict.as_deref().map(read_verdict).transpose()?,
                http_status: call.http_status,
            },
            contact_id: call.contact_id.map(RemoteId),
            ..ended.clone()
        });
    }
    let found_later = found_later.map(|words| HistoryEvent { what: HistoryStep::MadeTwice(words), ..ended.clone() });
    events.push(ended);
    events.extend(found_later);
    Ok(events)
}
