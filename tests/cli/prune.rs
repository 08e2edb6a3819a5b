//! Old runs are let go of: what goes, what stays, and what is said of it afterwards.

use std::fmt::Write as _;

use crate::world::{Said, World, calls, last_event, said};

const IMPORT: &str = "--to sandbox:chatwoot --unthrottled";

/// Everything that ended before now, and no promise to put anything back.
const ALL: &str = "prune --keep-runs 0s --keep-undo 0s";

fn people(from: u64, rows: u64) -> String {
    let mut text = String::from("first_name,phone,email,tags\n");
    for n in from..from + rows {
        let _ = writeln!(text, "Ann {n},+4474001{n:05},ann{n}@example.com,vip");
    }
    text
}

fn run_of(world: &World) -> String {
    let out = world.rolo("runs --json").out;
    let latest: serde_json::Value = serde_json::from_str(out.lines().next().unwrap()).unwrap();
    latest["run"].as_str().unwrap().to_owned()
}

fn ended(said: &Said, code: i32) -> &str {
    assert_eq!(said.code, code, "{}{}", said.out, said.err);
    if code == 0 { &said.out } else { &said.err }
}

#[test]
fn nothing_is_pruned_unless_it_is_said_which_runs_are_kept_and_that_it_be_done() {
    let world = World::new();
    assert_eq!(ended(&world.rolo("prune --keep-runs 1"), 0), "no run would be pruned\n");
    world.write("a.csv", &people(0, 3));
    world.done(&format!("import a.csv {IMPORT}"));
    let refused = world.rolo("prune --yes");
    assert!(
        ended(&refused, 2).starts_with("error: nothing says which runs are kept\nhint: say it with --keep-runs 90d")
    );
    assert!(
        ended(&world.rolo("prune --keep-runs never"), 2).contains("--keep-runs: it is neither a number of runs nor")
    );
    let unknown = world.rolo("prune --keep-runs 1 --account nobody");
    assert!(ended(&unknown, 2).contains("there is no run of an account called: nobody"));

    let plan = world.rolo(ALL);
    assert!(ended(&plan, 0).starts_with("would be pruned: 1 run, the latest of "), "{}", plan.out);
    assert!(plan.out.ends_with("nothing was removed; do it with: the same command and --yes\n"), "{}", plan.out);
    let promised = world.rolo("prune --keep-runs 0s --yes");
    let kept = "no run was pruned\nolder, and kept: 1 that can still be put back (--keep-undo)\n";
    assert_eq!(ended(&promised, 0), kept, "an undo is promised for thirty days");
    assert_eq!(ended(&world.rolo(&format!("show {}", run_of(&world))), 0).matches("pruned").count(), 0);
}

#[test]
fn a_pruned_run_is_told_as_that_and_the_same_file_again_makes_no_call() {
    let world = World::new();
    world.write("a.csv", &format!("{}Bob,nonsense,,\n", people(0, 20)));
    assert_eq!(world.rolo(&format!("import a.csv {IMPORT}")).code, 1, "one row is rejected");
    let run = run_of(&world);
    let pruned = world.rolo(&format!("{ALL} --yes"));
    assert!(ended(&pruned, 0).starts_with("pruned: 1 run, "), "{}", pruned.out);

    let shown = world.rolo(&format!("show {run}"));
    let shown = ended(&shown, 0);
    assert!(shown.contains("\nstate: finished, pruned\n"), "{shown}");
    assert!(shown.contains("\npruned on ") && shown.contains("its counts are kept"), "{shown}");
    assert!(shown.contains("\n       20  created\n        1  rejected\n"), "{shown}");
    assert!(!shown.contains("put back:") && !shown.contains("next:"), "{shown}");
    let listed = world.rolo("runs");
    assert!(listed.out.contains("finished, pruned") && listed.out.contains("21 rows: 20 created, 1 rejected"));
    for command in ["undo", "retry"] {
        let refused = world.rolo(&format!("{command} {run}"));
        assert!(ended(&refused, 2).starts_with(&format!("error: run {run} was pruned on ")), "{}", refused.err);
    }
    assert!(ended(&world.rolo(&format!("report {run}")), 2).contains("its counts are kept"));
    let why = world.rolo("why ann3@example.com");
    assert!(ended(&why, 0).contains("as far as this ledger knows\nnot told: what the run of "), "{}", why.out);
    let json: serde_json::Value = serde_json::from_str(&world.rolo("runs --json").out).unwrap();
    assert!(json["pruned"].is_u64() && json["next"].as_array().unwrap().is_empty(), "{json}");
    assert_eq!(world.rolo("prune --keep-runs 1 --yes").out, "no run was pruned\n", "it is pruned already");

    let again = last_event(&world.rolo(&format!("--json import a.csv {IMPORT} --verify")).out);
    assert_eq!(again["drifted"], 0, "what is known of contacts is as it was: {again}");
    world.write("b.csv", &people(0, 20));
    let other = world.done(&format!("import b.csv {IMPORT}"));
    assert_eq!((calls(&other), &other["outcomes"]["unchanged"]), (0, &20.into()), "{other}");
}

#[test]
fn what_a_cut_off_run_needs_stays_and_it_is_finished_afterwards() {
    let world = World::new();
    world.write("a.csv", &people(0, 40));
    assert_eq!(world.rolo(&format!("import a.csv {IMPORT} --max-calls 20")).code, 3);
    let run = run_of(&world);
    let kept = world.rolo(&format!("{ALL} --yes"));
    assert_eq!(ended(&kept, 0), "no run was pruned\nolder, and kept: 1 not finished, or put back in part\n");
    let resumed = world.done(&format!("resume {run}"));
    assert_eq!(resumed["outcomes"]["created"], 40, "{resumed}");
    assert!(ended(&world.rolo(&format!("undo {run}")), 0).contains("40  created contacts"));
}

/// An import goes on while what an earlier one left is removed, and neither loses anything.
#[test]
fn an_import_and_the_removal_of_another_run_go_on_side_by_side() {
    let world = World::new();
    world.write("a.csv", &people(0, 300));
    world.write("b.csv", &people(1000, 60));
    world.done(&format!("import a.csv {IMPORT}"));
    let mut import = world.command(&format!("--json import b.csv {IMPORT} --fault latency=20ms"));
    let (import, pruned) = std::thread::scope(|scope| {
        let import = scope.spawn(move || said(&mut import));
        let pruned = world.rolo(&format!("{ALL} --yes"));
        (import.join().unwrap(), pruned)
    });
    assert!(ended(&pruned, 0).starts_with("pruned: "), "{}", pruned.out);
    ended(&import, 0);
    let end = last_event(&import.out);
    assert_eq!(end["outcomes"]["created"], 60, "{end}");
    let status = world.rolo("ledger status");
    assert!(ended(&status, 0).contains("all of it was read, and it is whole"), "{}", status.out);
    for file in ["a.csv", "b.csv"] {
        let again = world.done(&format!("import {file} {IMPORT} --limit 59"));
        assert_eq!((calls(&again), &again["outcomes"]["unchanged"]), (0, &59.into()), "{again}");
    }
}

#[test]
fn a_job_lets_go_of_older_runs_by_itself_where_the_configuration_says_so() {
    let world = World::new();
    world.write("rolo.toml", "[defaults]\nkeep_runs = 1\nkeep_undo = \"0s\"\n");
    world.write("a.csv", &people(0, 5));
    world.write("b.csv", &people(5, 5));
    let first = world.done(&format!("import a.csv {IMPORT}"));
    let run = run_of(&world);
    assert!(!first["remarks"].to_string().contains("keep_runs"), "{first}");
    let second = world.done(&format!("import b.csv {IMPORT}"));
    let remarks = second["remarks"].to_string();
    assert!(
        remarks.contains("1 run is older than `keep_runs`: ") && remarks.contains("their counts stay"),
        "{remarks}"
    );
    assert!(world.rolo(&format!("show {run}")).out.contains("finished, pruned"));
    assert!(ended(&world.rolo(&format!("undo {}", run_of(&world))), 0).contains("5  created contacts"));
}

/// What came on standard input is kept only as long as a run needs it.
#[test]
fn the_copy_of_standard_input_goes_with_the_last_run_that_needs_it() {
    let world = World::new();
    world.write("a.csv", &people(0, 5));
    let mut piped = world.command(&format!("import - {IMPORT} --results r.csv --yes"));
    piped.stdin(std::fs::File::open(world.path("a.csv")).unwrap());
    assert_eq!(said(&mut piped).code, 0);
    let kept = || std::fs::read_dir(world.path(".local/state/rolo/input")).unwrap().count();
    assert_eq!(kept(), 1);
    let pruned = world.rolo(&format!("{ALL} --yes"));
    assert!(ended(&pruned, 0).contains("\nremoved: "), "{}", pruned.out);
    assert_eq!(kept(), 0);
}
