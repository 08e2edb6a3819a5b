//! What a worker tells whoever watches it.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

use crate::world::{Served, World};

/// A worker that serves metrics, until this is dropped.
struct Worker {
    child: Child,
    address: String,
}

impl Worker {
    fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let line = lines.by_ref().map_while(Result::ok).find(|line| line.contains("metrics: http://")).unwrap();
        // What it says is read on, so that it is never held up.
        std::thread::spawn(move || lines.for_each(drop));
        let address = line.split("http://").nth(1).unwrap().trim_end_matches("/metrics").to_owned();
        Self { child, address }
    }

    /// Status, headers and body.
    fn get(&self, path: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head.to_lowercase(), body.to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_worker_tells_what_it_did_and_how_the_ledger_stands() {
    let (world, served) = (World::new(), Served::start(&World::new(), ""));
    world.write("contacts.csv", "Name,Phone\nAnn,+447400000001\nBob,nobody\n");
    world
        .write("contacts.mapping.toml", "[columns.Name]\nfield = \"first_name\"\n[columns.Phone]\nfield = \"phone\"\n");
    let config = format!(
        "[accounts.support]\nservice = \"respondio-v1\"\ntoken = {{ env = \"SUPPORT\" }}\nrate = \"120/1m\"\n\
         base_url = \"{}/respondio-v1\"\n[jobs.nightly]\nimport = \"contacts.csv\"\nto = \"support\"\n\
         mapping = \"contacts.mapping.toml\"\nschedule = \"0 2 * * *\"\n",
        served.address
    );
    world.write("rolo.toml", &config);
    let command = |arguments: &str| {
        let mut command = world.command(arguments);
        command.env("SUPPORT", "sandbox");
        command
    };
    assert!(command("submit --job nightly -q").output().unwrap().status.success());
    let worker = Worker::start(command("work --metrics 127.0.0.1:0"));
    let (status, _, words) = worker.get("/healthz");
    assert_eq!((status, words.as_str()), (200, "the worker lives, and its ledger answers\n"));
    let told = loop {
        let (status, head, body) = worker.get("/metrics");
        assert!(status == 200 && head.contains("content-type: text/plain; version=0.0.4"), "{status} {head}");
        // Counted after the ledger says that the run has ended, and told before what the ledger says.
        if body.contains("rolo_runs_ended_total{") {
            break body;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    };
    let of_run = "account=\"support\",job=\"nightly\",kind=\"import\"";
    for line in [
        format!("rolo_rows_total{{{of_run},outcome=\"created\",service=\"respondio-v1\"}} 1"),
        format!("rolo_rows_total{{{of_run},outcome=\"rejected\",service=\"respondio-v1\"}} 1"),
        "rolo_calls_total{account=\"support\",job=\"nightly\",kind=\"create\",service=\"respondio-v1\",verdict=\"done\"} 1".into(),
        format!("rolo_runs_ended_total{{{of_run},service=\"respondio-v1\",state=\"finished\"}} 1"),
        "rolo_runs{account=\"support\",service=\"respondio-v1\",state=\"finished\"} 1".into(),
        "rolo_rows_in_doubt{account=\"support\",service=\"respondio-v1\"} 0".into(),
        "rolo_queue_runs 0".into(),
        "rolo_outbox_alerts 0".into(),
        "rolo_workers 1".into(),
        "rolo_job_condition{condition=\"rows_rejected\",job=\"nightly\"} 1".into(),
        "rolo_job_condition{condition=\"failed\",job=\"nightly\"} 0".into(),
        "rolo_quota_calls_per_second{account=\"support\",service=\"respondio-v1\"} 2".into(),
        "rolo_lease_renewals_failed_total 0".into(),
        "# TYPE rolo_rows_total counter".into(),
        "# TYPE rolo_runs gauge".into(),
    ] {
        assert!(told.contains(&line), "{line}\n{told}");
    }
    assert!(told.contains("rolo_job_next_due_timestamp_seconds{job=\"nightly\"} 1"), "{told}");
    assert!(!told.contains("Ann") && !told.contains("447400000001"), "{told}");
    assert_eq!(worker.get("/").0, 404);
}

#[test]
fn a_worker_whose_ledger_is_gone_is_not_healthy() {
    let world = World::new();
    let worker = Worker::start(world.command("work --metrics 127.0.0.1:0"));
    assert_eq!(worker.get("/healthz").0, 200);
    let ledger = rusqlite::Connection::open(world.path(".local/state/rolo/ledger.sqlite")).unwrap();
    ledger.execute_batch("BEGIN EXCLUSIVE").unwrap();
    // Whoever writes waits for that, and whoever asks waits behind.
    let (status, _, words) = loop {
        let answer = worker.get("/metrics");
        if answer.0 != 200 {
            break answer;
        }
    };
    assert_eq!(status, 503, "{words}");
    assert!(words.starts_with("the ledger can't be used: "), "{words}");
}

/// Names of metrics in a text.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let words = text.split(|c: char| !is_part(c));
    words.filter(|word| word.starts_with("rolo_") && word.len() > 5).map(str::to_owned).collect()
}

#[test]
fn each_metric_that_the_board_and_the_page_name_is_one_that_is_served_and_the_page_has_all() {
    let read =
        |path: &str| std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let quoted = |source: String| metrics(&source.split('"').skip(1).step_by(2).collect::<Vec<_>>().join(" "));
    let served: BTreeSet<String> =
        ["src/metrics/counters.rs", "src/metrics/gauges.rs"].into_iter().flat_map(|path| quoted(read(path))).collect();
    let board: serde_json::Value = serde_json::from_str(&read("packaging/grafana/rolo.json")).unwrap();
    let asked: BTreeSet<String> = board["panels"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|panel| panel["targets"].as_array().unwrap())
        .flat_map(|target| metrics(target["expr"].as_str().unwrap()))
        .collect();
    assert!(asked.len() >= 15, "{asked:?}");
    assert_eq!(asked.difference(&served).collect::<Vec<_>>(), [""; 0], "the board asks for what nobody serves");
    let page = read("docs/watching.md");
    let table = page.lines().filter(|line| line.starts_with("| `rolo_")).collect::<Vec<_>>().join("\n");
    assert_eq!(metrics(&table), served);
}
