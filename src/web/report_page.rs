use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{Html, IntoResponse as _};

use super::failure::PageAnswer;
use super::site::{Site, aside};
use crate::error::{Error, Result};
use crate::jobs;
use crate::report::report_policy;

/// The report of a run, as `rolo report` writes it: a page of its own, with its own rules of style.
pub async fn show(State(site): State<Arc<Site>>, Path(id): Path<String>) -> PageAnswer {
    let run = site.run(&id).await?;
    jobs::may_be_reported(&run)?;
    let runtime = tokio::runtime::Handle::current();
    // All rows of the run are gone through.
    let page = aside(move || {
        let mut page = Vec::new();
        runtime.block_on(jobs::report(site.ledger()?, &run, &mut page))?;
        String::from_utf8(page).map_err(|cause| Error::bug("a report is no text").caused_by(cause))
    });
    let page = page.await?;
    let mut response = Html(page).into_response();
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy()?);
    Ok(response)
}

fn policy() -> Result<HeaderValue> {
    HeaderValue::from_str(&format!("{}; frame-ancestors 'none'", report_policy()))
        .map_err(|cause| Error::bug("a policy can't be sent").caused_by(cause))
}
