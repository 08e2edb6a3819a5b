//! A test for each cell of the table of what an upload makes of a call, named by what came and what was called:
//! plain values, no runtime, no clock. One more test reads the table, and finds the test of each of its cells.

use std::time::Duration;

use rolo::contact::{Call, Edit, RemoteId, Target};
use rolo::services::{Answer, Reply, Verdict, Wait};
use rolo::transport::{Failure, FailureKind};
use rolo::upload::{AfterAttempt, AfterFailure, CallState, Patience};

/// What comes of one attempt.
#[derive(Clone, Copy)]
enum Came {
    Done,
    Refused,
    Missing,
    Exists,
    Stop,
    Misdirected,
    Again,
    Unclear,
    UnclearWithAWait,
    NoAnswer,
    NotSent,
    Untrusted,
}

use Came::*;

fn create() -> Call {
    Call::Create { identifier: None, edit: Edit::default() }
}

fn target() -> Target {
    Target::Id(RemoteId("1".into()))
}

fn update() -> Call {
    Call::Update { target: target(), edit: Edit::default() }
}

fn delete() -> Call {
    Call::Delete { target: target() }
}

fn read() -> Call {
    Call::Read { target: target() }
}

fn after(state: &mut CallState<'_>, came: Came) -> AfterAttempt {
    let message = String::new();
    let verdict = match came {
        Done => Verdict::done(Reply::Nothing),
        Refused => Verdict::refused("service.refused", message),
        Missing => Verdict::Missing { message },
        Exists => Verdict::Exists { message, fields: Vec::new(), id: None },
        Stop => Verdict::Stop { message },
        Misdirected => Verdict::Misdirected { message },
        Again => Verdict::Again { wait: Wait::Backoff, message },
        Unclear | UnclearWithAWait => Verdict::Unclear { message },
        NoAnswer => return state.unanswered(Failure { kind: FailureKind::NoAnswer, message }),
        NotSent => return state.unanswered(Failure { kind: FailureKind::NotSent, message }),
        Untrusted => return state.unanswered(Failure { kind: FailureKind::Untrusted, message }),
    };
    let wait = matches!(came, Again | UnclearWithAWait).then_some(Duration::from_secs(4));
    state.answered(&Answer::default(), verdict, wait)
}

/// How a call ends to which this comes, for ever the last, and after how many attempts. Its credential can be
/// renewed as often as it wants.
fn end(call: &Call, came: &[Came], renews: bool) -> String {
    let mut state = CallState::new(call, Patience { tries: 6, throttled: 40 });
    for attempt in 1..100 {
        let came = came[(attempt - 1).min(came.len() - 1)];
        let end = match after(&mut state, came) {
            AfterAttempt::Throttled { .. } | AfterAttempt::Failed { then: AfterFailure::Again { .. }, .. } => continue,
            AfterAttempt::Renew { .. } if renews => {
                state.renewed();
                continue;
            }
            AfterAttempt::Renew { .. } | AfterAttempt::Stop(_) => "the run stops",
            AfterAttempt::End(end) | AfterAttempt::Failed { then: AfterFailure::End(end), .. } => super::name(&end),
        };
        return format!("{end} {attempt}×");
    }
    "it never ends".to_owned()
}

/// The tests of each row: its words, what comes, whether the credential is renewed, and the end that each kind of
/// call must come to.
macro_rules! cells {
    ($($row:ident: $words:literal, [$($came:ident),+], $renews:literal,
        create $create:literal, write $write:literal, delete $delete:literal, read $read:literal;)+) => {
        $(mod $row {
            use super::{Came::*, *};

            const ALL: &[Came] = &[$($came),+];

            #[test]
            fn create() {
                assert_eq!(end(&super::create(), ALL, $renews), $create);
            }

            #[test]
            fn other_write() {
                assert_eq!(end(&update(), ALL, $renews), $write);
            }

            #[test]
            fn delete() {
                assert_eq!(end(&super::delete(), ALL, $renews), $delete);
            }

            #[test]
            fn read() {
                assert_eq!(end(&super::read(), ALL, $renews), $read);
            }
        })+

        const TESTED: &[[&str; 5]] = &[$([$words, $create, $write, $delete, $read]),+];
    };
}

cells! {
    done: "done", [Done], false,
        create "done 1×", write "done 1×", delete "done 1×", read "done 1×";
    refused: "refused", [Refused], false,
        create "refused 1×", write "refused 1×", delete "refused 1×", read "refused 1×";
    missing: "missing", [Missing], false,
        create "missing 1×", write "missing 1×", delete "missing 1×", read "missing 1×";
    exists: "exists", [Exists], false,
        create "exists 1×", write "exists 1×", delete "exists 1×", read "exists 1×";
    stop: "stop", [Stop], false,
        create "the run stops 1×", write "the run stops 1×", delete "the run stops 1×", read "the run stops 1×";
    misdirected: "misdirected", [Misdirected], false,
        create "the run stops 1×", write "the run stops 1×", delete "the run stops 1×", read "the run stops 1×";
    again_40_times: "again, 40 times", [Again], false,
        create "the run stops 40×", write "the run stops 40×", delete "the run stops 40×", read "the run stops 40×";
    unclear_always: "unclear, always", [Unclear], false,
        create "unclear 1×", write "unclear 6×", delete "unclear 6×", read "unreachable 6×";
    unclear_with_a_wait_always: "unclear with a wait, always", [UnclearWithAWait], false,
        create "unclear 1×", write "the run stops 40×", delete "the run stops 40×", read "the run stops 40×";
    no_answer_always: "no answer, always", [NoAnswer], false,
        create "unclear 1×", write "unclear 6×", delete "unclear 6×", read "unreachable 6×";
    not_sent_always: "not sent, always", [NotSent], false,
        create "unreachable 6×", write "unreachable 6×", delete "unreachable 6×", read "unreachable 6×";
    untrusted_certificate: "untrusted certificate", [Untrusted], false,
        create "the run stops 1×", write "the run stops 1×", delete "the run stops 1×", read "the run stops 1×";
    again_then_done: "again, then done", [Again, Done], false,
        create "done 2×", write "done 2×", delete "done 2×", read "done 2×";
    not_sent_then_done: "not sent, then done", [NotSent, Done], false,
        create "done 2×", write "done 2×", delete "done 2×", read "done 2×";
    no_answer_then_done: "no answer, then done", [NoAnswer, Done], false,
        create "unclear 1×", write "done 2×", delete "done 2×", read "done 2×";
    not_sent_then_no_answer_then_done: "not sent, then no answer, then done", [NotSent, NoAnswer, Done], false,
        create "unclear 2×", write "done 3×", delete "done 3×", read "done 3×";
    unclear_then_missing: "unclear, then missing", [Unclear, Missing], false,
        create "unclear 1×", write "missing 2×", delete "done 2×", read "missing 2×";
    unclear_with_a_wait_then_done: "unclear with a wait, then done", [UnclearWithAWait, Done], false,
        create "unclear 1×", write "done 2×", delete "done 2×", read "done 2×";
    stop_then_done_renewed: "stop, then done, with a renewed credential", [Stop, Done], true,
        create "done 2×", write "done 2×", delete "done 2×", read "done 2×";
    stop_then_stop_renewed: "stop, then stop, with a renewed credential", [Stop, Stop], true,
        create "the run stops 2×", write "the run stops 2×", delete "the run stops 2×", read "the run stops 2×";
}

#[test]
fn each_cell_of_the_table_has_its_test() {
    let rows = super::table("## What an upload makes of it");
    assert_eq!(rows, TESTED, "the table of docs/state-machine.md, and the tests of its cells");
}
