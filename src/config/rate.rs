use std::time::Duration;

use crate::contact::{Quota, Sourced};
use crate::error::{Error, Result};

/// Reads a rate: `200/1m`, `350/h`, `5/1s`, `10000/1d`.
pub fn parse_rate(text: &str) -> Result<Quota> {
    let wrong = || {
        Error::usage(format!("not a rate: {text}"))
            .hint("write calls and time, such as 200/1m; units are s, m, h and d")
    };
    let (calls, time) = text.split_once('/').ok_or_else(wrong)?;
    let calls: u32 = calls.trim().parse().map_err(|_| wrong())?;
    let time = time.trim();
    let unit = match time.chars().next_back() {
        Some('s') => 1,
        Some('m') => 60,
        Some('h') => 3600,
        Some('d') => 86_400,
        _ => return Err(wrong()),
    };
    let many = &time[..time.len() - 1];
    let many: u64 = if many.is_empty() { 1 } else { many.trim().parse().map_err(|_| wrong())? };
    let seconds = many.checked_mul(unit).filter(|&seconds| seconds > 0 && calls > 0).ok_or_else(wrong)?;
    Ok(Quota { calls, per: Duration::from_secs(seconds) })
}

/// A rate in words: `200 a minute`, `10 in 5 s`.
pub fn rate_words(quota: Quota) -> String {
    let per = match quota.per.as_secs() {
        1 => "a second".to_owned(),
        60 => "a minute".to_owned(),
        3600 => "an hour".to_owned(),
        86_400 => "a day".to_owned(),
        seconds => format!("in {seconds} s"),
    };
    format!("{} {per}", quota.calls)
}

/// Refuses a rate above what the service admits.
///
/// A limit that is only assumed may be exceeded by an account that knows better; one that the
/// vendor states may not.
pub fn rate_within(rate: Quota, limit: &Sourced<Quota>) -> Result<()> {
    let wanted = u128::from(rate.calls) * limit.value.per.as_millis();
    let admitted = u128::from(limit.value.calls) * rate.per.as_millis();
    if wanted <= admitted || limit.source.is_assumed() {
        return Ok(());
    }
    Err(Error::usage(format!(
        "the rate is above what the service admits: {} against {}",
        rate_words(rate),
        rate_words(limit.value)
    ))
    .hint("take the rate out to use the service's own limit, or lower it"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::Source;

    fn quota(calls: u32, seconds: u64) -> Quota {
        Quota { calls, per: Duration::from_secs(seconds) }
    }

    #[test]
    fn a_rate_is_calls_and_time() {
        assert_eq!(parse_rate("200/1m").unwrap(), quota(200, 60));
        assert_eq!(parse_rate("350/h").unwrap(), quota(350, 3600));
        assert_eq!(parse_rate(" 10 / 5s ").unwrap(), quota(10, 5));
        for wrong in ["", "200", "200/", "0/1m", "5/0s", "5/1w", "-1/1m", "1/99999999999999999999d", "1/ü"] {
            assert!(parse_rate(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rate_above_a_stated_limit_is_refused_whatever_its_unit() {
        let limit = Sourced::new(quota(200, 60), Source::Seed);
        assert!(rate_within(quota(200, 60), &limit).is_ok());
        assert!(rate_within(quota(3, 1), &limit).is_ok());
        assert!(rate_within(quota(12_001, 3600), &limit).is_err());
        let error = rate_within(quota(4, 1), &limit).unwrap_err();
        assert_eq!(error.message, "the rate is above what the service admits: 4 a second against 200 a minute");
    }

    #[test]
    fn an_assumed_limit_yields_to_the_account() {
        let limit = Sourced::new(quota(60, 60), Source::Assumed("nobody says"));
        assert!(rate_within(quota(300, 60), &limit).is_ok());
    }
}
