//! Merged cells: a sheet shows the value of the first one in all of them, and holds it in the first alone.

use super::scan::MergedCells;
use super::sheet::SheetRow;

/// The merged cells of a sheet while its rows pass.
pub struct Merged {
    /// Those over several rows, by where they begin, the last first.
    ahead: Vec<MergedCells>,
    /// Those that reach the present row or further, with what they show.
    shown: Vec<(MergedCells, String)>,
}

impl Merged {
    pub fn new(ranges: &[MergedCells]) -> Self {
        let mut ahead: Vec<MergedCells> = ranges.iter().copied().filter(|range| range.first.0 < range.last.0).collect();
        ahead.sort_by_key(|range| std::cmp::Reverse(range.first));
        Self { ahead, shown: Vec::new() }
    }

    /// Takes note of a row, which come in order.
    pub fn pass(&mut self, row: &SheetRow) {
        let number = u32::try_from(row.number.saturating_sub(1)).unwrap_or(u32::MAX);
        self.shown.retain(|(range, _)| range.last.0 >= number);
        while let Some(range) = self.ahead.pop_if(|range| range.first.0 <= number) {
            if range.first.0 == number {
                let (text, _) = row.cell(range.first.1 as usize);
                if !text.trim().is_empty() {
                    self.shown.push((range, text.to_owned()));
                }
            }
        }
    }

    /// Columns of the present row that show the value of a row above, and the value.
    pub fn covered(&self, number: u64) -> impl Iterator<Item = (usize, &str)> {
        let above = move |range: &MergedCells| u64::from(range.first.0) + 1 < number;
        self.shown
            .iter()
            .filter(move |(range, _)| above(range))
            .map(|(range, text)| (range.first.1 as usize, text.as_str()))
    }
}
