//! In, out and in again, for every service there is.

use serde_json::json;

use crate::world::{Row, World, calls, cells, writes};

const PEOPLE: &str = "\
first_name,last_name,phone,email,tags,custom.city
Ann,Archer,+447400123456,ann@example.org,vip|new,Leeds
Zoë,de la Cruz,+60123456789,zoe@example.org,,0042
李,娜,+8613800138000,li@example.org,a b,=1+1
";

/// What moves through one service, and what it calls its cells.
struct Trip {
    service: &'static str,
    source: &'static str,
    /// Options of an export, where the service can't list all.
    narrowed: &'static str,
    /// What an export has to show, by phone, in the order of the source.
    shown: &'static [(&'static str, &'static [&'static str])],
    /// A cell that is edited: its column, what it is made, and how it stands in the file.
    edited: (&'static str, &'static str),
    /// Calls of an import that changes nothing, by the service's documented way.
    looking: u64,
}

const PHONES: (&str, &[&str]) = ("phone", &["+447400123456", "+60123456789", "+8613800138000"]);
const EMAILS: (&str, &[&str]) = ("email", &["ann@example.org", "zoe@example.org", "li@example.org"]);
const NAMES: (&str, &[&str]) = ("name", &["Ann Archer", "Zoë de la Cruz", "李 娜"]);
const FIRST: (&str, &[&str]) = ("first_name", &["Ann", "Zoë", "李"]);
const LAST: (&str, &[&str]) = ("last_name", &["Archer", "de la Cruz", "娜"]);
const TAGS: (&str, &[&str]) = ("tags", &["vip;new", "", "a b"]);
const NO_LISTS: (&str, &[&str]) = ("lists", &["(no column)"; 3]);
const CITIES: (&str, &[&str]) = ("custom.city", &["Leeds", "0042", "=1+1"]);

fn by_phone(rows: &[Row], phones: &[&str]) -> Vec<Row> {
    let found = |phone: &&str| rows.iter().find(|row| row["phone"] == *phone).unwrap_or_else(|| panic!("{phone}"));
    phones.iter().map(|phone| found(phone).clone()).collect()
}

/// Every column but those that tell when the service was last talked to.
fn lasting(rows: &[Row]) -> Vec<Row> {
    let mut rows = rows.to_vec();
    for row in &mut rows {
        row.retain(|column, _| !["updated_at", "last_activity_at"].contains(&column.as_str()));
    }
    rows
}

fn travels(trip: &Trip) {
    let world = World::new();
    let Trip { service, narrowed, .. } = trip;
    world.write("people.csv", trip.source);
    let imported = world.done(&format!("import people.csv --to sandbox:{service} --unthrottled"));
    assert_eq!(imported["outcomes"]["failed"], 0, "{imported}");

    // Out, with nothing remembered.
    world.forget();
    let export = |name: &str| world.done(&format!("export {name} --from sandbox:{service} --unthrottled {narrowed}"));
    let exported = export("out.xlsx");
    export("out.csv");
    let rows = world.csv("out.csv");
    assert_eq!(exported["contacts"], rows.len(), "{exported}");
    assert_eq!(world.sheet("out.xlsx", "contacts"), rows);
    let found = by_phone(&rows, trip.shown[0].1);
    for (column, expected) in trip.shown {
        assert_eq!(cells(&found, column), *expected, "{service}: {column}");
    }
    for moment in rows.iter().filter_map(|row| row.get("created_at")) {
        assert!(moment.parse::<jiff::Timestamp>().is_ok(), "{moment}");
    }

    // In again, from either file: the export has told the ledger all there is.
    for name in ["out.csv", "out.xlsx"] {
        let again = world.done(&format!("import {name} --to sandbox:{service} --unthrottled"));
        assert_eq!(again["outcomes"]["unchanged"], rows.len(), "{service}: {again}");
        assert_eq!((writes(&again), calls(&again)), (0, trip.looking), "{service}: {again}");
    }

    // In again, with nothing remembered: calls may be needed, but nothing changes.
    world.forget();
    world.done(&format!("import out.csv --to sandbox:{service} --unthrottled"));
    export("after.csv");
    assert_eq!(lasting(&world.csv("after.csv")), lasting(&rows), "{service}");

    // One cell edited: one call.
    let (column, value) = trip.edited;
    let edited = edit(&world.read("after.csv"), column, value);
    world.write("edited.csv", &edited);
    let changed = world.done(&format!("import edited.csv --to sandbox:{service} --unthrottled"));
    assert_eq!((changed["outcomes"]["updated"].as_u64(), writes(&changed)), (Some(1), 1), "{service}: {changed}");
    assert_eq!(calls(&changed), 1 + trip.looking, "{service}: {changed}");
    export("last.csv");
    let mut expected = rows;
    expected[0].insert(column.to_owned(), value.to_owned());
    assert_eq!(lasting(&world.csv("last.csv")), lasting(&expected), "{service}");
}

/// The file with another value in one column of its first row.
fn edit(file: &str, column: &str, value: &str) -> String {
    let mut reader = csv::Reader::from_reader(file.as_bytes());
    let headers = reader.headers().unwrap().clone();
    let at = headers.iter().position(|header| header == column).unwrap();
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(&headers).unwrap();
    for (index, row) in reader.records().enumerate() {
        let row = row.unwrap();
        let cells = row.iter().enumerate().map(|(n, cell)| if (index, n) == (0, at) { value } else { cell });
        writer.write_record(cells).unwrap();
    }
    String::from_utf8(writer.into_inner().unwrap()).unwrap()
}

#[test]
fn respondio_gives_back_what_it_was_given() {
    let shown = &[PHONES, EMAILS, FIRST, LAST, TAGS, CITIES];
    let edited = ("custom.city", "York");
    travels(&Trip { service: "respondio", source: PEOPLE, narrowed: "", shown, edited, looking: 0 });
}

#[test]
fn respondio_v1_gives_back_what_it_was_given_by_a_field_that_they_share() {
    // A custom field that marks them stands in for the listing that this API lacks.
    let source = "\
first_name,last_name,phone,email,tags,custom.city
Ann,Archer,+447400123456,ann@example.org,vip|new,Leeds
Zoë,de la Cruz,+60123456789,zoe@example.org,,Leeds
李,娜,+8613800138000,li@example.org,a b,Leeds
";
    let shown = &[PHONES, EMAILS, FIRST, LAST, TAGS];
    let (narrowed, edited) = ("--where custom.city=Leeds", ("last_name", "Fletcher"));
    travels(&Trip { service: "respondio-v1", source, narrowed, shown, edited, looking: 0 });
}

#[test]
fn chatwoot_gives_back_what_it_was_given() {
    let shown = &[PHONES, EMAILS, NAMES, TAGS, CITIES];
    let edited = ("custom.city", "York");
    travels(&Trip { service: "chatwoot", source: PEOPLE, narrowed: "", shown, edited, looking: 0 });
}

#[test]
fn the_99digital_flavor_gives_back_all_but_tags_which_it_does_not_document() {
    let shown = &[PHONES, EMAILS, NAMES, CITIES];
    let edited = ("custom.city", "York");
    travels(&Trip { service: "99digital", source: PEOPLE, narrowed: "", shown, edited, looking: 0 });
}

#[test]
fn engagelab_gives_back_all_but_tags_which_it_does_not_document() {
    let shown = &[PHONES, EMAILS, NAMES, CITIES];
    let edited = ("name", "Ann Fletcher");
    travels(&Trip { service: "engagelab", source: PEOPLE, narrowed: "", shown, edited, looking: 0 });
}

#[test]
fn dmchamp_gives_back_the_contacts_that_a_file_names() {
    let source = "\
first_name,last_name,phone,email,tags,lists
Ann,Archer,+447400123456,ann@example.org,vip|new,list-1
Zoë,de la Cruz,+60123456789,zoe@example.org,,
李,娜,+8613800138000,li@example.org,a b,list-1;list-2
";
    // Lists are taken and never told, so no column says that there are none.
    let shown = &[PHONES, EMAILS, FIRST, LAST, TAGS, NO_LISTS];
    let (narrowed, edited) = ("--identifiers people.csv", ("last_name", "Fletcher"));
    travels(&Trip { service: "dmchamp", source, narrowed, shown, edited, looking: 0 });
}

#[test]
fn engagor_updates_the_contacts_it_has_and_gives_them_back() {
    // It has no create: these are there from the start, by service id, phone and e-mail.
    let source = "\
service_id,phone,email,company,tags,custom.plan
twitter/900001001,,,\"Ame, Lee\",vip|new,0042
,+12025550102,,Brown Ltd,,
,,chloe.costa@example.com,Costa,,silver
";
    let shown: &[(&str, &[&str])] = &[
        ("phone", &["+12025550101", "+12025550102", "+12025550103"]),
        ("company", &["Ame, Lee", "Brown Ltd", "Costa"]),
        ("service_id", &["twitter/900001001", "twitter/900001002", "twitter/900001003"]),
        ("tags", &["vip;new", "customer", ""]),
        ("custom.plan", &["0042", "", "silver"]),
        ("name", &["Ana Almeida", "Ben Brown", "Chloe Costa"]),
    ];
    // Each import lists what has changed since, as this service has no look-up.
    travels(&Trip { service: "engagor", source, narrowed: "", shown, edited: ("company", "Almeida"), looking: 1 });
}

#[test]
fn a_row_without_a_contact_fails_where_nothing_can_be_created() {
    let world = World::new();
    world.write("new.csv", "email,company\nnobody@example.org,X\nben.brown@example.com,Y\n");
    let said = world.rolo("--json import new.csv --to sandbox:engagor --unthrottled");
    assert_eq!(said.code, 1);
    let finished = crate::world::last_event(&said.out);
    assert_eq!(finished["codes"], json!({"contact.not_found": 1}));
    assert_eq!(finished["calls"], json!({"list": 1, "update": 1}));
}

#[test]
fn full_and_divided_names_are_converted_by_the_rule_that_the_documents_state() {
    let world = World::new();
    // One name here, two there: the last word is the last name, or all from a particle on.
    world.write("full.csv", "name,phone\nAna María García,+447400123456\nJuan de la Cruz,+60123456789\n");
    world.done("import full.csv --to sandbox:respondio --unthrottled");
    world.done("export parts.csv --from sandbox:respondio --columns phone,first_name,last_name --unthrottled");
    let rows = by_phone(&world.csv("parts.csv"), &["+447400123456", "+60123456789"]);
    assert_eq!(cells(&rows, "first_name"), ["Ana María", "Juan"]);
    assert_eq!(cells(&rows, "last_name"), ["García", "de la Cruz"]);
    // And back: the same full names.
    world.done("import parts.csv --to sandbox:chatwoot --unthrottled");
    world.done("export back.csv --from sandbox:chatwoot --columns phone,name,first_name,last_name --unthrottled");
    let back = by_phone(&world.csv("back.csv"), &["+447400123456", "+60123456789"]);
    assert_eq!(cells(&back, "name"), ["Ana María García", "Juan de la Cruz"]);
    assert_eq!(cells(&back, "first_name"), ["Ana María", "Juan"]);
}

#[test]
fn a_field_that_a_service_lacks_is_refused_or_sent_as_a_custom_one_if_the_mapping_says_so() {
    let world = World::new();
    world.write("people.csv", "phone,name,gender\n+447400123456,Ann,f\n");
    let mapping = |field: &str| {
        format!(
            "[columns.phone]\nfield = \"phone\"\n[columns.name]\nfield = \"name\"\n[columns.gender]\nfield = \"{field}\"\n"
        )
    };
    world.write("people.mapping.toml", &mapping("gender"));
    let refused = world.rolo("import people.csv --to sandbox:chatwoot --unthrottled");
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("gender") && refused.err.contains("chatwoot"), "{}", refused.err);
    world.write("people.mapping.toml", &mapping("custom.gender"));
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    world.done("export out.csv --from sandbox:chatwoot --columns name,custom.gender --unthrottled");
    assert_eq!(cells(&world.csv("out.csv"), "custom.gender"), ["f"]);
}
