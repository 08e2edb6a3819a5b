//! Custom fields that the account lacks: said before anything is sent, and created if that is wanted.

use serde_json::{Value, json};

use crate::desk::Desk;
use crate::world::{World, cells, last_event, said, sorted_by};

const PEOPLE: &str = "\
first_name,email,custom.seats,custom.joined:date,custom.vip,custom.site,custom.note
Ann,ann@example.org,12,2026-02-03,true,https://example.org/ann,0042
Ben,ben@example.org,7,,false,,
";

const CREATED: &str =
    "created the custom fields: seats (number), joined (date), vip (boolean), site (url), note (text)";

fn remarks(event: &Value) -> String {
    event["remarks"].to_string()
}

#[test]
fn what_the_account_lacks_is_said_with_the_rows_that_have_it() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    let plan = world.rolo("plan people.csv --to sandbox:respondio --unthrottled");
    let words = "custom.joined:date feeds nothing: the account defines no custom field of this name: joined; it has \
                 values in 1 of 2 rows; --create-fields creates it";
    assert!(plan.err.contains(words), "{}", plan.err);
    world.write(
        "people.mapping.toml",
        "[columns.email]\nfield = \"email\"\n[columns.\"custom.seats\"]\nfield = \"custom.seats\"\n",
    );
    let import = world.rolo("import people.csv --to sandbox:respondio --unthrottled");
    assert_eq!(import.code, 2, "{}", import.err);
    assert!(
        import.err.contains("the account lacks the custom field seats, for which 2 rows have a value"),
        "{}",
        import.err
    );
    assert!(import.err.contains("create the field with --create-fields or in respondio first"), "{}", import.err);
}

#[test]
fn an_import_creates_them_once_with_the_type_of_header_or_values() {
    for service in ["respondio", "chatwoot"] {
        let world = World::new();
        world.write("people.csv", PEOPLE);
        let import = format!("import people.csv --to sandbox:{service} --unthrottled --create-fields");
        let plan = world.rolo(&import.replace("import", "plan"));
        for field in ["seats (number)", "joined (date)", "vip (boolean)", "site (url)", "note (text)"] {
            assert!(plan.out.contains(&format!("creates the custom field {field}\n")), "{field}: {}", plan.out);
        }
        assert!(plan.out.contains("5 create field"), "{}", plan.out);

        let told = world.done(&import);
        assert_eq!((&told["outcomes"]["created"], &told["calls"]["create field"]), (&json!(2), &json!(5)), "{told}");
        assert!(remarks(&told).contains(CREATED), "{told}");
        assert!(world.rolo("show").out.contains(CREATED));
        world.done(&format!("export out.csv --from sandbox:{service} --unthrottled"));
        let headers = world.read("out.csv").lines().next().unwrap().to_owned();
        assert!(headers.contains("custom.seats:number"), "{headers}");
        let rows = sorted_by("email", world.csv("out.csv"));
        assert_eq!(cells(&rows, "custom.seats:number"), ["12", "7"]);
        assert_eq!(cells(&rows, "custom.note"), ["0042", ""]);

        let again = world.done(&import.replace("people.csv", "people.csv --fresh"));
        assert_eq!(again["calls"]["create field"], Value::Null, "{again}");
        assert_eq!(again["outcomes"]["unchanged"], 2, "{again}");
    }
}

#[test]
fn a_column_with_stated_values_becomes_a_list_of_them() {
    for service in ["respondio", "chatwoot"] {
        let world = World::new();
        world.write(
            "people.csv",
            "Name,Email,Level\nAnn,ann@example.org,gold\nBo,bo@example.org,Gold\nCy,cy@example.org,tin\n",
        );
        world.write(
            "people.mapping.toml",
            "[columns.Name]\nfield = \"first_name\"\n[columns.Email]\nfield = \"email\"\n\
             [columns.Level]\nfield = \"custom.level\"\nvalues = [\"free\", \"gold\"]\n"
                .replace("first_name", if service == "chatwoot" { "name" } else { "first_name" })
                .as_str(),
        );
        let said = world
            .rolo(&format!("import people.csv --to sandbox:{service} --unthrottled --create-fields --results r.csv"));
        assert!(said.err.contains("creates the custom field level (list)"), "{service}: {}", said.err);
        let rows = world.csv("r.csv");
        assert_eq!(cells(&rows, "_outcome")[..2], ["created", "created"], "{service}: {}", said.err);
        assert_eq!(cells(&rows, "_outcome")[2], "rejected", "{service}: {}", said.err);
        world.done(&format!("export out.csv --from sandbox:{service} --unthrottled"));
        let rows = sorted_by("email", world.csv("out.csv"));
        assert_eq!(cells(&rows, "custom.level"), ["gold", "gold"], "{service}");
        let why = world.rolo("why ann@example.org");
        assert!(why.out.contains("the run first created custom fields: level (list)"), "{}", why.out);
    }
}

/// Twelve people, whose level is one of three words.
fn leveled() -> String {
    let levels = ["free", "gold", "gold", "tin"];
    let rows = (0..12).map(|n| format!("Ann {n},ann{n}@example.org,{},{n}\n", levels[n % 4]));
    format!("Name,Email,custom.level,custom.note\n{}", rows.collect::<String>())
}

#[test]
fn a_guess_proposes_the_few_words_of_a_column_as_values_and_shows_them() {
    for service in ["respondio", "chatwoot"] {
        let world = World::new();
        world.write("people.csv", &leveled());
        let guess = world.rolo(&format!("guess people.csv --to sandbox:{service}"));
        assert!(
            guess.err.contains("custom.level: its cells hold 3 words: gold (6), free (3), tin (3)"),
            "{}",
            guess.err
        );
        let mapping = world.read("people.mapping.toml");
        assert!(mapping.contains("field = \"custom.level\"\nvalues = [\"gold\", \"free\", \"tin\"]"), "{mapping}");
        assert_eq!(mapping.matches("values = ").count(), 1, "{mapping}");
        let import = format!("import people.csv --to sandbox:{service} --unthrottled --create-fields");
        let said = world.rolo(&import);
        assert!(said.err.contains("creates the custom field level (list)"), "{service}: {}", said.err);
        assert_eq!(said.code, 0, "{}", said.err);
    }
    let world = World::new();
    world.write("people.csv", &leveled());
    world.rolo("guess people.csv --to sandbox:respondio-v1");
    let mapping = world.read("people.mapping.toml");
    assert!(!mapping.contains("values"), "the service makes no lists: {mapping}");
}

#[test]
fn without_a_mapping_no_list_is_made_and_that_one_could_be_is_said() {
    let world = World::new();
    world.write("people.csv", &leveled());
    let said = world.rolo("import people.csv --to sandbox:respondio --unthrottled --create-fields");
    assert!(said.err.contains("creates the custom field level (text)"), "{}", said.err);
    let words = "the custom field level is created as text, though its cells hold 3 words alone: gold, free, tin";
    assert!(said.err.contains(words), "{}", said.err);
}

#[test]
fn an_undo_leaves_them_and_says_so() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    world.done("import people.csv --to sandbox:respondio --unthrottled --create-fields");
    let undone = world.done("undo --yes");
    assert!(remarks(&undone).contains("the custom fields that the run created stay"), "{undone}");
    assert!(remarks(&undone).contains("seats (number)"), "{undone}");
}

/// Killed after each answer in turn: the fields are created once each, and the run says all of them.
#[test]
fn a_killed_run_creates_none_twice() {
    for answer in 1..=7 {
        let world = World::new();
        world.write("people.csv", PEOPLE);
        let import = "import people.csv --to sandbox:respondio --unthrottled --create-fields --json";
        said(world.command(import).env("ROLO_CRASH", format!("after_answer:{answer}")));
        let told = last_event(&said(&mut world.command(import)).out);
        assert_eq!(told["outcomes"]["created"].as_u64().or(told["outcomes"]["updated"].as_u64()), Some(2), "{told}");
        assert!(remarks(&told).contains(CREATED), "after answer {answer}: {told}");
        let plan = world.rolo("plan people.csv --to sandbox:respondio --unthrottled --create-fields");
        assert!(!plan.out.contains("create field"), "{}", plan.out);
    }
}

#[test]
fn a_service_that_cannot_says_so() {
    let world = World::new();
    world.write("people.csv", PEOPLE);
    for (service, words) in [
        ("respondio-v1", "create what is lacking there by hand"),
        ("99digital", "create what is lacking there by hand"),
    ] {
        let refused = world.rolo(&format!("import people.csv --to sandbox:{service} --unthrottled --create-fields"));
        assert_eq!(refused.code, 2, "{service}: {}", refused.err);
        assert!(refused.err.contains(&format!("{service} can't create custom fields")), "{}", refused.err);
        assert!(refused.err.contains(words), "{service}: {}", refused.err);
    }
}

/// What the service refuses is told in its words, and no row is sent.
#[test]
fn a_name_that_the_service_refuses_stops_before_the_first_row() {
    let desk = Desk::new("chatwoot");
    desk.configure("{ env = \"DESK_TOKEN\" }");
    std::fs::write(desk.home.path().join("contacts.csv"), "name,email,custom.shoe size\nAnn,ann@example.org,42\n")
        .unwrap();
    let refused = desk.run(&["import", "contacts.csv", "--to", "desk", "--yes", "--create-fields"]);
    let words = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(3), "{words}");
    assert!(words.contains("chatwoot did not create the custom field shoe size (number): Attribute key"), "{words}");
    assert_eq!(desk.sandbox.contacts("chatwoot").as_array().map(Vec::len), Some(0));
}
