//! From the cells of a header row to the columns of a source.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;

use super::formula;

/// The column that says "this file is ours" where no other own column does. See `formula`.
pub const MARK_COLUMN: &str = "_rolo";

/// Own columns that only a file written by rolo has.
const OURS: [&str; 5] = [MARK_COLUMN, "_line", "_outcome", "_contact_id", "_calls"];

/// The columns of a source: those of the user and, apart from them, rolo's own.
#[derive(Clone, Debug, Default)]
pub struct Columns {
    /// Names of the user's columns, trimmed, none empty and none twice.
    pub headers: Vec<String>,
    /// Names of rolo's own columns.
    pub own: Arc<[String]>,
    /// For each column of the file: whether it is rolo's own.
    pub is_own: Vec<bool>,
    /// Whether rolo wrote the file, so that its formula-safe cells are to be read back.
    pub ours: bool,
    pub notes: Vec<String>,
}

impl Columns {
    /// A name that is empty becomes `column 3`; one that stands there already gets its count
    /// behind it, `phone (2)`: a mapping can then name both, and a note says so.
    pub fn from_cells<'a>(cells: impl Iterator<Item = &'a str>) -> Self {
        let raw: Vec<&str> = cells.map(trimmed).collect();
        let ours = raw.iter().any(|name| OURS.contains(name));
        let mut columns = Self { ours, ..Self::default() };
        let mut own = Vec::new();
        let mut taken: HashSet<String> =
            raw.iter().map(|name| (*name).to_owned()).filter(|name| !name.is_empty()).collect();
        let mut seen: HashSet<String> = HashSet::new();
        for (index, raw) in raw.iter().enumerate() {
            let meant = columns.meant(raw);
            let name = meant.trim();
            columns.is_own.push(name.starts_with('_'));
            if name.starts_with('_') {
                own.push(name.to_owned());
                continue;
            }
            let unique = if name.is_empty() {
                free_name(&format!("column {}", index + 1), &mut taken)
            } else if seen.insert(name.to_owned()) {
                name.to_owned()
            } else {
                let unique = free_name(&format!("{name} (2)"), &mut taken);
                columns.notes.push(format!(
                    "the header has \"{name}\" more than once: column {} is read as \"{unique}\"",
                    index + 1
                ));
                unique
            };
            columns.headers.push(unique);
        }
        if !ours && !own.is_empty() {
            columns.notes.push(format!("columns that begin with _ are not read: {}", own.join(", ")));
        }
        columns.own = own.into();
        columns
    }

    /// Whether a cell may mean another text than it is, or is none of the user's.
    pub fn have_meanings(&self) -> bool {
        self.ours || !self.own.is_empty()
    }

    /// What a cell of the file means: in a file of ours, without what guards it.
    pub fn meant<'a>(&self, cell: &'a str) -> Cow<'a, str> {
        if self.ours { formula::restored(cell) } else { Cow::Borrowed(cell) }
    }

    /// What a cell of rolo's own columns means.
    pub fn meant_own<'a>(&self, cell: &'a str) -> &'a str {
        if self.ours { formula::restored_own(cell) } else { cell }
    }

    /// Columns of the file, rolo's own included.
    pub fn width(&self) -> usize {
        self.is_own.len()
    }

    /// Position among the user's columns of the file's column `index`; `None` for rolo's own and
    /// for cells behind the last column.
    pub fn header_index(&self, index: usize) -> Option<usize> {
        if *self.is_own.get(index)? {
            return None;
        }
        Some(self.is_own[..index].iter().filter(|own| !**own).count())
    }
}

/// `wanted`, or with the next number behind it if it is taken: `column 3`, `phone (2)`, `phone (3)`.
fn free_name(wanted: &str, taken: &mut HashSet<String>) -> String {
    if taken.insert(wanted.to_owned()) {
        return wanted.to_owned();
    }
    let stem = wanted.strip_suffix(" (2)").unwrap_or(wanted);
    let mut number = 2;
    loop {
        let name = format!("{stem} ({number})");
        if taken.insert(name.clone()) {
            return name;
        }
        number += 1;
    }
}

/// Without the spaces and marks that nobody sees: spreadsheets and web pages leave them in headers.
fn trimmed(name: &str) -> &str {
    name.trim_matches(|c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{2060}')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(cells: &[&str]) -> Columns {
        Columns::from_cells(cells.iter().copied())
    }

    #[test]
    fn empty_and_repeated_headers_get_names_of_their_own() {
        let columns = columns(&[" name ", "", "phone", "phone", "phone", "\u{feff}"]);
        assert_eq!(columns.headers, ["name", "column 2", "phone", "phone (2)", "phone (3)", "column 6"]);
        assert_eq!(columns.notes.len(), 2);
    }

    #[test]
    fn a_made_up_name_never_takes_one_that_the_file_has() {
        assert_eq!(
            columns(&["a", "a", "a (2)", "", "column 4"]).headers,
            ["a", "a (3)", "a (2)", "column 4 (2)", "column 4"]
        );
    }

    #[test]
    fn own_columns_stand_apart() {
        let columns = columns(&["name", "_line", "phone", "_outcome"]);
        assert_eq!(columns.headers, ["name", "phone"]);
        assert_eq!(&*columns.own, ["_line", "_outcome"]);
        assert!(columns.ours);
        assert_eq!((columns.header_index(2), columns.header_index(1), columns.header_index(9)), (Some(1), None, None));
    }

    #[test]
    fn an_underscore_alone_does_not_make_a_file_ours() {
        let columns = columns(&["name", "_private"]);
        assert!(!columns.ours);
        assert_eq!(columns.notes, ["columns that begin with _ are not read: _private"]);
    }
}
