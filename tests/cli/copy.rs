//! From one service to another, with the map of ids and a comparison.

use rolo::contact::RemoteId;
use rolo::journal::AccountNote;
use rolo::ledger::LedgerPlace;

use crate::world::{World, cells, last_event, sorted_by};

const PEOPLE: &str = "\
first_name,last_name,phone,email,tags,language,custom.city
Ann,Archer,+447400123456,ann@example.org,vip|new,en,Leeds
Zoë,de la Cruz,+60123456789,zoe@example.org,,ms,0042
";

fn remarks(finished: &serde_json::Value) -> String {
    let remarks = finished["remarks"].as_array().unwrap().iter().map(|text| text.as_str().unwrap());
    remarks.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_copy_converts_names_keeps_the_map_of_ids_and_lists_what_stays_behind() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    world.done("import people.csv --to sandbox:respondio --unthrottled");
    let told = world.done("copy --from sandbox:respondio --to sandbox:chatwoot --verify --unthrottled");
    assert_eq!((&told["command"], &told["outcomes"]["created"]), (&"copy".into(), &2.into()), "{told}");
    let words = remarks(&told);
    assert!(words.contains("not copied, as the mapping has no place for it: language (2 contacts)"), "{words}");
    assert!(words.contains("not copied, as only respondio itself sets it: created_at (2 contacts)"), "{words}");
    assert!(words.contains("compared: 0 the same, 2 different, 0 not there"), "{words}");

    let differences = world.csv("sandbox-respondio-to-sandbox-chatwoot.results.differences.csv");
    assert_eq!(cells(&differences, "field"), ["language", "language"]);
    assert_eq!(cells(&differences, "difference"), ["has no place on the service"; 2]);

    world.done("export out.csv --from sandbox:chatwoot --unthrottled");
    let rows = sorted_by("phone", world.csv("out.csv"));
    assert_eq!(cells(&rows, "name"), ["Ann Archer", "Zoë de la Cruz"]);
    assert_eq!(cells(&rows, "phone"), ["+447400123456", "+60123456789"]);
    assert_eq!(cells(&rows, "tags"), ["vip;new", ""]);
    assert_eq!(cells(&rows, "custom.city"), ["Leeds", "0042"]);

    let results = world.csv("sandbox-respondio-to-sandbox-chatwoot.results.csv");
    let ledger = LedgerPlace::in_folder(&world.path(".local/state/rolo")).open().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for row in &results {
        let note = AccountNote::CopyOf { account: "sandbox:respondio".into(), id: RemoteId(row["id"].clone()) };
        let note = runtime.block_on(ledger.note("sandbox:chatwoot", &note)).unwrap();
        assert_eq!(note.as_deref(), Some(row["_contact_id"].as_str()));
        assert!(cells(&rows, "id").contains(&row["_contact_id"].as_str()));
    }

    // Once more: nothing new, so nothing is sent.
    let again = world.done("copy --from sandbox:respondio --to sandbox:chatwoot --unthrottled");
    assert_eq!(again["outcomes"]["unchanged"], 2, "{again}");
    assert_eq!(again["calls"], serde_json::json!({}));
}

#[test]
fn a_copy_into_divided_names_and_back_keeps_every_value() {
    let world = World::new();
    world.write(
        "people.csv",
        "name,phone,email,tags,custom.city\nJuan de la Cruz,+447400123456,j@example.org,vip,007\n",
    );
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    let told = world.done("copy --from sandbox:chatwoot --to sandbox:respondio --verify --unthrottled");
    assert!(remarks(&told).contains("compared: 1 the same, 0 different, 0 not there"), "{told}");
    world.done("export out.csv --from sandbox:respondio --unthrottled");
    let row = &world.csv("out.csv")[0];
    let values =
        ["first_name", "last_name", "phone", "email", "tags", "custom.city"].map(|column| row[column].as_str());
    assert_eq!(values, ["Juan", "de la Cruz", "+447400123456", "j@example.org", "vip", "007"]);
}

#[test]
fn a_comparison_tells_what_somebody_changed_and_what_has_no_place() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    world.done("import people.csv --to sandbox:chatwoot --unthrottled");
    let told = world.done("copy --from sandbox:chatwoot --to sandbox:99digital --verify --unthrottled");
    let words = remarks(&told);
    assert!(words.contains("not copied, as the mapping has no place for it: tags (1 contact)"), "{words}");
    assert!(words.contains("compared: 1 the same, 1 different, 0 not there"), "{words}");
    let differences = world.csv("sandbox-chatwoot-to-sandbox-99digital.results.differences.csv");
    assert_eq!(cells(&differences, "field"), ["tags"]);
}

#[test]
fn nothing_to_copy_is_no_failure() {
    let world = World::new();
    let said = world.rolo("--json copy --from sandbox:respondio --to sandbox:chatwoot --unthrottled");
    assert_eq!(said.code, 0, "{}", said.err);
    assert!(said.err.contains("nothing to copy: sandbox:respondio has no such contact"), "{}", said.err);
    assert_eq!(last_event(&said.out)["contacts"], 0);
    let same = world.rolo("copy --from sandbox:chatwoot --to sandbox:chatwoot");
    assert_eq!((same.code, same.err.starts_with("error: an account can't be copied to itself")), (2, true));
}
