//! Contacts made up by chance: most of them good, some of them bad in the ways spreadsheets are.

use std::fmt::Write as _;

use crate::random::Random;

/// What a source for a service looks like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    pub service: &'static str,
    /// The column of the first name feeds this field.
    pub name: &'static str,
    /// Custom columns `cf_1`…; a wide row fills all of them.
    pub custom: usize,
    /// What the column of the last name feeds, where the service has one.
    pub last_name: bool,
}

pub const RESPONDIO_V1: Shape = Shape { service: "respondio-v1", name: "first_name", custom: 34, last_name: true };
pub const RESPONDIO: Shape = Shape { service: "respondio", name: "first_name", custom: 0, last_name: true };
pub const CHATWOOT: Shape = Shape { service: "chatwoot", name: "name", custom: 5, last_name: false };
pub const DMCHAMP: Shape = Shape { service: "dmchamp", name: "first_name", custom: 0, last_name: true };

impl Shape {
    pub fn mapping(&self) -> String {
        let mut text = "region = \"GB\"\n".to_owned();
        let mut field = |column: &str, field: &str| {
            let _ = write!(text, "\n[columns.\"{column}\"]\nfield = \"{field}\"\n");
        };
        field("First name", self.name);
        if self.last_name {
            field("Last name", "last_name");
        }
        field("Phone", "phone");
        field("Email", "email");
        for n in 1..=self.custom {
            field(&format!("cf_{n}"), &format!("custom.cf_{n}"));
        }
        text.push_str("\n[columns.Tags]\ntags = \"add\"\n");
        if !self.last_name {
            text.push_str("\n[columns.\"Last name\"]\nignore = true\n");
        }
        text
    }

    pub fn header(&self) -> String {
        let custom: String = (1..=self.custom).map(|n| format!(",cf_{n}")).collect();
        format!("First name,Last name,Phone,Email,Tags{custom}\n")
    }

    /// One row of cells that need no quotes, of contact number `n`.
    fn row(&self, n: u64, name: &str, phone: &str, email: &str, tags: u64, custom: usize) -> String {
        let tags: Vec<String> = (0..tags).map(|tag| format!("tag {}", (n + tag * 7) % 60)).collect();
        let cells: String =
            (1..=self.custom).map(|at| if at <= custom { format!(",v{n}.{at}") } else { ",".into() }).collect();
        format!("{name},Number {n},{phone},{email},{}{cells}\n", tags.join(";"))
    }

    /// A source of so many rows; the same seed makes the same bytes.
    pub fn source(&self, rows: u64, seed: u64) -> String {
        let random = &mut Random::new(seed);
        let mut text = self.header();
        for n in 0..rows {
            let (phone, email) = (format!("+447400{n:06}"), format!("person{n}@example.org"));
            let wide = if random.one_in(40) { self.custom } else { random.few(3) };
            let tags = if random.one_in(40) { 23 } else { random.up_to(2) };
            let name = ["Ann", "José", "Zoë", "\"O'Neill, Pat\"", "\"two\nlines\"", "李雷"][random.few(5)];
            let row = match random.up_to(39) {
                0 => self.row(n, name, "call me", &email, tags, wide),
                1 => self.row(n, name, &phone, "nobody at home", tags, wide),
                2 => self.row(n, name, "", "", tags, wide),
                3 => self.row(n, name, "4.47E+11", "", tags, wide),
                4 if n > 0 => self.row(n, name, &format!("+447400{:06}", random.up_to(n - 1)), "", tags, wide),
                5 => format!("{name},ragged\n"),
                6 => self.row(n, "=1+1", &phone, "", tags, wide),
                7 => self.row(n, name, &format!("07400 {n:06}"), &email, tags, wide),
                _ => self.row(n, name, &phone, &email, tags, wide),
            };
            text.push_str(&row);
        }
        text
    }
}
