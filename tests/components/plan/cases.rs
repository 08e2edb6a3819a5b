//! Contacts, held states, capabilities and limits, at random.

use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use rolo::contact::{
    Capabilities, ClearBy, Contact, Field, FieldChange, Identifier, IdentifierKind, Limits, ListChange, Overwrite,
    Source, Sourced, TagChange, Value,
};
use rolo::services::{self, Settings};

use super::model::{FIELDS, Model};

/// How much of a contact an answer tells.
#[derive(Clone, Copy, Debug)]
pub struct Sight {
    pub fields: bool,
    pub tags: bool,
    pub lists: bool,
}

#[derive(Clone, Debug)]
pub struct Case {
    pub contact: Contact,
    pub held: Option<Model>,
    pub sight: Sight,
    pub capabilities: Capabilities,
    pub limits: Limits,
    pub replace_custom: bool,
    pub mapped: Vec<Field>,
}

impl Case {
    pub fn same_tag(&self, one: &str, other: &str) -> bool {
        one == other || (self.capabilities.tags_ignore_case && one.to_lowercase() == other.to_lowercase())
    }
}

pub fn respondio_v1_facts() -> (Capabilities, Limits) {
    let service = (services::find("respondio-v1").unwrap().connect)(&Settings::default()).unwrap();
    (service.capabilities().clone(), service.limits().clone())
}

pub fn respondio_v1() -> Capabilities {
    respondio_v1_facts().0
}

const PHONE: &str = "+34600111222";
const CUSTOM: [&str; 6] = ["custom.a", "custom.b", "custom.c", "custom.d", "custom.e", "custom.f"];
/// `Vip` and `vip` are one tag to some services and two to others.
const TAGS: [&str; 9] = ["vip", "Vip", "lead", "hot", "cold", "été", "new", "old", "x"];
const LISTS: [&str; 3] = ["news", "fans", "all"];

fn names() -> Vec<&'static str> {
    let standard = FIELDS.iter().map(|spec| spec.name).filter(|name| *name != "phone");
    standard.chain(CUSTOM).collect()
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        2 => Just(Value::Clear),
        5 => select(vec!["one", "two", "three"]).prop_map(|text| Value::Text(text.into())),
        1 => Just(Value::Number("12.50".into())),
        1 => Just(Value::Boolean(true)),
    ]
}

fn overwrite() -> impl Strategy<Value = Overwrite> {
    prop_oneof![3 => Just(Overwrite::Always), 1 => Just(Overwrite::IfEmpty), 1 => Just(Overwrite::Never)]
}

fn some_tags(most: usize) -> impl Strategy<Value = Vec<String>> {
    subsequence(TAGS.to_vec(), 0..=most).prop_map(owned)
}

fn owned(texts: Vec<&str>) -> Vec<String> {
    texts.into_iter().map(str::to_owned).collect()
}

fn phone() -> FieldChange {
    FieldChange::new(Field::new("phone"), Value::Text(PHONE.into()), Overwrite::Always)
}

fn contact() -> impl Strategy<Value = Contact> {
    let fields = subsequence(names(), 0..=names().len()).prop_flat_map(|names| {
        let count = names.len();
        (Just(names), proptest::collection::vec((value(), overwrite()), count))
    });
    (fields, some_tags(9), some_tags(3), any::<bool>(), subsequence(LISTS.to_vec(), 0..=3), 0..4_usize).prop_map(
        |((names, values), add, remove, replace, lists, at)| {
            let mut fields: Vec<FieldChange> = names
                .into_iter()
                .zip(values)
                .map(|(name, (value, overwrite))| FieldChange::new(Field::new(name), value, overwrite))
                .collect();
            fields.insert(at.min(fields.len()), phone());
            let remove = if replace { Vec::new() } else { remove };
            let half = lists.len() / 2;
            Contact {
                identifiers: vec![Identifier::new(IdentifierKind::Phone, PHONE)],
                fields,
                tags: TagChange { add, remove, replace },
                lists: ListChange { add: owned(lists[..half].to_vec()), remove: owned(lists[half..].to_vec()) },
                notes: Vec::new(),
            }
        },
    )
}

fn held() -> impl Strategy<Value = Model> {
    let fields = subsequence(names(), 0..=names().len()).prop_flat_map(|names| {
        let count = names.len();
        let text = select(vec!["one", "two", "other", "12.5", "true"]).prop_map(|text| Value::Text(text.into()));
        (Just(names), proptest::collection::vec(text, count))
    });
    (fields, some_tags(5), subsequence(LISTS.to_vec(), 0..=3)).prop_map(|((names, values), tags, lists)| {
        let mut fields: std::collections::BTreeMap<Field, Value> =
            names.into_iter().map(Field::new).zip(values).collect();
        fields.insert(Field::new("phone"), Value::Text(PHONE.into()));
        Model { fields, tags, lists: owned(lists).into_iter().collect() }
    })
}

fn limit(sizes: std::ops::RangeInclusive<usize>) -> impl Strategy<Value = Option<Sourced<usize>>> {
    proptest::option::of(sizes.prop_map(|value| Sourced::new(value, Source::Seed)))
}

/// How tags can be written: a call for each way, only the whole set, or along with an update.
fn abilities() -> impl Strategy<Value = Capabilities> {
    let clear = select(vec![ClearBy::Update, ClearBy::Call, ClearBy::EditMode, ClearBy::Unsupported]);
    (0..4_u8, clear, any::<[bool; 5]>()).prop_map(
        |(tags, clear_custom_by, [custom, create, folds, lists, in_create])| Capabilities {
            tags_add: matches!(tags, 0 | 2),
            tags_remove: matches!(tags, 0 | 2),
            tags_replace: matches!(tags, 1 | 2),
            tags_in_update: matches!(tags, 2 | 3),
            tags_in_create: in_create,
            tags_ignore_case: folds,
            clear_custom_by,
            custom_replace: custom,
            create_with_custom_fields: create,
            lists_add: true,
            lists_remove: true,
            lists_in_create: lists,
            ..respondio_v1()
        },
    )
}

fn any_sight() -> impl Strategy<Value = Sight> {
    any::<[bool; 3]>().prop_map(|[fields, tags, lists]| Sight { fields, tags, lists })
}

/// Any case that a mapping admits: no tag added and removed, no limit where groups are, no service
/// that could replace nothing asked to.
pub fn any_case() -> impl Strategy<Value = Case> {
    // A create has room for what it can't do without: a phone, and the field that no update takes.
    let limits = (limit(2..=9), limit(1..=9), limit(1..=4), limit(1..=4));
    (
        contact(),
        proptest::option::weighted(0.7, held()),
        any_sight(),
        abilities(),
        limits,
        any::<bool>(),
        subsequence(CUSTOM.to_vec(), 0..=6),
    )
        .prop_map(|(contact, held, sight, capabilities, limits, replaces, mapped)| {
            let mut case = Case {
                limits: Limits {
                    fields_per_create: limits.0,
                    fields_per_update: limits.1,
                    tags_per_add: limits.2,
                    tags_per_remove: limits.3,
                    ..respondio_v1_facts().1
                },
                replace_custom: replaces && capabilities.custom_replace,
                mapped: mapped.into_iter().map(Field::new).collect(),
                contact,
                held,
                sight,
                capabilities,
            };
            if case.limits.fields_per_create.is_some() || case.limits.fields_per_update.is_some() {
                let grouped = |field: &Field| matches!(field.name(), "city" | "street");
                case.contact.fields.retain(|change| !grouped(&change.field));
            }
            if case.replace_custom && case.mapped.is_empty() {
                // A replacement has to name something.
                case.mapped.push(Field::new(CUSTOM[0]));
            }
            let folds = case.capabilities.tags_ignore_case;
            unrepeated(&mut case.contact.tags.add, folds);
            unrepeated(&mut case.contact.tags.remove, folds);
            if let Some(held) = &mut case.held {
                unrepeated(&mut held.tags, folds);
            }
            let (add, same) = (case.contact.tags.add.clone(), |one: &str, other: &str| case.same_tag(one, other));
            let remove = case.contact.tags.remove.iter().filter(|tag| !add.iter().any(|added| same(added, tag)));
            case.contact.tags.remove = remove.cloned().collect();
            case
        })
}

pub fn any_new_case() -> impl Strategy<Value = Case> {
    any_case().prop_map(|case| Case { held: None, replace_custom: false, ..case })
}

fn unrepeated(tags: &mut Vec<String>, ignore_case: bool) {
    let mut seen = BTreeSet::new();
    tags.retain(|tag| seen.insert(if ignore_case { tag.to_lowercase() } else { tag.clone() }));
}
