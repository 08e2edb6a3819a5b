//! A whole import into the sandbox: HTTP over loopback, a ledger on disk, a results file.

use criterion::{BatchSize, Criterion, Throughput};
use rolo::jobs::{self, AccountSpec, Context, ImportJob, ImportOptions, SandboxSpec};
use rolo::report::{Event, Reporter};
use rolo::services;
use rolo::upload::Stop;

const ROWS: u64 = 200;

struct Silent;

impl Reporter for Silent {
    fn event(&mut self, _event: &Event) {}
}

pub fn import(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let mut group = criterion.benchmark_group("upload");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("import", |bench| {
        bench.iter_batched(
            || tempfile::tempdir().unwrap(),
            |folder| {
                let job = ImportJob {
                    night: rolo::config::Night::default(),
                    source: super::source(folder.path(), ROWS),
                    account: AccountSpec::of_sandbox(
                        "bench",
                        services::find("respondio-v1").unwrap(),
                        SandboxSpec { unthrottled: true, memory: true, ..SandboxSpec::default() },
                    ),
                    results: folder.path().join("results.csv"),
                    options: ImportOptions::default(),
                    command: rolo::ledger::RunKind::Import,
                    retries: None,
                    keep_results: None,
                    expect_rows: None,
                    resume: None,
                    plan: None,
                    began: None,
                    queued: None,
                };
                let mut context = Context {
                    written_in: None,
                    ledger: rolo::ledger::LedgerPlace::in_folder(&folder.path().join("state")),
                    state_dir: folder.path().join("state"),
                    reporter: Box::new(Silent),
                    stop: Stop::default(),
                    served: false,
                    watch: None,
                };
                let summary = runtime.block_on(jobs::import(&job, &mut context)).unwrap();
                assert_eq!(summary.rows, ROWS);
                folder
            },
            BatchSize::PerIteration,
        );
    });
}
