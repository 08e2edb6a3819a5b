use std::fmt::Write as _;

use comfy_table::{CellAlignment, Table, presets};

use super::cures::cause;
use super::text_table::wrapped;
use super::words::{count, listed, number, span};
use super::{JobKind, JobState, RowRemark, Summary, cure, escape};
use crate::contact::{Counts, Outcome};

/// How many reasons are listed before the rest are summed up.
const REASONS: usize = 5;

/// What a run did, in words for its end: how it ended, rows by outcome, the law they obey, calls,
/// reasons with their cures, and what to do next, its tables in so many columns. Ends with a line break.
pub fn closing_words(summary: &Summary, width: Option<u16>) -> String {
    let mut words = Words(String::new());
    words.line(&title(summary));
    if let Some(contacts) = summary.contacts {
        words.line(&format!("contacts written: {}", number(contacts)));
    }
    if summary.rows > 0 || summary.counts.total() > 0 || summary.contacts.is_none() {
        words.part(&fitted(outcomes(summary), width));
        words.line(&law(&summary.counts, summary.rows));
    }
    words.maybe(calls(summary));
    words.maybe(reasons(summary, width));
    if !summary.unmapped.is_empty() {
        words.line(&format!("unmapped columns: {}", first_of(&summary.unmapped)));
    }
    for remark in &summary.row_remarks {
        words.line(&row_remark_words(remark));
    }
    for remark in summary.remark_words() {
        words.line(&escape(&remark));
    }
    if let Some(file) = &summary.file {
        let name = if summary.contacts.is_some() { "written" } else { "results" };
        words.line(&format!("{name}: {}", escape(&file.to_string_lossy())));
    }
    for step in JobState::of_summary(summary).next_steps() {
        words.line(&format!("next: {step}"));
    }
    words.0
}

/// `3 rows, column Labels (lines 2, 5 and 6): a group … is left out (tags.system_group)`.
fn row_remark_words(remark: &RowRemark) -> String {
    let more = remark.rows.saturating_sub(remark.lines.len() as u64);
    let lines: Vec<String> = remark.lines.iter().map(u64::to_string).collect();
    let lines = match more {
        0 => lines.join(", "),
        more => format!("{} and {} more", lines.join(", "), number(more)),
    };
    let column = remark.column.as_ref().map_or(String::new(), |column| format!(", column {}", escape(column)));
    let place = if remark.rows == 1 { "line" } else { "lines" };
    let means = cause(&remark.code).map_or(String::new(), |cause| format!(" {cause}"));
    let left_out = match (remark.left_out, remark.rows) {
        (false, _) => "",
        (true, 1) => "one cell left out of a row that is sent, ",
        (true, _) => "cells left out of rows that are sent, ",
    };
    format!("{}{column} ({place} {lines}): {left_out}{}:{means}", count(remark.rows, "row"), escape(&remark.code))
}

/// Unmapped columns named at the end; the table of the mapping has named them all.
const UNMAPPED: usize = 8;

fn first_of(names: &[String]) -> String {
    let more = names.len().saturating_sub(UNMAPPED);
    let shown = listed(&names[..names.len() - more]);
    if more == 0 { shown } else { format!("{shown} and {more} more") }
}

struct Words(String);

impl Words {
    fn line(&mut self, line: &str) {
        self.0.push_str(line);
        self.0.push('\n');
    }

    fn part(&mut self, part: &str) {
        self.line("");
        self.line(part);
        self.line("");
    }

    fn maybe(&mut self, part: Option<String>) {
        if let Some(part) = part {
            self.line(&part);
        }
    }
}

fn title(summary: &Summary) -> String {
    let mut title = summary.kind.name().to_owned();
    if let Some(run) = &summary.run {
        write!(title, " {run}").expect("a String takes all that is written to it");
    }
    let parts = if summary.is_resumed { ", all its parts together" } else { "" };
    let elapsed = format!("{}{parts}", span(summary.elapsed));
    match &summary.stopped {
        None => format!("{title}: finished in {elapsed}"),
        Some(why) => format!("{title}: stopped after {elapsed}: {}", escape(&why.message)),
    }
}

fn outcomes(summary: &Summary) -> Table {
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (outcome, n) in summary.counts.iter().filter(|(_, n)| *n > 0) {
        let meaning = match (outcome, summary.deleted) {
            (Outcome::Skipped, _) if summary.kind == JobKind::Check => {
                summary.skips.words("in order; a check sends nothing")
            }
            (Outcome::Skipped, _) => summary.skips.words("nothing asked for"),
            (Outcome::Updated, deleted) if deleted > 0 && deleted == n => {
                "deleted, since the run had created them".into()
            }
            (Outcome::Updated, deleted) if deleted > 0 => {
                format!("{} deleted, {} changed on the service", number(deleted), number(n - deleted))
            }
            _ => meaning(outcome).to_owned(),
        };
        table.add_row([outcome.name().to_owned(), number(n), meaning]);
    }
    table.add_row(["rows".to_owned(), number(summary.rows), "read".to_owned()]);
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

fn fitted(table: Table, width: Option<u16>) -> String {
    match width {
        Some(width) => wrapped(table, width).trim_fmt(),
        None => table.trim_fmt(),
    }
}

pub(super) const fn meaning(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Created => "new on the service",
        Outcome::Updated => "changed on the service",
        Outcome::Unchanged => "held all of it already",
        Outcome::Skipped => "nothing was sent",
        Outcome::Rejected => "not sent: the row has an error",
        Outcome::Failed => "refused by the service, or not delivered",
        Outcome::InDoubt => "sent, and nobody knows whether it was applied",
    }
}

/// The law of every run: rows in = rows out. A run that breaks it is a bug, and says so.
pub(super) fn law(counts: &Counts, read: u64) -> String {
    let parts: Vec<_> =
        counts.iter().filter(|(_, n)| *n > 0).map(|(outcome, n)| format!("{} {outcome}", number(n))).collect();
    let sum = if parts.is_empty() { "0".to_owned() } else { parts.join(" + ") };
    let rows = count(read, "row");
    if counts.balances(read) {
        return format!("{rows} = {sum}");
    }
    format!(
        "{rows} ≠ {sum} ({}): {} by {}. This is a bug in rolo; please report it with the command you ran",
        number(counts.total()),
        if counts.total() < read { "rows are missing" } else { "rows were counted twice" },
        number(counts.total().abs_diff(read)),
    )
}

fn calls(summary: &Summary) -> Option<String> {
    let used: u64 = summary.calls.values().sum();
    if used == 0 && summary.least_calls.is_none_or(|least| least == 0) {
        return None;
    }
    let kinds: Vec<_> = summary.calls.iter().map(|(kind, n)| format!("{} {}", number(*n), kind.name())).collect();
    let since = if summary.is_resumed { " since it was taken up again" } else { "" };
    let mut line = format!("calls used{since}: {}", number(used));
    if !kinds.is_empty() {
        write!(line, " ({})", kinds.join(", ")).expect("a String takes all that is written to it");
    }
    if let Some(least) = summary.least_calls {
        write!(line, "; the least possible: {}", number(least)).expect("a String takes all that is written to it");
    }
    Some(line)
}

fn reasons(summary: &Summary, width: Option<u16>) -> Option<String> {
    if summary.codes.is_empty() {
        return None;
    }
    let mut codes: Vec<_> = summary.codes.iter().collect();
    codes.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
    let mut table = Table::new();
    table.load_style(presets::NOTHING);
    for (code, n) in codes.iter().take(REASONS) {
        table.add_row([number(**n), escape(code).into_owned(), cure(code).unwrap_or_default().to_owned()]);
    }
    if let Some(column) = table.column_mut(0) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let mut text = format!("most frequent reasons:\n{}", fitted(table, width));
    if codes.len() > REASONS {
        let rest: u64 = codes[REASONS..].iter().map(|(_, n)| **n).sum();
        write!(text, "\n and {} more, {} in all", count((codes.len() - REASONS) as u64, "reason"), count(rest, "time"))
            .expect("a String takes all that is written to it");
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Extent, Remark};
    use super::*;
    use crate::contact::CallKind;
    use crate::error::Error;
    use crate::ledger::RunState;

    fn counts(of: &[(Outcome, u64)]) -> Counts {
        let mut counts = Counts::default();
        for (outcome, n) in of {
            counts[*outcome] = *n;
        }
        counts
    }

    fn import() -> Summary {
        Summary {
            kind: JobKind::Import,
            run: Some("20261121-0931-k3f".into()),
            state: Some(RunState::Finished),
            account: Some("sandbox".into()),
            rows: 40,
            counts: counts(&[
                (Outcome::Created, 31),
                (Outcome::Unchanged, 2),
                (Outcome::Rejected, 6),
                (Outcome::Failed, 1),
            ]),
            codes: [("phone.no_country".into(), 4), ("email.syntax".into(), 3)].into(),
            calls: [(CallKind::Find, 33), (CallKind::Create, 31), (CallKind::AddTags, 12)].into(),
            least_calls: Some(74),
            elapsed: Duration::from_secs(41),
            file: Some("contacts.results.csv".into()),
            unmapped: vec!["Notes".into(), "Internal\u{1b}[0m".into()],
            ..Summary::default()
        }
    }

    #[test]
    fn the_end_of_an_import_says_what_happened_and_what_to_do() {
        let expected = "\
import 20261121-0931-k3f: finished in 41 s

 created    31  new on the service
 unchanged   2  held all of it already
 rejected    6  not sent: the row has an error
 failed      1  refused by the service, or not delivered
 rows       40  read

40 rows = 31 created + 2 unchanged + 6 rejected + 1 failed
calls used: 76 (33 find, 31 create, 12 add tags); the least possible: 74
most frequent reasons:
 4  phone.no_country  write `+` and the country code, or set `region`, `region_column` or `--region`
 3  email.syntax      write it as `anna@example.com`
unmapped columns: Notes, Internal<U+001B>[0m
results: contacts.results.csv
next: `rolo retry 20261121-0931-k3f` sends the failed rows again, once what their messages name is put right
next: mend the 6 rejected rows in contacts.results.csv, then `rolo retry 20261121-0931-k3f --with contacts.results.csv`
";
        assert_eq!(closing_words(&import(), None), expected);
    }

    #[test]
    fn what_is_told_of_good_rows_is_told_once_with_lines_and_without_values() {
        let column = Some("Labels".into());
        let (code, lines) = ("tags.looks_joined".into(), vec![2, 3, 5, 8, 13]);
        let remark = RowRemark { code, column, rows: 1_007, lines, ..RowRemark::default() };
        let words = closing_words(&Summary { row_remarks: vec![remark], ..import() }, None);
        let line = "1,007 rows, column Labels (lines 2, 3, 5, 8, 13 and 1,002 more): tags.looks_joined: one tag that \
                    looks like several\n";
        assert!(words.contains(line), "{words}");
    }

    #[test]
    fn a_cell_that_was_left_out_is_told_as_such() {
        let (code, column) = ("phone.too_short".into(), Some("Phone".into()));
        let remark = RowRemark { code, column, left_out: true, rows: 1, lines: vec![3] };
        let words = closing_words(&Summary { row_remarks: vec![remark], ..import() }, None);
        let line = "1 row, column Phone (line 3): one cell left out of a row that is sent, phone.too_short:";
        assert!(words.contains(line), "{words}");
    }

    #[test]
    fn a_run_that_does_not_balance_calls_itself_a_bug() {
        let summary = Summary { rows: 41, ..import() };
        let line = "41 rows ≠ 31 created + 2 unchanged + 6 rejected + 1 failed (40): rows are missing by 1. \
                    This is a bug in rolo; please report it with the command you ran";
        assert!(closing_words(&summary, None).contains(line), "{}", closing_words(&summary, None));
    }

    #[test]
    fn a_stopped_run_says_why_and_how_to_go_on() {
        let summary = Summary {
            stopped: Some(Error::stopped("the service refused the credentials").hint("check the token")),
            state: Some(RunState::Stopped),
            counts: counts(&[(Outcome::Created, 30), (Outcome::Skipped, 9), (Outcome::InDoubt, 1)]),
            ..import()
        };
        let words = closing_words(&summary, None);
        assert!(
            words.starts_with("import 20261121-0931-k3f: stopped after 41 s: the service refused the credentials\n")
        );
        assert!(words.contains("\ncheck the token\n"), "{words}");
        assert!(words.contains("next: `rolo resume 20261121-0931-k3f` goes on where this run stopped\n"));
        assert_eq!(words.matches("next: ").count(), 1, "one command is one step: {words}");
    }

    #[test]
    fn an_export_tells_contacts_and_its_file() {
        let summary = Summary {
            kind: JobKind::Export,
            run: Some("20261121-0931-k3f".into()),
            state: Some(RunState::Finished),
            contacts: Some(12_345),
            elapsed: Duration::from_secs(125),
            file: Some("all.xlsx".into()),
            remarks: vec![Remark::Extent(Extent::Limited { limit: 12_345, filtered: false })],
            ..Summary::default()
        };
        assert_eq!(
            closing_words(&summary, None),
            "export 20261121-0931-k3f: finished in 2 min 5 s\ncontacts written: 12,345\n\
             not complete, as asked: the first 12,345 contacts\nwritten: all.xlsx\n"
        );
    }

    #[test]
    fn a_narrow_terminal_cuts_no_code() {
        let codes = [("identifier.missing".to_owned(), 1), ("phone.not_a_number".to_owned(), 12)].into();
        let words = closing_words(&Summary { codes, ..import() }, Some(40));
        for code in ["identifier.missing", "phone.not_a_number"] {
            assert!(words.contains(code), "{code}: {words}");
        }
    }

    #[test]
    fn an_empty_source_still_states_the_law() {
        let words = closing_words(&Summary::default(), None);
        assert!(words.contains("\n0 rows = 0\n"), "{words}");
    }
}
