use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Mutex;

#[cfg(feature = "otlp")]
use tracing_subscriber::Registry;
use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::FormatTime;
#[cfg(not(feature = "otlp"))]
use tracing_subscriber::layer::Identity;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;
use tracing_subscriber::{EnvFilter, Layer};

use super::Environment;
use crate::clock;
use crate::error::{Error, Result};
use crate::platform;

/// Starts the logs that were asked for: words on standard error for `-v` and `-vv`, JSON lines in
/// `file`, which only its owner can read. Without either, nothing is logged.
///
/// Only rolo's own events are taken: those of the HTTP client may hold what is sent.
pub fn start(verbosity: u8, file: Option<&Path>, environment: &Environment) -> Result<()> {
    let traces = traces(environment)?;
    let spoken = (verbosity > 0).then(|| {
        tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false)
            .with_target(false)
            .with_timer(Calendar)
            .with_filter(EnvFilter::new(if verbosity == 1 { "rolo=info" } else { "rolo=debug" }))
    });
    let written = match file {
        None => None,
        Some(path) => {
            let mut options = OpenOptions::new();
            options.create(true).append(true);
            let file = platform::private_file(&mut options).open(path).map_err(|error| {
                Error::usage(format!("the log can't be written: {}", path.display())).at_path(path).caused_by(error)
            })?;
            let layer = tracing_subscriber::fmt::layer()
                .json()
                .with_writer(Mutex::new(file))
                .with_timer(Calendar)
                .with_filter(EnvFilter::new("rolo=debug"));
            Some(layer)
        }
    };
    if spoken.is_none() && written.is_none() && traces.is_none() {
        return Ok(());
    }
    tracing_subscriber::registry()
        .with(traces)
        .with(spoken)
        .with(written)
        .try_init()
        .map_err(|error| Error::bug("the log was started twice").caused_by(error))
}

/// What sends traces, in a program that was built with them.
#[cfg(feature = "otlp")]
fn traces(environment: &Environment) -> Result<Option<impl Layer<Registry>>> {
    super::traces::layer(environment)
}

#[cfg(not(feature = "otlp"))]
#[expect(clippy::unnecessary_wraps, reason = "that of a program with traces may fail")]
fn traces(_: &Environment) -> Result<Option<Identity>> {
    Ok(None)
}

/// The time of an event, RFC 3339 in UTC, by the one clock there is.
struct Calendar;

impl FormatTime for Calendar {
    fn format_time(&self, out: &mut Writer<'_>) -> std::fmt::Result {
        let now = i64::try_from(clock::unix_now().as_millis()).unwrap_or(i64::MAX);
        match jiff::Timestamp::from_millisecond(now) {
            Ok(moment) => write!(out, "{moment:.3}"),
            Err(_) => Ok(()),
        }
    }
}
