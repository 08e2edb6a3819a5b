//! Durable writes: one after the other, and many that wait for the disk together.

use std::time::Duration;

use criterion::{Criterion, Throughput};
use futures_util::future::join_all;
use rolo::contact::CallKind;
use rolo::journal::{Entry, Intent};
use rolo::ledger::{ClaimedRun, Fingerprint, LedgerPlace, NewRun, RunKind, Worker};

fn intent(row: u64) -> Vec<Entry> {
    vec![Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, creates: Vec::new() })]
}

/// An import that nobody gives.
pub fn new_run() -> NewRun {
    NewRun {
        kind: RunKind::Import,
        fingerprint: Fingerprint([7; 32]),
        account: "bench".into(),
        identity: "bench".into(),
        service: "none".into(),
        file: "/contacts.csv".into(),
        options: serde_json::Value::Null,
        started: 0,
    }
}

pub fn writes(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ledger = LedgerPlace::in_folder(folder.path()).open().unwrap();
    let new = new_run();
    let claim =
        runtime.block_on(ledger.claim_run(&new.fingerprint, &Worker::this_process("bench"), Duration::ZERO)).unwrap();
    let run = ClaimedRun::new(runtime.block_on(ledger.begin(&claim, &new)).unwrap(), claim);
    let mut group = criterion.benchmark_group("ledger");
    let mut row = 0;
    for together in [1_u64, 8, 32] {
        group.throughput(Throughput::Elements(together));
        group.bench_function(format!("intents, {together} at once"), |bench| {
            bench.iter(|| {
                let writes = (0..together).map(|n| ledger.write(&run, intent(row + n)));
                runtime.block_on(join_all(writes)).into_iter().for_each(|written| drop(written.unwrap()));
                row += together;
            });
        });
    }
}
