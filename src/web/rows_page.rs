use std::path::PathBuf;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};

use super::failure::{PageAnswer, PageFailure};
use super::form::PostedForm;
use super::layout::{self, Part, shown};
use super::row_mending::{cell_field, place_field};
use super::rows_view::{ResultRow, RowsFound, RowsWanted};
use super::run_page::attachment;
use super::runs_page::{file_name, words};
use super::site::{Site, aside};
use crate::contact::Outcome;
use crate::error::{Error, Result};
use crate::jobs::{has_extension, results_of};
use crate::ledger::{Run, RunKind};
use crate::report::{count, number};
use crate::table::{self, ReadOptions, RowBatch, WriteOptions};

/// The rows of a run, with what became of each.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    page(&site, &id, RowsWanted::default()).await
}

/// Those of them that are searched for. Asked by a form that is posted, so that nobody stands in an address.
pub async fn search(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    Form(fields): Form<Vec<(String, String)>>,
) -> PageAnswer {
    let form = PostedForm::new(fields);
    let wanted = RowsWanted {
        outcome: form.get("outcome").and_then(Outcome::from_name),
        text: form.get("text").map(str::to_owned),
        sort: form.get("sort").map(str::to_owned),
        is_descending: form.has("descending"),
        page: form.get("page").and_then(|page| page.parse().ok()).unwrap_or(1),
    };
    page(&site, &id, wanted).await
}

async fn page(site: &Site, id: &str, wanted: RowsWanted) -> PageAnswer {
    let run = site.run(id).await?;
    let Some(path) = results_of(&run).filter(|path| path.is_file()) else {
        return Err(PageFailure::missing("results file"));
    };
    let of = wanted.clone();
    let found = aside(move || RowsFound::of(&path, &of)).await?;
    let title = format!("Rows of {}", file_name(&run.new.file));
    let can_be_mended = run.new.kind == RunKind::Import;
    Ok(layout::page(&title, Part::Runs, &html! {
        p { a href={ "/runs/" (run.id) } { "Back to the run" } }
        // Forms of their own for what stands in the table: the enter key in a cell sends what was written there.
        form #mend action={ "/runs/" (run.id) "/mend" } method="post" {}
        form #person action="/people" method="post" {}
        form action={ "/runs/" (run.id) "/rows" } method="post" {
            (choice(&run, &found, &wanted))
            p aria-live="polite" { (count(found.found, "row")) }
            (rows(&found, can_be_mended))
            @if can_be_mended && found.rows.iter().any(ResultRow::needs_attention) {
                p.go {
                    button.primary type="submit" form="mend" { "Keep what I wrote, and look at the plan" }
                    span.hint { "What is mended is kept beside the file, which stays as it is. Nothing is sent yet." }
                }
            }
            @if found.pages > 1 {
                nav.pages aria-label="Pages" {
                    @if found.page > 1 { button type="submit" name="page" value=(found.page - 1) { "Earlier" } }
                    span { "page " (found.page) " of " (found.pages) }
                    @if found.page < found.pages { button type="submit" name="page" value=(found.page + 1) { "Further" } }
                }
            }
        }
    })
    .into_response())
}

fn choice(run: &Run, found: &RowsFound, wanted: &RowsWanted) -> Markup {
    html! {
        div.grid {
            div.field {
                label for="text" { "With this in it" }
                input #text name="text" value=[wanted.text.as_deref()] autocomplete="off";
            }
            div.field {
                label for="outcome" { "Outcome" }
                select #outcome name="outcome" {
                    option value="" { "any" }
                    @for (outcome, rows) in run.counts.iter().filter(|(_, rows)| *rows > 0) {
                        option value=(outcome.name()) selected[wanted.outcome == Some(outcome)] { (words(outcome)) " (" (number(rows)) ")" }
                    }
                }
            }
            div.field {
                label for="sort" { "In the order of" }
                select #sort name="sort" {
                    option value="" { "the file" }
                    @for header in &found.headers { option value=(header) selected[wanted.sort.as_ref() == Some(header)] { (shown(header)) } }
                }
            }
            div.check {
                input #descending type="checkbox" name="descending" checked[wanted.is_descending];
                label for="descending" { "the other way round" }
            }
            button.primary type="submit" { "Show" }
        }
    }
}

fn rows(found: &RowsFound, can_be_mended: bool) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Rows" {
            table {
                thead { tr {
                    th scope="col" { "Line" } th scope="col" { "Outcome" } th scope="col" { "Why" }
                    @for header in &found.headers { th scope="col" { (shown(header)) } }
                } }
                tbody { @for (at, row) in found.rows.iter().enumerate() { (one(at, row, &found.headers, can_be_mended)) } }
            }
        }
    }
}

fn one(at: usize, row: &ResultRow, headers: &[String], can_be_mended: bool) -> Markup {
    let is_mended = can_be_mended && row.needs_attention();
    html! {
        tr {
            th scope="row" {
                (shown(&row.line))
                @if is_mended { input type="hidden" form="mend" name=(place_field(at)) value={ (row.line) " " (row.sheet) }; }
            }
            td { span class={ "state " (row.outcome) } { (Outcome::from_name(&row.outcome).map_or("", words)) } }
            td {
                (shown(&row.message))
                @if !row.contact_id.is_empty() {
                    " " button.small type="submit" form="person" name="person" value={ "id:" (row.contact_id) } {
                        "What was done" span.unseen { " to line " (row.line) }
                    }
                }
            }
            @for (column, (header, cell)) in headers.iter().zip(&row.cells).enumerate() {
                td class=[row.is_wrong(header).then_some("bad")] {
                    @if is_mended && row.may_be_mended(header, headers) {
                        input form="mend" name=(cell_field(at, column)) value=(cell) autocomplete="off"
                            aria-label={ "Line " (row.line) ", " (shown(header).0) };
                    } @else { (shown(cell)) }
                }
            }
        }
    }
}

/// The results of a run as `csv` or `xlsx`, whichever was written.
pub async fn download(State(site): State<Arc<Site>>, Path((id, kind)): Path<(String, String)>) -> PageAnswer {
    let run = site.run(&id).await?;
    let path = results_of(&run).ok_or_else(|| PageFailure::missing("results file"))?;
    if !matches!(kind.as_str(), "csv" | "xlsx") {
        return Ok(Redirect::to(&format!("/runs/{id}")).into_response());
    }
    let name = path.with_extension(&kind).file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = site.state_dir.clone();
    let bytes = aside(move || if has_extension(&path, &kind) { read(&path) } else { converted(&path, &kind, &folder) });
    let answer: Response = attachment(&name, bytes.await?);
    Ok(answer)
}

fn read(path: &std::path::Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|cause| {
        Error::usage(format!("the results can't be read: {}", path.display())).at_path(path).caused_by(cause)
    })
}

/// The same rows in another kind of file, by way of one in the state folder.
fn converted(path: &std::path::Path, kind: &str, folder: &std::path::Path) -> Result<Vec<u8>> {
    let between = tempfile::tempdir_in(folder)
        .map_err(|cause| Error::stopped("a file can't be made in the state folder").caused_by(cause))?;
    let place: PathBuf = between.path().join(format!("results.{kind}"));
    let options = ReadOptions { own_rows: true, ..ReadOptions::default() };
    let mut reader = table::open(path, &options)?;
    let own = reader.own_columns().to_vec();
    let headers: Vec<&str> = reader.headers().iter().chain(&own).map(String::as_str).collect();
    let write = WriteOptions { plus_numbers: table::PlusNumbers::Guarded, ..WriteOptions::default() };
    let mut writer = table::create_with(place.as_path(), &headers, &write)?;
    let mut batch = RowBatch::new();
    while reader.read(&mut batch, 512)? > 0 {
        for row in batch.rows() {
            let cells: Vec<&str> =
                row.cells().chain(own.iter().map(|name| row.own(name).unwrap_or_default())).collect();
            writer.write(&cells)?;
        }
    }
    writer.finish()?;
    read(&place)
}
