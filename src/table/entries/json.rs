//! JSON Lines: one object a line.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::PathBuf;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::entry::{FileEntries, FileEntry};
use crate::contact::RowError;
use crate::error::{Error, Result};
use crate::table::unreadable::unreadable;

/// Objects inside objects that become columns of their own; what lies deeper stays JSON in a cell.
const DEPTH: usize = 4;

/// Behind the colon of a name whose values are JSON of any shape: `custom.box:json`.
pub(super) const JSON_TYPES: [&str; 3] = ["json", "list", "object"];

pub struct JsonLines {
    path: PathBuf,
    text: Box<dyn BufRead + Send>,
    row_bytes: usize,
    line: u64,
    bytes: Vec<u8>,
    /// Values that are `null`, by the first names that have some.
    nulls: BTreeMap<String, u64>,
}

/// Names of which it is said that some of their values are null.
const MOST_NAMES: usize = 100;

impl JsonLines {
    pub fn new(path: PathBuf, text: Box<dyn BufRead + Send>, row_bytes: usize) -> Self {
        Self { path, text, row_bytes, line: 0, bytes: Vec::new(), nulls: BTreeMap::new() }
    }

    fn flatten(
        &mut self,
        entry: &mut FileEntry,
        name: &str,
        value: &RawValue,
        depth: usize,
    ) -> Result<(), ContentFault> {
        let raw = value.get();
        if depth == 0 && name.rsplit_once(':').is_some_and(|(_, kind)| JSON_TYPES.contains(&kind)) {
            // The column's cells are JSON: `"7"` is a text there, and `7` a number.
            return entry_push(entry, name, if raw == "null" { "" } else { raw });
        }
        match raw.as_bytes().first() {
            Some(b'{') if depth < DEPTH => {
                let Members(members) = serde_json::from_str(raw)?;
                for (inner, value) in members {
                    self.flatten(entry, &format!("{name}.{inner}"), value, depth + 1)?;
                }
                return Ok(());
            }
            Some(b'"') => {
                let text: String = serde_json::from_str(raw)?;
                return entry_push(entry, name, &text);
            }
            Some(b'n') => {
                if let Some(count) = self.nulls.get_mut(name) {
                    *count += 1;
                } else if self.nulls.len() < MOST_NAMES {
                    self.nulls.insert(name.to_owned(), 1);
                }
                return entry_push(entry, name, "");
            }
            _ => {}
        }
        // Numbers keep their digits, however many there are, and lists stay as they are written.
        entry_push(entry, name, raw)
    }
}

fn entry_push(entry: &mut FileEntry, name: &str, value: &str) -> Result<(), ContentFault> {
    if entry.has(name) {
        return Err(ContentFault::Twice(name.to_owned()));
    }
    entry.push(name, value);
    Ok(())
}

/// Why a line is no entry.
enum ContentFault {
    Json(serde_json::Error),
    /// An object that has a name twice: nobody knows which value counts.
    Twice(String),
}

impl From<serde_json::Error> for ContentFault {
    fn from(error: serde_json::Error) -> Self {
        Self::Json(error)
    }
}

impl ContentFault {
    fn into_row_error(self, line: u64) -> RowError {
        let message = match self {
            Self::Json(error) if error.is_eof() => format!("line {line} is JSON that is cut off"),
            Self::Json(error) => format!("line {line} is no JSON object: at character {}", error.column()),
            Self::Twice(name) => format!("line {line} is a JSON object that has \"{name}\" twice"),
        };
        RowError::of_row("row.not_json", message)
    }
}

impl FileEntries for JsonLines {
    fn read(&mut self, entry: &mut FileEntry) -> Result<bool> {
        loop {
            self.bytes.clear();
            let room = self.row_bytes as u64 + 1;
            let read = std::io::Read::take(&mut self.text, room).read_until(b'\n', &mut self.bytes);
            if read.map_err(|cause| unreadable(&self.path, cause))? == 0 {
                return Ok(false);
            }
            self.line += 1;
            if self.bytes.len() > self.row_bytes {
                return Err(Error::usage(format!(
                    "{}, line {}: more than {} MB in one line",
                    self.path.display(),
                    self.line,
                    self.row_bytes >> 20
                ))
                .at_path(&self.path)
                .at_line(self.line)
                .hint("write one object a line, and leave out what is no part of a contact"));
            }
            // Files put one behind the other bring their byte order marks with them.
            let bytes = self.bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&self.bytes).trim_ascii();
            if bytes.is_empty() {
                continue;
            }
            let text = String::from_utf8_lossy(bytes).into_owned();
            entry.begin(self.line);
            entry.is_broken = std::str::from_utf8(bytes).is_err();
            let filled = serde_json::from_str(&text).map_err(ContentFault::from).and_then(|Members(members)| {
                members.into_iter().try_for_each(|(name, value)| self.flatten(entry, &name, value, 0))
            });
            if let Err(fault) = filled {
                let line = self.line;
                entry.begin(line);
                entry.error = Some(fault.into_row_error(line));
            }
            return Ok(true);
        }
    }

    fn notes(&self) -> Vec<String> {
        if self.nulls.is_empty() {
            return Vec::new();
        }
        let named: Vec<String> = self.nulls.iter().map(|(name, count)| format!("{name} ({count})")).collect();
        vec![format!("null is read as a blank cell: {}", named.join(", "))]
    }
}

/// The members of an object, in order, with names that stand there twice.
struct Members<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Members<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct InOrder;
        impl<'de> Visitor<'de> for InOrder {
            type Value = Members<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(InOrder)
    }
}
