use std::sync::Arc;

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::draft::Draft;
use super::draft_key;
use super::failure::PageAnswer;
use super::layout::{self, PageStep, Part, prose, shown};
use super::live;
use super::mending::{EditMade, edits_made};
use super::problems::{ProblemCollector, ProblemGroup, ProblemList};
use super::site::Site;
use super::work::{BackgroundJob, End, Purpose};
use crate::error::Result;
use crate::jobs::{self, CheckJob};
use crate::report::{Several, cause, count, cure, number};

/// Rows shown of a group.
const SHOWN: usize = 3;

/// What is told of every row that was edited: the list of edits tells it better.
const EDITED: &str = "edit.applied";

/// What is wrong with the rows. Looked for as soon as somebody asks.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    let draft = site.draft(&id)?;
    let work = check(&site, &draft).await?;
    let edits = draft.source()?.edits;
    let made = edits.map(|edits| edits_made(edits.all())).unwrap_or_default();
    Ok(layout::page(
        "Problems",
        Part::Of(&draft, PageStep::Problems),
        &html! {
            @match work.end() {
                None => { (live::panel(&work, &site)) }
                Some(Err(error)) => { (layout::alert(error)) }
                Some(Ok(End::Problems(list))) => { (found(&draft, list)) }
                Some(Ok(_)) => {}
            }
            (mended(&draft, &made))
            p.go { a.button.primary href=(PageStep::Plan.path(&draft)) { "Go on to the plan" } }
        },
    ))
}

/// The check of a draft as it stands, by the very job of `rolo check`.
pub async fn check(site: &Site, draft: &Draft) -> Result<Arc<BackgroundJob>> {
    let aside = site.drafts.folder_of(&draft.id).join("check.csv");
    let service = Arc::from(site.maker.service(&draft.account)?);
    let check = CheckJob { source: draft.source()?, service, results: aside.clone() };
    let job = async move |context: &mut jobs::Context| {
        let problems = ProblemCollector::default();
        let watched = std::mem::replace(&mut context.reporter, Box::new(Several(Vec::new())));
        context.reporter = Box::new(Several(vec![watched, Box::new(problems.clone())]));
        let checked = jobs::check(&check, context).await;
        let_go(&aside);
        checked?;
        Ok(End::Problems(Box::new(problems.into_list())))
    };
    site.works.shown(Purpose::Check { key: draft_key::key(draft) }, job).await
}

/// Removes results that nobody asked for: they hold people, and the page has told what they tell.
pub fn let_go(results: &std::path::Path) {
    drop(std::fs::remove_file(results));
}

fn found(draft: &Draft, list: &ProblemList) -> Markup {
    let (remarks, errors): (Vec<_>, Vec<_>) = list.groups.iter().partition(|group| group.is_remark);
    let remarks: Vec<_> = remarks.into_iter().filter(|group| group.code != EDITED).collect();
    html! {
        @if list.rejected == 0 {
            p.notice role="status" { "All " (count(list.rows - list.skipped, "row")) " can be sent." }
        } @else {
            p.lead { (count(list.rejected, "row")) " of " (number(list.rows)) " can't be sent as they are. The others can." }
        }
        @if list.skipped > 0 { p.hint { (count(list.skipped, "row")) " passed over." } }
        @if !errors.is_empty() { h2 { "What keeps rows from being sent" } }
        @for group in errors { (problem(draft, group)) }
        @if !remarks.is_empty() {
            h2 { "Worth knowing of rows that are sent" }
            @for group in remarks { (problem(draft, group)) }
        }
    }
}

/// One kind of problem, with its first rows, and what can be done to all of them.
fn problem(draft: &Draft, group: &ProblemGroup) -> Markup {
    let key = group.key();
    let rows = group.places.len() as u64;
    html! {
        section.panel aria-labelledby={ "g-" (key) } {
            h3 id={ "g-" (key) } { (title(group)) }
            p { (prose(cause(&group.code).unwrap_or_default())) }
            p.hint { code { (group.code) } " " (prose(cure(&group.code).unwrap_or_default())) }
            ul.notes {
                @for (place, message) in group.places.iter().zip(&group.messages).take(SHOWN) {
                    li { "line " (number(place.line)) ": " (layout::message(message)) }
                }
                @if group.places.len() > SHOWN { li.hint { "and " (number(rows - SHOWN as u64)) " more" } }
            }
            @if group.column.is_some() {
                p { a href={ (PageStep::Problems.path(draft)) "/" (key) } { "Mend them one by one" span.unseen { ": " (title(group)) } } }
            }
            @if !group.is_remark { (for_all(draft, group)) }
        }
    }
}

/// `12 rows, column Mobile`.
pub fn title(group: &ProblemGroup) -> Markup {
    let rows = count(group.places.len() as u64, "row");
    html! { (rows) @if let Some(column) = &group.column { ", column " (shown(column)) } ": " (group.code) }
}

/// What can be done to all rows of a group alike.
fn for_all(draft: &Draft, group: &ProblemGroup) -> Markup {
    let key = group.key();
    let action = format!("{}/{key}", PageStep::Problems.path(draft));
    html! {
        details {
            summary { "Mend all " (number(group.places.len() as u64)) " alike" span.unseen { ": " (title(group)) } }
            @if group.column.is_some() {
                form.grid action=(action) method="post" {
                    input type="hidden" name="seen" value=(draft_key::key(draft));
                    div.field {
                        label for={ "prefix-" (key) } { "Put this in front of each cell" }
                        input id={ "prefix-" (key) } name="prefix" autocomplete="off" required placeholder="+60";
                    }
                    div.check {
                        input id={ "zeros-" (key) } type="checkbox" name="without_zeros" checked;
                        label for={ "zeros-" (key) } { "without zeros at the beginning" }
                    }
                    button type="submit" name="how" value="prefix" { "Put it in front" }
                }
            }
            form.go action=(action) method="post" {
                input type="hidden" name="seen" value=(draft_key::key(draft));
                @if group.column.is_some() {
                    button type="submit" name="how" value="leave_out" { "Leave these cells out" }
                }
                button type="submit" name="how" value="skip" { "Pass these rows over" }
            }
        }
    }
}

/// What was mended, each with its way back.
fn mended(draft: &Draft, made: &[EditMade]) -> Markup {
    html! {
        @if !made.is_empty() {
            section aria-labelledby="mended" {
                h2 #mended { "What you mended" }
                p.hint { "Kept in " code { (shown(&draft.edits.as_ref().map(|path| path.display().to_string()).unwrap_or_default())) }
                    "; the file itself stays as it is." }
                ul.cards {
                    @for edit in made {
                        li.card {
                            h3 {
                                @match &edit.column {
                                    Some(column) => { (count(edit.rows, "cell")) " of " (shown(column)) " " (edit.action) }
                                    None => { (count(edit.rows, "row")) " " (edit.action) }
                                }
                            }
                            @if let Some((was, now)) = &edit.example { p { del { (shown(was)) } " " ins { (shown(now)) } } }
                            form action={ (PageStep::Problems.path(draft)) "/back" } method="post" {
                                input type="hidden" name="edit" value=(edit.number);
                                button type="submit" { "Take it back" span.unseen { ": edit " (edit.number) } }
                            }
                        }
                    }
                }
            }
        }
    }
}
