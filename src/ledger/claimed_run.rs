use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use async_trait::async_trait;

use super::claim::Claim;
use super::records::Fingerprint;
use crate::error::Result;
use crate::journal::RunId;

/// What renews the claim on a run while the run is under way: a [`Lease`](super::Lease).
#[async_trait]
pub trait ClaimKeeper: fmt::Debug + Send + Sync {
    /// Gives the claim back, so that whoever comes next need not wait until it runs out.
    async fn give_back(&self);

    /// Asks the store whether the claim is still this process's, and renews it.
    ///
    /// # Errors
    /// Of kind `Stopped`: another has the run now ([`ClaimLost`](crate::error::StopReason::ClaimLost)), or the store can't be asked.
    async fn confirm(&self) -> Result<()>;

    /// Like [`Self::confirm`], but without asking the store while the claim can't have run out.
    ///
    /// # Errors
    /// As for [`Self::confirm`].
    async fn check(&self) -> Result<()>;

    /// Whether the claim can't have run out, by the clocks of this machine alone.
    fn is_fresh(&self) -> bool;
}

/// A run that this process has claimed.
#[derive(Clone, Debug)]
pub struct ClaimedRun {
    id: RunId,
    claim: Claim,
    keeper: Option<Arc<dyn ClaimKeeper>>,
}

impl ClaimedRun {
    /// A run under a claim that nobody renews.
    pub fn new(id: RunId, claim: Claim) -> Self {
        Self { id, claim, keeper: None }
    }

    /// A run under a claim that `keeper` renews while the run, or a clone of it, lives.
    pub fn kept(id: RunId, claim: Claim, keeper: Arc<dyn ClaimKeeper>) -> Self {
        Self { id, claim, keeper: Some(keeper) }
    }

    /// What stands for a run where nothing is written: every write of it is refused.
    pub fn unclaimed(name: &str) -> Self {
        Self::new(RunId(name.to_owned()), Claim { fingerprint: Fingerprint([0; 32]), fence: 0 })
    }

    /// The run's name.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// What each of its writes carries.
    pub fn claim(&self) -> &Claim {
        &self.claim
    }

    /// Gives the claim back, so that whoever comes next need not wait for it. Dropping the last clone does so
    /// as well, at some time.
    pub async fn release(&self) {
        if let Some(keeper) = &self.keeper {
            keeper.give_back().await;
        }
    }

    /// Whether this process may still act for the run, as the store has it now: before something is put in
    /// place that another may be writing too.
    ///
    /// # Errors
    /// As for [`Self::check`].
    pub async fn confirm(&self) -> Result<()> {
        match &self.keeper {
            Some(keeper) => keeper.confirm().await,
            None => Ok(()),
        }
    }

    /// Whether this process may still act for the run. While its lease is fresh that takes no time;
    /// otherwise (it was stopped, or the store was away) the store is asked.
    ///
    /// # Errors
    /// Of kind `Stopped`: another has the run now ([`ClaimLost`](crate::error::StopReason::ClaimLost)), or the store can't be asked.
    pub async fn check(&self) -> Result<()> {
        match &self.keeper {
            Some(keeper) => keeper.check().await,
            None => Ok(()),
        }
    }

    /// Whether nobody else can have the run, by the clocks of this machine alone: for a moment at which the store can't
    /// be asked. Where it is false, [`Self::check`] tells.
    pub fn is_fresh(&self) -> bool {
        self.keeper.as_ref().is_none_or(|keeper| keeper.is_fresh())
    }
}

impl Deref for ClaimedRun {
    type Target = RunId;

    fn deref(&self) -> &RunId {
        &self.id
    }
}

impl fmt::Display for ClaimedRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.id.fmt(f)
    }
}
