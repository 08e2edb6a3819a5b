//! What was done to one contact, as a story: what a row wanted, what was found, sent and answered, and
//! what holds now.

use std::collections::BTreeMap;

use super::cures::cause;
use super::escape;
use super::words::moment;
use crate::journal::RunId;
use crate::ledger::{HistoryEvent, Run, RunKind, RunState};

/// The code of a row that rests on memory alone.
const NOT_LOOKED_AT: &str = "contact.not_looked_at";

/// The story of a contact, out of what the ledger keeps, oldest first. `runs` are those of the events,
/// `fields` the custom fields that a run created before it sent a row, as they are shown.
pub fn story(events: &[HistoryEvent], runs: &[Run], fields: &BTreeMap<RunId, Vec<String>>) -> String {
    let mut chapters: Vec<Vec<&HistoryEvent>> = Vec::new();
    for event in events {
        let same = |chapter: &&mut Vec<&HistoryEvent>| chapter[0].run == event.run && chapter[0].line == event.line;
        match chapters.iter_mut().find(same) {
            Some(chapter) => chapter.push(event),
            None => chapters.push(vec![event]),
        }
    }
    let mut text = String::new();
    for chapter in &chapters {
        text.push_str(&heading(chapter[0], run_of(chapter[0], runs)));
        if let Some(fields) = fields.get(&chapter[0].run).filter(|fields| !fields.is_empty()) {
            text.push_str(&format!("  the run first created custom fields: {}\n", escape(&fields.join(", "))));
        }
        if is_deletion(chapter) {
            text.push_str("  sent: that it be deleted, since the run had created it; deleted\n");
        } else {
            for event in chapter {
                text.push_str(&format!("  {}\n", sentence(event)));
            }
        }
        if let Some(after) = run_of(chapter[0], runs).and_then(put_back) {
            text.push_str(&format!("  {after}\n"));
        }
    }
    if let Some(now) = chapters.last().and_then(|last| now(last, events, runs)) {
        text.push_str(&now);
    }
    text
}

/// Whether an undo deleted the contact: its row ends well only if the delete did, whose answer the ledger
/// keeps in the row alone.
fn is_deletion(chapter: &[&HistoryEvent]) -> bool {
    chapter.iter().any(|event| event.what.starts_with("call delete: "))
        && chapter.iter().any(|event| event.what == "row: updated")
}

fn run_of<'r>(event: &HistoryEvent, runs: &'r [Run]) -> Option<&'r Run> {
    runs.iter().find(|run| run.id == event.run)
}

fn heading(event: &HistoryEvent, run: Option<&Run>) -> String {
    if run.is_some_and(|run| run.new.kind == RunKind::Undo) {
        // Its rows are contacts, and have no line in the file.
        return format!(
            "{}, run {}: the contact was to be put back at {}\n",
            moment(event.at),
            event.run,
            escape(&event.account)
        );
    }
    let wanted = match run.map(|run| run.new.kind) {
        Some(RunKind::Export) => "was read",
        Some(RunKind::Retry) => "was sent again",
        _ => "was to be brought",
    };
    let file = event.file.rsplit(['/', '\\']).next().unwrap_or(&event.file);
    format!(
        "{}, run {}: line {} of {} {wanted} to {}\n",
        moment(event.at),
        event.run,
        event.line,
        escape(file),
        escape(&event.account)
    )
}

/// One event as a sentence. The ledger has two kinds: `call create: done (200)` and `row: created`.
fn sentence(event: &HistoryEvent) -> String {
    let id = event.contact_id.as_ref().map(|id| escape(&id.0));
    if let Some((kind, answer)) = event.what.strip_prefix("call ").and_then(|call| call.split_once(": ")) {
        let (verdict, status) = match answer.split_once(" (") {
            Some((verdict, status)) => (verdict, format!(" (HTTP {status}")),
            None => (answer, String::new()),
        };
        return called(kind, verdict, &status, id.as_deref());
    }
    match event.what.strip_prefix("row: ") {
        Some(row) => ended(row, id.as_deref()),
        None => escape(&event.what).into_owned(),
    }
}

fn called(kind: &str, verdict: &str, status: &str, id: Option<&str>) -> String {
    let looks = matches!(kind, "find" | "read" | "read tags" | "list");
    let sent = match kind {
        "find" => "looked for at the service",
        "read" => "read at the service",
        "read tags" => "its tags read at the service",
        "create" => "sent: a new contact",
        "update" => "sent: changed fields",
        "upsert" => "sent: the contact, to be made or changed",
        "clear fields" => "sent: fields to be emptied",
        "add tags" => "sent: tags to add",
        "remove tags" => "sent: tags to take away",
        "replace tags" => "sent: all its tags",
        "add to list" => "sent: a list to put it on",
        "remove from list" => "sent: a list to take it off",
        "delete" => "sent: that it be deleted",
        other => return format!("{}: {}{status}", escape(other), escape(verdict)),
    };
    let came = match (verdict, id) {
        ("done", Some(id)) if kind == "find" => format!("found, id {id}"),
        ("done", None) if kind == "find" => "nobody found".to_owned(),
        ("done", _) if looks => "it told".to_owned(),
        ("done", Some(id)) if kind == "create" => format!("made, id {id}"),
        ("done", _) if kind == "delete" => "deleted".to_owned(),
        ("done", _) => "done".to_owned(),
        ("missing", _) if looks => "nobody found".to_owned(),
        ("missing", _) => format!("the service has no such contact any more{status}"),
        ("exists", _) => format!("the service has such a contact already{status}"),
        ("refused", _) => format!("the service refused it{status}"),
        ("other person", _) => "the service answered with somebody else".to_owned(),
        ("no answer", _) => "no answer came".to_owned(),
        _ => format!("the answer could not be understood{status}"),
    };
    format!("{sent}; {came}")
}

fn ended(row: &str, id: Option<&str>) -> String {
    let (outcome, codes) = match row.split_once(" (") {
        Some((outcome, codes)) => (outcome, codes.trim_end_matches(')')),
        None => (row, ""),
    };
    let end = match outcome {
        "created" => "so it was created",
        "updated" => "so it was changed",
        "unchanged" if codes.contains(NOT_LOOKED_AT) => "nothing was sent",
        "unchanged" => "nothing was sent: all of it was there already",
        "skipped" => "the row was skipped, and nothing was sent for it",
        "rejected" => "nothing was sent: the row has an error",
        "failed" => "so the row failed",
        "in_doubt" => "so nobody knows whether it was applied",
        other => other,
    };
    let why = codes.split(", ").filter(|code| !code.is_empty()).map(|code| match cause(code) {
        Some(cause) => format!("{cause} ({})", escape(code)),
        None => escape(code).into_owned(),
    });
    let why = why.collect::<Vec<_>>().join("; ");
    let because = if why.is_empty() { String::new() } else { format!(": {why}") };
    let id = id.map_or(String::new(), |id| format!(", id {id}"));
    format!("{end} [{outcome}{id}]{because}")
}

/// What became of the whole run afterwards.
fn put_back(run: &Run) -> Option<&'static str> {
    match run.state {
        RunState::Undone => {
            Some("this run was put back afterwards: what it created was deleted, what it changed is as before")
        }
        RunState::PartlyUndone => Some("this run was put back in part afterwards: `rolo show` names the undo"),
        _ => None,
    }
}

/// What holds now, as far as the ledger knows; it says when the contact was last looked at or written to.
fn now(last: &[&HistoryEvent], events: &[HistoryEvent], runs: &[Run]) -> Option<String> {
    let end = last.last()?;
    if run_of(end, runs).and_then(put_back).is_some() {
        return Some("now: as the undo of that run left it\n".into());
    }
    let account = escape(&end.account);
    if is_deletion(last) {
        return Some(format!("now: no contact at {account}: it was deleted at {}\n", moment(end.at)));
    }
    let Some(id) = &end.contact_id else {
        return Some(format!("now: no contact at {account} that this ledger knows\n"));
    };
    let seen = |event: &&HistoryEvent| event.contact_id.as_ref() == Some(id) && !event.what.contains(NOT_LOOKED_AT);
    let at = moment(events.iter().rev().find(seen).map_or(end.at, |event| event.at));
    Some(format!("now: id {} at {account}, as this ledger last knew it at {at}\n", escape(&id.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::RemoteId;

    fn event(what: &str, id: Option<&str>) -> HistoryEvent {
        HistoryEvent {
            at: 1_795_253_460,
            run: RunId("20261121-0931-k3f".into()),
            account: "support".into(),
            file: "/home/ann/con\u{1b}tacts.csv".into(),
            line: 12,
            what: what.into(),
            contact_id: id.map(|id| RemoteId(id.into())),
        }
    }

    #[test]
    fn a_contacts_story_tells_what_was_found_sent_and_answered() {
        let events = [
            event("call find: done (200)", None),
            event("call create: done (200)", Some("815")),
            event("call add tags: refused (422)", Some("815")),
            event("row: failed (service.refused)", Some("815")),
        ];
        let told = story(&events, &[], &BTreeMap::new());
        let lines: Vec<&str> = told.lines().collect();
        assert_eq!(
            lines[0],
            "2026-11-21 09:31 UTC, run 20261121-0931-k3f: line 12 of con<U+001B>tacts.csv was to be brought to support"
        );
        assert_eq!(lines[1], "  looked for at the service; nobody found");
        assert_eq!(lines[2], "  sent: a new contact; made, id 815");
        assert_eq!(lines[3], "  sent: tags to add; the service refused it (HTTP 422)");
        assert!(lines[4].starts_with("  so the row failed [failed, id 815]"), "{told}");
        assert_eq!(lines[5], "now: id 815 at support, as this ledger last knew it at 2026-11-21 09:31 UTC");
    }

    #[test]
    fn fields_that_the_run_created_are_part_of_the_story() {
        let events = [event("row: created", Some("815"))];
        let fields =
            BTreeMap::from([(events[0].run.clone(), vec!["seats (number)".to_owned(), "plan\u{1b} (text)".into()])]);
        let told = story(&events, &[], &fields);
        assert_eq!(
            told.lines().nth(1),
            Some("  the run first created custom fields: seats (number), plan<U+001B> (text)"),
            "{told}"
        );
    }

    #[test]
    fn what_an_undo_deleted_is_called_deleted() {
        let events = [event("call delete: no answer", None), event("row: updated", Some("815"))];
        let told = story(&events, &[], &BTreeMap::new());
        assert!(told.contains("  sent: that it be deleted, since the run had created it; deleted\n"), "{told}");
        assert!(told.ends_with("now: no contact at support: it was deleted at 2026-11-21 09:31 UTC\n"), "{told}");
        let in_doubt = [event("call delete: no answer", None), event("row: in_doubt (service.in_doubt)", None)];
        assert!(story(&in_doubt, &[], &BTreeMap::new()).contains("sent: that it be deleted; no answer came"));
    }

    #[test]
    fn what_can_not_be_told_is_not_invented() {
        assert_eq!(sentence(&event("call create: no answer", None)), "sent: a new contact; no answer came");
        assert_eq!(sentence(&event("call delete: done (204)", Some("815"))), "sent: that it be deleted; deleted");
        assert_eq!(sentence(&event("two contacts were made", None)), "two contacts were made");
        assert!(
            sentence(&event("row: rejected (phone.too_long)", None))
                .starts_with("nothing was sent: the row has an error")
        );
    }
}
