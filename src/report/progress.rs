use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::words::{clock_after, count, number, span};
use super::{Event, JobKind, Reporter, escape};
use crate::clock::{self, Calendar};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// How often the words beside a bar are made anew, but for news.
const WORDS_EVERY: Duration = Duration::from_millis(100);

/// From here on people look at a clock rather than at a span.
const WORTH_A_CLOCK: Duration = Duration::from_secs(30 * 60);

/// Pauses shorter than this are pacing, not news.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Shows how a run gets on: a bar on a terminal, plain lines elsewhere.
pub struct Progress {
    tally: Tally,
    view: View,
    /// By which it is said when a run will be done.
    calendar: Calendar,
}

enum View {
    Bar { bar: ProgressBar, next: Instant },
    Lines { out: Box<dyn Write + Send>, next: Instant },
}

impl Progress {
    /// A bar with rate, time left, calls used and rows that need attention.
    pub fn bar(target: ProgressDrawTarget, calendar: Calendar) -> Self {
        let view = View::Bar { bar: ProgressBar::with_draw_target(None, target), next: clock::now() };
        Self { tally: Tally::default(), view, calendar }
    }

    /// One line at the start, one every 30 seconds, one at the end. A line that can't be written
    /// is dropped.
    pub fn lines(out: Box<dyn Write + Send>, calendar: Calendar) -> Self {
        let view = View::Lines { out, next: clock::now() + LINE_EVERY };
        Self { tally: Tally::default(), view, calendar }
    }
}

impl Reporter for Progress {
    fn event(&mut self, event: &Event) {
        self.tally.take(event);
        match &mut self.view {
            View::Bar { bar, next } => {
                show_on_bar(bar, &self.tally, event);
                let now = clock::now();
                if is_news(event) || now >= *next {
                    *next = now + WORDS_EVERY;
                    bar.set_message(self.tally.words(now, &self.calendar));
                }
            }
            View::Lines { out, next } => {
                let now = clock::now();
                let line = match event {
                    // Before a row was read there is nothing to count: a file that is large takes a while.
                    Event::Started { rows: None, resumed: 0, file, .. } if self.tally.noun == "row" => {
                        Some(format!("{}: reading {}", self.tally.kind, escape(file)))
                    }
                    Event::Started { .. } | Event::Finished(_) => Some(self.tally.line(now, &self.calendar)),
                    Event::Note(note) => Some(escape(&note.to_string()).into_owned()),
                    Event::Warning(warning) => Some(escape(&warning.to_string()).into_owned()),
                    Event::Mapping(table) => Some(table.words()),
                    _ if now >= *next => Some(self.tally.line(now, &self.calendar)),
                    _ => None,
                };
                if let Some(line) = line {
                    *next = now + LINE_EVERY;
                    drop(writeln!(out, "{line}").and_then(|()| out.flush()));
                }
            }
        }
    }
}

fn show_on_bar(bar: &ProgressBar, tally: &Tally, event: &Event) {
    match event {
        Event::Started { rows, resumed, .. } => {
            bar.set_style(style(rows.is_some()));
            if let Some(rows) = rows {
                bar.set_length(*rows);
            }
            bar.set_position(*resumed);
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Event::Exported { total: Some(total), .. } if bar.length() != Some(*total) => {
            bar.set_style(style(true));
            bar.set_length(*total);
            bar.set_position(tally.done);
        }
        Event::Note(note) => bar.println(escape(&note.to_string())),
        Event::Warning(warning) => bar.println(escape(&warning.to_string())),
        Event::Mapping(table) => bar.println(table.words()),
        Event::Finished(_) => bar.finish_and_clear(),
        _ => bar.set_position(tally.done),
    }
}

/// Events that change what is said and not only how much.
const fn is_news(event: &Event) -> bool {
    matches!(event, Event::Started { .. } | Event::Waiting { .. } | Event::Finished(_))
}

fn style(known_length: bool) -> ProgressStyle {
    let style = ProgressStyle::with_template(template(known_length));
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// The words are cut where the terminal ends, however wide it is at that moment.
const fn template(known_length: bool) -> &'static str {
    if known_length { "{bar:16} {wide_msg}" } else { "{spinner} {wide_msg}" }
}

/// When it will be done by the clock of this place, where that is of interest.
fn done_about(left: Duration, now: Duration) -> Option<String> {
    if left < WORTH_A_CLOCK { None } else { clock_after(left, now) }
}

/// What has been seen of a run so far.
struct Tally {
    kind: JobKind,
    /// `row`, or `contact` for an export.
    noun: &'static str,
    /// When the first call was answered or the first row done.
    began: Option<Instant>,
    total: Option<u64>,
    /// Rows that an earlier execution finished; they are told again, among the others.
    resumed: u64,
    told: u64,
    done: u64,
    calls: u64,
    needing_attention: u64,
    waiting: Option<String>,
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
    fn take(&mut self, event: &Event) {
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
                self.waiting = Some(format!("waiting {}: {}", span(*time), escape(&reason.to_string())));
            }
            Event::Finished(_) => {
                self.finished = true;
                self.waiting = None;
            }
            Event::Waiting { .. } | Event::Note(_) | Event::Warning(_) | Event::Mapping(_) => {}
        }
    }

    /// The whole state in one line, for where nothing else says what it is about.
    fn line(&self, now: Instant, calendar: &Calendar) -> String {
        format!("{}: {}", self.kind, self.words(now, calendar))
    }

    /// The whole state: what matters most comes first, since a narrow terminal shows no more.
    fn words(&self, now: Instant, calendar: &Calendar) -> String {
        let mut parts = Vec::new();
        parts.push(match self.total {
            Some(total) => format!("{} of {}", number(self.done), count(total, self.noun)),
            None => count(self.done, self.noun),
        });
        if self.resumed > 0 && !self.finished {
            parts.push(format!("{} from before", number(self.resumed)));
        }
        parts.extend(self.speed(now, calendar));
        if self.needing_attention > 0 {
            parts.push(format!("{} to look at", number(self.needing_attention)));
        }
        if self.calls > 0 {
            parts.push(count(self.calls, "call"));
        }
        parts.extend(self.waiting.clone());
        parts.join(", ")
    }

    /// How fast it goes, how long that will take and when it will be done.
    fn speed(&self, now: Instant, calendar: &Calendar) -> Vec<String> {
        let mut parts = Vec::new();
        let elapsed = self.began.map_or(Duration::ZERO, |began| now.duration_since(began));
        let fresh = self.done.saturating_sub(self.resumed);
        if !self.finished && fresh > 0 && elapsed >= Duration::from_secs(1) {
            let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            parts.push(format!("{} a minute", number(fresh.saturating_mul(60_000) / milliseconds)));
            if let Some(total) = self.total.filter(|total| *total > self.done) {
                let left = total.saturating_sub(self.done).saturating_mul(milliseconds) / fresh;
                let left = Duration::from_secs((left / 1000).max(1));
                parts.push(match done_about(left, calendar()) {
                    Some(at) => format!("done about {at} (in {})", span(left)),
                    None => format!("about {} left", span(left)),
                });
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::contact::{CallKind, Outcome, Position, RowError, RowRecord, WaitReason};

    #[tokio::test(start_paused = true)]
    async fn what_takes_long_is_told_by_the_clock_and_what_takes_a_night_by_the_calendar() {
        let mut tally = Tally::default();
        tally.take(&started(Some(3_000), 0));
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 1, verdict: "done" });
        (0..53).for_each(|_| tally.take(&row(Outcome::Updated)));
        let words = tally.words(clock::now() + Duration::from_secs(60), &calendar());
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
            tally.words(at, &calendar()).contains("999 a minute, about 1 s left"),
            "{}",
            tally.words(at, &calendar())
        );
        tally.take(&row(Outcome::Updated));
        assert!(!tally.words(at, &calendar()).contains("left"), "{}", tally.words(at, &calendar()));
    }

    const NOW: Duration = Duration::from_secs(1_795_000_000);

    fn calendar() -> Calendar {
        Arc::new(|| NOW)
    }

    fn throttled(message: &str) -> WaitReason {
        WaitReason::Throttled { message: message.into() }
    }

    #[derive(Clone, Default)]
    struct Shared(Arc<Mutex<Vec<u8>>>);

    impl Write for Shared {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    fn started(rows: Option<u64>, resumed: u64) -> Event {
        Event::Started { kind: JobKind::Import, run: None, account: None, file: "a.csv".into(), rows, resumed }
    }

    fn row(outcome: Outcome) -> Event {
        Event::Row { position: Position::default(), record: RowRecord::unsent(outcome, vec![]) }
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
    async fn without_a_terminal_a_line_comes_every_thirty_seconds_and_at_both_ends() {
        let out = Shared::default();
        let mut progress = Progress::lines(Box::new(out.clone()), calendar());
        progress.event(&started(Some(1200), 0));
        for second in 0..60 {
            progress.event(&Event::Called {
                kind: CallKind::Create,
                http_status: Some(200),
                attempt: 1,
                verdict: "done",
            });
            progress.event(&row(if second == 0 { Outcome::Failed } else { Outcome::Created }));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        progress.event(&Event::Finished(Box::default()));
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "import: 0 of 1,200 rows\n\
             import: 30 of 1,200 rows, 60 a minute, about 19 min 30 s left, 1 to look at, 31 calls\n\
             import: 60 of 1,200 rows, 1 to look at, 60 calls\n"
        );
    }

    #[test]
    fn what_has_not_counted_its_rows_yet_says_that_it_reads() {
        let out = Shared::default();
        let mut progress = Progress::lines(Box::new(out.clone()), calendar());
        progress.event(&Event::Started {
            kind: JobKind::Check,
            run: None,
            account: None,
            file: "a\u{1b}.csv".into(),
            rows: None,
            resumed: 0,
        });
        assert_eq!(String::from_utf8(out.0.lock().unwrap().clone()).unwrap(), "check: reading a<U+001B>.csv\n");
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
        assert_eq!(tally.waiting, None);
        tally.take(&Event::Waiting { time: Duration::from_secs(58), reason: throttled("too many\u{1b}[2J requests") });
        assert_eq!(tally.words(clock::now(), &calendar()), "0 rows, waiting 58 s: too many<U+001B>[2J requests");
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 2, verdict: "done" });
        assert_eq!(tally.words(clock::now(), &calendar()), "0 rows, 1 call");
    }

    #[test]
    fn both_looks_of_the_bar_are_templates_that_parse() {
        for known in [true, false] {
            assert!(ProgressStyle::with_template(template(known)).is_ok());
        }
        let mut progress = Progress::bar(ProgressDrawTarget::hidden(), calendar());
        progress.event(&started(Some(3), 1));
        progress.event(&row(Outcome::Created));
        progress.event(&Event::Finished(Box::default()));
    }
}
