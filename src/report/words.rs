//! Numbers and spans of time as people write them.

use std::time::Duration;

use super::escape;
use crate::error::{Error, StopReason};
use crate::ledger::{Run, RunState};

/// `1234567` as `1,234,567`.
pub fn number(n: u64) -> String {
    let digits = n.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count and its noun: `1 row`, `2,000 rows`. The plural is the singular with an `s`.
pub fn count(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", number(n), if n == 1 { "" } else { "s" })
}

/// A span of time in its two largest units: `850 ms`, `41 s`, `2 min 5 s`, `3 h 20 min`, `3 d 11 h`.
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    let two = |large: u64, name: &str, small: u64, small_name: &str| {
        if small == 0 { format!("{large} {name}") } else { format!("{large} {name} {small} {small_name}") }
    };
    match seconds {
        0 => format!("{} ms", time.as_millis()),
        1..60 => format!("{seconds} s"),
        60..3600 => two(seconds / 60, "min", seconds % 60, "s"),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "min"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// Seconds from the Unix epoch as `2026-11-21 09:31 UTC`; empty where no calendar reaches.
pub fn moment(seconds: u64) -> String {
    written(seconds, "%Y-%m-%d %H:%M UTC")
}

fn written(seconds: u64, format: &str) -> String {
    i64::try_from(seconds)
        .ok()
        .and_then(|seconds| jiff::Timestamp::from_second(seconds).ok())
        .map(|moment| moment.strftime(format).to_string())
        .unwrap_or_default()
}

/// Seconds from the Unix epoch as a day: `21 November 2026`.
pub fn day(seconds: u64) -> String {
    written(seconds, "%-d %B %Y")
}

/// From here on people look at a calendar too.
const ANOTHER_DAY: Duration = Duration::from_secs(18 * 3600);

/// What the clock of this place shows when so long has passed from a moment on: `02:40`, and the day where that is
/// another.
pub fn clock_after(left: Duration, now: Duration) -> Option<String> {
    let at = jiff::Timestamp::from_second(i64::try_from((now + left).as_secs()).ok()?).ok()?;
    let format = if left < ANOTHER_DAY { "%H:%M" } else { "%a %d %b, %H:%M" };
    Some(at.to_zoned(jiff::tz::TimeZone::system()).strftime(format).to_string())
}

/// Seconds from the Unix epoch as a time of day, as exact as it takes in a range of so many seconds.
pub(super) fn clock_time(seconds: u64, range: u64) -> String {
    written(
        seconds,
        match range {
            0..1200 => "%H:%M:%S",
            1200..86_400 => "%H:%M",
            _ => "%-d %b %H:%M",
        },
    )
}

/// How a run stands. One that is recorded as running and that nobody works on was cut off.
pub const fn state_words(run: &Run, is_under_way: bool) -> &'static str {
    match run.state {
        RunState::Undone if run.pruned.is_some() => "put back, pruned",
        RunState::Finished if run.pruned.is_some() => "finished, pruned",
        RunState::Running | RunState::Stopped | RunState::Interrupted | RunState::Queued if is_under_way => "running",
        RunState::Cancelled if run.pruned.is_some() => "cancelled, pruned",
        RunState::Running => "cut off",
        RunState::PartlyUndone => "put back in part",
        RunState::Undone => "put back",
        RunState::Finished
        | RunState::Stopped
        | RunState::Interrupted
        | RunState::Queued
        | RunState::Cancelled
        | RunState::Failed
        | RunState::Joined => run.state.name(),
    }
}

/// What is left of a run that was pruned.
pub fn pruned_words(at: u64) -> String {
    format!("pruned on {}: its counts are kept; how each row ended, its calls and what it changed are not", moment(at))
}

/// That a signal ended a job.
pub fn interrupted() -> Error {
    Error::interrupted("interrupted by a signal").because(StopReason::Signal)
}

/// That somebody cancelled a run.
pub fn cancelled() -> Error {
    Error::interrupted("cancelled, as somebody asked with `rolo cancel`").because(StopReason::Cancelled)
}

/// Names that a talk lists before it only counts the rest.
const LISTED: usize = 40;

/// The names, safe for a terminal; of very many, the first ones and how many more there are.
pub fn listed(names: &[String]) -> String {
    let mut text = names.iter().take(LISTED).map(|name| escape(name)).collect::<Vec<_>>().join(", ");
    if names.len() > LISTED {
        text.push_str(&format!(" and {} more", number((names.len() - LISTED) as u64)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        for (n, words) in [(0, "0"), (999, "999"), (1000, "1,000"), (50_000, "50,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(n), words);
        }
        assert_eq!(count(1, "row"), "1 row");
        assert_eq!(count(2000, "call"), "2,000 calls");
    }

    #[test]
    fn time_is_told_in_its_two_largest_units() {
        for (milliseconds, words) in [
            (0, "0 ms"),
            (850, "850 ms"),
            (41_900, "41 s"),
            (125_000, "2 min 5 s"),
            (120_000, "2 min"),
            (12_000_000, "3 h 20 min"),
            (300_000_000, "3 d 11 h"),
        ] {
            assert_eq!(span(Duration::from_millis(milliseconds)), words);
        }
    }
}
