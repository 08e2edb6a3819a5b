use std::fmt;
use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use tokio::time::Instant;

use super::words::{count, number, span};
use super::{Event, JobKind, Reporter, escape};
use crate::clock;

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// Pauses shorter than this are pacing, not news.
const WORTH_TELLING: Duration = Duration::from_secs(2);

/// Shows how a run gets on: a bar on a terminal, plain lines elsewhere.
pub struct Progress {
    tally: Tally,
    view: View,
}

enum View {
    Bar(ProgressBar),
    Lines { out: Box<dyn Write + Send>, next: Instant },
}

impl Progress {
    /// A bar with rate, time left, calls used and rows that need attention.
    pub fn bar(target: ProgressDrawTarget) -> Self {
        Self { tally: Tally::default(), view: View::Bar(ProgressBar::with_draw_target(None, target)) }
    }

    /// One line at the start, one every 30 seconds, one at the end. A line that can't be written
    /// is dropped.
    pub fn lines(out: Box<dyn Write + Send>) -> Self {
        Self { tally: Tally::default(), view: View::Lines { out, next: clock::now() + LINE_EVERY } }
    }
}

impl Reporter for Progress {
    fn event(&mut self, event: &Event) {
        let had_begun = self.tally.began.is_some();
        self.tally.take(event);
        match &mut self.view {
            View::Bar(bar) => {
                show_on_bar(bar, &self.tally, event);
                if !had_begun && self.tally.began.is_some() {
                    bar.reset_eta();
                }
            }
            View::Lines { out, next } => {
                let now = clock::now();
                let line = match event {
                    // Before a row was read there is nothing to count: a file that is large takes a while.
                    Event::Started { rows: None, resumed: 0, file, .. } if self.tally.noun == "row" => {
                        Some(format!("{}: reading {}", self.tally.kind, escape(file)))
                    }
                    Event::Started { .. } | Event::Finished(_) => Some(self.tally.line(now)),
                    Event::Note(note) => Some(escape(&note.to_string()).into_owned()),
                    Event::Warning(warning) => Some(escape(&warning.to_string()).into_owned()),
                    Event::Mapping(table) => Some(table.words()),
                    _ if now >= *next => Some(self.tally.line(now)),
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
            // No rate and no time left before there is something to judge them by.
            bar.set_style(begun_style(rows.is_some(), tally.noun));
            if let Some(rows) = rows {
                bar.set_length(*rows);
            }
            // Rows of an earlier execution say nothing about the speed of this one.
            bar.set_position(*resumed);
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Event::Exported { total: Some(total), .. } if bar.length() != Some(*total) => {
            bar.set_style(style(true, tally.noun));
            bar.set_length(*total);
            bar.set_position(tally.done);
        }
        Event::Note(note) => bar.println(escape(&note.to_string())),
        Event::Warning(warning) => bar.println(escape(&warning.to_string())),
        Event::Mapping(table) => bar.println(table.words()),
        Event::Finished(_) => bar.finish_and_clear(),
        _ => {
            if bar.position() <= tally.resumed && tally.done > tally.resumed {
                bar.set_style(style(bar.length().is_some(), tally.noun));
            }
            bar.set_position(tally.done);
        }
    }
    bar.set_message(tally.extras());
}

fn begun_style(known_length: bool, noun: &str) -> ProgressStyle {
    let template = template(known_length, noun).replace("  {rate}", "").replace("  {eta} left", "");
    ProgressStyle::with_template(&template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

fn style(known_length: bool, noun: &str) -> ProgressStyle {
    let style = ProgressStyle::with_template(&template(known_length, noun));
    let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
    style.with_key("rate", |state: &ProgressState, out: &mut dyn fmt::Write| {
        out.write_str(&rate(state.per_sec())).unwrap_or_default();
    })
}

/// `280/s`, and `0.4/s` where whole numbers would say nothing.
fn rate(a_second: f64) -> String {
    if a_second < 10.0 { format!("{a_second:.1}/s") } else { format!("{a_second:.0}/s") }
}

fn template(known_length: bool, noun: &str) -> String {
    if known_length {
        format!("{{bar:24}} {{human_pos}} of {{human_len}} {noun}s  {{rate}}  {{eta}} left  {{wide_msg}}")
    } else {
        format!("{{spinner}} {{human_pos}} {noun}s  {{rate}}  {{wide_msg}}")
    }
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
                self.waiting = Some(format!("waiting {}: {}", span(*time), escape(reason.message())));
            }
            Event::Finished(_) => {
                self.finished = true;
                self.waiting = None;
            }
            Event::Waiting { .. } | Event::Note(_) | Event::Warning(_) | Event::Mapping(_) => {}
        }
    }

    /// What a bar can't show by its length.
    fn extras(&self) -> String {
        let mut extras = count(self.calls, "call");
        if self.needing_attention > 0 {
            extras.push_str("  ");
            extras.push_str(&number(self.needing_attention));
            extras.push_str(" to look at");
        }
        if let Some(waiting) = &self.waiting {
            extras.push_str("  ");
            extras.push_str(waiting);
        }
        extras
    }

    /// The whole state in one line.
    fn line(&self, now: Instant) -> String {
        let mut parts = Vec::new();
        parts.push(match self.total {
            Some(total) => format!("{} of {}", number(self.done), count(total, self.noun)),
            None => count(self.done, self.noun),
        });
        if self.resumed > 0 && !self.finished {
            parts.push(format!("{} from before", number(self.resumed)));
        }
        if self.calls > 0 {
            parts.push(count(self.calls, "call"));
        }
        if self.needing_attention > 0 {
            parts.push(format!("{} to look at", number(self.needing_attention)));
        }
        let elapsed = self.began.map_or(Duration::ZERO, |began| now.duration_since(began));
        let fresh = self.done.saturating_sub(self.resumed);
        if !self.finished && fresh > 0 && elapsed >= Duration::from_secs(1) {
            let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            parts.push(format!("{} a minute", number(fresh.saturating_mul(60_000) / milliseconds)));
            if let Some(total) = self.total {
                let left = total.saturating_sub(self.done).saturating_mul(milliseconds) / fresh;
                parts.push(format!("about {} left", span(Duration::from_secs(left / 1000))));
            }
        }
        parts.extend(self.waiting.clone());
        format!("{}: {}", self.kind, parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::contact::{CallKind, Outcome, Position, RowError, RowRecord, WaitReason};

    #[test]
    fn a_rate_has_no_more_figures_than_anybody_reads() {
        assert_eq!((rate(280.2418).as_str(), rate(0.42).as_str()), ("280/s", "0.4/s"));
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
        let line = tally.line(crate::clock::now());
        assert!(line.contains("1 of 3 rows"), "{line}");
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_terminal_a_line_comes_every_thirty_seconds_and_at_both_ends() {
        let out = Shared::default();
        let mut progress = Progress::lines(Box::new(out.clone()));
        progress.event(&started(Some(1200), 0));
        for second in 0..60 {
            progress.event(&Event::Called { kind: CallKind::Create, http_status: Some(200), attempt: 1 });
            progress.event(&row(if second == 0 { Outcome::Failed } else { Outcome::Created }));
            tokio::time::advance(Duration::from_secs(1)).await;
        }
        progress.event(&Event::Finished(Box::default()));
        let text = String::from_utf8(out.0.lock().unwrap().clone()).unwrap();
        assert_eq!(
            text,
            "import: 0 of 1,200 rows\n\
             import: 30 of 1,200 rows, 31 calls, 1 to look at, 60 a minute, about 19 min 30 s left\n\
             import: 60 of 1,200 rows, 60 calls, 1 to look at\n"
        );
    }

    #[test]
    fn what_has_not_counted_its_rows_yet_says_that_it_reads() {
        let out = Shared::default();
        let mut progress = Progress::lines(Box::new(out.clone()));
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
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 1 });
        tokio::time::advance(Duration::from_secs(60)).await;
        (0..950).for_each(|_| tally.take(&row(Outcome::Updated)));
        assert_eq!(
            tally.line(clock::now()),
            "import: 950 of 1,000 rows, 900 from before, 1 call, 50 a minute, about 1 min left"
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
        assert_eq!(tally.extras(), "0 calls");
        tally.take(&Event::Waiting { time: Duration::from_secs(58), reason: throttled("too many\u{1b}[2J requests") });
        assert_eq!(tally.extras(), "0 calls  waiting 58 s: too many<U+001B>[2J requests");
        tally.take(&Event::Called { kind: CallKind::Find, http_status: Some(200), attempt: 2 });
        assert_eq!(tally.extras(), "1 call");
    }

    #[test]
    fn both_looks_of_the_bar_are_templates_that_parse() {
        for known in [true, false] {
            assert!(ProgressStyle::with_template(&template(known, "row")).is_ok());
        }
        let mut progress = Progress::bar(ProgressDrawTarget::hidden());
        progress.event(&started(Some(3), 1));
        progress.event(&row(Outcome::Created));
        progress.event(&Event::Finished(Box::default()));
    }
}
