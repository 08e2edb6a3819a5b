//! Workers whose clocks are an hour off, either way: only the database's clock counts.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::postgres::server;
use crate::rehearsal::{Watched, tell};
use crate::workers::{AccountShape, Fleet, let_go};

/// What moves the clock of a program that is started with it, as `.ci/at-date` does.
fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.flatten().map(|entry| entry.path().join("faketime"));
    let found = folders.map(|folder| folder.join("libfaketimeMT.so.1")).find(|path| path.exists());
    if found.is_none() {
        let required = std::env::var_os("CI").is_some_and(|value| value == "true")
            || std::env::var_os("ROLO_POSTGRES").is_some_and(|value| value == "required");
        assert!(!required, "libfaketime is missing (apt-get install faketime)");
        tell("libfaketime is missing (apt-get install faketime); clocks that are off are not tried");
    }
    found
}

/// The command with a calendar that is off; its timers run as they are.
fn off(mut command: Command, library: &Path, by: &str) -> Command {
    command.env("LD_PRELOAD", library).env("FAKETIME", by).env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    command
}

const OFF: [&str; 2] = ["+1h", "-1h"];

/// A job that is due every day at this time of the database's.
fn job(fleet: &Fleet<'_>, name: &str, minutes_from_now: i32) -> String {
    let at = format!("now() AT TIME ZONE 'UTC' + interval '{minutes_from_now} minutes'");
    let time = fleet.ask(&format!("SELECT to_char({at}, 'FMMI FMHH24')"));
    format!(
        "[jobs.{name}]\nimport = \"{name}.csv\"\nto = \"a0\"\nmapping = \"contacts.mapping.toml\"\n\
         schedule = \"{time} * * *\"\ntime_zone = \"UTC\"\n"
    )
}

#[test]
fn clocks_of_workers_that_are_an_hour_off_make_no_difference() {
    let (Some(server), Some(library)) = (server(), library()) else { return };
    let mut fleet = Fleet::new(server, 2, AccountShape::unpaced(Duration::from_millis(20)));
    let jobs = job(&fleet, "was_due", -30) + job(&fleet, "will_be_due", 30).as_str();
    let jobs = fleet.world.read("rolo.toml") + jobs.as_str();
    fleet.world.write("rolo.toml", &jobs);
    for name in ["was_due", "will_be_due"] {
        fleet.world.write(&format!("{name}.csv"), "Name,Phone\nAnn,no number\n");
    }
    // The due times of yesterday were seen to.
    let first = off(fleet.command("work --once -q"), &library, OFF[0]).output().unwrap();
    assert!(first.status.success(), "{}", String::from_utf8_lossy(&first.stderr));
    assert_eq!(fleet.ask("SELECT count(*) FROM rolo.fired"), "2");
    fleet.ask("UPDATE rolo.fired SET due = due - 3600 WHERE job = 'was_due' RETURNING 1");

    (0..2).for_each(|account| fleet.submit(account, 60));
    let start = |machine: usize| {
        let command = fleet.command_at(machine, "work --json -q --at-most 1");
        Watched::start(off(command, &library, OFF[machine]))
    };
    let mut workers = vec![start(0), start(1)];
    (0..2).for_each(|account| fleet.wait_for_requests(account, 10));
    // Nobody's run is taken from a worker that lives, whatever its clock or another's shows.
    let fences = "SELECT max(fence) FROM rolo.claim WHERE lease_until > 0 AND doing = 'import'";
    assert_eq!(fleet.ask(fences), "1");
    let ahead = "SELECT count(*) FROM rolo.claim WHERE lease_until > \
                 (extract(epoch from clock_timestamp()) * 1000000)::bigint + 15 * 1000000";
    assert_eq!(fleet.ask(ahead), "0", "a lease is 15 s long by the database's clock");
    // One dies; the other goes on with its run, once its lease is over by that clock.
    workers.remove(0).kill();
    while fleet.ask("SELECT count(*) FROM rolo.run WHERE state NOT IN ('finished')") != "0" {
        std::thread::sleep(Duration::from_millis(100));
    }
    let_go(workers);
    fleet.check("clocks an hour off");
    let fired = "SELECT string_agg(job || ' ' || (run_id IS NOT NULL), ', ' ORDER BY job, due DESC) FROM rolo.fired";
    assert_eq!(fleet.ask(fired), "was_due true, was_due false, will_be_due false", "what was due, and nothing before");
    // What is dated is dated by the database's clock.
    let dated = "SELECT count(*) FROM rolo.run WHERE abs(begun - extract(epoch from now())) > 1800
        OR abs(ended - extract(epoch from now())) > 1800 OR abs(started - extract(epoch from now())) > 1800";
    assert_eq!(fleet.ask(dated), "0", "{}", fleet.ask("SELECT started, begun, ended FROM rolo.run"));
    let called = "SELECT count(*) FROM rolo.call WHERE abs(at / 1000000 - extract(epoch from now())) > 1800";
    assert_eq!(fleet.ask(called), "0");
}
