//! Durable writes: one after the other, and many that wait for the disk together.

use criterion::{Criterion, Throughput};
use futures_util::future::join_all;
use rolo::contact::CallKind;
use rolo::ledger::{Entry, Fingerprint, Intent, LedgerHandle, NewRun, sqlite};

fn intent(row: u64) -> Vec<Entry> {
    vec![Entry::Intent(Intent { row, step: 0, kind: CallKind::Create, attempt: 1, at: 0 })]
}

pub fn writes(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ledger = LedgerHandle::start(Box::new(sqlite::open(&folder.path().join("ledger.sqlite")).unwrap())).unwrap();
    let new = NewRun {
        command: "import".into(),
        fingerprint: Fingerprint([7; 32]),
        account: "bench".into(),
        service: "none".into(),
        file: "/contacts.csv".into(),
        options: serde_json::Value::Null,
        started: 0,
    };
    let run = runtime.block_on(ledger.run(move |ledger| ledger.begin(&new))).unwrap();
    let mut group = criterion.benchmark_group("ledger");
    let mut row = 0;
    for together in [1_u64, 8, 32] {
        group.throughput(Throughput::Elements(together));
        group.bench_function(format!("intents, {together} at once"), |bench| {
            bench.iter(|| {
                let writes = (0..together).map(|n| ledger.write(&run, intent(row + n)));
                runtime.block_on(join_all(writes)).into_iter().for_each(|written| written.unwrap());
                row += together;
            });
        });
    }
}
