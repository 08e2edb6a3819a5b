//! Disks that are full, broken or read-only: a message that names the file, exit code 3, and a clean
//! resume. What a machine doesn't permit (mounting, tracing) is said and done another way.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use crate::generated::{RESPONDIO_V1, Shape};
use crate::rehearsal::{Peace, Rehearsal, SOURCE, code, said, stderr, tell};
use crate::world::Bare as _;

/// A file system of its own, gone when it is dropped.
struct Mounted(PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).stderr(Stdio::null()).status();
    }
}

fn mount(arguments: &[&str], at: &Path) -> Option<Mounted> {
    let done = Command::new("mount").args(arguments).arg(at).stderr(Stdio::null()).status();
    done.is_ok_and(|status| status.success()).then(|| Mounted(at.to_owned()))
}

fn rehearsal(rows: u64) -> Rehearsal {
    Rehearsal::new(RESPONDIO_V1, &RESPONDIO_V1.source(rows, 4720))
}

/// Stopped with a message that names the file.
fn check_stopped(output: &Output, file: &str, what: &str) {
    assert_eq!(code(output), 3, "{what}: {}", said(output));
    assert!(stderr(output).contains(file), "{what}: {}", said(output));
}

fn check_resumed(rehearsal: &Rehearsal, peace: &Peace, what: &str) {
    // A sync that failed may have written all the same: then the last word of the run stands.
    if rehearsal.run_state().as_deref() == Some("finished") {
        return rehearsal.check_same(peace, what);
    }
    let output = rehearsal.import().output().unwrap();
    assert_eq!(code(&output), 1, "{what}: {}", said(&output));
    rehearsal.check_same(peace, what);
}

#[test]
fn a_full_disk_under_the_ledger_stops_the_run_and_space_lets_it_go_on() {
    let base = rehearsal(200);
    let peace = Peace::of(&base);
    let state = base.path("state");
    std::fs::create_dir(&state).unwrap();
    let Some(_disk) = mount(&["-t", "tmpfs", "-o", "size=500k", "tmpfs"], &state) else {
        tell("mounting is not permitted here: the limit of file sizes stands in for the full disk");
        return;
    };
    // The service's own files are on another disk.
    std::fs::create_dir(base.path("box")).unwrap();
    std::os::unix::fs::symlink(base.path("box"), state.join("sandbox")).unwrap();
    let output = base.import().output().unwrap();
    check_stopped(&output, "the disk is full, so the ledger can't be written: ", "full");
    assert!(stderr(&output).contains("ledger.sqlite"), "{}", said(&output));
    assert!(base.ask("SELECT count(*) FROM row_record") > 0, "it was filled in the middle");
    let remount = Command::new("mount").args(["-o", "remount,size=50m"]).arg(&state).status().unwrap();
    assert!(remount.success());
    check_resumed(&base, &peace, "with space again");
}

#[test]
fn a_limit_of_file_sizes_stops_the_run_wherever_it_strikes() {
    let base = rehearsal(200);
    let peace = Peace::of(&base);
    let mut in_the_middle = 0;
    for blocks in [20, 150, 400, 700, 1000] {
        let rehearsal = base.copy();
        let import = rehearsal.import();
        let mut limited = Command::new("sh");
        limited.arg("-c").arg(format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\""));
        limited.arg(import.get_program()).args(import.get_args()).bare().current_dir(rehearsal.folder.path());
        limited.envs(import.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = limited.output().unwrap();
        let what = format!("at most {blocks} blocks a file");
        check_stopped(&output, "ledger.sqlite", &what);
        in_the_middle += rehearsal.intents();
        check_resumed(&rehearsal, &peace, &what);
    }
    assert!(in_the_middle > 0, "it struck before the first call each time");
}

#[test]
fn a_results_file_that_takes_nothing_is_named_and_the_work_is_not_done_twice() {
    let base = rehearsal(60);
    let peace = Peace::of(&base);
    std::os::unix::fs::symlink("/dev/full", base.path("full.csv")).unwrap();
    let output = base.import_with(&["--results", "full.csv"]).output().unwrap();
    check_stopped(&output, "full.csv", "a full device");
    check_resumed(&base, &peace, "another results file");
}

#[test]
fn folders_that_are_none_are_named_before_anything_is_sent() {
    let base = rehearsal(5);
    std::fs::write(base.path("file"), "").unwrap();
    let output = base.import_with(&["--results", "file/results.csv"]).output().unwrap();
    assert_eq!(code(&output), 2, "{}", said(&output));
    assert!(stderr(&output).contains("file/results.csv"), "{}", said(&output));
    let output = base.import().env("ROLO_STATE", base.path("file/state")).output().unwrap();
    check_stopped(&output, "file/state/ledger.sqlite", "a state folder in a file");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("\"called\""));
}

#[test]
fn a_read_only_state_folder_is_named_and_nothing_is_sent() {
    let base = rehearsal(30);
    let peace = Peace::of(&base);
    assert_eq!(code(&base.import().output().unwrap()), 1);
    let state = base.path("state");
    let Some(disk) = mount(&["--bind", &state.display().to_string()], &state) else {
        tell("mounting is not permitted here: a folder in a file stands in for the read-only one");
        return;
    };
    let remount = Command::new("mount").args(["-o", "remount,bind,ro"]).arg(&state).status().unwrap();
    assert!(remount.success());
    let output = base.import().output().unwrap();
    check_stopped(&output, "ledger.sqlite", "read-only");
    assert!(!String::from_utf8_lossy(&output.stdout).contains("\"called\""));
    drop(disk);
    assert_eq!(base.contacts(), peace.contacts);
}

/// The program under strace, which makes the n-th of these system calls fail.
fn injected(rehearsal: &Rehearsal, calls: &str, error: &str, n: u64, file: Option<&str>) -> Command {
    let import = rehearsal.import();
    let mut traced = Command::new("strace");
    traced.args(["-f", "--seccomp-bpf", "-o", "/dev/null", "-e"]).arg(format!("trace={calls}"));
    if let Some(file) = file {
        traced.arg("-P").arg(rehearsal.path(file));
    }
    traced.arg("-e").arg(format!("inject={calls}:error={error}:when={n}"));
    traced.arg(import.get_program()).args(import.get_args()).bare().current_dir(rehearsal.folder.path());
    traced.envs(import.get_envs().filter_map(|(name, value)| Some((name, value?))));
    traced.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    traced
}

pub fn strace_works() -> bool {
    let traced = Command::new("strace").args(["-f", "-o", "/dev/null", "true"]).stderr(Stdio::null()).status();
    let works = traced.is_ok_and(|status| status.success());
    if !works {
        tell("strace is not here or may not trace: limits, full devices and crash points stand in for it");
    }
    works
}

#[test]
fn any_write_or_sync_that_fails_stops_the_run_with_the_files_name() {
    if !strace_works() {
        return;
    }
    let shape = Shape { custom: 0, ..RESPONDIO_V1 };
    let rows: String = (0..9).map(|n| format!("Person {n},Doe,+447400{n:06},,a;b\n")).collect();
    let base = Rehearsal::new(shape, &format!("{}{rows}Bad,Doe,none,,\n", shape.header()));
    let peace = Peace::of(&base);
    let (wal, ledger) = (Some("state/ledger.sqlite-wal"), Some("state/ledger.sqlite"));
    let (mut struck, mut runs) = (0, 0);
    for (calls, error, file) in [
        ("pwrite64", "ENOSPC", wal),
        ("pwrite64", "EIO", wal),
        ("fsync,fdatasync", "EIO", wal),
        ("pwrite64", "EIO", ledger),
        ("fsync,fdatasync", "EIO", ledger),
        ("fsync,fdatasync", "EIO", None),
        ("rename,renameat,renameat2", "EIO", Some("contacts.results.csv")),
    ] {
        // Every place at first, then further and further apart, until none is struck.
        for n in [1, 2, 3, 5, 9, 16, 30, 55, 100, 180, 330] {
            let rehearsal = base.copy();
            let output = injected(&rehearsal, calls, error, n, file).output().unwrap();
            let what = format!("{calls} {n} of {file:?}: {error}");
            runs += 1;
            match code(&output) {
                3 => {
                    struck += 1;
                    let told = stderr(&output);
                    let named =
                        ["ledger.sqlite", "ledger.key", "contacts.results.csv"].iter().any(|file| told.contains(file));
                    assert!(named, "{what}: {told}");
                    check_resumed(&rehearsal, &peace, &what);
                }
                1 => {
                    rehearsal.check_same(&peace, &what);
                    if n > 30 {
                        break;
                    }
                }
                _ => panic!("{what}: {}", said(&output)),
            }
        }
    }
    tell(&format!("{runs} runs with a failing system call, {struck} of them stopped; each resumed to the same end"));
    assert!(struck > 10, "{struck} of {runs}");
    assert!(base.path(SOURCE).exists());
}
