//! Engagor: what the documents say, asked of the emulator over real sockets.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rolo_sandbox::{EmulatorOptions, Sandbox, start};
use serde_json::{Value, json};

use crate::sandbox_client::{Answer, Client, DAWN, HeldClock, unthrottled};

const SERVICE: &str = "engagor";
const ONE: &str = "/1/inbox/contact/1001";

fn form(updates: &Value, options: &Value) -> String {
    let encode = |value: &Value| utf8_percent_encode(&value.to_string(), NON_ALPHANUMERIC).to_string();
    format!("updates={}&options={}", encode(updates), encode(options))
}

async fn post(client: &Client, path: &str, body: &str) -> Answer {
    client.try_send("POST", path, "application/x-www-form-urlencoded", body).await.unwrap()
}

/// Updates contact 1002 and gives it back.
async fn changed(client: &Client, updates: Value, options: Value) -> Value {
    let answer = post(client, "/1/inbox/contact/1002", &form(&updates, &options)).await;
    assert_eq!(answer.status, 200, "{updates}");
    answer.json()["response"].clone()
}

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(answer.status, status, "{answer:?}");
    let body = answer.json();
    assert_eq!((&body["code"], &body["error"]), (&json!(status), &json!(error)));
    assert!(body["error_description"].is_string());
}

#[tokio::test]
async fn a_public_client_may_send_updates_in_the_query() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let query = form(&json!({"company": "By & query"}), &json!({}));
    let by_query = client.try_send("POST", &format!("{ONE}?{query}"), "text/plain", "").await.unwrap();
    assert_eq!((by_query.status, &by_query.json()["response"]["company"]), (200, &json!("By & query")));
    let profiles = client.get("/me/connectedprofiles").await.json();
    assert_eq!(profiles["response"]["data"][0]["type"], "twitter");
}

#[tokio::test]
async fn forty_contacts_are_there_from_the_start() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    assert_eq!(sandbox.contacts(SERVICE).as_array().unwrap().len(), 40);
    let read = client.get(ONE).await.json();
    assert_eq!(read["meta"], json!({"code": 200}));
    let contact = &read["response"];
    assert_eq!(
        (&contact["id"], &contact["name"], &contact["email"]),
        (&json!("1001"), &json!("Ana Almeida"), &json!("ana.almeida@example.com"))
    );
    assert_eq!((&contact["phone"], &contact["company"]), (&json!("+12025550101"), &json!("Almeida & Co")));
    assert_eq!(contact["socialprofiles"], json!([{"type": "twitter", "service_id": "900001001"}]));
    assert_eq!((&contact["tags"], &contact["customattributes"]), (&json!([]), &json!({})));
    assert_eq!(contact["dateadd"], 1_700_086_400);
    let last = client.get("/1/inbox/contact/1040?topic_ids=5").await.json();
    assert_eq!(
        (&last["response"]["name"], &last["response"]["phone"]),
        (&json!("Victor Almeida"), &json!("+12025550140"))
    );
    let emails: std::collections::BTreeSet<_> =
        sandbox.contacts(SERVICE).as_array().unwrap().iter().map(|contact| contact["email"].to_string()).collect();
    assert_eq!(emails.len(), 40);
}

#[tokio::test]
async fn a_contact_is_named_by_id_or_by_service_and_its_id_there() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    assert_eq!(client.get("/1/inbox/contact/twitter/900001001").await.json()["response"]["id"], "1001");
    refused(&client.get("/1/inbox/contact/twitter/1").await, 404, "not_found");
    refused(&client.get("/1/inbox/contact/9999").await, 404, "not_found");
    refused(&client.get("/1/inbox/contact/instagram/900001031").await, 400, "unsupported_type");
    assert_eq!(client.get("/1/inbox/contact/1031").await.status, 200);
    let body = form(&json!({"company": "Acme"}), &json!({}));
    let updated = post(&client, "/1/inbox/contact/facebook/900001021", &body).await.json();
    assert_eq!((&updated["response"]["id"], &updated["response"]["company"]), (&json!("1021"), &json!("Acme")));
    refused(&post(&client, "/1/inbox/contact/twitter/1", &body).await, 404, "not_found");
}

#[tokio::test]
async fn five_services_need_topics() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let body = form(&json!({"company": "Acme"}), &json!({}));
    for (path, id) in [
        ("/1/inbox/contact/whatsapp/12025550136", "1036"),
        ("/1/inbox/contact/viber/900001037", "1037"),
        ("/1/inbox/contact/wechat/900001038", "1038"),
        ("/1/inbox/contact/twilio/900001039", "1039"),
        ("/1/inbox/contact/web/900001040", "1040"),
    ] {
        refused(&client.get(path).await, 400, "invalid_parameter");
        refused(&client.get(&format!("/1/inbox/contact/{id}")).await, 400, "invalid_parameter");
        refused(&client.get(&format!("{path}?topic_ids=x")).await, 400, "invalid_parameter");
        assert_eq!(client.get(&format!("{path}?topic_ids=5,6")).await.json()["response"]["id"], id);
        refused(&post(&client, path, &body).await, 400, "invalid_parameter");
        assert_eq!(post(&client, path, &format!("{body}&topic_ids=5")).await.status, 200);
    }
}

#[tokio::test]
async fn standard_fields_change_alone() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let contact = changed(&client, json!({"name": "Benjamin Brown", "city": "Ghent"}), json!({})).await;
    assert_eq!((&contact["name"], &contact["city"]), (&json!("Benjamin Brown"), &json!("Ghent")));
    assert_eq!((&contact["email"], &contact["tags"]), (&json!("ben.brown@example.com"), &json!(["customer"])));
    assert_eq!(contact["lastupdate"], DAWN);
    let contact = changed(&client, json!({"city": null}), json!({})).await;
    assert_eq!(contact["city"], Value::Null);
}

#[tokio::test]
async fn tags_are_added_replaced_or_deleted() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let mode = |mode: &str| json!({"tags_edit_mode": mode});
    let tags =
        async |tags: Value, options: Value| changed(&client, json!({"tags": tags}), options).await["tags"].clone();
    assert_eq!(tags(json!(["new", "customer"]), mode("add")).await, json!(["customer", "new"]));
    assert_eq!(tags(json!(["new"]), mode("delete")).await, json!(["customer"]));
    assert_eq!(tags(json!(["a", "b"]), mode("update")).await, json!(["a", "b"]));
    // Said nothing, it is an update.
    assert_eq!(tags(json!(["c"]), json!({})).await, json!(["c"]));
}

#[tokio::test]
async fn custom_attributes_are_updated_overwritten_or_deleted() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let mode = |mode: &str| json!({"customattributes_edit_mode": mode});
    let attributes = async |given: Value, options: Value| {
        changed(&client, json!({"customattributes": given}), options).await["customattributes"].clone()
    };
    assert_eq!(attributes(json!({"a": "1", "b": "2"}), json!({})).await, json!({"a": "1", "b": "2"}));
    assert_eq!(attributes(json!({"b": "3"}), mode("update")).await, json!({"a": "1", "b": "3"}));
    assert_eq!(attributes(json!({"c": "4"}), mode("overwrite")).await, json!({"c": "4"}));
    assert_eq!(attributes(json!([{"key": "d", "value": "5"}]), json!([])).await, json!({"c": "4", "d": "5"}));
    assert_eq!(attributes(json!(["c"]), mode("delete")).await, json!({"d": "5"}));
    assert_eq!(attributes(json!({"d": null}), mode("delete")).await, json!({}));
}

#[tokio::test]
async fn what_is_wrong_in_an_update_changes_nothing() {
    let (sandbox, client) = unthrottled(SERVICE).await;
    let before = sandbox.contacts(SERVICE);
    let bodies = [
        String::new(),
        "updates=nonsense".to_owned(),
        form(&json!(["name"]), &json!({})),
        form(&json!({"socialprofiles": []}), &json!({})),
        form(&json!({"name": 7}), &json!({})),
        form(&json!({"tags": "vip"}), &json!({})),
        form(&json!({"tags": ["vip"]}), &json!({"tags_edit_mode": "overwrite"})),
        form(&json!({"tags": ["vip"]}), &json!({"edit_mode": "add"})),
    ];
    for body in bodies {
        refused(&post(&client, ONE, &body).await, 400, "invalid_parameter");
    }
    // JSON is not a form.
    refused(&client.post(ONE, &json!({"updates": {"name": "Ana"}})).await, 400, "invalid_parameter");
    assert_eq!(sandbox.contacts(SERVICE), before);
}

#[tokio::test]
async fn a_key_that_no_contact_has_is_ignored_with_a_warning() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let answer = post(&client, ONE, &form(&json!({"shoe_size": "38", "city": "Ghent"}), &json!({}))).await.json();
    assert_eq!(answer["meta"]["messages"].as_array().unwrap().len(), 1);
    assert_eq!(answer["response"]["city"], "Ghent");
    assert!(answer["response"].get("shoe_size").is_none());
}

async fn list(client: &Client, query: &str) -> Vec<u64> {
    let mut ids = Vec::new();
    let mut token = String::new();
    loop {
        let page = client.get(&format!("/1/inbox/contacts?{query}{token}")).await.json();
        let data = page["response"]["data"].as_array().unwrap();
        ids.extend(data.iter().map(|contact| contact["id"].as_str().unwrap().parse::<u64>().unwrap()));
        let Some(next) = page["response"]["paging"]["next_page_token"].as_str() else { return ids };
        token = format!("&page_token={next}");
    }
}

#[tokio::test]
async fn a_list_is_followed_by_token_in_each_order() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let all: Vec<u64> = (1001..=1040).collect();
    let reversed: Vec<u64> = all.iter().rev().copied().collect();
    assert_eq!(list(&client, "").await, all);
    assert_eq!(list(&client, "limit=7").await, all);
    assert_eq!(list(&client, "limit=7&sort=dateadd:desc").await, reversed);
    post(&client, ONE, &form(&json!({"city": "Ghent"}), &json!({}))).await;
    assert_eq!(list(&client, "limit=50&sort=lastupdate:desc").await[0], 1001);
    assert_eq!(list(&client, "limit=50&sort=lastupdate:asc").await[39], 1001);
    assert_eq!(list(&client, "updated_since=2026-11-20T00:00:00Z").await, [1001]);
    assert_eq!(list(&client, "filter=contacttag:vip&limit=3").await, [1005, 1010, 1015, 1020, 1025, 1030, 1035, 1040]);
    assert_eq!(list(&client, "required_fields=%5B%22company%22%5D&limit=50").await.len(), 20);
    let default = client.get("/1/inbox/contacts").await.json();
    assert_eq!(default["response"]["data"].as_array().unwrap().len(), 20);
    assert_eq!(client.get("/1/inbox/contacts?limit=0").await.json()["response"]["data"], json!([]));
    assert_eq!(client.get("/1/inbox/contacts?limit=50").await.status, 200);
    for query in [
        "limit=51",
        "limit=x",
        "sort=name:asc",
        "filter=tag:x",
        "page_token=x",
        "updated_since=soon",
        "required_fields=%5B%22city%22%5D",
    ] {
        refused(&client.get(&format!("/1/inbox/contacts?{query}")).await, 400, "invalid_parameter");
    }
}

#[tokio::test]
async fn a_deleted_contact_is_gone() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let deleted = client.send("DELETE", ONE, "").await;
    assert_eq!((deleted.status, &deleted.json()["response"]), (200, &json!(true)));
    refused(&client.get(ONE).await, 404, "not_found");
    refused(&client.get("/1/inbox/contact/twitter/900001001").await, 404, "not_found");
    refused(&client.send("DELETE", ONE, "").await, 404, "not_found");
    refused(&client.send("DELETE", "/1/inbox/contact/twitter/900001002", "").await, 405, "invalid_http_method");
    assert_eq!(list(&client, "").await.len(), 39);
}

#[tokio::test]
async fn the_three_hundred_and_fifty_first_call_of_an_hour_is_a_bad_request() {
    let clock = HeldClock::new();
    let sandbox = start(clock.options()).await.unwrap();
    let client = Client::of(&sandbox, SERVICE);
    for remaining in (0..350).rev() {
        let answer = client.get("/me").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-ratelimit-remaining"), Some(remaining.to_string().as_str()));
        clock.advance(1000);
    }
    let limited = client.get("/me").await;
    refused(&limited, 400, "rate_limit_reached");
    let reset = (DAWN + 3600).to_string();
    assert_eq!(limited.header("x-ratelimit-limit"), Some("350"));
    assert_eq!(limited.header("x-ratelimit-time"), Some("3600"));
    assert_eq!(limited.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(limited.header("x-ratelimit-reset"), Some(reset.as_str()));
    clock.advance(3_600_000 - 350_000 - 1);
    assert_eq!(client.get("/me").await.status, 400);
    clock.advance(1);
    assert_eq!(client.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_refresh_token_is_exchanged_for_a_new_access_token() {
    let (_sandbox, mut client) = unthrottled(SERVICE).await;
    client.authorization = Some("Bearer expired".to_owned());
    assert_eq!(client.get("/me").await.status, 401);
    client.authorization = None;
    assert_eq!(client.get("/me").await.status, 401);
    let path = "/oauth/access_token/?client_id=a&client_secret=b&grant_type=refresh_token&refresh_token=";
    let answer = client.get(&format!("{path}sandbox-refresh")).await;
    assert_eq!(
        (answer.status, answer.json()),
        (
            200,
            json!({"access_token": "sandbox-renewed", "expires_in": 3600,
                     "scope": "accounts_read accounts_write", "refresh_token": "sandbox-refresh"})
        )
    );
    let wrong = client.get(&format!("{path}other")).await;
    assert_eq!((wrong.status, wrong.json()), (400, json!({"error": "invalid_grant"})));
    assert_eq!(client.get("/me?access_token=sandbox-renewed").await.status, 200);
    client.authorization = Some("Bearer sandbox-renewed".to_owned());
    assert_eq!(client.get("/me").await.status, 200);
}

#[tokio::test]
async fn the_account_and_its_tags_can_be_read() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    assert_eq!(client.get("/me/accounts").await.json()["response"]["data"][0]["id"], "1");
    assert_eq!(client.get("/me/permissions").await.json()["response"], json!(["accounts_read", "accounts_write"]));
    assert_eq!(client.get("/1/settings/tags").await.json()["response"]["data"], json!(["customer", "vip"]));
    let first = client.get("/1/settings/tags?limit=1").await.json();
    let next = first["response"]["paging"]["next_page_token"].as_str().unwrap();
    let second = client.get(&format!("/1/settings/tags?limit=1&page_token={next}")).await.json();
    assert_eq!(second["response"]["data"], json!(["vip"]));
    refused(&client.get("/2/inbox/contacts").await, 403, "no_permission");
    refused(&client.send("PUT", ONE, "").await, 405, "invalid_http_method");
    refused(&client.post("/1/inbox/contacts", &json!({})).await, 405, "invalid_http_method");
    refused(&client.get("/1/outbox").await, 404, "not_found");
}

#[tokio::test]
async fn an_answer_that_is_known_is_not_sent_again() {
    let (_sandbox, client) = unthrottled(SERVICE).await;
    let tag = client.get(ONE).await.header("etag").unwrap().to_owned();
    post(&client, ONE, &form(&json!({"city": "Ghent"}), &json!({}))).await;
    assert_ne!(client.get(ONE).await.header("etag"), Some(tag.as_str()));
    // The client of these tests sends no such header, so the emulator is asked directly.
    let make = rolo_sandbox::EMULATORS.iter().find(|(name, _)| *name == SERVICE).unwrap().1;
    let mut emulator = make(EmulatorOptions { unthrottled: true, ..EmulatorOptions::default() });
    let headers = vec![("authorization".into(), "Bearer sandbox".into()), ("if-none-match".into(), tag)];
    let request = rolo_sandbox::WireRequest { method: "GET".into(), path: ONE.into(), headers, ..Default::default() };
    let answer = emulator.answer(&request, std::time::Duration::from_secs(DAWN));
    assert_eq!((answer.status, answer.body.len()), (304, 0));
}

#[tokio::test]
async fn contacts_can_be_added_in_advance_alone() {
    let (sandbox, client): (Sandbox, Client) = unthrottled(SERVICE).await;
    sandbox.seed(SERVICE, json!([{"name": "Zoe", "email": "zoe@example.com"}])).unwrap();
    assert_eq!(client.get("/1/inbox/contact/1041").await.json()["response"]["name"], "Zoe");
    assert_eq!(client.get("/1/inbox/contact/twitter/900001041").await.status, 200);
    assert!(sandbox.seed(SERVICE, json!([{"id": "1001"}])).unwrap_err().ends_with(": 1001"));
}
