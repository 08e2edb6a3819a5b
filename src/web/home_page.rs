use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};

use super::failure::PageAnswer;
use super::layout::{self, Part, shown};
use super::runs_page::{self, ListedRun};
use super::site::Site;

/// Runs that are shown beside the files.
const RUNS: usize = 5;

/// Where a file is chosen.
pub async fn show(State(site): State<Arc<Site>>) -> PageAnswer<Markup> {
    let drafts = site.drafts.all();
    let runs = ListedRun::latest(&site, RUNS).await?;
    Ok(layout::page(
        "Bring a file of contacts to an account",
        Part::Home,
        &html! {
            form.drop action="/files" method="post" enctype="multipart/form-data" data-drop="" {
                p.lead { "Drop a spreadsheet here, or choose one. Nothing is sent before you say so." }
                div.field {
                    label for="file" { "File: CSV, Excel, OpenDocument, vCard or JSON Lines" }
                    input #file type="file" name="file";
                }
                details {
                    summary { "A file on this machine that is too large to drop" }
                    div.field {
                        label for="path" { "Where it is" }
                        input #path type="text" name="path" autocomplete="off" placeholder="/home/ann/contacts.csv";
                    }
                }
                button.primary type="submit" { "Look at the file" }
                p.hint { "A dropped file is copied into rolo's own folder on this machine, for you alone, and removed when "
                    code { "rolo open" } " ends, unless a run still needs it." }
            }
            @if !drafts.is_empty() {
                section aria-labelledby="drafts" {
                    h2 #drafts { "Files you were at" }
                    ul.cards {
                        @for draft in &drafts {
                            li.card {
                                h3 { a href={ "/files/" (draft.id) } { (shown(&draft.name())) } }
                                p.hint {
                                    @if draft.is_copy { "a copy in rolo's folder" } @else { (shown(&draft.path.display().to_string())) }
                                }
                                form action={ "/files/" (draft.id) "/remove" } method="post" {
                                    button type="submit" { "Remove from this list"
                                        span.unseen { ": " (shown(&draft.name())) } }
                                }
                            }
                        }
                    }
                }
            }
            @if !runs.is_empty() {
                section aria-labelledby="latest" {
                    h2 #latest { "Latest runs" }
                    (runs_page::table(&runs))
                    p { a href="/runs" { "All runs" } }
                }
            }
        },
    ))
}

/// Lets go of a draft.
pub async fn remove(
    State(site): State<Arc<Site>>,
    Path(id): Path<String>,
    _: Form<Vec<(String, String)>>,
) -> PageAnswer {
    let draft = site.draft(&id)?;
    site.drafts.remove(&draft)?;
    Ok(Redirect::to("/").into_response())
}
