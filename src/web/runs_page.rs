use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};

use super::failure::PageAnswer;
use super::layout::{self, Part, shown};
use super::site::Site;
use crate::contact::Outcome;
use crate::error::Result;
use crate::ledger::{Run, Worker};
use crate::report::number;
use crate::report::words::{moment, span, state_words};

/// Runs that are listed.
const LISTED: usize = 200;

/// A run with whoever works on it now.
pub struct ListedRun {
    pub run: Run,
    pub worker: Option<Worker>,
}

impl ListedRun {
    /// The latest runs, the last one first.
    pub async fn latest(site: &Site, at_most: usize) -> Result<Vec<Self>> {
        let ledger = site.ledger()?;
        let mut listed = Vec::new();
        for run in ledger.runs(at_most).await? {
            let worker = ledger.worker_of(&run).await?;
            listed.push(Self { run, worker });
        }
        Ok(listed)
    }
}

/// The history.
pub async fn show(State(site): State<Arc<Site>>) -> PageAnswer<Markup> {
    let runs = ListedRun::latest(&site, LISTED).await?;
    Ok(layout::page(
        "Runs",
        Part::Runs,
        &html! {
            @if runs.is_empty() {
                p { "There are no runs yet. " a href="/" { "Choose a file" } " to begin with." }
            } @else {
                (table(&runs))
            }
        },
    ))
}

/// Runs, one a line.
pub fn table(runs: &[ListedRun]) -> Markup {
    html! {
        div.scroll tabindex="0" role="region" aria-label="Runs" {
            table.runs {
                thead { tr {
                    th scope="col" { "Run" } th scope="col" { "What" } th scope="col" { "File" } th scope="col" { "Account" }
                    th scope="col" { "State" } th scope="col" { "Rows" } th scope="col" { "Took" }
                } }
                tbody {
                    @for ListedRun { run, worker } in runs {
                        tr {
                            th scope="row" { a href={ "/runs/" (run.id) } { (moment(run.new.started)) } }
                            td { (run.new.kind) }
                            td { (shown(file_name(&run.new.file))) }
                            td { (shown(&run.new.account)) }
                            td { span class={ "state " (run.state.name()) } { (state_words(run, worker.is_some())) } }
                            td { (rows(run)) }
                            td { (run.worked().map(span).unwrap_or_default()) }
                        }
                    }
                }
            }
        }
    }
}

fn rows(run: &Run) -> String {
    let parts: Vec<_> = Outcome::ALL
        .into_iter()
        .filter(|outcome| run.counts[*outcome] > 0)
        .map(|outcome| format!("{} {}", number(run.counts[outcome]), words(outcome)))
        .collect();
    parts.join(", ")
}

/// An outcome as people say it.
pub const fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::InDoubt => "in doubt",
        _ => outcome.name(),
    }
}

/// The last part of a path, of whichever system.
pub fn file_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}
