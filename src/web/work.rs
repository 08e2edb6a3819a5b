//! Jobs that go on whoever looks: each on a thread of its own, until it ends or the server does.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;

use super::columns_view::ColumnsView;
use super::preview::FilePreview;
use super::problems::ProblemList;
use super::row_store::RowStore;
use super::rows_view::RowsWanted;
use super::undo_view::UndoView;
use super::watched::Watched;
use crate::clock::Calendar;
use crate::error::{Error, Result};
use crate::jobs::{Context, Forecast, Rehearsal};
use crate::ledger::LedgerPlace;
use crate::report::{Reporter, Several, Summary};
use crate::upload::{Stop, StopLevel};

/// How long a page waits for what is quickly done, before it shows how that gets on.
const QUICK: Duration = Duration::from_millis(120);

/// What a job is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A look at the file of a draft; `key` is another whenever the draft is.
    Preview {
        key: String,
    },
    /// What its columns feed.
    Columns {
        key: String,
    },
    /// What would become of a draft.
    Plan {
        key: String,
        live: bool,
    },
    Rehearsal {
        key: String,
    },
    /// What is wrong with the rows of a draft.
    Check {
        key: String,
    },
    /// The rows of a results file; `key` is another whenever the file is.
    Rows {
        key: String,
    },
    /// Those of them that somebody looks for.
    Search {
        key: String,
        wanted: RowsWanted,
    },
    /// The report of a run, as it stands.
    Report {
        key: String,
    },
    /// What would be put back of a run.
    Undo {
        key: String,
    },
    /// Contacts are changed by it.
    Run {
        words: String,
    },
}

impl Purpose {
    /// How many that have ended are kept of such a purpose: what is large, and quickly done again, is let go of first.
    const fn kept(&self) -> usize {
        match self {
            Self::Rows { .. } => 2,
            Self::Check { .. } => 3,
            Self::Preview { .. } | Self::Columns { .. } | Self::Report { .. } | Self::Undo { .. } => 4,
            Self::Plan { .. } | Self::Rehearsal { .. } | Self::Search { .. } => 8,
            Self::Run { .. } => 48,
        }
    }
}

/// What came of a job.
pub enum End {
    Preview(Box<FilePreview>),
    Columns(Box<ColumnsView>),
    Forecast(Box<Forecast>),
    Rehearsal(Box<Rehearsal>),
    Problems(Box<ProblemList>),
    Rows(Box<RowStore>),
    /// Numbers of rows, in the order in which they are shown.
    Found(Vec<u32>),
    Report(bytes::Bytes),
    Undo(Box<UndoView>),
    Summary(Box<Summary>),
}

/// A job under way, or one that has ended.
pub struct BackgroundJob {
    pub id: u64,
    pub purpose: Purpose,
    pub watched: Watched,
    stop: Stop,
    end: OnceLock<Result<End>>,
    has_ended: watch::Sender<bool>,
    /// Somebody was shown that it failed.
    failure_shown: AtomicBool,
}

impl BackgroundJob {
    /// What came of it; nothing yet while it is under way.
    pub fn end(&self) -> Option<&Result<End>> {
        self.end.get()
    }

    pub fn is_under_way(&self) -> bool {
        self.end.get().is_none()
    }

    /// Asks it to finish the requests under way and to begin none.
    pub fn stop(&self) {
        self.stop.request(StopLevel::Drain);
    }

    pub fn is_stopping(&self) -> bool {
        self.stop.is_requested()
    }

    /// Returns once it has ended, or after a moment in which what is quickly done is done.
    pub async fn soon(&self) {
        drop(tokio::time::timeout(QUICK, self.ended()).await);
    }

    /// Returns once it has ended.
    pub async fn ended(&self) {
        // The sender lives as long as `self`, so waiting can't fail.
        drop(self.has_ended.subscribe().wait_for(|ended| *ended).await);
    }
}

/// The jobs of this server.
pub struct BackgroundJobs {
    all: Mutex<Vec<Arc<BackgroundJob>>>,
    next: AtomicU64,
    state_dir: std::path::PathBuf,
    ledger: LedgerPlace,
    runtime: tokio::runtime::Handle,
    calendar: Calendar,
}

impl BackgroundJobs {
    pub fn new(state_dir: std::path::PathBuf, ledger: LedgerPlace, calendar: Calendar) -> Self {
        let runtime = tokio::runtime::Handle::current();
        Self { all: Mutex::default(), next: AtomicU64::new(1), state_dir, ledger, runtime, calendar }
    }

    fn all(&self) -> MutexGuard<'_, Vec<Arc<BackgroundJob>>> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a job, unless one with the same purpose is there already, under way or ended well: then that one.
    pub fn find_or_start<J>(&self, purpose: Purpose, job: J) -> Result<Arc<BackgroundJob>>
    where
        J: AsyncFnOnce(&mut Context) -> Result<End> + Send + 'static,
    {
        match self.find(&purpose) {
            Some(work) if !matches!(work.end(), Some(Err(_))) => Ok(work),
            _ => self.start(purpose, job),
        }
    }

    /// The job that a page shows: the one with this purpose that is there already, or one that is begun. One that
    /// failed is shown once, and done again for whoever looks after that. Waits a moment for what is quickly done.
    pub async fn shown<J>(&self, purpose: Purpose, job: J) -> Result<Arc<BackgroundJob>>
    where
        J: AsyncFnOnce(&mut Context) -> Result<End> + Send + 'static,
    {
        let found = self.find(&purpose);
        let is_stale = |work: &Arc<BackgroundJob>| {
            matches!(work.end(), Some(Err(_))) && work.failure_shown.swap(true, Ordering::Relaxed)
        };
        let work = match found.filter(|work| !is_stale(work)) {
            Some(work) => work,
            None => self.start(purpose, job)?,
        };
        work.soon().await;
        if matches!(work.end(), Some(Err(_))) {
            work.failure_shown.store(true, Ordering::Relaxed);
        }
        Ok(work)
    }

    /// Begins a job.
    pub fn start<J>(&self, purpose: Purpose, job: J) -> Result<Arc<BackgroundJob>>
    where
        J: AsyncFnOnce(&mut Context) -> Result<End> + Send + 'static,
    {
        let work = Arc::new(BackgroundJob {
            id: self.next.fetch_add(1, Ordering::Relaxed),
            purpose,
            watched: Watched::new(self.calendar.clone()),
            stop: Stop::default(),
            end: OnceLock::new(),
            has_ended: watch::Sender::new(false),
            failure_shown: AtomicBool::new(false),
        });
        let reporters: Vec<Box<dyn Reporter>> = vec![Box::new(work.watched.clone())];
        let mut context = Context {
            state_dir: self.state_dir.clone(),
            ledger: self.ledger.clone(),
            written_in: None,
            reporter: Box::new(Several(reporters)),
            stop: work.stop.clone(),
            served: false,
            watch: None,
        };
        let (runtime, worked) = (self.runtime.clone(), work.clone());
        std::thread::Builder::new()
            .name("job".into())
            .spawn(move || {
                let job = std::panic::AssertUnwindSafe(|| runtime.block_on(job(&mut context)));
                let end = std::panic::catch_unwind(job).unwrap_or_else(|_| Err(Error::bug("the job broke off")));
                drop(worked.end.set(end));
                worked.has_ended.send_replace(true);
            })
            .map_err(|cause| Error::stopped(format!("can't start a thread: {cause}")).caused_by(cause))?;
        let mut all = self.all();
        let is_alike = |other: &BackgroundJob| {
            std::mem::discriminant(&other.purpose) == std::mem::discriminant(&work.purpose) && !other.is_under_way()
        };
        let ended = all.iter().filter(|other| is_alike(other)).count();
        let mut too_many = (ended + 1).saturating_sub(work.purpose.kept());
        all.retain(|other| {
            let goes = too_many > 0 && is_alike(other);
            too_many -= usize::from(goes);
            !goes
        });
        all.push(work.clone());
        Ok(work)
    }

    /// The latest with this purpose.
    pub fn find(&self, purpose: &Purpose) -> Option<Arc<BackgroundJob>> {
        self.all().iter().rev().find(|work| work.purpose == *purpose).cloned()
    }

    pub fn get(&self, id: u64) -> Option<Arc<BackgroundJob>> {
        self.all().iter().find(|work| work.id == id).cloned()
    }

    /// The one that works, or last worked, on this run.
    pub fn of_run(&self, run: &str) -> Option<Arc<BackgroundJob>> {
        self.all().iter().rev().find(|work| work.watched.run().as_deref() == Some(run)).cloned()
    }

    /// Stops all that are under way, as urgently as `level` says once it says more, and returns when they have ended.
    pub async fn stop_all(&self, stop: &Stop) {
        let under_way: Vec<_> = self.all().iter().filter(|work| work.is_under_way()).cloned().collect();
        for work in &under_way {
            work.stop();
        }
        let all_ended = async {
            for work in &under_way {
                work.ended().await;
            }
        };
        let leave = async {
            stop.reached(StopLevel::Leave).await;
            for work in &under_way {
                work.stop.request(StopLevel::Leave);
            }
            std::future::pending::<()>().await;
        };
        tokio::select! {
            () = all_ended => {}
            () = leave => {}
        }
    }
}
