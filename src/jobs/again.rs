use super::Context;
use super::export::export;
use super::export_job::ExportJob;
use super::import::{ImportJob, import};
use super::queueing::as_submitted;
use super::undo::{UndoJob, undo};
use crate::error::Result;
use crate::report::Summary;

/// What a run was, to go on with it; or what it is to be, if it waits for a worker.
pub enum Again {
    Import(Box<ImportJob>),
    Export(Box<ExportJob>),
    Undo(Box<UndoJob>),
}

impl Again {
    /// Does it.
    ///
    /// # Errors
    /// Those of the job.
    pub async fn go_on(&self, context: &mut Context) -> Result<Summary> {
        match self {
            Self::Import(job) => {
                as_submitted(job)?;
                import(job, context).await
            }
            Self::Export(job) => export(job, context).await,
            Self::Undo(job) => undo(job, context).await,
        }
    }
}
