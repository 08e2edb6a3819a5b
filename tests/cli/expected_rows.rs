//! A job that expects about as many rows as the night before.

use crate::world::World;

fn people(rows: u64) -> String {
    let row = |n| format!("Ann {n},ann{n}@example.org\n");
    format!("Name,E-mail\n{}", (0..rows).map(row).collect::<String>())
}

fn job(world: &World, more: &str) {
    world.write("rolo.toml", &format!("[jobs.nightly]\nimport = \"people.csv\"\nto = \"sandbox:chatwoot\"\n{more}\n"));
}

fn sends_nothing(world: &World, words: &str) {
    let said = world.rolo("run nightly");
    assert_eq!(said.code, 3, "{}{}", said.out, said.err);
    assert!(said.err.contains(words), "{}", said.err);
    assert!(said.err.contains("hint: nothing was sent; look whether the file was cut off"), "{}", said.err);
    let runs = world.rolo("runs --json").out;
    let latest: serde_json::Value = serde_json::from_str(runs.lines().next().unwrap()).unwrap();
    assert_eq!((&latest["state"], &latest["job"]), (&"failed".into(), &"nightly".into()), "it leaves a trace");
    let sent = runs.lines().filter(|run| run.contains("\"finished\"")).count();
    assert_eq!(sent, 1, "only the first night sent anything: {runs}");
}

#[test]
fn a_file_that_was_cut_off_is_not_sent_and_one_that_shrank_a_little_is() {
    let world = World::new();
    job(&world, "expect_rows = \"80%\"");
    world.write("people.csv", &people(10));
    assert_eq!(world.rolo("run nightly").code, 0, "there is no night before the first");
    world.write("people.csv", &people(7));
    sends_nothing(&world, "people.csv has 7 rows, and expect_rows asks for 80% of the 10 that the run of");
    world.write("people.csv", &people(0));
    let empty = world.rolo("run nightly");
    assert_eq!(empty.code, 2, "{}", empty.err);
    assert!(empty.err.contains("people.csv has a header and no rows"), "{}", empty.err);
    world.write("people.csv", &people(8));
    assert_eq!(world.rolo("run nightly").code, 0);
    // By hand nobody asks, and what it read is what the next night is held to.
    world.write("people.csv", &people(2));
    assert_eq!(world.rolo("import people.csv --to sandbox:chatwoot").code, 0);
    assert_eq!(world.rolo("run nightly").code, 0);
}

#[test]
fn another_file_and_another_account_are_no_night_before() {
    let world = World::new();
    job(&world, "expect_rows = \"80%\"");
    world.write("others.csv", &people(10));
    assert_eq!(world.rolo("import others.csv --to sandbox:chatwoot").code, 0);
    world.write("people.csv", &people(9));
    assert_eq!(world.rolo("import people.csv --to sandbox:respondio").code, 0);
    world.write("people.csv", &people(1));
    assert_eq!(world.rolo("run nightly").code, 0);
}

#[test]
fn a_count_holds_from_the_first_night_on_and_what_is_neither_is_refused() {
    let world = World::new();
    world.write("people.csv", &people(3));
    job(&world, "");
    assert_eq!(world.rolo("run nightly").code, 0);
    job(&world, "expect_rows = 4");
    sends_nothing(&world, "people.csv has 3 rows, and expect_rows asks for 4");
    job(&world, "expect_rows = \"most\"");
    let said = world.rolo("run nightly");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("rolo.toml:4:15: expect_rows of [jobs.nightly]: not a threshold: most"), "{}", said.err);
}
