//! JSON Lines in and out.

use std::path::{Path, PathBuf};

use rolo::error::Error;
use rolo::table::{self, ReadLimits, ReadOptions, RowBatch, RowReader};

fn file(name: &str, text: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, text).unwrap();
    (folder, path)
}

fn opened(text: &str) -> Box<dyn RowReader> {
    let (folder, path) = file("people.jsonl", text.as_bytes());
    let reader = table::open(&path, &ReadOptions::default()).unwrap();
    // What is open is read on.
    drop(folder);
    reader
}

fn refused(name: &str, text: &str, options: &ReadOptions) -> Error {
    let (_folder, path) = file(name, text.as_bytes());
    table::open(&path, options).err().unwrap()
}

/// Headers, then each row's cells, with `-` for what the entry doesn't say.
fn rows(reader: &mut dyn RowReader) -> Vec<String> {
    let mut all = vec![reader.headers().join("|")];
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 2).unwrap() > 0 {
        for row in batch.rows() {
            let cells = (0..reader.headers().len())
                .map(|column| if row.is_absent(column) { "-" } else { row.cell(column) })
                .collect::<Vec<_>>();
            let codes: Vec<_> = row.errors().iter().map(|(_, error)| format!(" {}", error.code)).collect();
            all.push(format!("{}: {}{}", row.position().line, cells.join("|"), codes.concat()));
        }
    }
    all
}

#[test]
fn the_columns_are_all_names_in_the_order_they_appear() {
    let text = "{\"name\": \"Ann\", \"phone\": \"+447400100101\"}\n\n\
                {\"phone\": \"+447400100102\", \"plan\": {\"name\": \"pro\", \"seats\": {\"paid\": 3}}}\r\n\
                {\"email\": null, \"name\": \"\"}\n{\"email\": \"c@c.example\"}";
    let mut reader = opened(text);
    // The third entry says nothing but blanks, so it is no row.
    assert_eq!(
        rows(reader.as_mut()),
        [
            "name|phone|plan.name|plan.seats.paid|email",
            "1: Ann|+447400100101|-|-|-",
            "3: -|+447400100102|pro|3|-",
            "5: -|-|-|-|c@c.example",
        ]
    );
    assert!(reader.notes().contains(&"null is read as a blank cell: email (1)".to_owned()), "{:?}", reader.notes());
}

#[test]
fn values_keep_what_they_are_to_the_last_digit() {
    let text = "{\"id\": 12345678901234567890123, \"rate\": 1.50, \"big\": 1E3, \"on\": true, \"off\": false, \
                \"tags\": [\"a, b\", \"c\"], \"deep\": {\"a\": {\"b\": {\"c\": {\"d\": {\"e\": 1}}}}}, \"esc\": \"\\u00e9\\n\\ud83d\\ude00\", \
                \"empty\": {}}";
    assert_eq!(
        rows(opened(text).as_mut()),
        [
            "id|rate|big|on|off|tags|deep.a.b.c.d|esc",
            "1: 12345678901234567890123|1.50|1E3|true|false|[\"a, b\", \"c\"]|{\"e\": 1}|é\n😀",
        ]
    );
}

#[test]
fn a_line_that_is_no_object_is_an_error_of_its_row_and_the_others_go() {
    let text = "{\"name\": \"Ann\"}\n{\"name\": \"Bo\n[1, 2]\nplain\n{\"name\": \"C\", \"name\": \"D\"}\n{\"name\": \"Eve\"} \n";
    assert_eq!(
        rows(opened(text).as_mut()),
        [
            "name",
            "1: Ann",
            "2: - row.not_json",
            "3: - row.not_json",
            "4: - row.not_json",
            "5: - row.not_json",
            "6: Eve",
        ]
    );
    let mut batch = RowBatch::new();
    opened(text).read(&mut batch, 10).unwrap();
    let messages: Vec<_> = batch.rows().flat_map(|row| row.errors()).map(|(_, error)| error.message.as_str()).collect();
    assert_eq!(messages[0], "line 2 is JSON that is cut off");
    assert_eq!(messages[3], "line 5 is a JSON object that has \"name\" twice");
}

#[test]
fn encodings_compression_and_names_are_seen_through() {
    let text = "{\"name\": \"José\"}\n";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let mut latin = text.replace('é', "?").into_bytes();
    let at = latin.iter().position(|byte| *byte == b'?').unwrap();
    latin[at] = 0xe9;
    let mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let gzip = {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    for (name, bytes) in [("a.csv", mark), ("b.xls", utf16), ("c.json", latin), ("d.jsonl.gz", gzip)] {
        let (_folder, path) = file(name, &bytes);
        let mut reader = table::open(&path, &ReadOptions::default()).unwrap();
        assert_eq!(rows(reader.as_mut()), ["name", "1: José"], "{name}");
    }
}

#[test]
fn limits_hold_for_names_lines_and_values() {
    let tight = |limits: ReadLimits| ReadOptions { limits, ..ReadOptions::default() };
    let many = "{\"a\": 1}\n{\"b\": 1, \"c\": 2}\n";
    let error = refused("a.jsonl", many, &tight(ReadLimits { columns: 2, ..ReadLimits::default() }));
    assert!(error.message.contains("line 2: more than the 2 columns allowed"), "{error}");
    let long = format!("{{\"a\": 1}}\n{{\"a\": \"{}\"}}\n", "x".repeat(100));
    let error = refused("a.jsonl", &long, &tight(ReadLimits { row_bytes: 50, ..ReadLimits::default() }));
    assert!(error.message.contains("line 2: more than"), "{error}");
    let (_folder, path) = file("a.jsonl", long.as_bytes());
    let mut reader = table::open(&path, &tight(ReadLimits { cell_bytes: 50, ..ReadLimits::default() })).unwrap();
    let error = reader.read(&mut RowBatch::new(), 10).unwrap_err();
    assert!(error.message.contains("line 2, column \"a\": a cell of 100 bytes"), "{error}");
}

#[test]
fn json_over_several_lines_and_lists_are_named_with_their_cure() {
    let error = refused("a.json", "{\n \"name\": \"Ann\"\n}\n", &ReadOptions::default());
    assert!(error.message.ends_with("is JSON over several lines, and no table"), "{error}");
    let error = refused("a.json", "[{\"name\": \"Ann\"}]", &ReadOptions::default());
    assert!(error.hint.unwrap().contains("jq -c '.[]'"));
}

fn written(headers: &[&str], lines: &[&[&str]], path: &Path) -> String {
    let mut writer = table::create(path, headers).unwrap();
    for cells in lines {
        writer.write(cells).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn what_is_written_is_an_object_a_line_and_reads_back_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.jsonl");
    let headers = ["phone", "custom.seats:number", "custom.vip:boolean", "note", "city", "custom.box:json"];
    let rows_in: [&[&str]; 3] = [
        &["+447400100101", "3", "true", "=1+1\n\"x\"", "", ""],
        &["+447400100102", "", "", "'quoted", "", ""],
        &["007", "three", "yes", "", "", "\"\""],
    ];
    assert_eq!(
        written(&headers, &rows_in, &path),
        "{\"phone\":\"+447400100101\",\"custom.seats:number\":3,\"custom.vip:boolean\":true,\"note\":\"=1+1\\n\\\"x\\\"\",\"city\":\"\",\"custom.box:json\":null}\n\
         {\"phone\":\"+447400100102\",\"note\":\"'quoted\"}\n\
         {\"phone\":\"007\",\"custom.seats:number\":\"three\",\"custom.vip:boolean\":\"yes\",\"custom.box:json\":\"\"}\n",
        "the first names all columns, the others what they hold"
    );
    let mut reader = table::open(&path, &ReadOptions::default()).unwrap();
    assert_eq!(
        rows(reader.as_mut()),
        [
            "phone|custom.seats:number|custom.vip:boolean|note|city|custom.box:json",
            "1: +447400100101|3|true|=1+1\n\"x\"||",
            "2: +447400100102|-|-|'quoted|-|-",
            "3: 007|three|yes|-|-|\"\"",
        ]
    );
}
