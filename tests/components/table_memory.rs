//! Whatever a file holds, reading it costs a bounded amount of memory. Each file is read by a
//! process of its own, which says at the end how much it ever held.
#![cfg(target_os = "linux")]

use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use rolo::table::{self, ReadOptions, RowBatch};

/// What a process of this test binary holds at most, whatever it reads.
const MOST_KB: u64 = 64 << 10;

const FILE: &str = "ROLO_TABLE_MEMORY_FILE";

/// Reads the file that the variable names; does nothing in an ordinary run of the tests.
#[test]
fn reading_in_a_process_of_its_own() {
    let Ok(path) = std::env::var(FILE) else { return };
    let read = || -> Result<u64, rolo::error::Error> {
        let mut reader = table::open(Path::new(&path), &ReadOptions::default())?;
        let (mut batch, mut rows) = (RowBatch::new(), 0);
        loop {
            match reader.read(&mut batch, 1_000)? {
                0 => return Ok(rows),
                count => rows += count as u64,
            }
        }
    };
    let outcome = read().map_or_else(|error| error.message, |rows| format!("{rows} rows"));
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("Linux tells");
    println!("outcome: {outcome}\npeak: {}", peak.trim().trim_end_matches(" kB"));
}

/// Writes a file by `fill`, reads it in a new process, and gives what came of it.
fn read_apart(name: &str, content: impl FnOnce(&mut dyn Write)) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    let mut file = BufWriter::new(std::fs::File::create(&path).expect("a file"));
    content(&mut file);
    file.flush().expect("a file");
    let output = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "table_memory::reading_in_a_process_of_its_own", "--nocapture"])
        .env(FILE, &path)
        .output()
        .expect("this test runs");
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let after =
        |label: &str| said.lines().find_map(|line| line.split_once(label)).map(|(_, rest)| rest.trim().to_owned());
    let peak: u64 = after("peak: ").and_then(|peak| peak.parse().ok()).expect("a peak");
    assert!(peak < MOST_KB, "{name} took {peak} KB");
    after("outcome: ").expect("an outcome").replace(&format!("{}/", folder.path().display()), "")
}

fn repeat(file: &mut dyn Write, text: &str, times: usize) {
    for _ in 0..times {
        file.write_all(text.as_bytes()).expect("a file");
    }
}

fn workbook(file: &mut dyn Write, part: &str, content: impl FnOnce(&mut dyn Write)) {
    let kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let parts = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        (
            "_rels/.rels",
            format!(
                "<Relationships><Relationship Id=\"a\" Type=\"{kind}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships><Relationship Id=\"a\" Type=\"{kind}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>".to_owned(),
        ),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for (name, text) in parts {
        zip.start_file(name, options).expect("in memory");
        zip.write_all(text.as_bytes()).expect("in memory");
    }
    zip.start_file(part, options).expect("in memory");
    content(&mut zip);
    file.write_all(&zip.finish().expect("in memory").into_inner()).expect("a file");
}

#[test]
fn many_rows_of_text() {
    let outcome = read_apart("rows.csv", |file| {
        repeat(file, "name,phone,note\n", 1);
        repeat(file, "Ann Example,+447400123456,\"a note\nof two lines, and not a short one either\"\n", 300_000);
    });
    assert_eq!(outcome, "300000 rows");
}

#[test]
fn rows_of_megabytes() {
    let cell = "x".repeat(1 << 20);
    let outcome = read_apart("wide.csv", |file| {
        repeat(file, "a,b,c,d\n", 1);
        repeat(file, &format!("{cell},{cell},{cell},{cell}\n"), 20);
    });
    assert_eq!(outcome, "20 rows");
}

#[test]
fn one_line_without_an_end() {
    let outcome = read_apart("line.csv", |file| {
        repeat(file, "a,b\n", 1);
        repeat(file, "0123456789,", 2 << 20);
    });
    assert_eq!(outcome, "line.csv, line 2: the line is longer than 16 MB");
}

#[test]
fn one_line_of_delimiters() {
    let outcome = read_apart("commas.csv", |file| {
        repeat(file, "a,b\n", 1);
        repeat(file, ",,,,,,,,,,,,,,,,", (1 << 20) - 1);
        repeat(file, "\n", 1);
    });
    assert_eq!(outcome, "commas.csv, line 2: more than 65536 cells in one row");
}

#[test]
fn one_quote_over_the_whole_file() {
    let outcome = read_apart("quote.csv", |file| {
        repeat(file, "a,b\n1,2\n\"", 1);
        repeat(file, "Ann,+447400123456\n", 1 << 20);
    });
    assert_eq!(outcome, "quote.csv, line 3: a quote opens a cell here and is not closed within 16 MB");
}

#[test]
fn a_compression_bomb() {
    let outcome = read_apart("bomb.csv", |file| {
        let mut gzip = flate2::write::GzEncoder::new(file, flate2::Compression::best());
        repeat(&mut gzip, "a,b\n", 1);
        repeat(&mut gzip, &format!("{},\n", "0".repeat(4_000)), 17_000);
        gzip.finish().expect("a file");
    });
    assert!(outcome.starts_with("bomb.csv unpacks to more than 200 times its size"), "{outcome}");
}

#[test]
fn one_cell_of_a_workbook_that_fills_the_sheet() {
    let outcome = read_apart("cell.xlsx", |file| {
        workbook(file, "xl/worksheets/sheet1.xml", |part| {
            repeat(part, "<worksheet><sheetData><row><c t=\"inlineStr\"><is><t>", 1);
            repeat(part, "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", 1 << 20);
            repeat(part, "</t></is></c></row></sheetData></worksheet>", 1);
        });
    });
    assert!(outcome.contains("has a cell of more than 256 KB"), "{outcome}");
}

#[test]
fn one_text_that_all_cells_share() {
    let outcome = read_apart("shared.xlsx", |file| {
        let text = "x".repeat(200 << 10);
        workbook(file, "xl/worksheets/sheet1.xml", |part| {
            repeat(part, "<worksheet><sheetData>", 1);
            let row = format!("<row><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
            repeat(part, &row, 150);
            repeat(part, "</sheetData></worksheet>", 1);
        });
    });
    assert_eq!(outcome, "149 rows");
}

#[test]
fn millions_of_empty_cells() {
    let outcome = read_apart("cells.xlsx", |file| {
        workbook(file, "xl/worksheets/sheet1.xml", |part| {
            repeat(part, "<worksheet><sheetData>", 1);
            repeat(part, &format!("<row>{}</row>", "<c><v>1</v></c>".repeat(4_000)), 600);
            repeat(part, "</sheetData></worksheet>", 1);
        });
    });
    assert_eq!(outcome, "599 rows");
}
