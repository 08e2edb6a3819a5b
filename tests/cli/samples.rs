//! Every sample, run as its own page tells; and what comes out, held against what the page promises.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::console::{Session, copy_folder};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("samples")
}

/// Runs the page of a sample in a copy of it; `after` looks at what is there then.
fn run(name: &str, after: impl FnOnce(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let sample = samples().join(name);
    copy_folder(&sample, folder.path());
    let commands = Session { page: &sample.join("README.md"), folder: folder.path(), home: home.path() }.run();
    assert!(commands > 0, "{name}");
    for entry in std::fs::read_dir(&sample).unwrap() {
        let expected = entry.unwrap().path();
        let file = expected.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(results) = file.strip_suffix(".expected.csv") {
            let results = std::fs::read_to_string(folder.path().join(format!("{results}.results.csv"))).unwrap();
            let expected = std::fs::read_to_string(&expected).unwrap();
            for (line, (is, should)) in results.lines().zip(expected.lines()).enumerate() {
                assert_eq!(is, should, "{name}/{file}, line {}", line + 1);
            }
            assert_eq!(results.len(), expected.len(), "{name}/{file}");
        }
    }
    after(folder.path());
}

/// The cells of one column of a results file.
fn column(file: &Path, name: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_path(file).unwrap();
    let at = reader.headers().unwrap().iter().position(|header| header == name).unwrap();
    reader.records().map(|record| record.unwrap()[at].to_owned()).collect()
}

#[test]
fn every_folder_is_a_sample_that_is_run_here() {
    let there: BTreeSet<_> = std::fs::read_dir(samples())
        .unwrap()
        .map(|entry| entry.unwrap())
        .filter(|entry| entry.file_type().unwrap().is_dir())
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    let run = ["first-import"];
    assert_eq!(there, run.map(str::to_owned).into());
}

#[test]
fn the_first_import_creates_what_is_usable_and_explains_the_rest() {
    run("first-import", |folder| {
        let outcomes = column(&folder.join("contacts.results.csv"), "_outcome");
        assert_eq!(outcomes.len(), 40);
        assert_eq!(outcomes.iter().filter(|outcome| *outcome == "rejected").count(), 5);
    });
}
