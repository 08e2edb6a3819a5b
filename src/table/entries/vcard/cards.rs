use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;

use encoding_rs::Encoding;

use super::columns::columns_of;
use super::lines::ContentLines;
use super::property::{Property, parts};
use crate::contact::RowError;
use crate::error::{Error, Result};
use crate::table::entries::entry::{FileEntries, FileEntry};

/// The cards of a file.
pub struct Cards {
    path: PathBuf,
    lines: ContentLines,
    encoding: &'static Encoding,
    most_bytes: usize,
    /// The line of a `BEGIN` that ended the card before it.
    begun: Option<u64>,
    /// Properties that no column holds, and how often.
    left_out: BTreeMap<String, u64>,
    outside: u64,
    guesses: u64,
}

impl Cards {
    /// `encoding` is that of values which name none.
    pub fn new(
        path: PathBuf,
        text: Box<dyn BufRead + Send>,
        line_end: u8,
        encoding: &'static Encoding,
        most_bytes: usize,
    ) -> Self {
        let lines = ContentLines::new(path.clone(), text, line_end, most_bytes);
        Self { path, lines, encoding, most_bytes, begun: None, left_out: BTreeMap::new(), outside: 0, guesses: 0 }
    }

    /// Goes on to the next card; the line it begins on.
    fn begin(&mut self) -> Result<Option<u64>> {
        if let Some(line) = self.begun.take() {
            return Ok(Some(line));
        }
        while let Some((line, text)) = self.lines.read()? {
            if is_mark(&text, b"BEGIN:VCARD") {
                return Ok(Some(line));
            }
            self.outside += 1;
        }
        Ok(None)
    }

    /// The properties of the card that begins on line `begun`, and what is wrong with it.
    fn card(&mut self, begun: u64) -> Result<(Vec<Property>, Option<RowError>)> {
        let wrong = |message: String| RowError::of_row("row.not_vcard", message);
        let (mut properties, mut error, mut bytes) = (Vec::new(), None, 0);
        self.lines.keeps_blank = false;
        // A card may hold another person's, an agent's, in which all is that person's.
        let mut inner = 0_u32;
        let mut is_agent = false;
        while let Some((line, text)) = self.lines.read()? {
            if is_mark(&text, b"BEGIN:VCARD") {
                if !is_agent && inner == 0 {
                    self.begun = Some(line);
                    break;
                }
                inner += 1;
                continue;
            }
            if is_mark(&text, b"END:VCARD") {
                if inner == 0 {
                    return Ok((properties, error));
                }
                inner -= 1;
                continue;
            }
            if inner > 0 {
                continue;
            }
            let Some(property) = Property::parse(&text, self.encoding) else {
                error = error.or_else(|| Some(wrong(format!("line {line} of a card has no name and colon"))));
                continue;
            };
            is_agent = property.name == "AGENT";
            if property.name == "VERSION" {
                self.lines.keeps_blank = property.value.trim() == "2.1";
            }
            self.guesses += u64::from(property.is_guess);
            bytes += text.len();
            if bytes > self.most_bytes && !property.is_binary() {
                return Err(Error::usage(format!(
                    "{}, line {line}: more than {} MB in one card",
                    self.path.display(),
                    self.most_bytes >> 20
                ))
                .at_path(&self.path)
                .at_line(line)
                .hint("export the cards again without pictures"));
            }
            let mut property = property;
            if property.is_binary() {
                // Only that it was there counts. What says it is bytes may hold any characters.
                property.value = property.value.chars().take(5).collect();
                bytes -= text.len();
            }
            properties.push(property);
        }
        let cut_off = wrong(format!("the card that begins in line {begun} has no end"));
        Ok((properties, error.or(Some(cut_off))))
    }

    fn fill(&mut self, entry: &mut FileEntry, properties: &[Property]) {
        let is_old = properties.iter().any(|property| property.name == "VERSION" && property.value.trim() == "2.1");
        let mut order: Vec<&Property> = properties.iter().collect();
        order.sort_by_key(|property| property.preference());
        let mut categories = Vec::new();
        for property in order {
            if property.name == "CATEGORIES" {
                categories.extend(parts(&property.value, ',', is_old).into_iter().map(|name| name.trim().to_owned()));
                continue;
            }
            let columns = columns_of(property, label_of(property, properties).as_deref(), is_old);
            let columns: Vec<_> = columns.into_iter().filter(|(_, value)| !value.trim().is_empty()).collect();
            if columns.is_empty() && property.is_binary() {
                *self.left_out.entry(property.name.clone()).or_default() += 1;
            }
            entry.is_broken |= property.is_broken;
            // A second address has all its parts in columns of the second.
            let number = (1..=1000).find(|number| columns.iter().all(|(name, _)| !entry.has(&numbered(name, *number))));
            for (name, value) in columns {
                entry.push(&numbered(&name, number.unwrap_or(1)), &value);
            }
        }
        categories.retain(|name| !name.is_empty());
        if !categories.is_empty() {
            entry.push("Tags", &serde_json::Value::from(categories).to_string());
        }
    }
}

/// `Phone`, `Phone 2`, `Phone 3`.
fn numbered(name: &str, number: usize) -> String {
    if number == 1 { name.to_owned() } else { format!("{name} {number}") }
}

/// What the owner calls a property, by a label in the same group. Apple's own words stand in brackets.
fn label_of(property: &Property, all: &[Property]) -> Option<String> {
    let in_group = |other: &&Property| other.name == "X-ABLABEL" && other.group == property.group;
    let label = all.iter().find(in_group).filter(|_| !property.group.is_empty())?;
    let text = label.value.trim().trim_start_matches("_$!<").trim_end_matches(">!$_").trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn is_mark(line: &[u8], mark: &[u8]) -> bool {
    let plain: Vec<u8> = line.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
    plain.eq_ignore_ascii_case(mark)
}

impl FileEntries for Cards {
    fn read(&mut self, entry: &mut FileEntry) -> Result<bool> {
        let Some(begun) = self.begin()? else { return Ok(false) };
        entry.begin(begun);
        let (properties, error) = self.card(begun)?;
        self.fill(entry, &properties);
        entry.error = error;
        Ok(true)
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if !self.left_out.is_empty() {
            let named: Vec<String> = self.left_out.iter().map(|(name, count)| format!("{name} ({count})")).collect();
            notes.push(format!("left out, as no column can hold them: {}", named.join(", ")));
        }
        if self.outside > 0 {
            notes.push(format!("lines outside of cards, which are not read: {}", self.outside));
        }
        if self.guesses > 0 {
            notes.push(format!("values that say no encoding and are no UTF-8, read as windows-1252: {}", self.guesses));
        }
        notes
    }
}
