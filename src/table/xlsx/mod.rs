//! Workbooks in and out.
//!
//! Reading: `package` opens the zip file and lets nothing be read from it that `scan` has not
//! measured first, since calamine has no limits of its own; calamine's cell reader gives cells;
//! `sheet` joins them to rows as the sheet shows them (`number`), `header` finds the header below
//! a title block, and `reader` hands the rows on. Writing is rust_xlsxwriter in constant memory.
//!
//! Old `.xls` and OpenDocument `.ods` files are refused: calamine reads both whole, into a grid of
//! their outermost cells, which two cells in a small file make as large as they like.

mod choice;
mod header;
mod number;
mod package;
mod reader;
mod results;
mod scan;
mod sheet;
mod task;
mod writer;

pub use reader::XlsxReader;
pub use results::ResultsWorkbook;
pub use writer::XlsxWriter;
