//! Names and values that are out of the ordinary: stored as they are, or told before anything is sent.

use crate::held::{holding, request, rolo};
use crate::world::{World, cells, last_event, sorted_by, writes};

/// Names that people give custom fields, one of them the way a header states a type.
const NAMES: [&str; 9] = ["shoe size", "a.b", "🎈 day", "id", "name", "Straße", "größe", "n:number", "Ünïcode: text"];

/// The header of a column that feeds the field of this name with texts.
fn header(name: &str) -> String {
    if name.contains(':') { format!("\"custom.{name}:text\"") } else { format!("custom.{name}") }
}

#[test]
fn remote_20_custom_fields_of_odd_names_are_stored_and_go_back_unchanged() {
    for (service, import_options, export_options) in [
        ("chatwoot", "", ""),
        ("99digital", "", ""),
        ("engagelab", "", ""),
        ("respondio", "--create-fields", ""),
        ("respondio-v1", "", "--where custom.id=id.1"),
    ] {
        let world = World::new();
        let headers: Vec<_> = NAMES.iter().map(|name| header(name)).collect();
        let row = |n: usize| {
            let cells: Vec<_> =
                NAMES.iter().map(|name| format!("{name}.{}", if *name == "id" { 1 } else { n })).collect();
            format!("P{n},p{n}@odd.example,+44740000000{n},{}\n", cells.join(","))
        };
        world.write("people.csv", &format!("first_name,email,phone,{}\n{}{}", headers.join(","), row(1), row(2)));
        let to = format!("--to sandbox:{service} --unthrottled");
        let created = world.done(&format!("import people.csv {to} {import_options}"));
        assert_eq!(created["outcomes"]["created"], 2, "{service}: {created}");
        world.done(&format!("export out.csv --from sandbox:{service} --unthrottled {export_options}"));
        let rows = sorted_by("email", world.csv("out.csv"));
        for name in NAMES {
            let column = header(name);
            let (first, second) = (format!("{name}.1"), format!("{name}.{}", if name == "id" { 1 } else { 2 }));
            assert_eq!(cells(&rows, column.trim_matches('"')), [first, second], "{service}: {name}");
        }
        world.forget();
        let again = world.done(&format!("import out.csv {to}"));
        assert_eq!(writes(&again), 0, "{service}: {again}");
        assert_eq!(again["outcomes"]["unchanged"], 2, "{service}: {again}");
    }
}

#[test]
fn remote_21_values_that_a_fields_type_can_not_take_are_all_told_before_anything_is_sent() {
    let world = World::new();
    world.write(
        "people.csv",
        "first_name,email,custom.plan,custom.score,custom.birthday,custom.newsletter\n\
         Ann,ann@odd.example,platinum,\"1,234\",2026-02-30,maybe\n\
         Ben,ben@odd.example,gold,12,2026-02-28,yes\n\
         Cho,cho@odd.example,bronze,many,30 Feb 2026,perhaps\n",
    );
    let wrong = [
        ["value.not_a_choice", "value.ambiguous_number", "value.not_a_date", "value.not_a_boolean"],
        ["value.not_a_choice", "value.not_a_number", "value.not_a_date", "value.not_a_boolean"],
    ];
    let people = "people.csv --to sandbox:respondio --unthrottled";
    let plan = world.rolo(&format!("--json plan {people}"));
    let told: serde_json::Value =
        serde_json::from_str(plan.out.lines().rfind(|line| line.contains("\"event\":\"plan\"")).unwrap()).unwrap();
    assert_eq!(told["outcomes"]["rejected"], 2, "{told}");
    let import = world.rolo(&format!("--json import {people}"));
    assert_eq!(import.code, 1, "{}{}", import.out, import.err);
    let finished = last_event(&import.out);
    assert_eq!((&finished["outcomes"]["created"], writes(&finished)), (&1.into(), 1), "{finished}");
    let rows = world.csv("people.results.csv");
    assert_eq!(cells(&rows, "_outcome"), ["rejected", "created", "rejected"]);
    for (row, wrong) in [&rows[0], &rows[2]].into_iter().zip(wrong) {
        for (code, value) in
            wrong.into_iter().zip(["custom.plan", "custom.score", "custom.birthday", "custom.newsletter"])
        {
            assert!(row["_code"].contains(code), "{value}: {row:?}");
            assert!(row["_message"].contains(&row[value]), "{value}: {row:?}");
        }
    }
}

/// The service keeps another form than it was sent: that is no difference between the file and the service.
#[test]
fn remote_56_a_value_that_the_service_trims_is_sent_once_and_then_is_quiet() {
    let world = World::new();
    world.write("people.csv", "Name,E-mail,custom.note\nAnn,ann@odd.example,two  spaces\n");
    let import = "import people.csv --to sandbox:chatwoot --unthrottled --fault squeezed";
    let first = world.done(import);
    assert_eq!(first["outcomes"]["created"], 1, "{first}");
    for options in ["", ""] {
        let again = world.done(&format!("{import} {options}"));
        assert_eq!((&again["outcomes"]["unchanged"], writes(&again)), (&1.into(), 0), "{options}: {again}");
    }
    // Without a memory nobody knows that the service was sent this: once more, and then quiet again.
    let fresh = world.done(&format!("{import} --fresh"));
    assert_eq!((&fresh["outcomes"]["updated"], writes(&fresh)), (&1.into(), 1), "{fresh}");
    let again = world.done(import);
    assert_eq!((&again["outcomes"]["unchanged"], writes(&again)), (&1.into(), 0), "{again}");
    world.done("export out.csv --from sandbox:chatwoot --unthrottled");
    assert_eq!(cells(&world.csv("out.csv"), "custom.note"), ["two spaces"]);
    // What somebody changes there since is another matter.
    let desk = World::new();
    let served = holding(&desk, &[serde_json::json!({ "name": "Ann", "email": "ann@odd.example" })]);
    desk.write("people.csv", "E-mail,custom.note\nann@odd.example,two  spaces\n");
    assert_eq!(rolo(&desk, "import people.csv --to desk --yes").code, 0);
    let listed = request(&served, "chatwoot", "GET", "contacts", &serde_json::Value::Null);
    let id = &listed["payload"][0]["id"];
    let edit = serde_json::json!({ "custom_attributes": { "note": "two spaces" } });
    request(&served, "chatwoot", "PUT", &format!("contacts/{id}"), &edit);
    let put_right = rolo(&desk, "import people.csv --to desk --yes --verify --json");
    assert_eq!(last_event(&put_right.out)["outcomes"]["updated"], 1, "{}", put_right.out);
}

/// What a service made of what it was sent is no change of somebody's: not where the answer to the write showed
/// it, and not where the next look is the first to.
#[test]
fn a_value_that_the_service_trims_has_not_drifted_and_an_undo_knows_it_for_its_own() {
    for service in ["chatwoot", "99digital", "engagelab", "respondio", "respondio-v1", "dmchamp"] {
        let world = World::new();
        let account = format!("--to sandbox:{service} --unthrottled --fault squeezed");
        let header = "first_name,last_name,phone,email";
        let person = |name: &str| format!("{header}\nAnn,{name},+447400000001,ann@odd.example\n");
        world.write("people.csv", &person("of  the  Lee"));
        let first = world.done(&format!("import people.csv {account}"));
        assert_eq!(first["outcomes"]["created"], 1, "{service}: {first}");
        let verify = |night: &str| {
            let looked = world.done(&format!("import people.csv {account} --verify"));
            assert_eq!(looked["outcomes"]["unchanged"], 1, "{service}, {night}: {looked}");
            assert_eq!((writes(&looked), &looked["drifted"]), (0, &0.into()), "{service}, {night}: {looked}");
            assert_eq!(looked["looked_at"], 1, "{service}, {night}: {looked}");
        };
        verify("the first night");
        verify("the night after");
        // An export shows it as it is stored, and teaches nothing else.
        if matches!(service, "chatwoot" | "99digital" | "engagelab" | "respondio") {
            world.done(&format!("export all.csv --from sandbox:{service} --unthrottled"));
            let again = world.done(&format!("import people.csv {account}"));
            assert_eq!(again["calls"], serde_json::json!({}), "{service}, after an export: {again}");
        }
        // An update, and that taken back.
        world.write("people.csv", &person("of  the  Low"));
        let changed = world.done(&format!("import people.csv {account}"));
        assert_eq!(changed["outcomes"]["updated"], 1, "{service}: {changed}");
        let run = changed["run"].as_str().unwrap().to_owned();
        verify("after an update");
        let undo = world.rolo(&format!("undo {run} --yes"));
        assert_eq!(undo.code, 0, "{service}: {}{}", undo.out, undo.err);
        assert!(!undo.out.contains("changed since"), "{service}: {}", undo.out);
    }
}

/// Whatever a contact is addressed by: what a run has changed is not changed again by the same file.
#[test]
fn an_update_is_remembered_and_the_same_file_makes_no_call() {
    for service in ["chatwoot", "99digital", "engagelab", "respondio", "respondio-v1", "dmchamp"] {
        let world = World::new();
        let import = format!("import people.csv --to sandbox:{service} --unthrottled");
        let tags = if matches!(service, "99digital" | "engagelab") { ["", "", ""] } else { ["a", "a;b", "a;b;c"] };
        let mut told = Vec::new();
        for (name, tags) in ["Lee", "Low", "Low"].into_iter().zip(tags) {
            let header = "first_name,last_name,phone,email,tags";
            world.write("people.csv", &format!("{header}\nAnn,{name},+447400000001,ann@odd.example,{tags}\n"));
            told.push(world.done(&import));
            let again = world.done(&import);
            assert_eq!(again["calls"], serde_json::json!({}), "{service}, {name}, {tags}: {again}");
            assert_eq!(again["outcomes"]["unchanged"], 1, "{service}, {name}, {tags}: {again}");
        }
        assert_eq!(
            (&told[0]["outcomes"]["created"], &told[1]["outcomes"]["updated"]),
            (&1.into(), &1.into()),
            "{service}"
        );
    }
}
