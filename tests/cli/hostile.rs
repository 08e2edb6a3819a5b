//! Files that no import can use, and files that try to harm: told in clear words, nothing sent, little
//! memory taken; and where only some rows are bad, the good ones go.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::desk::Desk;
use crate::world::Bare as _;

const MEBIBYTE: usize = 1 << 20;
/// What a program that holds nothing of a file needs, and a margin, in KiB.
const MOST_MEMORY: u64 = 200 * 1024;

/// An import under a bound of memory: what does not fit dies, and the test with it.
fn import(desk: &Desk, arguments: &[&str]) -> Output {
    let home = desk.home.path();
    let mut command = Command::new("/bin/sh");
    // Address space is not memory in use, but it bounds it, and needs no watching.
    command.args(["-c", "ulimit -v 4000000; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_rolo"), "import"]);
    command.args(arguments).args(["--to", "desk", "--yes"]);
    command.bare().env("HOME", home).env("DESK_TOKEN", crate::desk::TOKEN).current_dir(home);
    command.stdin(Stdio::null()).output().unwrap()
}

/// Imports `file`, which must be refused as a whole: code 2, these words, nothing sent, nothing left.
fn refused(desk: &Desk, arguments: &[&str], words: &[&str]) {
    let before = desk.sandbox.request_count();
    let output = import(desk, arguments);
    let said = String::from_utf8(output.stderr).expect("the program writes text");
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
    assert!(output.stdout.is_empty(), "{arguments:?}");
    assert!(said.starts_with("error: "), "{arguments:?}: {said}");
    for word in words {
        assert!(said.contains(word), "{arguments:?}: no {word:?} in: {said}");
    }
    assert!(!said.chars().any(|letter| letter.is_control() && letter != '\n'), "{arguments:?}: {said:?}");
    assert!(said.len() < 2_000, "{arguments:?}: {} bytes of talk", said.len());
    assert_eq!(desk.sandbox.request_count(), before, "{arguments:?}: something was sent");
    assert!(!desk.files().iter().any(|file| file.to_string_lossy().contains("results")), "{arguments:?}");
}

fn desk() -> Desk {
    let desk = Desk::new("respondio-v1");
    desk.configure("{ env = \"DESK_TOKEN\" }");
    desk
}

fn write(desk: &Desk, name: &str, bytes: &[u8]) {
    std::fs::write(desk.home.path().join(name), bytes).unwrap();
}

#[test]
fn what_is_no_spreadsheet_is_refused_in_a_word() {
    let desk = desk();
    refused(&desk, &["absent.csv"], &["there is no file absent.csv"]);
    write(&desk, "empty.csv", b"");
    refused(&desk, &["empty.csv"], &["empty.csv is empty"]);
    write(&desk, "header.csv", b"email,phone\n");
    refused(&desk, &["header.csv"], &["header.csv has a header and no rows"]);
    let binary: Vec<u8> = (0..4_000_u32).map(|n| u8::try_from(n * 7919 % 256).unwrap()).collect();
    write(&desk, "binary.csv", &binary);
    refused(&desk, &["binary.csv"], &["binary.csv"]);
    let picture = [b"\x89PNG\r\n\x1a\n".as_slice(), &binary].concat();
    write(&desk, "picture.xlsx", &picture);
    refused(&desk, &["picture.xlsx"], &["picture.xlsx"]);
    std::fs::create_dir(desk.home.path().join("folder")).unwrap();
    refused(&desk, &["folder"], &["folder is a folder, not a file"]);
    refused(&desk, &["/dev/null"], &["/dev/null"]);
}

#[test]
fn a_file_that_may_not_be_read_is_told_apart_from_one_that_is_not_there() {
    let desk = desk();
    write(&desk, "secret.csv", b"email\nann@example.org\n");
    let path = desk.home.path().join("secret.csv");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
    if std::fs::read(&path).is_ok() {
        // Whoever runs this may read everything.
        return;
    }
    refused(&desk, &["secret.csv"], &["secret.csv can't be read: permission denied"]);
}

#[test]
fn a_mapping_that_does_not_fit_the_file_is_told_before_anything_is_sent() {
    let desk = desk();
    write(&desk, "contacts.csv", b"E-mail,Note\nann@example.org,x\n");
    let mapping = |text: &str| write(&desk, "m.toml", text.as_bytes());
    let import = ["contacts.csv", "--mapping", "m.toml"];
    mapping("[columns.Email]\nfield = \"email\"\n");
    refused(&desk, &import, &["no column that stands in the mapping: Email", "did you mean: E-mail"]);
    mapping("[columns.Note]\nfield = \"custom.note\"\n");
    refused(&desk, &import, &["no column feeds an identifier"]);
    mapping("[columns.E-mail]\nfield = \"e_mail\"\n");
    refused(&desk, &import, &["e_mail"]);
    mapping("[columns.E-mail]\nfeild = \"email\"\n");
    refused(&desk, &import, &["m.toml, line 2, column 1", "feild"]);
    mapping("[columns.E-mail\n");
    refused(&desk, &import, &["m.toml, line 1"]);
    write(&desk, "m.toml", &[0xff, 0xfe, 0x00]);
    refused(&desk, &import, &["m.toml"]);
    refused(&desk, &["contacts.csv", "--mapping", "absent.toml"], &["absent.toml"]);
    write(&desk, "plain.csv", b"colour,shape\nred,round\n");
    refused(&desk, &["plain.csv"], &["identifier"]);
}

#[test]
fn what_unpacks_without_end_is_refused_in_little_memory() {
    let desk = desk();
    let file = std::fs::File::create(desk.home.path().join("bomb.csv.gz")).unwrap();
    let mut packed = GzEncoder::new(file, Compression::best());
    packed.write_all(b"email\n").unwrap();
    for _ in 0..80 {
        packed.write_all(&vec![b'a'; MEBIBYTE]).unwrap();
    }
    packed.finish().unwrap();
    refused(&desk, &["bomb.csv.gz"], &["bomb.csv.gz"]);
    let most = peak(desk.home.path(), &["check", "bomb.csv.gz", "--quiet"]);
    assert!(most < MOST_MEMORY, "{most} KiB");

    let mut workbook = zip::ZipWriter::new(std::fs::File::create(desk.home.path().join("bomb.xlsx")).unwrap());
    let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let parts = [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", RELATIONS),
        ("xl/workbook.xml", WORKBOOK),
        ("xl/_rels/workbook.xml.rels", SHEETS),
    ];
    for (name, text) in parts {
        workbook.start_file(name, options).unwrap();
        workbook.write_all(text.as_bytes()).unwrap();
    }
    workbook.start_file("xl/worksheets/sheet1.xml", options).unwrap();
    workbook.write_all(b"<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"inlineStr\"><is><t>").unwrap();
    for _ in 0..80 {
        workbook.write_all(&vec![b'a'; MEBIBYTE]).unwrap();
    }
    workbook.finish().unwrap();
    refused(&desk, &["bomb.xlsx"], &["bomb.xlsx"]);
    let most = peak(desk.home.path(), &["check", "bomb.xlsx", "--quiet"]);
    assert!(most < MOST_MEMORY, "{most} KiB");
}

#[test]
fn a_cell_a_line_and_a_quote_that_never_end_are_told_by_line() {
    let desk = desk();
    write(
        &desk,
        "cell.csv",
        &[b"email,note\na@example.org,\"".as_slice(), &vec![b'x'; 40 * MEBIBYTE], b"\"\n"].concat(),
    );
    refused(&desk, &["cell.csv"], &["cell.csv, line 2"]);
    write(&desk, "line.csv", &[b"email,note\na@example.org,".as_slice(), &vec![b'x'; 40 * MEBIBYTE], b"\n"].concat());
    refused(&desk, &["line.csv"], &["cell.csv, line 2".replace("cell", "line").as_str()]);
    let mut quoted = b"email,note\na@example.org,x\nb@example.org,\"opened\n".to_vec();
    for row in 0..50_000 {
        quoted.extend_from_slice(format!("c{row}@example.org,x\n").as_bytes());
    }
    write(&desk, "quote.csv", &quoted);
    refused(&desk, &["quote.csv"], &["quote.csv, line 3: a quote opens a cell here and is never closed"]);
}

fn one_row_of(columns: usize) -> Vec<u8> {
    let mut text = "email".to_owned();
    (1..columns).for_each(|column| text.push_str(&format!(",c{column}")));
    text.push_str("\nann@example.org");
    text.push_str(&",x".repeat(columns - 1));
    text.push('\n');
    text.into_bytes()
}

#[test]
fn four_thousand_columns_are_read_and_sixteen_thousand_are_a_mistake() {
    let desk = desk();
    write(&desk, "contacts.mapping.toml", b"[columns.email]\nfield = \"email\"\n");
    write(&desk, "contacts.csv", &one_row_of(16_384));
    refused(&desk, &["contacts.csv"], &["contacts.csv, line 1: the header has 16384 columns, more than"]);
    write(&desk, "contacts.csv", &one_row_of(4_000));
    let output = import(&desk, &["contacts.csv"]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.len() < 4_000, "{} bytes of talk: {said}", said.len());
    assert_eq!(contacts(&desk), 1);
}

fn contacts(desk: &Desk) -> usize {
    match desk.sandbox.contacts("respondio-v1") {
        serde_json::Value::Array(contacts) => contacts.len(),
        serde_json::Value::Object(contacts) => contacts.len(),
        other => panic!("not contacts: {other}"),
    }
}

#[test]
fn bad_rows_stay_and_good_rows_go() {
    let desk = desk();
    let rows: &[&[u8]] = &[
        b"email,first_name\n",
        b"good.one@example.org,=HYPERLINK(\"http://192.0.2.1\")\n".as_slice(),
        b"nul\0here@example.org,Nul\n",
        b"bad\xff\xfebytes@example.org,Bytes\n",
        b"good.two@example.org,+1+1\n",
        b"escape@example.org,\x1b]0;pwned\x07\x1b[31mred\n",
        "bidi@example.org,\u{202e}gnp.exe\n".as_bytes(),
        b"ragged@example.org\n",
        b"ragged@example.org,a,b,c\n",
        b"good.three@example.org,Ann\n",
    ];
    write(&desk, "contacts.csv", &rows.concat());
    let output = import(&desk, &["contacts.csv", "--encoding", "utf-8"]);
    let said = String::from_utf8(output.stderr).expect("the program writes text");
    assert_eq!(output.status.code(), Some(1), "{said}");
    let harmless =
        |text: &str| !text.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c));
    assert!(harmless(&said), "{said:?}");
    let emails: Vec<String> =
        desk.sandbox.log().iter().map(|request| String::from_utf8_lossy(&request.body).into_owned()).collect();
    for name in ["good.one@", "good.two@", "good.three@"] {
        assert!(emails.iter().any(|body| body.contains(name)), "{name} was not sent: {said}");
    }
    for name in ["nul", "bytes@", "ragged@"] {
        assert!(!emails.iter().any(|body| body.contains(name)), "{name} was sent");
    }
    let results = std::fs::read(desk.home.path().join("contacts.results.csv")).unwrap();
    // Neither does a file that is opened or shown drive anything: bytes that are no text stay as they were.
    let written = String::from_utf8_lossy(&results).replace("\r\n", "\n");
    assert!(written.contains("<U+001B>]0;pwned<U+0007><U+001B>[31mred"), "{written:?}");
    assert!(!written.chars().any(|c| c.is_control() && c != '\n'), "{written:?}");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(results.as_slice());
    let records: Vec<csv::ByteRecord> = reader.byte_records().map(Result::unwrap).collect();
    assert_eq!(records.len(), rows.len() - 1, "every row has a result");
    for record in &records {
        for cell in record {
            assert!(!matches!(cell.first(), Some(b'=' | b'+' | b'@')), "{:?}", String::from_utf8_lossy(cell));
        }
    }
}

#[test]
fn what_a_service_says_can_not_drive_the_terminal() {
    let desk = desk();
    write(&desk, "contacts.csv", b"email,first_name\nann@example.org,Ann\nbob@example.org,Bob\n");
    let body = "{\"message\":\"\\u001b]0;pwned\\u0007\\u001b[2J\\u202egnp.exe\\nsecond\\r\"}";
    desk.fault(&format!("status=400,body:{}", body.replace(',', ";")));
    for arguments in [&["contacts.csv"][..], &["contacts.csv", "--json", "-vv"]] {
        let output = import(&desk, arguments);
        assert_ne!(output.status.code(), Some(0));
        for bytes in [output.stdout, output.stderr] {
            let said = String::from_utf8(bytes).expect("the program writes text");
            let drives = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
            assert!(!said.chars().any(drives), "{said:?}");
        }
    }
}

/// The most memory that the program held, in KiB.
fn peak(home: &Path, arguments: &[&str]) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_rolo"));
    child.args(arguments).bare().env("HOME", home).current_dir(home).stdout(Stdio::null()).stderr(Stdio::null());
    crate::check_at_scale::watched(child.spawn().unwrap()).1
}

const CONTENT_TYPES: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"#;
const RELATIONS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<?xml version="1.0" encoding="UTF-8"?><workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const SHEETS: &str = r#"<?xml version="1.0" encoding="UTF-8"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"#;
