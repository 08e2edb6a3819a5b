//! `rolo open` over plain HTTP: who is let in, and the way of a file to an account and back.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;

use super::world::{Served, World};

/// A page that is served, and whoever was let in.
pub struct Page {
    child: Child,
    pub host: String,
    token: String,
    cookie: String,
}

/// An answer.
#[derive(Debug)]
pub struct Told {
    pub status: u16,
    head: String,
    pub body: String,
}

impl Told {
    pub fn location(&self) -> String {
        self.header("location").unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<String> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned()).next()
    }
}

impl Page {
    pub fn open(world: &World, arguments: &str) -> Self {
        let mut child = world
            .command(&format!("open --no-browser {arguments}"))
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let (host, token) = line.trim().strip_prefix("http://").unwrap().split_once("/?token=").unwrap();
        let (host, token) = (host.to_owned(), token.to_owned());
        Self { child, host, token, cookie: String::new() }
    }

    /// What was printed.
    pub fn address(&self) -> String {
        format!("http://{}/?token={}", self.host, self.token)
    }

    /// One that was entered.
    pub fn entered(world: &World, arguments: &str) -> Self {
        let mut page = Self::open(world, arguments);
        let told = page.get(&format!("/?token={}", page.token));
        assert_eq!(told.status, 200, "{told:?}");
        let cookie = told.header("set-cookie").unwrap();
        cookie.split(';').next().unwrap().clone_into(&mut page.cookie);
        page
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Told {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).unwrap();
        stream.write_all(body).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Told { status, head: head.to_owned(), body: body.to_owned() }
    }

    pub fn get(&self, path: &str) -> Told {
        self.ask("GET", path, &[("Host", &self.host), ("Cookie", &self.cookie)], b"")
    }

    fn post(&self, path: &str, kind: &str, body: &[u8]) -> Told {
        let origin = format!("http://{}", self.host);
        let headers =
            [("Host", self.host.as_str()), ("Cookie", &self.cookie), ("Origin", &origin), ("Content-Type", kind)];
        self.ask("POST", path, &headers, body)
    }

    /// Posts a form.
    pub fn send(&self, path: &str, fields: &[(&str, &str)]) -> Told {
        let encode =
            |text: &str| {
                text.bytes()
                    .map(|byte| {
                        if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") }
                    })
                    .collect::<String>()
            };
        let fields: Vec<_> = fields.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
        self.post(path, "application/x-www-form-urlencoded", fields.join("&").as_bytes())
    }

    /// Drops a file; where that leads.
    fn drop_file(&self, name: &str, content: &str) -> String {
        let body = format!(
            "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\r\n{content}\r\n--b--\r\n"
        );
        let told = self.post("/files", "multipart/form-data; boundary=b", body.as_bytes());
        assert_eq!(told.status, 303, "{told:?}");
        told.location()
    }

    /// Names a file of this machine; where that leads.
    pub fn send_path(&self, path: &str) -> String {
        let body = format!("--b\r\nContent-Disposition: form-data; name=\"path\"\r\n\r\n{path}\r\n--b--\r\n");
        let told = self.post("/files", "multipart/form-data; boundary=b", body.as_bytes());
        assert_eq!(told.status, 303, "{told:?}");
        told.location()
    }

    /// Asks until the page says so.
    pub fn until(&self, path: &str, says: &str) -> Told {
        for _ in 0..600 {
            let told = self.get(path);
            if told.body.contains(says) {
                return told;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{path} never said {says}: {}", self.get(path).body);
    }

    /// Sends what is planned; the path of its run.
    pub fn import(&self, file: &str, more: &[(&str, &str)]) -> String {
        let plan = format!("{file}/plan");
        let page = self.until(&plan, "name=\"seen\"").body;
        let seen = seen_in(&page);
        let fields = [&[("seen", seen.as_str()), ("extent", "all")], more].concat();
        self.run_of(&self.send(&format!("{plan}/send"), &fields))
    }

    /// Where a job that was begun has its run.
    pub fn run_of(&self, told: &Told) -> String {
        assert_eq!(told.status, 303, "{told:?}");
        for _ in 0..600 {
            let begun = self.get(&told.location());
            if begun.status == 303 {
                return begun.location();
            }
            assert!(!begun.body.contains("role=\"alert\""), "{begun:?}");
        }
        panic!("no run began: {told:?}");
    }

    /// Ends it as ctrl-c does.
    fn end(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a plan was shown for, as its form sends it back.
pub fn seen_in(page: &str) -> String {
    let value = page.split("name=\"seen\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    value.replace("&quot;", "\"").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

const CONTACTS: &str = "Name,Mobile,Labels\nAnn,+447400100201,vip;new\nBob,+447400100202,\nCid,call office,new\n";

#[test]
fn nobody_but_this_machine_is_served() {
    let world = World::new();
    for address in ["0.0.0.0:0", "192.0.2.1:80", "[::]:0"] {
        let said = world.rolo(&format!("open --no-browser --listen {address}"));
        assert_eq!(said.code, 2, "{}", said.err);
        assert!(said.err.contains("for this machine alone") && said.out.is_empty(), "{}", said.err);
    }
    let missing = world.rolo("open --no-browser nobody.csv");
    assert!(missing.code == 2 && missing.err.contains("there is no file nobody.csv"), "{}", missing.err);
}

#[test]
fn a_token_lets_in_once_and_what_comes_from_elsewhere_is_refused() {
    let world = World::new();
    let page = Page::entered(&world, "");
    let host = page.host.clone();
    let (own, cookie) = (("Host", host.as_str()), ("Cookie", page.cookie.as_str()));
    assert_eq!(page.get("/").status, 200);
    assert_eq!(page.ask("GET", "/", &[own], b"").status, 403, "without the cookie");
    assert_eq!(page.ask("GET", &format!("/?token={}", page.token), &[own], b"").status, 403, "the token was used");
    assert_eq!(page.ask("GET", "/", &[("Host", "evil.example"), cookie], b"").status, 403, "another name");
    let form = ("Content-Type", "application/x-www-form-urlencoded");
    for origin in ["http://evil.example", "null", "http://127.0.0.1:1"] {
        let told = page.ask("POST", "/people", &[own, cookie, form, ("Origin", origin)], b"person=%2B447400100201");
        assert_eq!(told.status, 403, "{origin}");
    }
    assert_eq!(page.ask("POST", "/people", &[own, cookie, form], b"person=a").status, 403, "no origin at all");
    assert_eq!(page.send("/people", &[("person", "ann@example.org")]).status, 200);
}

#[test]
fn no_answer_is_kept_framed_or_allowed_to_load_anything() {
    let world = World::new();
    let page = Page::entered(&world, "");
    for path in ["/", "/runs", "/people", "/page.css", "/page.js", "/page.svg", "/nothing", "/files/nobody"] {
        let told = page.get(path);
        let policy = told.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(told.header("cache-control").as_deref(), Some("no-store"), "{path}");
        assert_eq!(told.header("referrer-policy").as_deref(), Some("no-referrer"), "{path}");
        assert_eq!(told.header("x-content-type-options").as_deref(), Some("nosniff"), "{path}");
        assert!(!told.body.contains("style=\"") && !told.body.contains("<script>"), "{path} has something inline");
        for (at, _) in told.body.match_indices("http") {
            let is_namespace = told.body[at..].starts_with("http://www.w3.org/2000/svg");
            assert!(told.body[at..].starts_with("http-equiv") || is_namespace, "{path} names another place");
        }
    }
    assert_eq!(page.get("/files/nobody").status, 404);
    let large = vec![b'a'; 5 << 20];
    let told = page.post("/people", "application/x-www-form-urlencoded", &large);
    assert_eq!(told.status, 413, "a form has a largest size");
}

#[test]
fn a_dropped_file_is_mapped_checked_planned_sent_and_put_back() {
    let world = World::new();
    let page = Page::entered(&world, "");
    let file = page.drop_file("contacts.csv", CONTACTS);
    let found = page.get(&file).body;
    assert!(found.contains("line 1 was taken for the header") && found.contains("call office"), "{found}");
    let account = [("account", "sandbox:respondio")];
    assert_eq!(page.send(&format!("{file}/account"), &account).status, 303);
    let columns = page.get(&format!("{file}/columns")).body;
    assert!(columns.contains("value=\"field:phone\" selected") && columns.contains(">vip</span>"), "{columns}");
    let saved = [("feeds.0", "field:name"), ("feeds.1", "field:phone"), ("feeds.2", "tags:add"), ("separator.2", ";")];
    let saved = [&saved[..], &[("then", "problems")]].concat();
    assert_eq!(page.send(&format!("{file}/columns"), &saved).location(), format!("{file}/problems"));
    let problems = page.until(&format!("{file}/problems"), "phone.not_a_number").body;
    assert!(problems.contains("1 row of 3 can") || problems.contains("<p class=\"lead\">1 row"), "{problems}");

    let run = page.import(&file, &[("unthrottled", "on")]);
    let done = page.until(&run, "Download as CSV").body;
    assert!(done.contains("2 created") || done.contains("created"), "{done}");
    let results = page.get(&format!("{run}/results/csv"));
    assert!(results.header("content-disposition").unwrap().starts_with("attachment"));
    assert!(results.body.lines().nth(1).unwrap().contains(",created,"), "{}", results.body);
    let told = world.rolo("runs");
    assert!(told.out.contains("3 rows: 2 created, 1 rejected"), "the command line sees the same: {}", told.out);
    let story = page.send("/people", &[("person", "+447400100201")]).body;
    assert!(story.contains("so it was created"), "{story}");

    let preview = page.get(&format!("{run}/undo")).body;
    assert!(preview.contains("would be deleted"), "{preview}");
    let undo = page.run_of(&page.send(&format!("{run}/undo"), &[]));
    page.until(&undo, "Download as CSV");
    assert!(page.get(&run).body.contains("put back"), "the run says so");
    assert_eq!(page.end(), Some(0));
}

#[test]
fn a_copy_goes_when_the_page_ends_and_what_a_run_wrote_stays() {
    let world = World::new();
    let page = Page::entered(&world, "--state-dir state");
    let file = page.drop_file("contacts.csv", CONTACTS);
    page.until(&format!("{file}/problems"), "phone.not_a_number");
    let run = page.import(&file, &[("unthrottled", "on")]);
    page.until(&run, "Download as CSV");
    assert_eq!(page.end(), Some(0));
    let id = file.rsplit('/').next().unwrap();
    let left = std::fs::read_dir(world.path(&format!("state/open/{id}"))).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(left, ["contacts.results.csv"], "the copy, its draft and what was only looked at are gone");
}

#[test]
fn a_run_outlives_its_tab_is_stopped_with_the_page_and_gone_on_with() {
    let world = World::new();
    let rows: String = (0..400).map(|n| format!("P{n},+4474001{n:05}\n")).collect();
    world.write("many.csv", &format!("Name,Mobile\n{rows}"));
    let page = Page::entered(&world, "many.csv");
    let file = page.send_path("many.csv");
    // Nobody holds a connection to it: each question is one of its own.
    let run = page.import(&file, &[]);
    let progress = page.until(&format!("{run}/progress"), " of 400 rows").body;
    assert!(progress.contains("aria-live=\"polite\""), "{progress}");
    assert_eq!(page.get(&run).status, 200, "another tab sees it");
    assert_eq!(page.end(), Some(0));
    let runs = world.rolo("runs").out;
    assert!(runs.contains("interrupted") && runs.contains("resume"), "{runs}");

    let again = Page::entered(&world, "");
    let told = again.get(&run).body;
    assert!(told.contains("Go on with it"), "{told}");
    assert_eq!(again.run_of(&again.send(&format!("{run}/resume"), &[])), run);
    let stopped = again.send(&format!("{run}/stop"), &[]);
    assert_eq!(stopped.status, 303, "{stopped:?}");
    again.until(&run, "Go on with it");
}

#[test]
fn markup_in_a_file_does_nothing_on_any_page() {
    let world = World::new();
    let page = Page::entered(&world, "");
    let evil = "\"<script>alert(1)</script>\"";
    let csv = format!(
        "Name,Mobile,{evil},Labels\n{evil},+447400100201,{evil},<img src=x onerror=alert(1)>\n{evil},{evil},x,y\n"
    );
    let file = page.drop_file("<b>x</b>.csv", &csv);
    let run = page.import(&file, &[("unthrottled", "on")]);
    page.until(&run, "Download as CSV");
    let pages = ["", "/columns", "/problems", "/plan"].map(|step| format!("{file}{step}"));
    for path in pages.iter().map(String::as_str).chain(["/", "/runs", run.as_str()]) {
        let body = page.until(path, "</html>").body;
        for tag in ["<script>", "<img", "<b>"] {
            assert!(!body.contains(tag), "{path} lets {tag} through: {body}");
        }
    }
    let story = page.send("/people", &[("person", "external_id:<script>alert(1)</script>")]).body;
    assert!(!story.contains("<script>"), "{story}");
}

#[test]
fn a_real_account_is_written_to_only_after_what_was_shown_is_confirmed() {
    let world = World::new();
    let served = Served::start(&world, "--unthrottled");
    let account = format!(
        "[accounts.support]\nservice = \"respondio\"\ntoken = {{ command = [\"echo\", \"sandbox\"] }}\n\
         base_url = \"{}/respondio\"\nunthrottled = true\n",
        served.address
    );
    world.write("rolo.toml", &account);
    let rows: String = (0..1100).map(|n| format!("P{n},+4474001{n:05}\n")).collect();
    world.write("many.csv", &format!("Name,Mobile\n{rows}"));
    let page = Page::entered(&world, "");
    let file = page.send_path("many.csv");
    page.send(&format!("{file}/account"), &[("account", "support")]);
    let shown = page.until(&format!("{file}/plan"), "name=\"seen\"").body;
    assert!(shown.contains("1,100 real contacts change"), "{shown}");
    let seen = seen_in(&shown);
    let send = |fields: &[(&str, &str)]| page.send(&format!("{file}/plan/send"), fields);
    for typed in ["", "supporty"] {
        let told = send(&[("seen", &seen), ("extent", "all"), ("typed", typed)]);
        assert!(told.status == 400 && told.body.contains("nothing was sent"), "{told:?}");
    }
    // Another tab changes how the file is read.
    page.send(&format!("{file}/reading"), &[("region", "GB")]);
    let told = send(&[("seen", &seen), ("extent", "all"), ("typed", "support")]);
    assert!(told.status == 400 && told.body.contains("changed since the plan was shown"), "{told:?}");
    assert!(world.rolo("runs").out.contains("there are no runs yet"), "nothing was sent");
    let run = page.import(&file, &[("typed", "support")]);
    page.until(&run, "Download as CSV");
    assert!(world.rolo("runs").out.contains("1,100 created"), "{}", world.rolo("runs").out);
    for path in ["/", "/runs", run.as_str(), &format!("{file}/columns"), &format!("{file}/plan")] {
        assert!(!page.get(path).body.contains("echo"), "{path} tells where the secret is");
    }
}

/// The file of edits of a draft.
fn edits_beside(world: &World) -> String {
    world.read("contacts.edits.csv")
}

#[test]
fn what_is_mended_on_the_page_is_what_every_command_sends_and_can_be_taken_back() {
    let world = World::new();
    let source = "Name,Mobile\nAnn,0123456782\nBob,0123456788\nCid,call office\nDee,+60123456700\n";
    world.write("contacts.csv", source);
    let page = Page::entered(&world, "");
    let file = page.send_path("contacts.csv");
    let problems = format!("{file}/problems");
    let shown = page.until(&problems, "phone.no_country").body;
    let key = "phone.no_country-1";
    assert!(shown.contains(&format!("{problems}/{key}")), "{shown}");
    let mend = |key: &str, fields: &[(&str, &str)]| {
        let shown = page.until(&problems, "name=\"seen\"").body;
        let seen = seen_in(&shown);
        page.send(&format!("{problems}/{key}"), &[&[("seen", seen.as_str())], fields].concat())
    };
    let told = mend(key, &[("how", "prefix"), ("prefix", "+60"), ("without_zeros", "on")]);
    assert_eq!(told.status, 303, "{told:?}");
    let shown = page.until(&problems, "phone.not_a_number").body;
    assert!(!shown.contains("phone.no_country") && shown.contains("<ins>"), "{shown}");
    let one = page.get(&format!("{problems}/phone.not_a_number-1")).body;
    assert!(one.contains("name=\"cell.0.4\" value=\"call office\""), "{one}");
    let told = mend("phone.not_a_number-1", &[("how", "set"), ("cell.0.4", "+60123456701")]);
    assert_eq!(told.status, 303, "{told:?}");
    page.until(&problems, "All 4 rows can be sent");
    assert_eq!(world.read("contacts.csv"), source, "the file stays as it is");

    let check = world.done("check contacts.csv --edits contacts.edits.csv");
    assert_eq!(check["outcomes"]["skipped"], 4, "{check}");
    assert_eq!(world.rolo("check contacts.csv").code, 1, "without the edits nothing is mended");
    let import = world.done("import contacts.csv --edits contacts.edits.csv --unthrottled --memory");
    assert_eq!(import["outcomes"]["created"], 4, "{import}");
    let sent = world.csv("contacts.results.csv");
    assert_eq!(sent[0]["Mobile"], "+60123456782");
    assert!(sent[0]["_message"].contains("the file has: 0123456782"), "{:?}", sent[0]);

    // A row that was changed in the file is not what was edited.
    world.write("contacts.csv", &source.replace("Ann", "Eve"));
    let said = world.rolo("check contacts.csv --edits contacts.edits.csv");
    assert!(said.code == 1 && said.err.contains("edit.row_changed"), "{}", said.err);
    world.write("contacts.csv", source);

    let back = page.send(&format!("{problems}/back"), &[("edit", "1")]);
    assert_eq!(back.status, 303);
    page.until(&problems, "phone.no_country");
    let told = mend(key, &[("how", "skip")]);
    assert_eq!(told.status, 303, "{told:?}");
    let shown = page.until(&problems, "All 2 rows can be sent").body;
    assert!(shown.contains("2 rows passed over"), "{shown}");
    assert!(edits_beside(&world).contains("skip row"));
}

#[test]
fn an_interrupted_run_goes_on_with_the_edits_that_it_began_with_or_says_so() {
    let world = World::new();
    let rows: String = (0..300).map(|n| format!("P{n},4474001{n:05}\n")).collect();
    world.write("contacts.csv", &format!("Name,Mobile\nBad,call office\n{rows}"));
    let page = Page::entered(&world, "");
    let file = page.send_path("contacts.csv");
    let problems = format!("{file}/problems");
    let shown = page.until(&problems, "name=\"seen\"").body;
    let told = page.send(
        &format!("{problems}/phone.not_a_number-1"),
        &[("seen", &seen_in(&shown)), ("how", "set"), ("cell.0.2", "+447400199999")],
    );
    assert_eq!(told.status, 303, "{told:?}");
    let run = page.import(&file, &[]);
    page.until(&format!("{run}/progress"), " of 301 rows");
    page.send(&format!("{run}/stop"), &[]);
    page.until(&run, "Go on with it");
    let kept = edits_beside(&world);
    world.write("contacts.edits.csv", &kept.replace("+447400199999", "+447400188888"));
    let refused = page.send(&format!("{run}/resume"), &[]);
    assert!(refused.status == 400 && refused.body.contains("edits were changed since"), "{refused:?}");
    world.write("contacts.edits.csv", &kept);
    assert_eq!(page.run_of(&page.send(&format!("{run}/resume"), &[])), run);
}

#[test]
fn rows_of_a_run_are_searched_and_downloaded_as_a_workbook() {
    let world = World::new();
    world.write("contacts.csv", CONTACTS);
    let page = Page::entered(&world, "");
    let run = page.import(&page.send_path("contacts.csv"), &[("unthrottled", "on")]);
    page.until(&run, "Download as CSV");
    let all = page.get(&format!("{run}/rows")).body;
    assert!(all.contains(">3 rows<") && all.contains("name=\"mend.2.1\" value=\"call office\""), "{all}");
    let search = |fields: &[(&str, &str)]| {
        let told = page.send(&format!("{run}/rows"), fields);
        assert!(told.status == 303 && !told.location().contains("ann"), "nobody stands in an address: {told:?}");
        page.until(&told.location(), "Back to the run").body
    };
    let found = search(&[("text", "ann"), ("outcome", "created")]);
    assert!(found.contains(">1 row<") && !found.contains("<td>Bob"), "{found}");
    let ordered = search(&[("sort", "Name"), ("descending", "on")]);
    assert!(ordered.find("value=\"Cid\"").or(ordered.find(">Cid<")) < ordered.find(">Ann<"), "{ordered}");
    let nobody = search(&[("text", "zoe")]);
    assert!(nobody.contains(">0 rows<") && nobody.contains("No row is like that"), "{nobody}");
    let lost = page.get(&format!("{run}/rows?found=9999")).body;
    assert!(lost.contains("not remembered any more") && lost.contains(">3 rows<"), "{lost}");
    let workbook = page.get(&format!("{run}/results/xlsx"));
    assert!(workbook.header("content-type").unwrap().contains("spreadsheetml"), "{}", workbook.head);
    assert!(workbook.body.starts_with("PK"));
}
