use std::io::Write;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest as _, Sha256};

use super::super::closing::law;
use super::super::history::file_name;
use super::super::words::{count, day, moment, number, span, state_words};
use super::super::{JobState, Remark, RunAction, escape};
use super::calls_chart::calls_table;
use super::parts::with_code;
use super::{CallLimit, CallsChart, Causes, RunOutcomes, STYLE, causes_list, outcome_picture, steps_list};
use crate::contact::{CallKind, Outcome, RowRecord};
use crate::error::{Error, Result};
use crate::ledger::{CallsAt, Run, RunKind};

/// Rows a page lists at most: one that holds a million can't be opened.
pub const PAGE_ROWS: usize = 1000;

/// All that the page of a run tells, as it was read from the ledger.
#[derive(Clone, Debug)]
pub struct RunPage {
    pub run: Run,
    /// A process works on it now.
    pub is_under_way: bool,
    pub outcomes: RunOutcomes,
    /// Why rows are to be looked at.
    pub causes: Causes,
    /// What else was said of rows.
    pub remarks_on_rows: Causes,
    /// Calls of rows by kind and time.
    pub calls: Vec<CallsAt>,
    /// `None` where the calls were not paced.
    pub limit: Option<CallLimit>,
    /// One look-up may be for several rows, each of which counts it.
    pub look_ups_are_shared: bool,
    /// Columns that feed nothing; `None` where nobody has kept which.
    pub unmapped: Option<Vec<String>>,
    /// `None` for a run that changed nothing that could be put back.
    pub put_back: Option<PutBack>,
    /// The run that an undo puts back.
    pub undoes: Option<String>,
    pub results: Option<PathBuf>,
    pub remarks: Vec<Remark>,
    /// Rows that are to be looked at, the first [`PAGE_ROWS`] of them.
    pub rows: Vec<PageRow>,
}

/// One row for the page's list.
#[derive(Clone, Debug)]
pub struct PageRow {
    /// `line 12`.
    pub place: String,
    pub record: RowRecord,
}

/// Contacts that an undo would put back, and those that it can't.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PutBack {
    /// Created ones, which would be deleted.
    pub deleted: u64,
    /// Created ones that stay: the service can't delete.
    pub stays: u64,
    pub changed: u64,
    /// Of the changed ones, those that are not put back whole.
    pub in_part: u64,
    /// Changed ones of which nobody knows what was there before.
    pub unknown: u64,
}

impl RunPage {
    fn job_state(&self) -> JobState {
        JobState::of_run(&self.run, self.is_under_way, self.results.as_deref())
    }

    /// What was done, to what, where and when.
    fn title(&self) -> String {
        let new = &self.run.new;
        let (file, account) = (escape(file_name(&new.file)), escape(&new.account));
        let what = match (new.kind, &self.undoes) {
            (RunKind::Undo, Some(run)) => format!("Undo of run {} at {account}", escape(run)),
            (RunKind::Undo, None) => format!("Undo at {account}"),
            (RunKind::Retry, _) => format!("Rows of {file} sent again to {account}"),
            (RunKind::Export, _) => format!("Export of {account} into {file}"),
            (RunKind::Import, _) => format!("Import of {file} to {account}"),
        };
        format!("{what}, {}", day(new.started))
    }

    /// How it went, in a sentence.
    fn verdict(&self) -> String {
        let ended = &self.outcomes.ended;
        let well = ended[Outcome::Created] + ended[Outcome::Updated] + ended[Outcome::Unchanged];
        let noun = if self.outcomes.is_undo { "contact" } else { "row" };
        let are = |n| if n == 1 { "is" } else { "are" };
        let done = if self.outcomes.is_undo { "put back" } else { "at the service as the file has them" };
        let all = count(self.outcomes.rows(), noun);
        let mut parts = vec![format!("{} of {all} {} {done}", number(well), are(well))];
        for (n, words) in [
            (ended.needing_attention(), "to be looked at"),
            (ended[Outcome::Skipped], "skipped"),
            (self.outcomes.not_reached.unwrap_or_default(), "not reached"),
        ] {
            parts.extend((n > 0).then(|| format!("{} {} {words}", number(n), are(n))));
        }
        format!("{}.", parts.join("; "))
    }

    /// What breaks the law of every run, if it is broken.
    fn broken_law(&self) -> Option<String> {
        let (recorded, rows) = (self.run.counts, self.outcomes.rows());
        let is_known = recorded.total() > 0 && !self.is_under_way && self.outcomes.not_reached.is_some();
        (is_known && recorded.total() != rows).then(|| law(&self.outcomes.ended, recorded.total()))
    }
}

/// Writes the page of a run: one HTML file that loads nothing, runs nothing, and may be mailed.
///
/// It holds what the messages of the rows to be looked at hold, personal values included, and so belongs where the
/// results file belongs.
///
/// # Errors
/// Kind `Stopped` if `out` can't be written.
pub fn write_page(out: &mut dyn Write, page: &RunPage) -> Result<()> {
    out.write_all(document(page).into_string().as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::stopped("the page could not be written").caused_by(error))
}

/// What a page of a run may do, for whoever serves it as well as in the page itself: be shown by its own rules of style.
pub fn report_policy() -> String {
    let digest = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'")
}

fn document(page: &RunPage) -> Markup {
    let policy = report_policy();
    let title = page.title();
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta http-equiv="Content-Security-Policy" content=(policy);
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { main {
                header {
                    h1 { (title) }
                    p.verdict { (page.verdict()) }
                    @if let Some(law) = page.broken_law() { p.bug role="alert" { (law) } }
                }
                (next(page))
                section aria-labelledby="outcomes" {
                    h2 #outcomes { (page.outcomes.title()) }
                    (outcome_picture(&page.outcomes))
                }
                (causes(page))
                (calls(page))
                (columns(page))
                (undo(page))
                (rows(page))
                (facts(page))
            } }
        }
    }
}

fn next(page: &RunPage) -> Markup {
    let steps = page.job_state().next_steps();
    html! {
        section.next aria-labelledby="next" {
            h2 #next { "What to do next" }
            @if page.is_under_way {
                p { "The run is under way: this page shows how far it was when it was written." }
            } @else if steps.is_empty() {
                p { "Nothing: all is done." }
            } @else {
                (steps_list(&steps))
            }
        }
    }
}

fn causes(page: &RunPage) -> Markup {
    html! {
        @if !page.causes.is_empty() {
            section aria-labelledby="causes" {
                h2 #causes { "Why rows are to be looked at" }
                (causes_list(&page.causes, "Causes", &page.run.id.0))
            }
        }
        @if !page.remarks_on_rows.is_empty() || !page.remarks.is_empty() {
            section aria-labelledby="remarks" {
                h2 #remarks { "What else is to be known" }
                @for remark in &page.remarks { p { (with_code(&escape(&remark.to_string()))) } }
                @if !page.remarks_on_rows.is_empty() { (causes_list(&page.remarks_on_rows, "Remarks on rows", &page.run.id.0)) }
            }
        }
    }
}

fn calls(page: &RunPage) -> Markup {
    let is_shared = |calls: &CallsAt| page.look_ups_are_shared && calls.kind == CallKind::Find;
    let (shared, calls): (Vec<CallsAt>, Vec<CallsAt>) = page.calls.iter().partition(|calls| is_shared(calls));
    let Some(chart) = CallsChart::of(&calls, page.limit.clone()) else { return html! {} };
    html! {
        section aria-labelledby="calls" {
            h2 #calls { "Calls over time" }
            p { (chart.words()) "." @if page.limit.is_none() { " They were not paced." } }
            @if !shared.is_empty() {
                p.quiet { "Look-ups are left out: this service is asked for several contacts at once, and what is recorded
                    is which rows were looked up." }
            }
            (chart.picture())
            (calls_table(&calls))
            p.quiet { "Calls that were made for rows. Those about the account as a whole, such as a listing, are not recorded one by
                one; a call that was made again stands where its last answer came." }
        }
    }
}

fn columns(page: &RunPage) -> Markup {
    html! {
        @if let Some(names) = page.unmapped.as_ref().filter(|names| !names.is_empty()) {
            section aria-labelledby="columns" {
                h2 #columns { "Columns left out" }
                p { "The mapping has no place for " (count(names.len() as u64, "column")) ", so nothing of it was sent:" }
                ul { @for name in names { li { (escape(name)) } } }
            }
        }
    }
}

fn undo(page: &RunPage) -> Markup {
    let Some(can) = page.put_back else { return html! {} };
    let contacts = |n: u64, words: &str| (n > 0).then(|| format!("{} {words}", count(n, "contact")));
    let parts = [
        contacts(can.deleted, "that it created would be deleted, but for those that somebody changed since"),
        contacts(can.changed - can.in_part, "that it changed would be put back"),
        contacts(can.in_part, "that it changed would be put back in part"),
        contacts(can.unknown, "that it changed would stay: nobody knows what was there before"),
        contacts(can.stays, "that it created would stay: this service can't delete contacts"),
    ];
    html! {
        section aria-labelledby="undo" {
            h2 #undo { "What can be undone" }
            @match page.job_state().allows(RunAction::Undo) {
                Ok(()) => {
                    ul { @for part in parts.into_iter().flatten() { li { (part) } } }
                    @if can.deleted + can.changed > 0 {
                        @let run = &page.run.id;
                        p { (with_code(&format!("`rolo undo {run}` shows it, and `rolo undo {run} --yes` does it."))) }
                    }
                }
                Err(error) => { p { (with_code(&escape(&error.message))) "." } }
            }
        }
    }
}

fn rows(page: &RunPage) -> Markup {
    let omitted = page.outcomes.ended.needing_attention().saturating_sub(page.rows.len() as u64);
    html! {
        @if !page.rows.is_empty() {
            section aria-labelledby="rows" {
                h2 #rows { "Rows to look at" }
                @if omitted > 0 {
                    p { "The first " (number(page.rows.len() as u64)) ". " (number(omitted)) " more are in the results file." }
                }
                table {
                    caption.unseen { "Rows to look at" }
                    thead { tr { th scope="col" { "Row" } th scope="col" { "Outcome" } th scope="col" { "Message" } } }
                    tbody { @for row in &page.rows { (listed(row)) } }
                }
            }
        }
    }
}

fn listed(row: &PageRow) -> Markup {
    let mut errors: Vec<_> = row.record.errors.iter().collect();
    errors.sort_by_key(|error| error.column_index);
    let contact = row.record.contact_id.as_ref().map(|id| format!("contact {}", escape(&id.0)));
    let status = row.record.http_status.map(|status| format!("answered with {status}"));
    let about: Vec<String> = contact.into_iter().chain(status).collect();
    html! {
        tr {
            th.name scope="row" { (escape(&row.place)) }
            td.name { (row.record.outcome.name().replace('_', " ")) }
            td {
                @for error in errors { p { (escape(&error.message)) } }
                @if !about.is_empty() { p.quiet { (about.join(", ")) } }
            }
        }
    }
}

fn facts(page: &RunPage) -> Markup {
    let Run { id, new, .. } = &page.run;
    let fact = |name: &str, value: String| html! { dt { (name) } dd { (value) } };
    html! {
        footer {
            h2 { "About this run" }
            dl {
                (fact("Run", id.to_string()))
                (fact("Command", new.kind.to_string()))
                (fact("File", escape(&new.file).into_owned()))
                (fact("Account", format!("{} ({})", escape(&new.account), new.service)))
                (fact("Began", moment(new.started)))
                (fact("State", state_words(&page.run, page.is_under_way).to_owned()))
                @if let Some(worked) = page.run.worked() { (fact("Took", span(worked))) }
                @if let Some(results) = &page.results { (fact("Results", escape(&results.to_string_lossy()).into_owned())) }
            }
            p.quiet { "Written by rolo " (env!("CARGO_PKG_VERSION")) " from its ledger. The page loads nothing and runs nothing. Messages may
                hold values of rows: keep it where the results file is kept." }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::contact::{Counts, Position, Quota, RemoteId, RowError};
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun, RunState};

    const RUN: &str = "20261121-0931-k3f";
    const BEGAN: u64 = 1_795_253_460;

    fn failed(line: u64, message: &str) -> PageRow {
        PageRow {
            place: format!("line {line}"),
            record: RowRecord {
                outcome: Outcome::Failed,
                contact_id: Some(RemoteId("815".into())),
                calls: 1,
                attempts: 1,
                http_status: Some(422),
                errors: vec![RowError::of_cell("service.value", 0, "Name", message)],
            },
        }
    }

    /// A run that created so many contacts, stopped before others, and failed for these rows.
    fn stopped(created: u64, not_reached: u64, rows: Vec<PageRow>) -> RunPage {
        let mut ended = Counts::default();
        ended[Outcome::Created] = created;
        ended[Outcome::Failed] = rows.len() as u64;
        let mut counts = ended;
        counts[Outcome::Skipped] = not_reached;
        let mut causes = Causes::default();
        for (index, row) in (0..).zip(&rows) {
            causes.take(&Position { index, line: index + 2, sheet: 0 }, &row.record);
        }
        let run = Run {
            id: RunId(RUN.into()),
            new: NewRun {
                kind: RunKind::Import,
                fingerprint: Fingerprint([0; 32]),
                account: "support".into(),
                identity: "support".into(),
                service: "some-service".into(),
                file: "/home/ann/<contacts>.csv".into(),
                options: serde_json::Value::Null,
                started: BEGAN,
            },
            state: RunState::Stopped,
            ended: Some(BEGAN + 41),
            took: None,
            counts,
            pruned: None,
            due: None,
            told: None,
        };
        let quota = Quota { calls: 5, per: Duration::from_secs(1) };
        RunPage {
            run,
            is_under_way: false,
            outcomes: RunOutcomes { ended, not_reached: Some(not_reached), ..RunOutcomes::default() },
            causes,
            remarks_on_rows: Causes::default(),
            calls: vec![CallsAt { at: BEGAN, kind: CallKind::Create, calls: created }],
            limit: Some(CallLimit { quota, words: "5 a second".into(), each_kind: false }),
            look_ups_are_shared: false,
            unmapped: Some(vec!["<i>Notes</i>\u{202e}".into()]),
            put_back: Some(PutBack { deleted: created, ..PutBack::default() }),
            undoes: None,
            results: Some("/home/ann/results.csv".into()),
            remarks: vec![Remark::FieldsCreated { fields: vec!["<b>seats</b>".into()] }],
            rows: rows.into_iter().take(PAGE_ROWS).collect(),
        }
    }

    fn written(page: &RunPage) -> String {
        let mut out = Vec::new();
        write_page(&mut out, page).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn text_from_outside_is_text_on_the_page() {
        let page = written(&stopped(3, 0, vec![failed(12, "<script>alert(1)</script> \u{202e}")]));
        for text in [
            "&lt;script&gt;alert(1)&lt;/script&gt; &lt;U+202E&gt;",
            "Import of &lt;contacts&gt;.csv to support",
            "<li>&lt;i&gt;Notes&lt;/i&gt;&lt;U+202E&gt;</li>",
            "&lt;b&gt;seats&lt;/b&gt;",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("<script") && !page.contains("<i>") && !page.contains("<b>"));
    }

    #[test]
    fn the_page_forbids_all_loading_and_asks_for_nothing() {
        let page = written(&stopped(3, 1, vec![failed(12, "too long")]));
        let digest =
            STANDARD.encode(Sha256::digest(page.split(['<', '>']).skip_while(|part| *part != "style").nth(1).unwrap()));
        assert!(page.contains(&format!(
            "default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
        )));
        for loader in ["http://", "https://", "src=", "href=", "url(", "@import", " style=", " onload=", "<script"] {
            assert!(!page.contains(loader), "{loader}");
        }
        // Nothing is so small that it can't be read.
        for size in STYLE.split("font: ").skip(1).filter_map(|rest| rest.split("px").next()?.parse::<u32>().ok()) {
            assert!(size >= 11, "{size}");
        }
    }

    #[test]
    fn the_page_says_what_was_done_how_it_stands_and_what_comes_next() {
        let page = written(&stopped(30, 9, vec![failed(12, "too long")]));
        for text in [
            "<h1>Import of &lt;contacts&gt;.csv to support, 21 November 2026</h1>",
            "30 of 40 rows are at the service as the file has them; 1 is to be looked at; 9 are not reached.",
            "<li><code>rolo resume 20261121-0931-k3f</code> goes on where this run stopped</li>",
            "40 rows: 30 created, 1 failed, 9 not reached",
            "2026-11-21 09:31 UTC",
            "<dd>41 s</dd>",
            "30 calls, at most 30 in 1 s; the service admits 5 a second.",
            "30 contacts that it created would be deleted",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(
            page.contains(
                r#"<th class="name" scope="row">line 12</th><td class="name">failed</td><td><p>too long</p>"#
            )
        );
        assert!(!page.contains(r#"class="bug""#), "{page}");
    }

    #[test]
    fn rows_that_do_not_add_up_are_called_a_bug() {
        let mut page = stopped(30, 9, vec![]);
        page.outcomes.not_reached = Some(8);
        assert!(written(&page).contains("rows are missing by"));
    }

    #[test]
    fn too_many_rows_are_counted_and_left_to_the_results_file() {
        let page = written(&stopped(0, 0, (0..1002).map(|line| failed(line, "refused")).collect()));
        assert_eq!(page.matches(r#"<th class="name" scope="row">line "#).count(), 1000);
        assert!(page.contains("The first 1,000. 2 more are in the results file."));
    }

    #[test]
    fn look_ups_that_rows_share_are_no_number_of_requests() {
        let mut page = stopped(3, 0, vec![]);
        page.calls.push(CallsAt { at: BEGAN, kind: CallKind::Find, calls: 500 });
        assert!(written(&page).contains("503 calls"));
        page.look_ups_are_shared = true;
        let page = written(&page);
        assert!(page.contains("<p>3 calls, ") && page.contains("Look-ups are left out"), "{page}");
    }
}
