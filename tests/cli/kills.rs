//! A real process, killed with -9 at random moments and started again with the same command.

use std::time::Duration;

use crate::generated::{CHATWOOT, DMCHAMP, RESPONDIO, RESPONDIO_V1, Shape};
use crate::random::{Random, seed};
use crate::rehearsal::{Peace, Rehearsal, Watched, tell};

/// How many kills these proofs make together; `ROLO_KILLS` asks for more.
fn share_of(usual: u64) -> u64 {
    let wanted: u64 = std::env::var("ROLO_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    usual.max(wanted.div_ceil(4))
}

/// Imports of `rows` rows, each killed about `kills_each` times, until `kills` have been made.
fn killed(shape: Shape, rows: u64, kills: u64, kills_each: u64, own_seed: u64) {
    let seed = seed(own_seed);
    let random = &mut Random::new(seed);
    let (mut made, mut imports) = (0, 0);
    while made < kills {
        let mut rehearsal = Rehearsal::new(shape, &shape.source(rows, random.next()));
        let peace = Peace::of(&rehearsal);
        let what = format!("{}, ROLO_SEED={seed}, import {imports}, after {made} kills", shape.service);
        made += kill_until_done(&mut rehearsal, &peace, random, kills_each);
        imports += 1;
        rehearsal.check_same(&peace, &what);
        let service = shape.service;
        tell(&format!("{service}: {made} kills in {imports} imports of {rows} rows: nothing lost, nothing twice"));
    }
}

fn kill_until_done(rehearsal: &mut Rehearsal, peace: &Peace, random: &mut Random, kills: u64) -> u64 {
    let mut made = 0;
    loop {
        let mut life = Watched::start(rehearsal.import());
        // Most die while they send; some while they start, some after the last row.
        let alive = if random.one_in(12) {
            std::thread::sleep(Duration::from_millis(random.up_to(120)));
            true
        } else {
            life.wait_for_calls(random.up_to(peace.calls * 2 / kills))
        };
        if !alive {
            let output = life.end();
            assert!(matches!(output.status.code(), Some(0 | 1)), "{}", crate::rehearsal::said(&output));
            return made;
        }
        std::thread::sleep(Duration::from_micros(random.up_to(3000)));
        life.kill();
        made += 1;
        rehearsal.check_intents();
        // Killed when all was done: the same command would be a second import.
        if rehearsal.run_state().as_deref() == Some("finished") {
            return made;
        }
    }
}

#[test]
fn two_thousand_rows_killed_fifty_times_end_like_an_import_left_in_peace() {
    killed(RESPONDIO_V1, 2000, share_of(50), 50, 4701);
}

#[test]
fn a_service_that_refuses_doubles_gets_each_contact_once_whenever_the_sender_dies() {
    killed(CHATWOOT, 300, share_of(50), 50, 4702);
}

#[test]
fn a_service_that_does_not_tell_new_ids_gets_each_contact_once_whenever_the_sender_dies() {
    killed(RESPONDIO, 300, share_of(50), 50, 4703);
}

#[test]
fn a_service_known_by_phone_alone_gets_each_contact_once_whenever_the_sender_dies() {
    killed(DMCHAMP, 300, share_of(50), 50, 4704);
}
