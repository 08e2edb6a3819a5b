//! A recorded run, turned back into the job it was.

use std::path::PathBuf;

use serde::Deserialize;

use super::source::SandboxSettings;
use super::{Chosen, Context, running};
use crate::error::{Error, Result};
use crate::ledger::Run;
use crate::pipeline::{AccountSpec, ImportJob, ImportOptions, MappingChoice, ReadRecord, SourceSpec};

/// What an import keeps of itself.
#[derive(Debug, Deserialize)]
pub struct ImportRecord {
    pub mapping: String,
    pub region: Option<String>,
    pub read: ReadRecord,
    pub results: PathBuf,
    pub import: ImportOptions,
    pub unthrottled: bool,
}

impl ImportRecord {
    pub fn of(run: &Run) -> Result<Self> {
        serde_json::from_value(run.new.options.clone()).map_err(|error| {
            Error::usage(format!("run {} was recorded by another version of rolo, which has to finish it", run.id))
                .caused_by(error)
        })
    }

    pub fn source(&self, run: &Run) -> SourceSpec {
        SourceSpec {
            path: PathBuf::from(&run.new.file),
            read: self.read.options(),
            mapping: MappingChoice::Text(self.mapping.clone()),
            region: self.region.clone(),
            chosen: None,
        }
    }
}

/// The account of a run, from today's configuration. A sandbox behaves as it did then, unless told
/// otherwise now.
pub fn account(run: &Run, unthrottled: bool, sandbox: &SandboxSettings, context: &Context) -> Result<AccountSpec> {
    let chosen = Chosen::named(&run.new.account, &context.config()?)?;
    let mut sandbox = sandbox.clone();
    if matches!(chosen, Chosen::Sandbox(_)) {
        sandbox.unthrottled |= unthrottled;
    }
    running::account_spec(&chosen, &sandbox, context)
}

/// The import that a run was, to be taken up again.
pub fn import(run: &Run, sandbox: &SandboxSettings, context: &Context) -> Result<ImportJob> {
    let record = ImportRecord::of(run)?;
    Ok(ImportJob {
        source: record.source(run),
        account: account(run, record.unthrottled, sandbox, context)?,
        results: record.results.clone(),
        options: record.import.clone(),
        command: "import",
        retries: None,
        resume: Some(run.id.clone()),
    })
}
