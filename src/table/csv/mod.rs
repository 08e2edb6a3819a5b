//! Delimited text in and out.
//!
//! Reading: the text of `table::text` → `records` (where a record begins and ends, with its line)
//! → the csv crate (its fields) → `reader` (rows). Writing is the csv crate behind `formula`.

mod dialect;
mod reader;
mod records;
mod writer;

pub use reader::CsvReader;
pub use writer::CsvWriter;
