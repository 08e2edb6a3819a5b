use super::words::{count, number};
use super::{TextTable, escape};

/// How the columns of a file are mapped, as a person looks at it before anything is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappingTable {
    /// Where the mapping came from, in words.
    pub origin: String,
    /// Rows in the file.
    pub rows: u64,
    pub columns: Vec<MappedColumn>,
    /// Columns that the mapping leaves out without saying so.
    pub unmapped: Vec<UnmappedColumn>,
    /// Columns left out on purpose.
    pub ignored: Vec<String>,
    /// What a person should do something about.
    pub warnings: Vec<String>,
    /// What a person should know.
    pub notes: Vec<String>,
}

/// A column that feeds something.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MappedColumn {
    pub column: String,
    /// The field, or what else the column is for.
    pub becomes: String,
    /// `sure`, `likely`, `unsure`, or `stated` by a mapping file.
    pub sure: String,
    /// Why, in words; empty where a mapping file says so.
    pub because: String,
    /// The same in a few words.
    pub brief: String,
    /// A few values as they stand in the file and as they would be sent.
    pub values: Vec<(String, String)>,
}

/// A column that feeds nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UnmappedColumn {
    pub column: String,
    /// Rows in which it holds something.
    pub filled: u64,
    /// A warning says it already.
    pub warned: bool,
}

impl UnmappedColumn {
    /// Whether more than half the rows would lose a value.
    pub fn is_filled(&self, rows: u64) -> bool {
        self.filled * 2 > rows
    }
}

/// Columns that the table keeps to, whatever room there is: longer lines are hard to follow.
const WIDTH: u16 = 120;
const VALUES: &str = "values in the file → as sent";
/// Longest value and longest header shown, in characters.
const VALUE: usize = 24;
const HEADER: usize = 26;

/// Columns named of many, in the table and below it.
const LISTED: usize = 60;

impl MappingTable {
    /// The same, without anything out of a cell.
    pub fn without_values(mut self) -> Self {
        self.columns.iter_mut().for_each(|column| column.values.clear());
        self
    }

    /// The table in words, without a line break at its end, for a terminal of so many columns if it is for one.
    pub fn words(&self, width: Option<u16>) -> String {
        let width = width.unwrap_or(WIDTH).min(WIDTH);
        let mut lines = vec![format!("mapping: {}", escape(&self.origin))];
        let with_values = self.columns.iter().any(|column| !column.values.is_empty());
        let (shown, others): (Vec<_>, Vec<_>) =
            self.columns.iter().partition(|column| !with_values || !column.values.is_empty());
        if !shown.is_empty() {
            lines.push(mapped(&shown, with_values, width));
            if shown.len() > LISTED {
                lines.push(format!(" and {} more", count((shown.len() - LISTED) as u64, "mapped column")));
            }
        }
        if !others.is_empty() {
            let others =
                others.iter().map(|column| format!("{} → {}", header(&column.column), escape(&column.becomes)));
            lines.push(format!("mapped, without any value: {}", few(others)));
        }
        if !self.unmapped.is_empty() {
            lines.push("unmapped columns:".to_owned());
            let (empty, filled): (Vec<_>, Vec<_>) = self.unmapped.iter().partition(|column| column.filled == 0);
            let (full, others): (Vec<_>, Vec<_>) =
                filled.into_iter().partition(|column| column.is_filled(self.rows) && !column.warned);
            let more = (full.len() + others.len()).saturating_sub(LISTED);
            let full = full.into_iter().map(|column| format!(" warning: {}", self.unmapped_words(column)));
            let others = others.into_iter().map(|column| format!(" {}", self.unmapped_words(column)));
            lines.extend(full.chain(others).take(LISTED));
            if more > 0 {
                lines.push(format!(" and {} more", count(more as u64, "column")));
            }
            if !empty.is_empty() {
                lines.push(format!(" without any value: {}", few(empty.iter().map(|column| header(&column.column)))));
            }
        }
        if !self.ignored.is_empty() {
            lines.push(format!("left out by the mapping: {}", few(self.ignored.iter().map(|column| header(column)))));
        }
        lines.extend(self.warnings.iter().map(|warning| format!("warning: {}", escape(warning))));
        lines.extend(self.notes.iter().map(|note| escape(note).into_owned()));
        lines.join("\n")
    }

    fn unmapped_words(&self, column: &UnmappedColumn) -> String {
        let (name, filled, rows) = (header(&column.column), number(column.filled), number(self.rows));
        format!("{name}, with values in {filled} of {rows} rows")
    }
}

fn mapped(columns: &[&MappedColumn], with_values: bool, width: u16) -> String {
    let mut table = TextTable::new(["column", "becomes", "how sure", VALUES]);
    for column in columns.iter().take(LISTED) {
        let why = match (column.sure.as_str(), column.brief.as_str()) {
            (sure, "") => sure.to_owned(),
            (sure, brief) => format!("{sure}, {}", escape(brief)),
        };
        table.add_row([header(&column.column), escape(&column.becomes).into_owned(), why, values(&column.values)]);
    }
    if !with_values {
        table.remove_column(VALUES);
    }
    table.within(width)
}

/// The first of many names, and how many more there are.
fn few(names: impl ExactSizeIterator<Item = String>) -> String {
    let more = names.len().saturating_sub(LISTED);
    let shown: Vec<String> = names.take(LISTED).collect();
    let more = if more == 0 { String::new() } else { format!(" and {} more", number(more as u64)) };
    format!("{}{more}", shown.join(", "))
}

/// One line for each value that is changed; those that are sent as they stand together.
fn values(values: &[(String, String)]) -> String {
    let mut lines = Vec::new();
    let mut same = Vec::new();
    for (before, after) in values {
        if before == after {
            same.push(shortened(before, VALUE));
        } else {
            let after = if after.is_empty() { "nothing".to_owned() } else { shortened(after, VALUE + 8) };
            lines.push(format!("{} → {after}", shortened(before, VALUE)));
        }
    }
    if !same.is_empty() {
        lines.push(same.join(" | "));
    }
    lines.join("\n")
}

fn header(text: &str) -> String {
    shortened(text, HEADER)
}

fn shortened(text: &str, most: usize) -> String {
    let text = escape(text);
    if text.chars().count() <= most {
        return text.into_owned();
    }
    text.chars().take(most - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> MappingTable {
        let text = |text: &str| text.to_owned();
        MappingTable {
            origin: text("guessed from the columns and their values"),
            rows: 40,
            columns: vec![
                MappedColumn {
                    column: text("Mobile"),
                    becomes: text("phone"),
                    sure: text("sure"),
                    because: text("the header is a spelling of phone"),
                    brief: text("38 of 39 fit"),
                    values: vec![
                        (text("07400 100201"), text("+447400100201")),
                        (text("call"), text("phone.not_a_number")),
                    ],
                },
                MappedColumn {
                    column: text("City"),
                    becomes: text("city"),
                    sure: text("likely"),
                    because: String::new(),
                    brief: String::new(),
                    values: vec![(text("Leeds"), text("Leeds")), (text("Bath"), text("Bath"))],
                },
            ],
            unmapped: vec![
                UnmappedColumn { column: text("Shoes"), filled: 2, warned: false },
                UnmappedColumn { column: text("Note\u{1b}[0m"), filled: 38, warned: false },
                UnmappedColumn { column: text("Fax"), filled: 0, warned: false },
            ],
            ignored: vec![text("Id")],
            warnings: vec![text("Work phone holds phone numbers")],
            notes: vec![],
        }
    }

    #[test]
    fn the_mapping_is_one_table_and_what_is_left_out_stands_below_it() {
        let words = table().words(None);
        let lines: Vec<&str> = words.lines().map(str::trim_end).collect();
        assert_eq!(
            lines,
            [
                "mapping: guessed from the columns and their values",
                " column  becomes  how sure            values in the file → as sent",
                " Mobile  phone    sure, 38 of 39 fit  07400 100201 → +447400100201",
                "                                      call → phone.not_a_number",
                " City    city     likely              Leeds | Bath",
                "unmapped columns:",
                " warning: Note<U+001B>[0m, with values in 38 of 40 rows",
                " Shoes, with values in 2 of 40 rows",
                " without any value: Fax",
                "left out by the mapping: Id",
                "warning: Work phone holds phone numbers",
            ]
        );
    }

    #[test]
    fn no_line_of_the_table_is_wider_than_the_terminal() {
        for width in [40, 60, 80, 120, 200] {
            let words = mapped(&table().columns.iter().collect::<Vec<_>>(), true, width);
            assert!(words.lines().all(|line| line.chars().count() <= usize::from(width)), "{width}: {words}");
        }
    }
}
