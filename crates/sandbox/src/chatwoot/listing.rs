use serde_json::{Map, Value};

use super::answers::Refusal;
use super::filter;
use super::flavor::Flavor;
use super::order::{self, What};
use super::pattern::Pattern;
use super::record::Contact;
use super::request::Request;
use super::state::State;
use super::store::Store;
use super::text::is_blank;
use crate::WireAnswer;

/// Not changeable; asking the vendor for more was declined.
const PAGE: usize = 15;

/// Which page is asked for, and how the answer repeats it.
struct Page {
    /// 0 or less only where the vendor lets it through.
    number: i64,
    /// A text when it was sent as one, a number when it was not sent.
    current: Value,
}

impl Page {
    fn read(request: &Request) -> Result<Self, Refusal> {
        let sent = request.body.get("page").filter(|page| page.is_string() || page.is_number()).cloned();
        let sent = sent.or_else(|| request.query_value("page").map(Value::from));
        let current = sent.unwrap_or_else(|| 1.into());
        let number = match &current {
            Value::String(text) => leading(text).ok_or(Refusal::Broken)?,
            other => other.as_i64().unwrap_or(0),
        };
        Ok(Self { number, current })
    }

    fn slice<'a>(&self, slots: &'a [u32]) -> &'a [u32] {
        let first = usize::try_from(self.number.max(1) - 1).unwrap_or(usize::MAX).saturating_mul(PAGE).min(slots.len());
        &slots[first..first.saturating_add(PAGE).min(slots.len())]
    }
}

/// The integer a text begins with, else 0; none for one whose rows no database can count to.
fn leading(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let digits = text.strip_prefix('-').unwrap_or(text);
    let sign = text.len() - digits.len();
    let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
    if end == 0 {
        Some(0)
    } else {
        text[..sign + end].parse::<i64>().ok().filter(|page| page.checked_mul(15).is_some())
    }
}

/// Only contacts with an e-mail, a phone or an identifier.
pub(super) fn list(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    if request.flavor == Flavor::Engagelab && request.query_value("q").is_some_and(|text| !is_blank(text)) {
        return search(state, request);
    }
    let labels: Vec<String> = request
        .query
        .iter()
        .filter(|(key, _)| key == "labels[]" || key == "labels")
        .map(|(_, value)| value.to_lowercase())
        .filter(|label| !is_blank(label))
        .collect();
    let State { store, orders, .. } = state;
    let sort = order::read(request);
    let slots = orders.sorted(store, What::List(labels.clone()), sort, || listed(store, &labels));
    let page = Page::read(request)?;
    Ok(answer(
        store,
        request,
        page.slice(slots),
        Counts { count: slots.len().into(), has_more: None, page: page.current },
    ))
}

fn listed(store: &Store, labels: &[String]) -> Vec<u32> {
    let mut slots: Vec<u32> = if labels.is_empty() {
        store.all().collect()
    } else {
        let mut slots: Vec<u32> = labels.iter().flat_map(|label| store.with_label(label)).copied().collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    };
    slots.retain(|slot| store.slot(*slot).is_some_and(Contact::has_identifier));
    slots
}

/// A substring of name, e-mail, phone or identifier, in the identifier with regard to case; contacts without
/// identifiers are found too.
pub(super) fn search(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    let newer = request.flavor.newer_search(request.options);
    let page = Page::read(request)?;
    let text = request.query_value("q").unwrap_or_default().trim();
    if text.is_empty() {
        let counts = Counts { count: Value::Null, has_more: newer.then_some(Value::Null), page: page.current };
        return Ok(answer(&state.store, request, &[], counts));
    }
    // The newer code computes its own offset, and the database takes no negative one.
    if newer && page.number < 1 {
        return Err(Refusal::Broken);
    }
    let lagging = !request.search_lag.is_zero();
    let what = What::Search(text.to_owned(), lagging.then(|| request.microseconds()));
    let State { store, orders, .. } = state;
    let slots = orders.sorted(store, what, order::read(request), || found(store, request, text));
    let shown = page.slice(slots);
    let counts = if newer {
        let shown_so_far = usize::try_from(page.number).unwrap_or(usize::MAX).saturating_mul(PAGE);
        Counts { count: shown.len().into(), has_more: Some((slots.len() > shown_so_far).into()), page: page.current }
    } else {
        Counts { count: slots.len().into(), has_more: None, page: page.current }
    };
    Ok(answer(store, request, shown, counts))
}

fn found(store: &Store, request: &Request, text: &str) -> Vec<u32> {
    let pattern = Pattern::containing(text);
    let exactly = Pattern::containing_exactly(text);
    let matches = |contact: &Contact| {
        let mut texts = [&contact.name, &contact.email, &contact.phone_number].into_iter().flatten();
        texts.any(|text| pattern.matches(text))
            || contact.identifier.as_ref().is_some_and(|identifier| exactly.matches(identifier))
    };
    let hit = |slot: &u32| store.slot(*slot).is_some_and(|contact| visible(contact, request) && matches(contact));
    match store.candidates(pattern.pieces()) {
        Some(slots) => slots.iter().copied().filter(hit).collect(),
        None => store.all().filter(hit).collect(),
    }
}

/// Whether a lagging index knows the contact yet.
fn visible(contact: &Contact, request: &Request) -> bool {
    let lag = u64::try_from(request.search_lag.as_micros()).unwrap_or(u64::MAX);
    lag == 0 || contact.created_at.saturating_add(lag) <= request.microseconds()
}

pub(super) fn filter(state: &mut State, request: &Request) -> Result<WireAnswer, Refusal> {
    let conditions = filter::Conditions::read(request, &state.definitions)?;
    let store = &state.store;
    let mut slots = conditions.find(store)?;
    slots.retain(|slot| store.slot(*slot).is_some_and(|one| one.has_identifier() && visible(one, request)));
    order::arrange(store, &mut slots, &order::read(request));
    let page = Page::read(request)?;
    let counts = Counts { count: slots.len().into(), has_more: None, page: page.current.clone() };
    Ok(answer(store, request, page.slice(&slots), counts))
}

/// Contacts online now: nobody visits the sandbox.
pub(super) fn active(request: &Request) -> Result<WireAnswer, Refusal> {
    let counts = Counts { count: 0.into(), has_more: None, page: Page::read(request)?.current };
    Ok(answer(&Store::default(), request, &[], counts))
}

struct Counts {
    count: Value,
    has_more: Option<Value>,
    page: Value,
}

fn answer(store: &Store, request: &Request, slots: &[u32], counts: Counts) -> WireAnswer {
    let descendant = request.flavor == Flavor::NinetyNineDigital;
    let mut meta = Map::new();
    meta.insert("count".into(), counts.count);
    meta.insert("current_page".into(), counts.page);
    if let Some(has_more) = counts.has_more {
        meta.insert("has_more".into(), has_more);
    }
    if descendant {
        meta.insert("contacts_all".into(), store.len().into());
    }
    let shown = super::record::Shown { conversations: descendant, ..request.shown() };
    let contacts = slots.iter().filter_map(|slot| store.slot(*slot)).map(|contact| contact.body(shown)).collect();
    let mut body = Map::new();
    body.insert("meta".into(), Value::Object(meta));
    body.insert("payload".into(), Value::Array(contacts));
    WireAnswer::json(200, &Value::Object(body))
}

#[cfg(test)]
mod tests {
    use super::super::test_client::{MORNING, TestAnswer, TestClient};
    use super::super::{Chatwoot, EmulatorOptions, Flavor};
    use serde_json::{Value, json};
    use std::collections::HashSet;
    use std::time::Duration;

    fn filled(flavor: Flavor, contacts: u64) -> TestClient {
        let mut server = TestClient::new(flavor);
        for number in 0..contacts {
            server.now = MORNING + Duration::from_millis(number);
            server.create(
                &json!({ "name": format!("n{number:03}"), "email": format!("e{number:03}@b.c"), "inbox_id": 1 }),
            );
        }
        server
    }

    fn emails(answer: &TestAnswer) -> Vec<String> {
        let contacts = answer.value["payload"].as_array().unwrap();
        contacts.iter().map(|contact| contact["email"].as_str().unwrap_or_default().to_owned()).collect()
    }

    #[test]
    fn a_page_holds_15_and_the_page_after_the_last_is_empty() {
        let mut server = filled(Flavor::Chatwoot, 16);
        let first = server.get("/contacts?sort=created_at&page=1&per_page=50");
        assert_eq!(emails(&first).len(), 15);
        assert_eq!(first.value["meta"], json!({ "count": 16, "current_page": "1" }));
        assert_eq!(emails(&first)[0], "e000@b.c");
        assert_eq!(emails(&server.get("/contacts?sort=created_at&page=2")), ["e015@b.c"]);
        let past = server.get("/contacts?sort=created_at&page=3");
        assert_eq!((past.status, &past.value["payload"]), (200, &json!([])));
        assert_eq!(emails(&server.get("/contacts?sort=-created_at"))[0], "e015@b.c");
    }

    #[test]
    fn the_current_page_is_a_number_when_none_was_sent() {
        let mut server = filled(Flavor::Chatwoot, 1);
        assert_eq!(server.get("/contacts").value["meta"]["current_page"], 1);
        assert_eq!(server.get("/contacts?page=0").value["meta"]["current_page"], "0");
        assert_eq!(emails(&server.get("/contacts?page=0")).len(), 1);
        assert_eq!(emails(&server.get("/contacts?page=two")).len(), 1);
    }

    #[test]
    fn without_sort_every_contact_still_comes_once() {
        let mut server = filled(Flavor::Chatwoot, 40);
        let seen: HashSet<String> =
            (1..=3).flat_map(|page| emails(&server.get(&format!("/contacts?page={page}")))).collect();
        assert_eq!(seen.len(), 40);
    }

    #[test]
    fn without_sort_a_changed_contact_moves_to_the_end() {
        let mut server = filled(Flavor::Chatwoot, 3);
        let id = server.get("/contacts").value["payload"][0]["id"].clone();
        server.patch(&format!("/contacts/{id}"), &json!({ "name": "changed" }));
        assert_eq!(emails(&server.get("/contacts")), ["e001@b.c", "e002@b.c", "e000@b.c"]);
        assert_eq!(emails(&server.get("/contacts?sort=created_at")), ["e000@b.c", "e001@b.c", "e002@b.c"]);
    }

    #[test]
    fn contacts_without_an_identifier_are_not_listed_but_read_and_searched() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        let id = server.create(&json!({ "name": "Anonymous Visitor" }));
        assert_eq!(server.get("/contacts").value["meta"]["count"], 0);
        assert_eq!(server.get(&format!("/contacts/{id}")).status, 200);
        let found = server.get("/contacts/search?q=anonym");
        assert_eq!(found.value["payload"][0]["id"], id);
        assert_eq!(found.value["meta"], json!({ "count": 1, "current_page": 1, "has_more": false }));
    }

    #[test]
    fn search_counts_its_own_page_since_4_11_and_all_hits_before() {
        let mut server = filled(Flavor::Chatwoot, 16);
        let first = server.get("/contacts/search?q=@b.c&page=1&sort=email");
        assert_eq!(first.value["meta"], json!({ "count": 15, "current_page": "1", "has_more": true }));
        let second = server.get("/contacts/search?q=@b.c&page=2&sort=email");
        assert_eq!(second.value["meta"], json!({ "count": 1, "current_page": "2", "has_more": false }));
        assert_eq!(emails(&second), ["e015@b.c"]);
        assert_eq!(server.get("/contacts/search?q=@b.c&page=0").status, 500);
        let all = server.get("/contacts/search?q=%&page=2");
        assert_eq!(all.value["payload"].as_array().unwrap().len(), 1);

        let mut older = filled(Flavor::NinetyNineDigital, 16);
        let first = older.get("/contacts/search?q=@b.c");
        assert_eq!(first.value["meta"]["count"], 16);
        assert!(first.value["meta"].get("has_more").is_none());
    }

    #[test]
    fn a_blank_search_is_200_with_a_null_count() {
        let mut server = filled(Flavor::Chatwoot, 1);
        for target in ["/contacts/search", "/contacts/search?q=", "/contacts/search?q= "] {
            let answer = server.get(target);
            assert_eq!(answer.status, 200);
            assert_eq!(answer.value["meta"]["count"], Value::Null);
            assert_eq!(answer.value["payload"], json!([]));
        }
    }

    #[test]
    fn search_finds_substrings_of_four_fields() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        server.create(&json!({
            "name": "Bülent Şahin", "email": "b.sahin@example.com", "phone_number": "+905321234567", "identifier": "CRM-77",
            "additional_attributes": { "company_name": "Acme" }
        }));
        for text in ["ÜLENT", "sahin@", "+90532123", "CRM-7", "b", "n"] {
            assert_eq!(server.get(&format!("/contacts/search?q={text}")).value["meta"]["count"], 1, "{text}");
        }
        for text in ["acme", "CRM-78", "crm-7", "+9053212345678"] {
            assert_eq!(server.get(&format!("/contacts/search?q={text}")).value["meta"]["count"], 0, "{text}");
        }
    }

    #[test]
    fn a_lagging_search_finds_a_contact_later() {
        let options = EmulatorOptions { search_lag: Duration::from_secs(30), ..EmulatorOptions::default() };
        let mut server = TestClient::with(Chatwoot::new(Flavor::Chatwoot, options), Flavor::Chatwoot);
        server.create(&json!({ "email": "a@b.c" }));
        assert_eq!(server.get("/contacts/search?q=a@b.c").value["meta"]["count"], 0);
        server.now += Duration::from_secs(30);
        assert_eq!(server.get("/contacts/search?q=a@b.c").value["meta"]["count"], 1);
    }

    #[test]
    fn sort_keys_are_applied_in_a_fixed_order_and_unknown_ones_ignored() {
        let mut server = TestClient::new(Flavor::Chatwoot);
        for (name, email) in [("b", "2@x"), ("a", "3@x"), ("c", "1@x")] {
            server.create(&json!({ "name": name, "email": email }));
        }
        assert_eq!(emails(&server.get("/contacts?sort=name,email")), ["1@x", "2@x", "3@x"]);
        assert_eq!(emails(&server.get("/contacts?sort=-name")), ["1@x", "2@x", "3@x"]);
        assert_eq!(emails(&server.get("/contacts?sort=shoe_size,name")), ["3@x", "2@x", "1@x"]);
    }

    #[test]
    fn ninety_nine_digital_does_not_know_created_at() {
        let mut server = filled(Flavor::NinetyNineDigital, 16);
        assert_eq!(emails(&server.get("/contacts?sort=created_at")), emails(&server.get("/contacts")));
        let listed = server.get("/contacts?sort=email");
        assert_eq!(emails(&listed)[0], "e000@b.c");
        assert_eq!(listed.value["payload"][0]["conversations_count"], 0);
        assert_eq!(listed.value["meta"]["contacts_all"], 16);
    }

    #[test]
    fn engagelab_sorts_by_direction_and_searches_on_the_same_path() {
        let mut server = filled(Flavor::Engagelab, 16);
        let listed = server.get("/contacts?sort=created_at&direction=desc&page=1&page_size=10");
        assert_eq!(emails(&listed)[0], "e015@b.c");
        assert_eq!(emails(&listed).len(), 15);
        assert_eq!(listed.value["meta"], json!({ "count": 16, "current_page": "1" }));
        let found = server.get("/contacts?q=e007");
        assert_eq!(emails(&found), ["e007@b.c"]);
        assert_eq!(found.value["meta"], json!({ "count": 1, "current_page": 1 }));
        assert_eq!(server.get("/contacts/search?q=e007").status, 404);
    }

    #[test]
    fn labels_in_the_query_select_any_of_them() {
        let mut server = filled(Flavor::Chatwoot, 3);
        let id = |server: &mut TestClient, text: &str| {
            server.get(&format!("/contacts/search?q={text}")).value["payload"][0]["id"].as_u64().unwrap()
        };
        for (text, labels) in [("e000", json!(["vip"])), ("e001", json!(["lead", "VIP"]))] {
            let id = id(&mut server, text);
            server.post(&format!("/contacts/{id}/labels"), &json!({ "labels": labels }));
        }
        assert_eq!(emails(&server.get("/contacts?labels[]=vip&sort=email")), ["e000@b.c", "e001@b.c"]);
        assert_eq!(emails(&server.get("/contacts?labels[]=lead&labels[]=none")), ["e001@b.c"]);
    }

    #[test]
    fn limits_hold_at_n_and_break_at_n_plus_1() {
        let mut server = filled(Flavor::Chatwoot, 1);
        server.now = MORNING + Duration::from_secs(60);
        for _ in 0..100 {
            assert_eq!(server.get("/contacts/search?q=e000").status, 200);
        }
        let refused = server.get("/contacts/search?q=e000");
        assert_eq!((refused.status, refused.text.as_str()), (429, "Retry later\n"));
        assert_eq!(server.get("/contacts").status, 200);
        for _ in 102..3000 {
            server.get("/contacts/0");
        }
        assert_eq!(server.get("/contacts").status, 429);
        // The window is cut at the whole minute: 30 seconds later, not 60.
        server.now += Duration::from_secs(30);
        let again = server.get("/contacts/search?q=e000");
        assert_eq!(again.status, 200);
        assert!(again.headers.contains(&("date".into(), "Thu, 01 Jan 2026 00:02:00 GMT".into())));
    }
}
