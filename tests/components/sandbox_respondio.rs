//! respond.io v2: what the documents say, asked of the emulator over real sockets.

use rolo_sandbox::{Sandbox, start};
use serde_json::{Value, json};

use crate::sandbox_client::{Client, DAWN, HeldClock, unthrottled};

const SERVICE: &str = "respondio";
const ANA: &str = "/contact/phone:%2B447700900001";

async fn with_ana() -> (Sandbox, Client) {
    let (sandbox, client) = unthrottled(SERVICE).await;
    let answer = client.post(ANA, &json!({"firstName": "Ana"})).await;
    assert_eq!(answer.status, 200);
    (sandbox, client)
}

fn whole_list() -> Value {
    json!({"search": "", "timezone": "UTC", "filter": {"$and": []}})
}

fn value(contact: &Value, field: &str) -> Value {
    let fields = contact["custom_fields"].as_array().unwrap();
    fields.iter().find(|entry| entry["name"] == field).unwrap()["value"].clone()
}

#[tokio::test]
async fn a_create_answers_with_a_code_in_text_and_no_id() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let body = json!({
        "firstName": "Ana", "lastName": null, "phone": "+447700900001", "language": "en", "countryCode": "GB",
        "custom_fields": [{"name": "company", "value": "Acme"}, {"name": "newsletter", "value": true}]
    });
    let created = client.post(ANA, &body).await;
    assert_eq!((created.status, &created.json()["code"]), (200, &json!("200")));
    assert!(created.json()["message"].is_string());
    assert!(created.json().get("contactId").is_none());
    let read = client.get(ANA).await.json();
    assert!(read["id"].is_u64());
    assert_eq!((&read["firstName"], &read["lastName"], &read["email"]), (&json!("Ana"), &Value::Null, &Value::Null));
    assert_eq!((&read["phone"], &read["countryCode"]), (&json!("+447700900001"), &json!("GB")));
    assert_eq!((value(&read, "company"), value(&read, "newsletter")), (json!("Acme"), json!(true)));
    assert_eq!((value(&read, "city"), &read["tags"], &read["created_at"]), (Value::Null, &json!([]), &json!(DAWN)));
    assert_eq!((&read["status"], &read["assignee"], &read["lifecycle"]), (&json!("close"), &Value::Null, &Value::Null));
}

#[tokio::test]
async fn a_contact_is_named_by_id_email_or_phone() {
    let (_sandbox, client) = with_ana().await;
    let id = client.get(ANA).await.json()["id"].clone();
    let updated = client.put(ANA, &json!({"email": "ana@example.com"})).await;
    assert_eq!((updated.status, updated.json()), (200, json!({"contactId": id})));
    for path in
        [format!("/contact/id:{id}"), "/contact/email:ana@example.com".into(), "/contact/phone:+447700900001".into()]
    {
        assert_eq!(client.get(&path).await.json()["id"], id, "{path}");
    }
    assert_eq!(client.get("/contact/phone%3A%2B447700900001").await.json()["id"], id);
    let missing = client.get("/contact/phone:%2B447700900009").await;
    assert_eq!((missing.status, missing.json()), (404, json!({"code": 404, "message": "Contact not found"})));
    for path in ["/contact/447700900001", "/contact/phone:447700900001", "/contact/id:x", "/contact/email:ana"] {
        assert_eq!(client.get(path).await.status, 400, "{path}");
    }
    let deleted = client.delete(&format!("/contact/id:{id}"), &Value::Null).await;
    assert_eq!((deleted.status, deleted.json()), (200, json!({"contactId": id})));
    assert_eq!(client.get("/contact/email:ana@example.com").await.status, 404);
    assert_eq!(client.post(ANA, &json!({"firstName": "Ana"})).await.status, 200);
}

#[tokio::test]
async fn a_create_needs_a_first_name_and_a_phone_or_email_that_is_free() {
    let (sandbox, client) = with_ana().await;
    for body in [json!({}), json!({"firstName": ""}), json!({"firstName": null}), json!({"firstName": 7})] {
        assert_eq!(client.post("/contact/email:b@example.com", &body).await.status, 400, "{body}");
    }
    assert_eq!(client.post("/contact/id:7", &json!({"firstName": "Bo"})).await.status, 400);
    let twice = client.post(ANA, &json!({"firstName": "Ana"})).await;
    assert_eq!((twice.status, &twice.json()["code"]), (400, &json!(400)));
    assert!(twice.json()["message"].as_str().unwrap().contains("already exists"));
    let body = json!({"firstName": "Bo", "phone": "+447700900001"});
    assert_eq!(client.post("/contact/email:b@example.com", &body).await.status, 400);
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn create_or_update_does_either_and_names_the_contact() {
    let (sandbox, client) = with_ana().await;
    let path = "/contact/create_or_update/phone:%2B447700900001";
    let answer = client.post(path, &json!({"lastName": "Silva"})).await.json();
    let read = client.get(ANA).await.json();
    assert_eq!(
        (&answer["contactId"], &read["lastName"], &read["firstName"]),
        (&read["id"], &json!("Silva"), &json!("Ana"))
    );
    let answer = client.post("/contact/create_or_update/email:bo@example.com", &json!({"firstName": "Bo"})).await;
    assert!(answer.json()["contactId"].is_u64());
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn one_unknown_custom_field_fails_the_whole_request() {
    let (_sandbox, client) = with_ana().await;
    let body = json!({"lastName": "Silva", "custom_fields": [
        {"name": "company", "value": "Acme"}, {"name": "shoe_size", "value": "38"}
    ]});
    let refused = client.put(ANA, &body).await;
    assert_eq!(refused.status, 400);
    assert!(refused.json()["message"].as_str().unwrap().contains("not found in the workspace"));
    assert_eq!(client.get(ANA).await.json()["lastName"], Value::Null);
    let field = json!({"name": "shoe_size", "dataType": "number"});
    let created = client.post("/space/custom_field", &field).await;
    assert_eq!((created.status, &created.json()["slug"]), (200, &json!("shoe_size")));
    assert_eq!(client.put(ANA, &body).await.status, 200);
    assert_eq!(value(&client.get(ANA).await.json(), "shoe_size"), "38");
}

#[tokio::test]
async fn custom_fields_have_types() {
    let (_sandbox, client) = with_ana().await;
    let right = [
        ("birthday", json!("1999-02-28")),
        ("preferred_time", json!("23:59")),
        ("newsletter", json!(false)),
        ("score", json!(7.5)),
        ("website", json!("https://example.com")),
        ("work_email", json!("ana@example.com")),
        ("plan", json!("gold")),
        ("company", json!("x")),
        ("birthday", Value::Null),
    ];
    let wrong = [
        ("birthday", json!("1999-02-29")),
        ("birthday", json!("28/02/1999")),
        ("preferred_time", json!("24:00")),
        ("newsletter", json!("yes")),
        ("score", json!("many")),
        ("website", json!("example.com")),
        ("work_email", json!("ana")),
        ("plan", json!("bronze")),
        ("company", json!(["x"])),
    ];
    for (cases, status) in [(right, 200), (wrong, 400)] {
        for (name, value) in cases {
            let body = json!({"custom_fields": [{"name": name, "value": value}]});
            assert_eq!(client.put(ANA, &body).await.status, status, "{body}");
        }
    }
    assert_eq!(client.put(ANA, &json!({"custom_fields": {"company": "x"}})).await.status, 400);
    for body in [json!({"phone": "447700900002"}), json!({"language": "english"}), json!({"tags": ["vip"]}), json!([])]
    {
        assert_eq!(client.put(ANA, &body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn tags_travel_as_a_bare_array_of_one_to_ten() {
    let (_sandbox, client) = with_ana().await;
    let path = format!("{ANA}/tag");
    let tags = |count: usize| json!((0..count).map(|place| format!("tag {place}")).collect::<Vec<_>>());
    assert_eq!(client.post(&path, &tags(0)).await.status, 400);
    assert_eq!(client.post(&path, &tags(11)).await.status, 400);
    assert_eq!(client.post(&path, &json!({"tags": ["vip"]})).await.status, 400);
    assert_eq!(client.post(&path, &json!(["é".repeat(256)])).await.status, 400);
    assert_eq!(client.post(&path, &json!(["é".repeat(255)])).await.status, 200);
    let answer = client.post(&path, &tags(10)).await;
    assert!(answer.json()["contactId"].is_u64());
    assert_eq!(client.get(ANA).await.json()["tags"].as_array().unwrap().len(), 11);
    assert_eq!(client.delete(&path, &tags(11)).await.status, 400);
    assert_eq!(client.delete(&path, &tags(10)).await.status, 200);
    assert_eq!(client.get(ANA).await.json()["tags"], json!(["é".repeat(255)]));
}

#[tokio::test]
async fn a_list_is_followed_by_cursor_to_its_end() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    for place in 0..25 {
        client.post(&format!("/contact/email:c{place}@example.com"), &json!({"firstName": "C"})).await;
    }
    let mut ids = Vec::new();
    let mut path = "/contact/list?limit=10".to_owned();
    let mut sizes = Vec::new();
    loop {
        let page = client.post(&path, &whole_list()).await.json();
        let items = page["items"].as_array().unwrap();
        sizes.push(items.len());
        ids.extend(items.iter().map(|item| item["id"].as_u64().unwrap()));
        let Some(next) = page["pagination"]["next"].as_str() else { break };
        // The whole URL is given, without the version's path.
        assert!(next.starts_with(&format!("http://{}/contact/list?", sandbox.addr())), "{next}");
        let cursor = next.split("cursorId=").nth(1).unwrap().split('&').next().unwrap();
        path = format!("/contact/list?limit=10&cursorId={cursor}");
    }
    assert_eq!(sizes, [10, 10, 5]);
    ids.dedup();
    assert_eq!(ids.len(), 25);
    assert!(ids.is_sorted());
    let default = client.post("/contact/list", &whole_list()).await.json();
    assert_eq!(default["items"].as_array().unwrap().len(), 10);
    assert_eq!(default["pagination"]["previous"], Value::Null);
    assert_eq!(client.post("/contact/list?limit=100", &whole_list()).await.status, 200);
    for path in ["/contact/list?limit=101", "/contact/list?limit=0", "/contact/list?cursorId=x"] {
        assert_eq!(client.post(path, &whole_list()).await.status, 400, "{path}");
    }
    assert_eq!(client.post("/contact/list", &json!({"search": "", "timezone": "UTC"})).await.status, 400);
}

#[tokio::test]
async fn filters_let_some_through() {
    let (_sandbox, client) = with_ana().await;
    client
        .post(
            "/contact/email:bo@example.com",
            &json!({"firstName": "Bo", "custom_fields": [{"name": "score", "value": 7}]}),
        )
        .await;
    client.post("/contact/email:bo@example.com/tag", &json!(["vip", "new"])).await;
    let condition = |category: &str, field: &str, operator: &str, value: Value| json!({"category": category, "field": field, "operator": operator, "value": value});
    let cases = [
        (condition("contactField", "phone", "isEqualTo", json!("+447700900001")), vec!["Ana"]),
        (condition("contactField", "email", "exists", Value::Null), vec!["Bo"]),
        (condition("contactField", "email", "doesNotExist", Value::Null), vec!["Ana"]),
        (condition("contactField", "score", "isGreaterThan", json!("6")), vec!["Bo"]),
        (condition("contactField", "score", "isBetween", json!([8, 9])), vec![]),
        (condition("contactField", "created_at", "isTimestampAfter", json!("2026-11-20")), vec!["Ana", "Bo"]),
        (condition("contactField", "created_at", "isTimestampBefore", json!("2026-11-21T00:00:00Z")), vec![]),
        (condition("contactTag", "", "hasAllOf", json!(["vip", "new"])), vec!["Bo"]),
        (condition("contactTag", "", "hasNoneOf", json!(["vip"])), vec!["Ana"]),
        (condition("lifecycle", "", "isEqualTo", json!("Customer")), vec![]),
    ];
    for (condition, expected) in cases {
        let body = json!({"search": "", "timezone": "UTC", "filter": {"$and": [condition]}});
        let page = client.post("/contact/list", &body).await.json();
        let mut names: Vec<_> =
            page["items"].as_array().unwrap().iter().map(|item| item["firstName"].as_str().unwrap()).collect();
        names.sort_unstable();
        assert_eq!(names, expected, "{body}");
    }
    let searched = json!({"search": "bo@", "timezone": "UTC", "filter": {"$or": []}});
    assert_eq!(client.post("/contact/list", &searched).await.json()["items"].as_array().unwrap().len(), 1);
    let unknown = json!({"search": "", "timezone": "UTC", "filter": {"$and": [condition("contactField", "phone", "is", Value::Null)]}});
    assert_eq!(client.post("/contact/list", &unknown).await.status, 400);
}

#[tokio::test]
async fn the_sixth_request_of_a_second_is_told_when_to_come_again() {
    let clock = HeldClock::new();
    let sandbox = start(clock.options()).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    for remaining in ["4", "3", "2", "1", "0"] {
        let answer = client.get(ANA).await;
        assert_eq!(answer.status, 404);
        assert_eq!(
            (answer.header("x-ratelimit-limit"), answer.header("x-ratelimit-remaining")),
            (Some("5"), Some(remaining))
        );
        clock.advance(100);
    }
    let refused = client.get(ANA).await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, Some("1")));
    assert_eq!((refused.header("x-ratelimit-remaining"), &refused.json()["code"]), (Some("0"), &json!(429)));
    // Another method has its own count, and another contact has not.
    assert_eq!(client.post(ANA, &json!({"firstName": "Ana"})).await.status, 200);
    assert_eq!(client.get("/contact/id:7").await.status, 429);
    clock.advance(500);
    assert_eq!(client.get(ANA).await.status, 200);
}

#[tokio::test]
async fn merge_keeps_the_first_and_fills_it_from_the_second() {
    let (sandbox, client) = with_ana().await;
    client.post("/contact/email:a.silva@example.com", &json!({"firstName": "Anita", "lastName": "Silva"})).await;
    client.post("/contact/email:a.silva@example.com/tag", &json!(["vip"])).await;
    let first = client.get(ANA).await.json()["id"].clone();
    let second = client.get("/contact/email:a.silva@example.com").await.json()["id"].clone();
    let merged = client.post("/contact/merge", &json!({"contactIds": [first, second], "language": "pt"})).await;
    assert_eq!((merged.status, merged.json()), (200, json!({"contactId": first})));
    let read = client.get("/contact/email:a.silva@example.com").await.json();
    assert_eq!((&read["id"], &read["firstName"], &read["lastName"]), (&first, &json!("Ana"), &json!("Silva")));
    assert_eq!((&read["language"], &read["tags"]), (&json!("pt"), &json!(["vip"])));
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 1);
    assert_eq!(client.post("/contact/merge", &json!({"contactIds": [first, second]})).await.status, 404);
    assert_eq!(client.post("/contact/merge", &json!({"contactIds": [first]})).await.status, 400);
}

#[tokio::test]
async fn the_workspace_has_fields_tags_users_and_channels() {
    let (_sandbox, client) = with_ana().await;
    let first = client.get("/space/custom_field?limit=6").await.json();
    assert_eq!(first["items"].as_array().unwrap().len(), 6);
    assert_eq!(first["items"][0]["dataType"], "text");
    assert!(first["pagination"]["next"].as_str().unwrap().contains("cursorId=6"));
    let rest = client.get("/space/custom_field?limit=6&cursorId=6").await.json();
    assert_eq!((rest["items"].as_array().unwrap().len(), &rest["pagination"]["next"]), (4, &Value::Null));
    let list = json!({"name": "size", "dataType": "list", "allowedValues": {"listValues": ["S", "M"]}});
    assert_eq!(
        client.post("/space/custom_field", &list).await.json()["allowedValues"],
        json!({"listValues": ["S", "M"]})
    );
    assert_eq!(client.post("/space/custom_field", &list).await.status, 400);
    assert_eq!(client.post("/space/custom_field", &json!({"name": "x".repeat(50)})).await.status, 200);
    assert_eq!(client.post("/space/custom_field", &json!({"name": "x".repeat(51)})).await.status, 400);

    assert_eq!(client.post("/space/tag", &json!({"name": "vip", "colorCode": "#fff"})).await.json()["name"], "vip");
    client.post(&format!("{ANA}/tag"), &json!(["vip"])).await;
    assert_eq!(client.put("/space/tag", &json!({"currentName": "vip", "name": "VIP"})).await.json()["code"], 200);
    assert_eq!(client.get(ANA).await.json()["tags"], json!(["VIP"]));
    assert_eq!(client.delete("/space/tag", &json!({"name": "VIP"})).await.status, 200);
    assert_eq!(client.get(ANA).await.json()["tags"], json!([]));
    assert_eq!(client.delete("/space/tag", &json!({"name": "VIP"})).await.status, 404);

    assert_eq!(client.get("/space/user").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(client.get("/space/channel").await.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(client.get(&format!("{ANA}/channels")).await.json()["items"], json!([]));
    let path = format!("{ANA}/lifecycle/update");
    assert_eq!(client.post(&path, &json!({"name": "Customer"})).await.json()["code"], 200);
    assert_eq!(client.get(ANA).await.json()["lifecycle"], "Customer");
    client.post(&path, &json!({"name": null})).await;
    assert_eq!(client.get(ANA).await.json()["lifecycle"], Value::Null);
}

/// The vendor's n8n node and its tools for language models send and read these.
#[tokio::test]
async fn what_the_vendors_own_programs_ask_is_answered() {
    let (_sandbox, client) = with_ana().await;
    let id = client.get(ANA).await.json()["id"].clone();
    let field = json!({"name": "Shoe size", "slug": "shoe", "dataType": "number"});
    let field = client.post("/space/custom_field", &field).await.json();
    assert_eq!((&field["name"], &field["slug"]), (&json!("Shoe size"), &json!("shoe")));
    assert_eq!(client.get(&format!("/space/custom_field/{}", field["id"])).await.json(), field);
    assert_eq!(client.get("/space/custom_field/99").await.status, 404);

    // By slug, by name, and by id, which the node takes where there is no slug.
    let by_id = field["id"].to_string();
    for (name, size) in [(by_id.as_str(), 40), ("shoe", 41), ("Shoe size", 42)] {
        let set = json!({"firstName": "Ana", "custom_fields": [{"name": name, "value": size}]});
        let updated = client.post(&format!("/contact/create_or_update/id:{id}"), &set).await;
        assert_eq!((updated.status, &updated.json()["contactId"]), (200, &id), "{name}");
        assert_eq!(value(&client.get(ANA).await.json(), "Shoe size"), json!(size));
    }
    let nobody = client.post("/contact/create_or_update/id:7", &json!({"firstName": "Ana"})).await;
    assert_eq!(nobody.status, 404);

    let found = async |field: &str, operator: &str, wanted: Value| {
        let condition = json!({"category": "contactField", "field": field, "operator": operator, "value": wanted});
        let body = json!({"timezone": "UTC", "filter": {"$and": [condition]}});
        client.post("/contact/list", &body).await.json()["items"].as_array().unwrap().len()
    };
    assert_eq!(found("shoe", "isBetween", json!({"from": "40", "to": "43"})).await, 1);
    assert_eq!(found("shoe", "isBetween", json!({"from": "43", "to": "44"})).await, 0);
    let days = json!({"from": "2026-11-20", "to": "2026-11-22"});
    assert_eq!(found("created_at", "isTimestampBetween", days).await, 1);

    assert_eq!(client.get("/space/user/1").await.json()["id"], 1);
    assert_eq!(client.get("/space/user/2").await.status, 404);
    assert_eq!(client.get("/space/closing_notes?limit=20").await.json()["items"][0]["category"], "Support");
}

#[tokio::test]
async fn wrong_secrets_methods_and_paths_are_refused() {
    let (sandbox, mut client) = with_ana().await;
    assert_eq!(client.send("PATCH", ANA, "{}").await.status, 405);
    assert_eq!(client.get("/contacts").await.status, 404);
    assert_eq!(client.send("POST", "/contact/email:b@example.com", "{").await.status, 400);
    client.authorization = Some("Bearer other".to_owned());
    let refused = client.get(ANA).await;
    assert_eq!((refused.status, &refused.json()["code"]), (401, &json!(401)));
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_workspace_can_be_filled_before_the_client_comes() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    let seeded = json!({
        "custom_fields": [{"name": "shoe size", "dataType": "number"}],
        "contacts": [{"id": 7, "phone": "+447700900001", "firstName": "Ana", "tags": ["vip"],
                      "custom_fields": [{"name": "shoe size", "value": 38}]}]
    });
    sandbox.seed(SERVICE, seeded).unwrap();
    let read = client.get(ANA).await.json();
    assert_eq!((&read["id"], &read["tags"], value(&read, "shoe size")), (&json!(7), &json!(["vip"]), json!(38)));
}

#[tokio::test]
async fn contacts_show_their_fields_by_slug_where_they_are_told_to() {
    let (sandbox, client) = with_ana().await;
    let field = json!({"name": "Shoe size", "slug": "shoe", "dataType": "number"});
    sandbox.seed(SERVICE, json!({"custom_fields": [field], "custom_fields_shown_by": "slug"})).unwrap();
    client.put(ANA, &json!({"custom_fields": [{"name": "Shoe size", "value": 41}]})).await;
    let shown = client.get(ANA).await.json();
    assert_eq!(value(&shown, "shoe"), json!(41));
    assert!(shown["custom_fields"].as_array().unwrap().iter().all(|field| field["name"] != "Shoe size"));
}
