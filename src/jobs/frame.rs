//! What all jobs have in common: open the account, begin a run or go on with one, say so, finish.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;

use super::Context;
use super::account_spec::AccountSpec;
use super::connect::{Connection, connect, open_ledger};
use super::recognize::{Keep, recognize, same_place};
use super::run_record::RunRecord;
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::journal::RunId;
use crate::ledger::{ClaimedRun, Fingerprint, LEASE, Lease, LedgerHandle, NewRun, RunKind, RunState, Worker};
use crate::reconcile::Keys;
use crate::report::{Event, JobKind, Note, Summary, words};
use crate::upload::{Caller, Notice, Stop};

/// An account that is connected and recognized, and the ledger that remembers it.
pub struct Opened {
    pub ledger: LedgerHandle,
    pub connection: Connection,
    /// To be said: the account points elsewhere than before.
    pub elsewhere: Option<Note>,
    account: String,
    service: &'static str,
    /// From when on it is told how long the run took.
    pub begun: tokio::time::Instant,
}

/// A run about to begin, or to be taken up again.
pub struct Beginning<'a, R> {
    pub kind: RunKind,
    pub fingerprint: Fingerprint,
    /// Where its rows come from or, for an export, go to.
    pub file: &'a Path,
    pub record: R,
    /// Take up exactly this run, however it stands.
    pub resumes: Option<&'a RunId>,
}

/// A run under way.
pub struct Frame {
    pub ledger: LedgerHandle,
    pub connection: Connection,
    pub run: ClaimedRun,
    /// An earlier execution of the run was cut off.
    pub is_resumed: bool,
    pub caller: Arc<Caller>,
    pub keys: Keys,
    /// What the caller tells; taken by whoever listens while calls are made.
    pub notices: Option<UnboundedReceiver<Notice>>,
    elsewhere: Option<Note>,
    kind: JobKind,
    account: String,
    begun: tokio::time::Instant,
}

/// How driving a run ended.
pub enum Ended {
    /// Nothing is left to be done.
    Whole,
    /// All was tried, and something of it is to be tried again.
    InPart,
    /// A signal ended it.
    Interrupted,
    Stopped(Error),
}

impl Opened {
    /// Opens the ledger, connects the account and finds out which memory is its own.
    pub async fn account(account: &AccountSpec, keep: Keep, context: &mut Context) -> Result<Self> {
        let begun = clock::now();
        let ledger = open_ledger(&context.state_dir)?;
        let mut connection = connect(account, &context.state_dir, &ledger).await?;
        let elsewhere = recognize(account, &mut connection, keep, &context.stop).await?;
        let (account, service) = (account.name.clone(), account.service.name);
        Ok(Self { ledger, connection, elsewhere, account, service, begun })
    }

    /// Takes up the run that is meant, or begins one; nobody else works on it from then on.
    ///
    /// # Errors
    /// Of kind `AlreadyRunning` if another process works on it; `Usage` if it was made at another place.
    pub async fn begin<R: RunRecord + Send>(self, beginning: Beginning<'_, R>, context: &mut Context) -> Result<Frame> {
        let Beginning { kind, fingerprint, file, record, resumes } = beginning;
        let recorded = match resumes {
            Some(run) => self.ledger.run(run).await?,
            None => None,
        };
        if let Some(recorded) = &recorded {
            same_place(recorded, &self.connection)?;
        }
        let fingerprint = recorded.map_or(fingerprint, |recorded| recorded.new.fingerprint);
        let lease = Lease::take(&self.ledger, &fingerprint, &Worker::this_process(kind.name()), LEASE).await?;
        let unfinished = match resumes {
            Some(run) => Some(run.clone()),
            None => self.ledger.unfinished(&fingerprint).await?.map(|run| run.id),
        };
        let is_resumed = unfinished.is_some();
        let id = match unfinished {
            Some(id) => id,
            None => {
                let new = NewRun {
                    kind,
                    fingerprint,
                    account: self.account.clone(),
                    identity: self.connection.identity().to_owned(),
                    service: self.service.to_owned(),
                    file: absolute(file).display().to_string(),
                    options: record.to_json()?,
                    started: clock::unix_now().as_secs(),
                };
                self.ledger.begin(lease.claim(), &new).await?
            }
        };
        let run = lease.run(id);
        let (caller, notices) = self.connection.caller(&run, &context.stop);
        let keys = self.connection.keys(&self.ledger);
        Ok(Frame {
            run,
            is_resumed,
            caller,
            keys,
            notices: Some(notices),
            kind: kind.into(),
            ledger: self.ledger,
            connection: self.connection,
            elsewhere: self.elsewhere,
            account: self.account,
            begun: self.begun,
        })
    }

    /// Lets go of an account that no run was begun with.
    pub async fn close(self) {
        if let Some(sandbox) = self.connection.sandbox {
            sandbox.stop().await;
        }
    }
}

impl Frame {
    /// Says that the run begins. `resumed` rows or contacts were done by an earlier execution.
    pub fn tell_start(&self, file: &Path, rows: Option<u64>, resumed: u64, context: &mut Context) {
        context.tell(Event::Started {
            kind: self.kind,
            run: Some(self.run.to_string()),
            account: Some(self.account.clone()),
            file: file.display().to_string(),
            rows,
            resumed,
        });
        if let Some(elsewhere) = &self.elsewhere {
            context.note(elsewhere.clone());
        }
    }

    /// A summary of nothing yet.
    pub fn summary(&self) -> Summary {
        Summary {
            kind: self.kind,
            run: Some(self.run.to_string()),
            account: Some(self.account.clone()),
            ..Summary::default()
        }
    }

    /// Counts the calls that were made since this was last asked.
    pub fn count_calls(&mut self, summary: &mut Summary) {
        let Some(notices) = &mut self.notices else { return };
        while let Ok(notice) = notices.try_recv() {
            if let Notice::Called { kind, .. } = notice {
                *summary.calls.entry(kind).or_default() += 1;
            }
        }
    }

    /// How driving ended where nobody but the caller stops it.
    pub fn ended(&self, context: &Context) -> Ended {
        Ended::of(self.caller.halted(), &context.stop)
    }

    /// Records how the run stands, lets go of the account, and says what came of it.
    ///
    /// # Errors
    /// Of kind `Bug` if a bug stopped it.
    pub async fn finish(self, ended: Ended, mut summary: Summary, context: &mut Context) -> Result<Summary> {
        let service = self.connection.account.service.name();
        let state = ended.about(&self.run, &self.account, service).tell(&mut summary)?;
        summary.state = Some(state);
        summary.elapsed = self.elapsed();
        self.ledger.set_state(&self.run, state, &summary.counts).await?;
        if let Some(sandbox) = self.connection.sandbox {
            sandbox.stop().await;
        }
        self.run.release().await;
        context.tell(Event::Finished(Box::new(summary.clone())));
        Ok(summary)
    }

    fn elapsed(&self) -> Duration {
        clock::now() - self.begun
    }
}

impl Ended {
    /// A halt has stopped the run, or else a signal, or nothing.
    pub fn of(halt: Option<Error>, stop: &Stop) -> Self {
        match halt {
            Some(halt) => Self::Stopped(halt),
            None if stop.is_asked() => Self::Interrupted,
            None => Self::Whole,
        }
    }

    /// The same, with the run it was and whose account.
    fn about(self, run: &RunId, account: &str, service: &str) -> Self {
        match self {
            Self::Stopped(halt) => Self::Stopped(halt.in_service(service).in_account(account).in_run(&run.0)),
            other => other,
        }
    }

    /// Puts into the summary why the run stopped, and returns how it stands.
    fn tell(self, summary: &mut Summary) -> Result<RunState> {
        match self {
            Self::Whole => Ok(RunState::Finished),
            Self::InPart => Ok(RunState::Stopped),
            Self::Interrupted => {
                summary.stopped = Some(words::interrupted());
                Ok(RunState::Interrupted)
            }
            Self::Stopped(halt) if halt.kind == ErrorKind::Bug => Err(halt),
            Self::Stopped(halt) => {
                summary.stopped = Some(halt);
                Ok(RunState::Stopped)
            }
        }
    }
}

/// A path that means the same file whatever the working folder is.
pub fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
