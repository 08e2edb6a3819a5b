//! Listings: every contact once, and by what they can be narrowed.

use std::collections::BTreeSet;
use std::time::Duration;

use rolo::contact::{Call, Capabilities, Field, Filter, ListAll, TagEdit, TagMode};
use serde_json::json;

use crate::case::{Case, case};
use crate::stage::Stage;
use crate::world::{World, owned, text};

pub fn cases() -> Vec<Case> {
    vec![
        case!("paging", every_contact_once, |can| can.list_all != ListAll::No, listing_is_refused),
        case!("paging", contacts_with_a_tag, |can| can.filters.tag, by_tag_is_refused),
        case!("paging", contacts_changed_since, |can| can.filters.updated_since, since_is_refused),
        case!("paging", contacts_with_a_value, |can| can.filters.field, by_value_is_refused),
    ]
}

/// The filter of a listing that is as whole as the service has one.
pub fn widest(can: &Capabilities) -> Filter {
    match can.list_all {
        ListAll::ByField => Filter { field: Some((Field::new("last_name"), text("Almeida"))), ..Filter::default() },
        _ => Filter::default(),
    }
}

/// Has at least `wanted` contacts there.
pub async fn populate(world: &World, wanted: usize) {
    if world.can().create {
        for n in world.count() + 1..=wanted {
            world.held(n).await;
        }
    } else {
        let missing = wanted.saturating_sub(world.count());
        let people: Vec<_> = (1..=missing).map(|n| json!({ "name": format!("Added {n}") })).collect();
        world.sandbox.seed(world.name(), json!(people)).unwrap();
    }
    assert!(world.count() >= wanted);
}

async fn every_contact_once(stage: Stage) {
    let world = stage.open().await;
    // Where no page length is known, more than two of any length that the documents mention.
    let page = world.service.limits().page_size.map_or(15, |size| size.value);
    let wanted = 2 * usize::try_from(page).unwrap() + 3;
    populate(&world, wanted).await;
    let (contacts, pages) = world.list(&widest(world.can()), Some(page)).await;
    let ids: BTreeSet<_> = contacts.iter().map(|contact| contact.id.clone()).collect();
    assert!(pages >= 3, "{}: {pages} pages", world.name());
    assert_eq!(contacts.len(), ids.len(), "{}: a contact came twice", world.name());
    assert_eq!(ids.len(), wanted, "{}: contacts of {pages} pages", world.name());
}

async fn listing_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses(&Call::List { filter: Filter::default(), cursor: None, page_size: None });
    world.refuses_export(|_| {}).await;
    assert!(world.sandbox.log().is_empty());
}

async fn contacts_with_a_tag(stage: Stage) {
    let world = stage.open().await;
    let filter = Filter { tag: Some("chosen".to_owned()), ..Filter::default() };
    if !world.can().tags_add && !world.can().tags_replace {
        // The listing knows tags that only the product's own screen can write.
        world.held(1).await;
        let tagged = json!([{ "name": "Tagged", "email": "tagged@example.com", "labels": ["chosen"] }]);
        world.sandbox.seed(world.name(), tagged).unwrap();
        let (contacts, _) = world.list(&filter, None).await;
        let emails: Vec<_> = contacts.iter().map(|contact| contact.fields.get(&Field::new("email"))).collect();
        assert_eq!(emails, [Some(&text("tagged@example.com"))]);
        return;
    }
    let ids = [world.held(1).await, world.held(2).await, world.held(3).await];
    for n in [1, 3] {
        let mode = if world.can().tags_add { TagMode::Add } else { TagMode::Replace };
        let edit = TagEdit { mode, tags: owned(&["chosen"]) };
        world.done(&Call::EditTags { target: world.tag_target(n, &ids[n - 1]), edit }).await;
    }
    let (contacts, _) = world.list(&filter, None).await;
    let found: BTreeSet<_> = contacts.iter().map(|contact| &contact.id).collect();
    assert_eq!(found, BTreeSet::from([&ids[0], &ids[2]]));
}

async fn by_tag_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses_export(|job| job.filter.tag = Some("chosen".to_owned())).await;
}

async fn contacts_changed_since(stage: Stage) {
    let world = stage.open().await;
    let id = world.held(1).await;
    world.pass(Duration::from_secs(3600));
    let edit = TagEdit { mode: TagMode::Add, tags: owned(&["changed"]) };
    world.done(&Call::EditTags { target: world.tag_target(1, &id), edit }).await;
    // Half an hour after the sandbox's dawn.
    let filter = Filter { updated_since: Some("2026-11-21T00:30:00Z".to_owned()), ..Filter::default() };
    let (contacts, _) = world.list(&filter, None).await;
    let found: Vec<_> = contacts.iter().map(|contact| &contact.id).collect();
    assert_eq!(found, [&id]);
}

async fn since_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses_export(|job| job.filter.updated_since = Some("2026-11-21T00:30:00Z".to_owned())).await;
}

async fn contacts_with_a_value(stage: Stage) {
    let world = stage.open().await;
    let has = |name: &str| world.service.fields().iter().any(|spec| spec.name == name && spec.create);
    let name = if has("last_name") { "last_name" } else { "name" };
    let field = Field::new(name);
    let mut chosen = BTreeSet::new();
    for n in 1..=4 {
        let value = if n % 2 == 0 { "Chosen" } else { "Other" };
        let id = world.held_with(n, vec![(field.clone(), text(value))]).await;
        chosen.extend((n % 2 == 0).then_some(id));
    }
    let filter = Filter { field: Some((field, text("Chosen"))), ..Filter::default() };
    let (contacts, _) = world.list(&filter, None).await;
    assert_eq!(contacts.into_iter().map(|contact| contact.id).collect::<BTreeSet<_>>(), chosen);
}

async fn by_value_is_refused(stage: Stage) {
    let world = stage.open().await;
    world.refuses_export(|job| job.filter.field = Some((Field::new("last_name"), text("Chosen")))).await;
}
