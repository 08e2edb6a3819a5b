use std::time::Duration;

use serde_json::json;

use crate::config::zoned;
use crate::contact::Outcome;
use crate::jobs::{Forecast, NightAhead, NightsAhead};
use crate::report::{NO_ROW_CHOSEN, count, escape, listed, number, span};

/// What an import would do, in words.
pub fn forecast_words(forecast: &Forecast) -> String {
    let title = format!("plan for {}; nothing was sent", count(forecast.rows, "row"));
    forecast_words_under(&title, "for example", forecast)
}

/// The same under another title, and with other words before the samples.
pub fn forecast_words_under(title: &str, samples: &str, forecast: &Forecast) -> String {
    let mut words = String::new();
    let mut line = |text: String| {
        words.push_str(&text);
        words.push('\n');
    };
    line(title.to_owned());
    line(String::new());
    for (outcome, rows) in forecast.counts.iter().filter(|(_, rows)| *rows > 0) {
        let verb = match outcome {
            Outcome::Created => "would be created",
            Outcome::Updated => "would be updated",
            Outcome::Unchanged => "would stay unchanged",
            Outcome::Skipped => "would be skipped",
            Outcome::Rejected => "not usable",
            Outcome::Failed => "would fail",
            Outcome::InDoubt => "would be in doubt",
        };
        line(format!("{:>9}  {verb}", number(rows)));
    }
    for (code, rows) in &forecast.codes {
        line(format!("{:>13}  {code}", number(*rows)));
    }
    let total: u64 = forecast.counts.total();
    if total > 0 && forecast.told.get("row.not_selected") == Some(&total) {
        line(NO_ROW_CHOSEN.to_owned());
    }
    for (at, (code, rows)) in forecast.told.iter().enumerate() {
        if at == 0 {
            line("           told of other rows, which are no errors".into());
        }
        line(format!("{:>13}  {code}", number(*rows)));
    }
    line(String::new());
    if forecast.total_calls() == 0 {
        line("calls: none".into());
    } else {
        let kinds: Vec<_> = forecast.calls.iter().filter(|(_, calls)| **calls > 0).collect();
        let by_kind: Vec<_> = kinds.iter().map(|(kind, calls)| format!("{} {kind}", number(**calls))).collect();
        line(format!("calls: {} ({})", number(forecast.total_calls()), by_kind.join(", ")));
    }
    line(format!("least calls that any client needs to write this: {}", number(forecast.least_calls)));
    if forecast.total_calls() > 0 {
        line(format!("time at the account's quota: {}", span(forecast.time)));
    }
    forecast.nights.iter().flat_map(night_words).for_each(&mut line);
    if forecast.unknown > 0 {
        line(format!(
            "{} never seen before: taken as new; --live looks them up, to be exact",
            count(forecast.unknown, "contact"),
        ));
    }
    if forecast.in_doubt > 0 {
        line(format!(
            "{} may be there by an earlier run whose answer was lost: looked up first, in at most the calls above",
            count(forecast.in_doubt, "contact"),
        ));
    }
    if !forecast.lists.is_empty() {
        let lists: Vec<_> = forecast.lists.iter().map(|(list, rows)| format!("{} ({rows})", escape(list))).collect();
        let lists = lists.join(", ");
        line(format!(
            "not checked, as no service tells its lists; a row fails if one of its own is not there: {lists}"
        ));
    }
    for field in &forecast.new_fields {
        line(format!("creates the custom field {}", escape(field)));
    }
    if !forecast.unmapped.is_empty() {
        line(format!("unmapped columns: {}", listed(&forecast.unmapped)));
    }
    if !forecast.samples.is_empty() {
        line(String::new());
        line(samples.to_owned());
        for sample in &forecast.samples {
            line(format!("  {}", escape(sample)));
        }
    }
    words
}

/// In how many nights it finishes, and from when to when each goes.
fn night_words(nights: &NightsAhead) -> Vec<String> {
    let night = |number: u64, night: &NightAhead| {
        let (begins, ends) = (clock(night.begins, nights), clock(night.ends, nights));
        format!("{number:>9}  {begins} to {ends}, {}", count(night.calls, "call"))
    };
    let mut words = vec![format!("finishes in {}:", count(nights.count, "night"))];
    words.extend((1..).zip(&nights.first).map(|(number, ahead)| night(number, ahead)));
    let told = nights.first.len() as u64;
    if nights.count > told + 1 {
        words.push("           and so on".into());
    }
    if nights.count > told {
        words.push(night(nights.count, &nights.last));
    }
    words
}

fn clock(moment: Duration, nights: &NightsAhead) -> String {
    zoned(moment, &nights.zone).map_or_else(String::new, |moment| moment.strftime("%Y-%m-%d %H:%M").to_string())
}

fn night_json(night: &NightAhead) -> serde_json::Value {
    json!({"begins": night.begins.as_secs(), "ends": night.ends.as_secs(), "calls": night.calls})
}

/// The same as one JSON object.
pub fn forecast_json(forecast: &Forecast) -> serde_json::Value {
    let counts: serde_json::Map<String, serde_json::Value> =
        forecast.counts.iter().map(|(outcome, rows)| (outcome.name().to_owned(), rows.into())).collect();
    let calls: serde_json::Map<String, serde_json::Value> =
        forecast.calls.iter().map(|(kind, calls)| (kind.name().to_owned(), (*calls).into())).collect();
    json!({
        "event": "plan",
        "rows": forecast.rows,
        "outcomes": counts,
        "codes": forecast.codes.iter().chain(&forecast.told).fold(
            std::collections::BTreeMap::<&str, u64>::new(),
            |mut codes, (code, rows)| {
                *codes.entry(code).or_default() += rows;
                codes
            },
        ),
        "told": forecast.told,
        "calls": calls,
        "total_calls": forecast.total_calls(),
        "least_calls": forecast.least_calls,
        "seconds": forecast.time.as_secs(),
        "nights": forecast.nights.as_ref().map(|nights| json!({
            "count": nights.count,
            "first": nights.first.iter().map(night_json).collect::<Vec<_>>(),
            "last": night_json(&nights.last),
        })),
        "unknown": forecast.unknown,
        "in_doubt": forecast.in_doubt,
        "new_fields": forecast.new_fields,
        "lists_not_checked": forecast.lists,
        "unmapped": forecast.unmapped,
        "samples": forecast.samples,
    })
}
