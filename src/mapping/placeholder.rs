/// Whether a cell, without white space at its ends, holds only what people and programs write for
/// "nothing": `null`, `N/A`, `-` and the like. Words that are also names or codes (`NA` is Namibia,
/// `Nil` and `None` are names) are not among them.
pub fn is_placeholder(cell: &str) -> bool {
    let first = cell.as_bytes().first().copied().unwrap_or_default();
    let may_be =
        matches!(first, b'-' | b'_' | b'n' | b'N' | b'u' | b'U' | b'(' | b'<' | b'[' | b'\\') || !first.is_ascii();
    if cell.len() > 12 || !may_be {
        return false;
    }
    let dashes = cell.chars().all(|character| matches!(character, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}'));
    dashes
        || matches!(
            cell.to_ascii_lowercase().as_str(),
            "null"
                | "(null)"
                | "<null>"
                | "[null]"
                | "\\n"
                | "n/a"
                | "n.a."
                | "n.a"
                | "n / a"
                | "nan"
                | "undefined"
                | "(blank)"
                | "(empty)"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_nothing_are_known_and_names_are_not_among_them() {
        for cell in ["null", "NULL", "N/A", "n/a", "-", "--", "—", "\\N", "NaN", "(null)", "undefined"] {
            assert!(is_placeholder(cell), "{cell}");
        }
        for cell in ["", "NA", "Nil", "None", "0", "no", "x", "#N/A", "Null Island", "-1", "n"] {
            assert!(!is_placeholder(cell), "{cell}");
        }
    }
}
