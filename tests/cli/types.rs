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
