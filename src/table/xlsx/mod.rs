//! Workbooks in and out.
//!
//! Reading: `package` opens the zip file and lets nothing be read from it that `scan` has not
//! measured first, since calamine has no limits of its own; calamine's cell reader gives cells;
//! `sheet` joins them to rows as the sheet shows them (`number`), `task` finds the header below a
//! title block, `merged` knows what merged cells show, and `reader` hands the rows on. Writing is rust_xlsxwriter in constant memory.
//!
//! Old `.xls` and OpenDocument `.ods` files are read in rooms of their own, into sheets that are kept `in_memory`:
//! calamine reads both into a grid of their outermost cells, which two cells in a small file make as large
//! as they like, and gives numbers without their formats.

mod choice;
mod choices;
mod in_memory;
mod merged;
mod number;
mod package;
mod reader;
mod results;
mod scan;
mod sheet;
mod task;
mod writer;

pub use in_memory::{Room, RowsByNumber, SheetInMemory};
pub use number::NumberFormat;
pub use package::contained;
pub use reader::XlsxReader;
pub use results::{ATTENTION_SHEET, RESULTS_SHEET, ResultsWorkbook};
pub use scan::{MergedCells, PartSeen};
pub use sheet::{CellKind, SheetRow};
pub use writer::XlsxWriter;
