//! Which row of a sheet names the columns.

use super::sheet::SheetRow;

/// Rows with content looked at before the header is decided.
pub const SAMPLE_ROWS: usize = 50;

/// Share of the widest row's cells, in tenths, that a header fills.
const WIDE_ENOUGH: usize = 6;

/// Position in `sample` of the header: the first row nearly as wide as the widest. A title, a date
/// or a remark above it fills a cell or two.
///
/// What the cells hold decides nothing: a header may have a year in it, and a first row of data
/// may be all text.
pub fn find(sample: &[SheetRow]) -> usize {
    let widest = sample.iter().map(SheetRow::filled).max().unwrap_or(0);
    sample.iter().position(|row| row.filled() * 10 >= widest * WIDE_ENOUGH).unwrap_or(0)
}
