//! .xlsb: workbooks built record by record as [MS-XLSB] lays them out, with what their cells show worked
//! out by hand.

use std::io::Write as _;

use rolo::error::Error;
use rolo::table::{self, ReadLimits, ReadOptions, RowBatch, TypedValue};

/// A record: what it is, how long, its data.
fn record(kind: u16, data: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let low = u8::try_from(kind & 0x7f).unwrap();
    if kind < 0x80 {
        bytes.push(low);
    } else {
        bytes.extend([low | 0x80, u8::try_from(kind >> 7).unwrap()]);
    }
    let mut length = data.len();
    while length > 0x7f {
        bytes.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend(data);
    bytes
}

fn wide(text: &str) -> Vec<u8> {
    let units: Vec<u16> = text.encode_utf16().collect();
    let count = u32::try_from(units.len()).unwrap().to_le_bytes();
    count.into_iter().chain(units.into_iter().flat_map(u16::to_le_bytes)).collect()
}

fn long(numbers: &[u32]) -> Vec<u8> {
    numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
}

fn row(number: u32, is_hidden: bool) -> Vec<u8> {
    let hidden = if is_hidden { 0x10 } else { 0 };
    // Its height in two bytes, how cells are framed, then the flags.
    record(0, &[&long(&[number - 1, 0])[..], &[0x2c, 1, 0, hidden, 0, 0, 0, 0, 0]].concat())
}

fn cell(kind: u16, column: u32, format: u32, value: &[u8]) -> Vec<u8> {
    record(kind, &[&long(&[column, format])[..], value].concat())
}

fn texts(number: u32, cells: &[&str]) -> Vec<u8> {
    let cells = (0..).zip(cells).map(|(column, text)| cell(6, column, 0, &wide(text)));
    [row(number, false)].into_iter().chain(cells).collect::<Vec<_>>().concat()
}

/// A workbook with one visible sheet behind a hidden one.
struct Book {
    strings: Vec<u8>,
    styles: Vec<u8>,
    calendar: u32,
    sheet: Vec<u8>,
}

impl Book {
    fn of(sheet: &[Vec<u8>]) -> Self {
        // Formats 0 to 4: General, five digits, a number with its country code, a day, hours that add up.
        let codes = [(164, "00000"), (165, "\"+44\"0000000000"), (166, "[h]:mm:ss")];
        let codes = codes.map(|(number, code)| record(44, &[&u16::to_le_bytes(number)[..], &wide(code)].concat()));
        let format = |number: u16| record(47, &[&[0, 0][..], &number.to_le_bytes(), &[0; 12]].concat());
        let of_cells = [0, 164, 165, 14, 166].map(format).concat();
        let styles = [
            codes.concat(),
            record(626, &long(&[1])),
            format(164),
            record(627, &[]),
            record(617, &long(&[5])),
            of_cells,
            record(618, &[]),
            // Behind them come formats for rules, which are none of the cells'.
            format(14),
        ];
        Self { strings: Vec::new(), styles: styles.concat(), calendar: 0, sheet: sheet.concat() }
    }

    fn strings(mut self, strings: &[&str]) -> Self {
        let items = strings.iter().map(|text| record(19, &[&[0][..], &wide(text)].concat()));
        self.strings = [record(159, &long(&[9, 9]))].into_iter().chain(items).collect::<Vec<_>>().concat();
        self
    }

    fn parts(&self) -> Vec<(&'static str, Vec<u8>)> {
        let sheet = |state: u32, relation: &str, name: &str| {
            record(156, &[&long(&[state, 1])[..], &wide(relation), &wide(name)].concat())
        };
        let workbook = [
            record(153, &long(&[self.calendar, 0])),
            sheet(1, "rId1", "Hidden"),
            sheet(0, "rId4", "A chart"),
            sheet(0, "rId2", "People"),
        ];
        let relation = |id: &str, kind: &str, part: &str| {
            format!("<Relationship Id=\"{id}\" Type=\"http://x/relationships/{kind}\" Target=\"{part}\"/>")
        };
        let relations = [
            relation("rId1", "worksheet", "worksheets/sheet1.bin"),
            relation("rId2", "worksheet", "/xl/worksheets/sheet2.bin"),
            relation("rId4", "chartsheet", "chartsheets/sheet1.bin"),
            relation("rId8", "styles", "styles.bin"),
            relation("rId9", "sharedStrings", "sharedStrings.bin"),
        ];
        vec![
            ("[Content_Types].xml", b"<Types/>".to_vec()),
            ("xl/workbook.bin", workbook.concat()),
            (
                "xl/_rels/workbook.bin.rels",
                format!("<Relationships>{}</Relationships>", relations.concat()).into_bytes(),
            ),
            ("xl/styles.bin", self.styles.clone()),
            ("xl/sharedStrings.bin", self.strings.clone()),
            ("xl/worksheets/sheet1.bin", texts(1, &["Secret", "Phone"])),
            ("xl/worksheets/sheet2.bin", [&record(145, &[])[..], &self.sheet, &record(146, &[])].concat()),
        ]
    }

    fn bytes(&self) -> Vec<u8> {
        zipped(&self.parts())
    }
}

fn zipped(parts: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in parts {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        file.start_file(*name, options).unwrap();
        file.write_all(bytes).unwrap();
    }
    file.finish().unwrap().into_inner()
}

struct Found {
    rows: Vec<String>,
    notes: Vec<String>,
    place: String,
    typed: Vec<Option<TypedValue>>,
}

fn read(bytes: &[u8], options: &ReadOptions) -> Result<Found, Error> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("contacts.xlsb");
    std::fs::write(&path, bytes).unwrap();
    let mut reader = table::open(&path, options)?;
    let mut found =
        Found { rows: vec![reader.headers().join("|")], notes: Vec::new(), place: String::new(), typed: Vec::new() };
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 100)? > 0 {
        for row in batch.rows() {
            let told = row.errors().iter().map(|(_, error)| format!(" {}", error.code));
            let cells: Vec<&str> = row.cells().collect();
            found.rows.push(format!("{}: {}{}", row.position().line, cells.join("|"), told.collect::<String>()));
            found.typed.extend((0..cells.len()).map(|column| row.typed(column).cloned()));
        }
    }
    found.notes = reader.notes().iter().map(|note| note.replace(&folder.path().display().to_string(), "")).collect();
    found.place = reader.header_place();
    Ok(found)
}

fn rows(book: &Book) -> Vec<String> {
    read(&book.bytes(), &ReadOptions::default()).unwrap().rows
}

#[test]
fn numbers_are_shown_as_the_sheet_shows_them() {
    // 123 in four bytes, as a whole number: 123 * 4, and 2 for whole. 12.5 as 1250 hundredths: 1 more.
    let [whole, hundredths] = [(123 << 2 | 2), (1250 << 2 | 3)].map(u32::to_le_bytes);
    let book = Book::of(&[
        texts(1, &["Name", "Code", "Phone", "Day", "Share"]),
        row(2, false),
        cell(7, 0, 0, &long(&[1])),
        cell(2, 1, 1, &whole),
        cell(5, 2, 2, &7_400_123_456_f64.to_le_bytes()),
        // 31 January 2024.
        cell(5, 3, 3, &45_322_f64.to_le_bytes()),
        cell(2, 4, 0, &hundredths),
        row(3, false),
        cell(7, 0, 0, &long(&[0])),
        cell(2, 1, 0, &whole),
        cell(9, 2, 0, &447_400_123_457_f64.to_le_bytes()),
        cell(5, 3, 4, &1.5_f64.to_le_bytes()),
        cell(5, 4, 0, &(-0.1_f64).to_le_bytes()),
    ]);
    let book = book.strings(&["Bö", "Ann"]);
    let shown = ["Name|Code|Phone|Day|Share", "2: Ann|00123|+447400123456|2024-01-31|12.5"];
    assert_eq!(rows(&book), [shown[0], shown[1], "3: Bö|123|447400123457|36:00:00|-0.1"]);
    // The same days, counted from 1904.
    let moved = Book { calendar: 1, ..book };
    assert_eq!(rows(&moved)[1], "2: Ann|00123|+447400123456|2028-02-01|12.5");
}

#[test]
fn texts_truths_errors_and_formulas_are_what_they_are() {
    let rich = [&[1][..], &wide("Rich"), &long(&[1, 0])].concat();
    let formula = |text: &str| [&wide(text)[..], &[0, 0], &long(&[0, 0])].concat();
    let book = Book::of(&[
        texts(1, &["Name", "VIP", "Phone"]),
        row(2, false),
        cell(62, 0, 0, &rich),
        cell(4, 1, 0, &[1]),
        cell(8, 2, 0, &formula("+44 7400 100101")),
        row(3, false),
        // Without columns: each stands right of the last.
        cell(1, 0, 0, &[]),
        record(18, &[&long(&[0])[..], &long(&[0])].concat()),
        record(17, &[&long(&[0])[..], &wide("x")].concat()),
        row(4, false),
        cell(6, 0, 0, &wide("Cy")),
        cell(10, 1, 0, &[0, 0, 0]),
        cell(11, 2, 0, &[0x2a, 0, 0]),
    ]);
    let book = book.strings(&["shared"]);
    assert_eq!(
        rows(&book),
        ["Name|VIP|Phone", "2: Rich|true|+44 7400 100101", "3: |shared|x", "4: Cy|false|#N/A value.spreadsheet_error"]
    );
}

#[test]
fn hidden_rows_merged_cells_titles_and_sheets_are_told_as_of_other_workbooks() {
    let book = Book::of(&[
        record(60, &[&long(&[3, 4, 0, 0])[..], &[1, 0]].concat()),
        texts(1, &["Our customers"]),
        texts(3, &["Name", "Company", "Phone"]),
        texts(4, &["Ann", "Merge Ltd", "+44 7400 100101"]),
        texts(5, &["Ben", "", "+44 7400 100102"]),
        row(6, true),
        cell(6, 0, 0, &wide("Hid")),
        record(176, &long(&[3, 4, 1, 1])),
        record(161, &long(&[2, 5, 0, 2])),
    ]);
    let found = read(&book.bytes(), &ReadOptions::default()).unwrap();
    assert_eq!(
        found.rows,
        ["Name|Company|Phone", "4: Ann|Merge Ltd|+44 7400 100101", "5: Ben||+44 7400 100102", "6: Hid||"]
    );
    assert_eq!(found.place, "sheet \"People\", row 3 was taken for the header");
    let notes = found.notes.join("\n");
    for words in [
        "sheet \"People\" is read, and not \"Hidden\" (hidden): --sheet names another",
        "rows hidden by a filter, read like the others: 1",
        "hidden columns, read like the others: 2",
    ] {
        assert!(notes.contains(words), "{notes}");
    }
    let repeat = ReadOptions { repeat_merged: true, ..ReadOptions::default() };
    assert_eq!(read(&book.bytes(), &repeat).unwrap().rows[2], "5: Ben|Merge Ltd|+44 7400 100102");
    let visible = ReadOptions { visible_only: true, ..ReadOptions::default() };
    assert_eq!(read(&book.bytes(), &visible).unwrap().rows.len(), 3);
    let hidden = ReadOptions { sheet: Some("Hidden".into()), ..ReadOptions::default() };
    assert!(read(&book.bytes(), &hidden).err().unwrap().message.contains("has a header and no rows"));
}

#[test]
fn what_cells_hold_is_kept_for_the_results() {
    let book = Book::of(&[
        texts(1, &["Name", "Code", "VIP"]),
        row(2, false),
        cell(6, 0, 0, &wide("Ann")),
        cell(5, 1, 1, &42_f64.to_le_bytes()),
        cell(4, 2, 0, &[1]),
    ]);
    let options = ReadOptions { keep_types: true, ..ReadOptions::default() };
    let number = TypedValue::Number { number: 42.0, format: "00000".into() };
    assert_eq!(read(&book.bytes(), &options).unwrap().typed, [None, Some(number), Some(TypedValue::Boolean(true))]);
}

#[test]
fn what_is_damaged_or_too_large_is_refused_in_words() {
    let refused = |bytes: &[u8], limits: ReadLimits| {
        let error = read(bytes, &ReadOptions { limits, ..ReadOptions::default() }).err().unwrap();
        assert!(error.hint.is_some(), "{error}");
        error.message
    };
    let people = [texts(1, &["Name", "Phone"]), texts(2, &["Ann", "+447400100101"])];
    let sound = Book::of(&people);
    let without = |part: &str| {
        let parts: Vec<_> = sound.parts().into_iter().filter(|(name, _)| *name != part).collect();
        refused(&zipped(&parts), ReadLimits::default())
    };
    assert!(without("xl/worksheets/sheet2.bin").contains("is damaged: its part xl/worksheets/sheet2.bin"));
    assert!(without("xl/_rels/workbook.bin.rels").contains("is damaged"));
    let cut = Book::of(&[people[0].clone(), row(2, false), record(7, &[1, 2])]);
    assert!(refused(&cut.bytes(), ReadLimits::default()).ends_with("is damaged: a record of it is cut off"));
    let few = ReadLimits { cells_in_memory: 3, ..ReadLimits::default() };
    assert!(refused(&sound.bytes(), few).contains("holds more than the 3 cells"));
    let far = Book::of(&[people[0].clone(), row(2, false), cell(6, 16_384, 0, &wide("x"))]);
    assert!(refused(&far.bytes(), ReadLimits::default()).contains("lies outside of any sheet"));
    let far = Book::of(&[people[0].clone(), row(1_048_577, false), cell(6, 0, 0, &wide("x"))]);
    assert!(refused(&far.bytes(), ReadLimits::default()).contains("lies outside of any sheet"));
    let unpacked = ReadLimits { part_bytes: 900, ..ReadLimits::default() };
    assert!(refused(&sound.bytes(), unpacked).contains("unpacks to more than"));
}

#[test]
fn no_damage_makes_it_panic() {
    // The same numbers in each run: a generator of Lehmer's.
    let mut state = 4711_u64;
    let mut random = |below: usize| {
        state = state * 48_271 % 0x7fff_ffff;
        usize::try_from(state).unwrap() % below
    };
    let book = Book::of(&[
        texts(1, &["Name", "Phone", "Day"]),
        texts(2, &["Ann", "+447400100101"]),
        cell(5, 2, 3, &45_322_f64.to_le_bytes()),
        cell(7, 3, 0, &long(&[0])),
        record(176, &long(&[1, 1, 0, 1])),
    ]);
    let book = book.strings(&["one", "two"]);
    let (mut read_on, mut refused) = (0, 0);
    for _ in 0..400 {
        let mut parts = book.parts();
        let count = parts.len() - 1;
        let (_, part) = &mut parts[1 + random(count)];
        let at = random(part.len());
        part[at] = u8::try_from(random(256)).unwrap();
        match read(&zipped(&parts), &ReadOptions::default()) {
            Ok(_) => read_on += 1,
            Err(_) => refused += 1,
        }
    }
    assert!(read_on > 50 && refused > 20, "{read_on} read, {refused} refused");
}
