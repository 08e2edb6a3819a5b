//! Workers while their database dies, is replaced by its standby, or is out of reach.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::postgres::{Server, server};
use crate::rehearsal::tell;
use crate::workers::{AccountShape, Fleet, count, let_go};

const ACCOUNTS: usize = 3;

fn shape() -> AccountShape {
    AccountShape::unpaced(Duration::from_millis(10))
}

/// Returns once each account's service has heard of so many requests more.
fn wait_for_more(fleet: &Fleet<'_>, more: u64) {
    let before = fleet.requests();
    (0..ACCOUNTS).for_each(|account| fleet.wait_for_requests(account, before[account] + more));
}

#[test]
fn a_database_that_is_killed_again_and_again_loses_nothing_of_what_workers_do() {
    let Some(server) = Server::new() else { return };
    let wanted = count("ROLO_DATABASE_KILLS", 2);
    let mut fleet = Fleet::new(&server, ACCOUNTS, shape());
    let workers = vec![fleet.worker(0, "--at-most 2"), fleet.worker(1, "--at-most 2")];
    let requests = |fleet: &Fleet<'_>| fleet.requests().iter().sum::<u64>();
    for _ in 0..wanted {
        server.wait();
        // While it recovered, all may have been done.
        if fleet.unfinished() < ACCOUNTS {
            (0..ACCOUNTS).for_each(|account| fleet.submit(account, 40));
        }
        let before = requests(&fleet);
        while requests(&fleet) < before + 30 {
            std::thread::sleep(Duration::from_millis(5));
        }
        server.kill();
    }
    server.wait();
    fleet.wait_until_done();
    let_go(workers);
    let people = fleet.check(&format!("{wanted} kills of the database"));
    tell(&format!("the database killed {wanted} times, {people} people"));
}

#[test]
fn a_synchronous_standby_that_takes_over_has_everything() {
    for failover in 1..=count("ROLO_FAILOVERS", 1) {
        let Some(first) = Server::new() else { return };
        let Some(standby) = first.standby() else { return };
        let mut fleet = Fleet::new(&first, ACCOUNTS, shape());
        (0..ACCOUNTS).for_each(|account| fleet.submit(account, 60));
        fleet.reached_by(&[first.port, standby.port]);
        let workers = vec![fleet.worker(0, "--at-most 2"), fleet.worker(1, "--at-most 2")];
        wait_for_more(&fleet, 20);
        first.lose();
        standby.promote();
        fleet.now_at(&standby);
        fleet.wait_until_done();
        let_go(workers);
        let people = fleet.check(&format!("failover {failover}"));
        tell(&format!("failover {failover}: a standby was promoted in the middle of {people} people"));
    }
}

/// How it goes on a way to a server.
#[derive(Clone, Copy, PartialEq)]
enum Traffic {
    Passes,
    /// Nothing moves, and what is under way comes late: a network is away for a while.
    Stands,
    /// Connections end, and no new one comes about: nobody is there.
    Ends,
}

/// A way to a server.
struct Way {
    port: u16,
    traffic: Arc<Mutex<Traffic>>,
}

impl Way {
    fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let traffic = Arc::new(Mutex::new(Traffic::Passes));
        let way = Self { port: listener.local_addr().unwrap().port(), traffic: traffic.clone() };
        std::thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                // A server that is gone closes what was about to come to it.
                let Ok(server) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                if *traffic.lock().unwrap() == Traffic::Ends {
                    continue;
                }
                for (from, to) in [(&client, &server), (&server, &client)] {
                    let (from, to) = (from.try_clone().unwrap(), to.try_clone().unwrap());
                    let traffic = traffic.clone();
                    std::thread::spawn(move || carry(from, to, &traffic));
                }
            }
        });
        way
    }

    fn set(&self, traffic: Traffic) {
        *self.traffic.lock().unwrap() = traffic;
    }
}

fn carry(mut from: TcpStream, mut to: TcpStream, traffic: &Mutex<Traffic>) {
    let mut bytes = vec![0; 65536];
    while let Ok(count @ 1..) = from.read(&mut bytes) {
        let mut now = *traffic.lock().unwrap();
        while now == Traffic::Stands {
            std::thread::sleep(Duration::from_millis(5));
            now = *traffic.lock().unwrap();
        }
        if now == Traffic::Ends || to.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    drop(to.shutdown(Shutdown::Both));
    drop(from.shutdown(Shutdown::Both));
}

#[test]
fn a_worker_cut_off_from_the_database_for_longer_than_its_lease_leaves_its_runs_to_others() {
    let Some(server) = server() else { return };
    for cut in 1..=count("ROLO_CUTS", 1) {
        let mut fleet = Fleet::new(server, ACCOUNTS, shape());
        (0..ACCOUNTS).for_each(|account| fleet.submit(account, 60));
        let way = Way::to(server.port);
        fleet.reached_by(&[way.port]);
        let away = fleet.worker(0, "--at-most 8");
        wait_for_more(&fleet, 8 + cut);
        way.set(Traffic::Stands);
        fleet.reached_by(&[server.port]);
        let other = fleet.worker(1, "--at-most 8");
        fleet.wait_until_done();
        let before = (fleet.requests(), fleet.results());
        way.set(Traffic::Passes);
        std::thread::sleep(Duration::from_secs(2));
        let_go(vec![away, other]);
        assert_eq!((fleet.requests(), fleet.results()), before, "what came of the one that was away");
        fleet.check(&format!("cut {cut}"));
        tell(&format!("{cut} times, a worker was cut off from its database for longer than its leases"));
    }
}

#[test]
fn a_worker_outlives_a_database_that_is_away() {
    let Some(server) = server() else { return };
    // With 150 it is away for longer than a run waits for it.
    let away = Duration::from_secs(count("ROLO_AWAY", 1));
    let mut fleet = Fleet::new(server, ACCOUNTS, shape());
    (0..ACCOUNTS).for_each(|account| fleet.submit(account, 40));
    let way = Way::to(server.port);
    fleet.reached_by(&[way.port]);
    let workers = vec![fleet.worker(0, "--at-most 8")];
    wait_for_more(&fleet, 8);
    way.set(Traffic::Ends);
    std::thread::sleep(away);
    // Nothing is sent without the ledger: what was under way has ended.
    let before = fleet.requests();
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(fleet.requests(), before);
    way.set(Traffic::Passes);
    fleet.wait_until_done();
    let_go(workers);
    fleet.check("the database was away");
    tell(&format!("the database was away for {} s", away.as_secs()));
}
