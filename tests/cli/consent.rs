//! A guess is not sent to a real account before somebody has seen it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::desk::{Desk, TOKEN};
use crate::world::Bare as _;

const PEOPLE: &str = "Name,E-mail,Shoes\nAnn,ann@example.org,42\nBen,ben@example.org,43\n";

fn desk() -> Desk {
    let desk = Desk::new("chatwoot");
    desk.configure("{ env = \"DESK_TOKEN\" }");
    std::fs::write(desk.home.path().join("contacts.csv"), PEOPLE).unwrap();
    desk
}

fn said(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn nobody_to_ask_means_that_a_guess_is_not_sent() {
    let desk = desk();
    let refused = desk.run(&["import", "contacts.csv", "--to", "desk"]);
    let words = said(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{words}");
    assert!(words.contains("a guessed mapping is not sent to a real account unasked: desk"), "{words}");
    assert!(words.contains("rolo guess contacts.csv --for desk"), "{words}");
    assert_eq!(desk.sandbox.request_count(), 0);
}

#[test]
fn a_yes_on_the_command_line_or_a_mapping_file_is_an_answer() {
    let desk = desk();
    let yes = desk.run(&["import", "contacts.csv", "--to", "desk", "--yes"]);
    assert_eq!(yes.status.code(), Some(0), "{}", said(&yes.stderr));
    let guess = desk.run(&["guess", "contacts.csv", "--for", "desk"]);
    assert_eq!(guess.status.code(), Some(0), "{}", said(&guess.stderr));
    let table = said(&guess.stderr);
    assert!(table.contains("E-mail  email    sure, 2 of 2 fit       ann@example.org | ben@example.org"), "{table}");
    assert!(table.contains("warning: Shoes, with values in 2 of 2 rows"), "{table}");
    let mapped = desk.run(&["import", "contacts.csv", "--to", "desk"]);
    assert_eq!(mapped.status.code(), Some(0), "{}", said(&mapped.stderr));
    // What a log may keep holds nothing of the people.
    assert!(!said(&mapped.stderr).contains("ann@example.org"), "{}", said(&mapped.stderr));
}

/// The same command typed into a terminal, and the answer; what the screen shows, and the code.
fn typed(desk: &Desk, answer: &str) -> (String, Option<i32>) {
    typed_command(desk, "import contacts.csv --to desk", answer)
}

fn typed_command(desk: &Desk, arguments: &str, answer: &str) -> (String, Option<i32>) {
    let command = format!("{} {arguments}", env!("CARGO_BIN_EXE_rolo"));
    let mut child = Command::new("script")
        .args(["-qec", &command, "/dev/null"])
        .bare()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", desk.home.path())
        .env("DESK_TOKEN", TOKEN)
        .current_dir(desk.home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut keys = child.stdin.take().unwrap();
    keys.write_all(answer.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    drop(keys);
    (String::from_utf8_lossy(&output.stdout).into_owned(), output.status.code())
}

#[test]
fn a_terminal_shows_table_and_plan_and_asks() {
    let desk = desk();
    let (screen, code) = typed(&desk, "n\n");
    assert_eq!(code, Some(2), "{screen}");
    for words in ["E-mail", "ann@example.org", "would be created", "send this to desk? [y/N]", "nothing was sent"] {
        assert!(screen.contains(words), "no {words:?} on the screen: {screen}");
    }
    assert_eq!(desk.sandbox.request_count(), 0, "a plan sends nothing");
    let (screen, code) = typed(&desk, "y\n");
    assert_eq!(code, Some(0), "{screen}");
    assert!(desk.sandbox.request_count() > 0);
}

#[test]
fn a_terminal_asks_with_a_mapping_file_too() {
    let desk = desk();
    desk.run(&["guess", "contacts.csv", "--for", "desk"]);
    let (screen, code) = typed(&desk, "n\n");
    assert_eq!(code, Some(2), "{screen}");
    for words in ["mapping: contacts.mapping.toml", "would be created", "send this to desk? [y/N]"] {
        assert!(screen.contains(words), "no {words:?} on the screen: {screen}");
    }
    assert!(screen.contains("change contacts.mapping.toml, and import again"), "{screen}");
    assert_eq!(desk.sandbox.request_count(), 0, "a plan sends nothing");
    let (screen, code) = typed_command(&desk, "import contacts.csv --to desk --yes", "");
    assert_eq!(code, Some(0), "{screen}");
    assert!(!screen.contains("[y/N]"), "{screen}");
}

#[test]
fn a_copy_with_a_guessed_mapping_asks_too() {
    let desk = desk();
    desk.run(&["import", "contacts.csv", "--to", "sandbox:respondio", "--unthrottled"]);
    let copy = ["copy", "--from", "sandbox:respondio", "--to", "desk"];
    let refused = desk.run(&copy);
    let words = said(&refused.stderr);
    assert_eq!(refused.status.code(), Some(2), "{words}");
    assert!(words.contains("a guessed mapping is not sent to a real account unasked: desk"), "{words}");
    assert!(words.contains("name a mapping with --mapping, or say --yes"), "{words}");
    assert_eq!(desk.sandbox.request_count(), 0);

    let (screen, code) = typed_command(&desk, &copy.join(" "), "n\n");
    assert_eq!(code, Some(2), "{screen}");
    for words in ["first_name", "would be created", "send this to desk? [y/N]", "nothing was sent"] {
        assert!(screen.contains(words), "no {words:?} on the screen: {screen}");
    }
    assert_eq!(desk.sandbox.request_count(), 0, "a plan sends nothing");
    // What was exported for the question is gone with the answer.
    let exported = desk.files().into_iter().filter(|file| file.parent().unwrap().ends_with("copy")).count();
    assert_eq!(exported, 0);

    let (screen, code) = typed_command(&desk, &copy.join(" "), "y\n");
    assert_eq!(code, Some(0), "{screen}");
    let held = desk.sandbox.contacts("chatwoot");
    assert_eq!(held.as_array().map(Vec::len), Some(2), "{screen}");
    let yes = desk.run(&[&copy[..], &["--yes"]].concat());
    assert_eq!(yes.status.code(), Some(0), "{}", said(&yes.stderr));
}

#[test]
fn a_copy_that_would_ask_and_finds_nothing_lists_the_account_once() {
    let desk = desk();
    let (screen, code) = typed_command(&desk, "copy --from sandbox:respondio --to desk", "");
    assert_eq!(code, Some(0), "{screen}");
    assert!(screen.contains("nothing to copy: sandbox:respondio has no such contact"), "{screen}");
    let runs = said(&desk.run(&["runs"]).stdout);
    assert_eq!(runs.matches(" export ").count(), 1, "{runs}");
}
