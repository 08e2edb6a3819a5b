use std::time::Duration;

use jiff::{SignedDuration, Span, SpanRelativeTo};

use crate::error::{Error, Result};

/// A length of time as people write it: `7d`, `12h`, `90m`. A day has 24 hours.
///
/// # Errors
/// Of kind `Usage`, in words: it is no length of time, or is negative.
pub fn parse_span(text: &str) -> Result<Duration> {
    let wrong = || Error::usage(format!("it is not a length of time such as 7d or 12h: {text}"));
    let span: Span = text.parse().map_err(|_| wrong())?;
    let length: SignedDuration = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong())?;
    Duration::try_from(length).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_a_number_and_a_unit() {
        assert_eq!(parse_span("7d").unwrap(), Duration::from_secs(7 * 86_400));
        assert_eq!(parse_span("12h").unwrap(), Duration::from_secs(12 * 3600));
        assert_eq!(parse_span("0s").unwrap(), Duration::ZERO);
        for wrong in ["", "7", "-1d", "soon", "1 month"] {
            assert!(parse_span(wrong).is_err(), "{wrong}");
        }
    }
}
