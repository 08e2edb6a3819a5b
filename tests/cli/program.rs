//! Help, errors, exit codes and the lists that need no run.

use std::path::Path;

use crate::world::Bare as _;

use assert_cmd::Command;

/// The program with an empty home and nothing of the caller's environment.
pub fn rolo(home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rolo"));
    command.bare().env("HOME", home).current_dir(home);
    command
}

/// What the program says and how it ends: code, standard output, standard error.
pub fn said(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = rolo(home).args(arguments).output().expect("the program can be started");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("the program writes text");
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

#[test]
fn a_wrong_command_line_ends_with_two_and_nothing_on_standard_output() {
    let home = tempfile::tempdir().unwrap();
    for arguments in [&["improt"][..], &["services", "--nonsense"], &["completions", "tcsh"], &["why"]] {
        let (code, out, err) = said(home.path(), arguments);
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}");
        assert!(err.starts_with("error: "), "{err}");
    }
}

#[test]
fn a_mistake_in_the_configuration_is_told_in_two_lines() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("rolo.toml"), "[acounts.a]\n").unwrap();
    let (code, out, err) = said(home.path(), &["accounts"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (2, "", "error: rolo.toml:1:2: unknown section: acounts\nhint: did you mean accounts?\n")
    );
}

#[test]
fn an_error_tells_a_program_as_fields_what_its_words_name_to_people() {
    let home = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(home.path().join(name), text).unwrap();
    write("quote.csv", "Name,Phone\nAnn,+34612345678\nBob,\"+34612345679\n");
    write("good.csv", "Name,Phone\nAnn,+34612345678\n");
    write("other.toml", "[columns.\"Telephone\"]\nfield = \"phone\"\n");
    write("broken.toml", "\n[columns.\"Phone\"]\nfeild = \"phone\"\n");
    write("typo.toml", "[accounts.a]\nservice = \"respondio-v1\"\n  tokn = { env = \"T\" }\n");
    for (arguments, context) in [
        (&["check", "none.csv"][..], serde_json::json!({"path": "none.csv"})),
        (&["check", "quote.csv"], serde_json::json!({"path": "quote.csv", "line": 3})),
        (
            &["check", "good.csv", "--mapping", "other.toml"],
            serde_json::json!({"column": "Telephone", "path": "good.csv"}),
        ),
        (
            &["check", "good.csv", "--mapping", "broken.toml"],
            serde_json::json!({"line": 3, "character": 1, "path": "broken.toml"}),
        ),
        (
            &["accounts", "--config", "typo.toml"],
            serde_json::json!({"path": "typo.toml", "line": 3, "character": 3, "setting": "accounts.a.tokn"}),
        ),
        (&["show", "20260101-0000-abc"], serde_json::json!({"run": "20260101-0000-abc"})),
    ] {
        let (code, out, err) = said(home.path(), &[arguments, &["--json"]].concat());
        let last: serde_json::Value = serde_json::from_str(out.lines().last().unwrap()).unwrap();
        assert_eq!(
            (code, &last["event"], &last["kind"]),
            (2, &"error".into(), &"usage".into()),
            "{arguments:?}: {out}"
        );
        assert_eq!(last["context"], context, "{arguments:?}");
        let shown = format!("error: {}\n", last["message"].as_str().unwrap());
        assert!(err.contains(&shown), "{arguments:?}: {err}");
        let (_, plain, _) = said(home.path(), arguments);
        assert!(!plain.contains("\"event\""), "{plain}");
    }
}

#[test]
fn accounts_tell_where_a_secret_is_and_never_the_secret() {
    let home = tempfile::tempdir().unwrap();
    let config =
        "[accounts.support]\nservice = \"respondio-v1\"\ntoken = { env = \"SUPPORT_TOKEN\" }\nrate = \"100/1m\"\n";
    std::fs::write(home.path().join("rolo.toml"), config).unwrap();
    let output = rolo(home.path()).arg("accounts").env("SUPPORT_TOKEN", "canary-4711").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    for part in ["support", "respondio-v1", "environment variable SUPPORT_TOKEN", "100 a minute", "rolo.toml:1:1"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    assert!(!out.contains("canary"), "{out}");
    let (_, json, _) = said(home.path(), &["accounts", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rate"], serde_json::json!({"calls": 100, "seconds": 60}));
}

#[test]
fn a_rate_above_the_vendors_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let config = "[accounts.a]\nservice = \"respondio-v1\"\ntoken = { env = \"T\" }\nrate = \"201/1m\"\n";
    std::fs::write(home.path().join("rolo.toml"), config).unwrap();
    let (code, _, err) = said(home.path(), &["accounts"]);
    assert_eq!(code, 2);
    assert!(err.contains("the rate is above what the service admits: 201 a minute against 200 a minute"), "{err}");
}

#[test]
fn every_service_is_listed_with_limits_that_have_a_source() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, err) = said(home.path(), &["services", "--json"]);
    assert_eq!((code, err.as_str()), (0, ""));
    let services: Vec<serde_json::Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!services.is_empty());
    for service in services {
        let name = service["service"].as_str().unwrap();
        for limit in service["limits"].as_array().unwrap() {
            assert_ne!(limit["source"].as_str().unwrap(), "", "{name}: {limit}");
        }
        for operation in service["operations"].as_array().unwrap() {
            let used = !operation["calls"].as_array().unwrap().is_empty();
            assert!(used || !operation["note"].as_str().unwrap().is_empty(), "{name}: {operation}");
        }
        let (code, words, _) = said(home.path(), &["services", name]);
        assert_eq!(code, 0);
        assert!(words.starts_with(name) && words.contains("\nlimits\n"), "{words}");
    }
}

#[test]
fn an_unknown_service_is_answered_with_those_there_are() {
    let home = tempfile::tempdir().unwrap();
    let (code, _, err) = said(home.path(), &["services", "nonesuch"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: no service is called: nonesuch\nhint: the services are respondio-v1, "), "{err}");
}

#[test]
fn a_wrong_name_or_an_empty_input_is_answered_with_what_was_probably_meant() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("a.csv"), "phone\n+447400100101\n").unwrap();
    for (arguments, answer) in [
        (
            &["check", "a.csv", "--for", "respondio"][..],
            "error: no account is called: respondio\nhint: that is a service: rehearse with sandbox:respondio, or add \
             [accounts.respondio] to rolo.toml\n",
        ),
        (
            &["check", "a.csv", "--for", "Sandbox"],
            "error: no account is called: Sandbox\nhint: did you mean sandbox?\n",
        ),
        (&["check", "-"], "error: standard input is empty\nhint: pipe a CSV into it, or name a file in place of -\n"),
    ] {
        assert_eq!(said(home.path(), arguments), (2, String::new(), answer.to_owned()), "{arguments:?}");
    }
    for option in ["--limit", "--canary"] {
        let (code, _, err) = said(home.path(), &["import", "a.csv", option, "0"]);
        assert_eq!(code, 2, "{err}");
    }
}

#[test]
fn completions_and_manual_name_every_command() {
    let home = tempfile::tempdir().unwrap();
    let (_, help, _) = said(home.path(), &["--help"]);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| !line.starts_with("     "))
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    assert!(commands.contains(&"services"), "{help}");
    let (_, manual, _) = said(home.path(), &["man"]);
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, _) = said(home.path(), &["completions", shell]);
        assert_eq!(code, 0);
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
            assert!(manual.contains(command), "{command}");
        }
    }
}

#[test]
fn one_manual_page_a_command_is_written_into_a_folder() {
    let home = tempfile::tempdir().unwrap();
    let pages = home.path().join("pages");
    std::fs::create_dir(&pages).unwrap();
    let (code, ..) = said(home.path(), &["man", "--folder", "pages"]);
    assert_eq!(code, 0);
    assert!(pages.join("rolo.1").is_file() && pages.join("rolo-services.1").is_file());
    let (code, _, err) = said(home.path(), &["man", "--folder", "absent"]);
    assert_eq!(code, 2);
    assert!(err.starts_with("error: the manual can't be written: absent\ncause: "), "{err}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = tempfile::tempdir().unwrap();
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_rolo"))
        .args(["completions", "bash"])
        .bare()
        .env("HOME", home.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
}
