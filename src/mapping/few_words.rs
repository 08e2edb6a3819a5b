//! Columns that hold a few words again and again, as a list of choices would.

use std::collections::BTreeSet;

use super::facts::Facts;
use super::file::Feeds;
use super::guessed::Guess;
use super::headers::custom_field_name;
use super::placeholder::is_placeholder;
use super::tags::looks_joined;
use crate::contact::{Field, FieldKind, trim_unseen};
use crate::error::Result;
use crate::table::{RowBatch, RowReader};

/// Words that a list may have.
const MOST: usize = 12;
/// Cells below which a few words are no more than a few rows.
const FEWEST_CELLS: u64 = 10;
/// How often each word stands there at least, on the average.
const TIMES: u64 = 3;
/// Longest word, in characters.
const LONGEST: usize = 30;
/// Rows read at once.
const BATCH: usize = 512;

/// The words of a column, with the cells that hold each; `None` once it is clear that they are no choices.
#[derive(Clone, Debug)]
pub struct FewWords(Option<Vec<(String, u64)>>);

impl Default for FewWords {
    fn default() -> Self {
        Self(Some(Vec::new()))
    }
}

impl FewWords {
    /// The words of some columns of a source, read to its end.
    ///
    /// # Errors
    /// Those of the reader.
    fn read(reader: &mut dyn RowReader, columns: &[usize]) -> Result<Vec<Self>> {
        let mut found = vec![Self::default(); columns.len()];
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, BATCH)? > 0 {
            for row in batch.rows().filter(|row| !row.is_no_contact()) {
                columns.iter().zip(&mut found).for_each(|(column, words)| words.take(row.cell(*column)));
            }
        }
        Ok(found)
    }

    /// The words of a column of a sample.
    pub fn of(rows: &RowBatch, column: usize) -> Self {
        let mut words = Self::default();
        rows.rows().for_each(|row| words.take(row.cell(column)));
        words
    }

    fn take(&mut self, cell: &str) {
        let Some(words) = &mut self.0 else { return };
        let cell = trim_unseen(cell);
        if cell.is_empty() {
            return;
        }
        if let Some((_, cells)) = words.iter_mut().find(|(word, _)| word == cell) {
            *cells += 1;
        } else if words.len() < MOST && is_word(cell) {
            words.push((cell.to_owned(), 1));
        } else {
            self.0 = None;
        }
    }

    /// The words, the most frequent first; `None` where they are no choices.
    pub fn choices(&self) -> Option<Vec<(&str, u64)>> {
        let words = self.0.as_ref()?;
        let cells: u64 = words.iter().map(|(_, cells)| cells).sum();
        let cases: BTreeSet<String> = words.iter().map(|(word, _)| word.to_lowercase()).collect();
        let repeated = cells >= FEWEST_CELLS && cells >= TIMES * words.len() as u64;
        if words.len() < 2 || !repeated || cases.len() < words.len() || cases.iter().all(|word| is_yes_or_no(word)) {
            return None;
        }
        let mut choices: Vec<(&str, u64)> = words.iter().map(|(word, cells)| (word.as_str(), *cells)).collect();
        choices.sort_by_key(|(_, cells)| std::cmp::Reverse(*cells));
        Some(choices)
    }
}

/// A word or two, and nothing that stands for nothing, counts, or is several.
fn is_word(cell: &str) -> bool {
    !is_placeholder(cell)
        && cell.chars().count() <= LONGEST
        && cell.chars().any(char::is_alphabetic)
        && !cell.contains(['@', '/', '\\', '"', '\n', '\r'])
        && cell.split_whitespace().count() <= 3
        && looks_joined(cell).is_none()
}

fn is_yes_or_no(word: &str) -> bool {
    matches!(word, "yes" | "no" | "true" | "false" | "y" | "n" | "ja" | "nein" | "sí" | "si" | "oui" | "non" | "x")
}

/// Proposes the values of custom fields that a few words fill, where the service can create lists: into the
/// mapping, and in words beside it. `reader` reads the source anew.
///
/// # Errors
/// Those of the reader.
pub fn propose_values(guess: &mut Guess, reader: &mut dyn RowReader, facts: &Facts<'_>) -> Result<()> {
    let list = FieldKind::Choice(Vec::new());
    let is_export =
        guess.mapping.columns.values().any(|rule| matches!(&rule.feeds, Feeds::Field(name) if name == "id"));
    if is_export || facts.capabilities.kind_created(&list) != list {
        return Ok(());
    }
    let is_open = |header: &String| {
        let Some(rule) = guess.mapping.columns.get(header) else { return false };
        let Feeds::Field(field) = &rule.feeds else { return false };
        let name = field.strip_prefix(Field::CUSTOM_PREFIX);
        rule.kind.is_none()
            && name.is_some_and(|name| custom_field_name(name).1.is_none() && facts.definition(name).is_none())
    };
    let columns: Vec<usize> = (0..guess.columns.len()).filter(|at| is_open(&guess.columns[*at].header)).collect();
    if columns.is_empty() {
        return Ok(());
    }
    for (column, words) in columns.iter().zip(FewWords::read(reader, &columns)?) {
        let Some(choices) = words.choices() else { continue };
        let evidence = &mut guess.columns[*column];
        let shown: Vec<String> = choices.iter().map(|(word, cells)| format!("{word} ({cells})")).collect();
        let told = format!("its cells hold {} words: {}", choices.len(), shown.join(", "));
        evidence.because.push_str(&format!(
            "; {told}; --create-fields makes the field a list of them. Any other word is an error of its row: take \
             the line out if there may be others"
        ));
        guess.notes.push(format!(
            "{}: {told}; the mapping states them as values, so any other word is an error of its row",
            evidence.header
        ));
        if let Some(rule) = guess.mapping.columns.get_mut(&evidence.header) {
            rule.kind = Some(FieldKind::Choice(choices.iter().map(|(word, _)| (*word).to_owned()).collect()));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(cells: &[(&str, usize)]) -> Option<Vec<String>> {
        let mut words = FewWords::default();
        for (cell, times) in cells {
            (0..*times).for_each(|_| words.take(cell));
        }
        words.choices().map(|choices| choices.into_iter().map(|(word, _)| word.to_owned()).collect())
    }

    #[test]
    fn a_few_words_again_and_again_are_choices() {
        assert_eq!(choices(&[("free", 4), ("gold", 7), ("", 3)]).unwrap(), ["gold", "free"]);
        assert_eq!(choices(&[("new lead", 5), ("won", 5), ("lost", 5)]).unwrap(), ["new lead", "won", "lost"]);
    }

    #[test]
    fn what_may_be_anything_is_none() {
        for cells in [
            &[("free", 2), ("gold", 2)][..],
            &[("gold", 20)],
            &[("gold", 9), ("Gold", 9)],
            &[("yes", 9), ("no", 9)],
            &[("a;b", 9), ("b", 9)],
            &[("1", 9), ("2", 9)],
            &[("n/a", 9), ("gold", 9), ("free", 9)],
            &[("ann@a.example", 9), ("bo@b.example", 9)],
            &[("one sentence of many words", 9), ("gold", 9)],
        ] {
            assert_eq!(choices(cells), None, "{cells:?}");
        }
        let many: Vec<String> = (0..13).map(|n| format!("word {}", char::from(b'a' + n))).collect();
        let many: Vec<(&str, usize)> = many.iter().map(|word| (word.as_str(), 9)).collect();
        assert_eq!(choices(&many), None);
    }
}
