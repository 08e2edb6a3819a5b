//! What is wrong with a cell, whatever the file is.

use std::path::Path;

use crate::contact::{RowError, is_invisible};
use crate::error::Error;

/// Characters of a value that a message shows.
const SHOWN: usize = 40;

pub fn not_in_encoding(cell: &str, column: usize, name: &str, encoding: &str) -> RowError {
    let message = format!("column \"{name}\" has bytes that are no {encoding} text: {}", shortened(cell));
    RowError::of_cell("text.not_in_encoding", column, name, message)
}

/// NUL is no text, and most services cut a value there.
pub fn control_character(cell: &str, column: usize, name: &str) -> Option<RowError> {
    cell.contains('\0').then(|| {
        let message = format!("column \"{name}\" has a NUL character (U+0000), which is no text: {}", shortened(cell));
        RowError::of_cell("text.control_character", column, name, message)
    })
}

/// A cell above the limit ends the reading: the file is not what it seems. `place` is what `line`
/// counts.
pub fn too_long(path: &Path, place: &str, line: u64, name: &str, bytes: usize, allowed: usize) -> Error {
    Error::usage(format!(
        "{}, {place} {line}, column \"{name}\": a cell of {bytes} bytes, more than the {allowed} allowed",
        path.display()
    ))
    .at_path(path)
    .at_line(line)
    .in_column(name)
    .hint("no contact needs this: in a text file a quote that is never closed often does it")
}

/// The beginning of a value on one line; what can't be seen is written out.
fn shortened(cell: &str) -> String {
    let mut short = String::new();
    for character in cell.chars().take(SHOWN) {
        if character.is_control() || is_invisible(character) {
            short.push_str(&format!("<U+{:04X}>", u32::from(character)));
        } else {
            short.push(character);
        }
    }
    if cell.chars().nth(SHOWN).is_some() {
        short.push('…');
    }
    format!("\"{short}\"")
}
