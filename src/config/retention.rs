use std::time::Duration;

use toml::de::DeValue;

use super::document::Section;
use super::span::parse_span;
use crate::error::{Error, Result};

/// How long a run that changed something can be put back, unless it is said otherwise.
const KEEP_UNDO: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Of which runs the rows are kept: their outcomes, their calls, and what an undo puts back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeepRuns {
    /// Of so many runs of each account, the latest.
    Latest(u64),
    /// Of those that ended within so long.
    Within(Duration),
}

impl KeepRuns {
    /// A number of runs, or a length of time.
    ///
    /// # Errors
    /// Of kind `Usage`, in words: it is neither, or keeps nothing.
    pub fn parse(text: &str) -> Result<Self> {
        let none = || Error::usage("the rows of the latest run are kept at least");
        if let Ok(runs) = text.parse() {
            return if runs == 0 { Err(none()) } else { Ok(Self::Latest(runs)) };
        }
        let wrong =
            |_| Error::usage(format!("it is neither a number of runs nor a length of time such as 90d: {text}"));
        parse_span(text).map(Self::Within).map_err(wrong)
    }
}

/// What is kept of the runs of an account.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// `None`: the rows of every run.
    pub keep_runs: Option<KeepRuns>,
    /// For how long a run that changed something can be put back, whatever `keep_runs` says.
    keep_undo: Option<Duration>,
}

impl Retention {
    /// Both as they are given; `None` is not said.
    pub fn new(keep_runs: Option<KeepRuns>, keep_undo: Option<Duration>) -> Self {
        Self { keep_runs, keep_undo }
    }

    /// `keep_runs` and `keep_undo` of a section.
    pub(super) fn read(section: &Section<'_, '_>) -> Result<Self> {
        let text = match section.get("keep_runs").map(|value| (value, value.get_ref())) {
            None => None,
            Some((_, DeValue::Integer(number))) => Some(number.to_string()),
            Some((_, DeValue::String(text))) => Some(text.to_string()),
            Some((value, _)) => {
                return Err(section.not_a("keep_runs", value, "a number of runs, or a length of time in quotes"));
            }
        };
        let keep_runs = text.map(|text| KeepRuns::parse(&text).map_err(|error| section.wrong("keep_runs", error)));
        let keep_undo = section
            .text("keep_undo")?
            .map(|(text, _)| parse_span(&text).map_err(|error| section.wrong("keep_undo", error)));
        Ok(Self { keep_runs: keep_runs.transpose()?, keep_undo: keep_undo.transpose()? })
    }

    /// What this says, and what `other` says where it says nothing.
    pub fn or(self, other: Self) -> Self {
        Self { keep_runs: self.keep_runs.or(other.keep_runs), keep_undo: self.keep_undo.or(other.keep_undo) }
    }

    /// For how long a run that changed something can be put back, whatever `keep_runs` says.
    pub fn keep_undo(&self) -> Duration {
        self.keep_undo.unwrap_or(KEEP_UNDO)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_kept_by_number_or_by_age() {
        assert_eq!(KeepRuns::parse("30").unwrap(), KeepRuns::Latest(30));
        assert_eq!(KeepRuns::parse("90d").unwrap(), KeepRuns::Within(Duration::from_secs(90 * 86_400)));
        for wrong in ["", "0", "-1", "all", "90 weeks and a half"] {
            assert!(KeepRuns::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_an_account_does_not_say_is_said_for_all() {
        let (two, day) = (Some(KeepRuns::Latest(2)), Some(Duration::from_secs(86_400)));
        let both = Retention::new(two, None).or(Retention::new(Some(KeepRuns::Latest(9)), day));
        assert_eq!((both.keep_runs, both.keep_undo()), (two, Duration::from_secs(86_400)));
        assert_eq!(Retention::default().keep_undo(), Duration::from_secs(30 * 86_400));
    }
}
