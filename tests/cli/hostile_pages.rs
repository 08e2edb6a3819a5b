//! Texts that would do something where a page obeyed them, in every place that a text comes from.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::open::Page;
use crate::world::World;

/// What would do something on a page that obeyed it.
pub const EVIL: &str =
    "<img src=http://elsewhere.example/x onerror=\"window.hostile=1\"><script>window.hostile=1</script>";

/// The same as the name of an account, which has no colon.
pub const EVIL_NAME: &str = "<img src=x onerror=\"window.hostile=1\"><script>window.hostile=1</script>";

/// A service that refuses every contact, and says so in such words. Gives its address.
pub fn evil_service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            drop(answer(&stream));
        }
    });
    address
}

fn answer(mut stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut request, mut length) = (String::new(), 0);
    reader.read_line(&mut request)?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    reader.take(length).read_to_end(&mut Vec::new())?;
    let lists = request.contains("/list") || !request.contains("/contact/");
    let (status, body) = match lists {
        true => (200, serde_json::json!({ "items": [], "pagination": {} })),
        false if request.starts_with("GET") => (404, serde_json::json!({ "code": 404, "message": EVIL })),
        false => (400, serde_json::json!({ "code": 400, "message": EVIL })),
    };
    let body = body.to_string();
    write!(
        stream,
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

/// An account whose name, and a job whose name, are such texts; the account's service answers with them.
pub fn evil_account(world: &World) {
    let name = toml_text(EVIL_NAME);
    world.write(
        "rolo.toml",
        &format!(
            "[accounts.{name}]\nservice = \"respondio\"\nbase_url = \"{}\"\ntoken = {{ file = \"key.txt\" }}\n\
             [jobs.{name}]\nimport = \"people.csv\"\nto = {name}\n",
            evil_service()
        ),
    );
    world.write("key.txt", "key");
    let is_private = std::process::Command::new("chmod").arg("600").arg(world.path("key.txt")).status();
    assert!(is_private.unwrap().success());
    world.write("people.csv", "Name,Mobile\nAnn,+447400100201\nBob,+447400100202\n");
}

fn toml_text(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

#[test]
fn what_a_service_says_and_what_accounts_and_jobs_are_called_does_nothing_on_any_page() {
    let world = World::new();
    evil_account(&world);
    let page = Page::entered(&world, "");
    let file = page.send_path("people.csv");
    assert_eq!(page.send(&format!("{file}/account"), &[("account", EVIL_NAME)]).status, 303);
    let run = page.import(&file, &[]);
    let ended = page.until(&run, "Download as CSV").body;
    assert!(ended.contains("2</strong>") && ended.contains("failed"), "the service refused both: {ended}");
    let rows = page.get(&format!("{run}/rows")).body;
    assert!(rows.contains("&lt;script&gt;window.hostile=1"), "what the service said is told: {rows}");
    let found = page.send("/people", &[("person", "+447400100201")]).body;
    let paths = ["/", "/runs", "/jobs", "/accounts", &run, &format!("{run}/rows"), &format!("{run}/report")];
    let files = ["", "/columns", "/problems", "/plan"].map(|step| format!("{file}{step}"));
    let pages =
        paths.into_iter().chain(files.iter().map(String::as_str)).map(|path| (path.to_owned(), page.get(path).body));
    for (path, body) in pages.chain([("/people".to_owned(), found), ("ended".to_owned(), ended)]) {
        assert!(!body.contains("<img") && !body.contains("<script>window"), "{path}: {body}");
    }
    let tried = page.send("/accounts/try", &[("account", EVIL_NAME)]).body;
    assert!(!tried.contains("<img") && !tried.contains("<script>window"), "{tried}");
}
