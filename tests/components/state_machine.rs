//! docs/state-machine.md, cell by cell.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use rolo::contact::{Call, Capabilities, Cursor, Edit, Field, FieldSpec, Filter, Limits, RemoteId, Target, Value};
use rolo::error::{Error, Result, StopReason};
use rolo::reconcile::{CallEnd, StepAt, Write};
use rolo::services::{Answer, Credential, Reply, Request, Service, Verdict, Wait, by_status};
use rolo::transport::{Failure, FailureKind, Transport};
use rolo::upload::{Caller, ConnectedAccount, Notice, Renew, Renewed, Retry, Stop};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use crate::staged::{begin, ledger, service, unthrottled};

mod cells;
mod settled;

/// How a call ended, in a word of the tables.
fn name(end: &CallEnd) -> &'static str {
    match end {
        CallEnd::Done(_) => "done",
        CallEnd::Missing { .. } => "missing",
        CallEnd::Exists { .. } => "exists",
        CallEnd::Refused { .. } => "refused",
        CallEnd::Unreachable { .. } => "unreachable",
        CallEnd::Unclear { .. } => "unclear",
        CallEnd::Taken(_) => "taken",
        CallEnd::Halted => "halted",
    }
}

const DOCUMENT: &str = include_str!("../../docs/state-machine.md");

/// The rows of the table under a heading, without its head.
fn table(heading: &str) -> Vec<Vec<String>> {
    let (_, after) = DOCUMENT.split_once(heading).unwrap();
    let lines = after.lines().skip_while(|line| !line.starts_with('|'));
    let rows = lines.take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

#[test]
fn every_status_means_what_the_table_says() {
    let mut seen = 0;
    for row in table("## What an answer means") {
        let range = row[0].trim_end_matches(", unreadable");
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        for status in from.parse::<u16>().unwrap()..=to.parse().unwrap() {
            let answer = Answer { status, body: b"?".to_vec(), ..Answer::default() };
            let verdict = match by_status(&answer, "") {
                Verdict::Unclear { .. } => "unclear",
                Verdict::Refused { .. } => "refused",
                Verdict::Stop { .. } => "stop",
                Verdict::Missing { .. } => "missing",
                Verdict::Again { .. } => "again",
                Verdict::Misdirected { .. } => "misdirected",
                Verdict::Done { .. } | Verdict::Exists { .. } => "known",
            };
            assert_eq!(verdict, row[1], "{status}");
            assert_eq!(verdict == "unclear", row[2] == "nobody knows", "{status}");
            seen += 1;
        }
    }
    assert_eq!(seen, 400, "every status from 200 to 599, once");
}

/// What comes back for one request.
#[derive(Clone, Copy, Debug)]
enum Came {
    Verdict(u8),
    Failure(FailureKind),
}

/// Gives back what the script says, for ever its last.
struct Script {
    came: Mutex<VecDeque<Came>>,
    sent: Mutex<u32>,
    model: Arc<dyn Service>,
}

const DONE: u8 = 0;
const REFUSED: u8 = 1;
const MISSING: u8 = 2;
const EXISTS: u8 = 3;
const STOP: u8 = 4;
const AGAIN: u8 = 5;
const UNCLEAR: u8 = 6;
const MISDIRECTED: u8 = 7;
const UNCLEAR_WITH_A_WAIT: u8 = 8;

struct Wire(Arc<Script>);

impl Transport for Wire {
    fn send<'a>(&'a self, _request: &'a Request) -> BoxFuture<'a, std::result::Result<Answer, Failure>> {
        *self.0.sent.lock().unwrap() += 1;
        let mut came = self.0.came.lock().unwrap();
        let next = if came.len() > 1 { came.pop_front().unwrap() } else { came[0] };
        async move {
            match next {
                Came::Verdict(code) => {
                    let mut answer = Answer { status: 200, body: vec![code], ..Answer::default() };
                    if code == UNCLEAR_WITH_A_WAIT {
                        answer.status = 503;
                        answer.headers.push(("retry-after".into(), "4".into()));
                    }
                    Ok(answer)
                }
                Came::Failure(kind) => Err(Failure { kind, message: "no answer".into() }),
            }
        }
        .boxed()
    }
}

struct Told(Arc<dyn Service>);

impl Service for Told {
    fn name(&self) -> &'static str {
        "told"
    }

    fn capabilities(&self) -> &Capabilities {
        self.0.capabilities()
    }

    fn limits(&self) -> &Limits {
        self.0.limits()
    }

    fn fields(&self) -> &'static [FieldSpec] {
        self.0.fields()
    }

    fn credential(&self) -> Credential {
        self.0.credential()
    }

    fn request(&self, _call: &Call) -> Result<Request> {
        Ok(Request::new(rolo::services::Method::Get, "/"))
    }

    fn verdict(&self, _call: &Call, answer: &Answer) -> Verdict {
        let message = "so it is".to_owned();
        match answer.body[0] {
            DONE => Verdict::done(Reply::Nothing),
            REFUSED => Verdict::refused("service.refused", message),
            MISSING => Verdict::Missing { message },
            EXISTS => Verdict::Exists { message, fields: Vec::new(), id: None },
            STOP => Verdict::Stop { message },
            MISDIRECTED => Verdict::Misdirected { message },
            AGAIN => Verdict::Again { wait: Wait::Backoff, message },
            _ => Verdict::Unclear { message },
        }
    }
}

/// The script that a row of the table tells, and whether a credential can be renewed.
fn script(words: &str) -> (Vec<Came>, bool) {
    let renewed = words.ends_with("with a renewed credential");
    let words = words.trim_end_matches(", with a renewed credential");
    let words = words.trim_end_matches(", always").trim_end_matches(", 40 times");
    let came = words.split(", then ").map(|word| match word {
        "done" => Came::Verdict(DONE),
        "refused" => Came::Verdict(REFUSED),
        "missing" => Came::Verdict(MISSING),
        "exists" => Came::Verdict(EXISTS),
        "stop" => Came::Verdict(STOP),
        "again" => Came::Verdict(AGAIN),
        "unclear" => Came::Verdict(UNCLEAR),
        "misdirected" => Came::Verdict(MISDIRECTED),
        "unclear with a wait" => Came::Verdict(UNCLEAR_WITH_A_WAIT),
        "no answer" => Came::Failure(FailureKind::NoAnswer),
        "not sent" => Came::Failure(FailureKind::NotSent),
        "untrusted certificate" => Came::Failure(FailureKind::Untrusted),
        other => panic!("no such thing comes: {other}"),
    });
    (came.collect(), renewed)
}

fn calls() -> [Call; 4] {
    let target = Target::Id(RemoteId("1".into()));
    [
        Call::Create { identifier: None, edit: Edit::default() },
        Call::Update { target: target.clone(), edit: Edit::default() },
        Call::Delete { target: target.clone() },
        Call::Read { target },
    ]
}

async fn cell(call: &Call, came: &[Came], renewed: bool) -> String {
    let model = service("respondio-v1", &[]);
    let script = Arc::new(Script { came: Mutex::new(came.iter().copied().collect()), sent: Mutex::new(0), model });
    let ledger = ledger();
    let run = begin(&ledger, "told", 1).await;
    let account = ConnectedAccount {
        in_flight: None,
        allowance: rolo::upload::AllowanceMeter::new(
            rolo::upload::Allowance::default(),
            rolo::clock::simulated_calendar(),
        ),
        name: "account".into(),
        service: Arc::new(Told(script.model.clone())),
        transport: Arc::new(Wire(script.clone())),
        budget: unthrottled(&ledger),
        ledger,
        renew: renewed.then(|| -> Renew { Arc::new(|| async { Ok(Renewed::AccessToken) }.boxed()) }),
        field_names: rolo::upload::FieldNames::default(),
    };
    let (sender, _notices) = unbounded_channel();
    let caller = Caller::new(account, run, Retry::new(1), Stop::default(), sender);
    let reached = if call.kind().writes() {
        let at = StepAt { row: 0, step: 0, sent_before: 0 };
        caller.write(Write { call: call.clone(), at, before: Vec::new(), creates: Vec::new() }).await
    } else {
        caller.read(call).await
    };
    let ended = match reached.end {
        CallEnd::Halted => "the run stops",
        end => name(&end),
    };
    assert_eq!(caller.halted().is_some(), ended == "the run stops");
    let sent = *script.sent.lock().unwrap();
    format!("{ended} {sent}×")
}

#[tokio::test(start_paused = true)]
async fn every_call_ends_as_the_table_says() {
    let rows = table("## What an upload makes of it");
    assert_eq!(rows.len(), 20);
    for row in rows {
        let (came, renewed) = script(&row[0]);
        for (call, wanted) in calls().iter().zip(&row[1..]) {
            assert_eq!(cell(call, &came, renewed).await, *wanted, "{} × {}", row[0], call.kind());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn remote_17_a_later_page_that_is_not_there_loses_its_place_and_a_first_one_stops_the_run() {
    for status in [404, 410] {
        let gone =
            Answer { status, body: b"{\"error\":\"Resource could not be found\"}".to_vec(), ..Answer::default() };
        let list = |cursor| Call::List { filter: Filter::default(), cursor, page_size: None };
        let (end, sent, ..) = answered(&list(Some(Cursor("2 15 1".into()))), gone.clone()).await;
        assert!(matches!(end, CallEnd::Missing { .. }), "{status}: {end:?}");
        assert_eq!(sent, 1);
        if status == 404 {
            assert_eq!(answered(&list(None), gone).await.0, CallEnd::Halted);
        }
    }
    // A page for people is somebody else's, whatever was asked.
    let page = Answer { status: 404, body: b"<html>Not here".to_vec(), ..Answer::default() };
    let list = Call::List { filter: Filter::default(), cursor: Some(Cursor("2 15 1".into())), page_size: None };
    assert_eq!(answered(&list, page).await.0, CallEnd::Halted);
}

/// Answers as it is told, for ever its last.
struct Answers(Vec<Answer>, Mutex<u32>);

impl Answers {
    fn sent(&self) -> u32 {
        *self.1.lock().unwrap()
    }
}

impl Transport for Answers {
    fn send<'a>(&'a self, _request: &'a Request) -> BoxFuture<'a, std::result::Result<Answer, Failure>> {
        let mut sent = self.1.lock().unwrap();
        let answer = self.0[(*sent as usize).min(self.0.len() - 1)].clone();
        *sent += 1;
        std::future::ready(Ok(answer)).boxed()
    }
}

/// A caller of a service that answers so.
async fn answering(answers: Vec<Answer>) -> (Caller, Arc<Answers>, UnboundedReceiver<Notice>) {
    let wire = Arc::new(Answers(answers, Mutex::new(0)));
    let ledger = ledger();
    let run = begin(&ledger, "same", 1).await;
    let account = ConnectedAccount {
        in_flight: None,
        allowance: rolo::upload::AllowanceMeter::new(
            rolo::upload::Allowance::default(),
            rolo::clock::simulated_calendar(),
        ),
        name: "desk".into(),
        service: service("chatwoot", &[("account_id", "1"), ("inbox_id", "1")]),
        transport: wire.clone(),
        budget: unthrottled(&ledger),
        ledger,
        renew: None,
        field_names: rolo::upload::FieldNames::default(),
    };
    let (sender, notices) = unbounded_channel();
    (Caller::new(account, run, Retry::new(1), Stop::default(), sender), wire, notices)
}

/// What a service that answers everything in one way makes of a call: how it ended, requests, time.
async fn answered(call: &Call, answer: Answer) -> (CallEnd, u32, Duration, Option<Error>) {
    let (caller, wire, _notices) = answering(vec![answer]).await;
    let began = rolo::clock::now();
    let end = caller.read(call).await.end;
    (end, wire.sent(), began.elapsed(), caller.halted())
}

#[tokio::test(start_paused = true)]
async fn remote_13k_a_maintenance_page_with_a_wait_is_waited_for_as_long_as_it_says() {
    let mut answer = Answer { status: 503, body: b"<html>Back soon".to_vec(), ..Answer::default() };
    answer.headers.push(("retry-after".into(), "4".into()));
    let (end, sent, took, halt) = answered(&Call::Check, answer).await;
    assert_eq!((end, sent), (CallEnd::Halted, 40));
    // 39 waits lie between 40 requests.
    assert_eq!(took.as_secs(), 39 * 4);
    assert!(halt.unwrap().hint.unwrap().contains("the same command goes on"));
}

/// The statuses of the sentence below the table: with a wait, they are for the moment.
fn again_with_a_wait(status: u16) -> bool {
    let (_, after) = DOCUMENT.split_once("With `Retry-After`, ").unwrap();
    let (listed, _) = after.split_once(" are *again*").unwrap();
    listed.replace(" and ", ", ").split(", ").any(|range| {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        (from.parse::<u16>().unwrap()..=to.parse().unwrap()).contains(&status)
    })
}

#[tokio::test(start_paused = true)]
async fn a_wait_counts_on_every_bad_status_for_the_call_itself_or_for_the_next() {
    for status in (400..=499).filter(|status| *status != 401) {
        let answer = |headers| Answer { status, headers, body: b"{}".to_vec(), ..Answer::default() };
        let wait = vec![("retry-after".to_owned(), "1.5".to_owned())];
        let for_the_moment = matches!(by_status(&answer(wait.clone()), ""), Verdict::Again { .. });
        assert_eq!(for_the_moment, again_with_a_wait(status), "{status}");
        // Of what is unclear, the table below has its own rows.
        if for_the_moment || matches!(by_status(&answer(Vec::new()), ""), Verdict::Unclear { .. }) {
            continue;
        }
        // The call is over, and told; nothing else of the account leaves before the time is up.
        let (caller, wire, mut notices) = answering(vec![answer(wait), answer(Vec::new())]).await;
        let call = Call::Read { target: Target::Id(RemoteId("1".into())) };
        let began = rolo::clock::now();
        let first = caller.read(&call).await.end;
        assert!(matches!(first, CallEnd::Refused { .. } | CallEnd::Missing { .. }), "{status}: {first:?}");
        assert_eq!((wire.sent(), began.elapsed().as_millis()), (1, 0), "{status}");
        let mut waits = std::iter::from_fn(|| notices.try_recv().ok());
        let told = waits.any(|notice| matches!(notice, Notice::Waiting { time, .. } if time.as_millis() == 1500));
        assert!(told, "{status}: who waits is told why");
        caller.read(&call).await;
        assert_eq!((wire.sent(), began.elapsed().as_millis()), (2, 1500), "{status}");
    }
}

#[tokio::test(start_paused = true)]
async fn remote_14d_a_redirect_stops_at_once_with_the_place_it_points_to() {
    let mut answer = Answer { status: 301, body: b"<html>Moved".to_vec(), ..Answer::default() };
    answer.headers.push(("location".into(), "https://chat.example.org/api/v1?token=x".into()));
    let (end, sent, _, halt) = answered(&Call::Check, answer).await;
    let halt = halt.unwrap();
    assert_eq!((end, sent, halt.reason), (CallEnd::Halted, 1, Some(StopReason::Misdirected)));
    assert_eq!(
        halt.message,
        "chatwoot is not where account desk says: the address redirects to https://chat.example.org/api/v1 (status 301)"
    );
    assert_eq!(halt.hint.as_deref(), Some("check base_url of the account, then give the same command again"));
}

#[tokio::test(start_paused = true)]
async fn remote_14k_a_web_page_where_an_answer_was_due_stops_at_once() {
    let page = Answer { status: 200, body: b"<!doctype html><title>Sign in".to_vec(), ..Answer::default() };
    let (end, sent, _, halt) = answered(&Call::Check, page).await;
    assert_eq!((end, sent), (CallEnd::Halted, 1));
    assert!(halt.unwrap().message.ends_with("a web page came where an answer was due (status 200)"));
}

#[tokio::test(start_paused = true)]
async fn a_listing_by_a_condition_that_breaks_the_service_is_told_at_once() {
    let condition = Some((Field::custom("plan"), Value::Text("gold".into())));
    let filter = Filter { field: condition, ..Filter::default() };
    let broken = Answer { status: 500, body: b"{\"error\":\"Internal\"}".to_vec(), ..Answer::default() };
    let call = Call::List { filter, cursor: None, page_size: None };
    let (end, sent, ..) = answered(&call, broken.clone()).await;
    assert!(matches!(&end, CallEnd::Refused { message, .. } if message.contains("by this condition")), "{end:?}");
    assert_eq!(sent, 4);
    // Without a condition the same is an outage, which passes.
    let call = Call::List { filter: Filter::default(), cursor: None, page_size: None };
    assert_eq!(answered(&call, broken).await.1, 6);
}
