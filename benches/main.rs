//! How fast each part is. `cargo bench` runs all, `cargo bench -- read` those whose name has the word.
//! What the figures say, and what they don't: benches/README.md.

#![allow(clippy::unwrap_used, reason = "a benchmark that can't go on fails")]

#[path = "../tests/support/dirty_contacts.rs"]
mod dirty_contacts;
mod fleet;
mod ledger;
mod limiter;
#[path = "../tests/support/postgres.rs"]
#[allow(dead_code, reason = "what is measured needs less of it than what is tested")]
mod postgres;
mod stages;
mod upload;

use std::path::Path;

use criterion::{criterion_group, criterion_main};
use dirty_contacts::{CUSTOM_COLUMNS, DirtyContacts};
use rolo::jobs::{MappingChoice, SourceSpec};

/// A file of dirty contacts in `folder` and its mapping.
fn source(folder: &Path, rows: u64) -> SourceSpec {
    let path = folder.join("contacts.csv");
    let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
    DirtyContacts::new(42).write_csv(rows, &mut file).unwrap();
    let mut mapping = "region = \"GB\"\n[columns.tags]\ntags = \"add\"\n".to_owned();
    let standard = ["first_name", "last_name", "phone", "email"].map(|name| (name.to_owned(), name.to_owned()));
    let custom = (1..=CUSTOM_COLUMNS).map(|n| (format!("cf_{n:02}"), format!("custom.cf_{n:02}")));
    for (column, field) in standard.into_iter().chain(custom) {
        mapping.push_str(&format!("[columns.{column}]\nfield = \"{field}\"\n"));
    }
    let mapping = MappingChoice::Text(mapping);
    SourceSpec { mapping, ..SourceSpec::of(path) }
}

criterion_group! {
    name = all;
    config = criterion::Criterion::default().sample_size(10).measurement_time(std::time::Duration::from_secs(4));
    targets = stages::read, stages::validate, stages::plan, ledger::writes, limiter::slots, upload::import, fleet::database
}
criterion_main!(all);
