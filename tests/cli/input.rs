//! Input that comes once: standard input and pipes, silent ones included.

use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::program::rolo;
use crate::world::World;

const PEOPLE: &str = "Name,Phone\nAnn Lee,+44 7400 100101\nBob Day,+44 7400 100102\n";

/// What is kept of inputs, finished or not.
fn kept(home: &Path) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(home.join(".local/state/rolo/input"));
    folder.map(|folder| folder.map(|entry| entry.unwrap().path()).collect()).unwrap_or_default()
}

fn pipe(world: &World, name: &str) {
    let made = std::process::Command::new("mkfifo").arg(world.path(name)).status().unwrap();
    assert!(made.success());
}

/// Waits for as long as a machine under load may take; whoever never comes fails the test.
fn until(what: &str, mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn signalled(mut child: Child, home: &Path, signal: &str, what: &str) {
    until("nothing is read", || !kept(home).is_empty());
    let sent = std::process::Command::new("kill").args([format!("-{signal}"), child.id().to_string()]).status();
    assert!(sent.unwrap().success());
    until(&format!("{what} goes on after SIG{signal}"), || child.try_wait().unwrap().is_some());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(4), "{what}, SIG{signal}: {said}");
    assert!(said.contains("interrupted by a signal while input was waited for"), "{said}");
    assert_eq!(kept(home), Vec::<PathBuf>::new(), "{what}: nothing is left of it");
}

#[test]
fn a_signal_ends_a_command_that_waits_for_silent_standard_input() {
    for (signal, command) in
        [("INT", "import"), ("TERM", "import"), ("INT", "check"), ("TERM", "guess"), ("INT", "plan")]
    {
        let home = tempfile::tempdir().unwrap();
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_rolo"));
        let bare = rolo(home.path());
        program.env_clear().envs(bare.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let child = program.args([command, "-"]).current_dir(home.path());
        let child = child.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        signalled(child, home.path(), signal, command);
    }
}

#[test]
fn a_signal_ends_a_command_that_waits_for_a_silent_pipe() {
    for signal in ["INT", "TERM"] {
        // One that nobody opens for writing, and one that somebody opens and writes half a file to.
        for is_opened in [false, true] {
            let world = World::new();
            pipe(&world, "people.csv");
            let mut command = world.command("import people.csv --memory");
            let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
            let writer = is_opened.then(|| {
                let mut writer = std::fs::OpenOptions::new().write(true).open(world.path("people.csv")).unwrap();
                std::io::Write::write_all(&mut writer, &PEOPLE.as_bytes()[..20]).unwrap();
                writer
            });
            signalled(child, world.home(), signal, "import of a pipe");
            drop(writer);
        }
    }
}

#[test]
fn a_pipe_is_read_once_and_is_the_same_file_as_its_content() {
    let world = World::new();
    pipe(&world, "people.csv");
    let path = world.path("people.csv");
    let write = |text: &'static str| {
        let path = path.clone();
        std::thread::spawn(move || std::fs::write(path, text).unwrap())
    };
    for (command, code) in [("check people.csv", 0), ("plan people.csv", 0), ("import people.csv --unthrottled", 0)] {
        let writer = write(PEOPLE);
        let said = world.rolo(command);
        writer.join().unwrap();
        assert_eq!(said.code, code, "{command}: {}", said.err);
    }
    let results = world.read("people.results.csv");
    assert!(results.contains("Ann Lee") && results.matches("created").count() == 2, "{results}");
    let writer = write("");
    let said = world.rolo("check people.csv");
    writer.join().unwrap();
    assert_eq!(said.code, 2);
    assert!(said.err.starts_with("error: people.csv is empty\n"), "{}", said.err);
}

#[test]
fn a_job_reads_its_file_as_the_command_line_can() {
    let world = World::new();
    let rows = "made by the shop\nName,Phone,Consent\nAnn Lee,+44 7400 100101,yes\nBob Day,+44 7400 100102,no\n";
    world.write("titled.csv", rows);
    world.write("bare.csv", "Ann Lee,+44 7400 100101\n");
    world.write("bare.mapping.toml", "[columns.A]\nfield = \"name\"\n[columns.B]\nfield = \"phone\"\n");
    world.write(
        "rolo.toml",
        "[jobs.titled]\nimport = \"titled.csv\"\nto = \"sandbox\"\nheader_row = 2\nonly = \"Consent = yes\"\n\
         [jobs.bare]\nimport = \"bare.csv\"\nmapping = \"bare.mapping.toml\"\nto = \"sandbox\"\nheader = \"none\"\n",
    );
    assert_eq!(world.rolo("run titled").code, 0);
    let results = world.read("titled.results.csv");
    assert!(results.contains("created") && results.contains("skipped"), "{results}");
    assert_eq!(world.rolo("run bare").code, 0);
    assert!(world.read("bare.results.csv").contains("Ann Lee"));
}
