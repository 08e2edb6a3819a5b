//! Delimited text in and out.
//!
//! Reading: the text of `table::text` → `records` (where a record and its cells begin and end, with its
//! line) → `reader` (rows). Writing: `line` (cells behind `formula`, and their quotes) → `writer`. Both are
//! held by tests to what the csv crate reads and writes.

mod dialect;
mod line;
mod reader;
mod records;
mod writer;

pub use reader::CsvReader;
pub use writer::CsvWriter;
