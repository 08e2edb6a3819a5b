//! Text arrives as it left.

use rolo::contact::{Call, Edit, Field, RemoteId, Target};

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{CUSTOM, World, text};

pub fn cases() -> Vec<Case> {
    vec![
        case!("text", emoji_and_other_planes),
        case!("text", right_to_left_and_combining_marks),
        case!("text", marks_that_mean_something_on_the_wire),
        case!("text", a_line_break_stays_one),
        case!("text", two_hundred_and_fifty_five_characters),
        case!("text", two_hundred_and_fifty_six_characters),
        case!("text", an_import_keeps_every_character),
    ]
}

/// The field that takes free text: a custom one, else the last name, else the name.
fn free(world: &World) -> Field {
    if world.can().custom_fields && (world.can().read || world.can().find_tells_fields) {
        return Field::custom(CUSTOM[2]);
    }
    let has = |name: &&&str| world.service.fields().iter().any(|spec| spec.name == **name && spec.update && spec.read);
    Field::new(["last_name", "name"].iter().find(has).unwrap())
}

fn set(id: &RemoteId, field: &Field, value: &str) -> Call {
    let edit = Edit { fields: vec![(field.clone(), text(value))], ..Edit::default() };
    Call::Update { target: Target::Id(id.clone()), edit }
}

/// Sets each text and reads it back.
async fn arrives(world: &World, texts: &[&str]) -> RemoteId {
    let id = world.held(1).await;
    let field = free(world);
    for value in texts {
        world.done(&set(&id, &field, value)).await;
        world.holds(1, &id, &[(field.clone(), text(value))]).await;
    }
    id
}

async fn emoji_and_other_planes(stage: Stage) {
    drop(arrives(&stage.open().await, &["👩‍👩‍👧", "🇲🇾 flag", "𠮷野家", "𝒞urly", "\u{10ffff} last"]).await);
}

async fn right_to_left_and_combining_marks(stage: Stage) {
    drop(arrives(&stage.open().await, &["שלום עולם", "مرحبا", "\u{202e}abc", "e\u{301} is not é", "नमस्ते"]).await);
}

async fn marks_that_mean_something_on_the_wire(stage: Stage) {
    let texts = [
        "a&b=c",
        "50% off",
        "+1 plus",
        "\"quoted\"",
        "back\\slash",
        "<b>not bold</b>",
        "null",
        "true",
        "007",
        "1e5",
        "{}",
        "[]",
    ];
    drop(arrives(&stage.open().await, &texts).await);
}

async fn a_line_break_stays_one(stage: Stage) {
    drop(arrives(&stage.open().await, &["first\nsecond", "with\ttab", "first\r\nsecond"]).await);
}

async fn two_hundred_and_fifty_five_characters(stage: Stage) {
    let (short, wide) = ("x".repeat(255), "é".repeat(255));
    drop(arrives(&stage.open().await, &[&short, &wide]).await);
}

/// One more: kept whole, or refused before it is sent where a limit is known. It is never cut.
async fn two_hundred_and_fifty_six_characters(stage: Stage) {
    let world = stage.open().await;
    let long = "x".repeat(256);
    let id = arrives(&world, &[&long]).await;
    let limited = world.service.fields().iter().find(|spec| spec.max_chars == Some(255) && matches!(spec.name, "name"));
    let Some(spec) = limited else { return };
    let by_hand = world.call(&set(&id, &Field::new(spec.name), &long)).await;
    assert!(matches!(by_hand, rolo::services::Verdict::Refused { .. }), "{}: {by_hand:?}", world.name());
    let person = world.person(1);
    let csv = format!("Phone,E-mail,Name\n{},{},{long}\n", person.phone, person.email);
    let mapping = "[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
                   [columns.Name]\nfield = \"name\"\n";
    let before = world.writes().len();
    let imported = world.import(&csv, mapping).await.unwrap();
    assert_eq!(imported.rows[0].errors[0].code, "value.too_long", "{:?}", imported.rows);
    assert_eq!(world.writes().len(), before);
}

/// From the cell of a file to the service: quotation marks, separators and line breaks included.
async fn an_import_keeps_every_character(stage: Stage) {
    let world = stage.open().await;
    let field = free(&world);
    // A name stands on one line.
    let line_break = if field.custom_name().is_some() { "\n" } else { " " };
    let value = &format!("She said \"👍\", then{line_break}left; שלום");
    let person = world.person(1);
    let cell = value.replace('"', "\"\"");
    let csv = format!("Phone,E-mail,First,Text\n{},{},{},\"{cell}\"\n", person.phone, person.email, person.first);
    let mapping = format!(
        "[columns.Phone]\nfield = \"phone\"\n[columns.\"E-mail\"]\nfield = \"email\"\n\
         [columns.First]\nfield = \"first_name\"\n[columns.Text]\nfield = \"{field}\"\n"
    );
    let imported = world.imported(&csv, &mapping).await;
    let id = imported.rows[0].contact_id.clone().unwrap();
    world.holds(1, &id, &[(field, text(value))]).await;
}
