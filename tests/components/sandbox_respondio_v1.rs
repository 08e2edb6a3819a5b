//! respond.io v1: what the documents say, asked of the emulator over real sockets.

use base64::Engine;
use rolo_sandbox::start;
use serde_json::{Value, json};

use crate::sandbox_client::{Client, DAWN, HeldClock, unthrottled};

const SERVICE: &str = "respondio-v1";

fn fields(pairs: &[(&str, &str)]) -> Value {
    let fields: Vec<_> = pairs.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    json!({ "custom_fields": fields })
}

fn many_fields(count: usize) -> Value {
    let fields: Vec<_> = (0..count).map(|place| json!({ "name": format!("field_{place}"), "value": "x" })).collect();
    json!({ "custom_fields": fields })
}

fn many_tags(count: usize) -> Value {
    json!({ "tags": (0..count).map(|place| format!("tag {place}")).collect::<Vec<_>>() })
}

async fn created(client: &Client, pairs: &[(&str, &str)]) -> String {
    let answer = client.post("/contact/", &fields(pairs)).await;
    assert_eq!(answer.status, 200);
    answer.json()["data"]["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_contact_is_written_as_an_array_and_read_as_an_object() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let id = created(&client, &[("firstName", "Ana"), ("phone", "+447700900001"), ("plan", "gold")]).await;
    let read = client.get(&format!("/contact/{id}")).await;
    assert_eq!(read.status, 200);
    assert_eq!(
        read.json(),
        json!({"data": {
            "id": id,
            "custom_fields": {
                "firstName": "Ana", "lastName": null, "profilePic": null, "locale": null, "timezone": null,
                "gender": null, "language": null, "phone": "+447700900001", "email": null, "plan": "gold"
            },
            "tags": [],
            "created_at": DAWN,
        }})
    );
    let updated = client.put(&format!("/contact/{id}"), &fields(&[("plan", "silver"), ("active", "true")])).await;
    assert_eq!((updated.status, updated.json()), (200, json!({"data": {"id": id}})));
    let read = client.get(&format!("/contact/{id}")).await.json();
    assert_eq!(read["data"]["custom_fields"]["plan"], "silver");
    assert_eq!(read["data"]["custom_fields"]["firstName"], "Ana");
    assert_eq!(read["data"]["custom_fields"]["active"], "true");
}

#[tokio::test]
async fn a_create_is_taken_with_and_without_the_last_slash() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    assert_eq!(client.post("/contact", &fields(&[("email", "a@example.com")])).await.status, 200);
    assert_eq!(client.post("/contact/", &fields(&[("email", "b@example.com")])).await.status, 200);
}

#[tokio::test]
async fn a_phone_is_found_with_its_plus_encoded_and_not_otherwise() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let id = created(&client, &[("phone", "+447700900001")]).await;
    let found = client.get("/contact/by_custom_field?name=phone&value=%2B447700900001").await.json();
    assert_eq!(found["data"][0]["id"], id);
    let lost = client.get("/contact/by_custom_field?name=phone&value=+447700900001").await;
    assert_eq!((lost.status, &lost.json()["data"]), (200, &json!([])));
}

#[tokio::test]
async fn pages_hold_ten_and_a_page_past_the_end_is_empty() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    for place in 0..21 {
        created(&client, &[("phone", &format!("+4477009000{place:02}")), ("active", "true")]).await;
    }
    let page =
        async |page: u32| client.get(&format!("/contact/by_custom_field?name=active&value=true&page={page}")).await;
    let path = format!("http://{}/respondio-v1/contact/by_custom_field", sandbox.addr());
    let first = page(1).await.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 10);
    assert_eq!(
        first["links"],
        json!({"first": format!("{path}?page=1"), "last": format!("{path}?page=3"), "prev": null, "next": format!("{path}?page=2")})
    );
    assert_eq!(
        first["meta"],
        json!({"current_page": 1, "from": 1, "last_page": 3, "path": path, "per_page": 10, "to": 10, "total": 21})
    );
    let last = page(3).await.json();
    assert_eq!(last["data"].as_array().unwrap().len(), 1);
    assert_eq!(
        (&last["links"]["next"], &last["meta"]["from"], &last["meta"]["to"]),
        (&Value::Null, &json!(21), &json!(21))
    );
    let beyond = page(4).await;
    assert_eq!((beyond.status, &beyond.json()["data"]), (200, &json!([])));
}

#[tokio::test]
async fn thirty_fields_go_and_thirty_one_do_not() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    assert_eq!(client.post("/contact/", &many_fields(30)).await.status, 200);
    let refused = client.post("/contact/", &many_fields(31)).await;
    assert_eq!(refused.status, 403);
    assert_eq!(
        refused.json(),
        json!({"status": "error", "message": ["The custom fields may not have more than 30 items."]})
    );
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 1);
    let id = created(&client, &[("phone", "+447700900001")]).await;
    assert_eq!(client.put(&format!("/contact/{id}"), &many_fields(30)).await.status, 200);
    assert_eq!(client.put(&format!("/contact/{id}"), &many_fields(31)).await.status, 403);
}

#[tokio::test]
async fn ten_tags_go_in_one_call_and_eleven_do_not() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let id = created(&client, &[("phone", "+447700900001")]).await;
    let path = format!("/contact/{id}/tags");
    assert_eq!(client.post(&path, &many_tags(11)).await.status, 403);
    assert_eq!(client.post(&path, &many_tags(10)).await.status, 200);
    assert_eq!(client.post(&path, &json!({"tags": ["tag 0", "vip"]})).await.status, 200);
    let tags = client.get(&format!("/contact/{id}")).await.json()["data"]["tags"].clone();
    assert_eq!(tags.as_array().unwrap().len(), 11);
    assert_eq!(client.delete(&path, &many_tags(11)).await.status, 403);
    assert_eq!(client.delete(&path, &many_tags(10)).await.status, 200);
    assert_eq!(client.get(&format!("/contact/{id}")).await.json()["data"]["tags"], json!(["vip"]));
    assert_eq!(client.send("DELETE", &path, "").await.status, 403);
}

#[tokio::test]
async fn the_two_hundred_and_first_call_of_a_minute_is_refused() {
    let clock = HeldClock::new();
    let sandbox = start(clock.options()).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    for _ in 0..200 {
        assert_eq!(client.get("/contact/by_custom_field?name=phone&value=1").await.status, 200);
        clock.advance(100);
    }
    let refused = client.get("/contact/by_custom_field?name=phone&value=1").await;
    assert_eq!(refused.status, 429);
    assert_eq!(refused.json(), json!({"status": "error", "message": "Too Many Requests"}));
    assert_eq!(refused.header("retry-after"), None);
    // The first call was 20 s ago.
    clock.advance(39_999);
    assert_eq!(client.get("/contact/by_custom_field?name=phone&value=1").await.status, 429);
    clock.advance(1);
    assert_eq!(client.get("/contact/by_custom_field?name=phone&value=1").await.status, 200);
    assert_eq!(client.get("/contact/by_custom_field?name=phone&value=1").await.status, 429);
}

#[tokio::test]
async fn refusals_are_the_vendors() {
    let (sandbox, mut client) = unthrottled(SERVICE).await;
    let missing = client.get("/contact/1").await;
    assert_eq!((missing.status, missing.json()["message"].is_string()), (403, true));
    assert!(missing.json()["message"].as_str().unwrap().to_lowercase().contains("no such contact"));
    let missing = client.post("/contact/1/tags", &json!({"tags": ["vip"]})).await;
    assert_eq!((missing.status, missing.json()["message"].is_array()), (403, true));
    assert_eq!(client.get("/contact").await.status, 405);
    assert_eq!(client.send("PATCH", "/contact/1", "{}").await.status, 405);
    assert_eq!(client.send("DELETE", "/contact/1", "").await.status, 405);
    assert_eq!(client.get("/contacts").await.status, 404);
    assert_eq!(client.post("/contact/", &fields(&[("locale", "en_GB")])).await.status, 403);
    assert_eq!(client.post("/contact/", &fields(&[("phone", "07700 900001")])).await.status, 403);
    assert_eq!(client.post("/contact/", &json!({"custom_fields": {"firstName": "Ana"}})).await.status, 403);
    assert_eq!(client.post("/contact/", &json!({"custom_fields": [{"name": "age", "value": 7}]})).await.status, 403);
    assert_eq!(client.get("/contact/by_custom_field?name=phone").await.status, 403);
    client.authorization = Some("Bearer other".to_owned());
    assert_eq!(client.post("/contact/", &fields(&[("firstName", "Ana")])).await.status, 401);
    client.authorization = None;
    assert_eq!(client.get("/contact/1").await.status, 401);
    assert_eq!(sandbox.contacts(SERVICE), json!([]));
}

#[tokio::test]
async fn a_careless_create_makes_a_second_contact_unless_the_sandbox_is_told_to_refuse() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    let first = created(&client, &[("phone", "+447700900001")]).await;
    let second = created(&client, &[("phone", "+447700900001")]).await;
    assert_ne!(first, second);
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 2);

    let mut options = HeldClock::new().options();
    options.emulator.refuse_duplicates = true;
    let sandbox = start(options).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    created(&client, &[("phone", "+447700900001")]).await;
    assert_eq!(client.post("/contact/", &fields(&[("phone", "+447700900001")])).await.status, 403);
}

#[tokio::test]
async fn a_viber_channel_takes_ids_in_base64_alone() {
    let mut options = HeldClock::new().options();
    options.emulator.viber_ids = true;
    let sandbox = start(options).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    let id = created(&client, &[("phone", "+447700900001")]).await;
    let encoded = base64::engine::general_purpose::STANDARD.encode(&id).replace('=', "%3D");
    assert_eq!(client.get(&format!("/contact/{encoded}")).await.status, 200);
    assert_eq!(client.put(&format!("/contact/{encoded}"), &fields(&[("plan", "gold")])).await.status, 200);
    assert_eq!(client.get(&format!("/contact/{id}")).await.status, 403);
}

#[tokio::test]
async fn ids_do_not_depend_on_the_order_of_arrival() {
    let phones = ["+447700900001", "+447700900002", "+447700900003"];
    let mut seen = Vec::new();
    for order in [[0, 1, 2], [2, 0, 1]] {
        let (sandbox, client) = unthrottled(SERVICE).await;
        for place in order {
            created(&client, &[("phone", phones[place])]).await;
        }
        seen.push(sandbox.contacts(SERVICE));
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn a_lagging_search_finds_a_contact_later() {
    let clock = HeldClock::new();
    let mut options = clock.options();
    options.emulator.search_lag = std::time::Duration::from_secs(30);
    let sandbox = start(options).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    let id = created(&client, &[("phone", "+447700900001")]).await;
    let path = "/contact/by_custom_field?name=phone&value=%2B447700900001";
    assert_eq!(client.get(path).await.json()["data"], json!([]));
    assert_eq!(client.get(&format!("/contact/{id}")).await.status, 200);
    clock.advance(30_000);
    assert_eq!(client.get(path).await.json()["data"][0]["id"], id);
}
