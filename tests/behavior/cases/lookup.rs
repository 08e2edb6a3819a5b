//! Finding contacts.

use rolo::contact::{Call, Field, Identifier, IdentifierKind};

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{World, text};

pub fn cases() -> Vec<Case> {
    vec![
        case!("lookup", by_each_identifier, |can| !can.find_by.is_empty(), look_up_is_refused),
        case!("lookup", nobody_is_found, |can| !can.find_by.is_empty(), look_up_is_refused),
        case!("lookup", the_plus_of_a_phone_arrives, |can| !can.find_by.is_empty(), look_up_is_refused),
        case!("lookup", the_case_of_an_email_makes_no_second_contact),
        case!("lookup", a_part_of_an_email_is_somebody_else, |can| can.create, a_part_of_an_email_matches_nobody),
    ]
}

/// A person's value of an identifier.
fn value(world: &World, n: usize, kind: IdentifierKind) -> String {
    let person = world.person(n);
    match kind {
        IdentifierKind::Phone => person.phone,
        IdentifierKind::Email => person.email,
        _ => format!("crm-{n}"),
    }
}

async fn by_each_identifier(stage: Stage) {
    let world = stage.open().await;
    let kinds = world.can().find_by;
    let more = |n| {
        let external = kinds.contains(&IdentifierKind::ExternalId);
        external.then(|| (Field::new("external_id"), text(&format!("crm-{n}")))).into_iter().collect()
    };
    let ids = [world.held_with(1, more(1)).await, world.held_with(2, more(2)).await];
    for kind in kinds {
        for (n, id) in (1..).zip(&ids) {
            let found = world.find(&[Identifier::new(*kind, value(&world, n, *kind))]).await;
            let found: Vec<_> = found.iter().map(|contact| &contact.id).collect();
            assert_eq!(found, [id], "{}: by {kind}", world.name());
        }
    }
}

async fn nobody_is_found(stage: Stage) {
    let world = stage.open().await;
    world.held(1).await;
    for kind in world.can().find_by {
        let found = world.find(&[Identifier::new(*kind, value(&world, 77, *kind))]).await;
        assert!(found.is_empty(), "{}: by {kind}: {found:?}", world.name());
    }
}

async fn the_plus_of_a_phone_arrives(stage: Stage) {
    let world = stage.open().await;
    world.held(1).await;
    let phone = world.person(1).phone;
    world.find(&[Identifier::new(IdentifierKind::Phone, phone.clone())]).await;
    let log = world.sandbox.log();
    let asked = log.last().unwrap();
    let digits = phone.trim_start_matches('+');
    let in_query = asked.query.iter().any(|(_, value)| *value == phone);
    let in_path = asked.path.contains(&format!("%2B{digits}"));
    let in_body = String::from_utf8_lossy(&asked.body).contains(digits);
    assert!(in_query || in_path || in_body, "{asked:?}");
    let blurred = asked.query.iter().any(|(_, value)| value.contains(&format!(" {digits}")));
    assert!(!blurred, "the plus became a space: {asked:?}");
}

async fn look_up_is_refused(stage: Stage) {
    let world = stage.open().await;
    let identifiers = vec![Identifier::new(IdentifierKind::Phone, "+12025550101")];
    world.refuses(&Call::Find { identifiers, cursor: None });
    assert!(world.sandbox.log().is_empty());
}

async fn the_case_of_an_email_makes_no_second_contact(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let before = world.count();
    let email = world.person(1).email.to_uppercase();
    if !world.can().create_needs.is_empty() && !world.can().create_needs.contains(&IdentifierKind::Email) {
        // A new contact needs more than an e-mail: it is the row with both that must not make one.
        let csv = format!("E-mail,Phone\n{email},{}\n", world.person(1).phone);
        let mapping = "[columns.\"E-mail\"]\nfield = \"email\"\n[columns.Phone]\nfield = \"phone\"\n";
        world.imported(&csv, mapping).await;
    } else {
        let mapping = "[columns.\"E-mail\"]\nfield = \"email\"\n";
        let imported = world.imported(&format!("E-mail\n{email}\n"), mapping).await;
        assert_eq!(imported.rows[0].contact_id.as_ref(), Some(&id), "{:?}", imported.rows);
    }
    assert_eq!(world.count(), before);
}

/// Services that match parts of words find `ana1@example.com` for `na1@example.com`.
async fn a_part_of_an_email_is_somebody_else(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    let part = world.person(1).email[1..].to_owned();
    let csv = format!("E-mail,Phone,First\n{part},+442071838750,Na\n");
    let mapping = "[columns.\"E-mail\"]\nfield = \"email\"\n[columns.Phone]\nfield = \"phone\"\n\
                   [columns.First]\nfield = \"first_name\"\n";
    let imported = world.imported(&csv, mapping).await;
    assert_ne!(imported.rows[0].contact_id.as_ref(), Some(&id));
    assert_eq!(world.count(), 2);
}

async fn a_part_of_an_email_matches_nobody(stage: Stage) {
    let world = stage.open().await;
    let part = world.person(1).email[1..].to_owned();
    let mapping = "[columns.\"E-mail\"]\nfield = \"email\"\n";
    let imported = world.import(&format!("E-mail\n{part}\n"), mapping).await.unwrap();
    assert_eq!(imported.rows[0].errors[0].code, "contact.not_found");
    assert!(world.writes().is_empty());
}
