//! The same cases for every service: client and emulator against each other, over real HTTP.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `case` | a case: what it needs, what it shows, how its absence is refused |
//! | `stage` | which service a case is run on, and with which mistake of the emulator |
//! | `world` | a service, its emulator and people; calls, imports, exports |
//! | `cases/` | the cases, a topic a file |
//! | `limits` | cases made from the numbers of `Limits` |
//! | `broken` | the test of the suite: mutations of the emulators, and the cases that must notice them |
//! | `transcripts` | the documents' own examples, played to the emulators |
//! | `documents` | pages that are written from the same lists |
//!
//! A service that lacks what a case needs runs the case's refusal in its place: what is missing is
//! refused by name before anything is sent. So every pair of service and case is run, one way or the
//! other, and [`case::Tally`] counts that it was.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod broken;
mod case;
mod cases;
mod documents;
mod limits;
mod stage;
mod transcripts;
mod world;

use std::process::ExitCode;

use case::Tally;
use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let mut arguments = Arguments::from_args();
    // Cases wait for the disk and for answers far more than they compute.
    arguments.test_threads.get_or_insert(8);
    let mut trials = case::trials();
    trials.extend(broken::trials());
    trials.extend(transcripts::trials());
    trials.extend(documents::trials());
    case::keep_expected_panics_quiet();
    let conclusion = libtest_mimic::run(&arguments, trials);
    let whole = conclusion.num_filtered_out == 0 && !arguments.list && !arguments.ignored;
    if whole && let Err(missing) = Tally::balances() {
        #[allow(clippy::print_stderr, reason = "a test binary speaks to the terminal")]
        {
            eprintln!("error: not every service met every case: {missing}");
        }
        return ExitCode::FAILURE;
    }
    conclusion.exit_code()
}
