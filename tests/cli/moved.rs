//! Numbers that go from one person to another while rolo remembers whose they were.

use serde_json::{Value, json};

use crate::held::{request, rolo};
use crate::world::{Said, Served, World, writes};

const PHONE: &str = "+447400000001";

/// An account in which Ana has a phone number and the tier "silver", as rolo sent them; since then the
/// number is Benito's, and Ana has another.
fn moved(service: &str) -> (World, Served) {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"{service}\"\nbase_url = \"{}/{service}\"\naccount_id = 1\ninbox_id = 1\n\
             token = {{ env = \"TOKEN\" }}\n",
            served.address
        ),
    );
    world.write("first.csv", &format!("Name,Phone,custom.tier\nAna,{PHONE},silver\n"));
    assert_eq!(rolo(&world, "import first.csv --to desk --yes").code, 0);
    let id = held(&served, service, "Ana")["id"].clone();
    request(&served, service, "PATCH", &format!("contacts/{id}"), &json!({ "phone_number": "+447400000002" }));
    request(&served, service, "POST", "contacts", &json!({ "name": "Benito", "phone_number": PHONE, "inbox_id": 1 }));
    world.write("people.csv", &format!("Phone,custom.tier\n{PHONE},gold\n"));
    (world, served)
}

fn held(served: &Served, service: &str, name: &str) -> Value {
    let listed = request(served, service, "GET", "contacts", &Value::Null);
    let contacts = listed["payload"].as_array().unwrap();
    contacts.iter().find(|contact| contact["name"] == name).unwrap_or_else(|| panic!("no {name}: {listed}")).clone()
}

fn tier(served: &Served, service: &str, name: &str) -> Value {
    held(served, service, name)["custom_attributes"]["tier"].clone()
}

fn import(world: &World, options: &str) -> Said {
    rolo(world, &format!("import people.csv --to desk --yes --json {options}"))
}

#[test]
fn remote_43_whoever_has_the_number_now_is_changed() {
    let (world, served) = moved("chatwoot");
    assert_eq!(import(&world, "").code, 0);
    assert_eq!(world.csv("people.results.csv")[0]["_outcome"], "updated");
    assert_eq!(tier(&served, "chatwoot", "Benito"), "gold");
    assert_eq!(tier(&served, "chatwoot", "Ana"), "silver");
}

#[test]
fn remote_43_a_change_that_reached_another_person_is_put_back_and_the_row_fails() {
    let (world, served) = moved("99digital");
    let said = import(&world, "");
    assert_eq!(said.code, 1, "{}{}", said.out, said.err);
    assert_eq!(writes(&crate::world::last_event(&said.out)), 2, "the change and its putting back");
    let row = &world.csv("people.results.csv")[0];
    let ana = held(&served, "99digital", "Ana");
    let words = format!(
        "contact {} has none of the row's identifiers any more, and the change of custom.tier reached it: it was put \
         back as it was last known; `--fresh` looks every contact up",
        ana["id"]
    );
    assert_eq!(
        (row["_outcome"].as_str(), row["_code"].as_str(), row["_message"].as_str()),
        ("failed", "contact.other_person", words.as_str())
    );
    assert_eq!(ana["custom_attributes"]["tier"], "silver");
    assert_eq!(tier(&served, "99digital", "Benito"), Value::Null);
    // What was put back is not put back again.
    assert_eq!(rolo(&world, "undo --yes").code, 0);
    assert_eq!(tier(&served, "99digital", "Ana"), "silver");
    assert_eq!(import(&world, "--fresh").code, 0);
    assert_eq!(tier(&served, "99digital", "Benito"), "gold");
    assert_eq!(tier(&served, "99digital", "Ana"), "silver");
}
