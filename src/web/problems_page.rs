use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::draft::Draft;
use super::failure::PageAnswer;
use super::layout::{self, PageStep, Part, shown};
use super::live;
use super::memo;
use super::problems::{ProblemCollector, ProblemGroup, ProblemList};
use super::site::Site;
use super::work::{BackgroundJob, End, Purpose};
use crate::error::Result;
use crate::jobs::{self, CheckJob};
use crate::report::{Several, count, cure, explain, number};

/// Rows shown of a group.
const SHOWN: usize = 10;

/// How long a page waits for what is quickly done.
const QUICK: Duration = Duration::from_millis(250);

/// What is wrong with the rows. Looked for as soon as somebody asks.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    let draft = site.draft(&id)?;
    let work = check(&site, &draft)?;
    drop(tokio::time::timeout(QUICK, work.ended()).await);
    Ok(layout::page(
        "Problems",
        Part::Of(&draft, PageStep::Problems),
        &match work.end() {
            None => live::panel(&work, &site),
            Some(Err(error)) => layout::alert(error),
            Some(Ok(End::Problems(list))) => found(&draft, list),
            Some(Ok(_)) => html! {},
        },
    ))
}

/// The check of a draft as it stands, by the very job of `rolo check`.
pub fn check(site: &Site, draft: &Draft) -> Result<Arc<BackgroundJob>> {
    let aside = site.drafts.folder_of(&draft.id).join("check.csv");
    let service = Arc::from(site.maker.service(&draft.account)?);
    let check = CheckJob { source: draft.source(), service, results: aside.clone() };
    site.works.find_or_start(Purpose::Check { key: memo::key(draft) }, async move |context| {
        let problems = ProblemCollector::default();
        let watched = std::mem::replace(&mut context.reporter, Box::new(Several(Vec::new())));
        context.reporter = Box::new(Several(vec![watched, Box::new(problems.clone())]));
        let checked = jobs::check(&check, context).await;
        let_go(&aside);
        checked?;
        Ok(End::Problems(Box::new(problems.into_list())))
    })
}

/// Removes results that nobody asked for: they hold people, and the page has told what they tell.
pub fn let_go(results: &std::path::Path) {
    drop(std::fs::remove_file(results));
}

fn found(draft: &Draft, list: &ProblemList) -> Markup {
    let (remarks, errors): (Vec<_>, Vec<_>) = list.groups.iter().partition(|group| group.is_remark);
    html! {
        @if list.rejected == 0 {
            p.notice { "All " (count(list.rows, "row")) " can be sent." }
        } @else {
            p.lead { (count(list.rejected, "row")) " of " (number(list.rows)) " can't be sent as they are. The others can." }
        }
        @for group in errors { (problem(group)) }
        @if !remarks.is_empty() {
            h2 { "Worth knowing of rows that are sent" }
            @for group in remarks { (problem(group)) }
        }
        p.go { a.button.primary href=(PageStep::Plan.path(draft)) { "Go on to the plan" } }
    }
}

/// One kind of problem, with its first rows.
fn problem(group: &ProblemGroup) -> Markup {
    let rows = group.places.len() as u64;
    html! {
        section.panel aria-labelledby={ "g-" (group.key()) } {
            h3 id={ "g-" (group.key()) } {
                (count(rows, "row")) @if let Some(column) = &group.column { ", column " (shown(column)) } ": " (title(&group.code))
            }
            p.hint { code { (group.code) } " " (shown(cure(&group.code).unwrap_or_default())) }
            ul.notes {
                @for (place, message) in group.places.iter().zip(&group.messages).take(SHOWN) {
                    li { "line " (number(place.line)) ": " (shown(message)) }
                }
            }
            @if group.places.len() > SHOWN { p.hint { "and " (number(rows - SHOWN as u64)) " more" } }
        }
    }
}

/// What a code means, in a few words.
pub fn title(code: &str) -> String {
    explain(code).map_or_else(|| code.replace(['.', '_'], " "), |known| known.means)
}
