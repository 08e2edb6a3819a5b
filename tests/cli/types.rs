//! Custom fields keep their types on every way: out, in, over to another account, and back.

use serde_json::{Value, json};

use crate::held::{asked, holding, rolo};
use crate::world::{Served, World, cells, last_event, sorted_by, writes};

fn of_all_types() -> Vec<Value> {
    vec![
        json!({ "name": "Ann", "email": "ann@types.example", "custom_attributes": {
            "seats": 12, "ratio": 0.5, "vip": true, "langs": ["en", "ms"], "box": { "b": 1, "a": [2, null] },
            "none": null, "blank": "", "plan": "0042", "mixed": 7 } }),
        json!({ "name": "Ben", "email": "ben@types.example", "custom_attributes": {
            "seats": 3, "vip": false, "mixed": "7" } }),
    ]
}

/// The custom attributes of a contact as the service holds them.
fn attributes(served: &Served, name: &str) -> Value {
    let (_, body) = asked(served, "GET", "");
    let (from, to) = (body.find('{').unwrap(), body.rfind('}').unwrap());
    let listed: Value = serde_json::from_str(&body[from..=to]).unwrap();
    let contacts = listed["payload"].as_array().unwrap();
    contacts.iter().find(|contact| contact["name"] == name).unwrap()["custom_attributes"].clone()
}

fn done(world: &World, arguments: &str) -> Value {
    let said = rolo(world, &format!("{arguments} --json"));
    assert_eq!(said.code, 0, "{arguments}: {}{}", said.out, said.err);
    last_event(&said.out)
}

#[test]
fn an_export_says_the_types_and_goes_back_with_none_changed() {
    for file in ["out.csv", "out.xlsx", "out.jsonl"] {
        let world = World::new();
        let served = holding(&world, &of_all_types());
        let before = [attributes(&served, "Ann"), attributes(&served, "Ben")];
        done(&world, &format!("export {file} --from desk"));
        if file == "out.csv" {
            let headers = world.read(file).lines().next().unwrap().to_owned();
            for header in
                ["seats:number", "ratio:number", "vip:boolean", "langs:json", "box:json", "mixed:json", "plan,"]
            {
                assert!(headers.contains(&format!("custom.{header}")), "{header}: {headers}");
            }
        }
        let import = format!("import {file} --to desk --yes");
        assert_eq!(writes(&done(&world, &import)), 0, "{file}, remembered");
        world.forget();
        assert_eq!(writes(&done(&world, &import)), 0, "{file}, with a fresh ledger");
        assert_eq!([attributes(&served, "Ann"), attributes(&served, "Ben")], before, "{file}");
    }
}

#[test]
fn an_edited_cell_is_sent_in_its_type() {
    for fresh in [false, true] {
        let world = World::new();
        let served = holding(&world, &of_all_types());
        done(&world, "export out.csv --from desk");
        let edited = world
            .read("out.csv")
            .replace(",12,true", ",13,false")
            .replace(r#""[""en"",""ms""]""#, r#""[""en""]""#)
            .replace(",7,", ",8,");
        world.write("out.csv", &edited);
        if fresh {
            world.forget();
        }
        let told = done(&world, "import out.csv --to desk --yes");
        assert_eq!(told["outcomes"]["updated"], 1, "{told}");
        let expected = json!({
            "seats": 13, "ratio": 0.5, "vip": false, "langs": ["en"], "box": { "b": 1, "a": [2, null] },
            "none": null, "blank": "", "plan": "0042", "mixed": 8 });
        assert_eq!(attributes(&served, "Ann"), expected, "fresh: {fresh}");
        assert_eq!(attributes(&served, "Ben"), json!({ "seats": 3, "vip": false, "mixed": "7" }));
    }
}

/// A header that says no type: what the service holds says it.
#[test]
fn an_untyped_cell_is_sent_in_the_type_that_the_service_holds() {
    for fresh in [false, true] {
        let world = World::new();
        let served = holding(&world, &of_all_types());
        world.write(
            "new.csv",
            "email,custom.seats,custom.vip,custom.langs,custom.plan\n\
             ann@types.example,13,false,\"[\"\"en\"\",\"\"id\"\"]\",43\n",
        );
        if !fresh {
            done(&world, "export out.csv --from desk");
        }
        let told = done(&world, "import new.csv --to desk --yes");
        assert_eq!(told["outcomes"]["updated"], 1, "{told}");
        let held = attributes(&served, "Ann");
        assert_eq!(
            [&held["seats"], &held["vip"], &held["langs"], &held["plan"]],
            [&json!(13), &json!(false), &json!(["en", "id"]), &json!("43")],
            "fresh: {fresh}"
        );
    }
}

#[test]
fn undo_puts_back_the_type_and_tells_null_from_empty() {
    let world = World::new();
    let served = holding(&world, &of_all_types());
    let before = attributes(&served, "Ann");
    world.write(
        "night.csv",
        "email,custom.seats,custom.vip,custom.langs,custom.none,custom.blank,custom.fresh\n\
         ann@types.example,99,false,\"[\"\"id\"\"]\",now,full,new\n",
    );
    let told = done(&world, "import night.csv --to desk --yes --keep-before");
    assert_eq!(told["outcomes"]["updated"], 1, "{told}");
    assert_eq!(attributes(&served, "Ann")["seats"], json!(99));
    done(&world, "undo --yes");
    let mut after = attributes(&served, "Ann");
    // Whether a field that was not there is empty or absent afterwards is the service's matter.
    if after["fresh"].is_null() {
        after.as_object_mut().unwrap().remove("fresh");
    }
    assert_eq!(after, before);
}

#[test]
fn an_export_as_json_lines_is_matched_by_id_where_nothing_is_remembered() {
    let world = World::new();
    let served = holding(&world, &of_all_types());
    done(&world, "export out.jsonl --from desk");
    // The address by which the contact could be found otherwise is the very one that is changed.
    let text = world.read("out.jsonl");
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for line in lines.iter_mut().filter(|line| line["name"] == "Ann") {
        line["email"] = "ann.moved@example.org".into();
    }
    let changed: String = lines.iter().map(|line| format!("{line}\n")).collect();
    world.write("out.jsonl", &changed);
    let before = attributes(&served, "Ann");
    world.forget();
    let told = done(&world, "import out.jsonl --to desk --yes");
    assert_eq!((&told["outcomes"]["updated"], &told["outcomes"]["created"]), (&json!(1), &json!(0)), "{told}");
    assert_eq!(attributes(&served, "Ann"), before);
}

#[test]
fn remote_a_copy_between_two_accounts_keeps_the_types() {
    let world = World::new();
    let served = holding(&world, &of_all_types());
    done(&world, "copy --from desk --to sandbox:chatwoot");
    done(&world, "export copied.jsonl --from sandbox:chatwoot --unthrottled");
    let copied = world.read("copied.jsonl");
    let ann: Value = copied
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .find(|line: &Value| line["name"] == "Ann")
        .unwrap();
    let held = attributes(&served, "Ann");
    for (column, name) in [
        ("custom.seats:number", "seats"),
        ("custom.ratio:number", "ratio"),
        ("custom.vip:boolean", "vip"),
        ("custom.langs:json", "langs"),
        ("custom.box:json", "box"),
        ("custom.mixed:json", "mixed"),
        ("custom.plan", "plan"),
    ] {
        assert_eq!(ann[column], held[name], "{copied}");
    }
}

/// `1.234` is a thousand where another cell of its column shows that the comma is the decimal mark; where
/// no cell does, both readings are said.
#[test]
fn a_column_of_numbers_settles_its_decimal_mark_or_both_readings_are_said() {
    let world = World::new();
    world.write("comma.csv", "first_name,email,score\nAnn,ann@example.org,1.234\nBen,ben@example.org,\"12,5\"\n");
    world.done("import comma.csv --to sandbox:respondio --unthrottled");
    world.done("export out.csv --from sandbox:respondio --unthrottled");
    let rows = sorted_by("first_name", world.csv("out.csv"));
    assert_eq!(cells(&rows, "custom.score:number"), ["1234", "12.5"]);

    world.write("open.csv", "first_name,email,score\nAnn,ann@example.org,1.234\nBen,ben@example.org,7\n");
    let plan = world.rolo("plan open.csv --to sandbox:respondio --unthrottled");
    let words = "score: 1.234 is read with a decimal point, and could be 1234: write format = \"decimal-comma\"";
    assert!(plan.err.contains(words), "{}", plan.err);
    world.write("point.csv", "first_name,email,score\nAnn,ann@example.org,1.234\nBen,ben@example.org,7.5\n");
    let plan = world.rolo("plan point.csv --to sandbox:respondio --unthrottled");
    assert!(!plan.err.contains("could be"), "{}", plan.err);
}

/// The account's own definition says of which type a cell is where nothing that is held does: for a contact
/// that is new, for one matched by its id that holds none, and with nothing remembered.
#[test]
fn an_untyped_cell_is_sent_in_the_type_that_the_account_defines() {
    for (service, setting) in [
        ("chatwoot", ""),
        ("99digital", "custom_attribute_definitions = true\n"),
        ("engagelab", "custom_attribute_definitions = true\n"),
    ] {
        let world = World::new();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut options = rolo_sandbox::Options::new(|| std::time::UNIX_EPOCH.elapsed().unwrap());
        options.emulator.unthrottled = true;
        options.emulator.chatwoot.undocumented = true;
        options.services = vec![service.to_owned()];
        let sandbox = runtime.block_on(rolo_sandbox::start(options)).unwrap();
        let defined = |key: &str, kind: &str| json!({ "attribute_key": key, "attribute_display_name": key, "attribute_display_type": kind, "attribute_model": "contact_attribute" });
        let held =
            json!([{ "id": 7, "name": "Ann", "email": "ann@types.example", "custom_attributes": { "code": "1" } }]);
        let definitions = json!([
            defined("seats", "number"),
            defined("vip", "checkbox"),
            defined("code", "number"),
            defined("plan", "text")
        ]);
        sandbox.seed(service, json!({ "contacts": held, "definitions": definitions })).unwrap();
        let account = if service == "engagelab" { "search_lag = 0\n" } else { "account_id = 1\n" };
        world.write(
            "rolo.toml",
            &format!(
                "[accounts.desk]\nservice = \"{service}\"\nbase_url = \"{}\"\nunthrottled = true\ninbox_id = 1\n\
                 token = {{ env = \"TOKEN\" }}\n{account}{setting}",
                sandbox.base_url(service)
            ),
        );
        let token = if service == "engagelab" { "sandbox:sandbox" } else { "sandbox" };
        let import = |file: &str, options: &str| {
            let said = crate::world::said(
                world.command(&format!("--json import {file} --to desk --yes {options}")).env("TOKEN", token),
            );
            assert_eq!(said.code, 0, "{service}: {}{}", said.out, said.err);
            last_event(&said.out)
        };
        let attributes = |email: &str| {
            let contacts = sandbox.contacts(service);
            let found = contacts.as_array().unwrap().iter().find(|contact| contact["email"] == email);
            found.unwrap_or_else(|| panic!("{contacts}"))["custom_attributes"].clone()
        };
        world.write(
            "people.csv",
            "email,Name,custom.seats,custom.vip,custom.code,custom.plan,custom.more\n\
             ann@types.example,Ann,13,true,2,42,5\nben@types.example,Ben,007,maybe,3,43,6\ncy@types.example,Cy,-1.5,FALSE,4,44,7\n",
        );
        let told = import("people.csv", "");
        assert_eq!((&told["outcomes"]["created"], &told["outcomes"]["updated"]), (&json!(2), &json!(1)), "{told}");
        assert_eq!(told["calls"]["list fields"], 1, "{service}: read once for all: {told}");
        // What is held has the last word, text that says something else stays text, and so does what nobody defines.
        let ann = json!({ "code": "2", "seats": 13, "vip": true, "plan": "42", "more": "5" });
        assert_eq!(attributes("ann@types.example"), ann, "{service}");
        let ben = json!({ "seats": "007", "vip": "maybe", "code": 3, "plan": "43", "more": "6" });
        assert_eq!(attributes("ben@types.example"), ben, "{service}");
        let cy = json!({ "seats": -1.5, "vip": false, "code": 4, "plan": "44", "more": "7" });
        assert_eq!(attributes("cy@types.example"), cy, "{service}");
        // What rests on memory asks nothing, and neither does what is sent as words alone.
        assert_eq!(import("people.csv", "")["calls"], json!({}), "{service}");
        world.write("words.csv", "email,custom.plan\nann@types.example,gold\n");
        assert_eq!(import("words.csv", "")["calls"]["list fields"], Value::Null, "{service}");
        runtime.block_on(sandbox.stop());
    }
}

#[test]
fn a_contact_matched_by_its_id_with_a_fresh_ledger_gets_the_defined_type() {
    let world = World::new();
    let served = holding(&world, &of_all_types());
    let defined = json!({ "attribute_key": "age", "attribute_display_name": "Age", "attribute_display_type": 1, "attribute_model": 1 });
    crate::held::request(&served, "chatwoot", "POST", "custom_attribute_definitions", &defined);
    let listed = crate::held::request(&served, "chatwoot", "GET", "contacts", &Value::Null);
    let ann = listed["payload"].as_array().unwrap().iter().find(|one| one["name"] == "Ann").unwrap();
    world.write("by_id.csv", &format!("id,email,custom.age\n{},ann@types.example,41\n", ann["id"]));
    world.write(
        "by_id.mapping.toml",
        "match = [\"id\"]\n[columns.id]\nfield = \"id\"\n[columns.email]\nfield = \"email\"\n[columns.\"custom.age\"]\nfield = \"custom.age\"\n",
    );
    let accounts = world.read("rolo.toml");
    world.write("rolo.toml", &format!("{accounts}unthrottled = true\n"));
    // As a plan shows it, so it is sent.
    let plan = rolo(&world, "plan by_id.csv --to desk --live --save by_id.plan");
    assert!(plan.out.contains("list fields"), "{}{}", plan.out, plan.err);
    let told = done(&world, "import --plan by_id.plan --yes");
    assert_eq!(told["outcomes"]["updated"], 1, "{told}");
    assert_eq!(attributes(&served, "Ann")["age"], json!(41));
}
