use std::io::Write as _;
use std::path::PathBuf;

use crate::error::Result;
use crate::table::RowWriter;
use crate::table::output::{Output, unwritable};
use crate::table::packed::Packed;
use crate::table::written::Place;

/// Bytes of a line, beyond which it is folded.
const LINE: usize = 75;

/// Rows as cards of version 3.0. A blank cell is left out.
pub struct VcardWriter {
    path: PathBuf,
    out: Packed,
    headers: Vec<String>,
}

impl VcardWriter {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(place: &Place, headers: &[&str]) -> Result<Self> {
        let path = place.path.as_path();
        let (out, _) = Packed::new(Output::create(place)?, path).map_err(|cause| unwritable(path, cause))?;
        Ok(Self { path: path.to_owned(), out, headers: headers.iter().map(|header| (*header).to_owned()).collect() })
    }

    fn card(&self, cells: &[&str]) -> String {
        let cell = |name: &str| {
            let at = self.headers.iter().position(|header| header == name);
            at.and_then(|at| cells.get(at)).copied().unwrap_or_default()
        };
        let mut card = String::from("BEGIN:VCARD\r\nVERSION:3.0\r\n");
        let (name, first, last) = (cell("name"), cell("first_name"), cell("last_name"));
        let made = [first, last].join(" ").trim().to_owned();
        let made = [made.as_str(), cell("company"), cell("email"), cell("phone")];
        let made = made.into_iter().find(|text| !text.is_empty()).unwrap_or("?");
        if name.is_empty() {
            push(&mut card, "FN;X-MADE=1", &escaped(made));
        } else {
            push(&mut card, "FN", &escaped(name));
        }
        push(&mut card, "N", &format!("{};{};;;", escaped(last), escaped(first)));
        let address = ["city", "region", "country"].map(cell);
        if address.iter().any(|part| !part.is_empty()) {
            let [city, region, country] = address.map(escaped);
            push(&mut card, "ADR", &format!(";;;{city};{region};;{country}"));
        }
        for (header, cell) in self.headers.iter().zip(cells).filter(|(_, cell)| !cell.is_empty()) {
            match header.as_str() {
                "name" | "first_name" | "last_name" | "city" | "region" | "country" => {}
                "phone" => push(&mut card, "TEL", &escaped(cell)),
                "email" => push(&mut card, "EMAIL", &escaped(cell)),
                "company" => push(&mut card, "ORG", &escaped(cell)),
                "comments" => push(&mut card, "NOTE", &escaped(cell)),
                "tags" => {
                    let names: Vec<String> = names_in(cell).iter().map(|name| escaped(name)).collect();
                    push(&mut card, "CATEGORIES", &names.join(","));
                }
                header => push(&mut card, &format!("X-ROLO;X-COLUMN=\"{}\"", parameter(header)), &escaped(cell)),
            }
        }
        card.push_str("END:VCARD\r\n");
        card
    }
}

impl RowWriter for VcardWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        let card = self.card(cells);
        self.out.write_all(card.as_bytes()).map_err(|cause| unwritable(&self.path, cause))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let path = self.path;
        self.out.finish().map_err(|cause| unwritable(&path, cause))?.finish()
    }
}

fn escaped(value: &str) -> String {
    let breaks = value.replace('\\', "\\\\").replace("\r\n", "\\n").replace(['\n', '\r'], "\\n");
    breaks.replace(',', "\\,").replace(';', "\\;")
}

/// Within quotes (RFC 6868).
fn parameter(text: &str) -> String {
    text.replace('^', "^^").replace('"', "^'").replace('\n', "^n")
}

/// The names in a cell of an export: between semicolons, those in quotes as they are.
fn names_in(cell: &str) -> Vec<String> {
    let (mut names, mut name, mut quoted) = (Vec::new(), String::new(), false);
    let mut characters = cell.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                name.push('"');
            }
            '"' if quoted => quoted = false,
            '"' if name.is_empty() => quoted = true,
            ';' if !quoted => names.push(std::mem::take(&mut name)),
            character => name.push(character),
        }
    }
    names.push(name);
    names
}

/// Adds a line, folded between characters.
fn push(card: &mut String, head: &str, value: &str) {
    let mut room = LINE;
    for character in head.chars().chain(std::iter::once(':')).chain(value.chars()) {
        let size = character.len_utf8();
        if size > room {
            card.push_str("\r\n ");
            room = LINE - 1;
        }
        room -= size;
        card.push(character);
    }
    card.push_str("\r\n");
}
