//! What people changed at the service is believed before what rolo remembers, and two rows of one person
//! come one after the other.

use serde_json::{Value, json};

use crate::held::{holding, request, rolo};
use crate::world::{Row, Served, World, cells, last_event};

/// An account that holds these, with `people.csv` and its mapping beside.
struct Desk {
    world: World,
    served: Served,
}

impl Desk {
    fn holding(contacts: &[Value]) -> Self {
        let world = World::new();
        let served = holding(&world, contacts);
        Self { world, served }
    }

    fn import(&self, text: &str, options: &str, code: i32) -> (Value, Vec<Row>) {
        self.world.write("people.csv", text);
        let said = rolo(&self.world, &format!("import people.csv --to desk --yes --json {options}"));
        assert_eq!(said.code, code, "{}{}", said.out, said.err);
        (last_event(&said.out), self.world.csv("people.results.csv"))
    }

    /// All that the service holds of the contact with this address.
    fn held(&self, email: &str) -> Value {
        let listed = request(&self.served, "chatwoot", "GET", "contacts", &Value::Null);
        let contacts = listed["payload"].as_array().unwrap();
        contacts.iter().find(|one| one["email"] == email).unwrap_or_else(|| panic!("no {email}: {listed}")).clone()
    }

    fn edits(&self, email: &str, edit: &Value) {
        request(&self.served, "chatwoot", "PUT", &format!("contacts/{}", self.held(email)["id"]), edit);
    }

    fn labels(&self, email: &str) -> Vec<String> {
        let path = format!("contacts/{}/labels", self.held(email)["id"]);
        let answer = request(&self.served, "chatwoot", "GET", &path, &Value::Null);
        let mut labels: Vec<String> = serde_json::from_value(answer["payload"].clone()).unwrap();
        labels.sort();
        labels
    }
}

#[test]
fn remote_04_a_field_edited_by_hand_is_said_not_to_be_looked_at_or_put_right() {
    let desk = Desk::holding(&[]);
    let file = "Name,E-mail,custom.tier\nAnn,ann@b.example,gold\n";
    desk.import(file, "", 0);
    desk.edits("ann@b.example", &json!({ "custom_attributes": { "tier": "WRONG" } }));
    let (finished, rows) = desk.import(file, "", 0);
    assert_eq!((cells(&rows, "_outcome"), cells(&rows, "_code")), (vec!["unchanged"], vec!["contact.not_looked_at"]));
    assert!(rows[0]["_message"].starts_with("as sent on "), "{}", rows[0]["_message"]);
    assert_eq!(finished["calls"], json!({}));
    let (finished, rows) = desk.import(file, "--verify", 0);
    assert_eq!(cells(&rows, "_outcome"), ["updated"]);
    assert_eq!((&finished["looked_at"], &finished["drifted"]), (&json!(1), &json!(1)));
    assert_eq!(desk.held("ann@b.example")["custom_attributes"]["tier"], "gold");
}

/// Labels are read by a call of their own, and a look at all contacts leaves none out.
#[test]
fn a_label_taken_away_by_hand_is_found_by_whoever_looks_at_all() {
    let desk = Desk::holding(&[]);
    let file = "Name,E-mail,Tags\nAnn,ann@b.example,x;y\n";
    desk.import(file, "", 0);
    let looked = desk.import(file, "--verify", 0).0;
    assert_eq!((&looked["outcomes"]["unchanged"], &looked["drifted"]), (&json!(1), &json!(0)), "{looked}");
    let path = format!("contacts/{}/labels", desk.held("ann@b.example")["id"]);
    request(&desk.served, "chatwoot", "POST", &path, &json!({ "labels": ["x", "by-hand"] }));
    let looked = desk.import(file, "--verify", 0).0;
    assert_eq!((&looked["outcomes"]["updated"], &looked["drifted"]), (&json!(1), &json!(1)), "{looked}");
    assert_eq!(desk.labels("ann@b.example"), ["by-hand", "x", "y"]);
}

/// Where nobody is looked up, the answer to an update is the first to show the whole contact: what somebody changed
/// in it meanwhile is put right too, as the file always wins, and an undo gives it back.
#[test]
fn a_field_edited_by_hand_is_put_right_with_the_next_change_of_its_row() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.desk]\nservice = \"99digital\"\nbase_url = \"{}/99digital\"\naccount_id = 1\ninbox_id = 1\n\
             unthrottled = true\ntoken = {{ env = \"TOKEN\" }}\n",
            served.address
        ),
    );
    let import = |tier: &str| {
        world.write("people.csv", &format!("Name,E-mail,custom.tier\nAnn,ann@b.example,{tier}\n"));
        let said = rolo(&world, "--json import people.csv --to desk --yes");
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        last_event(&said.out)
    };
    let held = || {
        let listed = request(&served, "99digital", "GET", "contacts", &Value::Null);
        let ann = listed["payload"][0].clone();
        (ann["id"].clone(), ann["name"].clone(), ann["custom_attributes"]["tier"].clone())
    };
    import("gold");
    request(&served, "99digital", "PATCH", &format!("contacts/{}", held().0), &json!({ "name": "By Hand" }));
    let finished = import("tin");
    assert_eq!(
        (&finished["outcomes"]["updated"], &finished["calls"]),
        (&json!(1), &json!({ "update": 2 })),
        "{finished}"
    );
    assert_eq!((held().1, held().2), (json!("Ann"), json!("tin")));
    assert_eq!(import("tin")["calls"], json!({}));
    let undone = rolo(&world, &format!("undo {} --yes", finished["run"].as_str().unwrap()));
    assert_eq!(undone.code, 0, "{}{}", undone.out, undone.err);
    assert_eq!((held().1, held().2), (json!("By Hand"), json!("gold")));
}

#[test]
fn remote_06_who_opted_out_at_the_service_stays_opted_out() {
    let desk = Desk::holding(&[]);
    desk.world.write(
        "people.mapping.toml",
        "[columns.Name]\nfield = \"name\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
         [columns.\"Opt in\"]\nfield = \"custom.opt_in\"\noverwrite = \"if_empty\"\n",
    );
    // One whose consent was empty as far as anybody remembers, and one who had given it.
    desk.import("Name,E-mail,Opt in\nAnn,ann@b.example,yes\nBo,bo@b.example,\n", "", 0);
    for email in ["ann@b.example", "bo@b.example"] {
        desk.edits(email, &json!({ "custom_attributes": { "opt_in": "no" } }));
    }
    // The same people, another name, and an import that reads everything.
    for (name, options) in [("Ann", ""), ("Ann Lee", ""), ("Ann Lee", "--verify"), ("Ann", "--fresh")] {
        let file = format!("Name,E-mail,Opt in\n{name},ann@b.example,yes\nBo,bo@b.example,yes\n");
        desk.import(&file, options, 0);
        for email in ["ann@b.example", "bo@b.example"] {
            assert_eq!(desk.held(email)["custom_attributes"]["opt_in"], "no", "{email} {name} {options}");
        }
    }
}

#[test]
fn remote_09_two_rows_of_one_contact_keep_both_labels_and_the_later_name() {
    let desk = Desk::holding(&[json!({ "name": "Ann", "email": "ann@b.example", "phone_number": "+447400000001" })]);
    let file = "Name,Phone,E-mail,Tags\nAnn One,+447400000001,,one\nAnn Two,,ann@b.example,two\n";
    let (_, rows) = desk.import(file, "", 0);
    assert_eq!(cells(&rows, "_outcome"), ["updated", "updated"]);
    assert_eq!(desk.labels("ann@b.example"), ["one", "two"]);
    assert_eq!(desk.held("ann@b.example")["name"], "Ann Two");
    assert!(rows[1]["_message"].contains("line 2 leads to the same contact"), "{}", rows[1]["_message"]);
    let (finished, _) = desk.import(file, "", 0);
    assert_eq!(finished["outcomes"]["unchanged"], 2, "the same file again changes nothing");
    assert_eq!(desk.held("ann@b.example")["name"], "Ann Two");
}

#[test]
fn remote_10_a_row_of_two_people_names_both_and_writes_to_neither() {
    let desk = Desk::holding(&[
        json!({ "name": "Ann", "email": "ann@b.example", "phone_number": "+447400000001" }),
        json!({ "name": "Bo", "email": "bo@b.example", "phone_number": "+447400000002" }),
    ]);
    let before = [desk.held("ann@b.example"), desk.held("bo@b.example")];
    let (finished, rows) = desk.import("Name,Phone,E-mail\nBoth,+447400000001,bo@b.example\n", "", 1);
    assert_eq!((cells(&rows, "_outcome"), cells(&rows, "_code")), (vec!["failed"], vec!["contact.conflict"]));
    let named =
        |one: &Value| format!("{} ({}/chatwoot/app/accounts/1/contacts/{})", one["id"], desk.served.address, one["id"]);
    let words = format!(
        "the row's phone belongs to contact {} and its email to contact {}",
        named(&before[0]),
        named(&before[1])
    );
    assert!(rows[0]["_message"].starts_with(&words), "{}", rows[0]["_message"]);
    assert_eq!(crate::world::writes(&finished), 0);
    assert_eq!([desk.held("ann@b.example"), desk.held("bo@b.example")], before);
    let plan = rolo(&desk.world, "plan people.csv --to desk --live");
    let told = format!("{}{}", plan.out, plan.err);
    assert!(!told.contains("would be updated"), "{told}");
    assert!(told.contains("contact.conflict"), "{told}");
}

#[test]
fn remote_46_a_change_that_the_service_always_refuses_is_sent_once_and_fails_its_row_alone() {
    let people: Vec<Value> = (0..5)
        .map(|n| json!({ "name": format!("P{n}"), "email": format!("p{n}@b.example"), "phone_number": format!("+44740000000{n}") }))
        .collect();
    let desk = Desk::holding(&people);
    desk.world.write(
        "people.mapping.toml",
        "match = [\"email\"]\n[columns.\"E-mail\"]\nfield = \"email\"\n[columns.Phone]\nfield = \"phone\"\n",
    );
    // Four want the phone of somebody else, and one a free one.
    let rows: String =
        (0..5).map(|n| format!("p{n}@b.example,+44740000{:04}\n", if n == 4 { 99 } else { (n + 1) % 4 })).collect();
    let (finished, rows) = desk.import(&format!("E-mail,Phone\n{rows}"), "", 1);
    assert_eq!(cells(&rows, "_outcome"), ["failed", "failed", "failed", "failed", "updated"]);
    assert_eq!(cells(&rows[..4], "_code"), ["contact.conflict"; 4]);
    for (n, row) in rows[..4].iter().enumerate() {
        let named = |n: usize| {
            let id = desk.held(&format!("p{n}@b.example"))["id"].to_string();
            format!("contact {id} ({}/chatwoot/app/accounts/1/contacts/{id})", desk.served.address)
        };
        let words = format!("{} has it, and {} was not given that phone", named((n + 1) % 4), named(n));
        assert!(row["_message"].contains(&words), "{}", row["_message"]);
    }
    assert_eq!(finished["calls"]["update"], 5, "one for each row: {finished}");
    assert_eq!(finished["calls"]["find"], 1 + 4, "all rows, and each holder: {finished}");
}

#[test]
fn remote_running_a_label_set_by_hand_stays_when_tags_come_with_a_later_file() {
    let desk = Desk::holding(&[]);
    desk.import("Name,E-mail\nAnn,ann@b.example\n", "", 0);
    let path = format!("contacts/{}/labels", desk.held("ann@b.example")["id"]);
    request(&desk.served, "chatwoot", "POST", &path, &json!({ "labels": ["by-hand"] }));
    desk.import("Name,E-mail,Tags\nAnn,ann@b.example,x\n", "", 0);
    assert_eq!(desk.labels("ann@b.example"), ["by-hand", "x"]);
    // The same after an export, which remembers the labels that there were.
    assert_eq!(rolo(&desk.world, "export all.csv --from desk").code, 0);
    request(&desk.served, "chatwoot", "POST", &path, &json!({ "labels": ["x", "later"] }));
    desk.import("Name,E-mail,Tags\nAnn,ann@b.example,y\n", "", 0);
    assert_eq!(desk.labels("ann@b.example"), ["later", "x", "y"]);
}

#[test]
fn remote_running_a_row_that_was_refused_leads_nobody_astray_later() {
    let desk = Desk::holding(&[
        json!({ "name": "Ann", "email": "ann@b.example", "phone_number": "+447400000001" }),
        json!({ "name": "Bo", "email": "bo@b.example", "phone_number": "+447400000002" }),
    ]);
    desk.import("Name,Phone,E-mail\nBoth,+447400000002,ann@b.example\n", "", 1);
    let (_, rows) = desk.import("Name,E-mail\nAnn Two,ann@b.example\n", "", 0);
    assert_eq!(cells(&rows, "_outcome"), ["updated"]);
    assert_eq!(desk.held("ann@b.example")["name"], "Ann Two");
    assert_eq!(desk.held("bo@b.example")["name"], "Bo");
}

#[test]
fn remote_running_a_live_plan_of_what_is_held_says_unchanged() {
    let desk = Desk::holding(&[json!({ "name": "Ann", "email": "ann@b.example" })]);
    desk.import("Name,E-mail,Tags\nAnn,ann@b.example,x\n", "", 0);
    assert_eq!(rolo(&desk.world, "export all.csv --from desk").code, 0);
    desk.world.forget();
    for file in ["people.csv", "all.csv"] {
        let plan = rolo(&desk.world, &format!("plan {file} --to desk --live"));
        let told = format!("{}{}", plan.out, plan.err);
        assert_eq!(plan.code, 0, "{told}");
        assert!(told.contains("1  would stay unchanged"), "{file}: {told}");
    }
}

#[test]
fn remote_running_what_the_service_could_not_keep_is_refused_before_sending() {
    let desk = Desk::holding(&[]);
    let long = "x".repeat(256);
    let file = format!(
        "Name,E-mail,City,Tags,country_name\nAnn,ann@b.example,{long},,\nBo,bo@b.example,Oslo,{long},\n\
         Cy,cy@b.example,,,{long}\n"
    );
    let (finished, rows) = desk.import(&file, "", 1);
    assert_eq!(cells(&rows, "_outcome"), ["rejected"; 3], "{rows:?}");
    assert_eq!(finished["calls"], json!({}));
}

#[test]
fn remote_running_the_race_for_a_new_label_is_run_again() {
    let world = World::new();
    world.write("people.csv", "Name,E-mail,Tags\nAnn,ann@b.example,new\n");
    let finished = world.done("import people.csv --to sandbox:chatwoot --unthrottled --fault label-race");
    assert_eq!(finished["outcomes"]["created"], 1, "{finished}");
    world.done("export all.csv --from sandbox:chatwoot --unthrottled");
    assert_eq!(cells(&world.csv("all.csv"), "tags"), ["new"]);
}

#[test]
fn remote_19_a_label_with_a_comma_stays_one_label() {
    let desk = Desk::holding(&[json!({ "name": "Ann", "email": "ann@b.example" })]);
    desk.world.write(
        "people.mapping.toml",
        "[columns.Name]\nfield = \"name\"\n[columns.\"E-mail\"]\nfield = \"email\"\n[columns.Tags]\ntags = \"add\"\nseparator = \";\"\n",
    );
    desk.import("Name,E-mail,Tags\nAnn,ann@b.example,\"vip, gold;new\"\n", "", 0);
    assert_eq!(desk.labels("ann@b.example"), ["new", "vip, gold"]);
    desk.import("Name,E-mail,Tags\nAnn,ann@b.example,more\n", "", 0);
    assert_eq!(desk.labels("ann@b.example"), ["more", "new", "vip, gold"], "a held one is not split either");
}

#[test]
fn remote_28_the_one_meant_is_found_among_forty_that_are_alike() {
    let world = World::new();
    let rows: String = (0..40).map(|n| format!("Person {n},{n:02}ann@b.example\n")).collect();
    world.write("alike.csv", &format!("Name,E-mail\n{rows}Ann,ann@b.example\n"));
    world.done("import alike.csv --to sandbox:99digital --unthrottled");
    world.forget();
    world.write("people.csv", "Name,E-mail\nAnn Two,ann@b.example\n");
    let finished = world.done("import people.csv --to sandbox:99digital --unthrottled");
    assert_eq!(finished["outcomes"]["updated"], 1, "{finished}");
    world.done("export all.csv --from sandbox:99digital --unthrottled");
    assert_eq!(world.csv("all.csv").len(), 41);
}

#[test]
fn attack_12_a_remote_that_was_wiped_is_said_not_to_be_looked_at_and_filled_again_by_whoever_looks() {
    let world = World::new();
    world.write("people.csv", "Name,E-mail\nAnn,ann@b.example\nBo,bo@b.example\n");
    let import = "import people.csv --to sandbox:chatwoot --unthrottled";
    world.done(import);
    std::fs::remove_dir_all(world.path(".local/state/rolo/sandbox")).unwrap();
    let same = world.done(import);
    assert_eq!((&same["outcomes"]["unchanged"], &same["calls"]), (&json!(2), &json!({})), "{same}");
    assert_eq!(cells(&world.csv("people.results.csv"), "_code"), ["contact.not_looked_at"; 2]);
    let looked = world.done(&format!("{import} --verify"));
    assert_eq!(looked["outcomes"]["created"], 2, "{looked}");
    assert_eq!(world.done(import)["outcomes"]["unchanged"], 2);
}
