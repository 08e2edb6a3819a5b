//! What a code means, in words.

use serde_json::Value;

use crate::world::{World, cells};

#[test]
fn a_code_of_a_row_and_an_exit_code_are_explained() {
    let world = World::new();
    let row = world.rolo("explain phone.no_country");
    assert_eq!(row.code, 0, "{}", row.err);
    let lines: Vec<&str> = row.out.lines().collect();
    assert_eq!(lines[0], "phone.no_country");
    assert!(lines[1].starts_with("  means: no `+` and no country code"), "{}", row.out);
    assert!(lines[2].starts_with("  to do: write `+` and the country code"), "{}", row.out);
    let exit = world.rolo("explain 5");
    assert!(exit.out.contains("already under way"), "{}", exit.out);
}

#[test]
fn what_is_no_code_is_refused_with_the_one_that_is_near() {
    let world = World::new();
    let said = world.rolo("explain phone.no_contry");
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains("hint: did you mean phone.no_country?"), "{}", said.err);
    let said = world.rolo("explain 6");
    assert_eq!(said.code, 2);
    assert!(said.err.contains("`rolo explain` lists them all"), "{}", said.err);
}

#[test]
fn every_code_that_a_results_file_holds_is_in_the_list() {
    let world = World::new();
    world.write("people.csv", "Phone,E-mail\n12,a@b\n,\n+60123456789,ann@example.org\n+60123456789,ann@example.org\n");
    world.rolo("check people.csv --results results.csv");
    let results = world.csv("results.csv");
    let codes: Vec<&str> = cells(&results, "_code").into_iter().flat_map(|codes| codes.split(" | ")).collect();
    let list: Vec<Value> =
        world.rolo("explain --json").out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let held: Vec<&&str> = codes.iter().filter(|code| !code.is_empty()).collect();
    assert!(held.len() >= 3, "{codes:?}");
    for code in held {
        assert!(list.iter().any(|one| one["code"] == **code), "{code}");
    }
}
