//! Power cuts: what a disk may be left with when everything that was not synced is lost, kept, torn
//! or out of order. In every such ledger stands an intent for each request that the service saw.
//!
//! Death by a signal proves nothing about syncs, since the system keeps what was written. So the
//! writes and syncs of one import are recorded, and the disk is made up from them.

use std::collections::BTreeMap;
use std::process::{Command, Stdio};

use crate::disk::strace_works;
use crate::generated::RESPONDIO_V1;
use crate::random::{Random, seed};
use crate::rehearsal::{Rehearsal, tell};
use crate::world::Bare as _;

/// One thing that happened to a file, in order.
#[derive(Debug)]
enum Happening {
    Write {
        file: File,
        at: usize,
        bytes: Vec<u8>,
    },
    Cut {
        file: File,
        to: usize,
    },
    Synced(File),
    /// The service wrote down a request that it has carried out.
    Served,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum File {
    Ledger,
    Log,
}

/// What a disk holds for sure, and what it may hold.
#[derive(Default)]
struct Disk {
    sure: BTreeMap<File, Vec<u8>>,
    open: Vec<(File, usize, Vec<u8>)>,
}

impl Disk {
    fn put(into: &mut BTreeMap<File, Vec<u8>>, file: File, at: usize, bytes: &[u8]) {
        let held = into.entry(file).or_default();
        if held.len() < at + bytes.len() {
            held.resize(at + bytes.len(), 0);
        }
        held[at..at + bytes.len()].copy_from_slice(bytes);
    }

    fn sync(&mut self, synced: File) {
        for (file, at, bytes) in std::mem::take(&mut self.open) {
            if file == synced {
                Self::put(&mut self.sure, file, at, &bytes);
            } else {
                self.open.push((file, at, bytes));
            }
        }
    }

    /// One way in which the power may have left the disk.
    fn after_a_cut(&self, way: u64, random: &mut Random) -> BTreeMap<File, Vec<u8>> {
        let mut image = self.sure.clone();
        let last = self.open.len();
        for (n, (file, at, bytes)) in self.open.iter().enumerate() {
            let kept = match way {
                0 => 0,
                1 => bytes.len(),
                // All before a certain write, and the first sectors of that one.
                2 if n + 1 < last => bytes.len(),
                2 => random.few(bytes.len() / 512) * 512,
                // Some of them, in no order.
                _ if random.one_in(2) => bytes.len(),
                _ => random.few(bytes.len() / 512) * 512,
            };
            Self::put(&mut image, *file, *at, &bytes[..kept.min(bytes.len())]);
        }
        image
    }
}

/// Runs an import under strace and reads what it wrote where.
fn recorded(rehearsal: &Rehearsal) -> Vec<Happening> {
    let import = rehearsal.import();
    let trace = rehearsal.path("trace");
    let mut traced = Command::new("strace");
    traced.args(["-f", "-y", "-xx", "-s", "1000000", "--seccomp-bpf", "-e"]);
    traced.args(["trace=pwrite64,write,ftruncate,fsync,fdatasync", "-o"]).arg(&trace);
    traced.arg(import.get_program()).args(import.get_args()).bare().current_dir(rehearsal.folder.path());
    traced.envs(import.get_envs().filter_map(|(name, value)| Some((name, value?))));
    traced.env("PATH", std::env::var_os("PATH").unwrap_or_default()).stdin(Stdio::null());
    let output = traced.output().unwrap();
    assert_eq!(crate::rehearsal::code(&output), 1, "{}", crate::rehearsal::said(&output));
    let mut syncing: BTreeMap<String, File> = BTreeMap::new();
    let text = std::fs::read_to_string(trace).unwrap();
    text.lines().filter_map(|line| happening(line, &mut syncing)).collect()
}

/// `PID call(FD</path>, "\x..", LENGTH, OFFSET) = RESULT`, or the two halves of a call that another
/// thread's came between.
fn happening(line: &str, syncing: &mut BTreeMap<String, File>) -> Option<Happening> {
    let (process, call) = line.split_once(' ')?;
    let call = call.trim_start();
    if call.starts_with("<... f") && call.ends_with("= 0") {
        return syncing.remove(process).map(Happening::Synced);
    }
    let (name, rest) = call.split_once('(')?;
    // With -xx, names of files are written in hexadecimal too.
    let path = rest.split_once('<')?.1.split_once('>')?.0;
    let path = if path.starts_with("\\x") { String::from_utf8(hexadecimal(path)?).ok()? } else { path.to_owned() };
    if name == "write" && path.ends_with(".journal") {
        let bytes = hexadecimal(rest.split('"').nth(1)?)?;
        return bytes.starts_with(b"{\"request\"").then_some(Happening::Served);
    }
    let file = match path.rsplit_once('/')?.1 {
        "ledger.sqlite" => File::Ledger,
        "ledger.sqlite-wal" => File::Log,
        _ => return None,
    };
    let after = rest.rsplit_once(')').map_or(rest, |(arguments, _)| arguments);
    let last = || after.trim_end_matches("<unfinished ...>").trim().rsplit(", ").next()?.parse::<usize>().ok();
    match name {
        "pwrite64" => {
            let bytes = hexadecimal(rest.split('"').nth(1)?)?;
            Some(Happening::Write { file, at: last()?, bytes })
        }
        "ftruncate" => Some(Happening::Cut { file, to: last()? }),
        _ if call.ends_with("= 0") => Some(Happening::Synced(file)),
        _ => {
            syncing.insert(process.to_owned(), file);
            None
        }
    }
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    text.split("\\x").skip(1).map(|byte| u8::from_str_radix(byte, 16).ok()).collect()
}

/// Intents of calls that change something, in the ledger that a disk was left with.
fn intents(image: &BTreeMap<File, Vec<u8>>) -> i64 {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.sqlite");
    std::fs::write(&path, image.get(&File::Ledger).map_or(&[][..], Vec::as_slice)).unwrap();
    std::fs::write(folder.path().join("ledger.sqlite-wal"), image.get(&File::Log).map_or(&[][..], Vec::as_slice))
        .unwrap();
    let db = rusqlite::Connection::open(&path).unwrap();
    let sound: String = db.query_row("PRAGMA quick_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    let tables: i64 =
        db.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'call'", [], |row| row.get(0)).unwrap();
    if tables == 0 {
        return 0;
    }
    let sql = "SELECT coalesce(sum(sent), 0) FROM call WHERE kind NOT IN ('find', 'read', 'read tags')";
    db.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[test]
fn every_request_that_the_service_saw_is_intended_in_whatever_a_power_cut_leaves() {
    if !strace_works() {
        // The crash sweep checks the intents of what death by a signal leaves.
        return;
    }
    let seed = seed(4730);
    let random = &mut Random::new(seed);
    let rehearsal = Rehearsal::new(RESPONDIO_V1, &RESPONDIO_V1.source(24, seed));
    let happenings = recorded(&rehearsal);
    let served = happenings.iter().filter(|one| matches!(one, Happening::Served)).count();
    let syncs = happenings.iter().filter(|one| matches!(one, Happening::Synced(_))).count();
    // Intents that wait at the same time share a sync.
    assert!(served > 20 && syncs > 8, "{served} requests, {syncs} syncs");

    let wanted: u64 = std::env::var("ROLO_POWER_CUTS").ok().and_then(|text| text.parse().ok()).unwrap_or(400);
    let every = (happenings.len() as u64 * 4 / wanted).max(1);
    let (mut disk, mut seen, mut images) = (Disk::default(), 0, 0_u64);
    for happening in happenings {
        match happening {
            Happening::Write { file, at, bytes } => disk.open.push((file, at, bytes)),
            Happening::Cut { file, to } => {
                disk.sync(file);
                disk.sure.entry(file).or_default().truncate(to);
            }
            Happening::Synced(file) => disk.sync(file),
            Happening::Served => seen += 1,
        }
        if !random.one_in(every) {
            continue;
        }
        for way in 0..4 {
            let intended = intents(&disk.after_a_cut(way, random));
            images += 1;
            assert!(intended >= seen, "ROLO_SEED={seed}: {seen} requests were seen, {intended} intended (way {way})");
        }
    }
    tell(&format!("{images} power cuts over {syncs} syncs and {served} requests: every request was intended"));
    assert!(images > wanted / 2, "{images}");
}
