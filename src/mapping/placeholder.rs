/// Whether a cell, without white space at its ends, holds only what people and programs write for
/// "nothing": `null`, `N/A`, `-` and the like. Words that are also names or codes (`NA` is Namibia,
/// `Nil` and `None` are names) are not among them.
#[inline]
pub fn is_placeholder(cell: &str) -> bool {
    let first = cell.as_bytes().first().copied().unwrap_or_default();
    let may_be = matches!(first, b'-' | b'_' | b'(' | b'<' | b'[' | b'\\')
        || matches!(first.to_ascii_lowercase(), b'n' | b'u' | b's' | b'b' | b'k')
        || !first.is_ascii();
    // Nearly every cell begins otherwise or is longer.
    cell.len() <= 12 && may_be && is_one(cell, first)
}

fn is_one(cell: &str, first: u8) -> bool {
    let dashes = || cell.chars().all(|character| matches!(character, '-' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}'));
    // As Germans shorten "keine Angabe"; in capitals they may be somebody's letters.
    let unstated = matches!(cell, "k.A." | "k. A.");
    if !first.is_ascii() {
        return dashes();
    }
    dashes()
        || unstated
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
                | "n/c"
                | "n/d"
                | "s/d"
                | "s/o"
                | "b/d"
                | "n.v.t."
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
        for cell in
            ["null", "NULL", "N/A", "n/a", "-", "--", "—", "\\N", "NaN", "(null)", "undefined", "N/C", "s/d", "k.A."]
        {
            assert!(is_placeholder(cell), "{cell}");
        }
        for cell in ["", "NA", "Nil", "None", "0", "no", "x", "#N/A", "K.A.", "S.D.", "s/n", "Null Island", "-1", "n"] {
            assert!(!is_placeholder(cell), "{cell}");
        }
    }
}
