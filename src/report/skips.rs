use std::collections::BTreeMap;

use super::words::number;
use crate::contact::{Outcome, RowRecord};

/// Rows that were skipped, counted by the reason, so that each can be named as what it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skips(BTreeMap<&'static str, u64>);

/// What is said of a skipped row under each code that can be its reason.
const REASONS: [(&str, &str); 18] = [
    ("row.repeated_header", "the header repeated"),
    ("row.second_header", "a second header"),
    ("row.total", "a row of totals"),
    ("row.footer", "a line below the table"),
    ("edit.row_left_out", "left out by an edit"),
    ("row.not_selected", "left out by where or --only"),
    ("duplicate.left_out", "left out for another row of the same contact"),
    ("duplicate.merged", "carried by another row of the same contact"),
    ("contact.exists", "there already, and the mapping only creates"),
    ("contact.not_found", "not there, and the mapping only updates"),
    ("plan.changed", "not as the plan shows it"),
    ("plan.shared", "one contact with an earlier row of the plan"),
    ("run.stopped", "not reached"),
    ("undo.no_way", "left as it is: the service has no way back"),
    ("undo.gone", "no longer there"),
    ("undo.no_delete", "left as it is: the service can't delete"),
    ("undo.not_known", "left as it is: nobody knows what was there before"),
    ("undo.changed_since", "left as it is: changed since"),
];

/// Whether a row with this code is passed over for it.
pub fn is_reason(code: &str) -> bool {
    REASONS.iter().any(|(known, _)| *known == code)
}

impl Skips {
    /// Counts a row if it was skipped.
    pub fn take(&mut self, record: &RowRecord) {
        if record.outcome != Outcome::Skipped {
            return;
        }
        let reason = record.errors.iter().find_map(|error| REASONS.iter().find(|(code, _)| *code == error.code));
        *self.0.entry(reason.map_or("", |(code, _)| code)).or_default() += 1;
    }

    /// How many were left out by a condition.
    pub fn not_chosen(&self) -> u64 {
        self.0.get("row.not_selected").copied().unwrap_or_default()
    }

    /// The reasons in words, with their numbers where there are several. `without` is said of rows that
    /// nothing is told of.
    pub fn words(&self, without: &'static str) -> String {
        let said = |code: &str| match code {
            "" => without,
            _ => REASONS.iter().find(|(known, _)| *known == code).map_or("", |(_, words)| words),
        };
        match self.0.iter().next() {
            None => without.to_owned(),
            Some((code, _)) if self.0.len() == 1 => said(code).to_owned(),
            _ => {
                let mut reasons: Vec<_> = self.0.iter().collect();
                reasons.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
                let reasons = reasons.into_iter().map(|(code, n)| format!("{} {}", number(*n), said(code)));
                reasons.collect::<Vec<_>>().join(" · ")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::RowError;

    fn skips(codes: &[&'static str]) -> Skips {
        let mut skips = Skips::default();
        for code in codes {
            let errors = if code.is_empty() { vec![] } else { vec![RowError::of_row(*code, "why")] };
            skips.take(&RowRecord::unsent(Outcome::Skipped, errors));
        }
        skips
    }

    #[test]
    fn the_word_for_a_skipped_row_fits_its_reason() {
        assert_eq!(skips(&["row.footer", "row.footer"]).words(""), "a line below the table");
        assert_eq!(skips(&[""]).words("nothing asked for"), "nothing asked for");
        assert_eq!(
            skips(&["row.footer", "", "phone.label_left_out"]).words("in order"),
            "2 in order · 1 a line below the table"
        );
        let mut rejected = Skips::default();
        rejected.take(&RowRecord::unsent(Outcome::Rejected, vec![RowError::of_row("row.footer", "why")]));
        assert_eq!(rejected, Skips::default());
    }

    #[test]
    fn each_reason_is_a_code_that_the_page_explains() {
        for (code, words) in REASONS {
            assert!(!words.is_empty() && super::super::cure(code).is_some(), "{code}");
        }
    }
}
