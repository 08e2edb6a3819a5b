use std::fmt;

use toml::de::DeValue;

use super::document::Section;
use crate::error::{Error, Result};

/// How much is too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Threshold {
    /// Rows.
    Count(u64),
    /// Thousandths of the rows so far: `5%` is 50.
    Share(u32),
}

impl Threshold {
    /// Reads `20` or `5%` or `0.5%`.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = || Error::usage(format!("not a threshold: {text}")).hint("write a share, such as 5%, or a count");
        let Some(share) = text.trim().strip_suffix('%') else {
            return text.trim().parse().ok().filter(|&n| n > 0).map(Self::Count).ok_or_else(wrong);
        };
        let (whole, tenth) = share.trim().split_once('.').unwrap_or((share.trim(), "0"));
        let whole: u32 = whole.parse().map_err(|_| wrong())?;
        if tenth.len() != 1 {
            return Err(wrong());
        }
        let tenth: u32 = tenth.parse().map_err(|_| wrong())?;
        let share = whole.checked_mul(10).and_then(|whole| whole.checked_add(tenth)).ok_or_else(wrong)?;
        if (1..=1000).contains(&share) { Ok(Self::Share(share)) } else { Err(wrong()) }
    }

    /// Whether `bad` of `rows` is at or above it.
    pub fn reached(self, bad: u64, rows: u64) -> bool {
        match self {
            Self::Count(count) => bad >= count,
            Self::Share(share) => bad > 0 && u128::from(bad) * 1000 >= u128::from(rows) * u128::from(share),
        }
    }
}

impl fmt::Display for Threshold {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Count(count) => write!(f, "{count}"),
            Self::Share(share) if share % 10 == 0 => write!(f, "{}%", share / 10),
            Self::Share(share) => write!(f, "{}.{}%", share / 10, share % 10),
        }
    }
}

/// `"80%"` or `40000`, as text.
pub(super) fn share_or_count(section: &Section<'_, '_>, key: &'static str) -> Result<Option<String>> {
    let Some(value) = section.get(key) else { return Ok(None) };
    match value.get_ref() {
        DeValue::String(text) => Ok(Some(text.to_string())),
        DeValue::Integer(number) => Ok(Some(number.to_string())),
        _ => Err(section.not_a(key, value, "a share in quotes or a count")),
    }
}

/// When a run stops by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StopWhen {
    /// Failed rows.
    pub failed: Option<Threshold>,
    /// Rejected rows.
    pub rejected: Option<Threshold>,
    /// Rows in succession that failed for the same reason.
    pub same_reason: Option<u64>,
}

impl StopWhen {
    /// The names of its parts, as written in the file and behind `--stop-when`.
    pub const NAMES: [&'static str; 3] = ["failed", "rejected", "same_reason"];

    /// Sets one part: `failed` to `5%`.
    pub fn set(&mut self, name: &str, value: &str) -> Result<()> {
        match name {
            "failed" => self.failed = Some(Threshold::parse(value)?),
            "rejected" => self.rejected = Some(Threshold::parse(value)?),
            "same_reason" => match Threshold::parse(value)? {
                Threshold::Count(count) => self.same_reason = Some(count),
                Threshold::Share(_) => {
                    return Err(Error::usage(format!("same_reason is a count of rows, not a share: {value}")));
                }
            },
            other => {
                return Err(Error::usage(format!("a run can't be stopped by: {other}"))
                    .hint(format!("it can be by {}", Self::NAMES.join(", "))));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_threshold_is_a_count_or_a_share() {
        assert_eq!(Threshold::parse("20").unwrap(), Threshold::Count(20));
        assert_eq!(Threshold::parse("5%").unwrap(), Threshold::Share(50));
        assert_eq!(Threshold::parse("0.5 %").unwrap().to_string(), "0.5%");
        for wrong in ["", "0", "0%", "101%", "-1", "5.55%", "%", "a%", "5.%"] {
            assert!(Threshold::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_share_is_reached_at_its_value_and_never_by_nothing() {
        let five = Threshold::Share(50);
        assert!(five.reached(5, 100));
        assert!(!five.reached(4, 100));
        assert!(!five.reached(0, 0));
        assert!(Threshold::Count(3).reached(3, 1_000_000));
    }
}
