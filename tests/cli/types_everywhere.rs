//! Every service that has custom fields, every type it holds: through an export, an import with and without a
//! memory, a copy, and an undo.

use std::time::UNIX_EPOCH;

use rolo_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::world::{World, last_event, said, writes};

/// One service, what two contacts of it hold, and a file that changes the first of them.
struct Case {
    service: &'static str,
    /// Settings of an account beside its service, place and token.
    settings: &'static str,
    token: &'static str,
    /// Where in a contact, as the service itself shows it, its custom fields are.
    custom: &'static str,
    /// What names a contact's e-mail address there.
    contact: fn(&str, &Value) -> Value,
    held: fn() -> [Value; 2],
    /// Cells of the first contact in a file whose headers state no types, and what they become.
    edits: fn() -> Vec<(&'static str, &'static str, Value)>,
    /// Whether the service tells a contact that lacks a value from one whose value is null or empty.
    keeps_empty: bool,
    /// Whether the service can be asked for a contact by its id.
    found_by_id: bool,
    /// Whether the service can create contacts: otherwise the account that is copied to has them already.
    creates: bool,
    export: &'static str,
}

fn all_types() -> [Value; 2] {
    [
        json!({
            "seats": 12, "ratio": 0.5, "big": 9_007_199_254_740_993_u64, "vip": true, "off": false,
            "born": "2026-02-03", "langs": ["en", "ms"], "box": { "b": 1, "a": [2, null, { "c": "d" }] }, "bare": [],
            "none": null, "blank": "", "plan": "0042", "one": "1.0", "yes": "true", "mixed": 7, "not": "N/A",
            "n:number": "7", "word": "null", "brackets": "[1]"
        }),
        json!({ "seats": 3, "vip": false, "mixed": "7", "none": "x", "blank": "y", "bare": { "k": null } }),
    ]
}

fn edits_of_all_types() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("seats", "13", json!(13)),
        ("ratio", "0.75", json!(0.75)),
        ("vip", "false", json!(false)),
        ("off", "TRUE", json!(true)),
        ("born", "2026-02-04", json!("2026-02-04")),
        ("langs", "[\"en\"]", json!(["en"])),
        ("plan", "007", json!("007")),
        ("one", "2.0", json!("2.0")),
        ("yes", "false", json!("false")),
        ("none", "now", json!("now")),
        ("blank", "full", json!("full")),
    ]
}

fn chatwoot_like(email: &str, custom: &Value) -> Value {
    json!({ "name": email.split('@').next(), "email": email, "custom_attributes": custom })
}

fn respondio(email: &str, custom: &Value) -> Value {
    let pairs = custom.as_object().unwrap().iter().map(|(name, value)| json!({ "name": name, "value": value }));
    json!({ "firstName": "P", "email": email, "custom_fields": pairs.collect::<Vec<_>>() })
}

fn respondio_v1(email: &str, custom: &Value) -> Value {
    let mut custom = custom.clone();
    custom["email"] = json!(email);
    json!({ "custom_fields": custom })
}

fn engagor(email: &str, custom: &Value) -> Value {
    json!({ "name": email.split('@').next(), "email": email, "customattributes": custom })
}

fn cases() -> Vec<Case> {
    let chatwoot = |service, settings, token| Case {
        service,
        settings,
        token,
        custom: "custom_attributes",
        contact: chatwoot_like,
        held: all_types,
        edits: edits_of_all_types,
        keeps_empty: true,
        found_by_id: service != "engagelab",
        creates: true,
        export: "",
    };
    vec![
        chatwoot("chatwoot", "account_id = 1\ninbox_id = 1\n", "sandbox"),
        chatwoot("99digital", "account_id = 1\ninbox_id = 1\n", "sandbox"),
        chatwoot("engagelab", "inbox_id = 1\nsearch_lag = 0\n", "sandbox:sandbox"),
        Case {
            service: "respondio",
            settings: "search_lag = 0\n",
            token: "sandbox",
            custom: "custom_fields",
            contact: respondio,
            held: || {
                [
                    json!({ "company": "007", "city": "true", "notes": "1.0", "birthday": "2026-02-03", "preferred_time": "09:30",
                            "newsletter": true, "score": 12.5, "website": "https://example.org/a", "work_email": "a@b.example",
                            "plan": "gold" }),
                    json!({ "newsletter": false, "score": 3 }),
                ]
            },
            edits: || {
                vec![
                    ("company", "008", json!("008")),
                    ("city", "false", json!("false")),
                    ("notes", "2.0", json!("2.0")),
                    ("birthday", "2026-02-04", json!("2026-02-04")),
                    ("preferred_time", "10:30", json!("10:30")),
                    ("newsletter", "no", json!(false)),
                    ("score", "007", json!(7)),
                    ("plan", "Silver", json!("silver")),
                ]
            },
            keeps_empty: false,
            found_by_id: true,
            creates: true,
            export: "",
        },
        Case {
            service: "respondio-v1",
            settings: "search_lag = 0\n",
            token: "sandbox",
            custom: "custom_fields",
            contact: respondio_v1,
            held: || {
                [
                    json!({ "group": "all", "seats": "12", "vip": "true", "plan": "0042", "one": "1.0", "langs": "[\"en\"]" }),
                    json!({ "group": "all", "seats": "3" }),
                ]
            },
            edits: || {
                vec![
                    ("seats", "13", json!("13")),
                    ("vip", "false", json!("false")),
                    ("plan", "007", json!("007")),
                    ("one", "2.0", json!("2.0")),
                ]
            },
            keeps_empty: false,
            found_by_id: true,
            creates: true,
            export: "--where custom.group=all",
        },
        Case {
            service: "engagor",
            settings: "account_id = 1\ntopic_ids = \"1\"\n",
            token: "sandbox",
            custom: "customattributes",
            contact: engagor,
            // It is sent booleans as such, and all else as text.
            held: || {
                [
                    json!({ "seats": "12", "ratio": "0.5", "vip": true, "off": false, "plan": "0042", "one": "1.0",
                            "yes": "true", "born": "2026-02-03", "langs": "[\"en\"]", "word": "null", "not": "N/A" }),
                    json!({ "seats": "3", "vip": false }),
                ]
            },
            edits: || {
                vec![
                    ("seats", "13", json!("13")),
                    ("ratio", "0.75", json!("0.75")),
                    ("vip", "false", json!(false)),
                    ("off", "TRUE", json!(true)),
                    ("plan", "007", json!("007")),
                    ("one", "2.0", json!("2.0")),
                    ("yes", "false", json!("false")),
                    ("born", "2026-02-04", json!("2026-02-04")),
                    ("langs", "[\"ms\"]", json!("[\"ms\"]")),
                ]
            },
            keeps_empty: false,
            found_by_id: true,
            creates: false,
            export: "",
        },
    ]
}

/// Two accounts of one service, the first of which holds the case's contacts.
struct Pair<'a> {
    case: &'a Case,
    world: World,
    here: Sandbox,
    there: Sandbox,
    runtime: tokio::runtime::Runtime,
}

const EMAILS: [&str; 2] = ["ann@types.example", "ben@types.example"];

impl<'a> Pair<'a> {
    fn new(case: &'a Case) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let served = || {
            let mut options = Options::new(|| UNIX_EPOCH.elapsed().unwrap());
            options.emulator.unthrottled = true;
            options.services = vec![case.service.to_owned()];
            runtime.block_on(rolo_sandbox::start(options)).unwrap()
        };
        let (here, there) = (served(), served());
        let [ann, ben] = (case.held)();
        let contacts = json!([(case.contact)(EMAILS[0], &ann), (case.contact)(EMAILS[1], &ben)]);
        here.seed(case.service, contacts).unwrap();
        if !case.creates {
            let bare = EMAILS.map(|email| (case.contact)(email, &json!({})));
            there.seed(case.service, json!(bare)).unwrap();
        }
        let world = World::new();
        let account = |name: &str, sandbox: &Sandbox| {
            format!(
                "[accounts.{name}]\nservice = \"{}\"\nbase_url = \"{}\"\ntoken = {{ env = \"TOKEN\" }}\n\
                 unthrottled = true\n{}",
                case.service,
                sandbox.base_url(case.service),
                case.settings
            )
        };
        world.write("rolo.toml", &format!("{}{}", account("here", &here), account("there", &there)));
        Self { case, world, here, there, runtime }
    }

    fn done(&self, arguments: &str) -> Value {
        let said = said(self.world.command(&format!("{arguments} --json")).env("TOKEN", self.case.token));
        assert_eq!(said.code, 0, "{}: {arguments}: {}{}", self.case.service, said.out, said.err);
        last_event(&said.out)
    }

    /// The custom fields of both, as the service itself shows them.
    fn custom(&self, sandbox: &Sandbox) -> [Value; 2] {
        let contacts = sandbox.contacts(self.case.service);
        EMAILS.map(|email| {
            let of = |contact: &&Value| contact.to_string().contains(email);
            let shown =
                &contacts.as_array().unwrap().iter().find(of).unwrap_or_else(|| panic!("no {email}: {contacts}"));
            let mut custom = match &shown[self.case.custom] {
                Value::Array(pairs) => pairs
                    .iter()
                    .map(|pair| (pair["name"].as_str().unwrap().to_owned(), pair["value"].clone()))
                    .collect::<serde_json::Map<_, _>>()
                    .into(),
                object => object.clone(),
            };
            custom.as_object_mut().unwrap().retain(|name, value| {
                !["email", "firstName"].contains(&name.as_str()) && (self.case.keeps_empty || !value.is_null())
            });
            custom
        })
    }
}

impl Drop for Pair<'_> {
    fn drop(&mut self) {
        self.runtime.block_on(self.here.stop());
        self.runtime.block_on(self.there.stop());
    }
}

fn cell(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn every_type_of_every_service_comes_back_from_a_file_with_and_without_a_memory() {
    for case in cases() {
        for file in ["out.csv", "out.xlsx", "out.jsonl"] {
            let pair = Pair::new(&case);
            let before = pair.custom(&pair.here);
            assert_eq!(before, (case.held)(), "{}", case.service);
            pair.done(&format!("export {file} --from here {}", case.export));
            let import = format!("import {file} --to here --yes");
            assert_eq!(writes(&pair.done(&import)), 0, "{}, {file}, remembered", case.service);
            pair.world.forget();
            assert_eq!(writes(&pair.done(&import)), 0, "{}, {file}, with a fresh ledger", case.service);
            assert_eq!(pair.custom(&pair.here), before, "{}, {file}", case.service);
        }
    }
}

#[test]
fn a_copy_leaves_every_type_null_empty_and_absent_as_they_are() {
    for case in cases() {
        let pair = Pair::new(&case);
        pair.done(&format!("copy --from here --to there --yes {}", case.export));
        assert_eq!(pair.custom(&pair.there), (case.held)(), "{}", case.service);
        // Once more, over contacts that hold it all already.
        pair.world.forget();
        let again = pair.done(&format!("copy --from here --to there --yes --fresh --verify {}", case.export));
        assert_eq!(pair.custom(&pair.there), (case.held)(), "{}", case.service);
        assert_eq!(writes(&again), 0, "{}: {again}", case.service);
    }
}

/// Whatever is known of the contact: all of it by an export, or only that it is there.
#[test]
fn cells_that_state_no_type_take_the_one_that_is_held_and_an_undo_puts_it_back() {
    for case in cases() {
        for known in ["all", "there", "nothing", "hashes"] {
            let what = format!("{}, known: {known}", case.service);
            let pair = Pair::new(&case);
            let before = pair.custom(&pair.here);
            match known {
                "all" => drop(pair.done(&format!("export out.csv --from here {}", case.export))),
                "there" => {
                    pair.world.write("there.csv", &format!("first_name,email\nAnn,{}\n", EMAILS[0]));
                    pair.done("import there.csv --to here --yes");
                }
                "hashes" => {
                    let accounts = pair.world.read("rolo.toml").replace("token =", "remember = \"hashes\"\ntoken =");
                    pair.world.write("rolo.toml", &accounts);
                    pair.done(&format!("export out.csv --from here {}", case.export));
                }
                _ => {}
            }
            let edits = (case.edits)();
            let headers: Vec<_> = edits.iter().map(|(name, ..)| format!("custom.{name}")).collect();
            let cells: Vec<_> = edits.iter().map(|(_, text, _)| cell(text)).collect();
            let text = format!("email,{}\n{},{}\n", headers.join(","), EMAILS[0], cells.join(","));
            pair.world.write("night.csv", &text);
            // What an export has just taught can be put back without being read again.
            let keep = if known == "all" { "" } else { "--keep-before" };
            let told = pair.done(&format!("import night.csv --to here --yes {keep}"));
            assert_eq!(told["outcomes"]["updated"], 1, "{what}: {told}");
            let mut expected = before.clone();
            for (name, _, becomes) in edits {
                expected[0][name] = becomes;
            }
            assert_eq!(pair.custom(&pair.here), expected, "{what}");
            if !case.found_by_id && known == "hashes" {
                // It is found by its e-mail alone, which nobody remembers: that is said, and not that it is gone.
                let undo = said(pair.world.command("undo --yes").env("TOKEN", case.token));
                assert_eq!(undo.code, 1, "{what}: {}{}", undo.out, undo.err);
                assert!(
                    format!("{}{}", undo.out, undo.err).contains("undo.no_way"),
                    "{what}: {}{}",
                    undo.out,
                    undo.err
                );
                continue;
            }
            pair.done("undo --yes");
            assert_eq!(pair.custom(&pair.here), before, "{what}, put back");
        }
    }
}

/// A row of a copy that failed goes out again as the copy read it.
#[test]
fn a_retry_of_a_copy_still_takes_no_word_for_nothing() {
    let cases = cases();
    let pair = Pair::new(&cases[0]);
    pair.there.add_fault(
        rolo_sandbox::Fault::parse("status=422,method:POST,at:/api/v1/accounts/1/contacts,body-has:ann@types,times:1")
            .unwrap(),
    );
    let arguments = "copy --from here --to there --yes";
    let copy = said(pair.world.command(arguments).env("TOKEN", "sandbox"));
    assert_eq!(copy.code, 1, "{}{}", copy.out, copy.err);
    pair.done("retry");
    assert_eq!(pair.custom(&pair.there), (cases[0].held)());
}
