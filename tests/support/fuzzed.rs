//! What must hold for any bytes at all: nothing panics, nothing grows without bound, and what is taken
//! is what it says it is. Called by the fuzz targets, and by tests with seeds.

use std::io::Write as _;
use std::sync::LazyLock;
use std::time::Duration;

use crate::built::{self, Chance};
use rolo::contact::{
    Call, Cursor, Edit, Field, FieldDefinition, FieldKind, Filter, Identifier, IdentifierKind, RemoteId, TagEdit,
    TagMode, Target, Value,
};
use rolo::jobs::facts;
use rolo::mapping::Mapping;
use rolo::services::{self, Answer, Service, Verdict};
use rolo::table::{ReadLimits, ReadOptions, RowBatch};
use rolo::validate::{PhoneRegion, check_email, check_phone};

/// The first byte of what is chance for a file to be built from, and no file itself.
pub const BUILT: u8 = 0xf8;

/// Any bytes as a text file, or a table built from them; how many rows it has.
pub fn csv(data: &[u8]) -> u64 {
    match data.split_first() {
        Some((&BUILT, chance)) => {
            let chance = &mut Chance(chance);
            let table = built::table(chance);
            read_all("fuzzed.csv", &built::damaged(table, chance))
        }
        _ => read_all("fuzzed.csv", data),
    }
}

/// Any bytes as JSON Lines or cards built from them; how many rows they have.
pub fn entries(data: &[u8]) -> u64 {
    let chance = &mut Chance(data);
    let is_json = chance.byte() % 2 == 0;
    let entries = if is_json { built::json_lines(chance) } else { built::cards(chance) };
    read_all("fuzzed.txt", &built::damaged(entries, chance))
}

/// Any bytes as a workbook: the first byte chooses between the file itself, a part of a sound one, and a
/// sheet built from them. Returns how many rows it has.
pub fn workbook(data: &[u8]) -> u64 {
    let Some((choice, data)) = data.split_first() else { return 0 };
    let built = if *choice == BUILT {
        let chance = &mut Chance(data);
        let sheet = built::sheet(chance);
        built::damaged(sheet.into_bytes(), chance)
    } else {
        Vec::new()
    };
    if choice % 3 == 0 && *choice != BUILT {
        return read_all("fuzzed.xlsx", data);
    }
    let (sheet, strings) = match choice {
        &BUILT => (built.as_slice(), SHARED.as_bytes()),
        choice if choice % 3 == 1 => (data, SHARED.as_bytes()),
        _ => (SHEET.as_bytes(), data),
    };
    let mut file = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let parts: [(&str, &[u8]); 6] = [
        ("[Content_Types].xml", TYPES.as_bytes()),
        ("_rels/.rels", RELATIONS.as_bytes()),
        ("xl/workbook.xml", WORKBOOK.as_bytes()),
        ("xl/_rels/workbook.xml.rels", PARTS.as_bytes()),
        ("xl/worksheets/sheet1.xml", sheet),
        ("xl/sharedStrings.xml", strings),
    ];
    for (name, bytes) in parts {
        let options = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
        file.start_file(name, options).expect("a part can be begun in memory");
        file.write_all(bytes).expect("memory can be written");
    }
    let bytes = file.finish().expect("memory can be written").into_inner();
    read_all("fuzzed.xlsx", &bytes)
}

/// Reads a file to its end, or to its error, and checks that each row is one.
fn read_all(name: &str, bytes: &[u8]) -> u64 {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).expect("the folder can be written");
    let limits = ReadLimits {
        cell_bytes: 1 << 12,
        row_bytes: 1 << 16,
        columns: 256,
        inflated_bytes: 1 << 22,
        part_bytes: 1 << 22,
        ratio_free_bytes: 1 << 20,
        distinct_strings: 1 << 12,
        distinct_strings_bytes: 1 << 20,
        ..ReadLimits::default()
    };
    let options = ReadOptions { limits, ..ReadOptions::default() };
    let Ok(mut reader) = rolo::table::open(&path, &options) else { return 0 };
    let headers = reader.headers().len();
    let (mut batch, mut rows, mut lines) = (RowBatch::new(), 0, 0);
    // Few at a time, so that rows before a fault are seen.
    let most = 1 + bytes.len() % 7;
    while let Ok(read @ 1..) = reader.read(&mut batch, most) {
        assert!(read <= most);
        assert_eq!(batch.len(), read);
        for row in batch.rows() {
            assert_eq!(row.position().index, rows, "rows are counted without a gap");
            assert!(row.position().sheet > 0 || row.position().line > lines, "lines go on");
            (rows, lines) = (rows + 1, row.position().line);
            for column in 0..headers {
                assert!(row.cell(column).len() <= 1 << 16);
            }
        }
    }
    rows
}

/// Any text as a phone number or an e-mail address.
pub fn phone(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    for region in [PhoneRegion::Unknown, PhoneRegion::NotACountry(&text)] {
        let Ok(number) = check_phone(&text, region) else { continue };
        let digits = number.strip_prefix('+').expect("E.164 begins with a plus sign");
        // E.164 has no least length: some Austrian numbers have six digits.
        assert!(digits.len() <= 15 && digits.bytes().all(|byte| byte.is_ascii_digit()), "{number}");
        assert_eq!(check_phone(&number, PhoneRegion::Unknown).ok(), Some(number), "a checked number stays what it is");
    }
    if let Ok(value) = check_email(&text) {
        let address = value.as_text();
        assert!(address.len() <= 254 && address.matches('@').count() == 1, "{address}");
        assert_eq!(check_email(&address).ok(), Some(value.clone()));
    }
}

static SERVICES: LazyLock<Vec<Box<dyn Service>>> = LazyLock::new(|| {
    services::ALL.iter().map(|entry| entry.connect_to_sandbox().expect("sandbox settings fit")).collect()
});

/// Any text as a mapping file, held against every service.
pub fn mapping(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let Ok(mapping) = Mapping::parse(&text, "fuzzed.toml") else { return };
    let headers: Vec<String> = mapping.columns.keys().cloned().collect();
    for service in SERVICES.iter() {
        let Ok(forward) = mapping.forward(&headers, &facts(service.as_ref(), None), None) else { continue };
        assert!(!forward.match_by().is_empty(), "contacts can be found again");
    }
}

/// Any bytes as the answer to any call of any service: two bytes of status, a line of headers, a body.
pub fn answers(data: &[u8]) {
    let Some((status, rest)) = data.split_first_chunk::<2>() else { return };
    let end = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
    let (line, body) = rest.split_at(end);
    let line = String::from_utf8_lossy(line);
    let headers = line.split('|').filter_map(|pair| pair.split_once(':'));
    let answer = Answer {
        status: 100 + u16::from_be_bytes(*status) % 500,
        headers: headers.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect(),
        body: body.get(1..).unwrap_or_default().to_vec(),
        at: Duration::from_secs(1_795_219_200),
    };
    for service in SERVICES.iter() {
        let _ = service.quota_hint(&answer);
        for call in calls().iter().filter(|call| service.capabilities().has(call.kind())) {
            let verdict = service.verdict(call, &answer);
            // A look-up may be told by its status that nobody is there, and a list that it has the contact
            // already; any other write that is refused is never done.
            let of_lists = matches!(call, Call::AddToList { .. } | Call::RemoveFromList { .. });
            let refused = answer.status >= 400 && call.kind().writes() && !of_lists;
            assert!(!refused || !matches!(verdict, Verdict::Done { .. }), "{}: {call:?}", service.name());
            if let (Call::List { filter, page_size, .. }, Verdict::Done { reply, .. }) = (call, verdict)
                && let services::Reply::Contacts(page) = reply
                && let Some(Cursor(next)) = page.next
            {
                // The service reads what it wrote itself, whatever an answer made of it.
                let cursor = Some(Cursor(next));
                let _ = service.request(&Call::List { filter: filter.clone(), cursor, page_size: *page_size });
            }
        }
    }
}

fn calls() -> Vec<Call> {
    let target = || Target::Id(RemoteId("7".into()));
    let phone = || Identifier::new(IdentifierKind::Phone, "+34600111222");
    let edit = || Edit { fields: vec![(Field::new("email"), Value::Text("a@example.org".into()))], ..Edit::default() };
    let tags = |mode| TagEdit { mode, tags: vec!["vip".into()] };
    vec![
        Call::Find { identifiers: vec![phone()], cursor: None },
        Call::Read { target: target() },
        Call::Create { identifier: Some(phone()), edit: edit() },
        Call::Update { target: target(), edit: edit() },
        Call::Upsert { identifier: phone(), edit: edit() },
        Call::ClearFields { target: target(), fields: vec![Field::custom("a")] },
        Call::EditTags { target: target(), edit: tags(TagMode::Add) },
        Call::EditTags { target: target(), edit: tags(TagMode::Remove) },
        Call::EditTags { target: target(), edit: tags(TagMode::Replace) },
        Call::ReadTags { target: target() },
        Call::AddToList { target: target(), list: "news".into() },
        Call::RemoveFromList { target: target(), list: "news".into() },
        Call::Delete { target: target() },
        Call::List { filter: Filter::default(), cursor: None, page_size: Some(10) },
        Call::ReadMessages { target: target() },
        Call::ListFields { cursor: None },
        Call::CreateField { definition: FieldDefinition { name: "a".into(), alias: None, kind: FieldKind::Number } },
        Call::ListTags { cursor: None },
        Call::Check,
    ]
}

/// Any text as a `Retry-After`.
pub fn retry_after(data: &[u8]) {
    let value = String::from_utf8_lossy(data).into_owned();
    let at = Duration::from_secs(1_795_219_200);
    let answer = Answer { status: 429, headers: vec![("retry-after".into(), value)], body: Vec::new(), at };
    let _ = services::retry_after(&answer);
    for service in SERVICES.iter() {
        let _ = service.verdict(&Call::Check, &answer);
    }
}

const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>"#;
const RELATIONS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"#;
const WORKBOOK: &str = r#"<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="S" sheetId="1" r:id="rId1"/></sheets></workbook>"#;
const PARTS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#;
const SHEET: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1" t="s"><v>0</v></c></row><row r="2"><c r="A2" t="s"><v>1</v></c></row></sheetData></worksheet>"#;
const SHARED: &str = r#"<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="2" uniqueCount="2"><si><t>email</t></si><si><t>ann@example.org</t></si></sst>"#;
