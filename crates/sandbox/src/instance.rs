//! One emulator as it is served: behind a lock, with its write log.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::carried_out::CarriedOut;
use super::faults::Change;
#[cfg(any(test, feature = "mutants"))]
use super::mutants::Mutant;
use super::write_log::{Record, WriteLog};
use super::{Emulator, Fault, KnownAccount, MakeEmulator, Options, WireAnswer, WireRequest};

pub(super) struct Instance {
    pub(super) name: String,
    state: Mutex<State>,
}

struct State {
    emulator: Box<dyn Emulator>,
    /// What stands before the emulator and makes a mistake on purpose.
    #[cfg(any(test, feature = "mutants"))]
    mutant: Option<Mutant>,
    write_log: Option<WriteLog>,
    /// Quotas are part of what is kept, so that a client that comes back meets the window it left:
    /// then reads count too.
    throttled: bool,
    /// What faults have told the emulator, so that it is told once.
    search_lag: Option<Duration>,
    request_limit: Option<u32>,
    unstable_ties: bool,
    /// Why nothing can be kept any more; from then on nothing is answered either.
    failure: Option<String>,
}

impl Instance {
    pub(super) fn open(name: &str, make: MakeEmulator, options: &Options) -> io::Result<Self> {
        let (emulator, write_log) = match &options.state {
            Some(folder) => {
                let (emulator, write_log) = WriteLog::open(folder, name, make, &options.emulator)?;
                (emulator, Some(write_log))
            }
            None => (make(options.emulator.clone()), None),
        };
        let state = State {
            emulator,
            #[cfg(any(test, feature = "mutants"))]
            mutant: options.mutation.map(Mutant::new),
            write_log,
            throttled: !options.emulator.unthrottled,
            search_lag: None,
            request_limit: None,
            unstable_ties: false,
            failure: None,
        };
        Ok(Self { name: name.to_owned(), state: Mutex::new(state) })
    }

    pub(super) fn answer(&self, request: &WireRequest, now: Duration) -> WireAnswer {
        let mut state = self.state();
        let state = &mut *state;
        if let Some(failure) = &state.failure {
            return WireAnswer::text(500, failure);
        }
        let CarriedOut { answer, request: other, stored } = state.carry_out(request, now);
        let carried_out = other.as_ref().unwrap_or(request);
        // A refused secret is not kept: it may be a real one.
        let kept = answer.status != 401
            && ((state.throttled && state.emulator.counts(carried_out))
                || (answer.status < 400 && state.emulator.may_change(carried_out)))
            && stored;
        if kept {
            state.keep(|| Record::request(carried_out, now));
        }
        match &state.failure {
            Some(failure) => WireAnswer::text(500, failure),
            None => answer,
        }
    }

    pub(super) fn configure(&self, fault: &Fault) {
        let (lag, limit, ties) = (fault.search_lag(), fault.request_limit(), fault.unstable_ties());
        if lag.is_none() && limit.is_none() && !ties {
            return;
        }
        let mut state = self.state();
        if ties && !state.unstable_ties {
            state.unstable_ties = true;
            state.emulator.set_unstable_ties();
        }
        if let Some(lag) = lag.filter(|lag| state.search_lag != Some(*lag)) {
            state.search_lag = Some(lag);
            state.emulator.set_search_lag(lag);
            state.keep(|| Record::SearchLag(lag));
        }
        if let Some(limit) = limit.filter(|limit| state.request_limit != Some(*limit)) {
            state.request_limit = Some(limit);
            state.emulator.set_request_limit(limit);
            state.keep(|| Record::RequestLimit(limit));
        }
    }

    /// What somebody else does after a request.
    pub(super) fn change(&self, change: Change, now: Duration) {
        let mut state = self.state();
        state.emulator.change(change, now);
        state.keep(|| Record::Change { at: now, change });
    }

    pub(super) fn seed(&self, contacts: Value, now: Duration) -> Result<(), String> {
        let mut state = self.state();
        state.emulator.seed(contacts.clone(), now)?;
        state.keep(|| Record::Seed { at: now, contacts });
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Fills the emulator with what a client knows.
    pub(super) fn know(&self, known: &KnownAccount, now: Duration) -> Result<(), String> {
        let contacts = self.state().emulator.known(known)?;
        self.seed(contacts, now)
    }

    pub(super) fn contacts(&self) -> Value {
        self.state().emulator.contacts()
    }

    /// Folds the write log into the snapshot and gives the files up.
    pub(super) fn close(&self) {
        let mut state = self.state();
        let state = &mut *state;
        if let Some(write_log) = &mut state.write_log {
            // What a failed fold leaves behind is still whole: the old snapshot with its write log.
            let _ = write_log.fold(state.emulator.as_ref());
        }
        state.give_up();
    }

    /// Gives the files up as they are.
    pub(super) fn leave(&self) {
        self.state().give_up();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn carry_out(&mut self, request: &WireRequest, now: Duration) -> CarriedOut {
        #[cfg(any(test, feature = "mutants"))]
        if let Some(mutant) = &mut self.mutant {
            return mutant.answer(self.emulator.as_mut(), request, now);
        }
        CarriedOut { answer: self.emulator.answer(request, now), request: None, stored: true }
    }

    /// A request that comes later is not answered, for it could not be kept.
    fn give_up(&mut self) {
        if self.write_log.take().is_some() {
            self.failure = Some("the sandbox has stopped".to_owned());
        }
    }

    fn keep(&mut self, record: impl FnOnce() -> Record) {
        let Some(log) = &mut self.write_log else { return };
        let kept =
            log.append(&record()).and_then(|()| if log.is_long() { log.fold(self.emulator.as_ref()) } else { Ok(()) });
        if let Err(error) = kept {
            self.failure = Some(format!("the sandbox can't keep its contacts: {error}"));
        }
    }
}
