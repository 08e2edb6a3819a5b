//! Rows that name one contact, over a whole run, a retry and a mended file.

use crate::world::World;

const MAPPING: &str = "duplicates = \"merge\"\n[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
                       [columns.City]\nfield = \"city\"\n[columns.Labels]\ntags = \"add\"\n";

fn world(rows: &str) -> World {
    let world = World::new();
    world.write("people.csv", &format!("Phone,E-mail,City,Labels\n{rows}"));
    world.write("people.mapping.toml", MAPPING);
    world
}

fn told(world: &World, file: &str) -> Vec<String> {
    let row = |row: &crate::world::Row| format!("{} {} {}", row["_line"], row["_outcome"], row["_code"]);
    world.csv(file).iter().map(row).collect()
}

/// Phone, e-mail, city and tags of every contact of the sandbox.
fn held(world: &World) -> Vec<String> {
    let said = world.rolo("export held.csv --from sandbox:chatwoot --unthrottled --force -q");
    assert_eq!(said.code, 0, "{}", said.err);
    let contact = |row: &crate::world::Row| {
        let phone = row["phone"].trim_start_matches('\'').to_owned();
        [phone, row["email"].clone(), row["city"].clone(), row["tags"].clone()].join(" ")
    };
    let mut held: Vec<String> = world.csv("held.csv").iter().map(contact).collect();
    held.sort();
    held
}

#[test]
fn a_merged_contact_that_failed_is_sent_again_with_the_values_of_all_its_rows() {
    let world = world("+447400100001,,Leeds,vip\n+447400100001,one@m.example,,lead\n");
    // The first request with a body looks the contact up, the second creates it.
    let refused = "--fault status=422,method:POST,path:/contacts,nth:2,times:1";
    let first = world.rolo(&format!("import people.csv --to sandbox:chatwoot --unthrottled {refused}"));
    assert_eq!(first.code, 1, "{}", first.err);
    let outcomes = told(&world, "people.results.csv");
    assert_eq!(outcomes[0], "2 skipped duplicate.merged");
    assert!(outcomes[1].starts_with("3 failed"), "{outcomes:?}");
    let again = world.rolo("retry --unthrottled");
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(told(&world, "people.retry.csv"), ["3 created "]);
    assert_eq!(held(&world), ["+447400100001 one@m.example Leeds vip;lead"]);
}

#[test]
fn a_row_mended_after_its_group_was_sent_is_sent_itself() {
    let world = world("+447400100001,broken,York,\n+447400100001,one@m.example,,lead\n");
    let first = world.rolo("import people.csv --to sandbox:chatwoot --unthrottled");
    assert_eq!(first.code, 1, "{}", first.err);
    assert_eq!(told(&world, "people.results.csv"), ["2 rejected email.syntax", "3 created "]);
    let mended = world.read("people.results.csv").replace("broken", "one@m.example");
    world.write("mended.csv", &mended);
    let again = world.rolo("retry --with mended.csv --unthrottled");
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(told(&world, "people.retry.csv"), ["2 updated "]);
    assert_eq!(held(&world), ["+447400100001 one@m.example York lead"]);
}

#[test]
fn rows_that_a_condition_leaves_out_are_skipped_and_not_sent_by_a_retry() {
    let world = world("+447400100001,,Leeds,\nbroken,,Leeds,\n+447400100003,,York,\n");
    let mut command = world.command("import people.csv --to sandbox:chatwoot --unthrottled --only");
    let first = crate::world::said(command.arg("City = leeds"));
    assert_eq!(first.code, 1, "{}", first.err);
    let outcomes = told(&world, "people.results.csv");
    assert_eq!(outcomes, ["2 created ", "3 rejected phone.not_a_number", "4 skipped row.not_selected"]);
    assert!(first.err.contains("1 row, column City (line 4): row.not_selected: "));
    // The condition is part of the run: a mended row that doesn't meet it is left out as well.
    let mended = world.read("people.results.csv").replace("broken,,Leeds", "+447400100002,,York");
    world.write("mended.csv", &mended);
    let again = world.rolo("retry --with mended.csv --unthrottled");
    assert_eq!(told(&world, "people.retry.csv"), ["3 skipped row.not_selected"], "{}", again.err);
    assert_eq!(held(&world).len(), 1);
}
