//! Custom fields: set, kept, replaced, taken away, defined.

use rolo::contact::{
    Call, CallKind, ClearBy, CustomEdit, Edit, Field, FieldDefinition, FieldKind, RemoteId, Target, Value,
};
use rolo::services::{Reply, Verdict};

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{CUSTOM, World, text};

pub fn cases() -> Vec<Case> {
    vec![
        case!("custom_fields", set_in_a_create, |can| can.create && can.create_with_custom_fields, not_in_a_create),
        case!("custom_fields", set_in_an_update, |can| can.custom_fields, custom_fields_are_refused),
        case!("custom_fields", others_stay_as_they_are, |can| can.custom_fields, custom_fields_are_refused),
        case!("custom_fields", replaced_whole, |can| can.custom_replace, replacing_is_refused),
        case!(
            "custom_fields",
            taken_away,
            |can| can.custom_fields && can.clear_custom_by != ClearBy::Unsupported,
            custom_fields_are_refused
        ),
        case!("custom_fields", an_import_clears_one, |can| can.custom_fields, custom_fields_are_refused),
        case!("custom_fields", defined_ones_are_listed, |can| can.fields_defined, listing_is_refused),
        case!("custom_fields", created_where_lacking, |can| !can.creates_fields.is_empty(), creating_is_refused),
    ]
}

fn custom(n: usize) -> Field {
    Field::custom(CUSTOM[n])
}

fn update(id: &RemoteId, fields: Vec<(Field, Value)>, custom: CustomEdit) -> Call {
    Call::Update { target: Target::Id(id.clone()), edit: Edit { fields, custom, ..Edit::default() } }
}

async fn set_in_a_create(stage: Stage) {
    let world = stage.open().await;
    let values = vec![(custom(0), text("Acme")), (custom(1), text("Lisbon"))];
    let id = world.held_with(1, values.clone()).await;
    world.holds(1, &id, &values).await;
}

/// Where a create takes none, an import sends them in an update that follows; where there are none
/// at all, or no create, it is refused.
async fn not_in_a_create(stage: Stage) {
    let world = stage.open().await;
    if !world.can().custom_fields {
        return refused(&world).await;
    }
    if !world.can().create {
        return world.refuses(&Call::Create { identifier: None, edit: Edit::default() });
    }
    let (csv, mapping) = world.table_of(&[1], "Company", &["Acme"], "field = \"custom.company\"");
    let imported = world.imported(&csv, &mapping).await;
    assert_eq!(world.writes().len(), 2, "a create, and an update with the rest: {:?}", world.writes());
    let id = imported.rows[0].contact_id.clone().unwrap();
    world.holds(1, &id, &[(custom(0), text("Acme"))]).await;
}

async fn set_in_an_update(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let values = vec![(custom(0), text("Acme")), (custom(1), text("Lisbon"))];
    world.done(&update(&id, values.clone(), CustomEdit::Merge)).await;
    world.holds(1, &id, &values).await;
}

async fn others_stay_as_they_are(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.done(&update(&id, vec![(custom(0), text("Acme"))], CustomEdit::Merge)).await;
    world.done(&update(&id, vec![(custom(1), text("Lisbon"))], CustomEdit::Merge)).await;
    world.holds(1, &id, &[(custom(0), text("Acme")), (custom(1), text("Lisbon"))]).await;
}

async fn replaced_whole(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.done(&update(&id, vec![(custom(0), text("Acme"))], CustomEdit::Merge)).await;
    world.done(&update(&id, vec![(custom(1), text("Lisbon"))], CustomEdit::Replace)).await;
    world.holds(1, &id, &[(custom(0), Value::Clear), (custom(1), text("Lisbon"))]).await;
}

async fn replacing_is_refused(stage: Stage) {
    let world = stage.open().await;
    let (csv, mapping) = world.table_of(&[1], "City", &["Lisbon"], "ignore = true");
    world.refuses_import(&csv, &format!("custom_fields = \"replace\"\n{mapping}")).await;
}

async fn taken_away(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let both = vec![(custom(0), text("Acme")), (custom(1), text("Lisbon"))];
    world.done(&update(&id, both, CustomEdit::Merge)).await;
    let clear = match world.can().clear_custom_by {
        ClearBy::Call => Call::ClearFields { target: Target::Id(id.clone()), fields: vec![custom(0)] },
        ClearBy::EditMode => update(&id, vec![(custom(0), Value::Clear)], CustomEdit::Remove),
        _ => update(&id, vec![(custom(0), Value::Clear)], CustomEdit::Merge),
    };
    world.done(&clear).await;
    world.holds(1, &id, &[(custom(0), Value::Clear), (custom(1), text("Lisbon"))]).await;
    assert!(!world.record(&id).to_string().contains("Acme"), "{}", world.record(&id));
}

/// An empty cell of a column with `blank = "clear"`. Where a field can't be taken away, the row or
/// the mapping says so, and the value stays.
async fn an_import_clears_one(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.done(&update(&id, vec![(custom(0), text("Acme"))], CustomEdit::Merge)).await;
    let (csv, mapping) = world.table_of(&[1], "Company", &[""], "field = \"custom.company\"\nblank = \"clear\"");
    if world.can().clear_custom_by == ClearBy::Unsupported {
        world.refuses_import(&csv, &mapping).await;
        assert!(world.record(&id).to_string().contains("Acme"));
    } else {
        world.imported(&csv, &mapping).await;
        world.holds(1, &id, &[(custom(0), Value::Clear)]).await;
        assert!(!world.record(&id).to_string().contains("Acme"), "{}", world.record(&id));
    }
}

async fn custom_fields_are_refused(stage: Stage) {
    let world = stage.open().await;
    if world.can().custom_fields {
        // It has them, and can't take one away.
        assert_eq!(world.can().clear_custom_by, ClearBy::Unsupported);
        let (csv, mapping) = world.table_of(&[1], "Company", &[""], "field = \"custom.company\"\nblank = \"clear\"");
        world.refuses_import(&csv, &mapping).await;
        return;
    }
    refused(&world).await;
}

async fn refused(world: &World) {
    let (csv, mapping) = world.table_of(&[1], "Company", &["Acme"], "field = \"custom.company\"");
    world.refuses_import(&csv, &mapping).await;
}

async fn defined_ones_are_listed(stage: Stage) {
    let world = stage.open().await;
    let Reply::Fields(page) = world.done(&Call::ListFields { cursor: None }).await else {
        panic!("a listing of fields answers fields");
    };
    for name in CUSTOM {
        assert!(page.items.iter().any(|field| field.name == name), "{name}: {:?}", page.items);
    }
    // An unknown one is an error of the mapping, not of every row.
    let (csv, mapping) = world.table_of(&[1], "Shoe", &["42"], "field = \"custom.shoe_size\"");
    let error = world.import(&csv, &mapping).await.err().expect("an unknown field is refused");
    assert!(error.message.contains("shoe_size"), "{error}");
    assert!(world.writes().is_empty());
}

async fn listing_is_refused(stage: Stage) {
    let world = stage.open().await;
    if world.can().has(CallKind::ListFields) {
        // Listed for whoever creates some; a contact takes others all the same.
        let id = world.held(1).await;
        return drop(world.done(&update(&id, vec![(Field::custom("shoe_size"), text("42"))], CustomEdit::Merge)).await);
    }
    world.refuses(&Call::ListFields { cursor: None });
    assert!(world.sandbox.log().is_empty());
}

fn seats() -> FieldDefinition {
    FieldDefinition { name: "seats".into(), alias: None, kind: FieldKind::Number }
}

async fn created_where_lacking(stage: Stage) {
    let world = stage.open().await;
    world.done(&Call::CreateField { definition: seats() }).await;
    let Reply::Fields(page) = world.done(&Call::ListFields { cursor: None }).await else {
        panic!("a listing of fields answers fields");
    };
    let there: Vec<_> = page.items.iter().filter(|field| field.name == "seats").collect();
    assert_eq!(there.iter().map(|field| &field.kind).collect::<Vec<_>>(), [&FieldKind::Number], "{there:?}");
    let number = vec![(Field::custom("seats"), Value::Number("12".into()))];
    let id = world.held_with(1, number.clone()).await;
    world.holds(1, &id, &number).await;
    // Nobody gets a second one of the same name.
    let again = world.call(&Call::CreateField { definition: seats() }).await;
    assert!(matches!(again, Verdict::Refused { .. }), "{again:?}");
}

async fn creating_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses(&Call::CreateField { definition: seats() });
    assert!(world.sandbox.log().is_empty());
}
