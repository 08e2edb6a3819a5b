//! What a service holds already and no check of ours would let in: it goes back as it came.

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use crate::world::{Said, Served, World, calls, cells, last_event, said};

/// An account of the sandbox that holds these contacts, as its own users made them.
pub fn holding(world: &World, contacts: &[Value]) -> Served {
    let served = Served::start(world, "--unthrottled");
    let account = format!(
        "[accounts.desk]\nservice = \"chatwoot\"\nbase_url = \"{}/chatwoot\"\naccount_id = 1\ninbox_id = 1\n\
         token = {{ env = \"TOKEN\" }}\n",
        served.address
    );
    world.write("rolo.toml", &account);
    for contact in contacts {
        let (status, body) = asked(&served, "POST", &contact.to_string());
        assert!(status.contains("200"), "{status}: {body}");
    }
    served
}

pub fn asked(served: &Served, method: &str, body: &str) -> (String, String) {
    let address = served.address.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let path = "/chatwoot/api/v1/accounts/1/contacts";
    let head = "api_access_token: sandbox\r\ncontent-type: application/json\r\nconnection: close";
    let length = body.len();
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.lines().next().unwrap().to_owned(), body.to_owned())
}

/// One request to the service, as its own users' browsers make it.
pub fn request(served: &Served, service: &str, method: &str, path: &str, body: &Value) -> Value {
    let address = served.address.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    let body = body.to_string();
    let request = format!(
        "{method} /{service}/api/v1/accounts/1/{path} HTTP/1.1\r\nhost: {address}\r\napi_access_token: sandbox\r\n\
         content-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{method} {path}: {answer}");
    let (Some(from), Some(to)) = (answer.find('{'), answer.rfind('}')) else { return Value::Null };
    serde_json::from_str(&answer[from..=to]).unwrap()
}

/// Name and phone of every contact that the service holds, by name.
fn held(served: &Served) -> Vec<(String, String)> {
    let (_, body) = asked(served, "GET", "");
    let from = body.find('{').unwrap();
    let to = body.rfind('}').unwrap();
    let listed: Value = serde_json::from_str(&body[from..=to]).unwrap();
    let text = |contact: &Value, key: &str| contact[key].as_str().unwrap_or_default().to_owned();
    let contacts = listed["payload"].as_array().unwrap().iter();
    let mut held: Vec<_> = contacts.map(|contact| (text(contact, "name"), text(contact, "phone_number"))).collect();
    held.sort();
    held
}

pub fn rolo(world: &World, arguments: &str) -> Said {
    said(world.command(arguments).env("TOKEN", "sandbox"))
}

fn pair(name: &str, phone: &str) -> (String, String) {
    (name.to_owned(), phone.to_owned())
}

fn of_all_kinds() -> Vec<Value> {
    vec![
        json!({ "name": "Mex", "phone_number": "+5215541637145" }),
        json!({ "name": "Bra", "phone_number": "+554187991234" }),
        json!({ "name": "No such number", "phone_number": "+999123456" }),
        json!({ "name": "  spaced  ", "email": "x@localhost" }),
        json!({ "name": "Dots", "email": "a..b@held.example" }),
        json!({ "name": "N/A", "email": "na@held.example" }),
        json!({ "name": "#REF!", "email": "ref@held.example" }),
        json!({ "name": "Land", "email": "land@held.example", "additional_attributes": { "country_code": "Narnia" } }),
        json!({ "name": "Own", "email": "own@held.example", "custom_attributes": { "when": "05/06/2026", "n": "1,234" } }),
    ]
}

/// Remote case 26.
#[test]
fn an_export_goes_back_untouched_without_a_call_or_an_error() {
    let world = World::new();
    let served = holding(&world, &of_all_kinds());
    let before = held(&served);
    let export = rolo(&world, "export all.csv --from desk");
    assert_eq!(export.code, 0, "{}{}", export.out, export.err);
    let back = rolo(&world, "--json import all.csv --to desk --yes");
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    assert_eq!(calls(&last_event(&back.out)), 0, "{}", back.out);
    let rows = world.csv("all.results.csv");
    assert_eq!(cells(&rows, "_outcome"), ["unchanged"; 9]);
    assert_eq!(held(&served), before);
}

/// Remote case 02, and what must stay an error: a value that the service doesn't hold.
#[test]
fn a_row_is_refused_for_what_was_changed_in_it_and_for_nothing_else() {
    let world = World::new();
    let served = holding(&world, &of_all_kinds());
    assert_eq!(rolo(&world, "export all.csv --from desk").code, 0);
    let exported = world.read("all.csv");
    world.write("all.csv", &exported.replace(",Mex,", ",Mex Two,").replace("a..b@held.example", "c..d@held.example"));
    let back = rolo(&world, "import all.csv --to desk --yes");
    assert_eq!(back.code, 1, "{}{}", back.out, back.err);
    let rows = world.csv("all.results.csv");
    let of = |name: &str| rows.iter().find(|row| row["name"] == name).unwrap();
    assert_eq!(of("Mex Two")["_outcome"], "updated");
    assert_eq!(of("Dots")["_outcome"], "rejected");
    assert_eq!(of("Dots")["_code"], "email.syntax");
    let changed = held(&served);
    assert!(changed.contains(&pair("Mex Two", "+5215541637145")), "{changed:?}");
}

/// Remote case 01: whichever form the file has and whichever the service, they are one person, and
/// nobody's number is written anew.
#[test]
fn a_contact_is_found_by_the_other_form_of_its_number() {
    let world = World::new();
    let served = holding(
        &world,
        &[
            json!({ "name": "Mex", "phone_number": "+5215541637145" }),
            json!({ "name": "Bra", "phone_number": "+554187991234" }),
            json!({ "name": "Arg", "phone_number": "+541123456789" }),
            json!({ "name": "New", "phone_number": "+5511961234567" }),
        ],
    );
    let file = |second: &str| {
        format!(
            "Name,Phone\nMex {second},+52 55 4163 7145\nBra {second},+55 41 98799-1234\n\
             Arg {second},+54 9 11 2345 6789\nNew {second},+55 11 6123-4567\n"
        )
    };
    let older = |second: &str| {
        format!(
            "Name,Phone\nMex {second},+52 1 55 4163 7145\nBra {second},+55 41 8799-1234\n\
             Arg {second},+54 11 2345 6789\nNew {second},+55 11 96123-4567\n"
        )
    };
    for (number, (text, second)) in [(file("Two"), "Two"), (older("Three"), "Three")].into_iter().enumerate() {
        let name = format!("people{number}.csv");
        world.write(&name, &text);
        let import = rolo(&world, &format!("import {name} --to desk --yes"));
        assert_eq!(import.code, 0, "{}{}", import.out, import.err);
        let rows = world.csv(&format!("people{number}.results.csv"));
        assert_eq!(cells(&rows, "_outcome"), ["updated"; 4], "{second}");
        // Said of each whose number, as it was read, is held in the other form, and of no other.
        let other = if second == "Two" { "Mex Bra Arg" } else { "Mex Bra" };
        for row in &rows {
            let said = row["_code"].contains("contact.other_form");
            let name = row["Name"].split(' ').next().unwrap();
            assert_eq!(said, other.contains(name), "{second}: {row:?}");
        }
        assert_eq!(
            held(&served),
            [
                pair(&format!("Arg {second}"), "+541123456789"),
                pair(&format!("Bra {second}"), "+554187991234"),
                pair(&format!("Mex {second}"), "+5215541637145"),
                pair(&format!("New {second}"), "+5511961234567"),
            ]
        );
    }
}

/// A check asks no service, so it can only say what the service would have to hold.
#[test]
fn a_check_names_what_the_service_must_hold_already() {
    let world = World::new();
    world.write("all.csv", "id,email\n7001,x@localhost\n7002,fine@held.example\n");
    world.write("all.mapping.toml", "[columns.id]\nfield = \"id\"\n[columns.email]\nfield = \"email\"\n");
    let check = rolo(&world, "check all.csv --for sandbox:chatwoot");
    assert_eq!(check.code, 0, "{}{}", check.out, check.err);
    let rows = world.csv("all.results.csv");
    assert_eq!(cells(&rows, "_code"), ["email.domain", ""]);
    let message = "email: the domain after the @ has no dot: x@localhost (no error if the service holds exactly this)";
    assert_eq!(cells(&rows, "_message"), [message, ""]);
}
