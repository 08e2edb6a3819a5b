//! The planner against a model of a service: whatever is held, whatever is wanted, whatever the
//! service can do, the steps leave behind what policy allows and nothing else.

mod cases;
mod least;
mod model;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use rolo::contact::{
    Capabilities, ClearBy, Contact, Field, ImportMode, Limits, ListChange, Overwrite, Source, Sourced, Value,
};
use rolo::reconcile::{Decision, Need, NewContact, Observed, SnapshotObserved, Step, Terms, decide, least_calls};

use cases::{Case, Sight, any_case, any_new_case, respondio_v1};
use model::{FIELDS, Model};

/// The steps for a case, reading what the planner says it needs. Panics if it asks for ever.
fn planned(case: &Case, held: Option<&Model>, mut sight: Sight) -> Decision {
    for _ in 0..3 {
        let snapshot = held.map(|held| held.seen(sight));
        let seen = snapshot
            .as_ref()
            .map(|snapshot| SnapshotObserved { snapshot, tags_ignore_case: case.capabilities.tags_ignore_case });
        let rules = Terms {
            mode: ImportMode::Upsert,
            replace_custom: case.replace_custom,
            mapped: &case.mapped,
            capabilities: &case.capabilities,
            limits: &case.limits,
            fields: FIELDS,
        };
        match decide(&case.contact, seen.as_ref().map(|seen| seen as &dyn Observed), &rules) {
            Decision::Need(Need::Contact) => {
                assert!(!sight.fields, "asked for fields that it sees");
                sight.fields = true;
            }
            Decision::Need(Need::Tags) => {
                assert!(!sight.tags, "asked for tags that it sees");
                sight.tags = true;
            }
            decision => return decision,
        }
    }
    panic!("the planner is never content");
}

/// What policy allows to be there in the end, by the words of docs/mapping-file.md.
fn allowed(case: &Case) -> Model {
    let mut end = case.held.clone().unwrap_or_default();
    let new = case.held.is_none();
    if case.replace_custom {
        let fed = |field: &Field| {
            case.mapped.contains(field) || case.contact.fields.iter().any(|change| change.field == *field)
        };
        end.fields.retain(|field, _| field.custom_name().is_none() || fed(field));
    }
    for change in &case.contact.fields {
        let spec = FIELDS.iter().find(|spec| spec.name == change.field.name());
        let empty = !end.fields.contains_key(&change.field);
        let policy = new
            || match change.overwrite {
                Overwrite::Always => true,
                Overwrite::IfEmpty => empty,
                Overwrite::Never => false,
            };
        let can_set = new || spec.is_none_or(|spec| spec.update);
        let can_clear = change.field.custom_name().is_none()
            || case.capabilities.clear_custom_by != ClearBy::Unsupported
            || case.replace_custom;
        if policy && can_set {
            if !change.value.is_empty() {
                end.fields.insert(change.field.clone(), change.value.clone());
            } else if can_clear {
                end.fields.remove(&change.field);
            }
        }
    }
    let tags = &case.contact.tags;
    let same = |one: &str, other: &str| case.same_tag(one, other);
    if tags.replace {
        end.tags.retain(|held| tags.add.iter().any(|tag| same(held, tag)));
    }
    end.tags.retain(|held| !tags.remove.iter().any(|tag| same(held, tag)));
    for tag in &tags.add {
        if !end.tags.iter().any(|held| same(held, tag)) {
            end.tags.push(tag.clone());
        }
    }
    end.lists.retain(|list| !case.contact.lists.remove.contains(list));
    end.lists.extend(case.contact.lists.add.iter().cloned());
    end
}

/// Tags as the service compares them.
fn tag_set(case: &Case, tags: &[String]) -> BTreeSet<String> {
    let fold = |tag: &String| if case.capabilities.tags_ignore_case { tag.to_lowercase() } else { tag.clone() };
    tags.iter().map(fold).collect()
}

/// Fields by meaning: `12.5` and `12.50` are one number.
fn field_texts(model: &Model) -> BTreeMap<&str, String> {
    let text = |value: &Value| value.as_text().replace("12.50", "12.5");
    model.fields.iter().map(|(field, value)| (field.name(), text(value))).collect()
}

fn after(case: &Case, sight: Sight) -> (Model, Vec<Step>) {
    let steps = match planned(case, case.held.as_ref(), sight) {
        Decision::Steps { steps, .. } => steps,
        Decision::Unchanged { .. } => Vec::new(),
        other => panic!("neither steps nor unchanged: {other:?}"),
    };
    let mut service = case.held.clone().unwrap_or_default();
    for step in &steps {
        service.apply(step, &case.capabilities, &case.limits);
    }
    (service, steps)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_policy_allows_is_there_in_the_end_and_nothing_else_has_changed(case in any_case()) {
        let (service, _) = after(&case, case.sight);
        let wanted = allowed(&case);
        prop_assert_eq!(field_texts(&service), field_texts(&wanted));
        prop_assert_eq!(tag_set(&case, &service.tags), tag_set(&case, &wanted.tags));
        prop_assert_eq!(service.lists, wanted.lists);
    }

    #[test]
    fn planning_against_the_result_leaves_it_unchanged(case in any_case()) {
        let (service, _) = after(&case, case.sight);
        let again = planned(&case, Some(&service), Sight { fields: true, tags: true, lists: true });
        prop_assert!(matches!(again, Decision::Unchanged { .. }), "{:?}", again);
    }

    #[test]
    fn the_create_comes_first_and_comes_once(case in any_case()) {
        let (_, steps) = after(&case, case.sight);
        let creates: Vec<usize> =
            (0..steps.len()).filter(|at| matches!(steps[*at], Step::Create { .. })).collect();
        prop_assert_eq!(creates, if case.held.is_none() { vec![0] } else { vec![] });
    }

    #[test]
    fn a_service_with_a_call_for_each_gets_as_few_as_its_limits_allow(
        case in any_new_case(),
        per_call in 2_usize..8,
        per_tag_call in 1_usize..5,
    ) {
        let mut case = case;
        case.capabilities = respondio_v1();
        case.limits.fields_per_create = Some(Sourced::new(per_call, Source::Seed));
        case.limits.fields_per_update = Some(Sourced::new(per_call, Source::Seed));
        case.limits.tags_per_add = Some(Sourced::new(per_tag_call, Source::Seed));
        case.contact.lists = ListChange::default();
        case.contact.fields.retain(|change| change.field.name() != "status");
        let fields = case.contact.fields.iter().filter(|change| !change.value.is_empty()).count();
        let tags = case.contact.tags.add.len();
        let (_, steps) = after(&case, case.sight);
        prop_assert_eq!(steps.len(), fields.div_ceil(per_call).max(1) + tags.div_ceil(per_tag_call));
        prop_assert_eq!(steps.len(), least_calls(fields, tags, &case.limits));
        // What only a create can carry goes first, everything else in the order of the mapping.
        let first = |field: &Field| matches!(field.name(), "phone" | "inbox");
        let sent: Vec<Field> = steps.iter().flat_map(fields_of).filter(|field| !first(field)).collect();
        let wanted: Vec<Field> = case.contact.fields.iter()
            .filter(|change| !change.value.is_empty() && !first(&change.field))
            .map(|change| change.field.clone())
            .collect();
        prop_assert_eq!(sent, wanted);
        let sent: Vec<&String> = steps.iter().filter_map(Step::tag_edit).flat_map(|edit| &edit.tags).collect();
        prop_assert_eq!(sent, case.contact.tags.add.iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_new_contact_takes_the_least_calls_of_any_client(case in any_new_case()) {
        let (_, steps) = after(&case, case.sight);
        let terms = Terms {
            mode: ImportMode::Upsert,
            replace_custom: false,
            mapped: &[],
            capabilities: &case.capabilities,
            limits: &case.limits,
            fields: FIELDS,
        };
        let new = NewContact::of(&case.contact, &terms);
        prop_assert_eq!(steps.len(), new.least_calls(&case.capabilities, &case.limits), "{:?}", steps);
    }

    #[test]
    fn a_contact_that_only_creates_is_skipped_when_it_is_there_and_the_reverse(case in any_case()) {
        let snapshot = case.held.as_ref().map(|held| held.seen(case.sight));
        let seen = snapshot.as_ref().map(|snapshot| SnapshotObserved { snapshot, tags_ignore_case: false });
        let mode = if case.held.is_some() { ImportMode::Create } else { ImportMode::Update };
        let rules = Terms {
            mode,
            replace_custom: false,
            mapped: &[],
            capabilities: &case.capabilities,
            limits: &case.limits,
            fields: FIELDS,
        };
        let decision = decide(&case.contact, seen.as_ref().map(|seen| seen as &dyn Observed), &rules);
        prop_assert!(matches!(decision, Decision::Skip(_)), "{:?}", decision);
    }
}

fn fields_of(step: &Step) -> Vec<Field> {
    match step {
        Step::Create { edit, .. } | Step::Update { edit } => {
            edit.fields.iter().map(|(field, _)| field.clone()).collect()
        }
        _ => Vec::new(),
    }
}

/// 35 custom fields, a phone and a first name are 37 fields; with 30 a call and 10 tags a call, two
/// calls for fields and three for 25 tags.
#[test]
fn a_wide_contact_takes_the_calls_that_the_seed_counts() {
    let mut contact = Contact::default();
    let phone = rolo::contact::Identifier::new(rolo::contact::IdentifierKind::Phone, "+34600111222");
    contact.identifiers.push(phone);
    let names = ["phone".to_owned(), "first_name".to_owned()];
    for name in names.into_iter().chain((0..35).map(|n| format!("custom.c{n}"))) {
        let value = if name == "phone" { "+34600111222".to_owned() } else { name.clone() };
        contact.fields.push(rolo::contact::FieldChange::new(Field::new(&name), Value::Text(value), Overwrite::Always));
    }
    contact.tags.add = (0..25).map(|n| format!("t{n}")).collect();
    let (capabilities, limits): (Capabilities, Limits) = cases::respondio_v1_facts();
    let rules = Terms {
        mode: ImportMode::Upsert,
        replace_custom: false,
        mapped: &[],
        capabilities: &capabilities,
        limits: &limits,
        fields: FIELDS,
    };
    let Decision::Steps { steps, .. } = decide(&contact, None, &rules) else { panic!("no steps") };
    let sizes: Vec<usize> =
        steps.iter().map(|step| fields_of(step).len() + step.tag_edit().map_or(0, |edit| edit.tags.len())).collect();
    assert_eq!(sizes, [30, 7, 10, 10, 5]);
}

#[test]
fn no_service_splits_a_group_of_fields_over_calls() {
    for entry in rolo::services::ALL {
        let service = entry.connect_to_sandbox().unwrap();
        let grouped: Vec<_> = service.fields().iter().filter(|spec| spec.group.is_some()).collect();
        if grouped.is_empty() {
            continue;
        }
        assert!(service.limits().fields_per_update.is_none(), "{}", entry.name);
        assert!(service.limits().fields_per_create.is_none(), "{}", entry.name);
        for spec in &grouped {
            let first = grouped.iter().find(|other| other.group == spec.group).unwrap();
            assert_eq!((first.create, first.update), (spec.create, spec.update), "{}: {}", entry.name, spec.name);
        }
    }
}

/// A value that our checks refuse (remote case 02: a phone in a form that only the service knows).
#[test]
fn a_doubtful_value_is_no_error_where_the_service_holds_it_and_one_everywhere_else() {
    let (capabilities, limits) = cases::respondio_v1_facts();
    let rules = Terms {
        mode: ImportMode::Upsert,
        replace_custom: false,
        mapped: &[],
        capabilities: &capabilities,
        limits: &limits,
        fields: FIELDS,
    };
    let doubt = rolo::contact::RowError::of_cell("phone.too_long", 1, "phone", "phone: too many digits");
    let mut contact = Contact::default();
    contact.fields.push(rolo::contact::FieldChange {
        doubt: Some(Box::new(doubt.clone())),
        ..rolo::contact::FieldChange::new(Field::new("phone"), Value::Text("1234567".into()), Overwrite::Always)
    });
    let mut snapshot = rolo::contact::Snapshot::new(rolo::contact::RemoteId("7".into()));
    let decided = |snapshot: &rolo::contact::Snapshot| {
        let told = SnapshotObserved { snapshot, tags_ignore_case: false };
        decide(&contact, Some(&told), &rules)
    };
    assert_eq!(decided(&snapshot), Decision::Reject(vec![doubt.clone()]));
    snapshot.fields.insert(Field::new("phone"), Value::Text("1234567".into()));
    assert_eq!(decided(&snapshot), Decision::Unchanged { notes: Vec::new() });
    snapshot.fields.clear();
    snapshot.complete = false;
    assert_eq!(decided(&snapshot), Decision::Need(Need::Contact));
    assert_eq!(decide(&contact, None, &rules), Decision::Reject(vec![doubt]));
}
