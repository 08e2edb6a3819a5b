use std::time::Duration;

use tokio::time::Instant;

use super::words::{clock_after, count, number, span};
use super::{Event, JobKind, escape};
use crate::clock::{self, Calendar};
use crate::contact::WaitReason;

/// From here on people look at a clock rather than at a span.
const WORTH_A_CLOCK: Duration = Duration::from_secs(30 * 60);

/// Pauses shorter than this are pacing, not news.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Shorter than this, a job says nothing about its speed.
const WORTH_MEASURING: Duration = Duration::from_secs(1);

/// When it will be done by the clock of this place, where that is of interest.
fn done_about(left: Duration, now: Duration) -> Option<String> {
    if left < WORTH_A_CLOCK { None } else { clock_after(left, now) }
}

/// How far a job is, for whoever shows it: beside a bar, in a log, on the page.
#[derive(Clone, Debug)]
pub struct Tally {
    pub kind: JobKind,
    /// `row`, or `contact` for an export.
    pub noun: &'static str,
    /// When the first call was answered or the first row done.
    began: Option<Instant>,
    pub total: Option<u64>,
    /// Rows that an earlier execution finished; they are told again, among the others.
    resumed: u64,
    told: u64,
    pub done: u64,
    pub calls: u64,
    needing_attention: u64,
    /// What is waited for, and how long.
    pub waiting: Option<(Duration, WaitReason)>,
    finished: bool,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            kind: JobKind::default(),
            noun: "row",
            began: None,
            total: None,
            resumed: 0,
            told: 0,
            done: 0,
            calls: 0,
            needing_attention: 0,
            waiting: None,
            finished: false,
        }
    }
}

impl Tally {
    pub fn take(&mut self, event: &Event) {
        // What is read before the first call or row says nothing about how fast they go.
        if matches!(event, Event::Row { .. } | Event::Exported { .. } | Event::Called { .. }) {
            self.began.get_or_insert_with(clock::now);
        }
        match event {
            Event::Started { kind, rows, resumed, .. } => {
                *self = Self {
                    kind: *kind,
                    noun: if *kind == JobKind::Export { "contact" } else { "row" },
                    total: *rows,
                    resumed: *resumed,
                    done: *resumed,
                    ..Self::default()
                };
            }
            Event::Row { record, .. } => {
                // Of rows that a run didn't come to, the results tell; they are not done.
                self.told += u64::from(record.errors.iter().all(|error| error.code != "run.stopped"));
                self.done = self.told.max(self.resumed);
                self.needing_attention += u64::from(record.outcome.needs_attention());
            }
            Event::Exported { contacts, total } => {
                self.done = *contacts;
                self.total = total.or(self.total);
            }
            Event::Called { .. } => {
                self.calls += 1;
                self.waiting = None;
            }
            Event::Waiting { time, reason } if *time >= WORTH_TELLING => {
                self.waiting = Some((*time, reason.clone()));
            }
            Event::Finished(_) => {
                self.finished = true;
                self.waiting = None;
            }
            Event::Waiting { .. } | Event::Note(_) | Event::Warning(_) | Event::Mapping(_) => {}
        }
    }

    /// The whole state in one line, for where nothing else says what it is about.
    pub fn line(&self, now: Instant, calendar: &Calendar) -> String {
        format!("{}: {}", self.kind, self.parts(now, calendar).join(", "))
    }

    /// As much of the state as there is room for: what matters most comes first, and nothing is cut in its midst but
    /// what stands alone.
    pub fn words_within(&self, room: usize, now: Instant, calendar: &Calendar) -> String {
        let parts = self.parts(now, calendar);
        let mut words = String::new();
        for part in parts {
            let more = if words.is_empty() { part } else { format!(", {part}") };
            if !words.is_empty() && words.chars().count() + more.chars().count() > room {
                break;
            }
            words.push_str(&more);
        }
        words
    }

    /// The whole state, what matters most first.
    fn parts(&self, now: Instant, calendar: &Calendar) -> Vec<String> {
        let mut parts = Vec::new();
        parts.push(match self.total {
            Some(total) => format!("{} of {}", number(self.done), count(total, self.noun)),
            None => count(self.done, self.noun),
        });
        if self.resumed > 0 && !self.finished {
            parts.push(format!("{} from before", number(self.resumed)));
        }
        if let Some(rate) = self.per_minute(now) {
            parts.push(format!("{} a minute", number(rate)));
        }
        parts.extend(self.left(now).map(|left| match done_about(left, calendar()) {
            Some(at) => format!("done about {at} (in {})", span(left)),
            None => format!("about {} left", span(left)),
        }));
        if self.needing_attention > 0 {
            parts.push(format!("{} to look at", number(self.needing_attention)));
        }
        if self.calls > 0 {
            parts.push(count(self.calls, "call"));
        }
        if let Some((time, reason)) = &self.waiting {
            parts.push(format!("waiting {}: {}", span(*time), escape(&reason.to_string())));
        }
        parts
    }

    /// Rows that this execution did, and how long that took, once that says something.
    fn pace(&self, now: Instant) -> Option<(u64, Duration)> {
        let elapsed = now.saturating_duration_since(self.began?);
        let fresh = self.done.saturating_sub(self.resumed);
        (!self.finished && fresh > 0 && elapsed >= WORTH_MEASURING).then_some((fresh, elapsed))
    }

    fn per_minute(&self, now: Instant) -> Option<u64> {
        let (fresh, elapsed) = self.pace(now)?;
        Some(fresh.saturating_mul(60_000) / u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX))
    }

    /// How long the rest takes, if it goes on as it did: a second at least.
    pub fn left(&self, now: Instant) -> Option<Duration> {
        let (fresh, elapsed) = self.pace(now)?;
        let rest = self.total?.checked_sub(self.done).filter(|rest| *rest > 0)?;
        let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        Some(Duration::from_secs((rest.saturating_mul(milliseconds) / fresh / 1000).max(1)))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::contact::{CallKind, Outcome, Position, RowError, RowRecord};

    const NOW: Duration = Duration::from_secs(1_795_000_000);

    fn calendar() -> Calendar {
        Arc::new(|| NOW)
    }

    fn throttled(message: &str) -> WaitReason {
        WaitReason::Throttled { message: message.into() }
    }

    fn started(rows: Option<u64>, resumed: u64) -> Event {
        Event::Started { kind: JobKind::Import, run: None, account: None, file: "a.csv".into(), rows, resumed }
    }

    fn row(outcome: Outcome) -> Event {
        Event::Row { position: Position::default(), record: RowRecord::unsent(outcome, vec![]) }
    }

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_told_by_the_clock_and_what_takes_a_night_by_the_calendar() {
        let mut tally = Tally::default();
        tally.take(&started(Some(3_000), 0));
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 1, verdict: "done" });
        (0..53).for_each(|_| tally.take(&row(Outcome::Updated)));
        let words = tally.parts(clock::now() + Duration::from_secs(60), &calendar()).join(", ");
        let (before, at) = words.split_once("done about ").unwrap();
        assert_eq!(before, "53 of 3,000 rows, 53 a minute, ");
        let (hour, rest) = at.split_once(':').unwrap();
        assert!(hour.len() == 2 && hour.chars().all(|c| c.is_ascii_digit()), "{words}");
        assert_eq!(&rest[2..], " (in 55 min 36 s), 1 call");
        assert_eq!(done_about(Duration::from_secs(60), NOW), None);
        assert!(done_about(Duration::from_secs(86_400), NOW).unwrap().contains(", "));
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_all_but_done_has_no_milliseconds_left() {
        let mut tally = Tally::default();
        tally.take(&started(Some(1_000), 0));
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 1, verdict: "done" });
        (0..999).for_each(|_| tally.take(&row(Outcome::Updated)));
        let at = clock::now() + Duration::from_secs(60);
        assert!(
            tally.parts(at, &calendar()).join(", ").contains("999 a minute, about 1 s left"),
            "{}",
            tally.parts(at, &calendar()).join(", ")
        );
        tally.take(&row(Outcome::Updated));
        assert!(
            !tally.parts(at, &calendar()).join(", ").contains("left"),
            "{}",
            tally.parts(at, &calendar()).join(", ")
        );
    }

    #[test]
    fn rows_that_a_run_did_not_come_to_are_not_done() {
        let mut tally = Tally::default();
        tally.take(&started(Some(3), 0));
        tally.take(&row(Outcome::Created));
        let record = RowRecord::unsent(Outcome::Skipped, vec![RowError::of_row("run.stopped", "stopped")]);
        tally.take(&Event::Row { position: Position::default(), record });
        let line = tally.line(clock::now(), &calendar());
        assert!(line.contains("1 of 3 rows"), "{line}");
    }

    #[tokio::test(start_paused = true)]
    async fn a_resumed_run_does_not_count_old_rows_into_its_speed() {
        let mut tally = Tally::default();
        tally.take(&started(Some(1000), 900));
        // Before the first call the file is read, which says nothing about the speed of calls.
        tokio::time::advance(Duration::from_secs(600)).await;
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 1, verdict: "done" });
        tokio::time::advance(Duration::from_secs(60)).await;
        (0..950).for_each(|_| tally.take(&row(Outcome::Updated)));
        assert_eq!(
            tally.line(clock::now(), &calendar()),
            "import: 950 of 1,000 rows, 900 from before, 50 a minute, about 1 min left, 1 call"
        );
    }

    #[test]
    fn a_resumed_run_ends_at_the_number_of_its_rows() {
        let mut tally = Tally::default();
        tally.take(&started(Some(40), 6));
        assert_eq!(tally.done, 6);
        (0..40).for_each(|_| tally.take(&row(Outcome::Created)));
        assert_eq!(tally.done, 40);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_is_told_until_the_next_answer_and_cannot_drive_the_terminal() {
        let mut tally = Tally::default();
        tally.take(&started(None, 0));
        tally.take(&Event::Waiting { time: Duration::from_millis(300), reason: throttled("pacing") });
        assert!(tally.waiting.is_none());
        tally.take(&Event::Waiting { time: Duration::from_secs(58), reason: throttled("too many\u{1b}[2J requests") });
        assert_eq!(
            tally.parts(clock::now(), &calendar()).join(", "),
            "0 rows, waiting 58 s: too many<U+001B>[2J requests"
        );
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 2, verdict: "done" });
        assert_eq!(tally.parts(clock::now(), &calendar()).join(", "), "0 rows, 1 call");
    }

    #[tokio::test(start_paused = true)]
    async fn where_there_is_no_room_the_last_parts_are_left_out_whole() {
        let mut tally = Tally::default();
        tally.take(&started(Some(3_000), 0));
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 1, verdict: "done" });
        (0..53).for_each(|_| tally.take(&row(Outcome::Updated)));
        let words = |room| tally.words_within(room, clock::now() + Duration::from_secs(60), &calendar());
        assert_eq!(words(10), "53 of 3,000 rows");
        assert_eq!(words(38), "53 of 3,000 rows, 53 a minute");
        for room in 16..200 {
            let parts = tally.parts(clock::now() + Duration::from_secs(60), &calendar()).join(", ");
            assert!(words(room).len() <= room && parts.starts_with(&words(room)), "{room}: {}", words(room));
            let rest = &parts[words(room).len()..];
            assert!(rest.is_empty() || rest.starts_with(", "), "{room}: {}", words(room));
        }
    }
}
