use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::account_spec::{AccountSpec, SandboxSpec};
use super::import::{ImportJob, import};
use super::new_fields::named_fields;
use super::nights::{NightPlanner, NightsAhead};
use super::recognize::remembered_as;
use super::stand_in::StandIn;
use super::{Context, SourceSpec};
use crate::clock::{self, MovedClock};
use crate::contact::Outcome;
use crate::error::{Error, Result};
use crate::ledger::{self, LedgerPlace};
use crate::report::{Event, Note, Reporter, Summary};
use crate::services::Settings;
use crate::transport::Proxies;
use crate::upload::remembered_fields;

/// How the name of a rehearsal's folder begins.
const PREFIX: &str = ".rolo-rehearsal-";

/// The file of it that is locked as long as the rehearsal goes on.
const LOCK: &str = "lock";

/// Rows that are named one by one.
const NAMED: usize = 20;

/// What an import would do, as it was tried on the emulator of the account's service.
pub struct Rehearsal {
    pub account: String,
    /// As the import's would be, but for the run, which there is none of.
    pub summary: Summary,
    /// How long the import would take, at the quota and with what the service asks to wait.
    pub time: Duration,
    /// In how many nights it would finish, where nights have an end.
    pub nights: Option<NightsAhead>,
    /// The first rows that would be rejected, fail or be in doubt: `line 12: failed, service.value`.
    pub failing: Vec<String>,
    /// Contacts that the emulator held at the beginning.
    pub known: u64,
}

/// Runs a whole import against the emulator of the account's service, filled with what the ledger knows of
/// the account, by a clock that doesn't wait.
///
/// Nothing is sent to the account, and the ledger is not written: the run is one of a copy, which is removed.
///
/// # Errors
/// Those of [`import`], and of kind `Stopped` if the ledger can't be copied.
pub async fn rehearse(mut job: ImportJob, faults: Vec<String>, context: &mut Context) -> Result<Rehearsal> {
    let folder = Folder::make(&context.state_dir)?;
    if context.ledger.may_exist() {
        ledger::copy_into(&context.ledger, &folder.path)?;
    }
    let stand_in = stand_in(&job, &folder.path, context).await?;
    let (clock, known) = (stand_in.clock.clone(), stand_in.contacts);
    if stand_in.by_hash_alone > 0 {
        context.note(Note::KnownByHashes { contacts: stand_in.by_hash_alone });
    }
    let account = job.account.name.clone();
    job.account = stood_in_for(job.account, stand_in, faults);
    let night = std::mem::take(&mut job.night);
    let told = Arc::new(Mutex::new(Foretold {
        failing: Vec::new(),
        nights: NightPlanner::new(&night, clock::unix_now()),
        laid_out: Duration::ZERO,
    }));
    let reporter = RehearsalReporter {
        to: std::mem::replace(&mut context.reporter, Box::new(Silent)),
        told: told.clone(),
        clock: clock.clone(),
        calls: 0,
    };
    let mut inside = Context {
        state_dir: folder.path.clone(),
        ledger: LedgerPlace::in_folder(&folder.path),
        written_in: Some(context.written_in.clone().unwrap_or_else(|| context.state_dir.clone())),
        reporter: Box::new(reporter),
        stop: context.stop.clone(),
        served: false,
        watch: None,
    };
    let summary = import(&job, &mut inside).await?;
    let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
    let (failing, nights) = (std::mem::take(&mut told.failing), told.nights.take().map(NightPlanner::finish));
    Ok(Rehearsal { account, summary, time: clock.passed(), nights, failing, known })
}

/// What is known of the job's account.
async fn stand_in(job: &ImportJob, folder: &Path, context: &mut Context) -> Result<StandIn> {
    let ledger = LedgerPlace::in_folder(folder).open()?;
    let service = (job.account.service.connect)(&job.account.settings)?;
    // What the import would create is not there yet.
    let named = if job.options.create_fields { Vec::new() } else { named_in(&job.source, service.as_ref())? };
    let identity = remembered_as(&job.account, &ledger).await?;
    if job.options.create_fields && remembered_fields(&ledger, &identity).await?.is_none() {
        context.note(Note::FieldsNotSeen { account: job.account.name.clone() });
    }
    let stand_in = StandIn::of(identity, named, &ledger).await?;
    Ok(StandIn { nothing_else: job.account.sandbox.is_none(), ..stand_in })
}

fn named_in(
    source: &SourceSpec,
    service: &dyn crate::services::Service,
) -> Result<Vec<crate::contact::FieldDefinition>> {
    if service.capabilities().fields_defined { named_fields(source, service) } else { Ok(Vec::new()) }
}

/// The account with the embedded server in its place.
fn stood_in_for(account: AccountSpec, stand_in: StandIn, faults: Vec<String>) -> AccountSpec {
    let mut settings = account.settings;
    settings.0.extend(Settings::of(account.service.sandbox_settings).0);
    let sandbox = account.sandbox.unwrap_or_default();
    let unthrottled = sandbox.unthrottled || account.unthrottled;
    let sandbox = SandboxSpec { memory: true, unthrottled, faults, ..sandbox };
    AccountSpec {
        settings,
        base_url: None,
        secret: None,
        refresh: None,
        ca_file: None,
        proxies: Proxies::default(),
        sandbox: Some(SandboxSpec { stands_in: Some(Arc::new(stand_in)), ..sandbox }),
        ..account
    }
}

/// A folder of the state folder that goes when the rehearsal ends.
struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes it, and removes what killed rehearsals left.
    fn make(state_dir: &Path) -> Result<Self> {
        let failed = |error| Error::stopped("the folder of the rehearsal can't be made").caused_by(error);
        crate::platform::make_private_folder(state_dir).map_err(failed)?;
        sweep(state_dir);
        let path = tempfile::Builder::new().prefix(PREFIX).tempdir_in(state_dir).map_err(failed)?.keep();
        let lock = File::create(path.join(LOCK)).and_then(|file| file.lock().map(|()| file)).map_err(failed)?;
        Ok(Self { path, _lock: lock })
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What can't be removed now, the next rehearsal removes.
        drop(fs::remove_dir_all(&self.path));
    }
}

fn sweep(state_dir: &Path) {
    for entry in fs::read_dir(state_dir).into_iter().flatten().flatten() {
        let is_one = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX));
        if is_one && File::open(entry.path().join(LOCK)).is_ok_and(|file| file.try_lock().is_ok()) {
            drop(fs::remove_dir_all(entry.path()));
        }
    }
}

struct Silent;

impl Reporter for Silent {
    fn event(&mut self, _event: &Event) {}
}

/// Passes on what is worth knowing, and keeps which rows wouldn't go well. That a run began, its calls and
/// how it ended would be taken for a real one's.
struct RehearsalReporter {
    to: Box<dyn Reporter>,
    told: Arc<Mutex<Foretold>>,
    clock: MovedClock,
    /// Calls that no row has told yet.
    calls: u64,
}

/// What is kept of what was heard.
struct Foretold {
    failing: Vec<String>,
    nights: Option<NightPlanner>,
    /// Time that lies in nights already.
    laid_out: Duration,
}

impl Foretold {
    fn row(&mut self, calls: u64, passed: Duration) {
        let time = passed.saturating_sub(self.laid_out);
        self.laid_out = passed;
        if let Some(nights) = &mut self.nights {
            nights.row(calls, calls, time);
        }
    }
}

impl Reporter for RehearsalReporter {
    fn event(&mut self, event: &Event) {
        match event {
            Event::Note(_) | Event::Warning(_) | Event::Mapping(_) => self.to.event(event),
            Event::Called { .. } => self.calls += 1,
            Event::Row { position, record } => {
                let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
                // Calls of other rows may have come before it; of a shared one, each row tells.
                let calls = u64::from(record.calls).min(self.calls);
                self.calls -= calls;
                told.row(calls, self.clock.passed());
                if !matches!(record.outcome, Outcome::Rejected | Outcome::Failed | Outcome::InDoubt) {
                    return;
                }
                if told.failing.len() < NAMED {
                    let codes: Vec<_> = record.errors.iter().map(|error| error.code.as_ref()).collect();
                    told.failing.push(format!("{position}: {}, {}", record.outcome.name(), codes.join(" | ")));
                }
            }
            _ => {}
        }
    }
}
