use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::layout;
use crate::error::{Error, ErrorKind};

/// A request that can't be answered as asked, and why.
pub struct PageFailure {
    status: StatusCode,
    error: Error,
}

/// What a handler returns.
pub type PageAnswer<T = Response> = Result<T, PageFailure>;

impl From<Error> for PageFailure {
    fn from(error: Error) -> Self {
        let status = match error.kind {
            ErrorKind::Usage => StatusCode::BAD_REQUEST,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self { status, error }
    }
}

impl PageFailure {
    /// There is nothing of this name.
    pub fn missing(what: &str) -> Self {
        let error = Error::usage(format!("there is no such {what}")).hint("it may have been removed meanwhile");
        Self { status: StatusCode::NOT_FOUND, error }
    }
}

impl IntoResponse for PageFailure {
    fn into_response(self) -> Response {
        (self.status, layout::failed(&self.error)).into_response()
    }
}
