//! The calls of a row that has ended, as one text of JSON beside it: for each the place of its kind in [`KINDS`] and of
//! its verdict in [`VERDICTS`], the status, and how many seconds after the beginning of the run it was answered; then,
//! unless they are what they mostly are (1, 1 and its place here), how often it was sent and answered, and its step;
//! then, unless it is the row's, the contact. The view `call` of a ledger in a file reads it.

use std::borrow::Cow;

use serde_json::{Value as Json, json};

use super::{back, int};

/// Kinds of calls by their place, which never changes: more come at the end.
const KINDS: [&str; 19] = [
    "find",
    "read",
    "create",
    "update",
    "upsert",
    "clear fields",
    "add tags",
    "remove tags",
    "replace tags",
    "read tags",
    "add to list",
    "remove from list",
    "delete",
    "list",
    "read messages",
    "list fields",
    "create field",
    "list tags",
    "check",
];

/// Verdicts by their place, as [`KINDS`].
const VERDICTS: [&str; 6] = ["done", "exists", "missing", "refused", "unclear", "other person"];

/// A call as its columns stand.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::ledger) struct UnpackedCall {
    pub(in crate::ledger) step: u32,
    pub(in crate::ledger) kind: Cow<'static, str>,
    pub(in crate::ledger) sent: u32,
    /// In microseconds from the Unix epoch.
    pub(in crate::ledger) at: i64,
    pub(in crate::ledger) verdict: Option<Cow<'static, str>>,
    pub(in crate::ledger) answers: Option<u32>,
    pub(in crate::ledger) http_status: Option<u16>,
    pub(in crate::ledger) contact_id: Option<String>,
}

/// The calls of a row that came to this contact, in a run that began then, packed. `None` if one was not answered,
/// or is of a kind that is packed by nobody: they stay as they are.
pub(in crate::ledger) fn packed_calls(calls: &[UnpackedCall], contact: Option<&str>, started: i64) -> Option<String> {
    if calls.is_empty() {
        return None;
    }
    let pack = |(place, call): (usize, &UnpackedCall)| {
        let kind = KINDS.iter().position(|kind| *kind == call.kind)?;
        let verdict = VERDICTS.iter().position(|verdict| Some(*verdict) == call.verdict.as_deref())?;
        let at = int(back(call.at) / 1_000_000) - started;
        let mut packed = vec![json!(kind), json!(verdict), json!(call.http_status), json!(at)];
        let is_the_rows = call.contact_id.as_deref() == contact;
        let counts = (call.sent, call.answers.unwrap_or(0), call.step as usize);
        if !is_the_rows || counts != (1, 1, place) {
            packed.extend([json!(counts.0), json!(counts.1), json!(counts.2)]);
        }
        if !is_the_rows {
            packed.push(json!(call.contact_id));
        }
        Some(Json::Array(packed))
    };
    let packed = calls.iter().enumerate().map(pack).collect::<Option<Vec<_>>>()?;
    Some(Json::Array(packed).to_string())
}

/// How many calls were packed.
pub(in crate::ledger) fn packed_count(packed: &str) -> u64 {
    serde_json::from_str::<Vec<serde::de::IgnoredAny>>(packed).map_or(0, |calls| calls.len() as u64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::CallKind;

    fn call(step: u32, contact_id: Option<&str>) -> UnpackedCall {
        UnpackedCall {
            step,
            kind: "create".into(),
            sent: 1,
            at: 1_000_012_999_999,
            verdict: Some("done".into()),
            answers: Some(1),
            http_status: Some(201),
            contact_id: contact_id.map(str::to_owned),
        }
    }

    #[test]
    fn what_mostly_is_takes_the_least() {
        let calls = [call(0, Some("7")), UnpackedCall { kind: "add tags".into(), ..call(1, Some("7")) }];
        assert_eq!(packed_calls(&calls, Some("7"), 1_000_000).unwrap(), "[[2,0,201,12],[6,0,201,12]]");
        let odd = [call(0, None), UnpackedCall { sent: 2, http_status: None, ..call(3, Some("7")) }];
        assert_eq!(packed_calls(&odd, Some("7"), 1_000_000).unwrap(), "[[2,0,201,12,1,1,0,null],[2,0,null,12,2,1,3]]");
        assert_eq!(packed_count("[[2,0,201,12],[6,0,201,12]]"), 2);
    }

    #[test]
    fn what_was_not_answered_is_not_packed() {
        assert_eq!(packed_calls(&[UnpackedCall { verdict: None, ..call(0, None) }], None, 0), None);
        assert_eq!(packed_calls(&[], None, 0), None);
    }

    #[test]
    fn every_kind_and_verdict_has_its_place() {
        for kind in CallKind::ALL {
            assert!(KINDS.contains(&kind.name()), "{kind}: at the end of the list, and of the view in a new version");
        }
        assert_eq!(VERDICTS.len(), crate::journal::CallVerdict::ALL.len());
        for verdict in crate::journal::CallVerdict::ALL {
            assert!(VERDICTS.contains(&verdict.name()), "{}", verdict.name());
        }
    }
}
