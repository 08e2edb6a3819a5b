//! Workers stopped for longer than their leases, which go on when others have finished what they had begun.

use std::time::Duration;

use rolo::crash::PAUSES;

use crate::postgres::server;
use crate::rehearsal::{Watched, tell};
use crate::workers::{AccountShape, Fleet, count, let_go};

/// How many are stopped together: a lease is long, and it is waited for once.
const TOGETHER: usize = 4;

/// Longer than whoever goes on takes to send what it would send.
const AFTERWARDS: Duration = Duration::from_secs(2);

fn is_stopped(worker: &Watched) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{}/stat", worker.child.id())).unwrap();
    status.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with('T'))
}

/// Lets stopped workers go on, once another has finished all runs; nothing may come of it. A look-up has no body that
/// would be asked for once its connection stands, so one that was about to leave may still come; it changes nothing.
fn wake(fleet: &Fleet<'_>, stopped: Vec<Watched>, what: &str) {
    let other = fleet.worker(1, &format!("--at-most {}", stopped.len()));
    fleet.wait_until_done();
    let before = (fleet.changes(), fleet.results());
    for worker in &stopped {
        worker.signal("CONT");
    }
    std::thread::sleep(AFTERWARDS);
    let_go(stopped);
    let_go(vec![other]);
    assert_eq!((fleet.changes(), fleet.results()), before, "{what}: what came of workers that went on");
    fleet.check(what);
}

#[test]
fn workers_that_were_stopped_for_longer_than_their_leases_send_and_write_nothing_when_they_go_on() {
    let Some(server) = server() else { return };
    let wanted = count("ROLO_WORKER_STOPS", TOGETHER as u64);
    let mut stops = 0;
    while stops < wanted {
        let mut fleet = Fleet::new(server, TOGETHER, AccountShape::unpaced(Duration::from_millis(40)));
        (0..TOGETHER).for_each(|account| fleet.submit(account, 60));
        let workers: Vec<Watched> = (0..TOGETHER).map(|_| fleet.worker(0, "--at-most 1")).collect();
        (0..TOGETHER).for_each(|account| fleet.wait_for_requests(account, 3 + stops % 17));
        for worker in &workers {
            worker.signal("STOP");
        }
        stops += TOGETHER as u64;
        wake(&fleet, workers, &format!("after {stops} stops"));
        tell(&format!("{stops} workers stopped for longer than their leases"));
    }
}

/// Between each two looks at the lease, and right after the last one that can wait: see `Caller::slot`,
/// `Attempts::attempt` and the body of a request.
#[test]
fn a_worker_that_is_stopped_between_any_two_steps_before_a_request_sends_nothing_when_it_goes_on() {
    let Some(server) = server() else { return };
    let mut fleet = Fleet::new(server, PAUSES.len(), AccountShape::unpaced(Duration::from_millis(5)));
    (0..PAUSES.len()).for_each(|account| fleet.submit(account, 30));
    let workers: Vec<Watched> = PAUSES
        .iter()
        .map(|point| {
            let mut command = fleet.command_at(0, "work --json -q --at-most 1");
            command.env("ROLO_PAUSE", format!("{point}:9"));
            Watched::start(command)
        })
        .collect();
    while !workers.iter().all(is_stopped) {
        std::thread::sleep(Duration::from_millis(20));
    }
    wake(&fleet, workers, "stopped at each point");
}

#[test]
fn every_point_at_which_a_process_can_be_stopped_is_listed() {
    let mut found: Vec<String> = Vec::new();
    let mut folders = vec![std::path::PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(path).unwrap();
                let names =
                    text.split("pause_point!(\"").skip(1).map(|part| part.split('"').next().unwrap().to_owned());
                found.extend(names);
            }
        }
    }
    found.sort();
    let mut listed: Vec<&str> = PAUSES.to_vec();
    listed.sort_unstable();
    assert_eq!(found, listed);
}
