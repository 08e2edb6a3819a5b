//! What a run keeps of itself in the ledger, so that it can be taken up again, sent again or put back:
//! typed, and with a version.

use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::import_options::ImportOptions;
use super::plan_record::PlanRecord;
use crate::error::{Error, Result};
use crate::ledger::{Run, RunKind};
use crate::storage::{Pin, absolute};
use crate::table::{ReadOptions, SourceEdits};

/// The version of the records that are written now. One without a version is of the first.
const VERSION: u32 = 1;

const fn first_version() -> u32 {
    1
}

/// How a source is read, or was.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRecord {
    pub delimiter: Option<u8>,
    pub encoding: Option<String>,
    pub sheet: Option<String>,
    pub header_row: Option<u64>,
    #[serde(default)]
    pub no_header: bool,
    #[serde(default)]
    pub visible_only: bool,
    pub limit: Option<u64>,
}

impl ReadRecord {
    pub fn of(options: &ReadOptions) -> Self {
        Self {
            delimiter: options.delimiter,
            encoding: options.encoding.clone(),
            sheet: options.sheet.clone(),
            header_row: options.header_row,
            no_header: options.no_header,
            visible_only: options.visible_only,
            limit: options.limit,
        }
    }

    pub fn options(&self) -> ReadOptions {
        ReadOptions {
            delimiter: self.delimiter,
            encoding: self.encoding.clone(),
            sheet: self.sheet.clone(),
            header_row: self.header_row,
            no_header: self.no_header,
            visible_only: self.visible_only,
            limit: self.limit,
            ..ReadOptions::default()
        }
    }
}

/// What a run that was queued keeps beside: what its command said, for whoever serves it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QueuedRecord {
    /// It has not begun yet.
    pub is_pending: bool,
    /// The job of the configuration that it was queued for.
    pub job: Option<String>,
    /// Of the bytes of its source, in hexadecimal digits.
    pub digest: String,
    /// The mapping is guessed when it begins, as by a command that names none.
    pub is_guessed: bool,
    /// The mapping file that is read when it begins, as a job that is due by a schedule does; else its text is kept.
    pub mapping: Option<PathBuf>,
    /// The conditions of rows, where the mapping is guessed; else they are part of the mapping.
    pub only: Vec<String>,
    pub keep_results: Option<u64>,
    pub expect_rows: Option<String>,
    /// `06:00`, and where clocks show it.
    pub until: Option<String>,
    pub time_zone: Option<String>,
    pub max_calls: Option<u64>,
}

/// Which edits of the source a run was made with. What they hold is personal, and stays in their file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditsRecord {
    path: PathBuf,
    digest: String,
}

impl EditsRecord {
    pub fn of(edits: &SourceEdits) -> Self {
        Self { path: absolute(&edits.path), digest: edits.digest.clone() }
    }

    /// The edits themselves, as they were when a run began.
    ///
    /// # Errors
    /// Kind `Usage` if they are gone, or were changed since.
    pub fn read(&self) -> Result<Arc<SourceEdits>> {
        self.unchanged("the run began", "import the file again with --edits: what went well stays as it is")
    }

    /// The edits themselves, if they are as they were at `since`; else `cure` says what to do.
    ///
    /// # Errors
    /// Kind `Usage` if they are gone, or were changed.
    pub fn unchanged(&self, since: &str, cure: &str) -> Result<Arc<SourceEdits>> {
        let edits = SourceEdits::read(&self.path)?;
        if edits.digest == self.digest {
            return Ok(Arc::new(edits));
        }
        Err(Error::usage(format!("the edits were changed since {since}: {}", self.path.display()))
            .at_path(&self.path)
            .hint(cure))
    }
}

/// An import or a retry.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ImportRecord {
    #[serde(default = "first_version")]
    pub version: u32,
    /// The mapping, as TOML.
    pub mapping: String,
    pub region: Option<String>,
    pub read: ReadRecord,
    pub results: PathBuf,
    pub import: ImportOptions,
    /// The run of which a retry sends rows again.
    #[serde(default)]
    pub retries: Option<String>,
    /// Which rows of a mended file are sent, as a digest.
    #[serde(default)]
    pub chosen: Option<String>,
    pub unthrottled: bool,
    /// See [`super::SourceSpec::exported`].
    #[serde(default, rename = "held")]
    pub exported: bool,
    /// Which object it was, where the source is named by an address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanRecord>,
    /// What was changed of the rows first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edits: Option<EditsRecord>,
    /// Columns of the source that the mapping leaves out without saying so; `None` where an earlier version did not
    /// keep them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unmapped: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<QueuedRecord>,
}

/// An export.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExportRecord {
    #[serde(default = "first_version")]
    pub version: u32,
    pub tag: Option<String>,
    pub updated_since: Option<String>,
    /// `FIELD=VALUE`.
    #[serde(rename = "where")]
    pub condition: Option<String>,
    pub columns: Option<Vec<String>>,
    pub limit: Option<u64>,
    pub raw_csv: bool,
    pub messages: bool,
    #[serde(default)]
    pub tags_by_list: bool,
    /// The file of identifiers whose contacts are looked up.
    #[serde(rename = "ids")]
    pub identifiers: Option<PathBuf>,
    pub unthrottled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub queued: Option<QueuedRecord>,
}

/// An undo.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UndoRecord {
    #[serde(default = "first_version")]
    pub version: u32,
    pub undoes: String,
    pub results: PathBuf,
}

/// A kind of record: what the ledger keeps as JSON beside a run.
pub trait RunRecord: Serialize + DeserializeOwned {
    fn version(&self) -> u32;
    fn set_version(&mut self, version: u32);

    /// As it is kept.
    fn to_json(mut self) -> Result<serde_json::Value> {
        self.set_version(VERSION);
        serde_json::to_value(self).map_err(|error| Error::bug("a run's record can't be written").caused_by(error))
    }

    /// That of a recorded run.
    ///
    /// # Errors
    /// Of kind `Usage`: another version of rolo recorded it, or it is the record of another command.
    fn of(run: &Run) -> Result<Self> {
        let of_another = || {
            Error::usage(format!("run {} was recorded by another version of rolo, which has to finish it", run.id))
                .in_run(&run.id.0)
        };
        let record: Self =
            serde_json::from_value(run.new.options.clone()).map_err(|error| of_another().caused_by(error))?;
        if record.version() > VERSION { Err(of_another()) } else { Ok(record) }
    }
}

macro_rules! record {
    ($kind:ty) => {
        impl RunRecord for $kind {
            fn version(&self) -> u32 {
                self.version
            }
            fn set_version(&mut self, version: u32) {
                self.version = version;
            }
        }
    };
}

record!(ImportRecord);
record!(ExportRecord);
record!(UndoRecord);

/// Where a run wrote a line for each of its rows; `None` for an export, or a record that can't be read.
pub fn results_of(run: &Run) -> Option<PathBuf> {
    match run.new.kind {
        RunKind::Import | RunKind::Retry => ImportRecord::of(run).ok().map(|record| record.results),
        RunKind::Undo => UndoRecord::of(run).ok().map(|record| record.results),
        RunKind::Export => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::contact::Counts;
    use crate::journal::RunId;
    use crate::ledger::{Fingerprint, NewRun, RunState};

    fn run(kind: RunKind, options: serde_json::Value) -> Run {
        Run {
            id: RunId("20261121-0931-k3f".into()),
            new: NewRun {
                kind,
                fingerprint: Fingerprint([0; 32]),
                account: "support".into(),
                identity: "support".into(),
                service: "s".into(),
                file: "a.csv".into(),
                options,
                started: 0,
            },
            state: RunState::Stopped,
            ended: None,
            took: None,
            counts: Counts::default(),
            pruned: None,
            due: None,
            told: None,
        }
    }

    #[test]
    fn a_record_without_a_version_is_read_and_one_of_a_later_is_refused() {
        let mut json = json!({
            "mapping": "", "region": "MY", "results": "/r.csv", "import": {"fresh": true}, "unthrottled": false,
            "read": {"delimiter": 59, "encoding": null, "sheet": null, "header_row": null, "limit": 3},
        });
        let record = ImportRecord::of(&run(RunKind::Import, json.clone())).unwrap();
        assert_eq!((record.version, record.region.as_deref(), record.read.options().limit), (1, Some("MY"), Some(3)));
        assert!(record.import.fresh && record.retries.is_none());
        assert_eq!(results_of(&run(RunKind::Import, json.clone())), Some(PathBuf::from("/r.csv")));
        let kept = record.clone().to_json().unwrap();
        assert_eq!(ImportRecord::of(&run(RunKind::Import, kept)).unwrap(), record);
        json["version"] = json!(VERSION + 1);
        let error = ImportRecord::of(&run(RunKind::Import, json)).unwrap_err();
        assert!(error.message.contains("another version"), "{error}");
    }

    #[test]
    fn the_record_of_another_command_is_no_record() {
        assert!(UndoRecord::of(&run(RunKind::Undo, json!({"tag": null}))).is_err());
        assert_eq!(results_of(&run(RunKind::Export, json!({"results": "/r.csv"}))), None);
    }
}
