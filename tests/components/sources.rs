//! Where rows come from: opened once, whatever becomes of the file meanwhile.

use std::path::Path;

use rolo::contact::Value;
use rolo::jobs::{MappingChoice, SourceSpec};
use rolo::services::{self, Service};
use rolo::table::{RowBatch, RowReader};
use rolo::validate::Validator;

fn source(path: &Path) -> SourceSpec {
    SourceSpec::of(path.to_owned())
}

fn service() -> Box<dyn Service> {
    let entry = services::ALL.first().unwrap();
    entry.connect_to_sandbox().unwrap()
}

fn names(source: &SourceSpec) -> String {
    let (mut reader, mut batch) = (source.open().unwrap(), RowBatch::new());
    reader.read(&mut batch, 10).unwrap();
    batch.rows().map(|row| row.cell(0).to_owned()).collect::<Vec<_>>().join(" ")
}

const OLD: &str = "Name,Phone\nAnn,+447400100101\nBob,+447400100102\n";
const NEW: &str = "Name,Phone\nCat,+447400100103\n";

#[test]
fn a_file_put_in_its_place_while_it_is_read_is_not_read_and_not_digested() {
    let folder = tempfile::tempdir().unwrap();
    let (path, other) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    std::fs::write(&path, OLD).unwrap();
    let source = source(&path);
    let mapped = source.map(service().as_ref(), None).unwrap();
    let before = source.fingerprints("import", "desk", &mapped.text).unwrap();
    std::fs::write(&other, NEW).unwrap();
    std::fs::rename(&other, &path).unwrap();
    assert_eq!(names(&source), "Ann Bob", "what is read is what was opened");
    let error = source.fingerprints("import", "desk", &mapped.text).unwrap_err();
    assert_eq!(error.message, format!("{} was replaced or changed while it was read", path.display()));
    // As whoever gives the command again has it.
    let again = self::source(&path);
    assert_eq!(names(&again), "Cat");
    assert_ne!(again.fingerprints("import", "desk", &mapped.text).unwrap(), before);
}

#[test]
fn a_file_that_is_written_to_while_it_is_read_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    std::fs::write(&path, OLD).unwrap();
    let source = source(&path);
    source.map(service().as_ref(), None).unwrap();
    std::fs::write(&path, [OLD, "Cat,+447400100103\n"].concat()).unwrap();
    assert!(source.fingerprints("import", "desk", "").is_err());
    let error = source.open().err().unwrap();
    assert_eq!(error.message, format!("{} was changed while it was read", path.display()));
}

#[test]
fn a_name_that_an_entry_leaves_out_empties_nothing_and_a_null_does() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.jsonl");
    let people = "{\"phone\": \"+447400100101\", \"city\": null}\n{\"phone\": \"+447400100102\"}\n";
    std::fs::write(&path, people).unwrap();
    let mapping = "[columns.phone]\nfield = \"phone\"\n[columns.city]\nfield = \"city\"\nblank = \"clear\"\n";
    let source = SourceSpec { mapping: MappingChoice::Text(mapping.into()), ..source(&path) };
    let entry = services::find("chatwoot").unwrap();
    let service = entry.connect_to_sandbox().unwrap();
    let mapped = source.map(service.as_ref(), None).unwrap();
    let mut batch = RowBatch::new();
    source.open().unwrap().read(&mut batch, 10).unwrap();
    let contacts = Validator::new(mapped.forward).unwrap().check(&batch);
    let cities: Vec<Vec<Value>> = contacts
        .into_iter()
        .map(|contact| {
            let changes = contact.unwrap().fields.into_iter();
            changes.filter(|change| change.field.name() == "city").map(|change| change.value).collect()
        })
        .collect();
    assert_eq!(cities, [vec![Value::Clear], vec![]]);
}

fn holds_types(batch: &RowBatch) -> bool {
    batch.rows().any(|row| (0..row.len()).any(|column| row.typed(column).is_some()))
}

#[test]
fn what_cells_hold_beside_text_is_read_where_results_or_a_guess_have_a_use_for_it_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("book.xlsx");
    std::fs::write(&path, include_bytes!("../cases/64-xlsx-types.xlsx")).unwrap();
    let source = source(&path);
    let keeps_types = |mut reader: Box<dyn RowReader>| {
        let mut batch = RowBatch::new();
        reader.read(&mut batch, 10).unwrap();
        holds_types(&batch)
    };
    assert!(keeps_types(source.open_for(Path::new("results.xlsx")).unwrap()));
    assert!(!keeps_types(source.open_for(Path::new("results.csv")).unwrap()));
    let mapped = source.map(service().as_ref(), None).unwrap();
    assert!(holds_types(&mapped.sample.rows));
}
