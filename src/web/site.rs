use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, OnceLock};

use super::draft::{Draft, Drafts};
use super::failure::{PageAnswer, PageFailure};
use super::job_maker::JobMaker;
use super::session::Session;
use super::work::BackgroundJobs;
use crate::clock::Calendar;
use crate::error::{Error, Result};
use crate::journal::RunId;
use crate::ledger::{LedgerHandle, LedgerPlace, Run};

/// What all pages are made from.
pub struct Site {
    pub maker: Arc<dyn JobMaker>,
    pub session: Session,
    /// Host and port as browsers name them.
    pub own_host: String,
    /// Where whoever comes with the token is led.
    pub first: String,
    pub state_dir: PathBuf,
    /// The drafts of files that were dropped on this server's page.
    pub own_copies: Mutex<BTreeSet<String>>,
    pub drafts: Drafts,
    pub works: BackgroundJobs,
    pub calendar: Calendar,
    pub(super) place: LedgerPlace,
    pub(super) opened: OnceLock<LedgerHandle>,
}

impl Site {
    /// The ledger, opened when it is first asked for.
    pub fn ledger(&self) -> Result<&LedgerHandle> {
        if let Some(ledger) = self.opened.get() {
            return Ok(ledger);
        }
        let ledger = self.place.open()?;
        Ok(self.opened.get_or_init(|| ledger))
    }

    /// The draft of this name.
    pub fn draft(&self, id: &str) -> PageAnswer<Draft> {
        self.drafts.get(id).ok_or_else(|| PageFailure::missing("file"))
    }

    /// The run of this name.
    pub async fn run(&self, id: &str) -> PageAnswer<Run> {
        self.ledger()?.run(&RunId(id.to_owned())).await?.ok_or_else(|| PageFailure::missing("run"))
    }

    /// The account that is proposed for a file: the first, which harms nobody.
    pub fn first_account(&self) -> Result<String> {
        first_account(self.maker.as_ref())
    }
}

/// The account that is proposed for a file.
pub fn first_account(maker: &dyn JobMaker) -> Result<String> {
    let accounts = maker.accounts()?;
    accounts.first().map(|account| account.name.clone()).ok_or_else(|| Error::bug("there is no account at all"))
}

/// Does what takes a processor or the disk for a while, without holding up the others.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| Err(Error::bug("a page could not be made")))
}
