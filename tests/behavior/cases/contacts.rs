//! Create, update, upsert, read, delete.

use rolo::contact::{Call, Edit, Field, FieldKind, FieldSpec, Outcome, Target, Value};
use rolo::services::{Reply, Verdict};

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{World, fields, text};

pub fn cases() -> Vec<Case> {
    vec![
        case!("create", created_contact_is_found, |can| can.create, create_is_refused),
        case!("create", every_field_of_a_create_is_stored, |can| can.create, create_is_refused),
        case!("update", update_changes_only_what_it_names),
        case!("update", every_field_of_an_update_is_stored),
        case!("update", an_empty_value_clears_a_field),
        case!("upsert", one_call_creates_or_updates, |can| can.upsert, upsert_is_refused),
        case!("read", contact_is_read_by_its_id, |can| can.read, read_is_refused),
        case!("delete", deleted_contact_is_gone, |can| can.delete, delete_is_refused),
    ]
}

async fn created_contact_is_found(stage: Stage) {
    let world = stage.open().await;
    let before = world.count();
    let id = world.held(1).await;
    assert_eq!(world.count(), before + 1);
    let person = world.person(1);
    let found = world.found(&person).await;
    assert_eq!(found.id, id);
    world.holds(1, &id, &world.fields_of(&person)).await;
}

/// A row whose contact isn't there ends as failed, and says that the service creates none.
async fn create_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses(&Call::Create { identifier: None, edit: Edit::default() });
    let csv = "Phone,E-mail\n+442071838750,nobody@example.com\n";
    let mapping = "[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n";
    let imported = world.import(csv, mapping).await.unwrap();
    assert_eq!(imported.rows.len(), 1);
    assert_eq!(imported.rows[0].outcome, Outcome::Failed);
    assert_eq!(imported.rows[0].errors[0].code, "contact.not_found");
    assert!(imported.rows[0].errors[0].message.contains("can't create"), "{:?}", imported.rows[0].errors);
    assert!(world.writes().is_empty(), "{:?}", world.writes());
}

async fn every_field_of_a_create_is_stored(stage: Stage) {
    let world = stage.open().await;
    let values = samples(&world, |spec| spec.create && spec.read && !matches!(spec.name, "phone" | "email"));
    let id = world.held_with(1, values.clone()).await;
    world.holds(1, &id, &values).await;
}

async fn update_changes_only_what_it_names(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let before = world.snapshot(1, &id).await;
    let (field, value) = name_change(&world);
    let edit = Edit { fields: vec![(field.clone(), value.clone())], groups: before.groups.clone(), ..Edit::default() };
    world.done(&Call::Update { target: Target::Id(id.clone()), edit }).await;
    world.holds(1, &id, &[(field.clone(), value)]).await;
    let after = world.snapshot(1, &id).await;
    let moves = |name: &Field| *name == field || matches!(name.name(), "updated_at" | "last_activity_at");
    for (name, held) in before.fields.iter().filter(|(name, _)| !moves(name)) {
        assert_eq!(after.fields.get(name), Some(held), "{}: {name} changed with {field}", world.name());
    }
    assert_eq!(after.tags, before.tags);
}

async fn every_field_of_an_update_is_stored(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let values = samples(&world, |spec| spec.update && spec.read);
    assert!(!values.is_empty());
    let groups = world.snapshot(1, &id).await.groups;
    let edit = Edit { fields: values.clone(), groups, ..Edit::default() };
    let reply = world.done(&Call::Update { target: Target::Id(id.clone()), edit }).await;
    assert!(matches!(reply, Reply::Nothing | Reply::Id(_) | Reply::Contact(_)), "{reply:?}");
    // A changed phone or e-mail is how the contact is found from now on.
    if world.can().read {
        world.holds(1, &id, &values).await;
    } else {
        let record = world.record(&id).to_string().to_lowercase();
        for (field, value) in &values {
            let value = value.as_text().to_lowercase();
            assert!(record.contains(&value), "{}: {field} is not {value}: {record}", world.name());
        }
    }
}

async fn an_empty_value_clears_a_field(stage: Stage) {
    let world = stage.open().await;
    let updates =
        |name: &&&str| world.service.fields().iter().any(|spec| spec.name == **name && spec.update && spec.read);
    let name = *["last_name", "company", "external_id", "email"].iter().find(updates).unwrap();
    let field = Field::new(name);
    let held = if name == "email" { "kept@example.com" } else { "Held" };
    let id = world.held(1).await;
    let set = |value: Value, groups| {
        let edit = Edit { fields: vec![(field.clone(), value)], groups, ..Edit::default() };
        Call::Update { target: Target::Id(id.clone()), edit }
    };
    let groups = world.snapshot(1, &id).await.groups;
    world.done(&set(text(held), groups)).await;
    world.holds(1, &id, &[(field.clone(), text(held))]).await;
    let groups = world.snapshot(1, &id).await.groups;
    world.done(&set(Value::Clear, groups)).await;
    world.holds(1, &id, &[(field, Value::Clear)]).await;
    assert!(!world.record(&id).to_string().contains(&format!("\"{held}\"")), "{}", world.record(&id));
}

async fn one_call_creates_or_updates(stage: Stage) {
    let world = stage.open().await;
    let person = world.person(1);
    let identifier = world.identifier_of(&person).unwrap();
    for last in ["First", "Second"] {
        let mut fields = world.fields_of(&person);
        fields.push((Field::new("last_name"), text(last)));
        world.done(&Call::Upsert { identifier: identifier.clone(), edit: Edit { fields, ..Edit::default() } }).await;
        assert_eq!(world.count(), 1);
    }
}

/// What the user sees of it works nevertheless, by a look-up first: `whole::import_creates_and_updates`.
async fn upsert_is_refused(stage: Stage) {
    let world = stage.open().await;
    let person = world.person(1);
    let identifier = rolo::contact::Identifier::new(rolo::contact::IdentifierKind::Phone, person.phone);
    world.refuses(&Call::Upsert { identifier, edit: Edit { fields: fields(&[("phone", "+1")]), ..Edit::default() } });
    assert!(world.sandbox.log().is_empty());
}

async fn contact_is_read_by_its_id(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let Reply::Contact(contact) = world.done(&Call::Read { target: Target::Id(id.clone()) }).await else {
        panic!("a read answers the contact");
    };
    assert_eq!(contact.id, id);
    let email = contact.fields.get(&Field::new("email")).cloned();
    assert_eq!(email, Some(text(&world.person(1).email)));
}

async fn read_is_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.refuses(&Call::Read { target: Target::Id(id) });
}

async fn deleted_contact_is_gone(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let before = world.count();
    world.done(&Call::Delete { target: Target::Id(id.clone()) }).await;
    assert_eq!(world.count(), before - 1);
    let verdict = world.call(&Call::Delete { target: Target::Id(id) }).await;
    assert!(matches!(verdict, Verdict::Missing { .. }), "{verdict:?}");
}

async fn delete_is_refused(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let before = world.count();
    world.refuses(&Call::Delete { target: Target::Id(id) });
    assert_eq!(world.count(), before);
}

/// A change of a name, in the field the service has for it.
fn name_change(world: &World) -> (Field, Value) {
    let updates = |name: &str| world.service.fields().iter().any(|spec| spec.name == name && spec.update && spec.read);
    let name = ["last_name", "name"].into_iter().find(|name| updates(name)).unwrap();
    (Field::new(name), text("Changed"))
}

/// A value of each kind for every field of the table that `wanted` chooses. The phone and e-mail
/// are another person's.
fn samples(world: &World, wanted: fn(&FieldSpec) -> bool) -> Vec<(Field, Value)> {
    let value = |spec: &FieldSpec| match (spec.kind)() {
        FieldKind::Phone => text("+442071838750"),
        FieldKind::Email => text("another@example.com"),
        FieldKind::Url => text(&format!("https://example.com/{}.png", spec.name)),
        FieldKind::Boolean => Value::Boolean(true),
        FieldKind::Number => Value::Number("12".into()),
        FieldKind::Date => Value::Date("2001-02-03".into()),
        FieldKind::Timestamp => Value::Timestamp("2001-02-03T04:05:06Z".into()),
        FieldKind::Time => text("08:30"),
        FieldKind::Language => text("en"),
        FieldKind::Country => text("MY"),
        FieldKind::Choice(choices) => text(&choices[0]),
        FieldKind::Json => text(r#"{"step":1}"#),
        FieldKind::Text => match spec.name {
            "language" => text("en"),
            "channel" => text("whatsapp"),
            name => text(&format!("some {name}")),
        },
    };
    let fields = world.service.fields().iter().filter(|spec| wanted(spec));
    // A person is found again by the phone and e-mail of their own.
    let keeps = |spec: &&FieldSpec| world.can().read || !matches!(spec.name, "phone" | "email");
    fields.filter(keeps).map(|spec| (Field::new(spec.name), value(spec))).collect()
}
