//! Delimited text: what is read, what is refused and in which words, and that writing reverses it.

use std::io::Write;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use rolo::error::{Error, ErrorKind};
use rolo::table::{self, PlusNumbers, ReadLimits, ReadOptions, RowBatch, RowReader, WriteOptions};
use tempfile::TempDir;

/// A folder with one file of these bytes.
fn file(name: &str, bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

#[derive(Debug, PartialEq)]
struct Row {
    line: u64,
    cells: Vec<String>,
    codes: Vec<String>,
}

fn all(reader: &mut dyn RowReader) -> Result<Vec<Row>, Error> {
    let mut batch = RowBatch::new();
    let mut rows = Vec::new();
    while reader.read(&mut batch, 7)? > 0 {
        for row in batch.rows() {
            assert_eq!(row.position().index, rows.len() as u64);
            rows.push(Row {
                line: row.position().line,
                cells: row.cells().map(str::to_owned).collect(),
                codes: row.errors().iter().map(|(_, error)| error.code.to_string()).collect(),
            });
        }
    }
    Ok(rows)
}

/// Headers, rows and notes.
type Read = (Vec<String>, Vec<Row>, Vec<String>);

fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<Read, Error> {
    let (_folder, path) = file("contacts.csv", bytes);
    let mut reader = table::open(&path, options)?;
    let rows = all(reader.as_mut())?;
    Ok((reader.headers().to_vec(), rows, reader.notes().to_vec()))
}

fn rows(bytes: &[u8]) -> Vec<Row> {
    read_with(bytes, &ReadOptions::default()).expect("a sound file").1
}

fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    rows(bytes).into_iter().map(|row| row.cells).collect()
}

/// The message with its hint, the folder taken out.
fn refusal(bytes: &[u8], options: &ReadOptions) -> String {
    let (folder, path) = file("contacts.csv", bytes);
    let error = match table::open(&path, options) {
        Err(error) => error,
        Ok(mut reader) => all(reader.as_mut()).map(|rows| rows.len()).expect_err("a refusal"),
    };
    assert_eq!(error.kind, ErrorKind::Usage, "{error}");
    assert!(error.hint.is_some(), "{error}");
    error.message.replace(&format!("{}/", folder.path().display()), "")
}

fn refused(bytes: &[u8]) -> String {
    refusal(bytes, &ReadOptions::default())
}

#[test]
fn rows_come_with_their_lines_over_marks_blank_lines_and_breaks_in_cells() {
    let found = rows(b"\xef\xbb\xbf\nname,note\n\nAnn,\"one\ntwo\"\n , \nBob,\r\nCy,\"\"\"x\"\"\"");
    let expected = [(4, ["Ann", "one\ntwo"]), (7, ["Bob", ""]), (8, ["Cy", "\"x\""])];
    assert_eq!(found.len(), 3);
    for (row, (line, cells)) in found.iter().zip(expected) {
        assert_eq!((row.line, row.cells.as_slice()), (line, cells.map(String::from).as_slice()));
        assert!(row.codes.is_empty());
    }
}

#[test]
fn blank_rows_are_counted_in_the_notes() {
    let (_, rows, notes) = read_with(b"a,b\n,\n1,2\n , \n", &ReadOptions::default()).expect("a sound file");
    assert_eq!(rows.len(), 1);
    assert_eq!(notes, ["blank rows passed over: 2"]);
}

#[test]
fn ragged_rows_are_rows_with_an_error() {
    let found = rows(b"a,b,c\n1,2\n1,2,3,4\n1,2,3,,\n1,2,3\n");
    let codes: Vec<_> = found.iter().map(|row| row.codes.join(" ")).collect();
    assert_eq!(codes, ["row.too_few_cells", "row.too_many_cells", "row.too_many_cells", ""]);
    assert_eq!(found[1].cells, ["1", "2", "3", "4"]);
}

#[test]
fn blank_cells_at_the_end_mean_nothing_where_each_row_has_them() {
    let found = rows(b"a,b,c\n1,2,3,\n1,2,3,\n1,2, 3,4,\n");
    let codes: Vec<_> = found.iter().map(|row| row.codes.join(" ")).collect();
    assert_eq!(codes, ["", "", "row.too_many_cells"]);
    assert_eq!(found[0].cells, ["1", "2", "3"]);
}

#[test]
fn own_columns_are_apart_and_readable() {
    let (_folder, path) = file("r.csv", b"name,_line,phone,_outcome\nAnn,17,'+1,failed\nBob,18\n");
    let mut reader = table::open(&path, &ReadOptions::default()).expect("a sound file");
    assert_eq!(reader.headers(), ["name", "phone"]);
    assert_eq!(reader.own_columns(), ["_line", "_outcome"]);
    let mut batch = RowBatch::new();
    assert_eq!(reader.read(&mut batch, 10).expect("rows"), 2);
    let (ann, bob) = (batch.row(0), batch.row(1));
    assert_eq!(ann.cells().collect::<Vec<_>>(), ["Ann", "+1"]);
    assert_eq!((ann.own("_line"), ann.own("_outcome"), ann.own("_code")), (Some("17"), Some("failed"), None));
    assert_eq!((bob.own("_line"), bob.own("_outcome")), (Some("18"), None));
    assert_eq!(bob.errors()[0].1.code, "row.too_few_cells");
}

#[test]
fn apostrophes_stay_in_files_that_are_not_ours() {
    assert_eq!(cells(b"name,x\n'=1,'+1\n"), [["'=1", "'+1"]]);
}

#[test]
fn encodings_are_told_and_said() {
    let read = |bytes: &[u8]| {
        let (headers, rows, notes) = read_with(bytes, &ReadOptions::default()).expect("a sound file");
        (headers[0].clone(), rows[0].cells[0].clone(), notes.join("; "))
    };
    let utf16: Vec<u8> = "\u{feff}שם,טלפון\nדנה,1\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(read(&utf16), ("שם".into(), "דנה".into(), "encoding UTF-16LE, by its byte order mark".into()));
    let (header, name, note) = read(b"Nombre,Tel\xe9fono\nJos\xe9 Mu\xf1oz,1\nMar\xeda P\xe9rez,2\n");
    assert_eq!((header.as_str(), name.as_str()), ("Nombre", "José Muñoz"));
    assert!(note.starts_with("encoding windows-1252 is a guess"), "{note}");
}

#[test]
fn the_encoding_option_wins() {
    let options = ReadOptions { encoding: Some("windows-1251".into()), ..ReadOptions::default() };
    let (_, rows, _) = read_with(b"name,n\n\xc0\xed\xed\xe0,1\n", &options).expect("a sound file");
    assert_eq!(rows[0].cells[0], "Анна");
    let options = ReadOptions { encoding: Some("klingon".into()), ..ReadOptions::default() };
    assert_eq!(refusal(b"a\n1\n", &options), "no such encoding: klingon");
}

#[test]
fn bytes_that_are_no_text_reject_their_row_alone() {
    let text =
        ["name,city\n".as_bytes(), "Zoë,Málaga\nJosé,León\n".as_bytes(), b"An\xffa,Bo\nN\0l,x\nEve,y\n"].concat();
    let found = rows(&text);
    let codes: Vec<_> = found.iter().map(|row| row.codes.join(" ")).collect();
    assert_eq!(codes, ["", "", "text.not_in_encoding", "text.control_character", ""]);
    let options = ReadOptions { encoding: Some("shift_jis".into()), ..ReadOptions::default() };
    let (_, found, _) = read_with(b"name,n\n\x91\xbe\x98Y,1\n\xff\xff,2\n", &options).expect("a sound file");
    assert_eq!(found[0].cells[0], "太郎");
    assert_eq!(found[1].codes, ["text.not_in_encoding"]);
}

#[test]
fn what_is_no_table_of_rows_is_refused_in_words() {
    let folder = tempfile::tempdir().expect("a folder");
    let message = |path: &Path| {
        let error = table::open(path, &ReadOptions::default()).err().expect("a refusal");
        assert_eq!(error.kind, ErrorKind::Usage);
        error.message.replace(&format!("{}", folder.path().display()), "F")
    };
    assert_eq!(message(folder.path()), "F is a folder, not a file");
    assert_eq!(message(&folder.path().join("no.csv")), "there is no file F/no.csv");
    assert_eq!(refused(b""), "contacts.csv is empty");
    assert_eq!(refused(b"\n\n  \n"), "contacts.csv has no header row");
    assert_eq!(refused(b"name,phone\n"), "contacts.csv has a header and no rows");
    assert_eq!(refused(b"name,phone\n,\n\n"), "contacts.csv has a header and no rows");
    assert_eq!(refused(b"%PDF-1.7 ..."), "contacts.csv is a PDF document, not a spreadsheet");
    let noise: Vec<u8> = (0..4000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    assert_eq!(refused(&noise), "contacts.csv is not text: it looks like a binary file");
    assert!(refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1....").starts_with("contacts.csv is an old Excel workbook"));
}

#[test]
fn an_unclosed_quote_is_named_by_its_line() {
    assert_eq!(
        refused(b"a,b\n1,2\n3,\"four\n5,6\n"),
        "contacts.csv, line 3: a quote opens a cell here and is never closed"
    );
}

#[test]
fn limits_are_named_when_they_are_reached() {
    let limits = ReadLimits { cell_bytes: 10, row_bytes: 40, columns: 3, ..ReadLimits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    assert_eq!(
        refusal(b"a,b,c,d\n1,2,3,4\n", &options),
        "contacts.csv, line 1: the header has 4 columns, more than the 3 allowed"
    );
    assert_eq!(
        refusal(b"a,b\n1,01234567890\n", &options),
        "contacts.csv, line 2, column \"b\": a cell of 11 bytes, more than the 10 allowed"
    );
    let line = format!("a,b\n{}\n", "x".repeat(41));
    assert!(refusal(line.as_bytes(), &options).starts_with("contacts.csv, line 2: the line is longer than"));
    let quote = format!("a,b\n1,2\n\"{}", "x\n".repeat(41));
    assert!(
        refusal(quote.as_bytes(), &options)
            .starts_with("contacts.csv, line 3: a quote opens a cell here and is not closed")
    );
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).expect("in memory");
    encoder.finish().expect("in memory")
}

#[test]
fn gzip_and_zstd_are_read_as_they_are_by_content() {
    let text = b"name,phone\nAnn,1\n";
    assert_eq!(cells(&gzip(text)), [["Ann", "1"]]);
    assert_eq!(cells(&zstd::encode_all(text.as_slice(), 0).expect("in memory")), [["Ann", "1"]]);
    let two_members = [gzip(b"name,phone\nAnn,1\n"), gzip(b"Bob,2\n")].concat();
    assert_eq!(cells(&two_members).len(), 2);
}

#[test]
fn compressed_files_that_are_damaged_or_bombs_are_refused() {
    let packed = gzip(b"name,phone\nAnn,1\n");
    assert_eq!(refused(&packed[..packed.len() - 9]), "contacts.csv is cut off: its compressed data ends too early");
    assert_eq!(refused(&gzip(&gzip(b"a\n1\n"))), "contacts.csv is compressed and holds another gzip file");
    let limits = ReadLimits { ratio_free_bytes: 1 << 20, ..ReadLimits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let bomb = [b"name,phone\n".to_vec(), b"aaaaaaaaa,\n".repeat(1 << 20)].concat();
    for packed in [gzip(&bomb), zstd::encode_all(bomb.as_slice(), 0).expect("in memory")] {
        let message = refusal(&packed, &options);
        assert!(message.starts_with("contacts.csv unpacks to more than 200 times its size"), "{message}");
    }
}

#[test]
fn a_limit_of_rows_and_a_header_row_are_kept() {
    let options = ReadOptions { limit: Some(2), header_row: Some(3), ..ReadOptions::default() };
    let (headers, rows, _) =
        read_with(b"Contacts 2026\n\nname,phone\nA,1\nB,2\nC,3\n", &options).expect("a sound file");
    assert_eq!(headers, ["name", "phone"]);
    assert_eq!(rows.iter().map(|row| row.line).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn a_text_of_carriage_returns_has_lines() {
    let found = rows(b"a,b\r1,2\r\r3,\"4\r5\"\r6,7");
    assert_eq!(found.iter().map(|row| row.line).collect::<Vec<_>>(), [2, 4, 6]);
    assert_eq!(found[1].cells, ["3", "4\r5"]);
}

#[test]
fn quotes_all_over_never_panic_and_lose_no_line_silently() {
    for text in ["a,b\n\"\n\"\n\"\n\"\n", "a,b\n\"\"\",\"\n\"\"\",\"\n", "\"a,b\n1,2\n", "a,b\nx\"y,z\"\n1,2\"\n"] {
        match read_with(text.as_bytes(), &ReadOptions::default()) {
            Ok((_, rows, _)) => assert!(!rows.is_empty()),
            Err(error) => assert_eq!(error.kind, ErrorKind::Usage),
        }
    }
}

#[cfg(unix)]
#[test]
fn a_written_file_is_its_owners_alone_and_appears_only_when_finished() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.csv");
    let mut writer = table::create(&path, &["name", "_line"]).expect("a writer");
    writer.write(&["Ann", "2"]).expect("a row");
    assert!(!path.exists());
    writer.finish().expect("a file");
    assert_eq!(std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_to_string(&path).expect("a file"), "name,_line\nAnn,2\n");
    drop(table::create(&path, &["other"]).expect("a writer"));
    assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
    assert!(std::fs::read_to_string(&path).expect("a file").starts_with("name,"));
}

#[test]
fn cells_that_a_spreadsheet_would_run_are_disarmed_in_the_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("out.csv");
    let mut writer = table::create(&path, &["name", "phone", "_line"]).expect("a writer");
    writer.write(&["=HYPERLINK(\"x\")", "+447400123456", "2"]).expect("a row");
    writer.finish().expect("a file");
    let text = std::fs::read_to_string(&path).expect("a file");
    assert_eq!(text, "name,phone,_line\n\"'=HYPERLINK(\"\"x\"\")\",+447400123456,2\n");
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_named_and_stays_what_it_is() {
    for name in ["/dev/full", "/dev/null"] {
        let path = Path::new(name);
        let mut writer = table::create(path, &["name", "_line"]).expect("a device can be opened");
        let written = writer.write(&["Ann", "2"]).and_then(|()| writer.finish());
        if name == "/dev/full" {
            let error = written.expect_err("no space");
            assert_eq!(error.kind, ErrorKind::Stopped);
            assert!(error.message.starts_with("can't write /dev/full: "), "{error}");
            assert_eq!(error.hint.as_deref(), Some("free some space, then give the command again"));
        } else {
            written.expect("written to nothing");
        }
        assert!(!std::fs::metadata(path).expect("a device").is_file());
    }
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let folder = tempfile::tempdir().expect("a folder");
    let (target, link) = (folder.path().join("real.csv"), folder.path().join("link.csv"));
    std::fs::write(&target, "old").expect("a file");
    std::os::unix::fs::symlink(&target, &link).expect("a link");
    let mut writer = table::create(&link, &["name", "_line"]).expect("a writer");
    writer.write(&["Ann", "2"]).expect("a row");
    writer.finish().expect("a file");
    assert!(std::fs::symlink_metadata(&link).expect("a link").is_symlink());
    assert!(std::fs::read_to_string(&target).expect("a file").ends_with("Ann,2\n"));
}

#[test]
fn places_that_hold_no_file_are_refused_before_a_row_is_written() {
    let folder = tempfile::tempdir().expect("a folder");
    for path in [folder.path().to_owned(), folder.path().join("no/out.csv"), folder.path().join("out.ods")] {
        let error = table::create(&path, &["a"]).err().expect("a refusal");
        assert_eq!(error.kind, ErrorKind::Usage);
        assert!(error.hint.is_some());
    }
}

#[test]
fn a_row_of_far_too_many_cells_is_cut_and_rejected() {
    let text = format!("a,b\n{}\n1,2\n", "x,".repeat(10_000));
    let found = rows(text.as_bytes());
    assert_eq!((found[0].cells.len(), found[0].codes.join(" ")), (4_096, "row.too_many_cells".into()));
    assert!(found[1].codes.is_empty());
}

#[test]
fn a_delimiter_that_ends_cells_in_no_file_is_refused() {
    let options = ReadOptions { delimiter: Some(b'"'), ..ReadOptions::default() };
    assert!(refusal(b"a,b\n1,2\n", &options).starts_with("the delimiter can't be"));
}

/// Found by the property below: the guard in front of a line break made content of it.
#[test]
fn a_row_of_guarded_line_breaks_is_blank() {
    for cell in ["\r", "\n", "\t", "\r\n\t "] {
        let folder = tempfile::tempdir().expect("a folder");
        for name in ["o.csv", "o.xlsx"] {
            let path = folder.path().join(name);
            let mut writer = table::create(&path, &["a", "=b", "c"]).expect("a writer");
            writer.write(&["", cell, ""]).expect("a row");
            writer.finish().expect("a file");
            let error = table::open(&path, &ReadOptions::default()).err().expect("no row with content");
            assert!(error.message.ends_with("has a header and no rows"), "{error}");
        }
    }
    // A stranger's apostrophe is content.
    assert_eq!(cells(b"a,b\n,'\t\n"), [["", "'\t"]]);
}

#[test]
fn a_header_is_trimmed_behind_its_guard_too() {
    let (headers, _, _) = read_with(b"\"'\r=b \",_rolo\n1,\n", &ReadOptions::default()).expect("a sound file");
    assert_eq!(headers, ["=b"]);
}

fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "[ -~]{0,12}",
        "[=+@\\-'\t\r\n\"\\\\,;0-9a]{0,8}",
        "\\+[0-9]{5,17}",
        "0{0,3}[0-9]{0,10}",
        any::<String>(),
        Just("👩‍👩‍👧 שלום\nعالم".to_owned()),
    ]
    .prop_map(|cell| cell.replace('\0', ""))
}

proptest! {
    #[test]
    fn what_is_written_reads_back_the_same(
        table in prop::collection::vec(prop::collection::vec(any_cell(), 3), 1..12),
        marked in any::<bool>(),
        guarded in any::<bool>(),
        name in prop::sample::select(vec!["o.csv", "o.csv.gz", "o.csv.zst", "o.tsv", "o.tsv.gz"]),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join(name);
        let plus_numbers = if guarded { PlusNumbers::Guarded } else { PlusNumbers::AsTheyAre };
        let headers: &[&str] = if marked { &["a", "=b", "c", "_line"] } else { &["a", "=b", "c"] };
        let mut writer = table::create_with(&path, headers, &WriteOptions { plus_numbers, ..WriteOptions::default() }).expect("a writer");
        for row in &table {
            let mut cells: Vec<&str> = row.iter().map(String::as_str).collect();
            cells.extend(marked.then_some("2"));
            writer.write(&cells).expect("a row");
        }
        writer.finish().expect("a file");
        let expected: Vec<_> = table.into_iter()
            .filter(|row| row.iter().any(|cell| !cell.bytes().all(|b| b.is_ascii_whitespace())))
            .collect();
        let opened = table::open(&path, &ReadOptions::default());
        if expected.is_empty() {
            prop_assert!(opened.is_err());
            return Ok(());
        }
        let mut reader = opened.expect("our own file");
        prop_assert_eq!(reader.headers(), ["a", "=b", "c"]);
        let found: Vec<_> = all(reader.as_mut()).expect("rows").into_iter().map(|row| row.cells).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn what_other_programs_write_reads_back_the_same(
        table in prop::collection::vec(prop::collection::vec("[ -~é李😀א\n\"]{1,8}x", 2), 1..12),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
        crlf in any::<bool>(),
        encoding in prop::sample::select(vec!["utf-8", "utf-8 marked", "utf-16le", "utf-16be"]),
    ) {
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') })
            .from_writer(Vec::new());
        writer.write_record(["name", "note"]).expect("in memory");
        for row in &table {
            writer.write_record(row).expect("in memory");
        }
        let text = String::from_utf8(writer.into_inner().expect("in memory")).expect("text");
        let marked = format!("\u{feff}{text}");
        let bytes: Vec<u8> = match encoding {
            "utf-8" => text.clone().into_bytes(),
            "utf-8 marked" => marked.into_bytes(),
            "utf-16le" => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            _ => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
        };
        let options = ReadOptions { delimiter: Some(delimiter), ..ReadOptions::default() };
        let (headers, rows, _) = read_with(&bytes, &options).expect("a sound file");
        prop_assert_eq!(headers, ["name", "note"]);
        let mut line = 2;
        for (found, expected) in rows.iter().zip(&table) {
            prop_assert_eq!(&found.cells, expected);
            prop_assert_eq!(found.line, line);
            line += 1 + expected.iter().map(|cell| cell.matches('\n').count() as u64).sum::<u64>();
        }
        prop_assert_eq!(rows.len(), table.len());
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_with(&bytes, &ReadOptions::default());
        let text = [b"a,b\n".to_vec(), bytes].concat();
        let _ = read_with(&text, &ReadOptions::default());
    }
}
