use std::fs::File;
use std::io::Read as _;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use bytes::Bytes;
use maud::{Markup, html};

use super::failure::{PageAnswer, PageFailure};
use super::layout::{self, Part, prose, shown};
use super::live;
use super::runs_page::{file_name, words};
use super::site::Site;
use super::work::{BackgroundJob, End, Purpose};
use crate::error::Result;
use crate::jobs::{self, has_extension, results_of};
use crate::ledger::{Run, Worker};
use crate::report::words::{moment, pruned_words, span, state_words};
use crate::report::{JobState, NextStep, RunAction, Summary, count, cure, number};

/// One run: how it stands, and what can be done about it.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    // Looked at before the run is: one that ends meanwhile is shown as under way, not as cut off.
    let work = site.works.of_run(&id);
    let own = work.as_ref().filter(|work| work.is_under_way());
    let run = site.run(&id).await?;
    let worker = site.ledger()?.worker_of(&run).await?;
    let title = format!("{} of {}", capitalized(run.new.kind.name()), file_name(&run.new.file));
    Ok(layout::page(
        &title,
        Part::Runs,
        &html! {
            @if let Some(work) = own { (under_way(&run, work, &site)) }
            @else if worker.is_some() { p.notice { "Another process works on it. " a href="" { "Look again" } } }
            (facts(&run, worker.as_ref()))
            @if own.is_none() {
                @if let Some(Err(error)) = work.as_ref().and_then(|work| work.end()) { (layout::alert(error)) }
                (outcomes(&run))
                @if let Some(Ok(End::Summary(summary))) = work.as_ref().and_then(|work| work.end()) { (summed_up(summary)) }
                (next(&run, worker.is_some()))
                (results(&run))
            }
        },
    ))
}

fn capitalized(name: &str) -> String {
    let mut characters = name.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn under_way(run: &Run, work: &BackgroundJob, site: &Site) -> Markup {
    html! {
        div.panel data-follow={ "/runs/" (run.id) "/progress" } { (progress(run, work, site)) }
        noscript { p { a href="" { "Look again" } } }
        @if !work.is_stopping() {
            form.go action={ "/runs/" (run.id) "/stop" } method="post" {
                button type="submit" { "Stop, to go on later" }
                span.hint { "This page may be closed: the run goes on as long as " code { "rolo open" } " does." }
            }
        }
    }
}

fn progress(run: &Run, work: &BackgroundJob, site: &Site) -> Markup {
    let service = site.maker.service(&run.new.account).ok();
    let limit = service.filter(|_| jobs::is_paced(run)).map(|service| jobs::call_limit(service.limits()));
    live::progress(work, site, limit)
}

/// The part of a run's page that changes; nothing once it has ended.
pub async fn part(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    match site.works.of_run(&id).filter(|work| work.is_under_way()) {
        Some(work) => Ok(progress(&site.run(&id).await?, &work, &site).into_response()),
        None => Ok(StatusCode::NO_CONTENT.into_response()),
    }
}

fn facts(run: &Run, worker: Option<&Worker>) -> Markup {
    html! {
        dl.facts {
            dt { "State" } dd { span class={ "state " (run.state.name()) } { (state_words(run, worker.is_some())) } }
            dt { "Run" } dd { (run.id) }
            dt { "Account" } dd { (shown(&run.new.account)) " (" (run.new.service) ")" }
            dt { "File" } dd { (shown(&run.new.file)) }
            dt { "Began" } dd { (moment(run.new.started)) }
            @if let Some(ended) = run.ended { dt { "Ended" } dd { (moment(ended)) } }
            @if let Some(took) = run.worked() { dt { "Took" } dd { (span(took)) } }
            @if let Some(worker) = worker { dt { "Worked on by" } dd { (shown(&worker.to_string())) } }
        }
        @if let Some(at) = run.pruned { p { (pruned_words(at)) } }
    }
}

fn outcomes(run: &Run) -> Markup {
    let total = run.counts.total();
    html! {
        @if total > 0 {
            section aria-labelledby="outcomes" {
                h2 #outcomes { "What became of " (number(total)) " rows" }
                ul.outcomes {
                    @for (outcome, rows) in run.counts.iter().filter(|(_, rows)| *rows > 0) {
                        li {
                            span.what { (words(outcome)) } " " strong { (number(rows)) } " "
                            (layout::bar(outcome, rows, total))
                        }
                    }
                }
            }
        }
    }
}

/// What was told at the end of a run of this server.
fn summed_up(summary: &Summary) -> Markup {
    let calls: u64 = summary.calls.values().sum();
    html! {
        @if let Some(why) = &summary.stopped { (layout::alert(why)) }
        @if calls > 0 {
            p { (number(calls)) " calls" @if let Some(least) = summary.least_calls { "; the least possible: " (number(least)) } "." }
        }
        @if !summary.codes.is_empty() {
            h3 { "Why" }
            ul.notes { @for (code, rows) in &summary.codes { li { (number(*rows)) " × " code { (code) } " " (prose(cure(code).unwrap_or_default())) } } }
        }
        @for remark in summary.remark_words() { p { (prose(&remark)) } }
    }
}

fn next(run: &Run, is_under_way: bool) -> Markup {
    let state = JobState::of_run(run, is_under_way, results_of(run).as_deref());
    let steps = state.next_steps();
    let can_undo = state.allows(RunAction::Undo).is_ok();
    html! {
        @if !steps.is_empty() || can_undo {
            section aria-labelledby="next" {
                h2 #next { "What can be done" }
                @for step in &steps {
                    @match step {
                        NextStep::Resume { .. } => { (post(run, "resume", "Go on with it")) }
                        NextStep::Retry { .. } => { (post(run, "retry", "Send the failed rows again")) }
                        NextStep::Mend { rows, .. } => {
                            (post(run, "mend", &format!("Mend {}", count(*rows, "row"))))
                            p.hint { "They can't be sent as they are. Mended and sent again, they cost their own calls alone: what went well stays as it is." }
                        }
                        NextStep::Undo { .. } => {}
                        other => { p { (prose(&other.to_string())) } }
                    }
                }
                @if can_undo { p { a.button href={ "/runs/" (run.id) "/undo" } { "Put back what it changed…" } } }
            }
        }
    }
}

fn post(run: &Run, action: &str, words: &str) -> Markup {
    html! { form.go action={ "/runs/" (run.id) "/" (action) } method="post" { button.primary type="submit" { (words) } } }
}

fn results(run: &Run) -> Markup {
    let file = results_of(run).filter(|file| file.is_file());
    html! {
        @if let Some(file) = file {
            section aria-labelledby="results" {
                h2 #results { "Results" }
                p.go {
                    a.button.primary href={ "/runs/" (run.id) "/rows" } { "Look at the rows" }
                    @if jobs::may_be_reported(run).is_ok() { a.button href={ "/runs/" (run.id) "/report" } { "Read the report" } }
                    a.button href={ "/runs/" (run.id) "/results/csv" } download="" { "Download as CSV" }
                    a.button href={ "/runs/" (run.id) "/results/xlsx" } download="" { "Download as workbook" }
                }
                p.hint { (shown(&file.display().to_string())) }
            }
        }
    }
}

/// Asks a run of this server to stop, so that it can be gone on with.
pub async fn stop(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let work = site.works.of_run(&id).filter(|work| work.is_under_way());
    work.ok_or_else(|| PageFailure::missing("run under way here"))?.stop();
    Ok(Redirect::to(&format!("/runs/{id}")).into_response())
}

/// Goes on with a run.
pub async fn resume(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let run = may(&site, &id, RunAction::Resume).await?;
    let words = format!("Going on with {}", file_name(&run.new.file));
    let job = site.maker.again(&run, site.ledger()?).await?;
    begin(&site, words, async move |context| job.go_on(context).await)
}

/// Sends the rows again that need attention.
pub async fn retry(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let run = may(&site, &id, RunAction::Retry).await?;
    let words = format!("Sending rows of {} again", file_name(&run.new.file));
    let job = site.maker.retry(&run, site.ledger()?).await?;
    begin(&site, words, async move |context| jobs::import(&job, context).await)
}

async fn may(site: &Site, id: &str, action: RunAction) -> PageAnswer<Run> {
    let run = site.run(id).await?;
    let is_under_way = site.ledger()?.worker_of(&run).await?.is_some();
    JobState::of_run(&run, is_under_way, results_of(&run).as_deref()).allows(action)?;
    Ok(run)
}

fn begin<J>(site: &Site, words: String, job: J) -> PageAnswer
where
    J: AsyncFnOnce(&mut jobs::Context) -> Result<Summary> + Send + 'static,
{
    let work = site
        .works
        .start(Purpose::Run { words }, async move |context| Ok(End::Summary(Box::new(job(context).await?))))?;
    Ok(Redirect::to(&format!("/works/{}", work.id)).into_response())
}

/// Bytes of a file that are in memory at once while it is sent.
const CHUNK: usize = 64 << 10;

/// An answer that browsers save as a file of this name.
pub fn attachment(name: &str, file: File) -> Response {
    let kind = if has_extension(std::path::Path::new(name), "xlsx") {
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    } else {
        "text/csv; charset=utf-8"
    };
    let encoded = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
    let disposition = HeaderValue::from_str(&format!("attachment; filename*=UTF-8''{encoded}"));
    let length = file.metadata().ok().map(|there| there.len());
    let mut response = streamed(file).into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().extend(length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length))));
    let disposition = disposition.unwrap_or(HeaderValue::from_static("attachment"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, disposition);
    response
}

/// What a file holds, read as fast as it is sent.
fn streamed(mut file: File) -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut chunk = vec![0; CHUNK];
            let read = file.read(&mut chunk);
            let is_end = matches!(read, Ok(0) | Err(_));
            let chunk = read.map(|read| {
                chunk.truncate(read);
                Bytes::from(chunk)
            });
            // Whoever was to get it may have gone.
            if sender.blocking_send(chunk).is_err() || is_end {
                break;
            }
        }
    });
    let next = async |mut receiver: tokio::sync::mpsc::Receiver<_>| Some((receiver.recv().await?, receiver));
    Body::from_stream(futures_util::stream::unfold(receiver, next))
}
