use std::path::Path;

use clap::{CommandFactory as _, Parser as _};

use super::source::Input;
use super::*;
use crate::error::Result;

fn context(config: Option<&Path>, variables: &[(&str, &str)]) -> CommandContext {
    let global = GlobalArgs { config: config.map(Path::to_owned), ..GlobalArgs::default() };
    CommandContext::new(global, Environment::of(variables)).unwrap()
}

fn import_settings(words: &str, variables: &[(&str, &str)]) -> Result<source::SourceSettings> {
    let line = CommandLine::try_parse_from(words.split(' ')).unwrap();
    let Command::Import(args) = line.command else { panic!("not an import") };
    let context = context(None, variables);
    args.source.settings(args.file.clone().unwrap(), &crate::config::Config::default(), &context)
}

#[test]
fn the_command_line_is_well_formed() {
    CommandLine::command().debug_assert();
}

#[test]
fn help_shows_examples_before_options() {
    for command in CommandLine::command().get_subcommands_mut() {
        let help = command.render_help().to_string();
        let (examples, usage) = (help.find("Examples:"), help.find("Usage:"));
        assert!(examples.is_some() && examples < usage, "{help}");
        assert!(help.contains(&format!("  rolo {}", command.get_name())), "{help}");
    }
}

#[test]
fn the_options_of_a_file_are_checked_once() {
    let settings = import_settings(
        "rolo import data/contacts.csv.gz --sheet 2 --delimiter ; --encoding latin1 --region gb --limit 7",
        &[],
    )
    .unwrap();
    assert_eq!(settings.input, Input::File("data/contacts.csv.gz".into()));
    assert_eq!(settings.delimiter, Some(b';'));
    assert_eq!(settings.encoding.unwrap().name(), "windows-1252");
    assert_eq!(settings.region.as_deref(), Some("GB"));
    assert_eq!(settings.limit, Some(7));
    assert_eq!(settings.results, Path::new("data/contacts.results.csv"));
    assert_eq!(settings.mapping, None);

    let settings = import_settings("rolo import -", &[("ROLO_REGION", "my")]).unwrap();
    assert_eq!(settings.input, Input::Stdin);
    assert_eq!(settings.region.as_deref(), Some("MY"));
    for name in ["Malaysia", "MYS", "mys"] {
        let settings = import_settings("rolo import a.csv", &[("ROLO_REGION", name)]).unwrap();
        assert_eq!(settings.region.as_deref(), Some("MY"), "{name}");
    }
    assert_eq!(settings.results, Path::new("stdin.results.csv"));
    assert_eq!(import_settings("rolo import a.XLSX", &[]).unwrap().results, Path::new("a.results.xlsx"));
}

#[test]
fn a_wrong_option_says_what_would_be_right() {
    for (words, message) in [
        ("--delimiter xx", "not a delimiter: xx"),
        ("--delimiter a", "not a delimiter: a"),
        ("--encoding klingon", "no encoding is called: klingon"),
        ("--region Narnia", "not a country (flag --region): Narnia"),
        ("--results out.txt", "a results file ends in .csv or .xlsx: out.txt"),
        ("--results a.csv", "the results would replace the source: a.csv"),
    ] {
        let error = import_settings(&format!("rolo import a.csv {words}"), &[]).unwrap_err();
        assert_eq!(error.message, message);
    }
}

#[test]
fn the_mapping_beside_the_file_is_found() {
    // The second is a file system in memory, whose files are files like any other.
    for folder in [tempfile::tempdir().unwrap(), tempfile::tempdir_in("/dev/shm").unwrap()] {
        let file = folder.path().join("contacts.csv");
        std::fs::write(&file, "").unwrap();
        let mapping = |name: &str| {
            std::fs::write(folder.path().join(name), "").unwrap();
            let settings = import_settings(&format!("rolo import {}", file.display()), &[]).unwrap();
            settings.mapping.unwrap().file_name().unwrap().to_owned()
        };
        assert_eq!(mapping("contacts.csv.mapping.toml"), "contacts.csv.mapping.toml");
        assert_eq!(mapping("contacts.mapping.toml"), "contacts.mapping.toml");
    }
}

#[test]
fn nothing_stands_beside_what_a_shell_passes_in_place_of_a_file() {
    for file in ["-", "/dev/stdin", "/dev/fd/0", "/dev/null"] {
        let settings = import_settings(&format!("rolo import {file}"), &[]).unwrap();
        assert_eq!((settings.mapping, settings.input.file()), (None, None), "{file}");
    }
}

#[test]
fn faults_and_limits_are_read_apart() {
    let line = "rolo import a.csv --unthrottled --fault reset_after=3 --fault slow --stop-when failed=5% --stop-when same_reason=20";
    let Command::Import(args) = CommandLine::try_parse_from(line.split(' ')).unwrap().command else {
        panic!("not an import")
    };
    let sandbox = args.sandbox.settings();
    assert_eq!(sandbox.faults, ["reset_after=3", "slow"]);
    assert!(sandbox.unthrottled && !sandbox.memory);
    let run = args.run.settings().unwrap();
    assert_eq!(run.stop_when.failed.unwrap().to_string(), "5%");
    assert_eq!(run.stop_when.same_reason, Some(20));
}

#[test]
fn the_sandbox_is_for_this_machine_alone() {
    let parse = |address| {
        let words = ["rolo", "sandbox", "--listen", address];
        let Command::Sandbox(args) = CommandLine::try_parse_from(words).unwrap().command else {
            panic!("not a sandbox")
        };
        args.settings()
    };
    assert_eq!(parse("127.0.0.1:0").unwrap().listen.port(), 0);
    assert!(parse("[::1]:8787").is_ok());
    assert!(parse("0.0.0.0:8787").is_err());
}

#[test]
fn a_configuration_that_is_named_must_be_there() {
    let missing = context(Some(Path::new("/nowhere/rolo.toml")), &[]);
    assert_eq!(missing.config().unwrap_err().message, "the configuration can't be read: /nowhere/rolo.toml");
    assert!(context(None, &[("HOME", "/nowhere")]).config().unwrap().accounts.is_empty());
}

#[test]
fn a_secret_cannot_be_given_on_the_command_line() {
    for command in CommandLine::command().get_subcommands() {
        for argument in command.get_arguments() {
            let name = argument.get_id().as_str();
            assert!(!["token", "secret", "password", "key"].iter().any(|word| name.contains(word)), "{name}");
        }
    }
}
