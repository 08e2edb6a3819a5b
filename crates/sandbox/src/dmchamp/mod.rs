//! DM Champ: contacts found by phone or e-mail, with lists and tags; no listing of all contacts.
//!
//! | file | what it holds |
//! | --- | --- |
//! | `options` | which of the vendor's own, differing descriptions is followed |
//! | `routes`, `request` | paths to operations, and one request |
//! | `fields`, `record`, `store`, `state` | what a body may set, what is kept, the indexes |
//! | `contacts`, `lists`, `tags` | the operations |
//! | `answers` | the three shapes of a refusal |
//!
//! The base URL ends in `/v1`; paths are taken with it and without. Where the documents are silent:
//!
//! - A phone is a plus and 7 to 15 digits; in `POST /tags` the plus may be missing, as an older page has it.
//! - E-mails are found whatever their case; of several contacts the one with the least id is.
//! - Fields of a wrong type are refused (400). Unknown ones, and the phone in an update, are ignored.
//! - An unknown contact or list is 403 where the documents list no 404.
//! - There is no rate limit unless the options set one, which is then per minute.

mod answers;
mod contacts;
mod fields;
mod known;
mod lists;
mod options;
mod record;
mod request;
mod routes;
mod state;
mod store;
mod tags;

#[cfg(test)]
mod test_client;

use std::time::Duration;

use answers::Refusal;
pub use options::{DmchampOptions, Duplicates};
use request::Request;
use routes::Operation;
use serde_json::{Value, json};
use state::{State, Tag};
use store::Store;

use super::window::SlidingWindow;
use super::{Emulator, EmulatorOptions, KnownAccount, WireAnswer, WireRequest};

const SECRET: &str = "sandbox";
const MINUTE: Duration = Duration::from_secs(60);

pub(super) fn emulator(options: EmulatorOptions) -> Box<dyn Emulator> {
    Box::new(Dmchamp::new(options))
}

struct Dmchamp {
    options: EmulatorOptions,
    /// The vendor publishes no limit.
    window: Option<SlidingWindow>,
    state: State,
}

impl Dmchamp {
    fn new(options: EmulatorOptions) -> Self {
        let window = options.request_limit.map(|limit| SlidingWindow::new(limit, MINUTE));
        Self { options, window, state: State::default() }
    }

    fn decide(&mut self, request: &WireRequest, now: Duration) -> Result<WireAnswer, Refusal> {
        if let Some(window) = self.window.as_mut().filter(|_| !self.options.unthrottled) {
            window.admit(now).map_err(Refusal::TooMany)?;
        }
        let operation = routes::find(&request.method, &request.path).ok_or(Refusal::NoRoute)?;
        if request.query_value("apiKey") != Some(SECRET) {
            return Err(Refusal::Unauthorized);
        }
        let body = fields::read(&request.body)?;
        let request = Request { options: &self.options, query: &request.query, body: &body, now };
        let state = &mut self.state;
        match operation {
            Operation::Find => contacts::find(&state.store, &request),
            Operation::Create => contacts::create(&mut state.store, &request),
            Operation::Update(id) => contacts::update(&mut state.store, &request, &id),
            Operation::Messages(id) => contacts::messages(&state.store, &id),
            Operation::AddToList => lists::add(&mut state.store, &request),
            Operation::RemoveFromList => lists::remove(&mut state.store, &request),
            Operation::TagsOf(id) => tags::of_contact(state, &id),
            Operation::Tags => Ok(tags::all(state)),
            Operation::Tag => tags::add(state, &request),
            Operation::MissingId => Err(Refusal::Missing("Missing contact ID")),
        }
    }
}

impl Emulator for Dmchamp {
    fn answer(&mut self, request: &WireRequest, now: Duration) -> WireAnswer {
        self.decide(request, now).unwrap_or_else(|refusal| refusal.answer(&self.options.dmchamp))
    }

    fn save(&self) -> Value {
        json!({
            "contacts": self.state.store.all().collect::<Vec<_>>(),
            "tags": self.state.tags,
            "window": self.window,
        })
    }

    fn load(&mut self, saved: Value) -> Result<(), String> {
        #[derive(serde::Deserialize)]
        struct Saved {
            contacts: Vec<record::Contact>,
            tags: Vec<Tag>,
            window: Option<SlidingWindow>,
        }
        let saved: Saved = serde_json::from_value(saved).map_err(|error| error.to_string())?;
        let mut store = Store::default();
        for contact in saved.contacts {
            store.put(contact);
        }
        self.state = State { store, tags: saved.tags };
        if let (Some(window), Some(earlier)) = (&mut self.window, saved.window) {
            window.resume(earlier);
        }
        Ok(())
    }

    /// In the reading form, with what that form leaves out.
    fn contacts(&self) -> Value {
        self.state.store.all().map(|contact| contact.whole(&self.options.dmchamp)).collect()
    }

    /// Takes bodies of a create.
    fn seed(&mut self, contacts: Value, now: Duration) -> Result<(), String> {
        let contacts: Vec<Value> = serde_json::from_value(contacts).map_err(|_| "contacts come as an array")?;
        for body in contacts {
            let request = Request { options: &self.options, query: &[], body: &body, now };
            let refused = |refusal: Refusal| {
                let answer = refusal.answer(&DmchampOptions::default());
                format!("a contact is refused: {}", String::from_utf8_lossy(&answer.body))
            };
            match body["id"].as_str() {
                Some(id) => contacts::put(&mut self.state.store, &request, id).map_err(refused)?,
                None => drop(contacts::create(&mut self.state.store, &request).map_err(refused)?),
            }
        }
        Ok(())
    }

    fn known(&self, known: &KnownAccount) -> Result<Value, String> {
        Ok(known::in_own_form(known))
    }

    fn set_search_lag(&mut self, lag: Duration) {
        self.options.search_lag = lag;
    }

    fn set_request_limit(&mut self, limit: u32) {
        match &mut self.window {
            Some(window) => window.set_limit(limit),
            None => self.window = Some(SlidingWindow::new(limit, MINUTE)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::test_client::{TestClient, request};
    use super::*;

    #[test]
    fn the_key_stands_in_the_query_and_nowhere_else() {
        let mut server = Dmchamp::new(EmulatorOptions::default());
        for query in [vec![], vec![("apiKey".into(), "wrong".into())], vec![("userId".into(), "sandbox".into())]] {
            let mut keyless = request("GET", "/v1/tags", None);
            keyless.query = query;
            keyless.headers.push(("authorization".into(), "Bearer sandbox".into()));
            let answer = server.answer(&keyless, Duration::ZERO);
            let body: Value = serde_json::from_slice(&answer.body).unwrap();
            assert_eq!(answer.status, 401);
            assert!(body.is_string());
        }
        assert_eq!(server.answer(&request("GET", "/v1/tags", None), Duration::ZERO).status, 200);
        assert_eq!(server.answer(&request("GET", "/tags", None), Duration::ZERO).status, 200);
    }

    #[test]
    fn what_the_vendor_does_not_have_is_404() {
        let mut server = TestClient::new(DmchampOptions::default());
        for (method, path) in [
            ("DELETE", "/contacts/abc"),
            ("GET", "/contacts/lists"),
            ("GET", "/lists"),
            ("DELETE", "/tags"),
            ("PATCH", "/contacts/abc"),
        ] {
            assert_eq!(server.send(method, path, None).status, 404, "{method} {path}");
        }
    }

    #[test]
    fn there_is_no_limit_unless_one_is_set() {
        let mut server = TestClient::new(DmchampOptions::default());
        for _ in 0..5000 {
            assert_eq!(server.send("GET", "/tags", None).status, 200);
        }
        server.emulator.set_request_limit(2);
        assert_eq!(server.send("GET", "/tags", None).status, 200);
        assert_eq!(server.send("GET", "/tags", None).status, 200);
        let refused = server.send("GET", "/tags", None);
        assert_eq!(refused.status, 429);
        assert!(refused.headers.contains(&("retry-after".into(), "60".into())));
    }

    #[test]
    fn everything_kept_comes_back() {
        let mut first = TestClient::new(DmchampOptions::default());
        let id = first.create(&json!({ "phoneNumber": "+1234567890", "listIds": ["list-1"], "externalId": "e" }));
        first.send("POST", "/tags", Some(&json!({ "tag": "vip", "phoneNumber": "+1234567890" })));
        let mut second = TestClient::new(DmchampOptions::default());
        second.emulator.load(first.emulator.save()).unwrap();
        assert_eq!(first.emulator.contacts(), second.emulator.contacts());
        assert_eq!(second.emulator.contacts()[0]["lists"], json!(["list-1"]));
        let read = second.send("GET", "/contacts?phoneNumber=+1234567890", None);
        assert_eq!(read.value["contactId"], id.as_str());
        assert!(second.emulator.load(json!([1])).is_err());
    }
}
