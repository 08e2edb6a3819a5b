//! Which files an account has had already, where a job means all of a name: the runs tell.

use std::collections::HashMap;
use std::path::Path;

use super::account_spec::AccountSpec;
use super::identity::points_to;
use super::run_record::{ImportRecord, RunRecord as _};
use crate::error::Result;
use crate::ledger::{LedgerHandle, RUNS_LOOKED_THROUGH, Run, RunKind, RunState};
use crate::storage::{Pin, absolute};

/// The files that imports into one account have had: by name, each as it was when it was taken.
#[derive(Default)]
pub struct TakenFiles(HashMap<String, Vec<Pin>>);

impl TakenFiles {
    /// # Errors
    /// Those of the ledger.
    pub async fn of(account: &AccountSpec, ledger: &LedgerHandle) -> Result<Self> {
        let mut taken = Self::default();
        // A sandbox has no lasting address, and goes by its name.
        let is_here = |id: &str| if account.sandbox.is_some() { id == account.name } else { points_to(account, id) };
        for run in ledger.runs(RUNS_LOOKED_THROUGH).await? {
            if run.new.kind != RunKind::Import || !is_here(&run.new.identity) {
                continue;
            }
            let Some(pin) = ImportRecord::of(&run).ok().and_then(|record| record.pin) else { continue };
            if has_taken(&run, ledger).await? {
                taken.add(run.new.file, pin);
            }
        }
        Ok(taken)
    }

    fn add(&mut self, file: String, pin: Pin) {
        self.0.entry(file).or_default().push(pin);
    }

    /// Whether this very content was taken from there. Another one under the same name is another file.
    pub fn has(&self, file: &Path, pin: &Pin) -> bool {
        let taken = self.0.get(&absolute(file).display().to_string());
        taken.is_some_and(|taken| taken.iter().any(|was| is_same(was, pin)))
    }
}

fn is_same(was: &Pin, now: &Pin) -> bool {
    match (&was.etag, &now.etag) {
        (Some(was), Some(now)) => was == now,
        _ => was.digest == now.digest,
    }
}

/// Whether a run has done with its file, or somebody will, or is not to. One that was cut off goes on when its import
/// is given again, and so has not.
async fn has_taken(run: &Run, ledger: &LedgerHandle) -> Result<bool> {
    Ok(match run.state {
        RunState::Finished | RunState::PartlyUndone | RunState::Undone | RunState::Queued | RunState::Cancelled => true,
        RunState::Running => ledger.worker_of(run).await?.is_some(),
        RunState::Stopped | RunState::Interrupted | RunState::Failed | RunState::Joined => false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_tells_objects_apart_is_their_tag_and_files_their_content() {
        let pin = |etag: Option<&str>, digest: &str| Pin {
            etag: etag.map(str::to_owned),
            digest: digest.into(),
            version: None,
        };
        let mut taken = TakenFiles::default();
        taken.add("s3://in/a.csv".into(), pin(Some("1"), "x"));
        taken.add("/in/a.csv".into(), pin(None, "x"));
        assert!(taken.has(Path::new("s3://in/a.csv"), &pin(Some("1"), "")));
        assert!(!taken.has(Path::new("s3://in/a.csv"), &pin(Some("2"), "x")));
        assert!(!taken.has(Path::new("s3://in/b.csv"), &pin(Some("1"), "x")));
        assert!(
            taken.has(Path::new("/in/a.csv"), &pin(None, "x")) && !taken.has(Path::new("/in/a.csv"), &pin(None, "y"))
        );
    }
}
