//! Traces for OpenTelemetry: a span for each run and each call in it, sent by OTLP over HTTP to where
//! `OTEL_EXPORTER_OTLP_ENDPOINT` points. They hold what the log holds: nothing personal and no secret.

use std::sync::OnceLock;

use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::SdkTracerProvider;
use tracing::Subscriber;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::{EnvFilter, Layer};

use super::Environment;
use crate::error::{Error, Result};

/// What sends the spans, so that those which wait are sent before the program ends.
static PROVIDER: OnceLock<SdkTracerProvider> = OnceLock::new();

/// The layer that sends spans, if it is said where to. Headers and timeouts come from the same variables as in
/// other programs.
pub(super) fn layer<S>(environment: &Environment) -> Result<Option<impl Layer<S>>>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    let names = ["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT"];
    if names.into_iter().all(|name| environment.get(name).is_none()) {
        return Ok(None);
    }
    let exporter = opentelemetry_otlp::SpanExporter::builder().with_http().build().map_err(|error| {
        Error::usage("traces can't be sent to where OTEL_EXPORTER_OTLP_ENDPOINT says").caused_by(error)
    })?;
    let resource = Resource::builder().with_service_name("rolo").build();
    let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_resource(resource).build();
    let tracer = provider.tracer("rolo");
    drop(PROVIDER.set(provider));
    Ok(Some(tracing_opentelemetry::layer().with_tracer(tracer).with_filter(EnvFilter::new("rolo=trace"))))
}

/// Sends what waits.
pub(super) fn finish() {
    if let Some(provider) = PROVIDER.get() {
        // Whoever collects them may be gone; the command ended as it did.
        drop(provider.shutdown());
    }
}
