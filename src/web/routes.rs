use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse as _;
use axum::routing::{get, post};

use super::failure::PageFailure;
use super::site::Site;
use super::{
    accounts_page, columns_page, file_page, guard, home_page, jobs_page, live, mend_page, people_page, plan_page,
    problems_page, report_page, row_mending, rows_page, run_page, runs_page, undo_page, upload,
};

/// Bytes of a form, such as one with a choice for each of many columns.
const LARGEST_FORM: usize = 4 << 20;

/// Every page, behind the guard.
pub fn routes(site: Arc<Site>) -> Router {
    let largest = DefaultBodyLimit::max(upload::LARGEST);
    Router::new()
        .route("/", get(home_page::show))
        .route("/files", post(upload::take).layer(largest))
        .route("/files/{id}", get(file_page::show))
        .route("/files/{id}/reading", post(file_page::read_so))
        .route("/files/{id}/remove", post(home_page::remove))
        .route("/files/{id}/account", post(columns_page::take_account))
        .route("/files/{id}/columns", get(columns_page::show).post(columns_page::save))
        .route("/files/{id}/problems", get(problems_page::show))
        .route("/files/{id}/problems/back", post(mend_page::take_back))
        .route("/files/{id}/problems/{key}", get(mend_page::show).post(mend_page::mend))
        .route("/files/{id}/plan", get(plan_page::show))
        .route("/files/{id}/plan/live", post(plan_page::look))
        .route("/files/{id}/plan/rehearse", post(plan_page::rehearse))
        .route("/files/{id}/plan/send", post(plan_page::send_it))
        .route("/works/{id}", get(live::show))
        .route("/works/{id}/progress", get(live::part))
        .route("/accounts", get(accounts_page::show).post(accounts_page::add))
        .route("/accounts/new", get(accounts_page::new))
        .route("/accounts/try", post(accounts_page::try_it))
        .route("/jobs", get(jobs_page::show))
        .route("/people", get(people_page::show).post(people_page::tell))
        .route("/runs", get(runs_page::show))
        .route("/runs/{id}", get(run_page::show))
        .route("/runs/{id}/progress", get(run_page::part))
        .route("/runs/{id}/stop", post(run_page::stop))
        .route("/runs/{id}/resume", post(run_page::resume))
        .route("/runs/{id}/retry", post(run_page::retry))
        .route("/runs/{id}/undo", get(undo_page::show).post(undo_page::undo))
        .route("/runs/{id}/rows", get(rows_page::show).post(rows_page::search))
        .route("/runs/{id}/mend", post(row_mending::mend))
        .route("/runs/{id}/report", get(report_page::show))
        .route("/runs/{id}/results/{kind}", get(rows_page::download))
        .route("/page.css", get(async || ([(header::CONTENT_TYPE, "text/css")], include_str!("assets/page.css"))))
        .route("/page.svg", get(async || ([(header::CONTENT_TYPE, "image/svg+xml")], include_str!("assets/page.svg"))))
        .route("/page.js", get(async || ([(header::CONTENT_TYPE, "text/javascript")], include_str!("assets/page.js"))))
        .fallback(async || PageFailure::missing("page").into_response())
        .method_not_allowed_fallback(async || StatusCode::METHOD_NOT_ALLOWED)
        .layer(DefaultBodyLimit::max(LARGEST_FORM))
        .layer(from_fn_with_state(site.clone(), guard::guard))
        .with_state(site)
}
