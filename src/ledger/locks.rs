use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::{Claim, Fingerprint, Worker};
use crate::error::{Error, Result};

/// Locks of the claims that this process has, in a folder of its machine.
#[derive(Default)]
pub(super) struct Locks {
    /// `None` where claims end with their leases alone.
    folder: Option<PathBuf>,
    /// Whether everybody who claims has a lock here, so that a missing one proves as much as a free one.
    are_all: bool,
    held: HashMap<(Fingerprint, u64), Lock>,
}

impl Locks {
    /// Those of a ledger in a file, which is used on this machine alone.
    pub(super) fn beside(ledger: &Path) -> Self {
        Self { folder: ledger.parent().map(|folder| folder.join("locks")), are_all: true, held: HashMap::new() }
    }

    /// Those of a ledger that is used on other machines too.
    pub(super) fn shared_in(folder: PathBuf) -> Self {
        Self { folder: Some(folder), are_all: false, held: HashMap::new() }
    }

    fn path(&self, fingerprint: &Fingerprint, fence: u64) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(format!("{}-{fence}.lock", fingerprint.name())))
    }

    /// Whether the holder of this claim is known to have ended.
    pub(super) fn prove_dead(&self, fingerprint: &Fingerprint, fence: u64) -> bool {
        self.path(fingerprint, fence).is_some_and(|path| (self.are_all || path.exists()) && !Lock::is_held(&path))
    }

    /// Takes the lock of a claim, which nobody else can want. `worker` is for a person who looks.
    ///
    /// # Errors
    /// Of kind `Stopped`, naming the file, which can't be made.
    pub(super) fn hold(&self, claim: &Claim, worker: &Worker) -> Result<Option<Lock>> {
        let Some(path) = self.path(&claim.fingerprint, claim.fence) else { return Ok(None) };
        Lock::hold(&path, &worker.to_string()).map(Some).map_err(|error| {
            Error::stopped(format!("the lock file can't be made: {}", path.display()))
                .at_path(path)
                .hint("check that the state folder exists and is yours, or name another with --state-dir")
                .caused_by(error)
        })
    }

    /// Keeps the lock of a claim that is durable, until it is released.
    pub(super) fn keep(&mut self, claim: &Claim, lock: Option<Lock>) {
        self.held.extend(lock.map(|lock| ((claim.fingerprint.clone(), claim.fence), lock)));
    }

    pub(super) fn release(&mut self, claim: &Claim) {
        self.held.remove(&(claim.fingerprint.clone(), claim.fence));
    }

    /// Takes away what a dead holder of this claim left.
    pub(super) fn clear(&self, fingerprint: &Fingerprint, fence: u64) {
        if let Some(path) = self.path(fingerprint, fence).filter(|path| !Lock::is_held(path)) {
            Lock::clear(&path);
        }
    }
}
