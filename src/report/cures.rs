/// What to do about a row error, by its code: the first words of docs/row-errors.md.
///
/// A code that isn't listed takes the cure of its family (`service.` for `service.refused`).
const CURES: &[(&str, &str)] = &[
    ("phone.no_country", "say whose national numbers they are: `--region XX`, or a country code in the cell"),
    ("phone.not_a_number", "correct the cell, or map the column to another field: `rolo guess FILE`"),
    ("phone.invalid_for_country", "correct the number, or the country: `--region XX`"),
    ("phone.digits_lost", "format the column as text in the spreadsheet and enter the numbers again"),
    ("phone.", "correct the number; with a + and the country code it is always understood"),
    ("email.", "correct the address"),
    ("value.not_a_boolean", "write yes or no, or list other words in the mapping"),
    ("value.not_a_date", "write dates as 2026-01-31, or give their format in the mapping"),
    ("value.too_long", "shorten the value"),
    ("value.", "correct the value, or map the column to another field"),
    ("identifier.missing", "fill in a phone, an e-mail address or an id, and map its column"),
    ("identifier.", "correct the identifier"),
    ("duplicate.", "keep one of the rows, or merge them by hand"),
    ("row.too_few_cells", "fill up the row; a stray line break or quote often splits one"),
    ("row.too_many_cells", "quote cells that hold the delimiter, or give it: `--delimiter`"),
    ("row.", "correct the row"),
    ("text.", "say how the file is encoded: `--encoding windows-1252`"),
    ("service.", "read the service's own words in `_message`, mend the row, then retry"),
    ("network.", "nothing is wrong with the row: retry when the service can be reached"),
];

/// The cure for a row error with this code, as an instruction; `None` if nobody has written one.
pub fn cure(code: &str) -> Option<&'static str> {
    let exact = CURES.iter().find(|(name, _)| *name == code);
    let family = || CURES.iter().find(|(name, _)| name.ends_with('.') && code.starts_with(name));
    exact.or_else(family).map(|(_, cure)| *cure)
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
            assert!(cure(code).is_some(), "{code}");
        }
    }

    #[test]
    fn an_unlisted_code_takes_its_familys_cure_and_a_stranger_none() {
        assert_eq!(cure("email.local_part_too_long"), Some("correct the address"));
        assert_eq!(cure("emails"), None);
    }
}
