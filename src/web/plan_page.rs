//! What an import would do, and the form that begins it.

use std::sync::Arc;
use std::time::Duration;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::columns_page::field_words;
use super::draft::Draft;
use super::draft_key;
use super::failure::PageAnswer;
use super::form::PostedForm;
use super::layout::{self, PageStep, Part, prose, shown};
use super::live;
use super::problems_page::let_go;
use super::runs_page::words;
use super::site::Site;
use super::work::{BackgroundJob, End, Purpose};
use crate::config::Night;
use crate::contact::Outcome;
use crate::error::{Error, Result};
use crate::jobs::{self, Difference, Forecast, ImportJob, ImportOptions, PlanJob, results_beside};
use crate::report::{cure, number, span};

/// Contacts whose changes are shown.
const SAMPLES: usize = 8;

/// From so many changes on, a real account's name is to be typed.
const MANY: u64 = 1000;

/// What stands between a draft and an import. Made as soon as somebody looks.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    let draft = site.draft(&id)?;
    let live = site.works.find(&plan_of(&draft, true));
    let (purpose, job) = (plan_of(&draft, false), plan_job(&site, &draft, false)?);
    let by_memory = site.works.shown(purpose, async move |context| planned(&job, context).await).await?;
    // What a look at the account tells counts, once it has told it.
    let work = live.clone().filter(|live| matches!(live.end(), Some(Ok(_)))).unwrap_or(by_memory);
    let rehearsal = site.works.find(&Purpose::Rehearsal { key: draft_key::key(&draft) });
    let is_real = is_real(&site, &draft.account)?;
    Ok(layout::page(
        "Plan and send",
        Part::Of(&draft, PageStep::Plan),
        &html! {
            p.lead { (shown(&draft.name())) " → " strong { (shown(&draft.account)) } @if !is_real { ", a rehearsal on this machine" } }
            @match work.end() {
                None => { (live::panel(&work, &site)) }
                Some(Err(error)) => { (layout::alert(error)) }
                Some(Ok(End::Forecast(forecast))) => {
                    (warnings(&work))
                    (foreseen(&draft, forecast, live.as_deref(), &site))
                    (differences(forecast))
                    (rehearsed(&draft, rehearsal.as_deref(), &site))
                    (send(&draft, forecast, is_real))
                }
                Some(Ok(_)) => {}
            }
        },
    ))
}

fn plan_of(draft: &Draft, live: bool) -> Purpose {
    Purpose::Plan { key: draft_key::key(draft), live }
}

fn plan_job(site: &Site, draft: &Draft, live: bool) -> Result<PlanJob> {
    Ok(PlanJob {
        source: draft.source()?,
        account: site.maker.account(&draft.account, false)?,
        live,
        samples: SAMPLES,
        create_fields: false,
        night: Night::default(),
        save: None,
    })
}

async fn planned(job: &PlanJob, context: &mut jobs::Context) -> Result<End> {
    Ok(End::Forecast(Box::new(jobs::plan(job, context).await?)))
}

fn is_real(site: &Site, account: &str) -> Result<bool> {
    let accounts = site.maker.accounts()?;
    Ok(accounts.iter().find(|known| known.name == account).is_none_or(|known| known.is_real))
}

fn warnings(work: &BackgroundJob) -> Markup {
    let seen = work.watched.seen();
    html! {
        @for warning in seen.warnings.iter().chain(seen.mapping.iter().flat_map(|table| &table.warnings)) {
            p.warning { (prose(warning)) }
        }
        @if !seen.notes.is_empty() { ul.notes { @for note in &seen.notes { li { (prose(note)) } } } }
    }
}

fn foreseen(draft: &Draft, forecast: &Forecast, live: Option<&BackgroundJob>, site: &Site) -> Markup {
    let is_live = matches!(live.map(BackgroundJob::end), Some(Some(Ok(_))));
    let verb = |outcome| match outcome {
        Outcome::Created => "would be created",
        Outcome::Updated => "would be updated",
        Outcome::Unchanged => "would stay as they are",
        Outcome::Skipped => "would be passed over",
        Outcome::Rejected => "can't be sent",
        Outcome::Failed => "would fail",
        Outcome::InDoubt => "would be in doubt",
    };
    html! {
        section aria-labelledby="outcomes" {
            h2 #outcomes { "What would become of " (number(forecast.rows)) " rows" }
            ul.outcomes {
                @for (outcome, rows) in forecast.counts.iter().filter(|(_, rows)| *rows > 0) {
                    li { span.what { (verb(outcome)) } " " strong { (number(rows)) } " "
                        (layout::bar(outcome, rows, forecast.rows.max(1))) }
                }
            }
            @if !forecast.codes.is_empty() {
                ul.notes { @for (code, rows) in &forecast.codes { li { (number(*rows)) " × " code { (code) } ": " (prose(cure(code).unwrap_or_default())) } } }
                p { a href=(PageStep::Problems.path(draft)) { "Look at these rows, and mend them" } }
            }
            @if !forecast.unmapped.is_empty() { p.hint { "Left out: " (shown(&forecast.unmapped.join(", "))) } }
            @for field in &forecast.new_fields { p { "Creates the custom field " (shown(field)) } }
            @if forecast.unknown > 0 {
                p.hint { (number(forecast.unknown)) " contacts were never seen before and are taken as new."
                    @if !is_live { " A look at the account, which changes nothing, tells exactly." } }
            }
            @if forecast.in_doubt > 0 {
                p.hint { (number(forecast.in_doubt)) " may be there by an earlier run whose answer was lost: they are looked up first." }
            }
        }
        section aria-labelledby="calls" {
            h2 #calls { "How long it takes" }
            @if forecast.total_calls() == 0 { p { "No call at all: nothing has changed." } } @else {
                p.lead { (span(forecast.time)) " at the account's quota" (done_about(forecast.time, site)) }
                dl.facts {
                    dt { "Calls" } dd { (number(forecast.total_calls())) }
                    @for (kind, calls) in forecast.calls.iter().filter(|(_, calls)| **calls > 0) { dt { (kind) } dd { (number(*calls)) } }
                    dt { "Least possible" } dd { (number(forecast.least_calls)) }
                }
            }
            (look_at_account(draft, live, site))
        }
    }
}

fn look_at_account(draft: &Draft, live: Option<&BackgroundJob>, site: &Site) -> Markup {
    html! {
        @match live.map(|live| (live, live.end())) {
            Some((live, None)) => {
                p { "The account is being looked at; this page tells what was found when that is done." }
                (live::panel(live, site))
            }
            Some((_, Some(Ok(_)))) => { p.hint { "The account was looked at: this is exact, unless somebody changes it meanwhile." } }
            other => {
                @if let Some((_, Some(Err(error)))) = other { (layout::alert(error)) }
                form action={ (PageStep::Plan.path(draft)) "/live" } method="post" {
                    button type="submit" { "Look at the account, to be exact" }
                    " " span.hint { "reads the contacts, changes nothing" }
                }
            }
        }
    }
}

/// By the clock of this place, where that is more than minutes away.
fn done_about(time: Duration, site: &Site) -> String {
    live::clock_after(time, site).map_or_else(String::new, |at| format!(": begun now, it is done about {at}"))
}

fn differences(forecast: &Forecast) -> Markup {
    html! {
        @if !forecast.differences.is_empty() {
            section aria-labelledby="changes" {
                h2 #changes { "What changes in the first contacts" }
                ul.cards { @for difference in &forecast.differences { (contact(difference)) } }
            }
        }
    }
}

fn contact(difference: &Difference) -> Markup {
    html! {
        li.card {
            h3 { "Line " (number(difference.line)) ": " @if difference.is_new { "a new contact" } @else { "a change" } }
            dl.changes {
                @for change in &difference.changes {
                    dt { (shown(&field_words(&change.name))) }
                    dd {
                        @if let Some(before) = &change.before { del { span.unseen { "before: " } (shown(before)) } " " }
                        @if let Some(after) = &change.after { ins { span.unseen { "after: " } (shown(after)) } }
                        @else { span.hint { "taken away" } }
                    }
                }
            }
            @if !difference.is_new && !difference.is_seen { p.hint { "What was there before is not known without a look at the account." } }
        }
    }
}

fn rehearsed(draft: &Draft, work: Option<&BackgroundJob>, site: &Site) -> Markup {
    html! {
        section aria-labelledby="rehearsal" {
            h2 #rehearsal { "Rehearse it first" }
            @match work.map(|work| (work, work.end())) {
                None => {
                    p { "The whole import is tried on this machine, against a stand-in for the service that holds what is known of the account. \
                         Nothing is sent." }
                    form action={ (PageStep::Plan.path(draft)) "/rehearse" } method="post" { button type="submit" { "Rehearse" } }
                }
                Some((work, None)) => { (live::panel(work, site)) }
                Some((_, Some(Err(error)))) => { (layout::alert(error)) }
                Some((_, Some(Ok(End::Rehearsal(rehearsal))))) => {
                    div.notice role="status" {
                        p { "Rehearsed: " @for (outcome, rows) in rehearsal.summary.counts.iter().filter(|(_, rows)| *rows > 0) {
                            (number(rows)) " " (words(outcome)) " " } "in " (span(rehearsal.time)) "." }
                        @if let Some(why) = &rehearsal.summary.stopped { p { "It would stop: " (shown(&why.message)) } }
                        @if !rehearsal.failing.is_empty() { ul { @for row in &rehearsal.failing { li { (shown(row)) } } } }
                    }
                }
                Some(_) => {}
            }
        }
    }
}

fn send(draft: &Draft, forecast: &Forecast, is_real: bool) -> Markup {
    let changes = changes(forecast);
    html! {
        section aria-labelledby="send" {
            h2 #send { "Send it" }
            form.panel action={ (PageStep::Plan.path(draft)) "/send" } method="post" {
                input type="hidden" name="seen" value=(draft_key::key(draft));
                fieldset {
                    legend { "How much" }
                    div.check { input #all type="radio" name="extent" value="all" checked; label for="all" { "all rows" } }
                    div.check {
                        input #canary type="radio" name="extent" value="canary";
                        label for="canary" { "a few first, and the others only if all of them went well" }
                    }
                    div.field { label for="first" { "How many first" } input #first type="number" min="1" name="first" value="20"; }
                }
                @if !is_real {
                    div.check { input #unthrottled type="checkbox" name="unthrottled" checked;
                        label for="unthrottled" { "don't wait for the service's limits: this is a rehearsal" } }
                }
                @if is_real && changes > MANY {
                    div.field {
                        label for="typed" { (number(changes)) " real contacts change. Type the account's name, " (shown(&draft.account)) ", to send them" }
                        input #typed name="typed" autocomplete="off" required;
                    }
                }
                p.go { button.primary type="submit" { "Send to " (shown(&draft.account)) } }
            }
        }
    }
}

fn changes(forecast: &Forecast) -> u64 {
    forecast.counts[Outcome::Created] + forecast.counts[Outcome::Updated]
}

/// Reads the account, to be exact.
pub async fn look(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let draft = site.draft(&id)?;
    let job = plan_job(&site, &draft, true)?;
    site.works.find_or_start(plan_of(&draft, true), async move |context| planned(&job, context).await)?;
    Ok(back(&draft))
}

/// Rehearses the import.
pub async fn rehearse(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let draft = site.draft(&id)?;
    let mut job = import_of(&site, &draft, ImportOptions::default(), false)?;
    let aside = site.drafts.folder_of(&draft.id).join("rehearsal.csv");
    job.results.clone_from(&aside);
    site.works.find_or_start(Purpose::Rehearsal { key: draft_key::key(&draft) }, async move |context| {
        let rehearsal = jobs::rehearse(job, Vec::new(), context).await;
        let_go(&aside);
        Ok(End::Rehearsal(Box::new(rehearsal?)))
    })?;
    Ok(back(&draft))
}

fn back(draft: &Draft) -> Response {
    Redirect::to(&PageStep::Plan.path(draft)).into_response()
}

fn import_of(site: &Site, draft: &Draft, options: ImportOptions, unthrottled: bool) -> Result<ImportJob> {
    let account = site.maker.account(&draft.account, unthrottled)?;
    Ok(ImportJob::of(draft.source()?, account, results_beside(&draft.path), options))
}

/// Begins the import that was shown.
pub async fn send_it(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let draft = site.draft(&id)?;
    let form = PostedForm::new(fields);
    let is_real = is_real(&site, &draft.account)?;
    let planned = [true, false].into_iter().find_map(|live| site.works.find(&plan_of(&draft, live)));
    let forecast = match planned.as_ref().and_then(|work| work.end()) {
        Some(Ok(End::Forecast(forecast))) if form.get("seen") == Some(draft_key::key(&draft).as_str()) => forecast,
        _ => {
            return Err(Error::usage("the file, its columns or its account changed since the plan was shown")
                .hint("nothing was sent: look at the plan as it is now")
                .into());
        }
    };
    if is_real && changes(forecast) > MANY && form.get("typed") != Some(draft.account.as_str()) {
        return Err(Error::usage("nothing was sent: what was typed is not the account's name")
            .hint(format!("type {} to change {} contacts", draft.account, number(changes(forecast))))
            .into());
    }
    let canary = match (form.get("extent"), form.get("first").map(str::parse::<u64>)) {
        (Some("canary"), Some(Ok(first))) if first > 0 => Some(first),
        (Some("canary"), _) => return Err(Error::usage("how many rows come first is not a number").into()),
        _ => None,
    };
    let options = ImportOptions { canary, ..ImportOptions::default() };
    let job = import_of(&site, &draft, options, !is_real && form.has("unthrottled"))?;
    let words = format!("Import of {}", draft.name());
    let work = site.works.start(Purpose::Run { words }, async move |context| {
        Ok(End::Summary(Box::new(jobs::import(&job, context).await?)))
    })?;
    Ok(Redirect::to(&format!("/works/{}", work.id)).into_response())
}
