//! What was done to one contact, as a story: what a row wanted, what was found, sent and answered, and
//! what holds now.

use std::collections::BTreeMap;

use super::cures::cause;
use super::escape;
use super::words::moment;
use crate::contact::{CallKind, Outcome};
use crate::journal::{CallVerdict, RunId};
use crate::ledger::{HistoryEvent, HistoryStep, Run, RunKind, RunState};

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
    for last in last_of_each_account(&chapters, runs) {
        text.extend(now(last, events, runs));
    }
    text
}

/// The chapter at each account that tells what holds there, in their order: the last one that ended well, else
/// the last. An account is what its run's identity says, so that one with two names in the configuration is one.
fn last_of_each_account<'c, 'e>(chapters: &'c [Vec<&'e HistoryEvent>], runs: &[Run]) -> Vec<&'c [&'e HistoryEvent]> {
    let account = |chapter: &[&HistoryEvent]| place_of(chapter[0], runs).to_owned();
    let mut last: Vec<&[&HistoryEvent]> = Vec::new();
    for chapter in chapters {
        let earlier = last.iter().position(|earlier| account(earlier) == account(chapter));
        match earlier {
            // A row that failed says nothing of whose contact its identifier is.
            Some(at) if ended_well(last[at]) && !ended_well(chapter) => {}
            Some(at) => {
                last.remove(at);
                last.push(chapter);
            }
            None => last.push(chapter),
        }
    }
    last
}

fn ended_well(chapter: &[&HistoryEvent]) -> bool {
    chapter.iter().any(|event| match &event.what {
        HistoryStep::Row { outcome, .. } => matches!(outcome, Outcome::Created | Outcome::Updated | Outcome::Unchanged),
        HistoryStep::Call { .. } | HistoryStep::MadeTwice(_) => false,
    })
}

/// What the account of an event points to.
fn place_of<'a>(event: &'a HistoryEvent, runs: &'a [Run]) -> &'a str {
    run_of(event, runs).map_or(event.account.as_str(), |run| run.new.identity.as_str())
}

/// Whether an undo deleted the contact: its row ends well only if the delete did, whose answer the ledger
/// keeps in the row alone.
fn is_deletion(chapter: &[&HistoryEvent]) -> bool {
    let deletes = |step: &HistoryStep| matches!(step, HistoryStep::Call { kind: CallKind::Delete, .. });
    let ends_well = |step: &HistoryStep| matches!(step, HistoryStep::Row { outcome: Outcome::Updated, codes, .. } if codes.is_empty());
    chapter.iter().any(|event| deletes(&event.what)) && chapter.iter().any(|event| ends_well(&event.what))
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

/// One event as a sentence.
fn sentence(event: &HistoryEvent) -> String {
    let id = event.contact_id.as_ref().map(|id| escape(&id.0));
    match &event.what {
        HistoryStep::Call { kind, verdict, http_status } => called(*kind, *verdict, *http_status, id.as_deref()),
        HistoryStep::Row { outcome, codes, messages } => ended(*outcome, codes, messages, id.as_deref()),
        HistoryStep::MadeTwice(words) => escape(words).into_owned(),
    }
}

fn called(kind: CallKind, verdict: Option<CallVerdict>, http_status: Option<u16>, id: Option<&str>) -> String {
    use CallVerdict::{Done, Exists, Missing, OtherPerson, Refused, Unclear};
    let status = http_status.map_or(String::new(), |status| format!(" (HTTP {status})"));
    let looks = matches!(kind, CallKind::Find | CallKind::Read | CallKind::ReadTags | CallKind::List);
    let came = match (verdict, id) {
        (Some(Done), Some(id)) if kind == CallKind::Find => format!("found, id {id}"),
        (Some(Done), None) if kind == CallKind::Find => "nobody found".to_owned(),
        (Some(Done), _) if looks => "it told".to_owned(),
        (Some(Done), Some(id)) if kind == CallKind::Create => format!("made, id {id}"),
        (Some(Done), _) if kind == CallKind::Delete => "deleted".to_owned(),
        (Some(Done), _) => "done".to_owned(),
        (Some(Missing), _) if looks => "nobody found".to_owned(),
        (Some(Missing), _) => format!("the service has no such contact any more{status}"),
        (Some(Exists), _) => format!("the service has such a contact already{status}"),
        (Some(Refused), _) => format!("the service refused it{status}"),
        (Some(OtherPerson), _) => "the service answered with somebody else".to_owned(),
        (Some(Unclear), _) => format!("the answer could not be understood{status}"),
        (None, _) => "no answer came".to_owned(),
    };
    format!("{}; {came}", sent(kind))
}

/// What left.
const fn sent(kind: CallKind) -> &'static str {
    match kind {
        CallKind::Find => "looked for at the service",
        CallKind::Read => "read at the service",
        CallKind::ReadTags => "its tags read at the service",
        CallKind::Create => "sent: a new contact",
        CallKind::Update => "sent: changed fields",
        CallKind::Upsert => "sent: the contact, to be made or changed",
        CallKind::ClearFields => "sent: fields to be emptied",
        CallKind::AddTags => "sent: tags to add",
        CallKind::RemoveTags => "sent: tags to take away",
        CallKind::ReplaceTags => "sent: all its tags",
        CallKind::AddToList => "sent: a list to put it on",
        CallKind::RemoveFromList => "sent: a list to take it off",
        CallKind::Delete => "sent: that it be deleted",
        CallKind::List => "looked for in a listing",
        CallKind::ReadMessages => "its messages read at the service",
        // These are about the account; no row's step is one of them.
        CallKind::ListFields | CallKind::CreateField | CallKind::ListTags | CallKind::Check => kind.name(),
    }
}

fn ended(outcome: Outcome, codes: &[String], messages: &BTreeMap<String, String>, id: Option<&str>) -> String {
    let end = match outcome {
        Outcome::Created => "so it was created",
        Outcome::Updated => "so it was changed",
        Outcome::Unchanged if rests_on_memory(codes) => "nothing was sent",
        Outcome::Unchanged => "nothing was sent: all of it was there already",
        Outcome::Skipped => "the row was skipped, and nothing was sent for it",
        Outcome::Rejected => "nothing was sent: the row has an error",
        Outcome::Failed => "so the row failed",
        Outcome::InDoubt => "so nobody knows whether it was applied",
    };
    let why = codes.iter().map(|code| match (messages.get(code), cause(code)) {
        (Some(message), _) => format!("{} ({})", escape(message), escape(code)),
        (None, Some(cause)) => format!("{cause} ({})", escape(code)),
        (None, None) => escape(code).into_owned(),
    });
    let why = why.collect::<Vec<_>>().join("; ");
    let because = if why.is_empty() { String::new() } else { format!(": {why}") };
    let id = id.map_or(String::new(), |id| format!(", id {id}"));
    format!("{end} [{outcome}{id}]{because}")
}

fn rests_on_memory(codes: &[String]) -> bool {
    codes.iter().any(|code| code == NOT_LOOKED_AT)
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
    let account = escape(&end.account);
    if run_of(end, runs).and_then(put_back).is_some() {
        return Some(format!("now at {account}: as the undo of that run left it\n"));
    }
    if is_deletion(last) {
        return Some(format!("now: no contact at {account}: it was deleted at {}\n", moment(end.at)));
    }
    let Some(id) = &end.contact_id else {
        return Some(format!("now: no contact at {account} that this ledger knows\n"));
    };
    let is_by_memory = |step: &HistoryStep| matches!(step, HistoryStep::Row { codes, .. } if rests_on_memory(codes));
    let seen = |event: &&HistoryEvent| {
        event.contact_id.as_ref() == Some(id)
            && place_of(event, runs) == place_of(end, runs)
            && !is_by_memory(&event.what)
    };
    let at = moment(events.iter().rev().find(seen).map_or(end.at, |event| event.at));
    Some(format!("now: id {} at {account}, as this ledger last knew it at {at}\n", escape(&id.0)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::RemoteId;

    fn call(kind: CallKind, verdict: Option<CallVerdict>, http_status: u16) -> HistoryStep {
        HistoryStep::Call { kind, verdict, http_status: verdict.and(Some(http_status)) }
    }

    fn row(outcome: Outcome, codes: &[&str]) -> HistoryStep {
        let codes = codes.iter().map(|code| (*code).to_owned()).collect();
        HistoryStep::Row { outcome, codes, messages: BTreeMap::new() }
    }

    fn event(what: HistoryStep, id: Option<&str>) -> HistoryEvent {
        HistoryEvent {
            at: 1_795_253_460,
            run: RunId("20261121-0931-k3f".into()),
            account: "support".into(),
            file: "/home/ann/con\u{1b}tacts.csv".into(),
            line: 12,
            what,
            contact_id: id.map(|id| RemoteId(id.into())),
        }
    }

    #[test]
    fn a_contacts_story_tells_what_was_found_sent_and_answered() {
        let events = [
            event(call(CallKind::Find, Some(CallVerdict::Done), 200), None),
            event(call(CallKind::Create, Some(CallVerdict::Done), 200), Some("815")),
            event(call(CallKind::AddTags, Some(CallVerdict::Refused), 422), Some("815")),
            event(row(Outcome::Failed, &["service.refused"]), Some("815")),
        ];
        let text = story(&events, &[], &BTreeMap::new());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "2026-11-21 09:31 UTC, run 20261121-0931-k3f: line 12 of con<U+001B>tacts.csv was to be brought to support"
        );
        assert_eq!(lines[1], "  looked for at the service; nobody found");
        assert_eq!(lines[2], "  sent: a new contact; made, id 815");
        assert_eq!(lines[3], "  sent: tags to add; the service refused it (HTTP 422)");
        assert!(lines[4].starts_with("  so the row failed [failed, id 815]"), "{text}");
        assert_eq!(lines[5], "now: id 815 at support, as this ledger last knew it at 2026-11-21 09:31 UTC");
    }

    #[test]
    fn what_holds_now_is_told_of_each_account() {
        let at = |account: &str, at, event: HistoryEvent| HistoryEvent { account: account.into(), at, ..event };
        let events = [
            at("support", 1_795_253_460, event(row(Outcome::Created, &[]), Some("815"))),
            at("sales", 1_795_253_520, HistoryEvent { line: 13, ..event(row(Outcome::Created, &[]), Some("815")) }),
            at("support", 1_795_253_580, HistoryEvent { line: 14, ..event(row(Outcome::Updated, &[]), Some("815")) }),
        ];
        let text = story(&events, &[], &BTreeMap::new());
        let now: Vec<&str> = text.lines().filter(|line| line.starts_with("now")).collect();
        assert_eq!(
            now,
            [
                "now: id 815 at sales, as this ledger last knew it at 2026-11-21 09:32 UTC",
                "now: id 815 at support, as this ledger last knew it at 2026-11-21 09:33 UTC",
            ]
        );
    }

    #[test]
    fn a_row_that_failed_does_not_say_whose_contact_its_identifier_is() {
        let events = [
            event(row(Outcome::Created, &[]), Some("605")),
            HistoryEvent { line: 13, ..event(row(Outcome::Failed, &["contact.conflict"]), Some("815")) },
        ];
        let text = story(&events, &[], &BTreeMap::new());
        assert!(
            text.ends_with("now: id 605 at support, as this ledger last knew it at 2026-11-21 09:31 UTC\n"),
            "{text}"
        );
    }

    #[test]
    fn fields_that_the_run_created_are_part_of_the_story() {
        let events = [event(row(Outcome::Created, &[]), Some("815"))];
        let fields =
            BTreeMap::from([(events[0].run.clone(), vec!["seats (number)".to_owned(), "plan\u{1b} (text)".into()])]);
        let text = story(&events, &[], &fields);
        assert_eq!(
            text.lines().nth(1),
            Some("  the run first created custom fields: seats (number), plan<U+001B> (text)"),
            "{text}"
        );
    }

    #[test]
    fn what_an_undo_deleted_is_called_deleted() {
        let events = [event(call(CallKind::Delete, None, 0), None), event(row(Outcome::Updated, &[]), Some("815"))];
        let text = story(&events, &[], &BTreeMap::new());
        assert!(text.contains("  sent: that it be deleted, since the run had created it; deleted\n"), "{text}");
        assert!(text.ends_with("now: no contact at support: it was deleted at 2026-11-21 09:31 UTC\n"), "{text}");
        let in_doubt =
            [event(call(CallKind::Delete, None, 0), None), event(row(Outcome::InDoubt, &["service.in_doubt"]), None)];
        assert!(story(&in_doubt, &[], &BTreeMap::new()).contains("sent: that it be deleted; no answer came"));
    }

    #[test]
    fn what_can_not_be_told_is_not_invented() {
        assert_eq!(sentence(&event(call(CallKind::Create, None, 0), None)), "sent: a new contact; no answer came");
        assert_eq!(
            sentence(&event(call(CallKind::Delete, Some(CallVerdict::Done), 204), Some("815"))),
            "sent: that it be deleted; deleted"
        );
        assert_eq!(
            sentence(&event(HistoryStep::MadeTwice("two contacts were made".into()), None)),
            "two contacts were made"
        );
        assert!(
            sentence(&event(row(Outcome::Rejected, &["phone.too_long"]), None))
                .starts_with("nothing was sent: the row has an error")
        );
    }
}
