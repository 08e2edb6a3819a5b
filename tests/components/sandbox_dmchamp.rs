//! DM Champ over real sockets: the key in the query, encodings, and what is kept between runs.

use std::time::Duration;

use rolo_sandbox::{Duplicates, start};
use serde_json::json;

use crate::sandbox_client::{Client, HeldClock, unthrottled};

const SERVICE: &str = "dmchamp";

#[tokio::test]
async fn a_phone_is_found_when_its_plus_is_encoded_and_refused_when_not() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let made = client.post("/v1/contacts?apiKey=sandbox", &json!({ "phoneNumber": "+1234567890" })).await.json();
    let found = client.get("/v1/contacts?apiKey=sandbox&phoneNumber=%2B1234567890").await;
    assert_eq!((found.status, &found.json()["contactId"]), (200, &made["data"]["contactId"]));
    assert_eq!(client.get("/v1/contacts?apiKey=sandbox&phoneNumber=+1234567890").await.status, 400);
    let refused = client.get("/v1/contacts?phoneNumber=%2B1234567890").await;
    assert_eq!((refused.status, refused.json().is_string()), (401, true));
}

#[tokio::test]
async fn contacts_tags_and_lists_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut options = HeldClock::new().options();
    options.state = Some(folder.path().join("state"));
    options.emulator.unthrottled = true;
    options.emulator.dmchamp.duplicates = Duplicates::RefusedIn200;
    let first = start(options.clone()).await.unwrap();
    let client = Client::of(&first, SERVICE);
    let contact = json!({ "phoneNumber": "+1234567890", "listIds": ["list-1"] });
    client.post("/v1/contacts?apiKey=sandbox", &contact).await;
    client.post("/v1/tags?apiKey=sandbox&tag=vip&phoneNumber=1234567890", &json!({})).await;
    let before = first.contacts(SERVICE);
    assert_eq!((&before[0]["tags"], &before[0]["lists"]), (&json!(["vip"]), &json!(["list-1"])));
    drop(first);
    // The accept task gives its files up when the runtime next looks at it.
    tokio::time::sleep(Duration::from_millis(50)).await;

    let second = start(options).await.unwrap();
    assert_eq!(second.contacts(SERVICE), before);
    let again = Client::of(&second, SERVICE).post("/v1/contacts?apiKey=sandbox", &contact).await;
    assert_eq!((again.status, &again.json()["error_code"]), (200, &json!(409)));
}
