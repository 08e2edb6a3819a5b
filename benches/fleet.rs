//! What many workers ask of one database: slots of many accounts, and claims in a ledger that is full.

use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use criterion::Criterion;
use futures_util::future::join_all;
use rolo::clock;
use rolo::contact::CallKind;
use rolo::journal::{Entry, Intent};
use rolo::ledger::postgres::{self, PostgresPlace};
use rolo::ledger::{ClaimedRun, Fingerprint, KeySource, LEASE, LedgerHandle, LedgerKey, Worker, budget_scope};
use secrecy::SecretString;
use tokio::runtime::Runtime;

use crate::ledger::new_run;
use crate::postgres::server;

const ACCOUNTS: usize = 300;

/// Connections at once, as of so many workers.
const WORKERS: usize = 8;

const TIME: Duration = Duration::from_secs(10);

/// Records in the ledger when claims are timed, and how many of them are written together.
const RECORDS: u64 = 1_000_000;
const TOGETHER: u64 = 5_000;

pub fn database(criterion: &mut Criterion) {
    // What is timed is told as figures of our own: the slowest count here, and not the mean.
    let mut is_wanted = false;
    criterion.bench_function("fleet/budget row and claims", |bench| bench.iter(|| is_wanted = true));
    let Some(server) = server().filter(|_| is_wanted) else { return };
    let database = server.database();
    let key = KeySource::Given(LedgerKey::random().unwrap());
    let place = PostgresPlace::new(&SecretString::from(database.url()), None, key).unwrap();
    postgres::migrate(&place).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let workers: Vec<LedgerHandle> = (0..WORKERS).map(|_| postgres::open(&place).unwrap()).collect();
    let name = format!("{ACCOUNTS} accounts, {WORKERS} connections");
    tell(&format!("slots, {name}"), &mut slots(&runtime, &workers), TIME);
    let claims = |state: &str| {
        let (mut times, took) = claims(&runtime, &workers);
        tell(&format!("claims, {name}, {state}"), &mut times, took);
    };
    claims("an empty ledger");
    fill(&runtime, &workers[0]);
    claims(&format!("{RECORDS} records"));
}

/// How long each reservation took; the workers take accounts in turn.
fn slots(runtime: &Runtime, workers: &[LedgerHandle]) -> Vec<Duration> {
    let times = Mutex::new(Vec::new());
    let until = clock::now() + TIME;
    let work = workers.iter().enumerate().map(|(first, ledger)| {
        let times = &times;
        async move {
            let mut account = first;
            while clock::now() < until {
                account = (account + 37) % ACCOUNTS;
                let begun = clock::now();
                let scope = budget_scope("none", &format!("a{account}"));
                ledger.reserve(&scope, Duration::from_micros(1), Duration::ZERO).await.unwrap();
                times.lock().unwrap().push(clock::now() - begun);
            }
        }
    });
    runtime.block_on(join_all(work));
    times.into_inner().unwrap()
}

/// How long it took to claim each account's turn, a hundred times; and how long all took.
fn claims(runtime: &Runtime, workers: &[LedgerHandle]) -> (Vec<Duration>, Duration) {
    let times = Mutex::new(Vec::new());
    let begun = clock::now();
    let work = workers.iter().enumerate().map(|(worker, ledger)| {
        let times = &times;
        async move {
            for n in 0..ACCOUNTS * 100 / WORKERS {
                let mut fingerprint = [u8::try_from(worker).unwrap(); 32];
                fingerprint[..8].copy_from_slice(&((n % ACCOUNTS) as u64).to_le_bytes());
                let begun = clock::now();
                let who = Worker::this_process("bench");
                let claim = ledger.claim_run(&Fingerprint(fingerprint), &who, LEASE).await.unwrap();
                times.lock().unwrap().push(clock::now() - begun);
                ledger.release(&claim).await.unwrap();
            }
        }
    });
    runtime.block_on(join_all(work));
    (times.into_inner().unwrap(), clock::now() - begun)
}

/// Intents, as many as a large import leaves.
fn fill(runtime: &Runtime, ledger: &LedgerHandle) {
    let new = new_run();
    runtime.block_on(async {
        let claim = ledger.claim_run(&new.fingerprint, &Worker::this_process("bench"), LEASE * 1000).await.unwrap();
        let run = ClaimedRun::new(ledger.begin(&claim, &new).await.unwrap(), claim);
        for first in (0..RECORDS).step_by(usize::try_from(TOGETHER).unwrap()) {
            let intent =
                |row| Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, creates: Vec::new() });
            ledger.write(&run, (first..first + TOGETHER).map(intent).collect()).await.unwrap();
        }
    });
}

fn tell(what: &str, times: &mut [Duration], took: Duration) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1000.0;
    let a_second = f64::from(u32::try_from(times.len()).unwrap()) / took.as_secs_f64();
    let words = format!(
        "fleet/{what}: {a_second:.0} a second, half within {:.2} ms, 99 % within {:.2} ms, all within {:.2} ms\n",
        at(50),
        at(99),
        at(100)
    );
    drop(std::io::stderr().lock().write_all(words.as_bytes()));
}
