//! Rows to contacts.

use proptest::prelude::*;
use rolo::contact::{Contact, IdentifierKind, Position, RowError};
use rolo::table::RowBatch;
use rolo::validate::{Unsent, Validator};

use crate::mapping_facts::{batch, checked, codes, everything, fields, forward, two_names};

const PEOPLE: &str = r#"
region = "GB"
[columns.Mobile]
field = "phone"
[columns.Mail]
field = "email"
[columns.Surname]
field = "last_name"
"#;
const COLUMNS: [&str; 3] = ["Mobile", "Mail", "Surname"];

#[test]
fn a_good_row_becomes_a_contact_with_identifiers_most_specific_first() {
    let rows = checked(
        PEOPLE,
        &["Mail", "Surname", "Mobile"],
        &two_names(),
        &[&["Anna@EXAMPLE.com", " Smith ", "07400 123456"]],
    );
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(fields(contact), ["email=Anna@example.com", "last_name=Smith", "phone=+447400123456"]);
    let identifiers: Vec<_> = contact.identifiers.iter().map(|i| (i.kind, i.value.as_str())).collect();
    assert_eq!(identifiers, [(IdentifierKind::Phone, "+447400123456"), (IdentifierKind::Email, "Anna@example.com")]);
}

#[test]
fn every_error_of_a_row_is_reported_in_column_order() {
    let rows = checked(PEOPLE, &COLUMNS, &two_names(), &[&["call office", "no address", "Smith\u{7}"]]);
    let errors = rows[0].as_ref().unwrap_err();
    assert_eq!(codes(errors), ["Mobile:phone.not_a_number", "Mail:email.syntax", "Surname:text.control_character"]);
    assert_eq!(errors[0].message, "Mobile: not a phone number, write it as +34600123456: call office");
    assert!(errors[2].message.ends_with(": Smith<U+0007>"), "{}", errors[2].message);
}

#[test]
fn a_row_without_any_identifier_says_what_to_fill() {
    let rows = checked(PEOPLE, &COLUMNS, &two_names(), &[&["", " \u{200b}", "Smith"]]);
    let errors = rows[0].as_ref().unwrap_err();
    assert_eq!(codes(errors), ["row:identifier.missing"]);
    assert!(errors[0].message.ends_with("phone, email"), "{}", errors[0].message);
}

#[test]
fn a_later_row_with_the_same_identifier_points_at_the_first() {
    let rows = checked(
        PEOPLE,
        &COLUMNS,
        &two_names(),
        &[
            &["07400 123456", "a@example.com", ""],
            &["+447400123456", "b@example.com", ""],
            &["", "A@example.com", ""],
            // The second row is not sent, so its e-mail address is free.
            &["", "b@example.com", ""],
            // A duplicate is told beside the other errors of its row.
            &["07400 123456", "broken", ""],
        ],
    );
    assert!(rows[0].is_ok());
    assert_eq!(codes(rows[1].as_ref().unwrap_err()), ["row:duplicate.in_file"]);
    let message = &rows[1].as_ref().unwrap_err()[0].message;
    assert_eq!(message, "line 2 has the same phone, keep one of the two rows: +447400123456");
    assert_eq!(codes(rows[2].as_ref().unwrap_err()), ["row:duplicate.in_file"]);
    assert!(rows[3].is_ok());
    assert_eq!(codes(rows[4].as_ref().unwrap_err()), ["Mail:email.syntax", "row:duplicate.in_file"]);
}

#[test]
fn duplicates_are_found_across_batches() {
    let forward = forward(PEOPLE, &COLUMNS, &two_names()).unwrap();
    let mut validator = Validator::new(forward).unwrap();
    assert!(validator.check(&batch(&[&["07400 123456", "", ""]]))[0].is_ok());
    let again = validator.check(&batch(&[&["07400 123456", "", ""]]));
    assert_eq!(codes(&again[0].as_ref().unwrap_err().errors), ["row:duplicate.in_file"]);
}

#[test]
fn the_country_of_a_number_is_taken_from_the_nearest_that_tells() {
    let toml = "region = \"GB\"\n[columns.Tel]\nfield = \"phone\"\nregion_column = \"Land\"\n";
    let rows = checked(
        toml,
        &["Tel", "Land"],
        &two_names(),
        &[
            &["+33 6 12 34 56 78", "DE"],
            &["030 1234567", "DE"],
            &["06 12 34 56 70", "France"],
            &["020 7946 0018", ""],
            &["020 7946 0019", "Narnia"],
            &["+33 6 12 34 56 79", "Narnia"],
        ],
    );
    let phone = |row: usize| rows[row].as_ref().map(|contact| contact.identifiers[0].value.clone());
    assert_eq!(phone(0).unwrap(), "+33612345678");
    assert_eq!(phone(1).unwrap(), "+49301234567");
    assert_eq!(phone(2).unwrap(), "+33612345670");
    assert_eq!(phone(3).unwrap(), "+442079460018");
    assert_eq!(codes(rows[4].as_ref().unwrap_err()), ["Tel:phone.no_country"]);
    assert_eq!(phone(5).unwrap(), "+33612345679");
}

#[test]
fn cells_of_a_row_that_is_out_of_step_are_not_checked_one_by_one() {
    let mut rows = RowBatch::new();
    rows.begin_row(Position { index: 0, line: 2, sheet: 0 });
    rows.push_cell("broken");
    rows.push_error(RowError::of_row("row.too_few_cells", "1 cell where the header has 3"));
    let checked = Validator::new(forward(PEOPLE, &COLUMNS, &two_names()).unwrap()).unwrap().check(&rows);
    assert_eq!(codes(&checked[0].as_ref().unwrap_err().errors), ["row:row.too_few_cells"]);
}

#[test]
fn a_cell_the_reader_refused_is_told_once_beside_the_errors_of_other_cells() {
    let mut rows = RowBatch::new();
    rows.begin_row(Position { index: 0, line: 2, sheet: 0 });
    for cell in ["\u{fffd}", "broken", "Smith"] {
        rows.push_cell(cell);
    }
    rows.push_error(RowError::of_cell("text.not_in_encoding", 0, "Mobile", "Mobile: not text"));
    let checked = Validator::new(forward(PEOPLE, &COLUMNS, &two_names()).unwrap()).unwrap().check(&rows);
    assert_eq!(codes(&checked[0].as_ref().unwrap_err().errors), ["Mobile:text.not_in_encoding", "Mail:email.syntax"]);
}

#[test]
fn a_constant_its_field_cannot_hold_is_refused_before_any_row() {
    let toml = "[columns.Mobile]\nfield = \"phone\"\n[constants]\nlanguage = \"Klingon\"";
    let error = Validator::new(forward(toml, &["Mobile"], &two_names()).unwrap()).unwrap_err();
    assert!(error.message.starts_with("[constants] language: not a language"), "{error}");
}

#[test]
fn values_too_long_for_the_service_are_refused_by_characters() {
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.C]\nfield = \"company\"\n[columns.T]\ntags = \"add\"";
    let long_tag = "t".repeat(21);
    let rows = checked(
        toml,
        &["P", "C", "T"],
        &two_names(),
        &[&["+34600123456", "twelve éééé ", "ok"], &["+34600123457", "thirteen éééé", &long_tag]],
    );
    assert_eq!(fields(rows[0].as_ref().unwrap())[1], "company=twelve éééé");
    let errors = rows[1].as_ref().unwrap_err();
    assert_eq!(codes(errors), ["C:value.too_long", "T:value.too_long"]);
    assert_eq!(errors[0].message, "C: 13 characters, the service takes at most 12: thirteen éééé");
}

#[test]
fn a_blank_cell_of_tags_to_replace_clears_them_only_if_the_mapping_says_so() {
    let replace = "[columns.P]\nfield = \"phone\"\n[columns.T]\ntags = \"replace\"\n";
    let rows = checked(replace, &["P", "T"], &everything(), &[&["+34600123456", ""], &["+34600123457", "a"]]);
    assert!(rows[0].as_ref().unwrap().tags.is_empty());
    assert!(rows[1].as_ref().unwrap().tags.replace);
    let clear = format!("{replace}blank = \"clear\"");
    let rows = checked(&clear, &["P", "T"], &everything(), &[&["+34600123456", ""]]);
    let tags = &rows[0].as_ref().unwrap().tags;
    assert!(tags.replace && tags.add.is_empty());
}

#[test]
fn one_tag_added_and_removed_is_a_contradiction() {
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\ntags = \"add\"\n[columns.U]\ntags = \"remove\"";
    let rows = checked(toml, &["P", "T", "U"], &two_names(), &[&["+34600123456", "a;b", "c;b"]]);
    assert_eq!(codes(rows[0].as_ref().unwrap_err()), ["row:tags.added_and_removed"]);
}

#[test]
fn a_cell_of_very_many_tags_takes_no_more_than_its_length() {
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\ntags = \"add\"\n[columns.U]\ntags = \"remove\"";
    let many: Vec<String> = (0..100_000).map(|tag| format!("t{tag}")).collect();
    let cell = format!("{};t1;\"{}", many.join(";"), "\"\";".repeat(100_000));
    let rows = checked(toml, &["P", "T", "U"], &two_names(), &[&["+34600123456", &cell, &many.join(";u")]]);
    // Quadratic work on cells of this size would take minutes. The first tag of both is the same.
    assert_eq!(codes(rows[0].as_ref().unwrap_err()), ["row:tags.added_and_removed"]);
}

const KINDS: &str = r#"
region = "ES"
[columns.phone]
field = "phone"
[columns.email]
field = "email"
[columns.name]
field = "name"
[columns.flag]
field = "custom.flag"
type = "boolean"
[columns.amount]
field = "custom.amount"
type = "number"
[columns.day]
field = "custom.day"
type = "date"
[columns.moment]
field = "custom.moment"
type = "timestamp"
time_zone = "Europe/Madrid"
[columns.hour]
field = "custom.hour"
type = "time"
[columns.page]
field = "custom.page"
type = "url"
[columns.tags]
tags = "add"
"#;
const KIND_COLUMNS: [&str; 10] = ["phone", "email", "name", "flag", "amount", "day", "moment", "hour", "page", "tags"];

/// A good cell and a bad one with its code, for each of `KIND_COLUMNS` but the tags.
const GOOD_AND_BAD: [(&str, &str, &str); 9] = [
    ("", "12", "phone.too_short"),
    ("", "x", "email.syntax"),
    ("Ana", "A\u{1}na", "text.control_character"),
    ("yes", "perhaps", "value.not_a_boolean"),
    ("1.5", "1,5", "value.not_a_number"),
    ("2026-01-31", "2026-02-31", "value.not_a_date"),
    ("2026-01-31 12:00", "then", "value.not_a_timestamp"),
    ("9:30", "noon", "value.not_a_time"),
    ("https://example.com", "example", "value.not_a_url"),
];

fn any_cell() -> impl Strategy<Value = String> {
    prop_oneof![
        "(?s).{0,20}",
        "[0-9+() ./-]{0,20}",
        "[0-9٠-٩０-９+.,eE]{1,18}",
        "[a-z.@]{0,12}@[a-z.-]{0,12}",
        "[0-9/:TZ. -]{6,20}",
        Just("\"a;b\";c".to_owned()),
        prop::sample::select(TELLING.map(str::to_owned).to_vec()),
        "[-a-z;|/:#*()=' é\u{a0}\u{85}\u{200b}]{0,10}",
    ]
}

/// Cells of which something is to be told, though nothing in them looks odd.
const TELLING: [&str; 20] = [
    "GarcÃ\u{ad}a",
    "Mehr Ã¼ber",
    "—",
    "\u{2028}é",
    "Łé\u{fe0f}",
    "é\u{200b}",
    "#N/A",
    "null",
    "n/a",
    "-",
    "=1",
    "Err:502",
    "* starred",
    "a / b",
    "x:::y",
    "a;b|c",
    "Ng, Bo",
    "Bo (VIP)",
    "Ann #NV",
    "mailto:a@b.example",
];

/// The same rows as the reader of a text file hands them over: each in one text.
fn rows_as_read(cells: &[Vec<String>]) -> RowBatch {
    let mut batch = RowBatch::new();
    for (index, row) in (0..).zip(cells) {
        batch.begin_row(Position { index, line: index + 2, sheet: 0 });
        let mut ends = 0;
        let range = |cell: &String| {
            let from = ends;
            ends = from + cell.len() + 1;
            (from, from + cell.len())
        };
        let ranges: Vec<_> = row.iter().map(range).collect();
        batch.push_cells(&row.join(","), &ranges);
    }
    batch
}

fn rows_of(cells: &[Vec<String>]) -> RowBatch {
    let rows: Vec<Vec<&str>> = cells.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    batch(&rows.iter().map(Vec::as_slice).collect::<Vec<_>>())
}

proptest! {
    #[test]
    fn no_cell_makes_validation_panic_and_every_row_has_a_verdict(
        cells in proptest::collection::vec(proptest::collection::vec(any_cell(), 0..12), 0..20),
    ) {
        let checked = Validator::new(forward(KINDS, &KIND_COLUMNS, &everything()).unwrap()).unwrap().check(&rows_of(&cells));
        prop_assert_eq!(checked.len(), cells.len());
        let verdicts = Validator::new(forward(KINDS, &KIND_COLUMNS, &everything()).unwrap()).unwrap();
        let verdicts = verdicts.for_verdicts().check(&rows_as_read(&cells));
        let told = |row: &Result<Contact, Unsent>| match row {
            Ok(contact) => Ok((contact.identifiers.clone(), contact.remarks())),
            Err(unsent) => Err(unsent.clone()),
        };
        prop_assert_eq!(verdicts.iter().map(told).collect::<Vec<_>>(), checked.iter().map(told).collect::<Vec<_>>());
        for row in &checked {
            match row {
                Ok(contact) => {
                    prop_assert!(!contact.identifiers.is_empty());
                    for identifier in contact.identifiers.iter().filter(|i| i.kind == IdentifierKind::Phone) {
                        let digits = identifier.value.strip_prefix('+').unwrap_or_default();
                        prop_assert!((5..=17).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
                    }
                }
                Err(unsent) => {
                    prop_assert!(!unsent.errors.is_empty());
                    prop_assert!(unsent.errors.iter().all(|error| error.code != "row.internal_error"));
                    prop_assert!(unsent.errors.is_sorted_by_key(|error| error.column_index));
                }
            }
        }
    }

    #[test]
    fn exactly_the_bad_cells_of_a_row_are_reported(bad in proptest::collection::vec(any::<bool>(), 9)) {
        let mut cells: Vec<String> = GOOD_AND_BAD
            .iter()
            .zip(&bad)
            .map(|((good, wrong, _), bad)| (if *bad { *wrong } else { *good }).to_owned())
            .collect();
        if !bad[0] {
            cells[0] = "+34600123456".into();
        }
        cells.push("a;b".into());
        let checked = Validator::new(forward(KINDS, &KIND_COLUMNS, &everything()).unwrap()).unwrap().check(&rows_of(&[cells]));
        let wanted: Vec<String> = KIND_COLUMNS
            .iter()
            .zip(GOOD_AND_BAD)
            .zip(&bad)
            .filter(|(_, bad)| **bad)
            .map(|((column, (_, _, code)), _)| format!("{column}:{code}"))
            .collect();
        match &checked[0] {
            Ok(_) => prop_assert!(wanted.is_empty()),
            Err(unsent) => prop_assert_eq!(codes(&unsent.errors), wanted),
        }
    }

    #[test]
    fn rows_come_out_in_the_order_they_went_in(count in 0_usize..400) {
        let cells: Vec<Vec<String>> = (0..count)
            .map(|row| if row % 7 == 3 { vec![format!("bad {row}")] } else { vec![format!("+3460012{row:04}")] })
            .collect();
        let toml = "[columns.phone]\nfield = \"phone\"";
        let checked = Validator::new(forward(toml, &["phone"], &everything()).unwrap()).unwrap().check(&rows_of(&cells));
        prop_assert_eq!(checked.len(), count);
        for (row, (verdict, cells)) in checked.iter().zip(&cells).enumerate() {
            match verdict {
                Ok(contact) => prop_assert_eq!(&contact.identifiers[0].value, &cells[0]),
                Err(unsent) => {
                    prop_assert_eq!(row % 7, 3);
                    prop_assert!(unsent.errors[0].message.ends_with(&cells[0]), "{}", unsent.errors[0].message);
                }
            }
        }
    }

    #[test]
    fn addresses_we_accept_are_addresses_to_another_program(cell in prop_oneof!["[a-zA-Z0-9.!#+_-]{1,12}@[a-zA-Z0-9.-]{1,16}", any_cell()]) {
        if let Ok(value) = rolo::validate::check_email(&cell) {
            prop_assert!(email_address::EmailAddress::is_valid(&value.as_text()), "{:?}", value);
        }
    }
}
