//! A week of nights: a job imports a file that changes, and by day people change the same contacts by hand.

use serde_json::{Value, json};

use crate::held::{holding, rolo};
use crate::world::{Row, Served, World, calls, last_event};

const MAPPING: &str = "\
match = [\"email\"]

[columns.Name]
field = \"name\"

[columns.\"E-mail\"]
field = \"email\"

[columns.\"Opt in\"]
field = \"custom.opt_in\"
overwrite = \"if_empty\"

[columns.Source]
field = \"custom.source\"
overwrite = \"never\"

[columns.Plan]
field = \"custom.plan\"

[columns.Tags]
tags = \"add\"
";

/// The job of most nights: rows that are as they were last sent are left alone.
const CHANGED: &str = "--changed-only";

fn request(served: &Served, method: &str, path: &str, body: &Value) -> Value {
    crate::held::request(served, "chatwoot", method, path, body)
}

/// Two accounts alike, in both of which people do the same by hand; the job writes to the first alone.
struct Office {
    world: World,
    live: Served,
    without: Served,
    /// Where the second account's sandbox has its folder.
    _without: World,
    runs: Vec<String>,
}

impl Office {
    fn new() -> Self {
        let people = [
            json!({ "name": "Ann", "email": "ann@n.example" }),
            json!({ "name": "Bob", "email": "bob@n.example", "custom_attributes": { "opt_in": "no" } }),
            json!({ "name": "Cy", "email": "cy@n.example", "custom_attributes": { "source": "fair" } }),
            json!({ "name": "Dee", "email": "dee@n.example" }),
            json!({ "name": "Eve", "email": "eve@n.example" }),
            json!({ "name": "Flo", "email": "flo@n.example" }),
        ];
        let (world, other) = (World::new(), World::new());
        let (live, without) = (holding(&world, &people), holding(&other, &people));
        world.write("people.mapping.toml", MAPPING);
        Self { world, live, without, _without: other, runs: Vec::new() }
    }

    fn both(&self) -> [&Served; 2] {
        [&self.live, &self.without]
    }

    /// Somebody edits a contact at the service.
    fn edits(&self, name: &str, edit: &Value) {
        for served in self.both() {
            request(served, "PUT", &format!("contacts/{}", id_of(served, name)), edit);
        }
    }

    fn labels(&self, name: &str, change: impl Fn(&mut Vec<String>)) {
        for served in self.both() {
            let path = format!("contacts/{}/labels", id_of(served, name));
            let mut labels = labels_of(served, name);
            change(&mut labels);
            request(served, "POST", &path, &json!({ "labels": labels }));
        }
    }

    fn deletes(&self, name: &str) {
        for served in self.both() {
            request(served, "DELETE", &format!("contacts/{}", id_of(served, name)), &Value::Null);
        }
    }

    /// Tonight's import of the file.
    fn night(&mut self, rows: &[&str], options: &str) -> Value {
        let header = "Name,E-mail,Opt in,Source,Plan,Tags\n";
        self.world.write("people.csv", &format!("{header}{}\n", rows.join("\n")));
        let said = rolo(&self.world, &format!("import people.csv --to desk --yes --json {options}"));
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        let finished = last_event(&said.out);
        self.runs.push(finished["run"].as_str().unwrap().to_owned());
        finished
    }

    fn results(&self) -> Vec<Row> {
        self.world.csv("people.results.csv")
    }

    fn held(&self, name: &str) -> Value {
        contact(&self.live, name)
    }
}

fn contact(served: &Served, name: &str) -> Value {
    let listed = request(served, "GET", "contacts", &Value::Null);
    let contacts = listed["payload"].as_array().unwrap();
    contacts.iter().find(|contact| contact["name"] == name).unwrap_or_else(|| panic!("no {name}: {listed}")).clone()
}

fn id_of(served: &Served, name: &str) -> u64 {
    contact(served, name)["id"].as_u64().unwrap()
}

fn labels_of(served: &Served, name: &str) -> Vec<String> {
    let answer = request(served, "GET", &format!("contacts/{}/labels", id_of(served, name)), &Value::Null);
    let mut labels: Vec<String> = serde_json::from_value(answer["payload"].clone()).unwrap();
    labels.sort();
    labels
}

/// All that an account holds, but for its own counts and moments.
fn all_of(served: &Served) -> Vec<Value> {
    let listed = request(served, "GET", "contacts", &Value::Null);
    let contacts = listed["payload"].as_array().unwrap().iter().map(|contact| {
        let name = contact["name"].as_str().unwrap();
        let keys = ["id", "name", "email", "phone_number", "identifier", "custom_attributes", "additional_attributes"];
        let mut kept: serde_json::Map<_, _> =
            keys.iter().map(|key| ((*key).to_owned(), contact[*key].clone())).collect();
        kept.insert("labels".into(), json!(labels_of(served, name)));
        Value::Object(kept)
    });
    let mut all: Vec<Value> = contacts.collect();
    all.sort_by_key(|contact| contact["id"].as_u64());
    all
}

fn outcomes(finished: &Value) -> [u64; 3] {
    ["created", "updated", "unchanged"].map(|outcome| finished["outcomes"][outcome].as_u64().unwrap())
}

fn remarks(finished: &Value) -> String {
    finished["remarks"].to_string()
}

#[test]
fn a_week_of_nights_overwrites_nobody_against_the_mapping_and_can_be_put_back_whole() {
    let mut office = Office::new();
    let start = all_of(&office.live);
    let mut rows = [
        "Ann,ann@n.example,yes,web,gold,member",
        "Bob,bob@n.example,yes,web,gold,member",
        "Cy,cy@n.example,yes,web,gold,member",
        "Dee,dee@n.example,yes,web,gold,member",
        "Eve,eve@n.example,yes,web,gold,member",
        "Flo,flo@n.example,yes,web,gold,member",
        "Gus,gus@n.example,yes,web,gold,member",
    ];

    // Monday: what is there already keeps its opt-out and its source; only who is new gets a source.
    assert_eq!(outcomes(&office.night(&rows, CHANGED)), [1, 6, 0]);
    assert_eq!(office.held("Ann")["custom_attributes"], json!({ "opt_in": "yes", "plan": "gold" }));
    assert_eq!(office.held("Bob")["custom_attributes"], json!({ "opt_in": "no", "plan": "gold" }));
    assert_eq!(office.held("Cy")["custom_attributes"], json!({ "source": "fair", "opt_in": "yes", "plan": "gold" }));
    assert_eq!(office.held("Gus")["custom_attributes"], json!({ "source": "web", "opt_in": "yes", "plan": "gold" }));

    // By day Ann opts out, and Dee gets a label. At night both rows change in something else.
    office.edits("Ann", &json!({ "custom_attributes": { "opt_in": "no" } }));
    office.labels("Dee", |labels| labels.push("vip".into()));
    rows[0] = "Ann,ann@n.example,yes,web,silver,member";
    rows[3] = "Dee,dee@n.example,yes,web,gold,member;gold";
    assert_eq!(outcomes(&office.night(&rows, CHANGED)), [0, 2, 5]);
    assert_eq!(office.held("Ann")["custom_attributes"], json!({ "opt_in": "no", "plan": "silver" }));
    assert_eq!(labels_of(&office.live, "Dee"), ["gold", "member", "vip"]);

    // Bob is renamed and Eve's source is filled in by hand; nothing of it stands in the file.
    office.edits("Bob", &json!({ "name": "Robert" }));
    office.edits("Eve", &json!({ "custom_attributes": { "source": "phone call" } }));
    rows[4] = "Eve,eve@n.example,yes,web,platinum,member";
    assert_eq!(outcomes(&office.night(&rows, CHANGED)), [0, 1, 6]);
    assert_eq!(office.held("Robert")["custom_attributes"], json!({ "opt_in": "no", "plan": "gold" }));
    let eve = json!({ "opt_in": "yes", "plan": "platinum", "source": "phone call" });
    assert_eq!(office.held("Eve")["custom_attributes"], eve);

    // Thursday's job looks at everybody: Bob's drift is found and told, and the mapping says "always".
    let verified = office.night(&rows, "--verify");
    assert!(remarks(&verified).contains("1 of 7 contacts looked at had been changed"), "{}", remarks(&verified));
    assert_eq!(outcomes(&verified), [0, 1, 6], "{:?}", office.results());
    assert_eq!(office.results()[1]["_outcome"], "updated");
    office.held("Bob");

    // Flo is deleted by hand and changes in the file; Cy's plan is changed in both.
    office.deletes("Flo");
    office.edits("Cy", &json!({ "custom_attributes": { "plan": "bronze" } }));
    rows[2] = "Cy,cy@n.example,yes,web,platinum,member";
    rows[5] = "Flo,flo@n.example,yes,web,silver,member";
    assert_eq!(outcomes(&office.night(&rows, CHANGED)), [1, 1, 5]);
    let flo = json!({ "opt_in": "yes", "plan": "silver", "source": "web" });
    assert_eq!(office.held("Flo")["custom_attributes"], flo, "who is new gets all of the row");

    // A label is taken away by hand; the file is the same, so nothing is sent and nothing comes back.
    office.labels("Dee", |labels| labels.retain(|label| label != "gold"));
    let quiet = office.night(&rows, CHANGED);
    assert_eq!((outcomes(&quiet), calls(&quiet)), ([0, 0, 7], 0));
    assert_eq!(labels_of(&office.live, "Dee"), ["member", "vip"]);
    assert!(remarks(&quiet).contains("7 rows are as sent before and not looked at since"), "{}", remarks(&quiet));

    // Sunday: one more name.
    rows[6] = "Gustav,gus@n.example,yes,web,gold,member";
    assert_eq!(outcomes(&office.night(&rows, CHANGED)), [0, 1, 6]);

    // Every night is put back, the last first. What is left is what people did by hand, and nothing else.
    assert_ne!(all_of(&office.live), all_of(&office.without));
    let mut left = Vec::new();
    for run in office.runs.iter().rev() {
        let said = rolo(&office.world, &format!("undo {run} --yes --json"));
        let not_put_back = last_event(&said.out)["not_put_back"].as_u64().unwrap();
        assert_eq!(said.code == 0, not_put_back == 0, "{}{}", said.out, said.err);
        left.push(not_put_back);
    }
    // Of Monday, what people have changed since stays and is told: Ann's opt-out, Cy's plan, Flo's end.
    assert_eq!(left, [0, 0, 0, 0, 0, 0, 3]);
    assert_eq!(all_of(&office.live), all_of(&office.without));
    assert_ne!(all_of(&office.without), start, "people did change something");
}
