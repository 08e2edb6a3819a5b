//! House rules that the compiler doesn't hold: who may import whom, and what stands where.
//!
//! The rules are data ([`ROOMS`], [`RULES`]). A broken one fails with the offending file and line.
//! The second half plants one defect a rule, so that the checker itself is checked.

use std::fmt;
use std::fs;
use std::path::Path;

/// Each room, and the rooms it may import. A room is a folder or file directly in `src/`.
const ROOMS: &[(&str, &str)] = &[
    ("contact", ""),
    ("error", ""),
    ("trust", "error"),
    ("platform", ""),
    ("clock", "platform"),
    ("crash", ""),
    ("storage", "error platform transport"),
    ("table", "contact error platform crash storage"),
    ("mapping", "contact error table"),
    ("validate", "contact error platform table mapping"),
    ("services", "contact error"),
    ("journal", "contact"),
    ("reconcile", "contact error journal services"),
    ("ledger", "contact error trust platform clock crash journal"),
    ("quota", "contact error clock crash services ledger"),
    ("transport", "contact error trust clock services"),
    ("upload", "contact error clock crash services journal reconcile quota transport ledger"),
    ("report", "contact error clock table journal ledger"),
    ("config", "contact error trust services storage"),
    ("alerts", "contact error clock crash journal transport ledger report config"),
    (
        "jobs",
        "contact error platform clock crash storage table mapping validate services journal reconcile quota transport ledger upload report \
         config alerts",
    ),
    ("metrics", "contact error ledger report"),
    ("fleet", "contact error clock journal ledger upload report config"),
    ("web", "contact error platform clock table mapping services journal ledger upload report config jobs"),
    (
        "cli",
        "contact error platform clock storage table mapping validate services journal reconcile quota transport ledger upload report \
         config alerts jobs fleet metrics web",
    ),
    ("main", "cli"),
    ("lib", ""),
];

/// Lines of a file, without its unit tests, at most.
const LONGEST_FILE: usize = 500;

/// Which text of a file a rule reads.
#[derive(Clone, Copy, PartialEq)]
enum Reads {
    /// Code without comments and strings, above the unit tests.
    Code,
    /// The same, unit tests included.
    CodeAndTests,
    /// Code and strings, unit tests included, without regard to case.
    Strings,
}

/// Words that may stand only in some rooms.
struct Rule {
    words: &'static [&'static str],
    reads: Reads,
    /// Rooms, or single files, where they may stand.
    rooms: &'static [&'static str],
    why: &'static str,
}

const RULES: &[Rule] = &[
    Rule {
        words: &[
            "respondio",
            "respond.io",
            "respond_io",
            "chatwoot",
            "99digital",
            "engagelab",
            "engagor",
            "dmchamp",
            "dm_champ",
            "dm champ",
        ],
        reads: Reads::Strings,
        rooms: &["services", "sandbox"],
        why: "a vendor's name stands only in services and sandbox: make the difference a capability or a limit",
    },
    Rule {
        words: &["SystemTime::now", "Instant::now", "Timestamp::now", "Zoned::now", "UNIX_EPOCH.elapsed"],
        reads: Reads::Code,
        rooms: &["clock"],
        why: "only clock.rs reads the time, so that tests can hold it still",
    },
    Rule {
        words: &["unix_now", "clock::calendar"],
        reads: Reads::Code,
        rooms: &[
            "clock",
            "cli",
            "jobs",
            "transport",
            "ledger/claim.rs",
            "ledger/sqlite/mod.rs",
            "ledger/postgres/backend.rs",
        ],
        why: "what decides takes the time of its ledger, whose calendar is handed to it, so that a test sees one clock",
    },
    Rule {
        words: &["std::env", "env::"],
        reads: Reads::Code,
        // Crash points, which no release build has, are chosen by a variable.
        rooms: &["cli", "main", "crash"],
        why: "only cli reads the environment: pass the value in",
    },
    Rule {
        words: &["cfg(unix)", "not(unix)", "cfg!(unix)", "target_os", "std::os", "rustix", "libc", "tokio::signal"],
        reads: Reads::Code,
        rooms: &["platform", "sandbox/src/platform.rs"],
        why: "only platform asks which system this is: add what you need to both of its twins",
    },
    Rule {
        words: &["rayon"],
        reads: Reads::Code,
        rooms: &["validate"],
        why: "only validate splits work over processors",
    },
    Rule {
        words: &["println!", "eprintln!", "print!", "eprint!", "io::stdout", "io::stderr"],
        reads: Reads::Code,
        rooms: &["cli", "main"],
        why: "only cli prints: write into what the caller passes",
    },
    Rule {
        words: &["clap", "clap_complete", "clap_mangen"],
        reads: Reads::Code,
        rooms: &["cli"],
        why: "below cli nobody sees the command line",
    },
    Rule {
        words: &["async", ".await"],
        reads: Reads::Code,
        rooms: &[
            "upload",
            "transport",
            "quota",
            "sandbox",
            "jobs",
            "fleet",
            "alerts",
            "metrics",
            "web",
            "cli",
            "ledger",
            "storage",
            "platform/signals.rs",
        ],
        why: "this room is synchronous: only rooms that wait for the network or the ledger are not",
    },
    Rule {
        words: &["rolo_sandbox"],
        reads: Reads::Code,
        rooms: &["sandbox", "jobs/connect.rs", "cli/sandbox.rs"],
        why: "the sandbox stands in for a vendor: only what starts the server may know of it",
    },
    Rule {
        words: &["object_store"],
        reads: Reads::Code,
        rooms: &["storage"],
        why: "where a file lies is known to storage alone: ask it for the copy, or hand it the file",
    },
    Rule {
        words: &["rusqlite"],
        reads: Reads::Code,
        rooms: &["ledger/sqlite"],
        why: "SQL stays behind the Ledger trait",
    },
    Rule {
        words: &["tokio_postgres", "tokio_rustls"],
        reads: Reads::Code,
        rooms: &["ledger/postgres"],
        why: "SQL stays behind the Ledger trait",
    },
    Rule {
        words: &["sqlite"],
        reads: Reads::Strings,
        // A file of that kind is told from a file of contacts.
        rooms: &["ledger", "table/source.rs"],
        why: "which store keeps the ledger is known to the ledger alone",
    },
    Rule {
        words: &["rlibphonenumber"],
        reads: Reads::Code,
        rooms: &["validate/numbering"],
        why: "the phone library is asked over ASCII digits and our own copy of its table: ask numbering",
    },
    Rule {
        words: &["todo!", "unimplemented!", "#[ignore"],
        reads: Reads::CodeAndTests,
        rooms: &[],
        why: "what is committed is finished and is run",
    },
];

/// One broken rule.
#[derive(Debug, PartialEq)]
struct Offence {
    place: String,
    line: usize,
    what: String,
}

impl fmt::Display for Offence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.place, self.line, self.what)
    }
}

#[test]
fn the_house_rules_hold() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "crates", "tests", "benches"] {
        collect(&root.join(folder), &mut files);
    }
    assert!(files.len() > 20, "the checker found no sources below {}", root.display());
    let offences: Vec<String> = files
        .iter()
        .flat_map(|path| {
            let place = path.strip_prefix(root).expect("it was found below").to_string_lossy().replace('\\', "/");
            check(&place, &fs::read_to_string(path).expect("a source is readable text"))
        })
        .map(|offence| offence.to_string())
        .collect();
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

#[test]
fn the_sandbox_depends_on_nothing_of_ours_and_its_mutants_are_for_tests_alone() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let section = |manifest: &str, name: &str| {
        let text = fs::read_to_string(root.join(manifest)).expect("the manifest is there");
        let rest = text.split(&format!("\n[{name}]\n")).nth(1).expect("it has the section").to_owned();
        rest.split("\n[").next().unwrap_or_default().to_owned()
    };
    let of_sandbox = section("crates/sandbox/Cargo.toml", "dependencies");
    assert!(of_sandbox.contains("serde_json") && !of_sandbox.contains("path"), "{of_sandbox}");
    let text = fs::read_to_string(root.join("crates/sandbox/Cargo.toml")).expect("the manifest is there");
    assert!(
        !text.contains("dev-dependencies")
            || !section("crates/sandbox/Cargo.toml", "dev-dependencies").contains("path")
    );
    let line =
        |name| section("Cargo.toml", name).lines().find(|line| line.starts_with("rolo-sandbox")).map(str::to_owned);
    assert!(!line("dependencies").expect("rolo starts the sandbox").contains("mutants"));
    assert!(line("dev-dependencies").expect("the tests use it").contains("mutants"));
}

/// Lines of a function at most, from its signature to its closing bracket.
const LONGEST_FUNCTION: usize = 80;

#[test]
fn no_function_is_longer_than_a_screen_and_none_shows_debug_text() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for folder in ["src", "crates"] {
        collect(&root.join(folder), &mut files);
    }
    let mut offences = Vec::new();
    for path in files {
        let place = path.strip_prefix(root).expect("it was found below").display().to_string();
        if place.ends_with("tests.rs") || place.contains("/tests/") {
            continue;
        }
        let source = fs::read_to_string(&path).expect("a source is readable text");
        let code = blanked(&source, true);
        let above_tests = &code[..tests_begin(&code)];
        offences.extend(long_functions(above_tests).map(|(line, name)| format!("{place}:{line}: {name} is too long")));
        if place.starts_with("src/") {
            let with_strings = blanked(&source, false);
            let shown = debug_texts(&with_strings[..above_tests.len().min(with_strings.len())]);
            offences.extend(shown.map(|line| format!("{place}:{line}: Rust's Debug text is for nobody's eyes")));
        }
    }
    assert!(offences.is_empty(), "\n{}\n", offences.join("\n"));
}

/// First line and name of each function above the longest.
fn long_functions(code: &str) -> impl Iterator<Item = (usize, String)> {
    let lines: Vec<&str> = code.lines().collect();
    let mut long = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(name) = line.split("fn ").nth(1).filter(|_| is_signature(line)) else { continue };
        let closing = format!("{}}}", " ".repeat(line.len() - line.trim_start().len()));
        let end = lines[at..]
            .iter()
            .position(|line| *line == closing || line.trim_end().ends_with(';') && at_level(line, &closing));
        let length = end.map_or(1, |end| end + 1);
        let closes_at_once = line.trim_end().ends_with('}') || line.trim_end().ends_with(';');
        if length > LONGEST_FUNCTION && !closes_at_once {
            long.push((at + 1, name.split(['(', '<']).next().unwrap_or_default().to_owned()));
        }
    }
    long.into_iter()
}

/// Whether a line begins a function.
fn is_signature(line: &str) -> bool {
    let words: Vec<&str> = line.trim_start().split("fn ").next().unwrap_or_default().split_whitespace().collect();
    line.contains("fn ")
        && words.iter().all(|word| {
            word.starts_with("pub") || matches!(*word, "const" | "async" | "unsafe" | "in" | "crate)" | "super)")
        })
}

/// Whether a line stands no deeper than the bracket that would close the function: a signature of a trait.
fn at_level(line: &str, closing: &str) -> bool {
    line.len() - line.trim_start().len() < closing.len()
}

/// Lines that write `{:?}` into a text, but for those that only tests and panics see.
fn debug_texts(code: &str) -> impl Iterator<Item = usize> {
    code.lines().enumerate().filter_map(|(at, line)| {
        let writes = line.contains(":?}") || line.contains(":#?}");
        let for_nobody = ["assert", "panic!", "unreachable!"].iter().any(|word| line.contains(word));
        (writes && !for_nobody || logs_debug_text(line)).then_some(at + 1)
    })
}

/// Whether a log, which people read, takes a value by its Debug text: `?value`, as an argument of an event.
fn logs_debug_text(line: &str) -> bool {
    let sigils = ["(?", ", ?", "= ?"].into_iter().flat_map(|sigil| line.match_indices(sigil));
    let mut after = sigils.map(|(at, sigil)| &line[at + sigil.len()..]);
    line.contains("!(") && after.any(|rest| rest.starts_with(|c: char| c.is_ascii_lowercase()))
}

#[test]
fn a_long_function_and_a_debug_text_are_found() {
    let body = "    go();\n".repeat(79);
    let names = |code: &str| long_functions(code).map(|(_, name)| name).collect::<Vec<_>>();
    assert_eq!(names(&format!("pub async fn far(a: u8) {{\n{body}}}\nfn near() {{\n    go();\n}}\n")), ["far"]);
    assert!(names(&format!("fn fits() {{\n{}}}\n", "    go();\n".repeat(78))).is_empty());
    let code = "let a = format!(\"{x:?}\");\nassert!(a, \"{a:?}\");\nlet b = format!(\"{:#?}\", x);\n";
    assert_eq!(debug_texts(code).collect::<Vec<_>>(), [1, 3]);
    let code = "tracing::info!(?x, \"a\");\ntracing::info!(a, b = ?x.y);\ntracing::info!(a = x?, b);\n";
    assert_eq!(debug_texts(code).collect::<Vec<_>>(), [1, 2]);
}

/// First parts of the codes of row errors.
const CODE_FAMILIES: &[&str] = &[
    "phone",
    "email",
    "value",
    "text",
    "identifier",
    "duplicate",
    "tags",
    "row",
    "contact",
    "create",
    "field",
    "service",
    "run",
    "undo",
];

#[test]
fn every_code_of_a_row_error_has_its_line_in_the_docs() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = |name: &str| fs::read_to_string(root.join("docs").join(name)).expect("the page is there");
    let (rows, events) = (page("row-errors.md"), page("json-events.md"));
    let mut files = Vec::new();
    collect(&root.join("src"), &mut files);
    // What stands there ends a command, not a row.
    files.retain(|path| !path.starts_with(root.join("src/error")));
    let mut missing = Vec::new();
    for path in files {
        let source = fs::read_to_string(&path).expect("a source is readable text");
        let code = blanked(&source, false);
        for (at, text) in error_codes(&code[..tests_begin(&code)]) {
            // What stops a run is no code of a row.
            let is_of_run = path.ends_with("error/stop_reason.rs") && events.contains(&format!("`{text}`"));
            if !is_of_run && !rows.contains(&format!("| `{text}` |")) {
                missing.push(format!("{}:{}: {text}", path.display(), line_of(&code, at)));
            }
        }
    }
    assert!(missing.is_empty(), "codes without a line in docs/row-errors.md:\n{}\n", missing.join("\n"));
}

/// Every string that is a code, `"phone.no_country"`, with where.
fn error_codes(code: &str) -> Vec<(usize, &str)> {
    let mut found = Vec::new();
    for family in CODE_FAMILIES {
        let opening = format!("\"{family}.");
        for (at, _) in code.match_indices(&opening) {
            let text = code[at + 1..].split('"').next().unwrap_or_default();
            let rest = &text[family.len() + 1..];
            let is_file = matches!(rest, "csv" | "xlsx" | "toml" | "json" | "html" | "sqlite");
            if !rest.is_empty() && !is_file && rest.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_') {
                found.push((at, text));
            }
        }
    }
    found
}

fn collect(folder: &Path, files: &mut Vec<std::path::PathBuf>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for path in entries.map(|entry| entry.expect("a folder can be listed").path()) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Every broken rule of one file; `place` is its path below the project, with slashes.
fn check(place: &str, source: &str) -> Vec<Offence> {
    let with_strings = blanked(source, false);
    let code = blanked(source, true);
    let tests_begin = tests_begin(&code);
    let above_tests = &code[..tests_begin];
    let mut offences = Vec::new();
    let mut offend = |text: &str, at: usize, what: String| {
        offences.push(Offence { place: place.to_owned(), line: line_of(text, at), what });
    };

    if place.split(['/', '.']).any(|part| matches!(part, "utils" | "util" | "helpers" | "misc")) {
        offend(&code, 0, "a file is named for what it holds: no utils".to_owned());
    }
    // A crate beside ours is one room, but for its tests, and Cargo holds what it may import.
    let member = place.strip_prefix("crates/").filter(|below| !below.contains("/tests/"));
    let room = member.or(place.strip_prefix("src/")).map(|below| below.split(['/', '.']).next().unwrap_or_default());
    for rule in RULES {
        let everywhere = rule.reads == Reads::CodeAndTests;
        let at_home = |room: &str| {
            rule.rooms.iter().any(|&home| {
                home == room
                    || place.starts_with(&format!("src/{home}/"))
                    || [format!("src/{home}"), format!("crates/{home}")].contains(&place.to_owned())
            })
        };
        if room.is_none_or(at_home) && !everywhere {
            continue;
        }
        let lower;
        let text = match rule.reads {
            Reads::Code => above_tests,
            Reads::CodeAndTests => &code,
            Reads::Strings => {
                lower = with_strings.to_lowercase();
                &lower
            }
        };
        for word in rule.words {
            for at in occurrences(text, word, rule.reads != Reads::Strings) {
                offend(text, at, format!("{word}: {}", rule.why));
            }
        }
    }

    let Some(room) = room else { return offences };
    let lines = above_tests.lines().count();
    if lines > LONGEST_FILE {
        offend(&code, tests_begin, format!("{lines} lines above the unit tests: split it at {LONGEST_FILE}"));
    }
    if member.is_some() {
        return offences;
    }
    let Some((_, may_import)) = ROOMS.iter().find(|(name, _)| *name == room) else {
        offend(&code, 0, format!("room without an entry in ROOMS of tests/architecture.rs: {room}"));
        return offences;
    };
    for (at, imported) in imports(&code) {
        let is_room = ROOMS.iter().any(|(name, _)| *name == imported);
        if is_room && imported != room && !may_import.split_whitespace().any(|allowed| allowed == imported) {
            offend(&code, at, format!("{room} may not import {imported}"));
        }
    }
    for at in escapes_by_super(place, &code) {
        offend(&code, at, "leaves its room by super: write crate:: so that the rule can be read".to_owned());
    }
    offences
}

/// `source` with comments, and if asked the insides of strings and characters, made of spaces. Lines stay.
fn blanked(source: &str, strings_too: bool) -> String {
    let text: Vec<char> = source.chars().collect();
    let mut out = String::with_capacity(source.len());
    let mut at = 0;
    let blank = |out: &mut String, from: usize, to: usize| {
        out.extend(text[from..to].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
    };
    while at < text.len() {
        let rest = &text[at..];
        let before = at.checked_sub(1).map(|before| text[before]);
        let (end, comment) = if rest.starts_with(&['/', '/']) {
            (at + rest.iter().position(|&c| c == '\n').unwrap_or(rest.len()), true)
        } else if rest.starts_with(&['/', '*']) {
            (at + block_comment(rest), true)
        } else if rest[0] == '"' {
            (at + quoted(rest, '"'), false)
        } else if let Some(length) = raw_string(rest).filter(|_| !before.is_some_and(is_word)) {
            (at + length, false)
        } else if rest[0] == '\'' && (rest.get(1) == Some(&'\\') || rest.get(2) == Some(&'\'')) {
            (at + quoted(rest, '\''), false)
        } else {
            out.push(rest[0]);
            at += 1;
            continue;
        };
        let end = end.min(text.len());
        if comment || strings_too {
            blank(&mut out, at, end);
        } else {
            out.extend(&text[at..end]);
        }
        at = end;
    }
    out
}

fn block_comment(rest: &[char]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with(&['/', '*']) {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(&['*', '/']) {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted(rest: &[char], quote: char) -> usize {
    let mut at = 1;
    while at < rest.len() && rest[at] != quote {
        at += if rest[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

/// Length of the raw string that begins here, if one does.
fn raw_string(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| matches!(c, 'r' | 'b' | 'c')).count();
    if prefix == 0 || prefix > 2 || rest[prefix - 1] != 'r' {
        return None;
    }
    let hashes = rest[prefix..].iter().take_while(|&&c| c == '#').count();
    if rest.get(prefix + hashes) != Some(&'"') {
        return None;
    }
    let mut closing = vec!['"'];
    closing.resize(hashes + 1, '#');
    let begin = prefix + hashes + 1;
    let inside = rest[begin..].windows(closing.len()).position(|window| window == closing);
    Some(inside.map_or(rest.len(), |inside| begin + inside + closing.len()))
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Where the unit tests begin: the `#[cfg(test)]` before a module at the left edge.
fn tests_begin(code: &str) -> usize {
    let mut at = 0;
    while let Some(found) = code[at..].find("#[cfg(test)]") {
        let begin = at + found;
        let after = code[begin..].lines().skip(1).find(|line| !line.trim().is_empty() && !line.starts_with("#["));
        if (begin == 0 || code[..begin].ends_with('\n')) && after.is_some_and(|line| line.starts_with("mod ")) {
            return begin;
        }
        at = begin + 1;
    }
    code.len()
}

/// Byte positions of `word`; as a whole word if asked.
fn occurrences(text: &str, word: &str, whole: bool) -> Vec<usize> {
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(|&at| {
            let before = text[..at].chars().next_back().is_some_and(is_word);
            let after = text[at + word.len()..].chars().next().is_some_and(is_word);
            !whole || !(before && word.starts_with(is_word) || after && word.ends_with(is_word))
        })
        .collect()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count() + 1
}

/// Every room named behind `crate::` (or `rolo::`), with where: `crate::a::b`, `use crate::{a, b::c}`.
fn imports(code: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for root in ["crate::", "rolo::"] {
        for at in occurrences(code, root, true) {
            let rest = code[at + root.len()..].trim_start();
            if let Some(group) = rest.strip_prefix('{') {
                let mut depth = 1;
                let mut name = String::new();
                let mut names = Vec::new();
                for c in group.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' => depth -= 1,
                        ',' if depth == 1 => names.push(std::mem::take(&mut name)),
                        _ => {}
                    }
                    if depth == 0 {
                        break;
                    }
                    if c != ',' || depth > 1 {
                        name.push(c);
                    }
                }
                names.push(name);
                found.extend(names.iter().map(|name| (at, first_word(name.trim_start()))));
            } else {
                found.push((at, first_word(rest)));
            }
        }
    }
    found
}

fn first_word(text: &str) -> String {
    text.chars().take_while(|&c| is_word(c)).collect()
}

/// Where a chain of `super::` climbs out of the room that `place` is in.
fn escapes_by_super(place: &str, code: &str) -> Vec<usize> {
    let below = place.trim_start_matches("src/").trim_end_matches(".rs").trim_end_matches("/mod");
    let file_depth = below.split('/').count();
    let mut found = Vec::new();
    let (mut braces, mut modules) = (0_usize, Vec::new());
    let mut at = 0;
    while at < code.len() {
        let rest = &code[at..];
        let fresh = !code[..at].chars().next_back().is_some_and(is_word);
        if fresh && rest.starts_with("mod ") {
            let name = first_word(rest[4..].trim_start());
            if rest[4..].trim_start()[name.len()..].trim_start().starts_with('{') {
                modules.push(braces);
            }
            at += 4;
        } else if fresh && rest.starts_with("super::") {
            let mut chain = 0;
            let mut end = at;
            while code[end..].starts_with("super::") {
                chain += 1;
                end += "super::".len();
            }
            if chain >= file_depth + modules.len() {
                found.push(at);
            }
            at = end;
        } else {
            match rest.as_bytes()[0] {
                b'{' => braces += 1,
                b'}' => {
                    braces = braces.saturating_sub(1);
                    if modules.last() == Some(&braces) {
                        modules.pop();
                    }
                }
                _ => {}
            }
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    found
}

/// What the checker says of a planted source, as `line: what`, cut at the first colon of `what`.
#[cfg(test)]
fn said(place: &str, source: &str) -> Vec<String> {
    check(place, source)
        .into_iter()
        .map(|offence| format!("{}: {}", offence.line, offence.what.split(": ").next().unwrap_or_default()))
        .collect()
}

#[test]
fn a_forbidden_import_is_found_in_every_spelling() {
    assert_eq!(
        said("src/services/server.rs", "//! x\nuse crate::upload::Caller;\n"),
        ["2: services may not import upload"]
    );
    assert_eq!(
        said("src/reconcile/mod.rs", "use crate::{\n  contact::{Call, Field},\n  ledger::Ledger, error,\n};\n"),
        ["1: reconcile may not import ledger"]
    );
    assert_eq!(
        said("src/table/x.rs", "fn f() -> crate::mapping::Draft { loop {} }\n"),
        ["1: table may not import mapping"]
    );
    assert_eq!(said("src/services/a/b.rs", "use rolo::upload;\n"), ["1: services may not import upload"]);
    assert_eq!(said("src/newroom/mod.rs", "\n"), ["1: room without an entry in ROOMS of tests/architecture.rs"]);
}

#[test]
fn an_allowed_import_and_a_mention_are_no_offence() {
    let source = "//! crate::upload\n/* use crate::cli; /* nested */ crate::cli */\nuse crate::contact::Call;\n\
                  const S: &str = \"crate::upload\";\nconst R: &str = r#\"\"crate::cli\"#;\nfn f<'a>(c: &'a str) { let _ = ('\"', '\\''); }\n";
    assert_eq!(said("src/reconcile/diff.rs", source), [""; 0]);
    assert_eq!(said("tests/components/plan.rs", "use rolo::upload; fn f() { println!(\"chatwoot\") }\n"), [""; 0]);
}

#[test]
fn leaving_a_room_by_super_is_found() {
    assert_eq!(said("src/reconcile/diff.rs", "use super::super::upload;\n").len(), 1);
    assert_eq!(said("src/reconcile/mod.rs", "use super::upload;\n").len(), 1);
    assert_eq!(
        said("src/reconcile/diff.rs", "use super::chunk;\n#[cfg(test)]\nmod tests {\n use super::*;\n}\n"),
        [""; 0]
    );
    assert_eq!(
        said("src/clock.rs", "mod inner {\n use super::now;\n}\nuse super::upload;\n"),
        ["4: leaves its room by super"]
    );
}

#[test]
fn a_vendors_name_is_found_in_code_and_strings_but_not_in_comments() {
    assert_eq!(said("src/reconcile/x.rs", "// chatwoot\nfn f() {}\n"), [""; 0]);
    assert_eq!(said("src/reconcile/x.rs", "\nstruct ChatwootPlan;\n"), ["2: chatwoot"]);
    assert_eq!(said("src/cli/x.rs", "const S: &str = \"Respond.io\";\n"), ["1: respond.io"]);
    assert_eq!(said("src/services/x.rs", "const S: &str = \"engagor\";\n"), [""; 0]);
}

#[test]
fn each_reserved_word_is_found_outside_its_room_and_free_within() {
    for (word, source, home) in [
        ("Instant::now", "fn f() { let _ = Instant::now(); }\n", "clock.rs"),
        ("std::env", "use std::env;\n", "cli/mod.rs"),
        ("rustix", "use rustix::fs::fstatvfs;\n", "platform/unix.rs"),
        ("cfg(unix)", "#[cfg(unix)]\nfn f() {}\n", "platform/mod.rs"),
        ("std::os", "use std::os::unix::fs::FileExt;\n", "platform/unix.rs"),
        ("rayon", "use rayon::prelude::*;\n", "validate/mod.rs"),
        ("println!", "fn f() { println!(\"x\") }\n", "cli/mod.rs"),
        ("clap", "use clap::Parser;\n", "cli/mod.rs"),
        ("async", "async fn f() {}\n", "upload/mod.rs"),
        ("sqlite", "const FILE: &str = \"ledger.sqlite\";\n", "ledger/mod.rs"),
        ("rlibphonenumber", "use rlibphonenumber::Region;\n", "validate/numbering/mod.rs"),
        ("rolo_sandbox", "use rolo_sandbox::Sandbox;\n", "jobs/connect.rs"),
        ("unix_now", "fn f() -> u64 { unix_now().as_secs() }\n", "jobs/mod.rs"),
    ] {
        assert_eq!(said("src/mapping/x.rs", source), [format!("1: {word}")], "{source}");
        assert_eq!(said(&format!("src/{home}"), source), [""; 0], "{source}");
    }
    assert_eq!(said("src/ledger/key.rs", "use rusqlite::Connection;\n"), ["1: rusqlite"]);
    assert_eq!(said("src/reconcile/x.rs", "struct Environment;\nfn env() {}\n"), [""; 0]);
    let system = "#[cfg(not(unix))]\nfn f() {}\n";
    assert_eq!(said("crates/sandbox/src/write_log.rs", system), ["1: not(unix)"]);
    assert_eq!(said("crates/sandbox/src/platform.rs", system), [""; 0]);
}

#[test]
fn unfinished_work_is_found_everywhere() {
    assert_eq!(said("tests/x.rs", "#[ignore]\n#[test]\nfn f() { todo!() }\n"), ["3: todo!", "1: #[ignore"]);
    assert_eq!(said("src/cli/x.rs", "fn f() { unimplemented!() }\n"), ["1: unimplemented!"]);
}

#[test]
fn a_long_file_is_found_and_its_unit_tests_do_not_count() {
    let long = "fn f() {}\n".repeat(LONGEST_FILE + 1);
    assert_eq!(said("src/reconcile/x.rs", &long), ["502: 501 lines above the unit tests"]);
    let tested = format!("{}#[cfg(test)]\nmod tests {{\n{long}}}\n", "fn f() {}\n".repeat(LONGEST_FILE));
    assert_eq!(said("src/reconcile/x.rs", &tested), [""; 0]);
}

#[test]
fn a_file_called_utils_is_found() {
    assert_eq!(said("src/reconcile/utils.rs", "\n"), ["1: a file is named for what it holds"]);
    assert_eq!(said("tests/components/utils/mod.rs", "\n"), ["1: a file is named for what it holds"]);
}

#[test]
fn a_code_is_told_from_other_strings() {
    let code = "(\"phone.no_country\", '\"', \"undo.csv\", \"say \\\"row.\\\"\", \"value.Upper\", \"megaphone.x\", \"row.too_long\")";
    let codes: Vec<_> = error_codes(code).into_iter().map(|(_, text)| text).collect();
    assert_eq!(codes, ["phone.no_country", "row.too_long"]);
}

#[test]
fn the_picture_of_the_whole_shows_who_may_import_whom() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = fs::read_to_string(root.join("ARCHITECTURE.md")).expect("the page is there");
    for (room, may) in ROOMS.iter().filter(|(room, _)| !["main", "lib"].contains(room)) {
        let may = if may.is_empty() { "nothing" } else { may };
        assert!(page.contains(&format!("\n| `{room}` | {may} | ")), "ARCHITECTURE.md: {room} may import {may}");
    }
    let shown = page.split("## Rooms").nth(1).and_then(|rest| rest.split("\n## ").next()).unwrap_or_default();
    assert_eq!(shown.matches("\n| `").count(), ROOMS.len() - 2, "ARCHITECTURE.md shows a room that is none");
    let figure = |text: &str| {
        let lines: Vec<String> = text.lines().map(|line| line.trim_start_matches("//!").trim().to_owned()).collect();
        let from = lines.iter().position(|line| line == "import").unwrap_or_default();
        let to = lines[from..].iter().position(|line| line == "```").unwrap_or_default();
        lines[from..from + to].to_vec()
    };
    let code = fs::read_to_string(root.join("src/lib.rs")).expect("the library is there");
    assert_eq!(figure(&page), figure(&code), "the figure of the data's path is the same in both places");
}
