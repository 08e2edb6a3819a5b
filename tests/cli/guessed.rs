//! What a guess says of a file is so.

use crate::world::World;

const PEOPLE: &str = "Name,Phone,E-mail,Consent\n\
                      Ann Lee,012-345 6789,ann@a.example,yes\n\
                      Bob Day,012-345 6790,bob@a,no\n\
                      Cy Tan,012-345 6791,cy@a.example; cy@b.example,yes\n";

#[test]
fn a_country_that_is_stated_stands_in_the_mapping_that_is_written() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    let guess = world.rolo("guess people.csv --region Malaysia");
    assert_eq!(guess.code, 0, "{}", guess.err);
    let mapping = world.read("people.mapping.toml");
    assert!(mapping.contains("\nregion = \"MY\"\n"), "{mapping}");
    let check = world.rolo("check people.csv");
    assert!(check.err.contains("012-345 6789 → +60123456789"), "{}{}", check.out, check.err);
}

#[test]
fn addresses_that_no_row_could_send_are_not_counted_as_fitting() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    let check = world.rolo("check people.csv --region MY");
    assert!(check.err.contains("sure, 1 of 3 fit"), "{}", check.err);
    assert!(check.err.contains("3 rows = 1 skipped + 2 rejected"), "{}", check.err);
}

#[test]
fn a_column_that_rows_are_chosen_by_is_not_said_to_leave_nobody_out() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    let warning = "Consent says who may be written to, and nobody is left out for it";
    let all = world.rolo("check people.csv --region MY");
    assert!(all.err.contains(warning), "{}", all.err);
    let chosen = world.rolo("check people.csv --region MY --only Consent=yes");
    assert!(chosen.err.contains("row.not_selected"), "{}", chosen.err);
    assert!(!chosen.err.contains(warning), "{}", chosen.err);
}

#[test]
fn an_option_that_means_nothing_to_a_command_is_not_offered_and_said_to_be_unused() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    let help = world.rolo("guess --help").out;
    assert!(!help.contains("--results") && !help.contains("--mapping "), "{help}");
    let guess = world.rolo("guess people.csv --results r.csv --mapping m.toml");
    assert_eq!(guess.code, 0, "{}", guess.err);
    assert!(guess.err.contains("a guess writes no results: --results is not used"), "{}", guess.err);
    assert!(guess.err.contains("a guess reads no mapping: --mapping is not used"), "{}", guess.err);
    let help = world.rolo("plan --help").out;
    assert!(!help.contains("--results") && help.contains("--mapping "), "{help}");
    let plan = world.rolo("plan people.csv --results r.csv");
    assert!(plan.err.contains("a plan writes no results: --results is not used"), "{}", plan.err);
}

#[test]
fn what_a_plan_tells_of_rows_that_are_in_order_is_not_under_those_that_are_not() {
    let world = World::new();
    world.write("people.csv", "Name,E-mail,Phone\nAnn,ann@a.example,n/a\nBo,bo@b.example,\nCy,cy,\nPage 1 of 1\n");
    let plan = world.rolo("plan people.csv");
    let lines: Vec<&str> = plan.out.lines().collect();
    let at = |words: &str| lines.iter().position(|line| line.contains(words)).unwrap_or_else(|| panic!("{}", plan.out));
    assert!(at("email.syntax") < at("told of other rows, which are no errors"), "{}", plan.out);
    assert!(at("told of other rows") < at("row.footer") && at("told of other rows") < at("value.placeholder"));
    let json = world.rolo("plan people.csv --json").out;
    assert!(json.contains("\"told\":{\"row.footer\":1,\"value.placeholder\":1}"), "{json}");
}
