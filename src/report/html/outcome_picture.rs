use maud::{Markup, html};

use super::super::Skips;
use super::super::closing::meaning;
use super::super::words::{count, number};
use super::parts::{percent, swatch};
use crate::contact::{Counts, Outcome};

/// What became of the rows of a run, those that it did not come to included.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunOutcomes {
    /// Rows that have ended.
    pub ended: Counts,
    /// Rows that the run did not come to; `None` where nobody has counted them.
    pub not_reached: Option<u64>,
    /// Why rows were skipped.
    pub skips: Skips,
    /// The rows are contacts that were put back.
    pub is_undo: bool,
}

impl RunOutcomes {
    /// All rows that are known of.
    pub fn rows(&self) -> u64 {
        self.ended.total() + self.not_reached.unwrap_or_default()
    }

    /// What the picture shows.
    pub const fn title(&self) -> &'static str {
        if self.is_undo { "Contacts by outcome" } else { "Rows by outcome" }
    }

    const fn noun(&self) -> &'static str {
        if self.is_undo { "contact" } else { "row" }
    }

    /// Name, rows and meaning of each part of the picture, in its order.
    fn parts(&self) -> Vec<(&'static str, u64, String)> {
        let ended = self.ended.iter().map(|(outcome, rows)| (outcome.name(), rows, self.meaning(outcome)));
        let left = ("not_reached", self.not_reached.unwrap_or_default(), "the run ended before them".to_owned());
        ended.chain([left]).filter(|(_, rows, _)| *rows > 0).collect()
    }

    fn meaning(&self, outcome: Outcome) -> String {
        match outcome {
            Outcome::Skipped => self.skips.words("nothing asked for"),
            Outcome::Updated if self.is_undo => "put back, or deleted where the run had created them".to_owned(),
            other => meaning(other).to_owned(),
        }
    }
}

/// One bar of all rows, parted by outcome, and the table that it is a picture of.
pub fn outcome_picture(outcomes: &RunOutcomes) -> Markup {
    let (all, parts) = (outcomes.rows(), outcomes.parts());
    let words: Vec<String> = parts.iter().map(|(name, rows, _)| format!("{} {}", number(*rows), said(name))).collect();
    html! {
        svg.outcomes role="img" aria-labelledby="outcomes-title outcomes-desc" width="100%" height="28" {
            title #outcomes-title { (outcomes.title()) }
            desc #outcomes-desc { (count(all, outcomes.noun())) ": " (words.join(", ")) }
            @for (name, rows, x, width) in placed(&parts) {
                rect class=(name) x=(percent(x)) y="1" width=(percent(width)) height="26" {
                    title { (number(rows)) " " (said(name)) }
                }
            }
        }
        table {
            caption.unseen { (outcomes.title()) }
            thead { tr { th scope="col" { "Outcome" } th.number scope="col" { @if outcomes.is_undo { "Contacts" } @else { "Rows" } } th scope="col" { "What it means" } } }
            tbody {
                @for (name, rows, meaning) in &parts {
                    tr {
                        th.name scope="row" { (swatch(name)) (said(name)) }
                        td.number { (number(*rows)) }
                        td { (meaning) }
                    }
                }
            }
            tfoot { tr { th scope="row" { (outcomes.noun()) "s" } td.number { (number(all)) } td { (sum(outcomes)) } } }
        }
    }
}

fn said(name: &str) -> String {
    name.replace('_', " ")
}

fn sum(outcomes: &RunOutcomes) -> &'static str {
    match outcomes.not_reached {
        None => "so far: how many are left, nobody has counted",
        Some(_) if outcomes.is_undo => "that the run had created or changed",
        Some(_) => "read",
    }
}

/// The least share of the bar that is seen, in percent.
const SEEN: f64 = 0.8;

/// Where each part begins and how long it is, in percent: as its rows are, but never so short that it is not seen.
fn placed(parts: &[(&'static str, u64, String)]) -> Vec<(&'static str, u64, f64, f64)> {
    #[expect(clippy::cast_precision_loss, reason = "a picture needs no more than 52 bits")]
    let sizes: Vec<f64> = parts.iter().map(|(_, rows, _)| *rows as f64).collect();
    let all: f64 = sizes.iter().sum();
    let shares: Vec<f64> = sizes.iter().map(|size| (size / all * 100.0).max(SEEN)).collect();
    let stretched: f64 = shares.iter().sum::<f64>() / 100.0;
    let mut x = 0.0;
    let mut placed = Vec::new();
    for ((name, rows, _), share) in parts.iter().zip(shares) {
        let width = share / stretched;
        placed.push((*name, *rows, x, width));
        x += width;
    }
    placed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcomes(of: &[(Outcome, u64)], not_reached: Option<u64>) -> RunOutcomes {
        let mut ended = Counts::default();
        for (outcome, rows) in of {
            ended[*outcome] = *rows;
        }
        RunOutcomes { ended, not_reached, ..RunOutcomes::default() }
    }

    #[test]
    fn rows_that_were_not_reached_are_part_of_the_picture() {
        let page = outcome_picture(&outcomes(&[(Outcome::Created, 30)], Some(10))).into_string();
        assert!(page.contains("40 rows: 30 created, 10 not reached"), "{page}");
        assert!(page.contains(r#"<rect class="not_reached" x="75.00%" y="1" width="25.00%""#), "{page}");
        assert!(page.contains("<td>the run ended before them</td>"), "{page}");
        let unknown = outcome_picture(&outcomes(&[(Outcome::Created, 30)], None)).into_string();
        assert!(unknown.contains("so far: how many are left, nobody has counted"), "{unknown}");
    }

    #[test]
    fn a_lone_row_among_a_million_is_seen_and_the_bar_is_as_long_as_ever() {
        let parts = outcomes(&[(Outcome::Created, 999_999), (Outcome::Failed, 1)], Some(0)).parts();
        let placed = placed(&parts);
        assert!(placed[1].3 > 0.7, "{placed:?}");
        assert!((placed[1].2 + placed[1].3 - 100.0).abs() < 1e-9, "{placed:?}");
    }
}
