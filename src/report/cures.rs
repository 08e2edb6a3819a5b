use std::collections::HashMap;
use std::sync::LazyLock;

/// The page about row errors is the list of cures: what a summary says and what the page says is one.
const PAGE: &str = include_str!("../../docs/row-errors.md");

static CURES: LazyLock<HashMap<&str, [&str; 2]>> =
    LazyLock::new(|| rows(PAGE).map(|[code, cause, cure]| (code, [cause, cure])).collect());

/// The cure for a row error with this code, as an instruction; `None` if nobody has written one.
pub fn cure(code: &str) -> Option<&'static str> {
    CURES.get(code).map(|[_, cure]| *cure)
}

/// What a row error with this code means, without references to other pages; `None` if nobody has
/// written it down.
pub fn cause(code: &str) -> Option<&'static str> {
    let cause = CURES.get(code).map(|[cause, _]| *cause)?;
    Some(cause.split("; see [").next().unwrap_or(cause))
}

/// Code, cause and cure of each line of the page's tables.
fn rows(page: &str) -> impl Iterator<Item = [&str; 3]> {
    page.lines().filter_map(|line| {
        let mut cells = line.strip_prefix("| `")?.strip_suffix(" |")?.split(" | ");
        let code = cells.next()?.strip_suffix('`')?;
        Some([code, cells.next()?, cells.next()?])
    })
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
    fn every_line_of_the_page_is_read_and_no_code_stands_twice() {
        let lines = PAGE.lines().filter(|line| line.starts_with("| `")).count();
        assert!(lines > 40);
        assert_eq!(rows(PAGE).count(), lines);
        assert_eq!(CURES.len(), lines);
    }
}
