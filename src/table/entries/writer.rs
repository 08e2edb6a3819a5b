use std::io::Write as _;
use std::path::PathBuf;

use serde_json::value::RawValue;

use super::json::JSON_TYPES;
use crate::error::Result;
use crate::table::RowWriter;
use crate::table::output::{Output, unwritable};
use crate::table::packed::Packed;
use crate::table::written::Place;

/// Rows as JSON objects, one a line. A blank cell is left out, since it says nothing; but not in the first, so that
/// the file names all its columns, by which an export is known again.
pub struct JsonLinesWriter {
    path: PathBuf,
    out: Packed,
    columns: Vec<JsonColumn>,
    /// Nothing was written yet.
    is_first: bool,
}

struct JsonColumn {
    /// As JSON text.
    name: String,
    /// Its cells are JSON values, as a header such as `custom.seats:number` says.
    is_typed: bool,
    /// What stands for a blank cell: where all cells are JSON, `""` is a text.
    blank: &'static str,
}

/// Types of a header whose cells are no text in JSON.
const TYPES: [&str; 5] = ["number", "boolean", "list", "object", "json"];

impl JsonLinesWriter {
    /// # Errors
    /// Those of [`crate::table::create`].
    pub fn create(place: &Place, headers: &[&str]) -> Result<Self> {
        let path = place.path.as_path();
        let (out, _) = Packed::new(Output::create(place)?, path).map_err(|cause| unwritable(path, cause))?;
        let columns = headers.iter().map(|header| {
            let kind = header.rsplit_once(':').map(|(_, kind)| kind);
            JsonColumn {
                name: json_text(header),
                is_typed: kind.is_some_and(|kind| TYPES.contains(&kind)),
                blank: if kind.is_some_and(|kind| JSON_TYPES.contains(&kind)) { "null" } else { "\"\"" },
            }
        });
        Ok(Self { path: path.to_owned(), out, columns: columns.collect(), is_first: true })
    }
}

impl RowWriter for JsonLinesWriter {
    fn write(&mut self, cells: &[&str]) -> Result<()> {
        let mut line = String::from("{");
        let is_first = std::mem::take(&mut self.is_first);
        for (column, cell) in self.columns.iter().zip(cells).filter(|(_, cell)| is_first || !cell.is_empty()) {
            if line.len() > 1 {
                line.push(',');
            }
            line.push_str(&column.name);
            line.push(':');
            if cell.is_empty() {
                line.push_str(column.blank);
                continue;
            }
            let typed = column.is_typed.then(|| serde_json::from_str::<&RawValue>(cell).ok()).flatten();
            match typed {
                // On one line, whatever stood between its parts.
                Some(value) if !value.get().contains(['\n', '\r']) => line.push_str(value.get()),
                _ => line.push_str(&json_text(cell)),
            }
        }
        line.push_str("}\n");
        self.out.write_all(line.as_bytes()).map_err(|cause| unwritable(&self.path, cause))
    }

    fn finish(self: Box<Self>) -> Result<()> {
        let path = self.path;
        self.out.finish().map_err(|cause| unwritable(&path, cause))?.finish()
    }
}

fn json_text(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
