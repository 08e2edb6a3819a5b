//! Delimited text in and out.
//!
//! Reading: bytes → `text` (encoding) → `records` (where a record begins and ends, with its line)
//! → the csv crate (its fields) → `reader` (rows). Writing is the csv crate behind `formula`.

mod dialect;
mod reader;
mod records;
mod text;
mod writer;

pub use reader::CsvReader;
pub use writer::CsvWriter;
