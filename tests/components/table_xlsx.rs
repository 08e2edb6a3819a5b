//! Workbooks: what the sheet shows is what is read, hostile ones are refused, and writing reverses reading.

#![expect(clippy::format_push_string, clippy::format_collect, reason = "workbooks put together for reading, not speed")]

use std::io::{Cursor, Write};
use std::path::PathBuf;

use proptest::prelude::*;
use rolo::error::{Error, ErrorKind};
use rolo::table::{self, CellFlag, ReadLimits, ReadOptions, ResultCell, RowBatch, RowReader, WriteOptions};
use tempfile::TempDir;

/// A workbook put together by hand.
#[derive(Clone, Default)]
struct Book {
    /// Name, attributes and content of `sheetData` of each sheet.
    sheets: Vec<(String, String, String)>,
    styles: String,
    strings: String,
    is_1904: bool,
}

impl Book {
    fn of(rows: &str) -> Self {
        Self::default().sheet("Sheet1", "", rows)
    }

    fn sheet(mut self, name: &str, attributes: &str, rows: &str) -> Self {
        self.sheets.push((name.into(), attributes.into(), format!("<sheetData>{rows}</sheetData>")));
        self
    }

    /// Cell style N + 1 has the N-th of these formats.
    fn formats(mut self, codes: &[&str]) -> Self {
        let (mut formats, mut styles) = (String::new(), "<xf numFmtId=\"0\"/>".to_owned());
        for (index, code) in codes.iter().enumerate() {
            formats +=
                &format!("<numFmt numFmtId=\"{}\" formatCode=\"{}\"/>", 200 + index, code.replace('"', "&quot;"));
            styles += &format!("<xf numFmtId=\"{}\"/>", 200 + index);
        }
        self.styles = format!("<styleSheet><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>");
        self
    }

    fn strings(mut self, items: &str) -> Self {
        self.strings = format!("<sst>{items}</sst>");
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut sheets = String::new();
        let mut targets = String::new();
        let mut parts = Vec::new();
        for (index, (name, attributes, data)) in self.sheets.iter().enumerate() {
            sheets += &format!("<sheet name=\"{name}\" sheetId=\"{0}\" r:id=\"rId{0}\" {attributes}/>", index + 1);
            targets += &format!(
                "<Relationship Id=\"rId{0}\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet{0}.xml\"/>",
                index + 1
            );
            parts.push((format!("xl/worksheets/sheet{}.xml", index + 1), format!("<worksheet>{data}</worksheet>")));
        }
        let epoch = if self.is_1904 { "<workbookPr date1904=\"1\"/>" } else { "" };
        parts.push(("[Content_Types].xml".into(), "<Types/>".into()));
        parts.push((
            "_rels/.rels".into(),
            "<Relationships><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>".into(),
        ));
        parts.push(("xl/workbook.xml".into(), format!("<workbook>{epoch}<sheets>{sheets}</sheets></workbook>")));
        parts.push(("xl/_rels/workbook.xml.rels".into(), format!("<Relationships>{targets}</Relationships>")));
        if !self.styles.is_empty() {
            parts.push(("xl/styles.xml".into(), self.styles.clone()));
        }
        if !self.strings.is_empty() {
            parts.push(("xl/sharedStrings.xml".into(), self.strings.clone()));
        }
        zipped(&parts)
    }
}

fn zipped(parts: &[(String, String)]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name.as_str(), zip::write::SimpleFileOptions::default()).expect("in memory");
        zip.write_all(content.as_bytes()).expect("in memory");
    }
    zip.finish().expect("in memory").into_inner()
}

fn file(bytes: &[u8]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contacts.xlsx");
    std::fs::write(&path, bytes).expect("a file");
    (folder, path)
}

/// Cells of a row of texts.
fn row(number: u64, cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<c t=\"inlineStr\"><is><t>{cell}</t></is></c>")).collect();
    format!("<row r=\"{number}\">{cells}</row>")
}

struct Read {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
    lines: Vec<u64>,
    codes: Vec<String>,
    notes: Vec<String>,
    sheet: Option<String>,
    digits_lost: Vec<bool>,
}

fn read_all(reader: &mut dyn RowReader) -> Result<Read, Error> {
    let mut read = Read {
        headers: reader.headers().to_vec(),
        rows: Vec::new(),
        lines: Vec::new(),
        codes: Vec::new(),
        notes: Vec::new(),
        sheet: None,
        digits_lost: Vec::new(),
    };
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 3)? > 0 {
        for row in batch.rows() {
            assert_eq!(row.position().index, read.rows.len() as u64);
            read.rows.push(row.cells().map(str::to_owned).collect());
            read.lines.push(row.position().line);
            read.codes.extend(row.errors().iter().map(|(_, error)| error.code.to_string()));
            read.digits_lost.push(row.flag(0) == Some(CellFlag::DigitsLost));
            read.sheet = reader.sheet_name(row.position().sheet).map(str::to_owned);
        }
    }
    read.notes = reader.notes().to_vec();
    Ok(read)
}

fn read_with(bytes: &[u8], options: &ReadOptions) -> Result<Read, Error> {
    let (_folder, path) = file(bytes);
    read_all(table::open(&path, options)?.as_mut())
}

fn read(book: &Book) -> Read {
    read_with(&book.bytes(), &ReadOptions::default()).expect("a sound workbook")
}

fn refusal_with(bytes: &[u8], options: &ReadOptions) -> String {
    let (folder, path) = file(bytes);
    let error = match table::open(&path, options) {
        Err(error) => error,
        Ok(mut reader) => read_all(reader.as_mut()).map(|read| read.rows.len()).expect_err("a refusal"),
    };
    assert_eq!(error.kind, ErrorKind::Usage, "{error}");
    assert!(error.hint.is_some(), "{error}");
    error.message.replace(&format!("{}/", folder.path().display()), "")
}

fn refused(bytes: &[u8]) -> String {
    refusal_with(bytes, &ReadOptions::default())
}

#[test]
fn cells_are_read_as_the_sheet_shows_them() {
    let book = Book::of(&format!(
        "{}<row r=\"2\"><c r=\"A2\" s=\"1\"><v>7400</v></c><c r=\"B2\" s=\"2\"><v>447400123456</v></c>\
         <c r=\"C2\"><v>4.47400123456E+11</v></c><c r=\"D2\" s=\"3\"><v>45322</v></c><c r=\"E2\" t=\"b\"><v>1</v></c>\
         <c r=\"F2\" t=\"str\"><f>A1&amp;B1</f><v>joined</v></c><c r=\"G2\"><v>0.30000000000000004</v></c>\
         <c r=\"H2\" t=\"s\"><v>0</v></c><c r=\"I2\" t=\"s\"><v>1</v></c></row>",
        row(1, &["a", "b", "c", "d", "e", "f", "g", "h", "i"])
    ))
    .formats(&["00000", "\"+\"0", "dd/mm/yyyy"])
    .strings(
        "<si><t>line_x000D_ one &amp; _x005F_x000D_</t></si><si><r><t>Ri</t></r><r><rPr><b/></rPr><t>ch</t></r></si>",
    );
    let found = read(&book);
    assert_eq!(
        found.rows,
        [[
            "07400",
            "+447400123456",
            "447400123456",
            "2024-01-31",
            "true",
            "joined",
            "0.3",
            "line\r one & _x000D_",
            "Rich"
        ]]
    );
    assert!(found.codes.is_empty());
    assert_eq!(found.notes, Vec::<String>::new());
}

#[test]
fn dates_follow_the_epoch_of_the_workbook() {
    let rows = format!("{}<row><c s=\"1\"><v>43860</v></c></row>", row(1, &["day"]));
    let book = Book { is_1904: true, ..Book::of(&rows).formats(&["yyyy-mm-dd"]) };
    assert_eq!(read(&book).rows, [["2024-01-31"]]);
}

#[test]
fn numbers_whose_digits_are_gone_are_flagged_and_others_are_not() {
    let rows = "<row r=\"1\"><c t=\"str\"><v>card</v></c></row><row r=\"2\"><c><v>1234567890123450</v></c></row>\
                <row r=\"3\"><c><v>447400123456</v></c></row><row r=\"4\"><c><v>1.2345678901234501E+19</v></c></row>";
    let found = read(&Book::of(rows));
    assert_eq!(found.digits_lost, [true, false, true]);
    assert_eq!(found.rows[0], ["1234567890123450"]);
    assert!(!found.rows[2][0].contains('E'));
}

#[test]
fn error_cells_are_row_errors_and_the_other_rows_go() {
    let rows = format!("{}<row r=\"2\"><c t=\"e\"><v>#REF!</v></c></row>{}", row(1, &["a"]), row(3, &["x"]));
    let found = read(&Book::of(&rows));
    assert_eq!(found.codes, ["value.spreadsheet_error"]);
    assert_eq!(found.rows, [["#REF!"], ["x"]]);
}

#[test]
fn the_header_is_found_below_a_title_and_rows_keep_their_numbers() {
    let rows = [
        row(1, &["Contacts of the spring fair"]),
        row(3, &["as of", "1 May"]),
        row(5, &["name", "phone", "city", "tags"]),
        row(6, &["Ann", "1", "", ""]),
        row(7, &["", " ", "", ""]),
        row(9, &["Bob", "2", "Rome", "x"]),
    ];
    let found = read(&Book::of(&rows.concat()));
    assert_eq!(found.headers, ["name", "phone", "city", "tags"]);
    assert_eq!(found.lines, [6, 9]);
    assert_eq!(found.notes, ["the header was found in row 5"]);
    let options = ReadOptions { header_row: Some(6), ..ReadOptions::default() };
    let found = read_with(&Book::of(&rows.concat()).bytes(), &options).expect("a sound workbook");
    assert_eq!(found.headers, ["Ann", "1", "column 3", "column 4"]);
    let options = ReadOptions { header_row: Some(2), ..ReadOptions::default() };
    assert_eq!(
        refusal_with(&Book::of(&rows.concat()).bytes(), &options),
        "contacts.xlsx: row 2 of sheet \"Sheet1\" is empty"
    );
}

#[test]
fn a_table_may_stand_anywhere_and_have_gaps() {
    let rows = "<row r=\"2\"><c r=\"C2\" t=\"str\"><v>name</v></c><c r=\"D2\" t=\"str\"><v>phone</v></c></row>\
                <row r=\"3\"><c r=\"D3\" t=\"str\"><v>1</v></c><c r=\"C3\" t=\"str\"><v>Ann</v></c></row>\
                <row r=\"4\"><c r=\"D4\" t=\"str\"><v>2</v></c></row>";
    let found = read(&Book::of(rows));
    assert_eq!(found.headers, ["name", "phone"]);
    assert_eq!(found.rows, [["Ann", "1"], ["", "2"]]);
}

#[test]
fn sheets_are_chosen_by_content_name_or_number() {
    let data = |name: &str| row(1, &["a"]) + &row(2, &[name]);
    let book = Book::default()
        .sheet("Secret", "state=\"hidden\"", &data("hidden"))
        .sheet("Empty", "", "")
        .sheet("People", "", &data("people"))
        .sheet("2", "", &data("two"));
    let with = |sheet: &str| ReadOptions { sheet: Some(sheet.into()), ..ReadOptions::default() };
    let found = read(&book);
    assert_eq!((found.rows[0][0].as_str(), found.sheet.as_deref()), ("people", Some("People")));
    assert_eq!(
        found.notes,
        [
            "sheet \"People\" is read, and not \"Secret\" (hidden), \"Empty\", \"2\": --sheet names another, --sheet all reads \
         those with the same columns together"
        ]
    );
    for (sheet, name) in [("people", "people"), ("1", "hidden"), ("2", "two"), ("3", "people"), ("Secret", "hidden")] {
        assert_eq!(read_with(&book.bytes(), &with(sheet)).expect("a sheet").rows, [[name]]);
    }
    let (_folder, path) = file(&book.bytes());
    let error = table::open(&path, &with("Contacts")).err().expect("a refusal");
    assert!(error.message.ends_with("has no sheet \"Contacts\""));
    assert_eq!(error.hint.as_deref(), Some("its sheets are \"Secret\", \"Empty\", \"People\", \"2\""));
}

#[test]
fn what_a_reader_of_the_sheet_would_not_see_is_said() {
    let rows = format!(
        "{}<row r=\"2\" hidden=\"1\"><c t=\"str\"><v>x</v></c><c><f>NOW()</f></c></row><row r=\"3\"><c t=\"str\"><v>y</v></c></row>",
        row(1, &["a", "b"])
    );
    let mut book = Book::of(&rows);
    book.sheets[0].2.insert_str(0, "<cols><col min=\"2\" max=\"2\" hidden=\"1\"/></cols>");
    let found = read(&book);
    assert_eq!(found.rows, [["x", ""], ["y", ""]]);
    assert_eq!(found.notes.len(), 3);
    assert_eq!(found.notes[0], "rows hidden, read like the others: 1; --visible-only leaves them out");
    assert_eq!(found.notes[1], "hidden columns, read like the others: 1");
    assert!(found.notes[2].starts_with("formulas without a saved value"));
}

#[test]
fn a_workbook_named_csv_is_read_as_one_and_that_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("contacts.csv");
    std::fs::write(&path, Book::of(&(row(1, &["a"]) + &row(2, &["b"]))).bytes()).expect("a file");
    let reader = table::open(&path, &ReadOptions::default()).expect("a workbook");
    assert!(reader.notes()[0].ends_with("contacts.csv is an Excel workbook: it is read as one"));
}

#[test]
fn workbooks_without_rows_and_other_zip_files_are_refused_in_words() {
    assert_eq!(refused(&Book::of("").bytes()), "contacts.xlsx has no visible sheet with content");
    assert_eq!(
        refused(&Book::of(&row(1, &["name"])).bytes()),
        "contacts.xlsx: sheet \"Sheet1\" has a header and no rows"
    );
    let with = |name: &str| refused(&zipped(&[(name.to_owned(), "<a/>".to_owned())]));
    assert_eq!(with("notes.txt"), "contacts.xlsx is a zip archive, not a workbook");
    assert_eq!(with("word/document.xml"), "contacts.xlsx is a Word document");
    let ods =
        [("content.xml", ""), ("META-INF/manifest.xml", "")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    assert_eq!(refused(&zipped(&ods)), "contacts.xlsx is an OpenDocument file and no spreadsheet");
    let whole = Book::of(&row(1, &["name"])).bytes();
    assert!(refused(&whole[..whole.len() / 2]).starts_with("contacts.xlsx begins like a workbook and is cut off"));
}

#[test]
fn two_cells_in_opposite_corners_cost_nothing() {
    let rows = format!("{}<row r=\"1048576\"><c r=\"A1048576\" t=\"str\"><v>far</v></c></row>", row(1, &["a"]));
    assert_eq!(read(&Book::of(&rows)).lines, [1_048_576]);
    let rows = "<row r=\"1\"><c r=\"A1\" t=\"str\"><v>a</v></c><c r=\"XFD1\" t=\"str\"><v>b</v></c></row><row r=\"2\"><c><v>1</v></c></row>";
    assert_eq!(
        refused(&Book::of(rows).bytes()),
        "contacts.xlsx: the sheet has 16384 columns, more than the 4096 allowed"
    );
}

#[test]
fn bombs_are_refused_before_anything_reads_them() {
    let sheet = |name: &str| format!("contacts.xlsx can't be read: its part xl/{name} ");
    let giant = "x".repeat(300 << 10);
    let long = "has a cell of more than 256 KB, where spreadsheets allow 32,767 characters";
    let cell = format!("{}<row r=\"2\"><c t=\"inlineStr\"><is><t>{giant}</t></is></c></row>", row(1, &["a"]));
    assert_eq!(refused(&Book::of(&cell).bytes()), sheet("worksheets/sheet1.xml") + long);
    let rich = format!("<row><c t=\"inlineStr\"><is>{}</is></c></row>", "<r><t>0123456789</t></r>".repeat(30 << 10));
    assert_eq!(refused(&Book::of(&rich).bytes()), sheet("worksheets/sheet1.xml") + long);
    let strings = Book::of(&row(1, &["a"])).strings(&format!("<si><t>{giant}</t></si>"));
    assert_eq!(refused(&strings.bytes()), sheet("sharedStrings.xml") + long);
    let mut claim = Book::of(&row(1, &["a"]));
    claim.strings = "<sst uniqueCount=\"88888888888888\"><si><t>a</t></si></sst>".into();
    assert_eq!(refused(&claim.bytes()), sheet("sharedStrings.xml") + "has more than 4000000 distinct texts");
    let mut entity = Book::of(&row(1, &["a"]));
    entity.strings =
        "<!DOCTYPE sst [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]><sst><si><t>&b;</t></si></sst>".into();
    assert_eq!(
        refused(&entity.bytes()),
        sheet("sharedStrings.xml") + "declares a document type, as no spreadsheet does"
    );
    let limits = ReadLimits { ratio_free_bytes: 1 << 20, ..ReadLimits::default() };
    let tiny_cells = format!("<row>{}</row>", "<c/>".repeat(16_000)).repeat(40);
    let message =
        refusal_with(&Book::of(&tiny_cells).bytes(), &ReadOptions { limits: limits.clone(), ..ReadOptions::default() });
    assert!(message.starts_with("contacts.xlsx unpacks to more than 200 times its size"), "{message}");
    let limits = ReadLimits { part_bytes: 1 << 20, ..limits };
    let message = refusal_with(&Book::of(&tiny_cells).bytes(), &ReadOptions { limits, ..ReadOptions::default() });
    assert!(message.contains("unpacks to more than"), "{message}");
}

#[test]
fn a_sheet_hidden_behind_another_kind_of_part_is_measured_too() {
    let giant = format!("<row><c t=\"inlineStr\"><is><t>{}</t></is></c></row>", "x".repeat(300 << 10));
    let book = Book::of(&giant);
    let mut zip = zip::ZipArchive::new(Cursor::new(book.bytes())).expect("a zip");
    let parts: Vec<(String, String)> = (0..zip.len())
        .map(|index| {
            let mut part = zip.by_index(index).expect("a part");
            let mut text = String::new();
            std::io::Read::read_to_string(&mut part, &mut text).expect("text");
            let name = part.name().expect("a name").replace("worksheets/sheet1.xml", "media/picture.png");
            (name, text.replace("worksheets/sheet1.xml", "media/picture.png"))
        })
        .collect();
    assert!(
        refused(&zipped(&parts)).starts_with("contacts.xlsx can't be read: its part xl/media/picture.png has a cell")
    );
}

#[test]
fn a_wrong_workbook_is_a_message_and_not_a_panic() {
    for rows in [
        "<row r=\"0\"><c r=\"A0\"><v>1</v></c></row>",
        "<row r=\"2\"><c r=\"A2\"><v>1</v></c></row><row r=\"1\"><c r=\"A1\"><v>1</v></c></row>",
        "<row><c r=\"1A\"><v>1</v></c></row>",
        "<row><c t=\"s\"><v>99</v></c></row>",
        "<row><c t=\"n\"><v>abc</v></c></row>",
        "<row><c><x/></c></row>",
        "<row><c><v>&bad;</v></c></row>",
    ] {
        assert!(refused(&Book::of(rows).bytes()).starts_with("contacts.xlsx"), "{rows}");
    }
}

#[test]
fn own_columns_of_a_results_workbook_are_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.xlsx");
    let headers = ["name", "phone", "_line", "_outcome"];
    let mut workbook = table::create_results(&path, &headers, &WriteOptions::default()).expect("a workbook");
    workbook.write(&["Ann", "+447400123456", "2", "created"]).expect("a row");
    let wrong = ResultCell { wrong: Some("phone has too few digits"), ..ResultCell::from("0044") };
    workbook.write_result(&["Bob".into(), wrong, "3".into(), "rejected".into()], true).expect("a row");
    workbook.finish().expect("a file");
    let mut reader = table::open(&path, &ReadOptions::default()).expect("our own file");
    assert_eq!((reader.headers(), reader.own_columns().len()), (["name".to_owned(), "phone".to_owned()].as_slice(), 2));
    let mut batch = RowBatch::new();
    assert_eq!(reader.read(&mut batch, 10).expect("rows"), 2);
    assert_eq!(batch.row(1).own("_line"), Some("3"));
    assert_eq!(batch.row(0).cells().collect::<Vec<_>>(), ["Ann", "+447400123456"]);
    let options = ReadOptions { sheet: Some("needs attention".into()), ..ReadOptions::default() };
    let found = read_all(table::open(&path, &options).expect("our own file").as_mut()).expect("rows");
    assert_eq!(found.rows, [["Bob", "0044"]]);
}

#[test]
fn long_lists_of_choices_stand_on_a_hidden_sheet() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("results.xlsx");
    // 60 words of 6 characters are more than the 255 that a list beside the cells may have.
    let long: Vec<String> = (0..60).map(|number| format!("plan{number:02}")).collect();
    let commas = vec!["one, two".to_owned(), "three".to_owned()];
    let short = vec!["yes".to_owned(), "no".to_owned()];
    let options = WriteOptions { choices: vec![(1, long.clone()), (2, commas), (3, short)], ..WriteOptions::default() };
    let headers = ["name", "plan", "group", "vip", "_line", "_outcome"];
    let mut workbook = table::create_results(&path, &headers, &options).expect("a workbook");
    workbook.write(&["Ann", "plan01", "three", "yes", "2", "created"]).expect("a row");
    workbook.finish().expect("a file");
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&path).expect("a file")).expect("a zip file");
    let mut part = |name: &str| {
        let mut text = String::new();
        std::io::Read::read_to_string(&mut archive.by_name(name).expect("a part"), &mut text).expect("text");
        text
    };
    let sheet = part("xl/worksheets/sheet1.xml");
    for formula in ["choices!$A$1:$A$60", "choices!$B$1:$B$2", "\"yes,no\""] {
        assert!(sheet.contains(&format!("<formula1>{formula}</formula1>")), "{formula}: {sheet}");
    }
    assert!(part("xl/workbook.xml").contains("<sheet name=\"choices\" sheetId=\"3\" state=\"hidden\""));
    // It is no sheet of contacts.
    let options = ReadOptions { sheet: Some("choices".into()), ..ReadOptions::default() };
    let words = read_all(table::open(&path, &options).expect("our own file").as_mut()).expect("rows").rows;
    assert_eq!(words[58][0], "plan59");
    let found = read_all(table::open(&path, &ReadOptions::default()).expect("our own file").as_mut()).expect("rows");
    assert_eq!(found.rows, [["Ann", "plan01", "three", "yes"]]);
}

#[test]
fn a_reader_dropped_early_leaves_nothing_waiting() {
    let rows: String = (1..5_000).map(|number| row(number, &["a", "b"])).collect();
    let (_folder, path) = file(&Book::of(&rows).bytes());
    for _ in 0..3 {
        let mut reader = table::open(&path, &ReadOptions::default()).expect("a sound workbook");
        let mut batch = RowBatch::new();
        assert_eq!(reader.read(&mut batch, 5).expect("rows"), 5);
    }
    let options = ReadOptions { limit: Some(700), ..ReadOptions::default() };
    let read = read_all(table::open(&path, &options).expect("a sound workbook").as_mut()).expect("rows");
    assert_eq!(read.rows.len(), 700);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_written_reads_back_the_same(
        table in prop::collection::vec(prop::collection::vec(
            prop_oneof!["[ -~]{0,12}", "[=+@\\-'\t\r\n\" _x0-9A]{0,10}", "\\+?0{0,3}[0-9]{0,17}", any::<String>(), Just("👩‍👩‍👧 שלום\nعالم _x000D_".to_owned())],
            3,
        ), 1..12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("out.xlsx");
        let mut writer = table::create(&path, &["a", "=b", "c"]).expect("a writer");
        for row in &table {
            writer.write(&row.iter().map(String::as_str).collect::<Vec<_>>()).expect("a row");
        }
        writer.finish().expect("a file");
        let expected: Vec<_> =
            table.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        let opened = table::open(&path, &ReadOptions::default());
        if expected.is_empty() {
            prop_assert!(opened.is_err());
            return Ok(());
        }
        let found = read_all(opened.expect("our own file").as_mut()).expect("rows");
        prop_assert_eq!(found.headers, ["a", "=b", "c"]);
        prop_assert_eq!(found.rows, expected);
    }

    #[test]
    fn no_xml_makes_it_panic(
        odd in "(<|>|/|row|c|v|f|is|t| r=\"|A1|XFE|99999999999|\"|'| s=\"7\"| t=\"(s|n|b|e|d|str)\"|&|;|#x0|<!--|-->|-|\\]\\]>|é|1e400|nan){0,14}",
        at in 0_usize..200,
    ) {
        let mut rows = row(1, &["a", "b"]) + "<row r=\"2\"><c r=\"A2\" s=\"1\"><v>7</v></c><c r=\"B2\" t=\"str\"><v>x</v></c></row>";
        rows.insert_str(at.min(rows.len()), &odd);
        let _ = read_with(&Book::of(&rows).formats(&["00000;[<5]\"x"]).bytes(), &ReadOptions::default());
        let mut book = Book::of(&(row(1, &["a"]) + "<row r=\"2\"><c s=\"1\"><v>45000.5</v></c></row>")).formats(&[odd.replace(['<', '&'], "").as_str()]);
        let _ = read_with(&book.bytes(), &ReadOptions::default());
        book.strings.clone_from(&odd);
        let _ = read_with(&book.bytes(), &ReadOptions::default());
        book.strings.clear();
        book.sheets[0].2.insert_str(0, &format!("<dimension ref=\"{odd}\"/>"));
        let _ = read_with(&book.bytes(), &ReadOptions::default());
    }

    #[test]
    fn no_damage_makes_it_panic(at in any::<prop::sample::Index>(), with in any::<u8>(), cut in any::<prop::sample::Index>(), cuts in any::<bool>()) {
        let mut bytes = Book::of(&(row(1, &["a", "b"]) + &row(2, &["c", "d"]))).formats(&["00000"]).strings("<si><t>x</t></si>").bytes();
        let at = at.index(bytes.len());
        bytes[at] = with;
        if cuts {
            bytes.truncate(cut.index(bytes.len()));
        }
        let _ = read_with(&bytes, &ReadOptions::default());
    }
}
