//! Chatwoot (4.14.2, read and seen) and two services that descend from it.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `flavor` | where the three differ, and the switches of one server |
//! | `routes`, `operation` | paths to operations, and which are documented |
//! | `request`, `text` | one request, and how its parameters are read |
//! | `auth` | keys and accounts |
//! | `throttle` | the fixed windows of one minute |
//! | `fields`, `validation` | what a body may set, and what the model refuses |
//! | `record`, `store`, `index` | contacts, their identifiers, the text index |
//! | `definition`, `inbox`, `label`, `note` | what else the account holds |
//! | `listing`, `order`, `sort_key`, `pattern`, `filter` | pages, sorting, search, conditions |
//! | `contacts`, `labels`, `definitions`, `links`, `notes`, `actions` | the operations |
//! | `answers` | bodies of refusals, and the shape of answers |
//!
//! The descendants publish less than the parent: what they leave open follows it, and operations they do not
//! publish answer 404 unless [`ChatwootOptions::undocumented`] turns them on.
//!
//! Account 1 is the key's own, account 2 somebody else's. Inbox 1 takes any contact, 2 needs an e-mail, 3 a phone,
//! 4 takes none. The file import is not emulated (404).
//!
//! What a running 4.14.2 answered to 467 recorded calls is replayed by `tests/witness`; where documents and server
//! disagreed, the server won. Where both are silent, and this is a reading:
//!
//! - A picture is taken for fetched once the answer has left, and shown under its own address.
//! - Labels on many contacts are changed at once, not later.
//! - Without `sort`, and among equals, contacts come in the order in which they were last written.

mod actions;
mod answers;
mod auth;
mod contacts;
mod definition;
mod definitions;
mod fields;
mod filter;
mod flavor;
mod inbox;
mod index;
mod known;
mod label;
mod labels;
mod links;
mod listing;
mod note;
mod notes;
mod operation;
mod order;
mod pattern;
mod record;
mod request;
mod routes;
mod seed;
mod sort_key;
mod state;
mod store;
mod text;
mod throttle;
mod validation;

#[cfg(test)]
mod test_client;

use std::time::Duration;

use answers::Refusal;
use flavor::Flavor;
pub use flavor::{ChatwootOptions, Language};
use operation::Operation;
use request::Request;
use serde_json::{Value, json};
use state::State;
use throttle::Throttle;

use super::faults::Change;
use super::{Emulator, EmulatorOptions, KnownAccount, WireAnswer, WireRequest};

pub(super) fn emulator(options: EmulatorOptions) -> Box<dyn Emulator> {
    Box::new(Chatwoot::new(Flavor::Chatwoot, options))
}

pub(super) fn emulator_99digital(options: EmulatorOptions) -> Box<dyn Emulator> {
    Box::new(Chatwoot::new(Flavor::NinetyNineDigital, options))
}

pub(super) fn emulator_engagelab(options: EmulatorOptions) -> Box<dyn Emulator> {
    Box::new(Chatwoot::new(Flavor::Engagelab, options))
}

/// One server with one key, `sandbox`.
struct Chatwoot {
    flavor: Flavor,
    options: EmulatorOptions,
    throttle: Throttle,
    state: State,
}

impl Chatwoot {
    fn new(flavor: Flavor, options: EmulatorOptions) -> Self {
        let throttle = Throttle::new(options.request_limit);
        Self { flavor, options, throttle, state: State::default() }
    }

    fn decide(&mut self, request: &WireRequest, now: Duration) -> Result<WireAnswer, Refusal> {
        let own = &self.options.chatwoot;
        let route = routes::find(self.flavor, own.undocumented, &request.method, &request.path);
        if !self.options.unthrottled {
            let searching = matches!(&route, Some(route) if route.operation == Operation::Search);
            self.throttle.admit(self.flavor, searching, now)?;
        }
        let route = route.ok_or(Refusal::NoRoute)?;
        auth::admit(self.flavor, own, request, &route)?;
        let request = Request {
            flavor: self.flavor,
            options: own,
            search_lag: self.options.search_lag,
            query: &request.query,
            body: &fields::read(request)?,
            now,
        };
        serve(&mut self.state, &route.operation, &request)
    }
}

fn serve(state: &mut State, operation: &Operation, request: &Request) -> Result<WireAnswer, Refusal> {
    match operation {
        Operation::Profile => Ok(auth::profile(request.options)),
        Operation::List => listing::list(state, request),
        Operation::Search => listing::search(state, request),
        Operation::Filter => listing::filter(state, request),
        Operation::Active => listing::active(request),
        Operation::Read(id) => contacts::read(state, request, *id),
        Operation::Create => contacts::create(state, request),
        Operation::Update(id) => contacts::update(state, request, *id),
        Operation::Delete(id) => contacts::delete(state, *id),
        Operation::RemoveAttributes(id) => contacts::remove_attributes(state, request, *id),
        Operation::RemoveAvatar(id) => contacts::remove_avatar(state, request, *id),
        Operation::Conversations(id) => contacts::conversations(state, *id),
        Operation::Export => Ok(contacts::export()),
        Operation::ReachableInboxes(id) => links::reachable(state, request, *id),
        Operation::Link(id) => links::link(state, request, *id),
        Operation::Inboxes => Ok(links::inboxes(request)),
        Operation::ContactLabels(id) => labels::of_contact(state, *id),
        Operation::ReplaceLabels(id) => labels::replace(state, request, *id),
        Operation::Labels => Ok(labels::of_account(state)),
        Operation::Label(action) => labels::change(state, request, *action),
        Operation::Definitions => Ok(definitions::list(state, request)),
        Operation::Definition(action) => definitions::change(state, request, *action),
        Operation::Notes(id) => notes::list(state, *id),
        Operation::Note(id, action) => notes::change(state, request, *id, *action),
        Operation::Merge => actions::merge(state, request),
        Operation::Bulk => actions::bulk(state, request),
    }
}

/// What [`Emulator::save`] gives, written as it is read.
#[derive(serde::Serialize)]
struct SavedText<'a> {
    state: state::Saving<'a>,
    throttle: Value,
}

impl Emulator for Chatwoot {
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer {
        let mut answer = self.decide(request, now).unwrap_or_else(|refusal| {
            refusal.answer(self.flavor, self.options.chatwoot.language, self.options.chatwoot.gateway_errors)
        });
        let date = httpdate::fmt_http_date(std::time::UNIX_EPOCH + now);
        answer.headers.push(("date".into(), date));
        answer
    }

    fn save(&self) -> Value {
        json!({ "state": self.state.save(), "throttle": self.throttle })
    }

    fn write_saved(&self, out: &mut dyn std::io::Write) -> std::io::Result<()> {
        let throttle = json!(self.throttle);
        Ok(serde_json::to_writer(out, &SavedText { state: self.state.saving(), throttle })?)
    }

    fn load(&mut self, mut saved: Value) -> Result<(), String> {
        let state = saved.get_mut("state").ok_or("what was kept has no state")?;
        self.state = State::load(state.take())?;
        let throttle = saved.get_mut("throttle").map(Value::take).unwrap_or_default();
        if let Ok(throttle) = serde_json::from_value(throttle) {
            self.throttle.resume(&throttle);
        }
        Ok(())
    }

    /// The filter reads by POST.
    fn may_change(&self, request: &WireRequest) -> bool {
        !matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS") && !request.path.ends_with("/contacts/filter")
    }

    fn contacts(&self) -> Value {
        seed::shown(&self.state, self.flavor)
    }

    fn seed(&mut self, contacts: Value, now: Duration) -> Result<(), String> {
        seed::add(&mut self.state, contacts, now)
    }

    fn known(&self, known: &KnownAccount) -> Result<Value, String> {
        known::in_own_form(known)
    }

    fn set_search_lag(&mut self, lag: Duration) {
        self.options.search_lag = lag;
    }

    fn set_unstable_ties(&mut self) {
        self.options.chatwoot.unstable_ties = true;
    }

    fn change(&mut self, change: Change, now: Duration) {
        seed::change(&mut self.state, change, now);
    }

    fn set_request_limit(&mut self, limit: u32) {
        self.throttle.set_limit(limit);
    }
}
