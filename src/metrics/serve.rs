use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use prometheus::{Encoder as _, TEXT_FORMAT, TextEncoder};
use tokio::net::TcpListener;

use super::counters::{Counters, wrong};
use super::gauges::{AccountLimit, NextDue, gauges};
use crate::error::{Error, Result};
use crate::ledger::{self, LedgerHandle};

/// How long the ledger may take to answer before it counts as gone.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the configuration says now: what accounts admit, and when jobs are due.
pub type Setting = Arc<dyn Fn() -> (Vec<AccountLimit>, Vec<NextDue>) + Send + Sync>;

struct Served {
    counters: Arc<Counters>,
    ledger: LedgerHandle,
    setting: Setting,
}

/// A server that listens, and answers once it is run.
pub struct MetricsServer {
    listener: TcpListener,
    served: Arc<Served>,
}

impl MetricsServer {
    /// Listens.
    ///
    /// # Errors
    /// Kind `Stopped` if the address is taken.
    pub async fn bind(
        listen: SocketAddr,
        counters: Arc<Counters>,
        ledger: LedgerHandle,
        setting: Setting,
    ) -> Result<Self> {
        let listener = TcpListener::bind(listen).await.map_err(|cause| {
            Error::stopped(format!("metrics can't be served on {listen}"))
                .hint("another program may have the port; --metrics 127.0.0.1:0 picks a free one")
                .caused_by(cause)
        })?;
        Ok(Self { listener, served: Arc::new(Served { counters, ledger, setting }) })
    }

    /// Where it listens.
    ///
    /// # Errors
    /// What the system says.
    pub fn address(&self) -> Result<SocketAddr> {
        self.listener.local_addr().map_err(|cause| Error::stopped("the address can't be told").caused_by(cause))
    }

    /// Answers until it is dropped.
    pub async fn run(self) {
        let routes =
            Router::new().route("/healthz", get(health)).route("/metrics", get(metrics)).with_state(self.served);
        // It ends only where the system lets nobody in any more; the worker goes on.
        drop(axum::serve(self.listener, routes).await);
    }
}

async fn health(State(served): State<Arc<Served>>) -> Response {
    match answered(served.ledger.now()).await {
        Ok(_) => (StatusCode::OK, "the worker lives, and its ledger answers\n").into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn metrics(State(served): State<Arc<Served>>) -> Response {
    match answered(text(&served)).await {
        Ok(text) => ([(CONTENT_TYPE, TEXT_FORMAT)], text).into_response(),
        Err(error) => unavailable(&error),
    }
}

async fn text(served: &Served) -> Result<String> {
    let (limits, due) = (served.setting)();
    served.counters.renewals_failed(ledger::failed_renewals());
    let mut families = served.counters.registry.gather();
    families.extend(gauges(&served.ledger, &limits, &due).await?.gather());
    let mut text = Vec::new();
    TextEncoder::new().encode(&families, &mut text).map_err(wrong)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}

async fn answered<T>(asked: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(PATIENCE, asked)
        .await
        .unwrap_or_else(|_| Err(Error::stopped(format!("it gave no answer within {} s", PATIENCE.as_secs()))))
}

fn unavailable(error: &Error) -> Response {
    let words = format!("the ledger can't be used: {}\n", error.message);
    (StatusCode::SERVICE_UNAVAILABLE, words).into_response()
}
