//! The jobs of the configuration, and how their last nights went.

use std::sync::Arc;

use axum::extract::State;
use maud::{Markup, html};

use super::failure::PageAnswer;
use super::job_maker::ConfiguredJob;
use super::layout::{self, Part, shown};
use super::runs_page::ListedRun;
use super::site::Site;
use crate::ledger::RunState;
use crate::report::count;
use crate::report::words::{moment, state_words};

/// Runs that are looked through for those of jobs.
const LOOKED_THROUGH: usize = 1000;

/// Nights of a job that are shown.
const NIGHTS: usize = 30;

/// How a night went, as far as a person has to know at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NightWent {
    Well,
    /// Some rows are to be looked at.
    Partly,
    /// It did not come to its end.
    Badly,
    /// It waits, or is under way.
    Open,
}

impl NightWent {
    fn of(listed: &ListedRun) -> Self {
        match listed.run.state {
            _ if listed.worker.is_some() => Self::Open,
            RunState::Queued => Self::Open,
            RunState::Finished | RunState::Joined | RunState::Undone if listed.run.counts.needing_attention() == 0 => {
                Self::Well
            }
            RunState::Finished | RunState::Joined | RunState::Undone | RunState::PartlyUndone => Self::Partly,
            RunState::Running | RunState::Stopped | RunState::Interrupted | RunState::Cancelled | RunState::Failed => {
                Self::Badly
            }
        }
    }

    /// Name for the style, sign and words: it is told by its form as well as by its colour.
    const fn told(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Well => ("well", "✓", "went well"),
            Self::Partly => ("partly", "!", "has rows to be looked at"),
            Self::Badly => ("badly", "✕", "did not come to its end"),
            Self::Open => ("open", "…", "is not done yet"),
        }
    }
}

/// The jobs.
pub async fn show(State(site): State<Arc<Site>>) -> PageAnswer<Markup> {
    let jobs = site.maker.jobs()?;
    let runs = if jobs.is_empty() { Vec::new() } else { ListedRun::latest(&site, LOOKED_THROUGH).await? };
    Ok(layout::page(
        "Jobs",
        Part::Jobs,
        &html! {
            @if jobs.is_empty() {
                p.lead { "There are no jobs yet." }
                p { "A job is an import, an export or a copy under a name, such as one that is done every night. It is written into "
                    code { "rolo.toml" } ", as " code { "[jobs.nightly]" } ", and then done by " code { "rolo run nightly" } "." }
            }
            @for job in &jobs {
                (one(job, &runs.iter().filter(|listed| job.has(&listed.run)).take(NIGHTS).collect::<Vec<_>>()))
            }
            @if !jobs.is_empty() {
                p.hint { @for (at, went) in [NightWent::Well, NightWent::Partly, NightWent::Badly, NightWent::Open].into_iter().enumerate() {
                    @let (name, sign, words) = went.told();
                    @if at > 0 { " " }
                    span.legend { span class={ "night " (name) } aria-hidden="true" { (sign) } " " (words) }
                } }
            }
        },
    ))
}

fn one(job: &ConfiguredJob, runs: &[&ListedRun]) -> Markup {
    html! {
        section.panel aria-labelledby={ "job-" (job.name) } {
            h2 id={ "job-" (job.name) } { (shown(&job.name)) }
            p { (shown(&job.what)) }
            @if let Some((schedule, next)) = &job.schedule {
                p.hint { "Due by " code { (shown(schedule)) } "; next at " (shown(next)) }
            }
            @match runs.first() {
                None => { p.hint { "It has not run yet." } }
                Some(last) => {
                    p { "The last of " (count(runs.len() as u64, "run")) ", " (moment(last.run.new.started)) ": "
                        (state_words(&last.run, last.worker.is_some()))
                        @if last.run.counts.needing_attention() > 0 { ", " (count(last.run.counts.needing_attention(), "row")) " to be looked at" } }
                    ol.nights { @for run in runs.iter().rev() { li { (night(run)) } } }
                }
            }
        }
    }
}

fn night(listed: &ListedRun) -> Markup {
    let (name, sign, words) = NightWent::of(listed).told();
    let when = moment(listed.run.new.started);
    html! {
        a class={ "night " (name) } href={ "/runs/" (listed.run.id) } title={ (when) ": " (words) } aria-label={ (when) ": " (words) } { (sign) }
    }
}
