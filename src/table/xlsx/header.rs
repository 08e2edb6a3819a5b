//! Which row of a sheet names the columns.

use super::sheet::{CellKind, SheetRow};

/// Rows with content looked at before the header is decided.
pub const SAMPLE_ROWS: usize = 50;

/// Share of the widest row's cells, in tenths, that a header fills.
const WIDE_ENOUGH: usize = 6;

/// Position in `sample` of the header: the first row nearly as wide as the widest, of text alone
/// if there is one such. A title, a date or a remark above fills a cell or two.
pub fn find(sample: &[SheetRow]) -> usize {
    let widest = sample.iter().map(SheetRow::filled).max().unwrap_or(0);
    let is_wide = |row: &&SheetRow| row.filled() * 10 >= widest * WIDE_ENOUGH;
    let first_wide = sample.iter().position(|row| is_wide(&row));
    // A number in the first wide row makes it data, unless nothing below is a better header.
    let all_text = sample.iter().take(SAMPLE_ROWS / 5).position(|row| is_wide(&row) && is_text(row));
    all_text.or(first_wide).unwrap_or(0)
}

fn is_text(row: &SheetRow) -> bool {
    row.cells().all(|(_, text, kind)| kind == CellKind::Text || text.trim().is_empty())
}
