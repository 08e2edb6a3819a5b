//! One emulator as it is served: behind a lock, with its journal.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde_json::Value;

use super::defects::Saboteur;
use super::journal::{Journal, Record};
use super::{Emulator, Fault, MakeEmulator, Options, WireAnswer, WireRequest};

pub(super) struct Hosted {
    pub(super) name: String,
    state: Mutex<State>,
}

struct State {
    emulator: Box<dyn Emulator>,
    saboteur: Option<Saboteur>,
    journal: Option<Journal>,
    /// Quotas are part of what is kept, so that a client that comes back meets the window it left:
    /// then reads count too.
    throttled: bool,
    /// What faults have told the emulator, so that it is told once.
    search_lag: Option<Duration>,
    request_limit: Option<u32>,
    /// Why nothing can be kept any more; from then on nothing is answered either.
    failure: Option<String>,
}

impl Hosted {
    pub(super) fn open(name: &str, make: MakeEmulator, options: &Options) -> io::Result<Self> {
        let (emulator, journal) = match &options.state {
            Some(folder) => {
                let (emulator, journal) = Journal::open(folder, name, make, &options.emulator)?;
                (emulator, Some(journal))
            }
            None => (make(options.emulator.clone()), None),
        };
        let state = State {
            emulator,
            saboteur: options.defect.map(Saboteur::new),
            journal,
            throttled: !options.emulator.unthrottled,
            search_lag: None,
            request_limit: None,
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
        let (answer, carried_out) = match &mut state.saboteur {
            Some(saboteur) => saboteur.answer(state.emulator.as_mut(), request, now),
            None => (state.emulator.answer(request, now), None),
        };
        let carried_out = carried_out.as_ref().unwrap_or(request);
        // A refused secret is not kept: it may be a real one.
        let kept = answer.status != 401
            && ((state.throttled && state.emulator.counts(carried_out))
                || (answer.status < 400 && state.emulator.may_change(carried_out)))
            && !state.saboteur.as_ref().is_some_and(Saboteur::stores_nothing);
        if kept {
            state.keep(|| Record::request(carried_out, now));
        }
        match &state.failure {
            Some(failure) => WireAnswer::text(500, failure),
            None => answer,
        }
    }

    pub(super) fn configure(&self, fault: &Fault) {
        let (lag, limit) = (fault.search_lag(), fault.request_limit());
        if lag.is_none() && limit.is_none() {
            return;
        }
        let mut state = self.state();
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

    pub(super) fn seed(&self, contacts: Value, now: Duration) -> Result<(), String> {
        let mut state = self.state();
        state.emulator.seed(contacts.clone(), now)?;
        state.keep(|| Record::Seed { at: now, contacts });
        state.failure.clone().map_or(Ok(()), Err)
    }

    pub(super) fn contacts(&self) -> Value {
        self.state().emulator.contacts()
    }

    /// Folds the journal into the snapshot and gives the files up.
    pub(super) fn close(&self) {
        let mut state = self.state();
        let state = &mut *state;
        if let Some(journal) = &mut state.journal {
            // What a failed fold leaves behind is still whole: the old snapshot with its journal.
            let _ = journal.fold(state.emulator.as_ref());
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
    /// A request that comes later is not answered, for it could not be kept.
    fn give_up(&mut self) {
        if self.journal.take().is_some() {
            self.failure = Some("the sandbox has stopped".to_owned());
        }
    }

    fn keep(&mut self, record: impl FnOnce() -> Record) {
        let Some(journal) = &mut self.journal else { return };
        let kept = journal
            .append(&record())
            .and_then(|()| if journal.is_long() { journal.fold(self.emulator.as_ref()) } else { Ok(()) });
        if let Err(error) = kept {
            self.failure = Some(format!("the sandbox can't keep its contacts: {error}"));
        }
    }
}
