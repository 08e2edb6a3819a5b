//! EngageLab LiveDesk over real sockets: keys, encodings, and what is kept between runs.

use std::time::Duration;

use rolo_sandbox::{Sandbox, start};
use serde_json::json;

use crate::sandbox_client::{Client, HeldClock, unthrottled};

const SERVICE: &str = "engagelab";
const CONTACTS: &str = "/api/v2/accounts/contacts";

/// With the Basic pair `sandbox:sandbox`.
fn client(sandbox: &Sandbox) -> Client {
    let mut client = Client::of(sandbox, SERVICE);
    client.authorization = Some("Basic c2FuZGJveDpzYW5kYm94".to_owned());
    client
}

#[tokio::test]
async fn a_phone_is_found_when_its_plus_is_encoded() {
    let (sandbox, _) = unthrottled(SERVICE).await;
    let client = client(&sandbox);
    let made = client.post(CONTACTS, &json!({ "inbox_id": 1, "name": "Łucja", "phone_number": "+48221234567" })).await;
    assert_eq!(made.status, 200);
    let id = made.json()["payload"]["contact"]["id"].clone();
    for query in ["q=%2B48221234567", "q=%C5%81ucja", "q=221234"] {
        let found = client.get(&format!("{CONTACTS}?{query}")).await.json();
        assert_eq!(found["payload"][0]["id"], id, "{query}");
    }
}

#[tokio::test]
async fn another_key_is_refused() {
    let (sandbox, bearer) = unthrottled(SERVICE).await;
    let refused = bearer.get(CONTACTS).await;
    assert_eq!(refused.status, 401);
    assert!(refused.json()["error"].is_string());
    assert_eq!(client(&sandbox).get(CONTACTS).await.status, 200);
}

#[tokio::test]
async fn contacts_and_counted_requests_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let clock = HeldClock::new();
    let mut options = clock.options();
    options.state = Some(folder.path().join("state"));
    options.emulator.request_limit = Some(3);
    let first = start(options.clone()).await.unwrap();
    let made = client(&first).post(CONTACTS, &json!({ "inbox_id": 1, "email": "ana@example.com" })).await;
    let id = made.json()["payload"]["contact"]["id"].clone();
    let change = json!({ "custom_attributes": { "plan": "gold" } });
    let changed = client(&first).send("PATCH", &format!("{CONTACTS}/{id}"), &change.to_string()).await;
    assert_eq!(changed.status, 200);
    let before = first.contacts(SERVICE);
    drop(first);
    // The accept task gives its files up when the runtime next looks at it.
    tokio::time::sleep(Duration::from_millis(50)).await;

    let second = start(options).await.unwrap();
    assert_eq!(second.contacts(SERVICE), before);
    let found = client(&second).get(&format!("{CONTACTS}?q=ana@example.com")).await.json();
    assert_eq!(found["payload"][0]["custom_attributes"], json!({ "plan": "gold" }));
    let refused = client(&second).get(CONTACTS).await;
    assert_eq!((refused.status, refused.body.as_slice()), (429, b"Retry later\n".as_slice()));
    assert!(refused.header("retry-after").is_none());
    clock.advance(60_000);
    assert_eq!(client(&second).get(CONTACTS).await.status, 200);
}
