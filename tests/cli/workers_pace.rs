//! How close to its limit an account is driven by many processes together, and that none of them exceeds it.

use std::sync::Arc;
use std::time::Duration;

use rolo::clock;
use rolo_sandbox::LoggedRequest;

use crate::postgres::server;
use crate::rehearsal::{Watched, code, said, tell};
use crate::workers::{AccountShape, Fleet, count, let_go, source};

const PROCESSES: u64 = 8;

/// A service that counts so many calls a minute; where `hurry` is 10, its minutes have six seconds.
fn limited(calls: u32, hurry: u32) -> AccountShape {
    let began = clock::unix_now();
    let mut options = rolo_sandbox::Options::new(clock::unix_now);
    options.clock = Arc::new(move || began + clock::unix_now().saturating_sub(began) * hurry);
    options.emulator.request_limit = Some(calls);
    options.log_capacity = 200_000;
    AccountShape { service: "dmchamp", rate: Some(format!("{calls}/{}s", 60 / hurry)), options }
}

/// What a service saw of the calls that came to it.
struct Seen {
    /// Of what the limit admits from the first to the last.
    share: f64,
    refused: usize,
    /// The most calls in any window.
    fullest: usize,
}

impl Seen {
    /// `window` is as the service counts it, whose clock is that of the log.
    fn of(log: &[LoggedRequest], limit: u32, window: Duration) -> Self {
        let mut times: Vec<Duration> = log.iter().map(|request| request.at).collect();
        times.sort_unstable();
        let refused = log.iter().filter(|request| request.status == Some(429)).count();
        let last = times[times.len() - 1];
        let closed_form = last.saturating_sub(times[0]).as_secs_f64() * f64::from(limit) / window.as_secs_f64();
        let share = f64::from(u32::try_from(times.len() - 1).unwrap()) / closed_form;
        let fullest = times
            .iter()
            .map(|from| times.partition_point(|at| *at < *from + window) - times.partition_point(|at| at < from));
        Self { share, refused, fullest: fullest.max().unwrap_or(0) }
    }
}

/// Those that the database has committed.
fn transactions(fleet: &Fleet<'_>) -> u64 {
    fleet.ask("SELECT xact_commit FROM pg_stat_database WHERE datname = current_database()").parse().unwrap()
}

/// On a busy machine nobody can say how late calls leave; that none leaves too early holds on any.
#[test]
fn eight_processes_share_the_limit_of_one_account_and_none_is_refused() {
    let Some(server) = server() else { return };
    // Minutes that the account is driven for, in real windows; a push does it for two windows of six seconds.
    let minutes = count("ROLO_PACE_MINUTES", 0);
    let (hurry, calls) = if minutes == 0 { (10, 400) } else { (1, 200 * minutes) };
    let limit = 200;
    let fleet = Fleet::new(server, 1, limited(limit, hurry));
    let each = calls / PROCESSES;
    let before = transactions(&fleet);
    let imports: Vec<Watched> = (0..PROCESSES)
        .map(|n| {
            fleet.world.write(&format!("part{n}.csv"), &source(n * each..(n + 1) * each));
            let import = format!("import part{n}.csv --to a0 --mapping contacts.mapping.toml --json -q");
            Watched::start(fleet.command_at(usize::try_from(n).unwrap(), &import))
        })
        .collect();
    for import in imports {
        let ended = import.end();
        assert_eq!(code(&ended), 0, "{}", said(&ended));
    }
    let log = fleet.log(0);
    let created = log.iter().filter(|request| request.applied && request.method == "POST").count();
    assert_eq!(created as u64, each * PROCESSES, "each once");
    let seen = Seen::of(&log, limit, Duration::from_secs(60));
    tell(&format!(
        "8 processes on one account: {} calls, {:.4} of the closed form, {} refused, {} in the fullest window of {limit}",
        log.len(),
        seen.share,
        seen.refused,
        seen.fullest
    ));
    // What the server counts, it shows within a second or two.
    std::thread::sleep(Duration::from_secs(2));
    let size = fleet.ask("SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relnamespace = 'rolo'::regnamespace AND relkind = 'r'");
    tell(&format!(
        "{} transactions of the database for {} calls; {size} bytes for {created} people",
        transactions(&fleet) - before,
        log.len()
    ));
    assert_eq!(seen.refused, 0);
    assert!(seen.fullest <= 200, "{}", seen.fullest);
    if minutes > 0 {
        assert!(seen.share >= 0.99, "{:.4}", seen.share);
    }
}

/// `ROLO_PACE_ACCOUNTS=300` drives as many as the issue names, for real minutes.
#[test]
fn many_accounts_are_each_driven_at_their_limit_by_a_few_workers() {
    let Some(server) = server() else { return };
    let accounts = usize::try_from(count("ROLO_PACE_ACCOUNTS", 12)).unwrap();
    let is_whole = accounts > 12;
    let (limit, hurry, workers, people) = if is_whole { (20, 1, 8, 100) } else { (20, 10, 3, 25) };
    let mut fleet = Fleet::new(server, accounts, limited(limit, hurry));
    (0..accounts).for_each(|account| fleet.submit(account, people));
    let at_most = accounts.div_ceil(workers);
    let workers: Vec<Watched> = (0..workers).map(|n| fleet.worker(n, &format!("--at-most {at_most}"))).collect();
    fleet.wait_until_done();
    let_go(workers);
    fleet.check("many accounts");
    let window = Duration::from_secs(60);
    let seen: Vec<Seen> = (0..accounts).map(|account| Seen::of(&fleet.log(account), limit, window)).collect();
    let shares: Vec<f64> = seen.iter().map(|seen| seen.share).collect();
    let (slowest, fastest) =
        shares.iter().fold((f64::MAX, 0.0_f64), |(low, high), share| (low.min(*share), high.max(*share)));
    tell(&format!(
        "{accounts} accounts: shares of their limits {slowest:.4} to {fastest:.4}, ratio {:.4}",
        fastest / slowest
    ));
    assert!(seen.iter().all(|seen| seen.refused == 0 && seen.fullest <= usize::try_from(limit).unwrap()));
    if is_whole {
        assert!(slowest >= 0.98 && fastest / slowest <= 1.02, "{slowest:.4} to {fastest:.4}");
    }
}
