use std::io::Write;

use minijinja::{AutoEscape, Environment, context};

use super::words::{moment, number, span};
use super::{Summary, closing, cure, escape};
use crate::contact::RowRecord;
use crate::error::{Error, Result};
use crate::ledger::Run;

/// Rows a page lists at most: one that holds a million can't be opened.
pub const PAGE_ROWS: usize = 1000;

/// Length of the longest bar, in units of the picture, whose width is 700.
const BAR: u64 = 500;

/// One row for the page's list.
#[derive(Clone, Debug)]
pub struct PageRow {
    /// `line 12`, or `Leads, row 12`.
    pub place: String,
    pub record: RowRecord,
}

/// Writes the page of a run: one HTML file that loads nothing, runs nothing, and may be mailed.
///
/// Of `rows`, those that a person has to look at are listed, the first [`PAGE_ROWS`] of them; how
/// many more there are is told by the summary, so that the caller may end early. The page holds what the messages of these rows hold, personal values included, and so
/// belongs where the results file belongs.
///
/// # Errors
/// What `rows` yields, and kind `Stopped` if `out` can't be written.
pub fn write_page(
    out: &mut dyn Write,
    run: &Run,
    summary: &Summary,
    rows: impl Iterator<Item = Result<PageRow>>,
) -> Result<()> {
    let mut listed = Vec::new();
    for row in rows {
        let row = row?;
        if row.record.outcome.needs_attention() {
            listed.push(listing(&row));
        }
        if listed.len() == PAGE_ROWS {
            break;
        }
    }
    let omitted = summary.counts.needing_attention().saturating_sub(listed.len() as u64);

    let mut environment = Environment::new();
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_undefined_behavior(minijinja::UndefinedBehavior::Strict);
    environment.add_template("page.html", include_str!("templates/page.html")).map_err(broken)?;
    let template = environment.get_template("page.html").map_err(broken)?;
    let page = template.render(context(run, summary, &listed, omitted)).map_err(broken)?;
    out.write_all(page.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|error| Error::stopped("the page could not be written").caused_by(error))
}

fn context(run: &Run, summary: &Summary, rows: &[minijinja::Value], omitted: u64) -> minijinja::Value {
    let most = summary.counts.iter().map(|(_, n)| n).max().unwrap_or(0).max(1);
    let bars: Vec<_> = summary
        .counts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(outcome, n)| {
            // A lone row among a million is still seen.
            let width = (n.saturating_mul(BAR) / most).max(2);
            context! { name => outcome.name(), rows => number(n), width => width }
        })
        .collect();
    let calls: Vec<_> =
        summary.calls.iter().map(|(kind, n)| context! { name => kind.name(), count => number(*n) }).collect();
    let mut codes: Vec<_> = summary.codes.iter().collect();
    codes.sort_by(|(a, n), (b, m)| m.cmp(n).then(a.cmp(b)));
    let reasons: Vec<_> = codes
        .into_iter()
        .map(|(code, n)| context! { code => escape(code), count => number(*n), cure => cure(code).unwrap_or_default() })
        .collect();
    context! {
        command => run.new.kind.name(),
        run => &run.id.0,
        file => escape(&run.new.file),
        account => escape(&run.new.account),
        service => &run.new.service,
        started => moment(run.new.started),
        state => run.state.name(),
        elapsed => run.worked().map(span),
        stopped => summary.stopped.as_ref().map(|error| escape(&error.message)),
        balanced => summary.counts.balances(summary.rows),
        law => closing::law(summary),
        bars => bars,
        calls => calls,
        calls_used => number(summary.calls.values().sum()),
        least_calls => summary.least_calls.map(number),
        reasons => reasons,
        unmapped => summary.unmapped.iter().map(|name| escape(name).into_owned()).collect::<Vec<_>>(),
        remarks => summary.remark_words().iter().map(|remark| escape(remark).into_owned()).collect::<Vec<_>>(),
        rows => rows,
        omitted => (omitted > 0).then(|| number(omitted)),
    }
}

fn listing(row: &PageRow) -> minijinja::Value {
    let mut errors: Vec<_> = row.record.errors.iter().collect();
    errors.sort_by_key(|error| error.column_index);
    let columns: Vec<_> = errors.iter().filter_map(|error| error.column.as_deref()).map(escape).collect();
    let messages: Vec<_> = errors.iter().map(|error| escape(&error.message)).collect();
    context! {
        place => escape(&row.place),
        outcome => row.record.outcome.name(),
        contact => row.record.contact_id.as_ref().map(|id| escape(&id.0).into_owned()).unwrap_or_default(),
        status => row.record.http_status.map(|status| status.to_string()).unwrap_or_default(),
        columns => columns.join(" | "),
        messages => messages.join(" | "),
    }
}

fn broken(error: minijinja::Error) -> Error {
    Error::bug("the template of the page is broken").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{CallKind, Counts, Outcome, RemoteId, RowError};
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun, RunState};

    fn run() -> Run {
        Run {
            id: RunId("20261121-0931-k3f".into()),
            new: NewRun {
                kind: crate::ledger::RunKind::Import,
                fingerprint: Fingerprint([0; 32]),
                account: "support".into(),
                identity: "support".into(),
                service: "some-service".into(),
                file: "/home/ann/<contacts>.csv".into(),
                options: serde_json::Value::Null,
                started: 1_795_253_460,
            },
            state: RunState::Finished,
            ended: Some(1_795_253_501),
            took: None,
            counts: Counts::default(),
            pruned: None,
        }
    }

    fn failed(message: &str) -> PageRow {
        PageRow {
            place: "line 12".into(),
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

    fn page(summary: &Summary, rows: Vec<PageRow>) -> String {
        let mut out = Vec::new();
        write_page(&mut out, &run(), summary, rows.into_iter().map(Ok)).unwrap();
        String::from_utf8(out).unwrap()
    }

    fn summary() -> Summary {
        let mut counts = Counts::default();
        counts[Outcome::Created] = 999_999;
        counts[Outcome::Failed] = 1;
        Summary {
            rows: 1_000_000,
            counts,
            calls: [(CallKind::Create, 999_999)].into(),
            codes: [("service.value".into(), 1)].into(),
            ..Summary::default()
        }
    }

    #[test]
    fn text_from_outside_is_text_on_the_page() {
        let page = page(&summary(), vec![failed("<script>alert(1)</script> \u{202e}")]);
        assert!(page.contains("&lt;script&gt;alert(1)&lt;"), "{page}");
        assert!(page.contains("&lt;U+202E&gt;"));
        assert!(page.contains("&lt;contacts&gt;.csv"));
        assert!(!page.contains("<script"));
    }

    #[test]
    fn the_page_forbids_all_loading_and_asks_for_nothing() {
        let page = page(&summary(), vec![]);
        assert!(page.contains(r#"content="default-src 'none'; style-src 'unsafe-inline'""#));
        for loader in ["http://", "https://", "src=", "href=", "url(", "@import"] {
            assert!(!page.contains(loader), "{loader}");
        }
    }

    #[test]
    fn the_page_states_the_law_the_start_and_the_rows() {
        let page = page(&summary(), vec![failed("too long")]);
        assert!(page.contains("1,000,000 rows = 999,999 created + 1 failed"));
        assert!(page.contains("2026-11-21 09:31 UTC"));
        assert!(page.contains("41 s"));
        assert!(page.contains(r#"<td class="name">line 12</td><td class="name">failed</td><td>815</td>"#));
        // The single failed row has a bar that can be seen.
        assert!(page.contains(r#"width="2" height="20""#));
    }

    #[test]
    fn rows_that_went_well_are_left_out_and_too_many_are_counted() {
        let mut rows: Vec<_> = (0..1002).map(|_| failed("refused")).collect();
        rows.insert(0, PageRow { place: "line 9".into(), record: RowRecord::unsent(Outcome::Created, vec![]) });
        let mut summary = summary();
        summary.counts[Outcome::Failed] = 1002;
        let page = page(&summary, rows);
        assert_eq!(page.matches(r#"<td class="name">line 12</td>"#).count(), 1000);
        assert!(!page.contains("line 9<"));
        assert!(page.contains("2 more are in the results file."));
    }
}
