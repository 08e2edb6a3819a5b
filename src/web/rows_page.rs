use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use maud::{Markup, html};
use serde::Deserialize;

use super::draft_key;
use super::failure::{PageAnswer, PageFailure};
use super::form::PostedForm;
use super::layout::{self, Part, message, shown};
use super::live;
use super::row_mending::{cell_field, place_field};
use super::row_store::RowStore;
use super::rows_view::{ResultRow, RowsWanted};
use super::run_page::attachment;
use super::runs_page::{file_name, words};
use super::site::{Site, aside};
use super::work::{BackgroundJob, End, Purpose};
use crate::contact::Outcome;
use crate::error::{Error, Result};
use crate::jobs::{self, has_extension, results_of};
use crate::ledger::{Run, RunKind};
use crate::report::{count, number};
use crate::table::{self, ReadOptions, RowBatch, WriteOptions};

/// Rows of a page.
const ROWS: usize = 50;

/// Which page, of all rows or of those that were looked for.
#[derive(Deserialize)]
pub struct RowsPlace {
    /// The job that looked for them: what was looked for may be a person, who is to stand in no address.
    found: Option<u64>,
    page: Option<usize>,
}

/// The rows of a run, with what became of each.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>, Query(place): Query<RowsPlace>) -> PageAnswer {
    let run = site.run(&id).await?;
    let (key, store) = store(&site, &run).await?;
    let searched = match place.found.and_then(|found| site.works.get(found)) {
        Some(work) if matches!(&work.purpose, Purpose::Search { key: of, .. } if *of == key) => Some(work),
        _ => None,
    };
    if let Some(work) = &searched {
        work.soon().await;
    }
    let under_way = [Some(&store), searched.as_ref()].into_iter().flatten().find(|work| work.is_under_way());
    let body = match (under_way, store.end(), searched.as_deref().map(|work| (work, work.end()))) {
        (Some(work), ..) => live::panel(work, &site),
        (_, Some(Err(error)), _) | (_, _, Some((_, Some(Err(error))))) => layout::alert(error),
        (_, Some(Ok(End::Rows(rows))), searched) => {
            let (wanted, numbers) = match searched {
                Some((
                    BackgroundJob { purpose: Purpose::Search { wanted, .. }, .. },
                    Some(Ok(End::Found(numbers))),
                )) => (wanted.clone(), Some(numbers.as_slice())),
                _ => (RowsWanted::default(), None),
            };
            let found = RowsFound::of(rows, numbers, place.page.unwrap_or(1))?;
            let is_lost = place.found.is_some() && numbers.is_none();
            table_page(&run, &found, &wanted, place.found.filter(|_| !is_lost), is_lost)
        }
        _ => html! {},
    };
    let title = format!("Rows of {}", file_name(&run.new.file));
    let back = html! { p { a href={ "/runs/" (run.id) } { "Back to the run" } } };
    Ok(layout::page(&title, Part::Runs, &html! { (back) (body) }).into_response())
}

/// The rows of a run, read once, by a key that is another whenever its results are.
async fn store(site: &Site, run: &Run) -> PageAnswer<(String, Arc<BackgroundJob>)> {
    let path = results_of(run).filter(|path| path.is_file()).ok_or_else(|| PageFailure::missing("results file"))?;
    let key = format!("{}-{}", run.id, draft_key::stamp(&path));
    let folder = site.state_dir.clone();
    let look = async move |_: &mut jobs::Context| Ok(End::Rows(Box::new(RowStore::of(&path, &folder)?)));
    Ok((key.clone(), site.works.shown(Purpose::Rows { key }, look).await?))
}

/// Looks for rows. Asked by a form that is posted, so that nobody stands in an address.
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
    };
    let address = format!("/runs/{id}/rows");
    if wanted == RowsWanted::default() {
        return Ok(Redirect::to(&address).into_response());
    }
    let run = site.run(&id).await?;
    let (key, store) = store(&site, &run).await?;
    let of = wanted.clone();
    let work = site.works.find_or_start(Purpose::Search { key, wanted }, async move |_: &mut jobs::Context| {
        store.ended().await;
        match store.end() {
            Some(Ok(End::Rows(rows))) => Ok(End::Found(rows.found(&of)?)),
            Some(Err(error)) => Err(error.clone()),
            _ => Err(Error::bug("the rows were not read")),
        }
    })?;
    Ok(Redirect::to(&format!("{address}?found={}", work.id)).into_response())
}

/// A page of rows.
struct RowsFound<'a> {
    headers: &'a [String],
    rows: Vec<ResultRow>,
    /// Rows that are wanted, on all pages.
    found: u64,
    pages: usize,
    page: usize,
}

impl<'a> RowsFound<'a> {
    /// The rows of these numbers, or all.
    fn of(store: &'a RowStore, numbers: Option<&[u32]>, page: usize) -> Result<Self> {
        let found = numbers.map_or(store.len(), <[u32]>::len);
        let pages = found.div_ceil(ROWS).max(1);
        let page = page.clamp(1, pages);
        let first = (page - 1) * ROWS;
        let shown = first..found.min(first + ROWS);
        let rows = match numbers {
            Some(numbers) => store.rows(numbers[shown].iter().copied())?,
            None => store.rows(shown.map(|number| u32::try_from(number).unwrap_or(u32::MAX)))?,
        };
        Ok(Self { headers: &store.headers, rows, found: found as u64, pages, page })
    }
}

fn table_page(run: &Run, found: &RowsFound<'_>, wanted: &RowsWanted, of: Option<u64>, is_lost: bool) -> Markup {
    let can_be_mended = run.new.kind == RunKind::Import;
    let address = match of {
        Some(of) => format!("/runs/{}/rows?found={of}&page=", run.id),
        None => format!("/runs/{}/rows?page=", run.id),
    };
    html! {
        @if is_lost { p.warning { "What was looked for is not remembered any more: these are all rows. Look for them again." } }
        // A form of its own for what stands in the table: the enter key in a cell sends what was written there.
        form #person action="/people" method="post" {}
        form action={ "/runs/" (run.id) "/rows" } method="post" { (choice(run, found, wanted)) }
        p role="status" { (count(found.found, "row")) }
        @if found.found == 0 { p.hint { "No row is like that. Take something out of the choice above." } }
        @else {
            form action={ "/runs/" (run.id) "/mend" } method="post" {
                (rows(found, can_be_mended))
                @if can_be_mended && found.rows.iter().any(ResultRow::needs_attention) {
                    p.go {
                        button.primary type="submit" { "Keep what I wrote, and look at the plan" }
                        span.hint { "What is mended is kept beside the file, which stays as it is. Nothing is sent yet." }
                    }
                }
            }
        }
        (layout::pages(&address, found.page, found.pages))
    }
}

fn choice(run: &Run, found: &RowsFound<'_>, wanted: &RowsWanted) -> Markup {
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
                    @for header in found.headers { option value=(header) selected[wanted.sort.as_ref() == Some(header)] { (shown(header)) } }
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

fn rows(found: &RowsFound<'_>, can_be_mended: bool) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Rows" {
            table {
                thead { tr {
                    th scope="col" { "Line" } th scope="col" { "Outcome" } th scope="col" { "Why" }
                    @for header in found.headers { th scope="col" { (shown(header)) } }
                } }
                tbody { @for (at, row) in found.rows.iter().enumerate() { (one(at, row, found.headers, can_be_mended)) } }
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
                @if is_mended { input type="hidden" name=(place_field(at)) value={ (row.line) " " (row.sheet) }; }
            }
            td { span class={ "state " (row.outcome) } { (Outcome::from_name(&row.outcome).map_or("", words)) } }
            td {
                (message(&row.message))
                @if !row.contact_id.is_empty() {
                    " " button.small type="submit" form="person" name="person" value={ "id:" (row.contact_id) } {
                        "What was done" span.unseen { " to line " (row.line) }
                    }
                }
            }
            @for (column, (header, cell)) in headers.iter().zip(&row.cells).enumerate() {
                td class=[row.is_wrong(header).then_some("bad")] {
                    @if is_mended && row.may_be_mended(header, headers) {
                        input name=(cell_field(at, column)) value=(cell) autocomplete="off"
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
    let file =
        aside(move || if has_extension(&path, &kind) { opened(&path) } else { converted(&path, &kind, &folder) });
    let answer: Response = attachment(&name, file.await?);
    Ok(answer)
}

fn opened(path: &std::path::Path) -> Result<File> {
    File::open(path).map_err(|cause| {
        Error::usage(format!("the results can't be read: {}", path.display())).at_path(path).caused_by(cause)
    })
}

/// The same rows in another kind of file, by way of one in the state folder.
fn converted(path: &std::path::Path, kind: &str, folder: &std::path::Path) -> Result<File> {
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
    // It goes once it was sent: an open file needs no name.
    opened(&place)
}
