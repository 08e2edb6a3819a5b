//! What a slot of the budget costs where it makes nobody wait.

use std::time::Duration;

use criterion::Criterion;
use rolo::contact::{CallKind, Quota};
use rolo::ledger::LedgerPlace;
use rolo::quota::{Budget, BudgetOptions};

pub fn slots(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let ledger = LedgerPlace::in_folder(folder.path()).open().unwrap();
    let quota = Quota { calls: 200, per: Duration::from_secs(60) };
    let free = BudgetOptions { unthrottled: true, ..BudgetOptions::new("free", quota) };
    // A rate that no machine reaches: what is measured is the reckoning and its record.
    let fast = BudgetOptions::new("fast", Quota { calls: 1_000_000, per: Duration::from_secs(1) });
    for (name, options) in [("unthrottled", free), ("paced", fast)] {
        let budget = {
            let _inside = runtime.enter();
            Budget::new(options, ledger.clone())
        };
        criterion.bench_function(&format!("limiter/slot, {name}"), |bench| {
            bench.iter(|| runtime.block_on(budget.slot(CallKind::Find)).unwrap());
        });
    }
}
