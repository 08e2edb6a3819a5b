//! Files built from chance: sound enough that their rows are reached, and odd wherever rows can be odd.

use std::fmt::Write as _;

/// Bytes of chance, taken one by one; zeros behind their end.
pub struct Chance<'a>(pub &'a [u8]);

impl<'a> Chance<'a> {
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    pub fn below(&mut self, most: usize) -> usize {
        usize::from(self.byte()) % most
    }

    fn one<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())]
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let count = self.below(most + 1).min(self.0.len());
        let (taken, rest) = self.0.split_at(count);
        self.0 = rest;
        taken
    }

    fn text(&mut self, most: usize) -> String {
        String::from_utf8_lossy(self.bytes(most)).into_owned()
    }
}

const NAMES: [&str; 8] = ["name", "phone", "email", "tags", "city", "custom.seats:number", "_line", ""];
const CELLS: [&str; 12] = [
    "Ann",
    "+44 7400 100101",
    "ann@a.example",
    "",
    " ",
    "vip;gold",
    "'=1+1",
    "2024-01-31",
    "4.47E+11",
    "\u{202a}+44\u{202c}",
    "Total",
    "Lee, Ann",
];

/// A text with rows: header, delimiter, quotes, line ends and encoding by chance.
pub fn table(chance: &mut Chance<'_>) -> Vec<u8> {
    let delimiter = chance.one(&[",", ";", "\t", "|"]);
    let line_end = chance.one(&["\n", "\r\n", "\r"]);
    let width = 1 + chance.below(6);
    let header: Vec<&str> = (0..width).map(|at| if at == 0 { "name" } else { chance.one(&NAMES) }).collect();
    let mut rows = vec![header.join(delimiter).into_bytes()];
    rows.push(["Ann"; 6][..width].join(delimiter).into_bytes());
    for _ in 0..=chance.below(20) {
        let width = match chance.byte() {
            0..200 => width,
            200..230 => width + 1,
            _ => width.saturating_sub(1),
        };
        let cells: Vec<Vec<u8>> = (0..width).map(|_| cell(chance)).collect();
        rows.push(cells.join(delimiter.as_bytes()));
    }
    let text = rows.join(line_end.as_bytes());
    match chance.below(6) {
        0 => [b"\xef\xbb\xbf".as_slice(), &text].concat(),
        1 => String::from_utf8_lossy(&text).encode_utf16().flat_map(u16::to_le_bytes).collect(),
        _ => text,
    }
}

fn cell(chance: &mut Chance<'_>) -> Vec<u8> {
    match chance.byte() {
        0..150 => chance.one(&CELLS).as_bytes().to_vec(),
        150..190 => chance.bytes(12).to_vec(),
        190..230 => format!("\"{}\"", chance.text(12).replace('"', "\"\"")).into_bytes(),
        230..240 => format!("\"{}\" tail", chance.text(4).replace('"', "")).into_bytes(),
        240..250 => format!("\"line\nbreak {}\"", chance.text(4).replace('"', "")).into_bytes(),
        250..254 => "long ".repeat(chance.below(300)).into_bytes(),
        _ => b"\"open".to_vec(),
    }
}

/// A sheet with rows: kinds, styles, gaps, formulas and merged cells by chance.
pub fn sheet(chance: &mut Chance<'_>) -> String {
    const OPEN: &str = r#"<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>"#;
    let mut sheet = String::from(OPEN);
    sheet.push_str(r#"<row r="1"><c r="A1" t="str"><v>name</v></c><c r="B1" t="str"><v>phone</v></c><c r="C1" t="str"><v>n</v></c></row>"#);
    sheet.push_str(r#"<row r="2"><c r="A2" t="str"><v>Ann</v></c></row>"#);
    let mut number = 2;
    for _ in 0..=chance.below(20) {
        number += 1 + if chance.byte() > 220 { chance.below(1000) } else { 0 };
        let hidden = if chance.byte() > 230 { r#" hidden="1""# } else { "" };
        let _ = write!(sheet, r#"<row r="{number}"{hidden}>"#);
        for column in ["A", "B", "C", "D"] {
            if chance.byte() < 60 {
                continue;
            }
            let kind = chance.one(&["str", "str", "n", "n", "b", "e", "s", "inlineStr", "d"]);
            let value = match kind {
                "n" => {
                    chance.one(&["7", "447400100101", "1e300", "0.1", "-0", "45000", "4474001001011234567"]).to_owned()
                }
                "b" => chance.one(&["0", "1"]).to_owned(),
                "d" => "2024-01-31".to_owned(),
                "s" if chance.byte() > 252 => "99".to_owned(),
                "s" => chance.one(&["0", "1"]).to_owned(),
                "e" => "#REF!".to_owned(),
                _ if chance.byte() < 128 => chance.one(&CELLS).to_owned(),
                _ => chance.text(10),
            };
            let value = value.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            let value: String = value.chars().filter(|c| !c.is_control()).collect();
            let formula = if chance.byte() > 230 { "<f>A1</f>" } else { "" };
            let _ = match kind {
                "inlineStr" => write!(sheet, r#"<c r="{column}{number}" t="inlineStr"><is><t>{value}</t></is></c>"#),
                kind => write!(sheet, r#"<c r="{column}{number}" t="{kind}">{formula}<v>{value}</v></c>"#),
            };
        }
        sheet.push_str("</row>");
    }
    sheet.push_str("</sheetData>");
    if chance.byte() > 128 {
        let last = 2 + chance.below(9);
        let _ = write!(sheet, r#"<mergeCells count="1"><mergeCell ref="A2:B{last}"/></mergeCells>"#);
    }
    sheet + "</worksheet>"
}

/// Objects on lines of their own.
pub fn json_lines(chance: &mut Chance<'_>) -> Vec<u8> {
    let mut lines = b"{\"name\": \"Ann\"}\n".to_vec();
    for _ in 0..=chance.below(20) {
        let members: Vec<String> = (0..chance.below(5))
            .map(|at| {
                let name = if chance.byte() < 200 { NAMES[at].to_owned() } else { chance.text(5) };
                let value = match chance.byte() {
                    0..100 => serde_json::Value::from(chance.one(&CELLS)).to_string(),
                    100..200 => {
                        chance.one(&["7", "1e9", "null", "true", "[1, \"a\"]", "{}", "{\"a\": {\"b\": 1}}"]).to_owned()
                    }
                    200..240 => serde_json::Value::from(chance.text(8)).to_string(),
                    _ => chance.text(4),
                };
                format!("{}: {value}", serde_json::Value::from(name))
            })
            .collect();
        lines.extend_from_slice(format!("{{{}}}\n", members.join(", ")).as_bytes());
        if chance.byte() > 240 {
            lines.extend_from_slice(chance.bytes(8));
        }
    }
    lines
}

/// Cards of all versions.
pub fn cards(chance: &mut Chance<'_>) -> Vec<u8> {
    const LINES: [&str; 12] = [
        "N:Lee;Ann;;;",
        "TEL;CELL:+44 7400 100101",
        "TEL;TYPE=\"work,voice\":+44 7400 100102",
        "EMAIL;type=INTERNET;type=pref:ann@a.example",
        "NOTE;ENCODING=QUOTED-PRINTABLE:a=C3=A9=\nrest",
        "item1.TEL:1",
        "item1.X-ABLabel:_$!<Mobile>!$_",
        "ADR:;;1 High St\\, Flat 2;Leeds;;LS1;UK",
        "CATEGORIES:a,b\\,c",
        "PHOTO;ENCODING=b:AAAA\n BBBB",
        "X-Y;A=^n^'^^:v",
        "AGENT:",
    ];
    let mut cards = b"BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nEND:VCARD\n".to_vec();
    for _ in 0..=chance.below(12) {
        let version = chance.one(&["2.1", "3.0", "4.0"]);
        cards.extend_from_slice(format!("BEGIN:VCARD\nVERSION:{version}\nFN:Bo\n").as_bytes());
        for _ in 0..chance.below(8) {
            if chance.byte() < 200 {
                cards.extend_from_slice(chance.one(&LINES).as_bytes());
            } else {
                cards.extend_from_slice(chance.bytes(20));
            }
            cards.push(b'\n');
        }
        if chance.byte() < 240 {
            cards.extend_from_slice(b"END:VCARD\n");
        }
    }
    cards
}

/// Sets a few bytes anywhere in one file of five, as the last bytes of chance say.
pub fn damaged(mut bytes: Vec<u8>, chance: &mut Chance<'_>) -> Vec<u8> {
    let count = if chance.byte() > 200 { 1 + chance.below(3) } else { 0 };
    for _ in 0..count {
        let at = usize::from(chance.byte()) << 8 | usize::from(chance.byte());
        if let Some(byte) = at.checked_rem(bytes.len()).and_then(|at| bytes.get_mut(at)) {
            *byte = chance.byte();
        }
    }
    bytes
}
