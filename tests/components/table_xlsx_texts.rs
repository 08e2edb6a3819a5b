//! What cells of a workbook say, beside what another reader of the format finds in them.

use std::io::{Cursor, Write as _};

use calamine::{Data, Reader as _, Xlsx};
use proptest::prelude::*;
use rolo::table::{self, ReadOptions, RowBatch};

const KIND: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

/// A workbook with one sheet: a header, and below it one row of these cells behind a cell `x`.
fn workbook(cells: &str, strings: &str, columns: usize) -> Vec<u8> {
    let relation = |id: &str, kind: &str, target: &str| {
        format!("<Relationships><Relationship Id=\"{id}\" Type=\"{KIND}/{kind}\" Target=\"{target}\"/></Relationships>")
    };
    let headers = (0..=columns).map(|column| format!("<c t=\"str\"><v>column {column}</v></c>")).collect::<String>();
    let sheet = format!(
        "<worksheet><sheetData><row r=\"1\">{headers}</row><row r=\"2\"><c t=\"str\"><v>x</v></c>{cells}</row></sheetData></worksheet>"
    );
    let parts = [
        ("[Content_Types].xml", "<Types/>".to_owned()),
        ("_rels/.rels", relation("a", "officeDocument", "xl/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", relation("a", "worksheet", "worksheets/sheet1.xml")),
        (
            "xl/workbook.xml",
            "<workbook><sheets><sheet name=\"S\" sheetId=\"1\" r:id=\"a\"/></sheets></workbook>".into(),
        ),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", format!("<sst>{strings}</sst>")),
    ];
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in parts {
        zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(content.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn ours(bytes: &[u8]) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("cells.xlsx");
    std::fs::write(&path, bytes).unwrap();
    let (mut reader, mut batch) = (table::open(&path, &ReadOptions::default()).unwrap(), RowBatch::new());
    assert_eq!(reader.read(&mut batch, 10).unwrap(), 1);
    batch.row(0).cells().map(str::to_owned).collect()
}

fn theirs(bytes: &[u8], columns: usize) -> Vec<String> {
    let mut workbook = Xlsx::new(Cursor::new(bytes)).unwrap();
    let range = workbook.worksheet_range("S").unwrap();
    let text = |column| match range.get((1, column)) {
        None | Some(Data::Empty) => String::new(),
        Some(Data::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    (0..=columns).map(text).collect()
}

/// Text as it may stand in a part.
fn text() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "é😀",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "\u{a0}",
        "&amp;",
        "&lt;",
        "&quot;",
        "&#65;",
        "&#x1F600;",
        "&#13;",
        "_x000D_",
        "_x005F_x000D_",
        "_xD83D__xDE00_",
        "_xD83D_",
        "_x12",
        "_",
        "<!-- c -->",
    ]);
    prop::collection::vec(pieces, 0..6).prop_map(|pieces| pieces.concat())
}

/// A string as `is` and `si` hold it.
fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        text().prop_map(|text| format!("<t>{text}</t>")),
        text().prop_map(|text| format!("<t xml:space=\"preserve\">{text}</t>")),
        (text(), text()).prop_map(|(one, two)| format!(
            "<r><t>{one}</t></r><r><rPr><b/></rPr><t xml:space=\"preserve\">{two}</t></r>"
        )),
        (text(), text())
            .prop_map(|(text, spoken)| format!("<t>{text}</t><rPh sb=\"0\" eb=\"1\"><t>{spoken}</t></rPh>")),
        Just("<t/>".to_owned()),
        Just(String::new()),
    ]
}

#[derive(Clone, Debug)]
enum Cell {
    Inline(String),
    Shared(String),
    Result(String),
    None,
}

fn cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        string().prop_map(Cell::Inline),
        string().prop_map(Cell::Shared),
        text().prop_map(Cell::Result),
        Just(Cell::None),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn texts_are_what_another_reader_finds(cells in prop::collection::vec(cell(), 1..8)) {
        let (mut row, mut strings, mut shared) = (String::new(), String::new(), 0);
        for cell in &cells {
            row += &match cell {
                Cell::Inline(string) => format!("<c t=\"inlineStr\"><is>{string}</is></c>"),
                Cell::Result(text) => format!("<c t=\"str\"><f>A1</f><v>{text}</v></c>"),
                Cell::None => "<c/>".to_owned(),
                Cell::Shared(string) => {
                    strings += &format!("<si>{string}</si>");
                    shared += 1;
                    format!("<c t=\"s\"><v>{}</v></c>", shared - 1)
                }
            };
        }
        let bytes = workbook(&row, &strings, cells.len());
        prop_assert_eq!(ours(&bytes), theirs(&bytes, cells.len()));
    }
}
