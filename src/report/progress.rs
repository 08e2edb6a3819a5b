use std::io::Write;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::tally::Tally;
use super::{Event, Reporter, escape};
use crate::clock::{self, Calendar};

/// How often a line is written where there is no terminal.
const LINE_EVERY: Duration = Duration::from_secs(30);

/// How often the words beside a bar are made anew, but for news.
const WORDS_EVERY: Duration = Duration::from_millis(100);

/// Columns of a terminal that tells no width.
const USUAL_WIDTH: u16 = 80;

/// Columns of the bar, and of the terminals that have room for one.
const BAR: u16 = 16;
const ROOM_FOR_A_BAR: u16 = 60;

/// Shows how a run gets on: a bar on a terminal, plain lines elsewhere.
pub struct Progress {
    tally: Tally,
    view: View,
    /// By which it is said when a run will be done.
    calendar: Calendar,
}

enum View {
    Bar { bar: ProgressBar, next: Instant, width: Width },
    Lines { out: Box<dyn Write + Send>, next: Instant },
}

/// Columns that the terminal has at this moment: somebody may change its size.
pub type Width = fn() -> Option<u16>;

impl Progress {
    /// A bar with rate, time left, calls used and rows that need attention.
    pub fn bar(target: ProgressDrawTarget, width: Width, calendar: Calendar) -> Self {
        let view = View::Bar { bar: ProgressBar::with_draw_target(None, target), next: clock::now(), width };
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
            View::Bar { bar, next, width } => {
                let width = width().unwrap_or(USUAL_WIDTH);
                show_on_bar(bar, width, &self.tally, event);
                let now = clock::now();
                if is_news(event) || now >= *next {
                    *next = now + WORDS_EVERY;
                    let look = if width < ROOM_FOR_A_BAR { 2 } else { BAR + 1 };
                    let room = usize::from(width.saturating_sub(look));
                    bar.set_style(style(width, bar.length().is_some()));
                    bar.set_message(self.tally.words_within(room, now, &self.calendar));
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
                    Event::Mapping(table) => Some(table.words(None)),
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

fn show_on_bar(bar: &ProgressBar, width: u16, tally: &Tally, event: &Event) {
    match event {
        Event::Started { rows, resumed, .. } => {
            // Before it is drawn for the first time.
            bar.set_style(style(width, rows.is_some()));
            if let Some(rows) = rows {
                bar.set_length(*rows);
            }
            bar.set_position(*resumed);
            bar.enable_steady_tick(Duration::from_millis(250));
        }
        Event::Exported { total: Some(total), .. } if bar.length() != Some(*total) => {
            bar.set_length(*total);
            bar.set_position(tally.done);
        }
        Event::Note(note) => bar.println(escape(&note.to_string())),
        Event::Warning(warning) => bar.println(escape(&warning.to_string())),
        Event::Mapping(table) => bar.println(table.words(Some(width))),
        Event::Finished(_) => bar.finish_and_clear(),
        _ => bar.set_position(tally.done),
    }
}

/// Events that change what is said and not only how much.
const fn is_news(event: &Event) -> bool {
    matches!(event, Event::Started { .. } | Event::Waiting { .. } | Event::Finished(_))
}

fn style(width: u16, known_length: bool) -> ProgressStyle {
    let style = ProgressStyle::with_template(template(width, known_length));
    style.unwrap_or_else(|_| ProgressStyle::default_bar())
}

/// A terminal without room for a bar shows that something goes on. The words fit, but for the moment in which it gets
/// narrower.
const fn template(width: u16, known_length: bool) -> &'static str {
    if known_length && width >= ROOM_FOR_A_BAR { "{bar:16} {wide_msg}" } else { "{spinner} {wide_msg}" }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::JobKind;
    use super::*;
    use crate::contact::{CallKind, Outcome, Position, RowRecord};

    const NOW: Duration = Duration::from_secs(1_795_000_000);

    fn calendar() -> Calendar {
        Arc::new(|| NOW)
    }

    fn started(rows: Option<u64>, resumed: u64) -> Event {
        Event::Started { kind: JobKind::Import, run: None, account: None, file: "a.csv".into(), rows, resumed }
    }

    fn row(outcome: Outcome) -> Event {
        Event::Row { position: Position::default(), record: RowRecord::unsent(outcome, vec![]) }
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

    #[test]
    fn both_looks_of_the_bar_are_templates_that_parse() {
        for (width, known) in [(40, true), (40, false), (120, true), (120, false)] {
            assert!(ProgressStyle::with_template(template(width, known)).is_ok());
        }
        let mut progress = Progress::bar(ProgressDrawTarget::hidden(), || Some(80), calendar());
        progress.event(&started(Some(3), 1));
        progress.event(&row(Outcome::Created));
        progress.event(&Event::Finished(Box::default()));
    }
}
