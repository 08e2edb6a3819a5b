use std::path::PathBuf;

use toml::de::DeValue;

use super::document::Section;
use super::stop_when::share_or_count;
use super::{DayTime, Missed, Night, NotifyWhen, Schedule, StopWhen, Threshold};
use crate::error::{Error, Result};

/// What a job does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Import { file: PathBuf, to: String },
    Export { file: PathBuf, from: String },
    Copy { from: String, to: String },
}

/// A command with its options, under a name: `rolo run NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    pub name: String,
    pub action: Action,
    pub mapping: Option<PathBuf>,
    /// What is changed of the file's rows first.
    pub edits: Option<PathBuf>,
    pub sheet: Option<String>,
    /// Where the header stands: `header_row`.
    pub header_row: Option<u64>,
    /// There is no header: `header = "none"`.
    pub no_header: bool,
    /// Hidden rows of a sheet are left out.
    pub visible_only: bool,
    /// What a row must be like to be sent, as on the command line.
    pub only: Vec<String>,
    pub delimiter: Option<String>,
    pub encoding: Option<String>,
    pub region: Option<String>,
    pub limit: Option<u64>,
    pub results: Option<PathBuf>,
    /// Results get the date in their name, and those of this many nights are kept.
    pub keep_results: Option<u64>,
    /// Of an import: rows that the file must have, or a share of those that it had last.
    pub expect_rows: Option<Threshold>,
    /// Rows that have not changed since the last run are skipped without looking.
    pub changed_only: bool,
    /// Look at every contact, even where memory says that nothing would change.
    pub verify: bool,
    /// Before-images are taken even where they cost calls.
    pub keep_before: bool,
    /// Rows to send first, and look at, before the others.
    pub canary: Option<u64>,
    pub stop_when: StopWhen,
    /// Of an import: what one night may use.
    pub night: Night,
    /// When a worker queues it by itself.
    pub schedule: Option<Schedule>,
    /// Channels that are told how it stands; `None` for those of all jobs.
    pub notify: Option<Vec<String>>,
    /// From when on they are told.
    pub notify_when: NotifyWhen,
    /// Of an export: only contacts with this tag.
    pub tag: Option<String>,
    /// Of an export: only contacts changed at or after this moment.
    pub updated_since: Option<String>,
    /// Of an export: tags are learned from lists of who has each.
    pub tags_by_list: bool,
}

const KNOWN: [&str; 33] = [
    "import",
    "export",
    "from",
    "to",
    "mapping",
    "edits",
    "sheet",
    "header_row",
    "header",
    "visible_only",
    "only",
    "delimiter",
    "encoding",
    "region",
    "limit",
    "results",
    "keep_results",
    "expect_rows",
    "changed_only",
    "verify",
    "keep_before",
    "canary",
    "stop_when",
    "until",
    "max_calls",
    "time_zone",
    "schedule",
    "missed",
    "notify",
    "notify_when",
    "tag",
    "updated_since",
    "tags_by_list",
];

impl Job {
    pub(super) fn read(name: &str, section: &Section<'_, '_>) -> Result<Self> {
        section.only(&KNOWN)?;
        let text = |key| section.text(key).map(|found| found.map(|(text, _)| text));
        let mut stop_when = StopWhen::default();
        if let Some(limits) = section.section("stop_when")? {
            limits.only(&StopWhen::NAMES)?;
            for part in StopWhen::NAMES {
                if let Some(value) = share_or_count(&limits, part)? {
                    stop_when.set(part, &value).map_err(|error| limits.wrong(part, error))?;
                }
            }
        }
        Ok(Self {
            name: name.to_owned(),
            action: action(name, section)?,
            mapping: section.path("mapping")?,
            edits: edits(section)?,
            sheet: text("sheet")?,
            header_row: header_row(section)?,
            no_header: no_header(section)?,
            visible_only: section.flag("visible_only")?,
            only: conditions(section)?,
            delimiter: text("delimiter")?,
            encoding: text("encoding")?,
            region: text("region")?,
            limit: section.count("limit")?,
            results: section.path("results")?,
            keep_results: keep_results(section)?,
            expect_rows: expect_rows(section)?,
            changed_only: section.flag("changed_only")?,
            verify: section.flag("verify")?,
            keep_before: section.flag("keep_before")?,
            canary: section.count("canary")?,
            stop_when,
            night: night(section)?,
            schedule: schedule(section)?,
            notify: None,
            notify_when: NotifyWhen::read(section)?,
            tag: text("tag")?,
            updated_since: text("updated_since")?,
            tags_by_list: tags_by_list(section)?,
        })
    }

    /// The accounts it uses, with the keys they stand at.
    pub(super) fn accounts(&self) -> Vec<(&'static str, &str)> {
        match &self.action {
            Action::Import { to, .. } => vec![("to", to)],
            Action::Export { from, .. } => vec![("from", from)],
            Action::Copy { from, to } => vec![("from", from), ("to", to)],
        }
    }
}

/// When a night ends and how many calls it has; only an import goes on the next night.
fn night(section: &Section<'_, '_>) -> Result<Night> {
    let text = |key| section.text(key).map(|found| found.map(|(text, _)| text));
    let given = ["until", "max_calls"].into_iter().find(|key| section.get(key).is_some());
    if let Some(key) = given.filter(|_| section.get("import").is_none()) {
        return Err(section.wrong(key, Error::usage("only an import goes on the next night")));
    }
    let (time, zone) = (text("until")?, text("time_zone")?);
    if time.is_none() && zone.is_some() && section.get("schedule").is_none() {
        let error = Error::usage("it says nothing without `schedule` or `until`")
            .hint("add schedule = \"0 2 * * *\" or until = \"06:00\", or take it out");
        return Err(section.wrong("time_zone", error));
    }
    let until = time.map(|time| DayTime::parse(&time, zone.as_deref()));
    let until = until.transpose().map_err(|error| {
        section.wrong(if error.message.contains("time zone") { "time_zone" } else { "until" }, error)
    })?;
    match section.count("max_calls")? {
        Some(0) => Err(section.wrong("max_calls", Error::usage("a night has at least one call"))),
        max_calls => Ok(Night { until, max_calls }),
    }
}

/// When the job is due, and what becomes of a due time that was missed.
fn schedule(section: &Section<'_, '_>) -> Result<Option<Schedule>> {
    let text = |key| section.text(key).map(|found| found.map(|(text, _)| text));
    let missed = match text("missed")?.as_deref() {
        None => None,
        Some("run") => Some(Missed::Run),
        Some("skip") => Some(Missed::Skip),
        Some(_) => return Err(section.wrong("missed", Error::usage("it can only be \"run\" or \"skip\""))),
    };
    let Some(schedule) = text("schedule")? else {
        return match missed {
            None => Ok(None),
            Some(_) => Err(section.wrong("missed", Error::usage("it says nothing without `schedule`"))),
        };
    };
    if section.get("import").is_none() && section.get("export").is_none() {
        let error = Error::usage("a copy can't be queued for a worker, and so has no schedule")
            .hint("start `rolo run` by a timer of the system, or schedule an export and an import of its file");
        return Err(section.wrong("schedule", error));
    }
    let schedule = Schedule::parse(&schedule, text("time_zone")?.as_deref(), missed.unwrap_or_default());
    let wrong =
        |error: Error| section.wrong(if error.message.contains("time zone") { "time_zone" } else { "schedule" }, error);
    schedule.map(Some).map_err(wrong)
}

/// `header = "none"`, which is all it can say.
fn no_header(section: &Section<'_, '_>) -> Result<bool> {
    let wrong = |message: &str| {
        section.wrong("header", Error::usage(message).hint("say header = \"none\", or where it is with header_row = 3"))
    };
    match section.text("header")? {
        None => Ok(false),
        Some((text, _)) if text != "none" => Err(wrong("it can only be \"none\"")),
        Some(_) if section.get("header_row").is_some() => Err(wrong("there can't be none and one in header_row")),
        Some(_) => Ok(true),
    }
}

/// A row number, from 1.
fn header_row(section: &Section<'_, '_>) -> Result<Option<u64>> {
    match section.count("header_row")? {
        Some(0) => Err(section.wrong("header_row", Error::usage("rows are counted from 1"))),
        row => Ok(row),
    }
}

/// Only the file of an import has rows that were edited.
fn edits(section: &Section<'_, '_>) -> Result<Option<PathBuf>> {
    let path = section.path("edits")?;
    if path.is_some() && section.get("import").is_none() {
        return Err(section.wrong("edits", Error::usage("only the file of an import has rows to edit")));
    }
    Ok(path)
}

/// Nights, at least one.
fn keep_results(section: &Section<'_, '_>) -> Result<Option<u64>> {
    match section.count("keep_results")? {
        Some(0) => Err(section.wrong("keep_results", Error::usage("the results of the last night are kept at least"))),
        nights => Ok(nights),
    }
}

/// Only an export lists who has a tag.
fn tags_by_list(section: &Section<'_, '_>) -> Result<bool> {
    let given = section.flag("tags_by_list")?;
    if given && section.get("export").is_none() {
        return Err(section.wrong("tags_by_list", Error::usage("only an export lists who has each tag")));
    }
    Ok(given)
}

/// Rows that an import must find.
fn expect_rows(section: &Section<'_, '_>) -> Result<Option<Threshold>> {
    const KEY: &str = "expect_rows";
    let Some(value) = share_or_count(section, KEY)? else { return Ok(None) };
    if section.get("import").is_none() {
        return Err(section.wrong(KEY, Error::usage("only the file of an import has rows to expect")));
    }
    Threshold::parse(&value).map(Some).map_err(|error| section.wrong(KEY, error))
}

/// One condition, or a list of them.
fn conditions(section: &Section<'_, '_>) -> Result<Vec<String>> {
    const WANTED: &str = "a condition such as \"Consent = yes\", or a list of them";
    let Some(value) = section.get("only") else { return Ok(Vec::new()) };
    match value.get_ref() {
        DeValue::String(text) => Ok(vec![text.to_string()]),
        DeValue::Array(items) => items
            .iter()
            .map(|item| match item.get_ref() {
                DeValue::String(text) => Ok(text.to_string()),
                _ => Err(section.not_a("only", item, WANTED)),
            })
            .collect(),
        _ => Err(section.not_a("only", value, WANTED)),
    }
}

fn action(name: &str, section: &Section<'_, '_>) -> Result<Action> {
    let text = |key| section.text(key).map(|found| found.map(|(text, _)| text));
    match (section.path("import")?, section.path("export")?, text("from")?, text("to")?) {
        (Some(file), None, None, Some(to)) => Ok(Action::Import { file, to }),
        (None, Some(file), Some(from), None) => Ok(Action::Export { file, from }),
        (None, None, Some(from), Some(to)) => Ok(Action::Copy { from, to }),
        _ => Err(section
            .error(format!("[jobs.{name}] is neither an import, an export nor a copy"))
            .hint("an import has `import` and `to`, an export `export` and `from`, a copy `from` and `to`")),
    }
}
