//! Cases made from the numbers of `Limits`: as many as the limit succeed in one call; of one more
//! the planner makes two calls; and one more by hand is refused by the emulator, the vendor's way.
//!
//! A number without a source that the emulator could know (an assumed rate, an assumed number of
//! requests at once) is a promise of ours alone: it is held by the client, and that is tested.

use std::collections::BTreeSet;

use libtest_mimic::{Failed, Trial};
use rolo::contact::{
    Call, Contact, Edit, Field, FieldChange, Filter, Identifier, IdentifierKind, ImportMode, Limits, Overwrite,
    TagChange, TagEdit, TagMode, Target, Value,
};
use rolo::reconcile::{Decision, Observed, SnapshotObserved, Step, Terms, decide};
use rolo::services::{Body, Reply, Request, Verdict};
use serde_json::{Value as Json, json};

use crate::case::{Run, outcome_of};
use crate::cases::paging::{populate, widest};
use crate::stage::Stage;
use crate::world::{World, text};

/// What a limit's case is called, and how it is run; none where the service states no such number.
pub fn of(stage: &Stage) -> Vec<(&'static str, Run)> {
    let Limits {
        quota,
        quota_scope: _,
        counts_apart: _,
        concurrency: _,
        fields_per_create,
        fields_per_update,
        tags_per_add,
        tags_per_remove,
        identifiers_per_find: _,
        identifiers_per_filter: _,
        page_size,
        tag_chars,
        custom_name_chars,
        custom_value_chars,
    } = stage.limits();
    let can = stage.capabilities();
    let mut cases: Vec<(&'static str, Run)> = Vec::new();
    macro_rules! add {
        ($name:ident, $stated:expr) => {
            if $stated {
                cases.push((stringify!($name), |stage| futures_util::FutureExt::boxed($name(stage))));
            }
        };
    }
    add!(calls_of_a_window, !quota.source.is_assumed());
    add!(calls_of_a_window_are_ours_to_keep, quota.source.is_assumed());
    add!(requests_at_once, true);
    add!(fields_of_a_create, fields_per_create.is_some());
    add!(fields_of_an_update, fields_per_update.is_some());
    add!(tags_of_a_call_that_adds, tags_per_add.is_some());
    add!(tags_of_a_call_that_removes, tags_per_remove.is_some());
    add!(identifiers_of_a_look_up, !can.find_by.is_empty());
    add!(contacts_of_a_page, page_size.is_some());
    add!(characters_of_a_tag, tag_chars.is_some());
    add!(characters_of_a_custom_field_name, custom_name_chars.is_some());
    assert!(custom_value_chars.is_none(), "a limit that no case covers yet");
    cases
}

pub fn trials(stage: &Stage) -> Vec<Trial> {
    let cases = of(stage).into_iter();
    let trials = cases.map(|(name, run)| {
        let stage = stage.clone();
        Trial::test(format!("{}::limits::{name}", stage.label), move || outcome_of(stage, run).map_err(Failed::from))
    });
    trials.collect()
}

/// The steps for a contact that is not there (`None`) or held as told.
fn steps(world: &World, contact: &Contact, held: Option<&SnapshotObserved<'_>>) -> Vec<Step> {
    let rules = Terms {
        mode: ImportMode::Upsert,
        replace_custom: false,
        mapped: &[],
        capabilities: world.can(),
        limits: world.service.limits(),
        fields: world.service.fields(),
    };
    match decide(contact, held.map(|held| held as &dyn Observed), &rules) {
        Decision::Steps { steps, .. } => steps,
        other => panic!("{}: {other:?}", world.name()),
    }
}

/// A contact of the first person with this many fields in all, its identifying ones included.
fn wide(world: &World, fields: usize) -> Contact {
    let person = world.person(1);
    let mut values = world.fields_of(&person);
    let more = fields - values.len();
    values.extend((0..more).map(|n| (Field::custom(&format!("field_{n}")), text("x"))));
    let change = |(field, value)| FieldChange::new(field, value, Overwrite::Always);
    Contact {
        identifiers: world.identifier_of(&person).into_iter().collect(),
        fields: values.into_iter().map(change).collect(),
        ..Contact::default()
    }
}

/// The same request with one more item in its list.
fn one_more(request: &Request) -> Request {
    fn lengthen(json: &mut Json) -> bool {
        match json {
            Json::Array(items) => {
                let mut another = items.last().cloned().unwrap_or_else(|| json!("more"));
                match &mut another {
                    Json::Object(map) => drop(map.insert("name".into(), json!("one_more"))),
                    other => *other = json!("one-more"),
                }
                items.push(another);
                true
            }
            Json::Object(map) => {
                if map.values_mut().any(lengthen) {
                    return true;
                }
                // A call that takes a single tag has no list: two of it are one.
                map.get_mut("tag").is_some_and(|tag| {
                    *tag = json!([tag.clone(), "one-more"]);
                    true
                })
            }
            _ => false,
        }
    }
    let mut request = request.clone();
    let lengthened = match &mut request.body {
        Body::Json(json) => lengthen(json),
        _ => false,
    };
    if !lengthened {
        // A single tag in the query: a second one beside it.
        let first = request.query.iter().position(|(name, _)| name == "tag").expect("a list in the request");
        request.query[first].1.clear();
    }
    request
}

async fn refused_by_hand(world: &World, call: &Call, request: &Request) {
    let verdict = world.service.verdict(call, &world.send(request).await);
    assert!(matches!(verdict, Verdict::Refused { .. }), "{}: {verdict:?}", world.name());
}

async fn calls_of_a_window(stage: Stage) {
    let world = stage.open_with(|_| {}).await;
    let calls = world.service.limits().quota.value.calls;
    for n in 1..=calls {
        let verdict = world.call(&Call::Check).await;
        assert!(matches!(verdict, Verdict::Done { .. }), "{}: call {n} of {calls}: {verdict:?}", world.name());
    }
    let verdict = world.call(&Call::Check).await;
    assert!(matches!(verdict, Verdict::Again { .. }), "{}: {verdict:?}", world.name());
    world.pass(world.service.limits().quota.value.per);
    world.done(&Call::Check).await;
}

/// The vendor publishes no rate, so ours is far from any that is known of its kind: the emulator,
/// which has the parent's limits or none, admits all of it.
async fn calls_of_a_window_are_ours_to_keep(stage: Stage) {
    let world = stage.open_with(|_| {}).await;
    for _ in 0..world.service.limits().quota.value.calls {
        world.done(&Call::Check).await;
    }
}

/// No more requests of an import are under way than the limit says. Each takes at least 60 ms, so
/// that those which arrive within 40 ms are under way together.
async fn requests_at_once(stage: Stage) {
    let world = stage
        .open_with(|options| {
            options.emulator.unthrottled = true;
            options.latency = std::time::Duration::from_millis(60);
            options.clock = rolo::clock::simulated_calendar();
        })
        .await;
    let most = world.service.limits().concurrency.value;
    let people: Vec<usize> = (1..=2 * most + 2).collect();
    let (csv, mapping) = world.table_of(&people, "Note", &vec!["a"; people.len()], "ignore = true");
    world.imported(&csv, &mapping).await;
    let arrivals: Vec<_> = world.sandbox.log().iter().map(|entry| entry.at).collect();
    let window = std::time::Duration::from_millis(40);
    for first in &arrivals {
        let together = arrivals.iter().filter(|at| **at >= *first && **at < *first + window).count();
        assert!(together <= most, "{}: {together} requests at once, at most {most}", world.name());
    }
}

async fn fields_of_a_create(stage: Stage) {
    let world = stage.open().await;
    let most = world.service.limits().fields_per_create.unwrap().value;
    let at_the_limit = steps(&world, &wide(&world, most), None);
    assert_eq!(at_the_limit.len(), 1);
    let call = at_the_limit[0].call(None).unwrap();
    let above = steps(&world, &wide(&world, most + 1), None);
    assert_eq!(above.len(), 2, "{above:?}");
    let request = world.service.request(&call).unwrap();
    refused_by_hand(&world, &call, &one_more(&request)).await;
    assert_eq!(world.count(), 0);
    world.done(&call).await;
    assert_eq!(world.count(), 1);
}

async fn fields_of_an_update(stage: Stage) {
    let world = stage.open().await;
    let most = world.service.limits().fields_per_update.unwrap().value;
    let id = world.held(1).await;
    let snapshot = world.snapshot(1, &id).await;
    let held = SnapshotObserved { snapshot: &snapshot, tags_ignore_case: false };
    let known = world.fields_of(&world.person(1)).len();
    let at_the_limit = steps(&world, &wide(&world, known + most), Some(&held));
    assert_eq!(at_the_limit.len(), 1, "{at_the_limit:?}");
    assert_eq!(steps(&world, &wide(&world, known + most + 1), Some(&held)).len(), 2);
    let call = at_the_limit[0].call(Some(&Target::Id(id.clone()))).unwrap();
    let request = world.service.request(&call).unwrap();
    let before = world.record(&id);
    refused_by_hand(&world, &call, &one_more(&request)).await;
    assert_eq!(world.record(&id), before);
    world.done(&call).await;
    world.holds(1, &id, &[(Field::custom("field_0"), text("x"))]).await;
}

fn names(most: usize) -> Vec<String> {
    (0..most).map(|n| format!("tag-{n}")).collect()
}

async fn tags_of_a_call_that_adds(stage: Stage) {
    let world = stage.open().await;
    let most = world.service.limits().tags_per_add.unwrap().value;
    let id = world.held(1).await;
    let snapshot = world.snapshot(1, &id).await;
    let held = SnapshotObserved { snapshot: &snapshot, tags_ignore_case: false };
    let contact =
        |tags| Contact { tags: TagChange { add: names(tags), ..TagChange::default() }, ..wide_enough(&world) };
    assert_eq!(steps(&world, &contact(most), Some(&held)).len(), 1);
    assert_eq!(steps(&world, &contact(most + 1), Some(&held)).len(), 2);
    let edit = TagEdit { mode: TagMode::Add, tags: names(most) };
    let call = Call::EditTags { target: world.tag_target(1, &id), edit };
    let request = world.service.request(&call).unwrap();
    let before = world.record(&id);
    refused_by_hand(&world, &call, &one_more(&request)).await;
    assert_eq!(world.record(&id), before);
    world.done(&call).await;
    assert_ne!(world.record(&id), before);
}

async fn tags_of_a_call_that_removes(stage: Stage) {
    let world = stage.open().await;
    let most = world.service.limits().tags_per_remove.unwrap().value;
    let id = world.held(1).await;
    let mut snapshot = world.snapshot(1, &id).await;
    snapshot.tags = Some(names(most + 1));
    let held = SnapshotObserved { snapshot: &snapshot, tags_ignore_case: false };
    let contact =
        |tags| Contact { tags: TagChange { remove: names(tags), ..TagChange::default() }, ..wide_enough(&world) };
    assert_eq!(steps(&world, &contact(most), Some(&held)).len(), 1);
    assert_eq!(steps(&world, &contact(most + 1), Some(&held)).len(), 2);
    let edit = |mode| Call::EditTags { target: Target::Id(id.clone()), edit: TagEdit { mode, tags: names(most) } };
    world.done(&edit(TagMode::Add)).await;
    let call = edit(TagMode::Remove);
    let request = world.service.request(&call).unwrap();
    let before = world.record(&id);
    refused_by_hand(&world, &call, &one_more(&request)).await;
    assert_eq!(world.record(&id), before);
    world.done(&call).await;
    assert_ne!(world.record(&id), before);
}

/// A contact without fields to change.
fn wide_enough(world: &World) -> Contact {
    Contact { identifiers: vec![Identifier::new(IdentifierKind::Phone, world.person(1).phone)], ..Contact::default() }
}

/// As many as the limit are found by one call. One more has no form in a request, so no hand could
/// send it: an import of one more asks twice.
async fn identifiers_of_a_look_up(stage: Stage) {
    let world = stage.open().await;
    let limits = world.service.limits();
    let most = limits.identifiers_per_filter.unwrap_or(limits.identifiers_per_find).value;
    let kind = *world.can().find_by.iter().find(|kind| **kind != IdentifierKind::ExternalId).unwrap();
    let mut identifiers = Vec::new();
    for n in 1..=most + 1 {
        world.held(n).await;
        let person = world.person(n);
        let value = if kind == IdentifierKind::Phone { person.phone } else { person.email };
        identifiers.push(Identifier::new(kind, value));
    }
    let call = Call::Find { identifiers: identifiers[..most].to_vec(), cursor: None };
    let Reply::Contacts(mut page) = world.done(&call).await else {
        assert_eq!(most, 1);
        return;
    };
    let mut found: BTreeSet<_> = page.items.iter().map(|contact| contact.id.clone()).collect();
    while let Some(cursor) = page.next {
        let call = Call::Find { identifiers: identifiers[..most].to_vec(), cursor: Some(cursor) };
        let Reply::Contacts(next) = world.done(&call).await else { panic!("a page of contacts") };
        page = next;
        found.extend(page.items.iter().map(|contact| contact.id.clone()));
    }
    assert_eq!(found.len(), most, "each of them is on one of the pages");
    let error = world.service.request(&Call::Find { identifiers, cursor: None }).expect_err("one above the limit");
    assert_eq!(error.kind, rolo::error::ErrorKind::Bug);
}

/// A page of the limit's length holds that many, and one more is on the next. A length above the
/// limit is refused, where a request can name one.
async fn contacts_of_a_page(stage: Stage) {
    let world = stage.open().await;
    let size = world.service.limits().page_size.unwrap().value;
    let most = usize::try_from(size).unwrap();
    populate(&world, most).await;
    let filter = widest(world.can());
    let first = |filter: Filter| Call::List { filter, cursor: None, page_size: Some(size) };
    let Reply::Contacts(page) = world.done(&first(filter.clone())).await else { panic!("a listing answers contacts") };
    assert_eq!(page.items.len(), most);
    populate(&world, most + 1).await;
    let (contacts, pages) = world.list(&filter, Some(size)).await;
    assert_eq!(contacts.len(), most + 1);
    assert!(pages >= 2);
    let call = first(filter);
    let mut request = world.service.request(&call).unwrap();
    if let Some((_, limit)) = request.query.iter_mut().find(|(name, _)| name == "limit") {
        *limit = (size + 1).to_string();
        refused_by_hand(&world, &call, &request).await;
    }
}

async fn characters_of_a_tag(stage: Stage) {
    let world = stage.open().await;
    let most = world.service.limits().tag_chars.unwrap().value;
    let id = world.held(1).await;
    let mode = if world.can().tags_add { TagMode::Add } else { TagMode::Replace };
    let add = |chars: usize| {
        let edit = TagEdit { mode, tags: vec!["é".repeat(chars)] };
        Call::EditTags { target: world.tag_target(1, &id), edit }
    };
    world.done(&add(most)).await;
    let above = add(most + 1);
    refused_by_hand(&world, &above, &world.service.request(&above).unwrap()).await;
    let long = "é".repeat(most + 1);
    let (csv, mapping) = world.table_of(&[1], "Labels", &[&long], "tags = \"add\"");
    let before = world.writes().len();
    let imported = world.import(&csv, &mapping).await.unwrap();
    assert_eq!(imported.rows[0].errors[0].code, "value.too_long", "{:?}", imported.rows);
    assert_eq!(world.writes().len(), before);
}

async fn characters_of_a_custom_field_name(stage: Stage) {
    let world = stage.open().await;
    let most = world.service.limits().custom_name_chars.unwrap().value;
    let name = "n".repeat(most);
    let definition = json!({ "custom_fields": [{ "name": name, "dataType": "text" }] });
    world.sandbox.seed(world.name(), definition).unwrap();
    let id = world.held(1).await;
    let set = |name: &str| {
        let fields = vec![(Field::custom(name), Value::Text("x".into()))];
        Call::Update { target: Target::Id(id.clone()), edit: Edit { fields, ..Edit::default() } }
    };
    world.done(&set(&name)).await;
    let longer = format!("{name}n");
    let above = set(&longer);
    refused_by_hand(&world, &above, &world.service.request(&above).unwrap()).await;
    let (csv, mapping) = world.table_of(&[1], "Long", &["x"], &format!("field = \"custom.{longer}\""));
    world.refuses_import(&csv, &mapping).await;
}
