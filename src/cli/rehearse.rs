//! `rolo import --rehearse`: the whole import on the emulator, and what it foretells.

use std::path::{Path, PathBuf};

use super::forecast::{forecast_json, forecast_words_under};
use super::import_settings::ImportSettings;
use super::{CommandContext, Exit, print, running};
use crate::error::Result;
use crate::jobs::{self, Forecast, Rehearsal};
use crate::report::{count, escape};

/// Rehearses this import, whose results have a name of their own or get that of a rehearsal.
pub(super) fn rehearse(mut settings: ImportSettings, is_named: bool, context: &CommandContext) -> Result<Exit> {
    if !is_named {
        settings.source.results = rehearsed_beside(&settings.source.results);
    }
    // Faults are for the emulator, which stands in for any account.
    let faults = std::mem::take(&mut settings.sandbox.faults);
    running::block_on(async {
        let mut job = running::job_context(context)?;
        let source = running::source_spec(&settings.source, &job).await?;
        let import = settings.job(source, None, context)?;
        let rehearsal = jobs::rehearse(import, faults, &mut job).await?;
        print(&if context.json { format!("{}\n", json(&rehearsal)) } else { words(&rehearsal) })?;
        Ok(Exit::of(&rehearsal.summary))
    })
}

/// `contacts.rehearsal.csv` for `contacts.results.csv`: the results of an import stay.
fn rehearsed_beside(results: &Path) -> PathBuf {
    let name = results.file_name().unwrap_or_default().to_string_lossy();
    match name.rsplit_once(".results.") {
        Some((stem, extension)) => results.with_file_name(format!("{stem}.rehearsal.{extension}")),
        None => results.to_owned(),
    }
}

fn forecast(rehearsal: &Rehearsal) -> Forecast {
    let summary = &rehearsal.summary;
    Forecast {
        rows: summary.rows,
        counts: summary.counts,
        calls: summary.calls.clone(),
        least_calls: summary.least_calls.unwrap_or_default(),
        time: rehearsal.time,
        nights: rehearsal.nights.clone(),
        unmapped: summary.unmapped.clone(),
        samples: rehearsal.failing.clone(),
        codes: summary.codes.clone(),
        ..Forecast::default()
    }
}

fn words(rehearsal: &Rehearsal) -> String {
    let summary = &rehearsal.summary;
    let title = format!(
        "rehearsal of {} for {}, in the sandbox with {} as remembered; nothing was sent to it, nothing is remembered",
        count(summary.rows, "row"),
        escape(&rehearsal.account),
        count(rehearsal.known, "contact"),
    );
    let mut words = forecast_words_under(&title, "rows that would not go well", &forecast(rehearsal));
    if let Some(why) = &summary.stopped {
        words.push_str(&format!("\nthe import would stop: {}\n", escape(&why.message)));
    }
    if let Some(file) = &summary.file {
        words.push_str(&format!("\nrow by row: {}\n", escape(&file.display().to_string())));
    }
    words
}

fn json(rehearsal: &Rehearsal) -> serde_json::Value {
    let mut json = forecast_json(&forecast(rehearsal));
    json["event"] = "rehearsal".into();
    json["account"] = rehearsal.account.as_str().into();
    json["known"] = rehearsal.known.into();
    json["stopped"] = rehearsal.summary.stopped.as_ref().map(|stopped| stopped.message.clone()).into();
    json["file"] = rehearsal.summary.file.as_ref().map(|file| file.display().to_string()).into();
    json
}
