//! How long each page of `rolo open` takes with a file of 100,000 rows, and in how much memory: `cargo bench -- page`.
//! Another number of rows by `ROLO_PAGE_ROWS`, another program by `ROLO_BIN`. What the figures say: benches/README.md.
//!
//! Contacts go to `rolo sandbox`, a process of its own, so that the memory is that of the page.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark that can't go on fails, and tells")]
#![allow(clippy::disallowed_methods, reason = "what is measured here is the time of the machine")]

mod browser;

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use browser::{Visitor, value_of};

/// What every page is to answer within, and the most memory, as issue 12 has them.
const BAR: &str = "bar: 300 ms, 150 MiB";

fn main() {
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    if !wanted.is_empty() && !wanted.iter().any(|word| "page".contains(word.as_str())) {
        return;
    }
    let rows: u64 = std::env::var("ROLO_PAGE_ROWS").ok().and_then(|rows| rows.parse().ok()).unwrap_or(100_000);
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("contacts.csv"), contacts(rows)).unwrap();
    let (sandbox, served) = served(home.path(), "sandbox --listen 127.0.0.1:0 --unthrottled");
    let account = format!(
        "[accounts.desk]\nservice = \"respondio\"\nbase_url = \"{}/respondio\"\ntoken = {{ env = \"KEY\" }}\nunthrottled = true\n",
        served.trim().rsplit(' ').next().unwrap().trim_end_matches('/')
    );
    std::fs::write(home.path().join("rolo.toml"), account).unwrap();
    let (page, address) = served_page(home.path());
    println!("{rows} rows; {BAR}");
    let mut visitor = Visitor::enter(&address, page.0.id());
    walk(&mut visitor);
    visitor.sum_up();
    drop((page, sandbox));
}

/// A process that goes with the bench.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

fn served(home: &Path, arguments: &str) -> (Process, String) {
    let program = std::env::var_os("ROLO_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_rolo").into());
    let mut command = Command::new(program);
    command.args(arguments.split(' ')).current_dir(home).env("HOME", home).env("KEY", "sandbox");
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    (Process(child), line)
}

fn served_page(home: &Path) -> (Process, String) {
    let (page, line) = served(home, "open --no-browser contacts.csv");
    (page, line.trim().to_owned())
}

/// People as a fair leaves them: every fourth number has lost its country, some addresses are none, some rows stand
/// there twice.
fn contacts(rows: u64) -> String {
    let mut text = String::from("First name,Last name,Mobile,E-mail,Tags,Company,Note\n");
    for n in 0..rows {
        let person = if n % 97 == 0 { n.saturating_sub(1) } else { n };
        let mobile = match n % 4 {
            1 => format!("0740{person:07}"),
            _ => format!("+44740{person:07}"),
        };
        let address = if n % 50 == 7 { format!("p{person}@@example.com") } else { format!("p{person}@example.com") };
        let tags = ["fair; hot", "fair", "fair; call back", ""][(n % 4) as usize];
        writeln!(text, "Pat{},Kim{},{mobile},{address},{tags},Acme {},seen in hall {}", n % 211, n % 97, n % 31, n % 9)
            .unwrap();
    }
    text
}

/// Every page, in the order in which a person comes by.
fn walk(visitor: &mut Visitor) {
    let file = visitor.told_location("/files/", "Files");
    visitor.look("file", &file, "What was found");
    visitor.send("take the account", &format!("{file}/account"), &[("account", "desk")]);
    let columns = visitor.look("columns", &format!("{file}/columns"), "Where the contacts go");
    let mut fields: Vec<(String, String)> = browser::selects(&columns);
    fields.push(("then".into(), "problems".into()));
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    visitor.send("save the columns", &format!("{file}/columns"), &fields);
    let problems = visitor.look("problems", &format!("{file}/problems"), "What keeps rows from being sent");
    let group = problems.split(&format!("href=\"{file}/problems/phone.")).nth(1).unwrap().split('"').next().unwrap();
    let group = format!("{file}/problems/phone.{group}");
    visitor.look("mend, first page", &group, "Keep what I wrote");
    visitor.look("mend, last page", &format!("{group}?page=999999"), "Keep what I wrote");
    let seen = value_of(&problems, "seen");
    let prefix = [("seen", seen.as_str()), ("how", "prefix"), ("prefix", "+44"), ("without_zeros", "on")];
    visitor.send("mend all alike", &group, &prefix);
    visitor.look("problems, mended", &format!("{file}/problems"), "can't be sent as they are");
    let plan = visitor.look("plan", &format!("{file}/plan"), "name=\"seen\"");
    let seen = value_of(&plan, "seen");
    let send = [("seen", seen.as_str()), ("extent", "all"), ("typed", "desk")];
    let work = visitor.send("send", &format!("{file}/plan/send"), &send);
    let run = visitor.led_on("run begins", &work);
    visitor.look("run", &run, "Download as CSV");
    after(visitor, &run);
}

/// What there is to be looked at once a run has ended.
fn after(visitor: &mut Visitor, run: &str) {
    let rows = format!("{run}/rows");
    let first = visitor.look("rows", &rows, "What was done");
    visitor.look("rows, far behind", &format!("{rows}?page=1900"), "page ");
    for (name, fields) in [
        ("rows, searched", [("text", "hall 7")].as_slice()),
        ("rows, by outcome", &[("outcome", "rejected")]),
        ("rows, ordered", &[("sort", "E-mail"), ("descending", "on")]),
    ] {
        let found = visitor.send(&format!("{name}: asked"), &rows, fields);
        visitor.look(name, &found, "With this in it");
    }
    let person = first.split("name=\"person\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    visitor.send("person", "/people", &[("person", &person)]);
    visitor.look("report", &format!("{run}/report"), "What to do next");
    visitor.look("undo", &format!("{run}/undo"), "calls");
    for (name, path, says) in [
        ("files", "/", "Drop a spreadsheet"),
        ("runs", "/runs", "Took"),
        ("jobs", "/jobs", "Jobs"),
        ("accounts", "/accounts", "desk"),
        ("people", "/people", "one person"),
    ] {
        visitor.look(name, path, says);
    }
}
