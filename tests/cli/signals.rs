//! Signals: the first lets what is under way end, the second leaves at once; a hang-up and a closed
//! pipe are survived.

use std::os::unix::process::ExitStatusExt as _;
use std::process::Output;
use std::time::Duration;

use crate::generated::RESPONDIO_V1;
use crate::random::{Random, seed};
use crate::rehearsal::{Peace, Rehearsal, Watched, code, said};

const ROWS: u64 = 120;

fn rehearsal(seed: u64) -> Rehearsal {
    Rehearsal::new(RESPONDIO_V1, &RESPONDIO_V1.source(ROWS, seed))
}

#[test]
fn a_signal_lets_requests_under_way_end_and_the_same_command_goes_on() {
    let seed = seed(4711);
    let random = &mut Random::new(seed);
    let base = rehearsal(seed);
    let peace = Peace::of(&base);
    let mut turn = 0;
    while turn < 10 {
        let signal = ["INT", "TERM"][turn % 2];
        let rehearsal = base.copy();
        let mut life = Watched::start(rehearsal.import_with(&["--fault", "latency=30ms"]));
        assert!(life.wait_for_calls(1 + random.up_to(peace.calls / 2)));
        std::thread::sleep(Duration::from_micros(random.up_to(5000)));
        life.signal(signal);
        let output = life.end();
        let what = format!("SIG{signal}, ROLO_SEED={seed}, turn {turn}");
        if came_too_late(&output, &rehearsal) {
            continue;
        }
        turn += 1;
        assert_eq!(code(&output), 4, "{what}: {}", said(&output));
        assert_eq!(rehearsal.run_state().as_deref(), Some("interrupted"), "{what}");
        let open = rehearsal.ask("SELECT count(*) FROM call WHERE verdict IS NULL");
        assert_eq!(open, 0, "{what}: every request that left had its answer");
        let lines = |text: &str| text.lines().count();
        assert_eq!(lines(&rehearsal.results()), lines(&peace.results), "{what}: the results are whole");
        assert_eq!(rehearsal.outcomes().values().sum::<u64>(), ROWS, "{what}");

        let output = rehearsal.import().output().unwrap();
        assert_eq!(code(&output), 1, "{what}: {}", said(&output));
        rehearsal.check_same(&peace, &what);
    }
}

/// On a busy machine the import can be over before the signal comes, which then shows nothing.
fn came_too_late(output: &Output, rehearsal: &Rehearsal) -> bool {
    code(output) == 1 && rehearsal.run_state().as_deref() == Some("finished")
}

#[test]
fn a_second_signal_leaves_at_once() {
    let unanswered = "SELECT count(*) FROM call WHERE verdict IS NULL";
    let base = rehearsal(4712);
    let peace = Peace::of(&base);
    let mut life = Watched::start(base.import_with(&["--fault", "latency=1h,method:POST,nth:1,times:100000"]));
    assert!(life.wait_for_calls(1));
    while base.ask(unanswered) == 0 {
        assert!(life.child.try_wait().unwrap().is_none(), "it ended before a request stayed out");
        std::thread::sleep(Duration::from_millis(50));
    }
    life.signal("INT");
    std::thread::sleep(Duration::from_millis(300));
    assert!(life.child.try_wait().unwrap().is_none(), "the requests under way are waited for");
    // Two that come before the program looks count as one, so there may be a third.
    while life.child.try_wait().unwrap().is_none() {
        life.signal("INT");
        std::thread::sleep(Duration::from_millis(200));
    }
    let output = life.end();
    assert_eq!(code(&output), 4, "{}", said(&output));
    assert!(base.ask(unanswered) > 0, "it left before the answers that would have come in an hour");
    assert_eq!(code(&base.import().output().unwrap()), 1);
    base.check_same(&peace, "after two signals");
}

#[test]
fn a_hang_up_is_survived_like_any_death() {
    let base = rehearsal(4713);
    let peace = Peace::of(&base);
    let (rehearsal, output) = loop {
        let rehearsal = base.copy();
        let mut life = Watched::start(rehearsal.import_with(&["--fault", "latency=20ms"]));
        assert!(life.wait_for_calls(20));
        life.signal("HUP");
        let output = life.end();
        if hang_ups_are_ignored() || !came_too_late(&output, &rehearsal) {
            break (rehearsal, output);
        }
    };
    let base = rehearsal;
    if hang_ups_are_ignored() {
        // Under nohup, which whoever starts the program has asked for.
        assert_eq!(code(&output), 1, "{}", said(&output));
        return base.check_same(&peace, "with hang-ups ignored");
    }
    assert!(output.status.signal() == Some(1) || code(&output) == 4, "{}", said(&output));
    assert_eq!(code(&base.import().output().unwrap()), 1);
    base.check_same(&peace, "after a hang-up");
}

/// Whether this process was started with SIGHUP ignored, as its children are then.
fn hang_ups_are_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).unwrap().trim();
    u64::from_str_radix(ignored, 16).unwrap() & 1 == 1
}

#[test]
fn nobody_reading_the_events_is_no_reason_to_stop() {
    let base = rehearsal(4714);
    let peace = Peace::of(&base);
    let mut child = base.import().stdout(std::process::Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    base.check_same(&peace, "with standard output closed");
}
