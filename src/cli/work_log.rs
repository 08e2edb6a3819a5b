use std::io::Write as _;

use super::CommandContext;
use crate::clock;
use crate::report::{Event, JsonReporter, Reporter, Summary, escape, number};

/// What a worker tells of a run: that it begins, what is warned of, and how it ended. On standard error one line
/// each, with the time; with `--json` as events on standard output.
pub struct WorkLog {
    quiet: bool,
    json: Option<JsonReporter>,
    /// What the run is called in its lines.
    run: String,
}

impl WorkLog {
    pub fn new(context: &CommandContext) -> Self {
        let json = context.json.then(|| JsonReporter::new(Box::new(std::io::stdout())));
        Self { quiet: context.quiet, json, run: "run".to_owned() }
    }

    fn line(&self, words: &str) {
        if !self.quiet {
            line(words);
        }
    }
}

impl Reporter for WorkLog {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Started { kind, run, account, file, rows, resumed } => {
                self.run = format!("run {}", run.as_deref().unwrap_or_default());
                let begins = if *resumed > 0 { "goes on" } else { "begins" };
                let rows = rows.map(|rows| format!(", {} rows", number(rows))).unwrap_or_default();
                let account = account.as_deref().unwrap_or_default();
                self.line(&format!("{} {begins}: {kind} of {file}, account {account}{rows}", self.run));
            }
            Event::Warning(warning) => self.line(&format!("{}: {warning}", self.run)),
            Event::Finished(summary) => self.line(&format!("{}: {}", self.run, ended_words(summary))),
            _ => return,
        }
        if let Some(json) = &mut self.json {
            json.event(event);
        }
    }
}

fn ended_words(summary: &Summary) -> String {
    let rows: Vec<String> = summary
        .counts
        .iter()
        .filter(|(_, rows)| *rows > 0)
        .map(|(outcome, rows)| format!("{} {outcome}", number(rows)))
        .collect();
    let rows = if rows.is_empty() { "no rows".to_owned() } else { rows.join(", ") };
    let state = summary.state.map_or("ended", crate::ledger::RunState::name);
    match &summary.stopped {
        Some(stopped) => format!("{state}, {rows}: {}", stopped.message),
        None => format!("{state}, {rows}"),
    }
}

/// Says something of the worker itself.
pub fn say(context: &CommandContext, words: &str) {
    if !context.quiet {
        line(words);
    }
}

fn line(words: &str) {
    let now = i64::try_from(clock::unix_now().as_secs()).unwrap_or_default();
    let at = jiff::Timestamp::from_second(now).map(|at| at.to_string()).unwrap_or_default();
    drop(writeln!(std::io::stderr().lock(), "{at} {}", escape(words)));
}
