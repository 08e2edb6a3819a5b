use comfy_table::{ColumnConstraint, ContentArrangement, Table, Width, presets};

/// Blanks around each cell, as the table's style has them.
const AROUND: usize = 2;
/// What the last column is left with at least, so that the others keep their words whole.
const NARROWEST: usize = 8;

/// A table with its titles in the first line; where the terminal is too narrow for its longest words side by side, a
/// paragraph a row.
///
/// Cells have gone through [`escape`](super::escape).
pub struct TextTable {
    titles: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    pub fn new<const N: usize>(titles: [&str; N]) -> Self {
        Self { titles: titles.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    /// As many cells as there are titles.
    pub fn add_row(&mut self, cells: impl Into<Vec<String>>) {
        self.rows.push(cells.into());
    }

    /// The same without a column.
    pub fn remove_column(&mut self, title: &str) {
        if let Some(at) = self.titles.iter().position(|own| own == title) {
            self.titles.remove(at);
            self.rows.iter_mut().for_each(|row| drop(row.remove(at)));
        }
    }

    /// In so many columns; as wide as it is where there is no terminal. Ends with a line break.
    pub fn words(&self, width: Option<u16>) -> String {
        let words = width.map_or_else(|| self.table().trim_fmt(), |width| self.within(width));
        format!("{words}\n")
    }

    /// In so many columns, without a line break at its end.
    pub(super) fn within(&self, width: u16) -> String {
        let table = self.table();
        let whole: usize = table.column_max_content_widths().into_iter().map(|width| usize::from(width) + AROUND).sum();
        let room = usize::from(width);
        // The blank at the end of a line needs none.
        if whole <= room + 1 {
            table.trim_fmt()
        } else if have_room(&longest_words(&table), width) {
            wrapped(table, width).trim_fmt()
        } else {
            self.paragraphs(width)
        }
    }

    fn table(&self) -> Table {
        let mut table = Table::new();
        table.load_style(presets::NOTHING);
        for row in [&self.titles].into_iter().chain(&self.rows) {
            table.add_row(row);
        }
        table
    }

    /// The first cell of a row as a heading; beneath it the others that say something, each beside its title.
    fn paragraphs(&self, width: u16) -> String {
        let one = |row: &Vec<String>| {
            let mut table = Table::new();
            table.load_style(presets::NOTHING);
            let told = self.titles.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty() && *cell != "-");
            for (title, cell) in told {
                table.add_row([title, cell]);
            }
            format!("{}\n{}", row.first().map_or("", String::as_str), wrapped(table, width).trim_fmt())
        };
        self.rows.iter().map(one).collect::<Vec<_>>().join("\n\n")
    }
}

/// The table with its cells wrapped so that it keeps to so many columns: between words, where the longest of them have
/// room side by side; else the last column gives way, as far as that is enough.
pub(super) fn wrapped(mut table: Table, width: u16) -> Table {
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(width);
    let mut words = longest_words(&table);
    if !have_room(&words, width)
        && let Some(last) = words.last_mut()
    {
        *last = NARROWEST.min(*last);
    }
    if have_room(&words, width) {
        for (column, word) in table.column_iter_mut().zip(words) {
            let least = u16::try_from(word + AROUND).unwrap_or(u16::MAX);
            column.set_constraint(ColumnConstraint::LowerBoundary(Width::Fixed(least)));
        }
    }
    table
}

/// Of each column: no narrower one keeps its words whole.
fn longest_words(table: &Table) -> Vec<usize> {
    let longest = |text: &str| text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(1);
    let mut words = vec![1; table.column_iter().count()];
    for row in table.row_iter() {
        for (word, cell) in words.iter_mut().zip(row.cell_iter()) {
            *word = longest(&cell.content()).max(*word);
        }
    }
    words
}

/// Whether columns as wide as their longest words keep to the width.
fn have_room(words: &[usize], width: u16) -> bool {
    words.iter().map(|word| word + AROUND).sum::<usize>() <= usize::from(width)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> TextTable {
        let mut table = TextTable::new(["run", "file", "rows"]);
        table.add_row([
            "20261121-0931-k3f".into(),
            "contacts.csv".into(),
            "1,201 rows: 1,200 created, 1 failed".into(),
        ]);
        table.add_row(["20261121-0932-abc".into(), "-".into(), "-".into()]);
        table
    }

    fn widest(words: &str) -> usize {
        words.lines().map(|line| line.chars().count()).max().unwrap_or_default()
    }

    #[test]
    fn a_table_is_as_wide_as_it_is_where_there_is_room() {
        let whole = table().words(None);
        assert_eq!(table().words(Some(200)), whole);
        assert_eq!(table().words(Some(u16::try_from(widest(&whole)).unwrap())), whole);
        assert!(whole.contains("1,201 rows: 1,200 created, 1 failed\n"), "{whole}");
    }

    #[test]
    fn cells_are_wrapped_between_words_where_that_is_enough() {
        let words = table().words(Some(60));
        assert!(widest(&words) <= 60 && words.trim_start().starts_with("run"), "{words}");
        assert!(words.lines().count() > 3, "{words}");
        for word in ["20261121-0931-k3f", "contacts.csv", "created,"] {
            assert!(words.contains(word), "{word} is cut: {words}");
        }
    }

    #[test]
    fn each_row_is_a_paragraph_where_no_table_has_room() {
        let words = table().words(Some(40));
        assert!(widest(&words) <= 40, "{words}");
        assert!(words.starts_with("20261121-0931-k3f\n file  contacts.csv\n rows  1,201 rows: 1,200"), "{words}");
        assert!(words.ends_with("\n\n20261121-0932-abc\n\n") || words.ends_with("\n\n20261121-0932-abc\n"), "{words}");
    }

    #[test]
    fn a_column_that_nobody_needs_is_left_out() {
        let mut table = table();
        table.remove_column("file");
        assert!(!table.words(None).contains("contacts.csv"));
    }
}
