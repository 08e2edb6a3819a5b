use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::IntoResponse as _;

use super::failure::PageAnswer;
use super::layout::{self, Part};
use super::live;
use super::runs_page::file_name;
use super::site::Site;
use super::undo_view::run_key;
use super::work::{End, Purpose};
use crate::error::{Error, Result};
use crate::jobs;
use crate::report::report_policy;

/// How old the report of a run may be that is still under way, in seconds.
const FRESH: u64 = 10;

/// The report of a run, as `rolo report` writes it: a page of its own, with its own rules of style. All rows of the
/// run are gone through for it.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let run = site.run(&id).await?;
    jobs::may_be_reported(&run)?;
    let is_under_way = site.ledger()?.worker_of(&run).await?.is_some();
    let age = if is_under_way { (site.calendar)().as_secs() / FRESH } else { 0 };
    let (of, ledger) = (run.clone(), site.ledger()?.clone());
    let write = async move |_: &mut jobs::Context| {
        let mut page = Vec::new();
        jobs::report(&ledger, &of, &mut page).await?;
        Ok(End::Report(page.into()))
    };
    let work = site.works.shown(Purpose::Report { key: format!("{}-{age}", run_key(&run)) }, write).await?;
    let body = match work.end() {
        Some(Ok(End::Report(page))) => {
            let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"))];
            let mut response = (kind, page.clone()).into_response();
            response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy()?);
            return Ok(response);
        }
        Some(Err(error)) => return Err(error.clone().into()),
        _ => live::panel(&work, &site),
    };
    let title = format!("Report of {}", file_name(&run.new.file));
    Ok(layout::page(&title, Part::Runs, &body).into_response())
}

fn policy() -> Result<HeaderValue> {
    HeaderValue::from_str(&format!("{}; frame-ancestors 'none'", report_policy()))
        .map_err(|cause| Error::bug("a policy can't be sent").caused_by(cause))
}
