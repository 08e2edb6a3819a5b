//! A plan in a file, which an import keeps to: JSON Lines, of which the first says for what the plan was
//! made, one a row what was foreseen, and the last how many rows there are.
//!
//! What contacts hold and calls carry stands there as hashes under the ledger's own key: nobody reads a
//! person out of a plan, and only the state folder that made it can keep to it.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::connect::Connection;
use super::identity::difference;
use super::plan_record::PlanRecord;
use super::planned_row::PlannedRow;
use super::run_record::{EditsRecord, ReadRecord};
use super::source::{Mapped, MappingChoice, SourceSpec};
use crate::error::{Error, Result};
use crate::ledger::LedgerHandle;
use crate::storage::absolute;
use crate::table::{IfTaken, Output, WrittenFiles};

/// The version of the plans that are written now.
const VERSION: u32 = 1;

/// What a plan was made for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PlanHead {
    rolo_plan: u32,
    pub account: String,
    identity: String,
    service: String,
    /// Tells one ledger's key from another's.
    ledger: String,
    pub file: PathBuf,
    source: String,
    /// `None` if the mapping was guessed.
    pub mapping_file: Option<PathBuf>,
    mapping_digest: String,
    /// The mapping as it was compiled, with the conditions of `--only`.
    mapping: String,
    region: Option<String>,
    read: ReadRecord,
    /// What was changed of the rows first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    edits: Option<EditsRecord>,
    pub unthrottled: bool,
}

#[derive(Serialize, Deserialize)]
struct PlanEnd {
    rows: u64,
    /// Of all that stands before.
    digest: String,
}

/// A plan being written.
pub struct PlanWriter {
    output: Output,
    hasher: blake3::Hasher,
    rows: u64,
    path: PathBuf,
}

impl PlanWriter {
    /// # Errors
    /// Kind `Usage` if a file is there that rolo did not write, `Stopped` if the disk refuses.
    pub fn create(path: &Path, head: &PlanHead, written: &WrittenFiles) -> Result<Self> {
        let place = written.place(path, IfTaken::Refuse("name another file with --save, or move that one away"))?;
        let output = Output::create(&place)?;
        let mut writer = Self { output, hasher: blake3::Hasher::new(), rows: 0, path: path.to_owned() };
        writer.line(head)?;
        Ok(writer)
    }

    pub fn row(&mut self, row: &PlannedRow) -> Result<()> {
        self.rows += 1;
        self.line(row)
    }

    pub fn finish(mut self) -> Result<()> {
        let digest = self.hasher.finalize().to_hex().to_string();
        self.line(&PlanEnd { rows: self.rows, digest })?;
        self.output.finish()
    }

    fn line(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line =
            serde_json::to_vec(value).map_err(|error| Error::bug("a plan can't be written").caused_by(error))?;
        line.push(b'\n');
        self.hasher.update(&line);
        let failed = |error| {
            Error::stopped(format!("the plan can't be written: {}", self.path.display()))
                .at_path(&self.path)
                .caused_by(error)
        };
        self.output.write_all(&line).map_err(failed)
    }
}

impl PlanHead {
    pub fn of(
        account: &str,
        source: &SourceSpec,
        mapped: &Mapped,
        connection: &Connection,
        ledger: &LedgerHandle,
    ) -> Result<Self> {
        let mapping_file = match &source.mapping {
            MappingChoice::File(path) => Some(absolute(path)),
            MappingChoice::Guess | MappingChoice::Text(_) => None,
        };
        let mapping_digest = match &mapping_file {
            Some(path) => digest_of_mapping(path)?,
            None => digest(mapped.text.as_bytes()),
        };
        Ok(Self {
            rolo_plan: VERSION,
            account: account.to_owned(),
            identity: connection.identity().to_owned(),
            service: connection.account.service.name().to_owned(),
            ledger: ledger_mark(ledger),
            file: absolute(&source.path),
            source: source_digest(source)?,
            mapping_file,
            mapping_digest,
            mapping: mapped.text.clone(),
            region: source.region.clone(),
            read: ReadRecord::of(&source.read),
            edits: source.edits.as_deref().map(EditsRecord::of),
            // An account says by itself whether its server is paced.
            unthrottled: connection.unthrottled && connection.sandbox.is_some(),
        })
    }
}

/// A plan that was read, whole and as it was written.
#[derive(Clone, Debug)]
pub struct SavedPlan {
    pub path: PathBuf,
    pub head: PlanHead,
    /// Of the whole file.
    pub digest: String,
}

impl SavedPlan {
    /// # Errors
    /// Kind `Usage`: it can't be read, was changed or cut short, or is of a later version.
    pub fn open(path: &Path) -> Result<Self> {
        let unreadable = |error: std::io::Error| {
            Error::usage(format!("the plan can't be read: {}", path.display()))
                .at_path(path)
                .hint("make one with `rolo plan FILE --to ACCOUNT --live --save PLAN`")
                .caused_by(error)
        };
        let broken = || {
            Error::usage(format!("not a whole plan, or changed since it was made: {}", path.display()))
                .at_path(path)
                .hint("make it again with `rolo plan FILE --to ACCOUNT --live --save PLAN`")
        };
        let mut reader = BufReader::new(File::open(path).map_err(unreadable)?);
        let mut hasher = blake3::Hasher::new();
        let mut line = Vec::new();
        reader.read_until(b'\n', &mut line).map_err(unreadable)?;
        let version = serde_json::from_slice::<serde_json::Value>(&line).ok();
        let version = version.and_then(|head| head.get("rolo_plan")?.as_u64()).ok_or_else(broken)?;
        if version > u64::from(VERSION) {
            return Err(Error::usage(format!("a later version of rolo made this plan: {}", path.display()))
                .at_path(path)
                .hint("make it again with this one"));
        }
        let head: PlanHead = serde_json::from_slice(&line).map_err(|_| broken())?;
        let mut lines = 0;
        loop {
            hasher.update(&line);
            let before = hasher.finalize();
            line.clear();
            if reader.read_until(b'\n', &mut line).map_err(unreadable)? == 0 {
                return Err(broken());
            }
            if let Ok(end) = serde_json::from_slice::<PlanEnd>(&line) {
                let is_last = reader.fill_buf().map_err(unreadable)?.is_empty();
                if end.rows != lines || !is_last || end.digest != before.to_hex().as_str() {
                    return Err(broken());
                }
                return Ok(Self { path: absolute(path), head, digest: end.digest });
            }
            lines += 1;
        }
    }

    /// The plan of a recorded run.
    ///
    /// # Errors
    /// Kind `Usage` if it is not there any more, or is another.
    pub fn of_run(record: &PlanRecord) -> Result<Self> {
        let plan = Self::open(&record.path)?;
        if plan.digest != record.digest {
            return Err(Error::usage(format!("another plan stands where the run's was: {}", record.path.display()))
                .at_path(&record.path)
                .hint("put back the plan that the run was begun with"));
        }
        Ok(plan)
    }

    /// As a run's record names it.
    pub fn record(&self) -> PlanRecord {
        PlanRecord { path: self.path.clone(), digest: self.digest.clone() }
    }

    /// The source as the plan read it, from `file` if one is named.
    ///
    /// # Errors
    /// Kind `Usage` if `mapping`, or the file that the plan names, is another mapping, or its edits are others.
    pub fn source(&self, file: Option<&Path>, mapping: Option<&Path>) -> Result<SourceSpec> {
        if let Some(path) = mapping.or(self.head.mapping_file.as_deref())
            && digest_of_mapping(path)? != self.head.mapping_digest
        {
            return Err(Error::usage(format!("the plan was made with another mapping than: {}", path.display()))
                .at_path(path)
                .hint("give back the mapping that it was made with, or make the plan again"));
        }
        let edits = self.head.edits.as_ref().map(|edits| {
            edits.unchanged("the plan was made", "give back those that it was made with, or make the plan again")
        });
        Ok(SourceSpec {
            edits: edits.transpose()?,
            read: self.head.read.options(),
            mapping: MappingChoice::Text(self.head.mapping.clone()),
            region: self.head.region.clone(),
            ..SourceSpec::of(file.map_or_else(|| self.head.file.clone(), Path::to_owned))
        })
    }

    /// Whether the plan was made for this file, this account and this ledger.
    ///
    /// # Errors
    /// Kind `Usage`, which says what differs and what to do.
    pub fn holds_for(&self, source: &SourceSpec, connection: &Connection, ledger: &LedgerHandle) -> Result<()> {
        let made_for = |what: String| Err(Error::usage(what).hint("nothing was sent; make the plan again"));
        if let Some(differs) = difference(&self.head.identity, connection.identity()) {
            return made_for(format!("the plan was made for another account: {differs}"));
        }
        if self.head.service != connection.account.service.name() {
            return made_for(format!("the plan was made for another service: {}", self.head.service));
        }
        if self.head.ledger != ledger_mark(ledger) {
            return made_for(
                "the plan was made with another ledger: name its state folder with --state-dir".to_owned(),
            );
        }
        if self.head.source != source_digest(source)? {
            return made_for(format!(
                "the plan was made for another file, or it was changed: {}",
                source.path.display()
            ));
        }
        Ok(())
    }
}

fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

fn source_digest(source: &SourceSpec) -> Result<String> {
    let mut hasher = blake3::Hasher::new();
    source.digest_into(std::slice::from_mut(&mut hasher))?;
    Ok(hasher.finalize().to_hex().to_string())
}

fn digest_of_mapping(path: &Path) -> Result<String> {
    let text = std::fs::read(path).map_err(|error| {
        Error::usage(format!("the mapping file can't be read: {}", path.display()))
            .at_path(path)
            .hint("the plan was made with it: give it back, or make the plan again")
            .caused_by(error)
    })?;
    Ok(digest(&text))
}

fn ledger_mark(ledger: &LedgerHandle) -> String {
    ledger.hasher().name("plan", "ledger")
}
