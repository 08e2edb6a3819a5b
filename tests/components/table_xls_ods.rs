//! .xls and .ods: read whole, up to a stated size.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use rolo::error::Error;
use rolo::table::{self, ReadLimits, ReadOptions, RowBatch, TypedValue};

fn case(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(name)).unwrap()
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// Each row as its number and cells.
fn read(bytes: &[u8], options: &ReadOptions) -> Result<Vec<String>, Error> {
    let (_folder, path) = file("book", bytes);
    let mut reader = table::open(&path, options)?;
    let mut rows = vec![reader.headers().join("|")];
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 100)? > 0 {
        for row in batch.rows() {
            let codes: Vec<_> = row.errors().iter().map(|(_, error)| format!(" {}", error.code)).collect();
            let cells: Vec<&str> = row.cells().collect();
            rows.push(format!("{}: {}{}", row.position().line, cells.join("|"), codes.concat()));
        }
    }
    Ok(rows)
}

/// An .ods file with this table in it.
fn ods(table: &str) -> Vec<u8> {
    let content = format!(
        "<?xml version=\"1.0\"?><office:document-content><office:body><office:spreadsheet>{table}</office:spreadsheet>\
         </office:body></office:document-content>"
    );
    ods_of(&content, "<manifest:manifest/>")
}

fn ods_of(content: &str, manifest: &str) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let kind = "application/vnd.oasis.opendocument.spreadsheet";
    for (name, text) in [("mimetype", kind), ("content.xml", content), ("META-INF/manifest.xml", manifest)] {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        file.start_file(name, options).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }
    file.finish().unwrap().into_inner()
}

fn row(cells: &[&str]) -> String {
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| {
            format!("<table:table-cell office:value-type=\"string\"><text:p>{cell}</text:p></table:table-cell>")
        })
        .collect();
    format!("<table:table-row>{}</table:table-row>", cells.concat())
}

const HEADER: &str = "<table:table-row><table:table-cell><text:p>Name</text:p></table:table-cell><table:table-cell><text:p>Phone</text:p></table:table-cell></table:table-row>";

#[test]
fn a_cell_is_its_paragraphs_without_notes_and_drawings() {
    let table = format!(
        "<table:table table:name=\"S\">{HEADER}<table:table-row><table:table-cell office:value-type=\"string\">\
         <office:annotation><text:p>a remark</text:p></office:annotation><text:p>Ann<text:s text:c=\"2\"/>\n   <text:span>&amp; Co</text:span></text:p>\
         <draw:frame><text:p>drawn</text:p></draw:frame><text:p>x&#233;<text:line-break/>y</text:p></table:table-cell>\
         <table:table-cell office:value-type=\"float\" office:value=\"7400100101\"><text:p>07400 100101</text:p></table:table-cell></table:table-row>\
         <table:table-row table:number-rows-repeated=\"1000000\"><table:table-cell table:number-columns-repeated=\"16384\"/></table:table-row>{}\
         </table:table>",
        row(&["Bob", "+44 7400 100102"])
    );
    assert_eq!(
        read(&ods(&table), &ReadOptions::default()).unwrap(),
        ["Name|Phone", "2: Ann   & Co\nxé\ny|07400 100101", "1000003: Bob|+44 7400 100102"]
    );
}

#[test]
fn errors_formulas_without_a_value_and_tables_in_cells_are_what_they_are() {
    let table = format!(
        "<table:table table:name=\"S\">{HEADER}<table:table-row><table:table-cell office:value-type=\"string\" calcext:value-type=\"error\" table:formula=\"of:=1/0\">\
         <text:p>#DIV/0!</text:p></table:table-cell><table:table-cell table:formula=\"of:=A1\"/></table:table-row>\
         <table:table-row><table:table-cell office:value-type=\"string\"><text:p>Ann</text:p><table:table><table:table-row><table:table-cell><text:p>in</text:p>\
         </table:table-cell></table:table-row></table:table></table:table-cell><table:table-cell table:number-columns-repeated=\"3\"/></table:table-row></table:table>"
    );
    assert_eq!(
        read(&ods(&table), &ReadOptions::default()).unwrap(),
        ["Name|Phone", "2: #DIV/0!| value.spreadsheet_error value.formula_unsaved", "3: Ann|"]
    );
}

#[test]
fn what_holds_more_than_is_stated_is_refused_before_it_is_held() {
    let limits = ReadLimits { cells_in_memory: 1000, bytes_in_memory: 1 << 20, ..ReadLimits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let refused = |table: &str| {
        let error =
            read(&ods(&format!("<table:table table:name=\"S\">{HEADER}{table}</table:table>")), &options).unwrap_err();
        assert_eq!(error.hint.as_deref().map(|hint| hint.contains(".csv")), Some(true), "{error}");
        error.message
    };
    let cell = "<table:table-cell table:number-columns-repeated=\"16000\" office:value-type=\"string\"><text:p>x</text:p></table:table-cell>";
    let words = "holds more than the 1000 cells or 1 MB of text that a file of its kind may";
    let many = format!("<table:table-row table:number-rows-repeated=\"1000000\">{cell}</table:table-row>");
    assert!(refused(&many).ends_with(words));
    let long = format!(
        "<table:table-row table:number-rows-repeated=\"900\"><table:table-cell><text:p>{}</text:p></table:table-cell></table:table-row>",
        "x".repeat(2000)
    );
    assert!(refused(&long).ends_with(words));
    assert!(refused(&"<x>".repeat(1000)).contains("nested too deep"));
    let far = "<table:table-row table:number-rows-repeated=\"18446744073709551615\"/>".repeat(2) + &row(&["a", "b"]);
    assert!(refused(&far).contains("more than 1048576 rows"));
    let run = format!("<a b=\"{}\"/>", "x".repeat(5 << 20));
    assert!(refused(&run).contains("a cell longer than any spreadsheet has"));
    let xls = case("130-xls-phone-formats.xls");
    let small = ReadLimits { cells_in_memory: 10, ..ReadLimits::default() };
    let error = read(&xls, &ReadOptions { limits: small, ..ReadOptions::default() }).unwrap_err();
    assert!(error.message.contains("holds more than the 10 cells"), "{error}");
    let small = ReadLimits { bytes_in_memory: 1000, ..ReadLimits::default() };
    let error = read(&xls, &ReadOptions { limits: small, ..ReadOptions::default() }).unwrap_err();
    assert!(error.message.contains("is larger than the"), "{error}");
}

#[test]
fn passwords_and_other_documents_are_named() {
    let message = |bytes: &[u8]| read(bytes, &ReadOptions::default()).unwrap_err().message;
    assert!(message(&ods_of("x", "<manifest:encryption-data/>")).ends_with("has a password"));
    let mut text = ods("");
    // The kind of a text document is as long.
    let at = text.windows(11).position(|bytes| bytes == b"spreadsheet");
    assert!(at.is_none(), "it is compressed");
    text = {
        let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, part) in [
            ("mimetype", "application/vnd.oasis.opendocument.text"),
            ("content.xml", "<a/>"),
            ("META-INF/manifest.xml", "<a/>"),
        ] {
            file.start_file(
                name,
                zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated),
            )
            .unwrap();
            file.write_all(part.as_bytes()).unwrap();
        }
        file.finish().unwrap().into_inner()
    };
    assert!(message(&text).ends_with("is an OpenDocument file and no spreadsheet"));
    let streams = |name: &str, content: &[u8]| {
        let mut container = cfb::CompoundFile::create(std::io::Cursor::new(Vec::new())).unwrap();
        container.create_stream(name).unwrap().write_all(content).unwrap();
        container.into_inner().into_inner()
    };
    assert!(message(&streams("/EncryptedPackage", b"x")).ends_with("has a password"));
    assert!(message(&streams("/WordDocument", b"x")).ends_with("is an old Office file and no workbook"));
    // The beginning of a workbook of Excel 95, then that of one with a password.
    assert!(message(&streams("/Book", b"\x09\x08\x04\x00\x00\x05\x05\x00")).ends_with("older than Excel 97"));
    let locked = b"\x09\x08\x04\x00\x00\x06\x05\x00\x2f\x00\x02\x00\x01\x00";
    assert!(message(&streams("/Workbook", locked)).ends_with("has a password"));
}

#[test]
fn numbers_and_days_are_kept_as_such_for_the_results() {
    // The first row of both: 31 January 2026 is day 46,053 of a spreadsheet, and an eighth is an eighth.
    for name in ["131-xls-types.xls", "135-ods-types.ods"] {
        let (_folder, path) = file("book", &case(name));
        let options = ReadOptions { keep_types: true, ..ReadOptions::default() };
        let mut reader = table::open(&path, &options).unwrap();
        let column = |header: &str| reader.headers().iter().position(|found| found == header).unwrap();
        let [joined, share, vip] = ["Joined", "Share", "VIP"].map(column);
        let mut batch = RowBatch::new();
        reader.read(&mut batch, 1).unwrap();
        let row = batch.row(0);
        let number = |column: usize| match row.typed(column) {
            Some(TypedValue::Number { number, .. }) => Some(number.to_string()),
            _ => None,
        };
        assert_eq!((number(joined).as_deref(), number(share).as_deref()), (Some("46053"), Some("0.125")), "{name}");
        assert_eq!(row.typed(vip), Some(&TypedValue::Boolean(true)), "{name}");
    }
}

#[test]
fn no_damage_makes_it_panic() {
    // The same numbers in each run: a generator of Lehmer's.
    let mut state = 4711_u64;
    let mut random = |below: usize| {
        state = state * 48_271 % 0x7fff_ffff;
        usize::try_from(state).unwrap() % below
    };
    let limits = ReadLimits { cells_in_memory: 100_000, ..ReadLimits::default() };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let (mut read_on, mut refused) = (0, 0);
    for name in ["130-xls-phone-formats.xls", "132-xls-merged.xls", "131-xls-types.xls"] {
        let sound = case(name);
        for _ in 0..150 {
            let mut bytes = sound.clone();
            for _ in 0..=random(4) {
                let at = random(bytes.len());
                bytes[at] = u8::try_from(random(256)).unwrap();
            }
            bytes.truncate(bytes.len() - random(40));
            match read(&bytes, &options) {
                Ok(_) => read_on += 1,
                Err(_) => refused += 1,
            }
        }
    }
    assert!(read_on > 50 && refused > 5, "{read_on} read, {refused} refused");
}
