//! Workers killed with -9 at random, on two machines, while others go on.

use std::time::Duration;

use crate::postgres::server;
use crate::random::{Random, seed};
use crate::rehearsal::{Watched, tell};
use crate::workers::{AccountShape, Fleet, count, let_go};

const ACCOUNTS: usize = 4;
const PEOPLE: u64 = 40;

/// Two on each machine, of which each may have all runs: whoever is killed, three others look for work.
const WORKERS: usize = 4;

fn start(fleet: &Fleet<'_>, worker: usize) -> Watched {
    fleet.worker(worker % 2, "--at-most 2")
}

#[test]
fn workers_that_are_killed_at_random_lose_nobody_and_make_nobody_twice() {
    let Some(server) = server() else { return };
    let (wanted, seed) = (count("ROLO_WORKER_KILLS", 20), seed(6101));
    let random = &mut Random::new(seed);
    let mut fleet = Fleet::new(server, ACCOUNTS, AccountShape::unpaced(Duration::from_millis(3)));
    let mut workers: Vec<Watched> = (0..WORKERS).map(|n| start(&fleet, n)).collect();
    let mut kills = 0;
    while kills < wanted {
        if fleet.unfinished() < ACCOUNTS {
            (0..ACCOUNTS).for_each(|account| fleet.submit(account, PEOPLE));
        }
        // Some die while they start, most while they send.
        std::thread::sleep(Duration::from_millis(random.up_to(250)));
        let victim = random.few(WORKERS - 1);
        let new = start(&fleet, victim);
        std::mem::replace(&mut workers[victim], new).kill();
        kills += 1;
    }
    fleet.wait_until_done();
    let_go(workers);
    let people = fleet.check(&format!("ROLO_SEED={seed}, {kills} kills"));
    // A run that nobody had to take over was not hit.
    let taken_over = fleet.ask("SELECT sum(fence - 1) FROM rolo.claim WHERE doing = 'import'");
    let runs = fleet.queued.len();
    tell(&format!("{kills} workers killed, {runs} runs with {people} people, claims taken over: {taken_over}"));
}
