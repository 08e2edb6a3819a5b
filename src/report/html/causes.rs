use std::collections::{BTreeMap, BTreeSet};

use maud::{Markup, html};

use super::super::cures::cause as means;
use super::super::words::number;
use super::super::{cure, escape};
use super::parts::with_code;
use crate::contact::{Position, RowRecord};

/// Rows named under each cause; of more, the number is told.
const ROWS_NAMED: usize = 12;

/// Rows of which something was said, by its code.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Causes(BTreeMap<String, Cause>);

/// Rows of which the same was said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cause {
    pub rows: u64,
    /// Lines of the first few.
    pub lines: Vec<u64>,
}

impl Causes {
    /// Counts a row once under each of its codes.
    pub fn take(&mut self, position: &Position, record: &RowRecord) {
        let codes: BTreeSet<&str> = record.errors.iter().map(|error| &*error.code).collect();
        for code in codes {
            let cause = self.0.entry(code.to_owned()).or_default();
            cause.rows += 1;
            if cause.lines.len() < ROWS_NAMED {
                cause.lines.push(position.line);
            }
        }
    }

    /// Counts rows that have no line of their own.
    pub fn add(&mut self, code: &str, rows: u64) {
        if rows > 0 {
            self.0.entry(code.to_owned()).or_default().rows += rows;
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With their codes, the commonest first.
    pub fn commonest_first(&self) -> Vec<(&str, &Cause)> {
        let mut causes: Vec<_> = self.0.iter().map(|(code, cause)| (code.as_str(), cause)).collect();
        causes.sort_by(|(a, n), (b, m)| m.rows.cmp(&n.rows).then(a.cmp(b)));
        causes
    }
}

/// A table of causes: rows, what it is, what to do, and which rows. The run is named in commands.
pub fn causes_list(causes: &Causes, caption: &str, run: &str) -> Markup {
    html! {
        table {
            caption.unseen { (caption) }
            thead { tr { th.number scope="col" { "Rows" } th scope="col" { "What, what to do about it, and where" } } }
            tbody {
                @for (code, cause) in causes.commonest_first() {
                    tr {
                        td.number { (number(cause.rows)) }
                        td {
                            strong { code { (escape(code)) } }
                            @if let Some(means) = means(code) { " " (with_code(means)) }
                            @if let Some(cure) = cure(code) { p { "Cure: " (with_code(&cure.replace("RUN", run))) } }
                            @if !cause.lines.is_empty() { p.quiet { (where_it_is(cause)) } }
                        }
                    }
                }
            }
        }
    }
}

fn where_it_is(cause: &Cause) -> String {
    let lines: Vec<String> = cause.lines.iter().map(u64::to_string).collect();
    let noun = if lines.len() == 1 { "line" } else { "lines" };
    match cause.rows.saturating_sub(lines.len() as u64) {
        0 => format!("{noun} {}", lines.join(", ")),
        more => format!("{noun} {} and {} more", lines.join(", "), number(more)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Outcome, RowError};

    fn rejected(codes: &[&'static str]) -> RowRecord {
        let errors = codes.iter().map(|code| RowError::of_row(*code, "why")).collect();
        RowRecord::unsent(Outcome::Rejected, errors)
    }

    fn at(line: u64) -> Position {
        Position { index: line, line, sheet: 0 }
    }

    #[test]
    fn a_row_counts_once_under_each_of_its_codes_and_the_commonest_comes_first() {
        let mut causes = Causes::default();
        causes.take(&at(9), &rejected(&["email.syntax", "email.syntax", "phone.no_country"]));
        causes.take(&at(12), &rejected(&["phone.no_country"]));
        let told: Vec<_> =
            causes.commonest_first().into_iter().map(|(code, cause)| (code, cause.rows, &cause.lines[..])).collect();
        assert_eq!(told, [("phone.no_country", 2, &[9, 12][..]), ("email.syntax", 1, &[9])]);
    }

    #[test]
    fn many_rows_are_named_in_part_and_the_rest_counted() {
        let mut causes = Causes::default();
        causes.take(&at(7), &rejected(&["service.value"]));
        (1..=1200).for_each(|line| causes.take(&at(line), &rejected(&["email.syntax"])));
        let list = causes_list(&causes, "Causes", "20261121-0931-k3f").into_string();
        assert!(list.contains("lines 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 1,188 more"), "{list}");
        assert!(list.contains("then <code>rolo retry 20261121-0931-k3f</code>"), "{list}");
        assert!(list.contains("Cure: write it as <code>anna@example.com</code>"), "{list}");
    }
}
