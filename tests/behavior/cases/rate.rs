//! Too many requests, the vendor's way.

use std::time::Duration;

use rolo::contact::Call;
use rolo::services::{Verdict, Wait};

use crate::case::{Case, case};
use crate::stage::Stage;

pub fn cases() -> Vec<Case> {
    vec![
        case!("rate", calls_up_to_the_limit_are_admitted),
        case!("rate", a_call_too_many_waits_as_long_as_the_service_says),
        case!("rate", an_import_is_throttled_and_loses_no_row),
    ]
}

const LIMIT: u32 = 4;

async fn calls_up_to_the_limit_are_admitted(stage: Stage) {
    let world = stage.open_with(|options| options.emulator.request_limit = Some(LIMIT)).await;
    for n in 1..=LIMIT {
        let verdict = world.call(&Call::Check).await;
        assert!(matches!(verdict, Verdict::Done { .. }), "{}: call {n} of {LIMIT}: {verdict:?}", world.name());
    }
    let verdict = world.call(&Call::Check).await;
    assert!(matches!(verdict, Verdict::Again { .. }), "{}: {verdict:?}", world.name());
}

/// The wait that is told is the right one: a second before it ends nothing is admitted, and after
/// it something is.
async fn a_call_too_many_waits_as_long_as_the_service_says(stage: Stage) {
    let world = stage.open_with(|options| options.emulator.request_limit = Some(LIMIT)).await;
    for _ in 0..LIMIT {
        world.done(&Call::Check).await;
    }
    let Verdict::Again { wait, .. } = world.call(&Call::Check).await else { panic!("it was admitted") };
    match wait {
        Wait::For(time) | Wait::Window(time) => {
            assert!(time > Duration::ZERO && time <= Duration::from_secs(3600), "{time:?}");
            let second = Duration::from_secs(1);
            if let Some(early) = time.checked_sub(second).filter(|early| !early.is_zero()) {
                world.pass(early);
                let verdict = world.call(&Call::Check).await;
                assert!(matches!(verdict, Verdict::Again { .. }), "{}: a second early: {verdict:?}", world.name());
                world.pass(second);
            } else {
                world.pass(time);
            }
        }
        // Nobody says: the longest window of any service, a minute, is over.
        Wait::Backoff => world.pass(Duration::from_secs(60)),
    }
    world.done(&Call::Check).await;
}

/// Three answers of "too many requests" in the midst of an import.
async fn an_import_is_throttled_and_loses_no_row(stage: Stage) {
    let world = stage.open().await;
    // A pause of no length: the words are the vendor's, the time is not what is tested here.
    let fault = rolo_sandbox::Fault::parse("status=429,retry-after:0,nth:2,times:3").unwrap();
    world.sandbox.add_fault(fault);
    let (csv, mapping) = world.table_of(&[1, 2, 3], "Note", &["a", "b", "c"], "ignore = true");
    let imported = world.imported(&csv, &mapping).await;
    assert_eq!(imported.rows.len(), 3);
    let throttled = world.sandbox.log().iter().filter(|entry| entry.status == Some(429)).count();
    let asked = world.sandbox.log().len();
    assert!(throttled == 3 || asked < 5, "{throttled} of {asked} requests were throttled");
}
