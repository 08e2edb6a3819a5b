//! A person is removed from everything that rolo keeps, and nobody else is.

use crate::world::World;

const TO: &str = "--to sandbox:respondio --unthrottled -q";

fn files_with(world: &World, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![world.home().to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(world.home()).unwrap().display().to_string();
            // What the service holds, and the source itself, stay.
            if name.contains("sandbox") || name == "contacts.csv" {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if String::from_utf8_lossy(&std::fs::read(&path).unwrap()).contains(text) {
                found.push(name);
            }
        }
    }
    found
}

#[test]
fn attack_04_forgetting_one_after_another_keeps_every_line_of_the_results() {
    for results in ["r.csv", "r.xlsx"] {
        let world = World::new();
        let rows: String = (1..=6).map(|n| format!("P{n},+44740000000{n}\n")).collect();
        world.write("contacts.csv", &format!("First name,Phone\n{rows}"));
        world.done(&format!("import contacts.csv --results {results} {TO}"));
        for n in [2, 5, 3] {
            let said = world.rolo(&format!("forget +44740000000{n} --yes"));
            assert_eq!((said.code, said.out.contains(results)), (0, true), "{results}: {}{}", said.out, said.err);
        }
        let rows = if results == "r.csv" { world.csv(results) } else { world.sheet(results, "results") };
        let lines: Vec<&str> = rows.iter().map(|row| row["_line"].as_str()).collect();
        assert_eq!(lines, ["2", "3", "4", "5", "6", "7"], "{results}");
        let names: Vec<&str> = rows.iter().map(|row| row["First name"].as_str()).collect();
        assert_eq!(names, ["P1", "", "", "P4", "", "P6"], "{results}");
        assert!(rows.iter().all(|row| row["_outcome"] == "created"), "{results}");
    }
}

#[test]
fn attack_06_a_person_goes_from_messages_pages_and_leftovers_and_nobody_else_does() {
    let world = World::new();
    world.write(
        "contacts.csv",
        "First name,Phone,Email,Note\n\
         Ann,call Ann-Secret,ann@example.org,\n\
         Bob,+447400000002,bob@example.org,ask ann@example.org\n\
         Joann,+447400000003,joann@example.org,\n",
    );
    world.write(
        "contacts.mapping.toml",
        "region = \"GB\"\n[columns.\"First name\"]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n\
         [columns.Email]\nfield = \"email\"\n[columns.Note]\nignore = true\n",
    );
    assert_eq!(world.rolo(&format!("import contacts.csv {TO}")).code, 1, "Ann's row is rejected for her phone");
    assert_eq!(world.rolo("report -o page.html").code, 0);
    world.write(".rolo-a1b2c3", "Ann,ann@example.org");
    for trace in ["ann@example.org", "Ann-Secret"] {
        assert!(!files_with(&world, trace).is_empty(), "{trace}");
    }
    let said = world.rolo("forget ann@example.org --yes");
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(files_with(&world, "Ann-Secret"), [""; 0]);
    let held: Vec<String> =
        files_with(&world, "ann@example.org").into_iter().filter(|name| !name.contains("results")).collect();
    assert_eq!(held, [""; 0]);
    let rows = world.csv("contacts.results.csv");
    let names: Vec<&str> = rows.iter().map(|row| row["First name"].as_str()).collect();
    assert_eq!(names, ["", "Bob", "Joann"]);
    assert_eq!(rows[1]["Note"], "ask [forgotten]");
    assert_eq!(rows[2]["Email"], "joann@example.org");
}

#[test]
fn attack_06_an_identifier_of_several_people_is_refused_and_one_of_them_can_be_chosen() {
    let world = World::new();
    world.write("contacts.csv", "First name,Phone,Email\nAnn,+447400000001,ann@example.org\n");
    world.done(&format!("import contacts.csv {TO}"));
    // Ann gets another number, and hers goes to Bob, who is somebody else.
    world.write("contacts.csv", "First name,Phone,Email\nAnn,+447400000009,ann@example.org\n");
    world.done(&format!("import contacts.csv {TO}"));
    world.write("b.csv", "First name,Phone,Email\nBob,+447400000001,bob@example.org\n");
    world.done(&format!("import b.csv --results bob.csv {TO}"));
    let said = world.rolo("forget +447400000001 --yes");
    assert_eq!(said.code, 2, "{}", said.out);
    assert!(said.err.contains("led to several contacts") && said.err.contains("rolo forget id:"), "{}", said.err);
    assert_eq!(world.csv("bob.csv")[0]["First name"], "Bob");
    let said = world.rolo("forget ann@example.org --yes");
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(world.csv("bob.csv")[0]["First name"], "Bob");
    assert_eq!(world.csv("contacts.results.csv")[0]["First name"], "");
}

#[test]
fn a_person_goes_from_the_results_of_a_run_that_sent_nothing_about_them() {
    let world = World::new();
    let head = "First name,Phone,Email\n";
    world.write(
        "contacts.csv",
        &format!("{head}Ann,+447400000001,ann@example.org\nBob,+447400000002,bob@example.org\n"),
    );
    world.done(&format!("import contacts.csv {TO}"));
    // By her e-mail alone, and twice, so that the last of these runs sends nothing.
    world.write("by-mail.csv", "First name,Email\nAnn,ann@example.org\nBob,bob@example.org\n");
    world.done(&format!("import by-mail.csv {TO}"));
    world.done(&format!("import by-mail.csv --results again.csv {TO}"));
    let outcomes = |rows: Vec<std::collections::BTreeMap<String, String>>| {
        rows.into_iter().map(|row| (row["_outcome"].clone(), row["Email"].clone())).collect::<Vec<_>>()
    };
    let unchanged = |email: &str| ("unchanged".to_owned(), email.to_owned());
    assert_eq!(outcomes(world.csv("again.csv")), [unchanged("ann@example.org"), unchanged("bob@example.org")]);
    // The file does not name her phone: that these rows are hers, the ids of her contact tell.
    let said = world.rolo("forget +447400000001 --yes");
    assert_eq!(said.code, 0, "{}", said.err);
    assert_eq!(outcomes(world.csv("again.csv")), [unchanged(""), unchanged("bob@example.org")]);
}

#[test]
fn what_a_person_still_stands_in_is_named_and_left_as_it_is() {
    let world = World::new();
    let head = "First name,Phone,Email\n";
    let people = format!("{head}Ann,+447400000001,ann@example.org\nBob,+447400000002,bob@example.org\n");
    world.write("contacts.csv", &people);
    world.done(&format!("import contacts.csv {TO}"));
    // She stands in it by her phone alone, which the e-mail address can't tell.
    world.write("by-phone.csv", "First name,Phone\nAnn,+447400000001\n");
    world.done(&format!("import by-phone.csv {TO}"));
    world.write("others.csv", "First name,Phone\nCy,+447400000003\n");
    world.done(&format!("import others.csv {TO}"));
    world.write("gone.csv", &people);
    world.done(&format!("import gone.csv {TO}"));
    std::fs::remove_file(world.path("gone.csv")).unwrap();
    // What came on standard input is rolo's own, and goes.
    let piped = format!("import - {TO} --results piped.csv");
    let mut piped = world.command(&piped);
    let kept = world.path("contacts.csv");
    let said = crate::world::said(piped.stdin(std::fs::File::open(kept).unwrap()));
    assert_eq!(said.code, 0, "{}", said.err);
    let said = world.rolo("forget ann@example.org --yes");
    assert_eq!(said.code, 0, "{}", said.err);
    let still: Vec<&str> = said.out.lines().filter_map(|line| line.strip_prefix("still holds the person: ")).collect();
    let path = |name: &str| world.path(name).canonicalize().unwrap().display().to_string();
    assert_eq!(still, [path("by-phone.csv"), path("contacts.csv")], "{}", said.out);
    assert!(said.out.contains("the next import brings them back"), "{}", said.out);
    assert!(!said.out.contains("ann@") && !said.out.contains("447400000001"), "{}", said.out);
    assert_eq!(world.read("contacts.csv"), people);
    assert_eq!(std::fs::read_dir(world.path(".local/state/rolo/input")).unwrap().count(), 0);
    // Taken out of them, nothing is left to be said.
    world.write("contacts.csv", &format!("{head}Bob,+447400000002,bob@example.org\n"));
    std::fs::remove_file(world.path("by-phone.csv")).unwrap();
    let said = world.rolo("forget ann@example.org --yes");
    assert!(said.code == 0 && !said.out.contains("still holds"), "{}", said.out);
}
