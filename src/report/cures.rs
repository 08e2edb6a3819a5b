use std::collections::HashMap;
use std::sync::LazyLock;

use crate::error::nearest;

/// The page about row errors is the list of cures: what a summary says and what the page says is one.
const PAGE: &str = include_str!("../../docs/row-errors.md");
/// The page about the codes that the program ends with.
const EXITS: &str = include_str!("../../docs/exit-codes.md");

static CURES: LazyLock<HashMap<&str, Explanation>> =
    LazyLock::new(|| explanations().map(|one| (one.code, one)).collect());

/// What a code means and what to do about it, in words without links.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    pub code: &'static str,
    pub means: String,
    pub cure: &'static str,
}

/// The cure for a row error with this code, as an instruction; `None` if nobody has written one.
pub fn cure(code: &str) -> Option<&'static str> {
    CURES.get(code).map(|one| one.cure)
}

/// What a row error with this code means, without references to other pages; `None` if nobody has
/// written it down.
pub fn cause(code: &str) -> Option<&'static str> {
    CURES.get(code).map(|one| one.means.as_str())
}

/// What a code of a row, or of the program's end, means.
pub fn explain(code: &str) -> Option<Explanation> {
    CURES.get(code).cloned()
}

/// Every code, in the order of the pages.
pub fn explanations() -> impl Iterator<Item = Explanation> {
    rows(PAGE, "| `", "` | ").chain(rows(EXITS, "| ", " | ").filter(|one| one.code.parse::<u8>().is_ok()))
}

/// The code of a row that a word is most likely meant for.
pub fn nearest_code(word: &str) -> Option<&'static str> {
    nearest(word, CURES.keys().copied().filter(|code| code.contains('.')))
}

/// Each line of the page's tables: the code between `before` and `after`, what it means, what to do.
fn rows(page: &'static str, before: &'static str, after: &'static str) -> impl Iterator<Item = Explanation> {
    page.lines().filter_map(move |line| {
        let (code, rest) = line.strip_prefix(before)?.strip_suffix(" |")?.split_once(after)?;
        let mut cells = rest.split(" | ");
        let (means, cure) = (cells.next()?, cells.next()?);
        Some(Explanation { code, means: without_references(means), cure })
    })
}

/// Without "see [another page](of-these.md)" at the end; of any other link, its words.
fn without_references(text: &str) -> String {
    let mut rest = text.split("; see [").next().unwrap_or(text);
    let mut plain = String::new();
    while let Some((before, link)) = rest.split_once('[') {
        let Some((words, after)) = link.split_once("](") else { break };
        let Some((_, after)) = after.split_once(')') else { break };
        plain.push_str(before);
        plain.push_str(words);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_contract_has_a_cure() {
        for code in [
            "phone.not_a_number",
            "phone.no_country",
            "phone.invalid_for_country",
            "phone.digits_lost",
            "email.syntax",
            "value.not_a_boolean",
            "value.not_a_date",
            "value.too_long",
            "identifier.missing",
            "duplicate.in_file",
            "row.too_few_cells",
            "row.too_many_cells",
            "text.not_in_encoding",
        ] {
            assert!(cure(code).is_some_and(|cure| !cure.is_empty()), "{code}");
        }
        assert_eq!(cure("no.such_code"), None);
    }

    #[test]
    fn every_line_of_the_pages_is_read_and_no_code_stands_twice() {
        let lines = PAGE.lines().filter(|line| line.starts_with("| `")).count();
        assert!(lines > 40);
        let exits: Vec<&str> = explanations().map(|one| one.code).skip(lines).collect();
        assert_eq!(exits, ["0", "1", "2", "3", "4", "5", "70"]);
        assert_eq!(CURES.len(), lines + exits.len());
    }

    #[test]
    fn links_of_a_page_are_words_elsewhere() {
        for one in explanations() {
            assert!(!one.means.contains("]("), "{one:?}");
            assert!(!one.cure.contains("]("), "{one:?}");
        }
        assert_eq!(without_references("as [a plan](plans.md) says; see [that](a.md#b)"), "as a plan says");
    }
}
