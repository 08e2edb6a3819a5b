//! Contacts that a message is about are named with every id that answers held, and with the address where
//! people see them, if the service is known to have one.

use std::time::UNIX_EPOCH;

use rolo_sandbox::{Options, Sandbox};
use serde_json::{Value, json};

use crate::world::{Said, World, cells, said};

struct Server {
    world: World,
    sandbox: Sandbox,
    service: &'static str,
    runtime: tokio::runtime::Runtime,
}

impl Server {
    fn holding(service: &'static str, contacts: Value) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut options = Options::new(|| UNIX_EPOCH.elapsed().unwrap());
        options.emulator.unthrottled = true;
        options.services = vec![service.to_owned()];
        let sandbox = runtime.block_on(rolo_sandbox::start(options)).unwrap();
        sandbox.seed(service, contacts).unwrap();
        let world = World::new();
        let url = sandbox.base_url(service);
        world.write(
            "rolo.toml",
            &format!(
                "[accounts.desk]\nservice = \"{service}\"\nbase_url = \"{url}/\"\naccount_id = 1\ninbox_id = 1\n\
                 token = {{ env = \"TOKEN\" }}\n"
            ),
        );
        Self { world, sandbox, service, runtime }
    }

    fn rolo(&self, arguments: &str) -> Said {
        said(self.world.command(arguments).env("TOKEN", "sandbox"))
    }

    /// The contact as messages name it.
    fn named(&self, id: u64) -> String {
        format!("{id} ({}/app/accounts/1/contacts/{id})", self.sandbox.base_url(self.service))
    }

    /// Code and message of a row that fails, of which programs are told that it names these contacts.
    fn failed(&self, file: &str, ids: &[u64]) -> (String, String) {
        self.world.write("people.csv", file);
        let said = self.rolo("--json import people.csv --to desk --yes");
        assert_eq!(said.code, 1, "{}{}", said.out, said.err);
        let rows = self.world.csv("people.results.csv");
        let message = rows[0]["_message"].clone();
        let mut events = said.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let row = events.find(|event| event["event"] == "row").unwrap();
        let contact = |id: &u64| {
            let url = format!("{}/app/accounts/1/contacts/{id}", self.sandbox.base_url(self.service));
            json!({ "id": id.to_string(), "url": (self.service == "chatwoot").then_some(url) })
        };
        let expected: Value = ids.iter().map(contact).collect();
        assert_eq!(row["errors"][0]["contacts"], expected, "{row}");
        (cells(&rows, "_code")[0].to_owned(), message)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.runtime.block_on(self.sandbox.stop());
    }
}

fn people() -> Value {
    json!([
        { "id": 11, "name": "Ann", "email": "ann@n.example" },
        { "id": 12, "name": "Bo", "phone_number": "+447400000002" },
        { "id": 13, "name": "Cy", "identifier": "C-3" },
        { "id": 14, "name": "Cy again", "phone_number": "+447400000002" },
    ])
}

#[test]
fn a_conflict_of_three_identifiers_names_every_contact_that_the_answer_held() {
    let server = Server::holding("chatwoot", people());
    let (code, message) =
        server.failed("Name,external_id,Phone,E-mail\nAll,C-3,+447400000002,ann@n.example\n", &[13, 12, 14, 11]);
    assert_eq!(code, "contact.conflict");
    let [ann, bo, cy, again] = [11, 12, 13, 14].map(|id| server.named(id));
    let words = format!(
        "the row's external_id belongs to contact {cy}, its phone to contacts {bo}, {again} and its email to contact \
         {ann}: merge them, or correct the row"
    );
    assert_eq!(message, words);
    // All that was ever done to the person says the same.
    let why = server.rolo("why ann@n.example");
    assert!(why.out.replace('\n', " ").contains(&ann), "{}", why.out);
}

#[test]
fn an_ambiguity_names_every_contact_however_many_there_are() {
    let many: Vec<Value> =
        (0..9).map(|n| json!({ "id": 20 + n, "name": format!("P{n}"), "phone_number": "+447400000002" })).collect();
    let server = Server::holding("chatwoot", json!(many));
    let (code, message) = server.failed("Name,Phone\nOne,+447400000002\n", &(20..29).collect::<Vec<_>>());
    assert_eq!(code, "contact.ambiguous");
    let all: Vec<String> = (20..29).map(|id| server.named(id)).collect();
    assert!(message.starts_with("9 contacts have the row's phone, with ids "), "{message}");
    for named in all {
        assert!(message.contains(&named), "{named}: {message}");
    }
}

#[test]
fn a_row_that_shares_its_contact_and_one_whose_value_is_taken_name_them_with_their_pages() {
    let server = Server::holding("chatwoot", people());
    server.world.write(
        "people.mapping.toml",
        "match = [\"email\"]\n[columns.Name]\nfield = \"name\"\n[columns.Phone]\nfield = \"phone\"\n\
         [columns.\"E-mail\"]\nfield = \"email\"\n",
    );
    // By its id, and by its address.
    server.world.write("shared.csv", "id,email,Name\n11,,One\n,ann@n.example,Two\n");
    server.world.write(
        "shared.mapping.toml",
        "match = [\"id\", \"email\"]\n[columns.id]\nfield = \"id\"\n[columns.email]\nfield = \"email\"\n\
         [columns.Name]\nfield = \"name\"\n",
    );
    let said = server.rolo("import shared.csv --to desk --yes");
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    let rows = server.world.csv("shared.results.csv");
    let words = format!("line 2 leads to the same contact, {}: this row came after it", server.named(11));
    assert!(rows[1]["_message"].contains(&words), "{}", rows[1]["_message"]);
    // The answer to the update does not say who has the phone: a look-up does.
    let (code, message) = server.failed("Name,Phone,E-mail\nAnn,+447400000002,ann@n.example\n", &[12, 14, 11]);
    assert_eq!(code, "contact.conflict");
    let [ann, bo, again] = [11, 12, 14].map(|id| server.named(id));
    let words = format!("contacts {bo}, {again} have it, and contact {ann} was not given that phone");
    assert!(message.contains(&words), "{message}");
}

#[test]
fn where_no_source_tells_of_such_pages_the_ids_stand_alone() {
    let server = Server::holding("99digital", people());
    let (_, message) = server.failed("Name,external_id,E-mail\nBoth,C-3,ann@n.example\n", &[11, 13]);
    let words = "contact 11 has it, and contact 13 was not given that email";
    assert!(message.contains(words) && !message.contains("http"), "{message}");
    // The embedded server has no pages for people either.
    let world = World::new();
    world.write("two.csv", "Name,E-mail\nAnn,ann@n.example\nBo,bo@n.example\n");
    world.done("import two.csv --to sandbox:chatwoot --unthrottled");
    world.write("one.csv", "Name,E-mail,external_id\nAnn,ann@n.example,x\n");
    world.done("import one.csv --to sandbox:chatwoot --unthrottled");
    world.write("both.csv", "Name,E-mail,external_id\nBo,bo@n.example,x\n");
    let said = world.rolo("import both.csv --to sandbox:chatwoot --unthrottled");
    let message = world.csv("both.results.csv")[0]["_message"].clone();
    assert!(said.code == 1 && message.contains("belongs to contact") && !message.contains("http"), "{message}");
}
