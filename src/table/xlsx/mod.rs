//! Workbooks in and out.
//!
//! Reading: `package` opens the zip file and has each part measured by `scan` before its sheets are read: a
//! hostile one is refused as a whole. `workbook` knows the sheets and styles, `cells` gives what cells hold
//! (`text`, `number`), `sheet` joins them to rows, `task` finds the header below a title block, `merged` knows
//! what merged cells show, and `reader` hands the rows on. Writing is rust_xlsxwriter in constant memory.
//!
//! Old `.xls` and OpenDocument `.ods` files are read in rooms of their own, into sheets that are kept `in_memory`:
//! calamine reads both into a grid of their outermost cells, which two cells in a small file make as large
//! as they like, and gives numbers without their formats.

mod cells;
mod choice;
mod choices;
mod damage;
mod in_memory;
mod merged;
mod number;
mod package;
mod reader;
mod results;
mod scan;
mod sheet;
mod sheet_row;
mod task;
mod text;
mod workbook;
mod writer;

pub use damage::contained;
pub use in_memory::{Room, RowsByNumber, SheetInMemory};
pub use number::NumberFormat;
pub use reader::XlsxReader;
pub use results::{ATTENTION_SHEET, RESULTS_SHEET, ResultsWorkbook};
pub use scan::{MergedCells, PartSeen};
pub use sheet_row::{CellKind, SheetRow};
pub use writer::XlsxWriter;
