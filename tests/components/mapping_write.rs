//! Mapping files written and read.

use proptest::prelude::*;
use rolo::contact::{FieldKind, IdentifierKind, ImportMode, Overwrite};
use rolo::mapping::{
    BadCells, Blank, ColumnEvidence, ColumnRule, Condition, Constants, CustomFields, Duplicates, Feeds, Grade, Guess,
    Mapping, MergedRule, Numbers, SetAction, Sureness, Test, write_commented,
};

fn any_rule() -> impl Strategy<Value = ColumnRule> {
    let feeds = prop_oneof![
        "\\PC{0,12}".prop_map(Feeds::Field),
        prop_oneof![Just(SetAction::Add), Just(SetAction::Remove), Just(SetAction::Replace)].prop_map(Feeds::Tags),
        prop_oneof![Just(SetAction::Add), Just(SetAction::Remove)].prop_map(Feeds::Lists),
        Just(Feeds::Nothing),
    ];
    let overwrite =
        proptest::option::of(prop_oneof![Just(Overwrite::Always), Just(Overwrite::IfEmpty), Just(Overwrite::Never)]);
    let blank = proptest::option::of(prop_oneof![Just(Blank::Ignore), Just(Blank::Clear)]);
    let kind =
        proptest::option::of(prop_oneof![Just(FieldKind::Date), Just(FieldKind::Boolean), Just(FieldKind::Json)]);
    let text = || proptest::option::of("(?s).{0,8}");
    let numbers = proptest::option::of(prop_oneof![Just(Numbers::International), Just(Numbers::National)]);
    let grade = proptest::option::of(prop_oneof![Just(Grade::Strict), Just(Grade::Loose)]);
    let separators = proptest::collection::vec("(?s).{0,4}", 0..3);
    let first_of = proptest::collection::vec("(?s).{0,6}", 0..3);
    let bad_cells = proptest::option::of(prop_oneof![Just(BadCells::Row), Just(BadCells::Cell)]);
    let sets = (separators, first_of, bad_cells);
    (feeds, overwrite, blank, kind, text(), text(), text(), (numbers, grade, sets)).prop_map(
        |(feeds, overwrite, blank, kind, format, time_zone, region_column, (numbers, grade, sets))| ColumnRule {
            feeds,
            overwrite,
            blank,
            kind,
            format,
            time_zone,
            region_column,
            numbers,
            grade,
            separators: sets.0,
            first_of: sets.1,
            bad_cells: sets.2,
        },
    )
}

fn any_duplicates() -> impl Strategy<Value = Duplicates> {
    prop_oneof![Just(Duplicates::Reject), Just(Duplicates::First), Just(Duplicates::Last), Just(Duplicates::Merge)]
}

fn any_condition() -> impl Strategy<Value = Condition> {
    ("\\PC{1,8}", "\\PC{0,8}", any::<bool>())
        .prop_map(|(column, value, is)| Condition { column, test: if is { Test::Is(value) } else { Test::NotBlank } })
}

fn any_mapping() -> impl Strategy<Value = Mapping> {
    let columns = proptest::collection::btree_map("(?s).{0,10}", any_rule(), 0..5);
    let constants = (
        proptest::collection::btree_map("[a-z]{1,6}(\\.[a-z \"]{1,6})?", "(?s).{0,8}", 0..3),
        proptest::collection::vec("[^\\s]{1,8}", 0..3),
        proptest::collection::vec("[^\\s]{1,8}", 0..3),
    );
    let top = (
        proptest::option::of("(?s).{0,8}"),
        proptest::option::of("(?s).{0,4}"),
        proptest::option::of(proptest::sample::subsequence(IdentifierKind::ALL.to_vec(), 0..=5)),
        prop_oneof![Just(ImportMode::Upsert), Just(ImportMode::Create), Just(ImportMode::Update)],
        (any::<(bool, bool)>(), any_duplicates(), proptest::collection::vec(any_condition(), 0..3)),
    );
    (top, columns, constants).prop_map(|((service, region, match_by, mode, rows), columns, constants)| {
        let ((clear, replace), duplicates, conditions) = rows;
        let (mut fields, tags, lists) = constants;
        fields.retain(|field, _| !matches!(field.as_str(), "tags" | "lists" | "custom"));
        Mapping {
            service,
            region,
            match_by,
            mode,
            blank: if clear { Blank::Clear } else { Blank::Ignore },
            overwrite: if clear { Overwrite::IfEmpty } else { Overwrite::Always },
            custom_fields: if replace { CustomFields::Replace } else { CustomFields::Merge },
            merged: if replace { MergedRule::Repeat } else { MergedRule::First },
            bad_cells: if replace { BadCells::Cell } else { BadCells::Row },
            duplicates,
            conditions,
            columns,
            constants: Constants { fields, tags, lists },
        }
    })
}

proptest! {
    #[test]
    fn a_written_mapping_reads_back_the_same(mapping in any_mapping(), because in "(?s).{0,20}", extra in "(?s).{0,6}") {
        let evidence = |header: &String| ColumnEvidence {
            header: header.clone(),
            mapped: mapping.columns.contains_key(header),
            sure: Sureness::Likely,
            because: because.clone(),
            brief: String::new(),
            could_be: Some(because.clone()),
        };
        let columns = mapping.columns.keys().chain([&extra]).map(evidence).collect::<Vec<_>>();
        let mut seen = std::collections::BTreeSet::new();
        let columns = columns.into_iter().filter(|column| seen.insert(column.header.clone())).collect();
        let guess = Guess { mapping: mapping.clone(), columns, notes: vec![because.clone()], warnings: vec![because.clone()] };
        let text = write_commented(&guess);
        let read = Mapping::parse(&text, "guess.toml");
        prop_assert!(read.is_ok(), "{:?}\n{}", read, text);
        prop_assert_eq!(read.unwrap(), mapping);
    }

    #[test]
    fn reading_any_text_as_a_mapping_never_panics(text in "(?s).{0,80}") {
        let _ = Mapping::parse(&text, "x.toml");
    }
}
