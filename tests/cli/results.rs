//! Results files are written where they harm nobody, and mended ones are kept.

use crate::world::{World, cells};

const PEOPLE: &str = "Name,Phone\nAnn Lee,+44 7400 100101\nBob Day,call office\n";

#[test]
fn a_file_that_rolo_did_not_write_is_left_and_another_name_is_said() {
    let world = World::new();
    world.write("contacts.csv", PEOPLE);
    world.write("elsewhere.csv", "somebody's work\n");
    std::os::unix::fs::symlink(world.path("elsewhere.csv"), world.path("contacts.results.csv")).unwrap();
    for command in ["check contacts.csv", "import contacts.csv --unthrottled"] {
        let said = world.rolo(command);
        assert_eq!(said.code, 1, "{}", said.err);
        assert_eq!(world.read("elsewhere.csv"), "somebody's work\n", "{command}");
        assert!(said.err.contains("contacts.results.csv was left"), "{}", said.err);
        assert!(said.err.contains("\nresults: contacts.results-2.csv\n"), "{}", said.err);
        assert!(said.err.contains("contacts.results-2.csv"), "the cure names the file: {}", said.err);
    }
    assert_eq!(cells(&world.csv("contacts.results-2.csv"), "_outcome"), ["created", "rejected"]);
    assert!(world.rolo("show").out.contains("contacts.results-2.csv"));
}

#[test]
fn results_are_written_anew_until_somebody_mends_them() {
    let world = World::new();
    world.write("contacts.csv", PEOPLE);
    for _ in 0..2 {
        let said = world.rolo("import contacts.csv --unthrottled");
        assert!(said.err.contains("\nresults: contacts.results.csv\n"), "{}", said.err);
    }
    assert!(!world.path("contacts.results-2.csv").exists());
    let mended = world.read("contacts.results.csv").replace("call office", "+44 7400 100102");
    world.write("contacts.results.csv", &mended);
    let said = world.rolo("import contacts.csv --unthrottled");
    assert!(said.err.contains("\nresults: contacts.results-2.csv\n"), "{}", said.err);
    assert_eq!(world.read("contacts.results.csv"), mended, "the mending is kept");
    // And goes on to be of use.
    let said = world.rolo("retry --with contacts.results.csv --unthrottled");
    assert_eq!(said.code, 0, "{}", said.err);
}

#[test]
fn a_person_is_forgotten_in_results_of_a_further_name_too() {
    let world = World::new();
    world.write("contacts.csv", PEOPLE);
    world.write("contacts.results.csv", "somebody's work\n");
    world.rolo("import contacts.csv --unthrottled");
    let said = world.rolo("forget +447400100101 --yes");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(!world.read("contacts.results-2.csv").contains("100101"));
    let said = world.rolo("import contacts.csv --unthrottled");
    assert!(said.err.contains("\nresults: contacts.results-2.csv\n"), "what rolo wrote stays its own: {}", said.err);
}

#[test]
fn a_job_keeps_dated_results_for_some_nights() {
    let world = World::new();
    world.write("contacts.csv", PEOPLE);
    world.write("rolo.toml", "[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"sandbox\"\nkeep_results = 2\n");
    let dated = || {
        let names = std::fs::read_dir(world.home()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name.starts_with("contacts.results."));
        names.sort();
        names
    };
    assert_eq!(world.rolo("run nightly").code, 1);
    let first = dated();
    assert_eq!(first.len(), 1, "{first:?}");
    let date = first[0].strip_prefix("contacts.results.").unwrap().strip_suffix(".csv").unwrap();
    assert_eq!(date.len(), "2026-11-21".len(), "{date}");
    // A second run of the same day replaces nothing.
    assert_eq!(world.rolo("run nightly").code, 1);
    assert!(dated().len() == 2 || dated().iter().any(|name| !name.contains(date)), "{:?}", dated());
    world.write("rolo.toml", "[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"sandbox\"\nkeep_results = 0\n");
    let said = world.rolo("run nightly");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("keep_results"), "{}", said.err);
}
