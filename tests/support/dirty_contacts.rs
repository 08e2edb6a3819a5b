//! Contacts as spreadsheets really hold them: clean ones, and every kind of dirt that people and
//! spreadsheets leave. The same seed gives the same bytes, and a short file is the beginning of a
//! longer one. Numbers, names and addresses are made up.

use std::io::{self, Write};

/// Custom columns of a row.
pub const CUSTOM_COLUMNS: usize = 35;

/// Country, its calling code, what is dialled before a national number, and one pattern of numbers:
/// `d` is any digit, `n` one from 2 to 9.
const COUNTRIES: &[(&str, &str, &str, &str)] = &[
    ("GB", "44", "0", "7400dddddd"),
    ("US", "1", "", "415555ndnd"),
    ("DE", "49", "0", "151ndnddddd"),
    ("FR", "33", "0", "6nddddddd"),
    ("ES", "34", "", "6nddddddd"),
    ("BR", "55", "0", "119nddddddd"),
    ("IN", "91", "0", "98dddddddd"),
    ("MY", "60", "0", "12ndddddd"),
    ("SG", "65", "", "91dddddd"),
    ("NL", "31", "0", "62ddddddd"),
];
const FIRST: &[&str] =
    &["Anna", "José", "Zoë", "李娜", "Łukasz", "Nguyễn", "Олена", "Mary-Jane", "D'Andre", "Siti", "太郎"];
const LAST: &[&str] =
    &["Smith", "García", "O'Brien", "Öztürk", "de la Cruz", "田中", "Шевченко", "Al-Farsi", "Smith-Jones", "Lim"];
const PLAIN: &[&str] = &["anna", "jose", "zoe", "lina", "juan.carlos", "k_t", "info", "sales", "olena", "siti"];
const DOMAINS: &[&str] = &["example.com", "example.org", "mail.example.co.uk", "sub.department.example.net"];
const COMPANIES: &[&str] =
    &["Acme Corp", "\"Quoted\" Industries", "Smith, Jones & Partners", "Umbrella; Holdings", "株式会社テスト", "", ""];
const TAGS: &[&str] = &[
    "lead-2025",
    "vip",
    "promo-a",
    "event-b",
    "region-emea",
    "cohort-c",
    "plan-hot",
    "src-cold",
    "newsletter",
    "no call",
    "客户",
    "été",
    "opt-in",
    "churn_risk",
    "Black Friday",
];
const TEXTS: &[&str] = &[
    "alpha",
    "delta écho",
    "ключ",
    "値",
    "Called on Monday,\nwill call back.",
    "Said \"maybe later\"",
    "=SUM(A1:A9)",
    "tab\there",
    "  leading and trailing  ",
    "emoji 🎉👍🏽",
    "N/A",
    "-",
    "semi;colon, comma",
    "ﬁ ligature",
    "",
    "",
    "",
];

/// A stream of rows.
pub struct DirtyContacts {
    state: u64,
    row: u64,
    /// A phone seen lately, to be given again now and then.
    recent: Option<(&'static str, String)>,
}

impl DirtyContacts {
    pub fn new(seed: u64) -> Self {
        Self { state: seed, row: 0, recent: None }
    }

    /// Writes the header and `rows` rows as CSV.
    pub fn write_csv(mut self, rows: u64, out: &mut impl Write) -> io::Result<()> {
        for name in ["first_name", "last_name", "phone", "email", "country", "company", "tags"] {
            write!(out, "{name},")?;
        }
        let custom: Vec<String> = (1..=CUSTOM_COLUMNS).map(|n| format!("cf_{n:02}")).collect();
        writeln!(out, "{}", custom.join(","))?;
        let mut line = String::new();
        for _ in 0..rows {
            self.next_line(&mut line);
            out.write_all(line.as_bytes())?;
        }
        out.flush()
    }

    fn next_line(&mut self, line: &mut String) {
        self.row += 1;
        line.clear();
        let (country, phone) = match &self.recent {
            Some(recent) if self.state.is_multiple_of(101) => recent.clone(),
            _ => self.phone(),
        };
        if self.row.is_multiple_of(64) {
            self.recent = Some((country, phone.clone()));
        }
        cell(line, self.one_of(FIRST));
        cell(line, self.one_of(LAST));
        cell(line, &phone);
        let email = self.email();
        cell(line, &email);
        cell(line, country);
        cell(line, self.one_of(COMPANIES));
        let tags = self.tags();
        cell(line, &tags);
        for column in 0..CUSTOM_COLUMNS {
            let text = self.custom(column);
            cell(line, &text);
        }
        line.pop();
        line.push('\n');
    }

    /// A country, and a phone of it in one of the many ways in which people write them.
    fn phone(&mut self) -> (&'static str, String) {
        let (country, code, trunk, pattern) = COUNTRIES[self.below(COUNTRIES.len())];
        let national: String = pattern
            .chars()
            .map(|letter| match letter {
                'd' => char::from(b'0' + self.digit(10)),
                'n' => char::from(b'2' + self.digit(8)),
                other => other,
            })
            .collect();
        let (head, tail) = national.split_at(3);
        let e164 = format!("+{code}{national}");
        let written = match self.below(100) {
            0..45 => e164,
            45..55 => format!("{trunk}{head} {tail}"),
            55..60 => format!("({trunk}{head}) {tail}"),
            60..64 => format!("{trunk}{head}-{tail}"),
            64..75 => format!("+{code} {head} {tail}"),
            75..79 => format!("00{code}{national}"),
            79..83 => format!("{code}{national}"),
            83..86 => format!("{}.{}E+{}", &code[..1], &national[..4], code.len() + national.len() - 1),
            86..89 => national,
            89..90 => format!("{code}{national}.0"),
            90..92 => format!("\u{a0}'{e164}\u{200b}"),
            92..93 => format!("{e164} ext. 12"),
            93..94 => e164.chars().map(full_width).collect(),
            94..97 => e164[..code.len() + 4].to_owned(),
            97..99 => self.one_of(&["n/a", "unknown", "-", "1-800-FLOWERS", "call office", "#REF!"]).to_owned(),
            _ => String::new(),
        };
        (country, written)
    }

    fn email(&mut self) -> String {
        let local = format!("{}{}", self.one_of(PLAIN), self.row);
        let domain = self.one_of(DOMAINS);
        match self.below(100) {
            0..88 => format!("{local}@{domain}"),
            88..90 => format!("  {local}@{domain} "),
            90..92 => format!("{}@{}", local.to_uppercase(), domain.to_uppercase()),
            92..96 => String::new(),
            96 => format!("{local}{domain}"),
            97 => format!("{local}@@{domain}"),
            98 => format!("<{local}@{domain}>"),
            _ => format!("{local}@{domain};second@{domain}"),
        }
    }

    /// Up to fifteen tags, few more often than many.
    fn tags(&mut self) -> String {
        let many = self.below(TAGS.len() + 1);
        let count = many * many / (TAGS.len() + 1);
        let first = self.below(TAGS.len());
        (0..count).map(|n| TAGS[(first + n) % TAGS.len()]).collect::<Vec<_>>().join(";")
    }

    /// Each fifth column holds one kind of value; a good part of the cells is empty.
    fn custom(&mut self, column: usize) -> String {
        if self.below(4) == 0 {
            return String::new();
        }
        match column % 5 {
            0 => self.one_of(TEXTS).to_owned(),
            1 => self.below(1_000_000).to_string(),
            2 => format!("20{:02}-{:02}-{:02}", self.below(27), 1 + self.below(12), 1 + self.below(28)),
            3 => self.one_of(&["yes", "no", "TRUE", "false", "1", "0"]).to_owned(),
            _ => format!("{}.{:02}", self.below(10_000), self.below(100)),
        }
    }

    fn one_of(&mut self, items: &'static [&'static str]) -> &'static str {
        items[self.below(items.len())]
    }

    fn digit(&mut self, bound: u8) -> u8 {
        u8::try_from(self.below(bound.into())).unwrap_or(0)
    }

    /// A number below `bound`, by SplitMix64.
    fn below(&mut self, bound: usize) -> usize {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let bound = bound.max(1) as u64;
        usize::try_from((z ^ (z >> 31)) % bound).unwrap_or(0)
    }
}

fn full_width(character: char) -> char {
    let moved = u32::from(character).checked_sub(u32::from('!')).and_then(|n| char::from_u32(0xFF01 + n));
    moved.unwrap_or(character)
}

fn cell(line: &mut String, text: &str) {
    if text.contains(['"', ',', '\n', '\r']) {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(text);
    }
    line.push(',');
}
