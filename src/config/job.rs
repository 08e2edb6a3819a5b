use std::path::PathBuf;

use toml::de::DeValue;

use super::StopWhen;
use super::document::Section;
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
    pub sheet: Option<String>,
    pub delimiter: Option<String>,
    pub encoding: Option<String>,
    pub region: Option<String>,
    pub limit: Option<u64>,
    pub results: Option<PathBuf>,
    /// Rows that have not changed since the last run are skipped without looking.
    pub changed_only: bool,
    /// Before-images are taken even where they cost calls.
    pub keep_before: bool,
    /// Rows to send first, and look at, before the others.
    pub canary: Option<u64>,
    pub stop_when: StopWhen,
    /// Of an export: only contacts with this tag.
    pub tag: Option<String>,
    /// Of an export: only contacts changed at or after this moment.
    pub updated_since: Option<String>,
}

const KNOWN: [&str; 17] = [
    "import",
    "export",
    "from",
    "to",
    "mapping",
    "sheet",
    "delimiter",
    "encoding",
    "region",
    "limit",
    "results",
    "changed_only",
    "keep_before",
    "canary",
    "stop_when",
    "tag",
    "updated_since",
];

impl Job {
    pub(super) fn read(name: &str, section: &Section<'_, '_>) -> Result<Self> {
        section.only(&KNOWN)?;
        let text = |key| section.text(key).map(|found| found.map(|(text, _)| text));
        let mut stop_when = StopWhen::default();
        if let Some(limits) = section.section("stop_when")? {
            limits.only(&StopWhen::NAMES)?;
            for part in StopWhen::NAMES {
                let Some(value) = limits.get(part) else { continue };
                let value = match value.get_ref() {
                    DeValue::String(text) => text.to_string(),
                    DeValue::Integer(number) => number.to_string(),
                    _ => return Err(limits.not_a(part, value, "a share in quotes or a count")),
                };
                stop_when.set(part, &value).map_err(|error| limits.wrong(part, error))?;
            }
        }
        Ok(Self {
            name: name.to_owned(),
            action: action(name, section)?,
            mapping: section.path("mapping")?,
            sheet: text("sheet")?,
            delimiter: text("delimiter")?,
            encoding: text("encoding")?,
            region: text("region")?,
            limit: section.count("limit")?,
            results: section.path("results")?,
            changed_only: section.flag("changed_only")?,
            keep_before: section.flag("keep_before")?,
            canary: section.count("canary")?,
            stop_when,
            tag: text("tag")?,
            updated_since: text("updated_since")?,
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

fn action(name: &str, section: &Section<'_, '_>) -> Result<Action> {
    let text = |key| section.text(key).map(|found| found.map(|(text, _)| text));
    match (section.path("import")?, section.path("export")?, text("from")?, text("to")?) {
        (Some(file), None, None, Some(to)) => Ok(Action::Import { file, to }),
        (None, Some(file), Some(from), None) => Ok(Action::Export { file, from }),
        (None, None, Some(from), Some(to)) => Ok(Action::Copy { from, to }),
        _ => {
            Err(Error::usage(format!("{}: [jobs.{name}] is neither an import, an export nor a copy", section.place()))
                .hint("an import has `import` and `to`, an export `export` and `from`, a copy `from` and `to`"))
        }
    }
}
