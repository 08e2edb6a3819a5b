use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Redirect};
use maud::{Markup, html};

use super::failure::PageAnswer;
use super::layout::{self, Part, shown};
use super::live;
use super::runs_page::file_name;
use super::site::Site;
use super::undo_view::{UndoView, run_key};
use super::work::{End, Purpose};
use crate::jobs;
use crate::ledger::Run;
use crate::report::number;

/// What would be put back.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer<Markup> {
    let run = site.run(&id).await?;
    let service = site.maker.undone_at(&run)?;
    let (of, ledger) = (run.clone(), site.ledger()?.clone());
    let look = async move |_: &mut jobs::Context| {
        let (plan, calls) = jobs::undo_plan(&ledger, &of, service.as_ref()).await?;
        Ok(End::Undo(Box::new(UndoView { plan, calls, deletes: service.capabilities().delete })))
    };
    let work = site.works.shown(Purpose::Undo { key: run_key(&run) }, look).await?;
    Ok(layout::page(
        "Put back what a run changed",
        Part::Runs,
        &html! {
            p { "The run of " (shown(file_name(&run.new.file))) " at " strong { (shown(&run.new.account)) } ". Nothing was sent yet." }
            @match work.end() {
                None => { (live::panel(&work, &site)) }
                Some(Err(error)) => { (layout::alert(error)) }
                Some(Ok(End::Undo(view))) => { (preview(&run, view)) }
                Some(Ok(_)) => {}
            }
        },
    ))
}

fn preview(run: &Run, view: &UndoView) -> Markup {
    let UndoView { plan, calls, deletes } = view;
    html! {
        ul { @for (n, noun, what) in plan.told(*deletes) { li { strong { (number(n)) } " " (noun) @if n > 1 && noun != "of these" { "s" } " " (what) } } }
        @if plan.is_possible(*deletes) {
            p { "At most " (number(*calls)) " calls. What somebody changed since is left as it is, and told." }
            form.go action={ "/runs/" (run.id) "/undo" } method="post" {
                button.danger type="submit" { "Put it back" }
                a href={ "/runs/" (run.id) } { "Leave it" }
            }
        } @else {
            p { "There is nothing that could be put back." }
            p { a href={ "/runs/" (run.id) } { "Back to the run" } }
        }
    }
}

/// Puts it back.
pub async fn undo(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let run = site.run(&id).await?;
    site.maker.undone_at(&run)?;
    let job = site.maker.undo(&run)?;
    let words = format!("Putting back {}", file_name(&run.new.file));
    let work = site.works.start(Purpose::Run { words }, async move |context| {
        Ok(End::Summary(Box::new(jobs::undo(&job, context).await?)))
    })?;
    Ok(Redirect::to(&format!("/works/{}", work.id)).into_response())
}
