//! A job that goes on while somebody looks.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};

use super::failure::{PageAnswer, PageFailure};
use super::layout::{self, Part, message, prose};
use super::runs_page::words;
use super::site::Site;
use super::watched::SeenSoFar;
use super::work::{BackgroundJob, Purpose};
use crate::clock;
use crate::report::{self, CallLimit, CallsChart, cure, number, span};

/// Shorter than this, nobody looks at a clock.
const WORTH_A_CLOCK: Duration = Duration::from_secs(120);

/// How long a page waits for a run to begin.
const QUICK: Duration = Duration::from_millis(1500);

/// How a job gets on, renewed by itself until it has ended.
pub fn panel(work: &BackgroundJob, site: &Site) -> Markup {
    html! {
        div.panel data-follow={ "/works/" (work.id) "/progress" } {
            (progress(work, site, None))
        }
        noscript { p { a href="" { "Look again" } } }
    }
}

/// What is shown of a job under way; `limit` is that of its account, where there is one that it keeps to.
pub fn progress(work: &BackgroundJob, site: &Site, limit: Option<CallLimit>) -> Markup {
    let seen = work.watched.seen();
    let left = seen.tally.left(clock::now());
    html! {
        div aria-live="polite" { p.lead { (headline(&seen, left, site, work)) } }
        @match seen.tally.total {
            Some(total) => { progress max=(total.max(1)) value=(seen.tally.done) aria-label="Rows done" {} }
            None => { progress aria-label="Working" {} }
        }
        @if let Some((time, reason)) = &seen.tally.waiting {
            p.hint { "Waiting " (span(*time)) ": " (layout::shown(&reason.to_string())) }
        }
        @if seen.counts.total() > 0 {
            p { @for (at, (outcome, rows)) in seen.counts.iter().filter(|(_, rows)| *rows > 0).enumerate() {
                @if at > 0 { ", " } strong { (number(rows)) } " " (words(outcome)) } }
        }
        @if let Some(chart) = CallsChart::of(&seen.calls, limit) {
            h2 { "Calls over time" }
            p.hint { (chart.words()) }
            (chart.picture())
            p.hint { @for (at, (kind, calls)) in seen.by_kind().iter().enumerate() {
                @if at > 0 { ", " } (number(*calls)) " " (kind) } }
        }
        @if !seen.codes.is_empty() { (causes(&seen)) }
    }
}

fn headline(seen: &SeenSoFar, left: Option<Duration>, site: &Site, work: &BackgroundJob) -> Markup {
    html! {
        @match seen.tally.total {
            _ if work.is_stopping() => { "Stopping: requests under way are finished first." }
            Some(total) if seen.tally.done >= total => { "All rows are done; the results are being written." }
            Some(total) => {
                (number(seen.tally.done)) " of " (number(total)) " rows"
                @if let Some(left) = left {
                    ", " (span(left)) " left" @if let Some(at) = clock_after(left, site) { ": done about " (at) }
                }
            }
            None => { "Reading and looking up…" }
        }
    }
}

fn causes(seen: &SeenSoFar) -> Markup {
    html! {
        h2 { "What went wrong so far" }
        ul.notes { @for (code, rows) in &seen.codes { li { (number(*rows)) " × " code { (code) } " " (prose(cure(code).unwrap_or_default())) } } }
        details {
            summary { "The first of these rows" }
            ul.notes { @for row in &seen.rows {
                li { "line " (number(row.position.line)) ", " (row.outcome) ": " (message(&row.messages.join("; "))) }
            } }
        }
    }
}

/// The time of day, by the clock of this place, after so long; none where that is about now.
pub fn clock_after(time: Duration, site: &Site) -> Option<String> {
    if time < WORTH_A_CLOCK {
        return None;
    }
    report::words::clock_after(time, (site.calendar)())
}

fn find(site: &Site, id: u64) -> PageAnswer<Arc<BackgroundJob>> {
    site.works.get(id).ok_or_else(|| PageFailure::missing("job"))
}

/// A run that is about to begin: leads on to it once it has.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<u64>) -> PageAnswer {
    let work = find(&site, id)?;
    let begun = async {
        while work.is_under_way() && work.watched.run().is_none() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    drop(tokio::time::timeout(QUICK, begun).await);
    if let Some(run) = work.watched.run() {
        return Ok(Redirect::to(&format!("/runs/{run}")).into_response());
    }
    let title = match &work.purpose {
        Purpose::Run { words } => words.clone(),
        _ => "Under way".to_owned(),
    };
    let body = match work.end() {
        Some(Err(error)) => layout::alert(error),
        Some(Ok(_)) => html! { p { "It has ended." } },
        None => panel(&work, &site),
    };
    Ok(layout::page(&title, Part::Runs, &body).into_response())
}

/// The part of a page that changes while a job goes on; nothing once it has ended, or once it is a run of its own.
pub async fn part(State(site): State<Arc<Site>>, Path(id): Path<u64>) -> PageAnswer {
    let work = find(&site, id)?;
    let leads_on = matches!(work.purpose, Purpose::Run { .. }) && work.watched.run().is_some();
    if !work.is_under_way() || leads_on {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(progress(&work, &site, None).into_response())
}
