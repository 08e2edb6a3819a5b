//! The rows of one kind of problem, to be mended one by one or all alike.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};
use serde::Deserialize;

use super::draft::Draft;
use super::draft_key;
use super::failure::{PageAnswer, PageFailure};
use super::form::PostedForm;
use super::layout::{self, PageStep, Part, prose, shown};
use super::mending::{Mend, mended, rows_at};
use super::problems::ProblemGroup;
use super::problems_page::{check, title};
use super::site::{Site, aside};
use super::work::{BackgroundJob, End};
use crate::contact::Position;
use crate::error::{Error, Result};
use crate::jobs::edits_place;
use crate::report::{cause, cure, number};
use crate::table::{IfTaken, SourceEdit, SourceEdits, WrittenFiles};

/// Rows of a page.
const ROWS: usize = 50;

/// Which page of a list.
#[derive(Deserialize)]
pub struct Paged {
    page: Option<usize>,
}

/// The rows of one kind of problem, the bad cell of each to be written anew.
pub async fn show(
    State(site): State<Arc<Site>>,
    Path((id, key)): Path<(String, String)>,
    Query(paged): Query<Paged>,
) -> PageAnswer<Markup> {
    let draft = site.draft(&id)?;
    let work = check(&site, &draft).await?;
    work.ended().await;
    let group = group_of(&work, &key)?.clone();
    let pages = group.places.len().div_ceil(ROWS).max(1);
    let page = paged.page.unwrap_or(1).clamp(1, pages);
    let first = (page - 1) * ROWS;
    let places: Vec<Position> = group.places.iter().skip(first).take(ROWS).copied().collect();
    let source = draft.source()?;
    let (headers, rows) = aside(move || Ok((source.open()?.headers().to_vec(), rows_at(&source, &places)?))).await?;
    let name = title(&group).0;
    Ok(layout::page(
        "Mend rows",
        Part::Of(&draft, PageStep::Problems),
        &html! {
            p.lead { (maud::PreEscaped(name)) ": " (prose(cause(&group.code).unwrap_or_default())) }
            p.hint { code { (group.code) } " " (prose(cure(&group.code).unwrap_or_default())) }
            form action={ (PageStep::Problems.path(&draft)) "/" (key) } method="post" {
                input type="hidden" name="seen" value=(draft_key::key(&draft));
                (table(&group, first, &headers, &rows))
                p.go {
                    button.primary type="submit" name="how" value="set" { "Keep what I wrote" }
                    a href=(PageStep::Problems.path(&draft)) { "Back to the problems" }
                }
            }
            (layout::pages(&format!("{}/{key}?page=", PageStep::Problems.path(&draft)), page, pages))
        },
    ))
}

fn table(group: &ProblemGroup, first: usize, headers: &[String], rows: &[(Position, Vec<String>)]) -> Markup {
    let message = |position: Position| {
        let at = group.places.iter().skip(first).position(|place| *place == position);
        at.and_then(|at| group.messages.get(first + at)).map_or("", String::as_str)
    };
    html! {
        div.scroll tabindex="0" role="region" aria-label="Rows to mend" {
            table {
                thead { tr {
                    th scope="col" { "Line" }
                    th scope="col" { (shown(headers.get(group.column_index).map_or("", String::as_str))) }
                    @for (at, header) in headers.iter().enumerate() { @if at != group.column_index { th scope="col" { (shown(header)) } } }
                } }
                tbody {
                    @for (position, cells) in rows {
                        @let name = format!("cell.{}.{}", position.sheet, position.line);
                        tr {
                            th scope="row" { (number(position.line)) }
                            td.bad {
                                input name=(name) value=(cells.get(group.column_index).map_or("", String::as_str))
                                    aria-label={ "Line " (position.line) } aria-describedby={ "m." (name) } autocomplete="off";
                                small id={ "m." (name) } { (layout::message(message(*position))) }
                            }
                            @for (at, cell) in cells.iter().enumerate() { @if at != group.column_index { td { (shown(cell)) } } }
                        }
                    }
                }
            }
        }
    }
}

fn group_of<'a>(work: &'a BackgroundJob, key: &str) -> PageAnswer<&'a ProblemGroup> {
    match work.end() {
        Some(Ok(End::Problems(list))) => list.group(key).ok_or_else(|| PageFailure::missing("problem any more")),
        Some(Err(error)) => Err(error.clone().into()),
        _ => Err(PageFailure::missing("problem any more")),
    }
}

/// Mends the rows of one kind of problem.
pub async fn mend(
    State(site): State<Arc<Site>>,
    Path((id, key)): Path<(String, String)>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let mut draft = site.draft(&id)?;
    let cells = cells_in(&fields);
    let form = PostedForm::new(fields);
    if form.get("seen") != Some(draft_key::key(&draft).as_str()) {
        return Err(Error::usage("the file, its columns or its edits changed since these problems were shown")
            .hint("nothing was changed: look at the problems as they are now")
            .into());
    }
    let mend = match form.get("how") {
        Some("prefix") => {
            let text = form.get("prefix").ok_or_else(|| Error::usage("there is nothing to put in front"))?.to_owned();
            Mend::Prefix { text, without_zeros: form.has("without_zeros") }
        }
        Some("leave_out") => Mend::LeaveOut,
        Some("skip") => Mend::SkipRows,
        _ => Mend::Set(cells),
    };
    let work = check(&site, &draft).await?;
    work.ended().await;
    let group = group_of(&work, &key)?.clone();
    let of = draft.clone();
    let edits = aside(move || {
        let column = group.column.as_ref().map(|_| group.column_index);
        mended(&of, &group.places, column, &mend)
    });
    let unchanged = || Error::usage("nothing was changed").hint("write other values into the cells");
    keep(&site, &mut draft, edits.await?.ok_or_else(unchanged)?).await?;
    Ok(Redirect::to(&PageStep::Problems.path(&draft)).into_response())
}

/// Cells that were written, by sheet and line: fields called `cell.SHEET.LINE`.
fn cells_in(fields: &[(String, String)]) -> BTreeMap<(u16, u64), String> {
    let place = |name: &str| {
        let (sheet, line) = name.strip_prefix("cell.")?.split_once('.')?;
        Some((sheet.parse().ok()?, line.parse().ok()?))
    };
    fields.iter().filter_map(|(name, value)| Some((place(name)?, value.clone()))).collect()
}

/// Takes an edit back.
pub async fn take_back(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let mut draft = site.draft(&id)?;
    let number = PostedForm::new(fields).get("edit").and_then(|number| number.parse::<u64>().ok());
    let edits = draft.source()?.edits;
    let left = edits.iter().flat_map(|edits| edits.all()).filter(|edit| Some(edit.edit) != number).cloned().collect();
    keep(&site, &mut draft, left).await?;
    Ok(Redirect::to(&PageStep::Problems.path(&draft)).into_response())
}

/// Writes the edits beside the file. A file of edits that somebody else wrote stays, and this one gets another name.
pub async fn keep(site: &Arc<Site>, draft: &mut Draft, edits: Vec<SourceEdit>) -> Result<()> {
    let wanted = draft.edits.clone().unwrap_or_else(|| edits_place(&draft.path));
    let state_dir = site.state_dir.clone();
    let path = aside(move || {
        let place = WrittenFiles::in_state(&state_dir).place(&wanted, IfTaken::NewName)?;
        SourceEdits::write(&place, &edits)?;
        Ok(place.path)
    });
    draft.edits = Some(path.await?);
    site.drafts.save(draft)
}
