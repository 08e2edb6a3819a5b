//! Read, validate, plan: the stages that need no network.

use criterion::{Criterion, Throughput};
use rolo::contact::{Contact, ImportMode};
use rolo::reconcile::{Decision, Terms, decide};
use rolo::services::{self, Service, Settings};
use rolo::table::RowBatch;
use rolo::validate::Validator;

const ROWS: u64 = 5_000;
const BATCH: usize = 512;

fn service() -> Box<dyn Service> {
    (services::find("respondio-v1").unwrap().connect)(&Settings::default()).unwrap()
}

pub fn read(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let source = super::source(folder.path(), ROWS);
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("read", |bench| {
        bench.iter(|| {
            let mut reader = source.open().unwrap();
            let mut batch = RowBatch::new();
            let mut rows = 0;
            loop {
                match reader.read(&mut batch, BATCH).unwrap() {
                    0 => break rows,
                    n => rows += n,
                }
            }
        });
    });
}

/// Every batch of the file, checked.
fn checked(folder: &std::path::Path) -> (Vec<RowBatch>, rolo::mapping::Forward) {
    let source = super::source(folder, ROWS);
    let mapped = source.map(service().as_ref(), None).unwrap();
    let mut reader = source.open().unwrap();
    let mut batches = Vec::new();
    loop {
        let mut batch = RowBatch::new();
        if reader.read(&mut batch, BATCH).unwrap() == 0 {
            return (batches, mapped.forward);
        }
        batches.push(batch);
    }
}

pub fn validate(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (batches, forward) = checked(folder.path());
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(ROWS));
    group.bench_function("validate", |bench| {
        bench.iter(|| {
            // A new one each time: it remembers identifiers to find duplicates.
            let mut validator = Validator::new(forward.clone()).unwrap();
            batches.iter().map(|batch| validator.check(batch).into_iter().flatten().count()).sum::<usize>()
        });
    });
}

pub fn plan(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let (batches, forward) = checked(folder.path());
    let mut validator = Validator::new(forward).unwrap();
    let contacts: Vec<Contact> = batches.iter().flat_map(|batch| validator.check(batch)).flatten().collect();
    let service = service();
    let rules = Terms {
        mode: ImportMode::Upsert,
        replace_custom: false,
        mapped: &[],
        capabilities: service.capabilities(),
        limits: service.limits(),
        fields: service.fields(),
    };
    let mut group = criterion.benchmark_group("stages");
    group.throughput(Throughput::Elements(contacts.len() as u64));
    group.bench_function("plan", |bench| {
        bench.iter(|| {
            let steps = contacts.iter().map(|contact| match decide(contact, None, &rules) {
                Decision::Steps { steps, .. } => steps.len(),
                _ => 0,
            });
            steps.sum::<usize>()
        });
    });
}
