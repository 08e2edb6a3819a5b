//! Points in columns of numbers that nobody said how to read.

use super::check::DecimalMark;
use super::looks::LooksLike;

/// What to warn of where the cells of a column are read with a decimal point because nobody said otherwise,
/// and one of them could be a thousand: that it could, or that the other cells have a decimal comma. `None`
/// where no cell could be, or the others settle it for the point.
pub fn decimal_warning(header: &str, cells: &[&str], looks: &dyn LooksLike) -> Option<String> {
    let cell = cells.iter().find(|cell| could_be_thousands(cell))?.trim();
    let thousands = cell.replace('.', "");
    match looks.decimal_mark(cells) {
        Some(DecimalMark::Point) => None,
        Some(DecimalMark::Comma) => Some(format!(
            "{header}: {cell} is read with a decimal point, and other cells of the column have a decimal comma, \
             which would make it {thousands}: write format = \"decimal-comma\" for this column"
        )),
        _ => Some(format!(
            "{header}: {cell} is read with a decimal point, and could be {thousands}: write \
             format = \"decimal-comma\" for this column if it is, or format = \"decimal-point\" if it is not"
        )),
    }
}

/// `1.234`: one point with three digits behind it, and one to three before it that are not a zero.
fn could_be_thousands(cell: &str) -> bool {
    let Some((whole, fraction)) = cell.trim().trim_start_matches('-').split_once('.') else { return false };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    fraction.len() == 3 && matches!(whole.len(), 1..=3) && !whole.starts_with('0') && digits(whole) && digits(fraction)
}
