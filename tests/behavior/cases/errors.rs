//! What goes wrong, and what is made of it.

use rolo::contact::{Call, Edit, RemoteId, Target};
use rolo::services::{Body, Request, Verdict};
use rolo_sandbox::Fault;
use serde_json::{Value as Json, json};

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{World, fields};

pub fn cases() -> Vec<Case> {
    vec![
        case!("errors", a_wrong_secret_stops_the_run),
        case!("errors", an_unknown_contact_is_missing),
        case!("errors", a_value_of_the_wrong_type_is_refused),
        case!("errors", a_server_error_leaves_doubt),
        case!("errors", an_answer_cut_off_leaves_doubt),
        case!("errors", the_check_works),
    ]
}

async fn a_wrong_secret_stops_the_run(stage: Stage) {
    let world = stage.open().await;
    for secret in ["somebody:else", "sandbox:wrong"] {
        let verdict = world.call_with_secret(&Call::Check, secret).await;
        assert!(matches!(verdict, Verdict::Stop { .. }), "{}: {verdict:?}", world.name());
        let Verdict::Stop { message } = verdict else { return };
        assert!(!message.contains(secret), "{message}");
    }
}

/// An update of a field that the service has, to a text.
fn update(world: &World, id: RemoteId) -> Call {
    let has = |name: &&&str| world.service.fields().iter().any(|spec| spec.name == **name && spec.update);
    let name = ["last_name", "name"].iter().find(has).unwrap();
    Call::Update { target: Target::Id(id), edit: Edit { fields: fields(&[(name, "Marker")]), ..Edit::default() } }
}

async fn an_unknown_contact_is_missing(stage: Stage) {
    let world = stage.open().await;
    let before = world.count();
    let verdict = world.call(&update(&world, RemoteId("98765432".into()))).await;
    assert!(matches!(verdict, Verdict::Missing { .. }), "{}: {verdict:?}", world.name());
    assert_eq!(world.count(), before);
}

/// A hand-made request: the client itself sends no value of a wrong type.
async fn a_value_of_the_wrong_type_is_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let before = world.record(&id);
    let call = update(&world, id.clone());
    let mut request = world.service.request(&call).unwrap();
    assert!(damage(&mut request), "no value to damage: {request:?}");
    let verdict = world.service.verdict(&call, &world.send(&request).await);
    let refused = matches!(verdict, Verdict::Refused { .. } | Verdict::Exists { .. });
    assert!(refused || matches!(verdict, Verdict::Done { .. }), "{}: {verdict:?}", world.name());
    assert_eq!(world.record(&id), before);
}

/// Puts structure in the place of the text `Marker`, wherever it stands in the body.
fn damage(request: &mut Request) -> bool {
    fn within(json: &mut Json) -> bool {
        match json {
            Json::String(text) if text == "Marker" => {
                *json = json!({ "not": "text" });
                true
            }
            Json::Array(items) => items.iter_mut().any(within),
            Json::Object(map) => map.values_mut().any(within),
            _ => false,
        }
    }
    match &mut request.body {
        Body::Json(json) => within(json),
        Body::Form(pairs) => pairs.iter_mut().any(|(_, value)| {
            let Ok(mut json) = serde_json::from_str::<Json>(value) else { return false };
            let found = within(&mut json);
            *value = json.to_string();
            found
        }),
        Body::None => false,
    }
}

async fn a_server_error_leaves_doubt(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    for status in ["500", "502", "503"] {
        world.sandbox.add_fault(Fault::parse(&format!("status={status},times:1")).unwrap());
        let verdict = world.call(&update(&world, id.clone())).await;
        assert!(matches!(verdict, Verdict::Unclear { .. }), "{}: {status}: {verdict:?}", world.name());
        world.sandbox.clear_faults();
    }
}

async fn an_answer_cut_off_leaves_doubt(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    for fault in ["html", "empty", "wrong-json"] {
        world.sandbox.add_fault(Fault::parse(&format!("{fault}=,times:1")).unwrap());
        let verdict = world.call(&update(&world, id.clone())).await;
        let believed = matches!(verdict, Verdict::Done { .. } | Verdict::Refused { .. } | Verdict::Exists { .. });
        assert!(!believed, "{}: {fault}: {verdict:?}", world.name());
        world.sandbox.clear_faults();
    }
}

async fn the_check_works(stage: Stage) {
    let world = stage.open().await;
    let before = world.writes().len();
    world.done(&Call::Check).await;
    assert_eq!(world.writes().len(), before, "a check changes nothing");
}
