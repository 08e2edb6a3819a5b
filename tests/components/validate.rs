//! Rows to contacts.

use proptest::prelude::*;
use rolo::contact::{IdentifierKind, Position, RowError, Value};
use rolo::table::RowBatch;
use rolo::validate::Validator;

use crate::mapping_facts::{batch, checked, codes, fields, forward, is_clear, two_names};

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
        &[&["Anna@EXAMPLE.com", " Smith ", "07700 900123"]],
    );
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(fields(contact), ["email=Anna@example.com", "last_name=Smith", "phone=+447700900123"]);
    let identifiers: Vec<_> = contact.identifiers.iter().map(|i| (i.kind, i.value.as_str())).collect();
    assert_eq!(identifiers, [(IdentifierKind::Phone, "+447700900123"), (IdentifierKind::Email, "Anna@example.com")]);
}

#[test]
fn every_error_of_a_row_is_reported_in_column_order() {
    let rows = checked(PEOPLE, &COLUMNS, &two_names(), &[&["call office", "n/a", "Smith\u{7}"]]);
    let errors = rows[0].as_ref().unwrap_err();
    assert_eq!(codes(errors), ["Mobile:phone.not_a_number", "Mail:email.syntax", "Surname:text.control_character"]);
    assert_eq!(errors[0].message, "Mobile: not a phone number, write it as +34600123456: call office");
    assert!(errors[2].message.ends_with(": Smith\\u{7}"), "{}", errors[2].message);
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
            &["07700 900123", "a@example.com", ""],
            &["+447700900123", "b@example.com", ""],
            &["", "A@example.com", ""],
            // The second row is not sent, so its e-mail address is free.
            &["", "b@example.com", ""],
            // A duplicate is told beside the other errors of its row.
            &["07700 900123", "broken", ""],
        ],
    );
    assert!(rows[0].is_ok());
    assert_eq!(codes(rows[1].as_ref().unwrap_err()), ["row:duplicate.in_file"]);
    let message = &rows[1].as_ref().unwrap_err()[0].message;
    assert_eq!(message, "line 2 has the same phone, keep one of the two rows: +447700900123");
    assert_eq!(codes(rows[2].as_ref().unwrap_err()), ["row:duplicate.in_file"]);
    assert!(rows[3].is_ok());
    assert_eq!(codes(rows[4].as_ref().unwrap_err()), ["Mail:email.syntax", "row:duplicate.in_file"]);
}

#[test]
fn duplicates_are_found_across_batches() {
    let forward = forward(PEOPLE, &COLUMNS, &two_names()).unwrap();
    let mut validator = Validator::new(forward).unwrap();
    assert!(validator.check(&batch(&[&["07700 900123", "", ""]]))[0].is_ok());
    let again = validator.check(&batch(&[&["07700 900123", "", ""]]));
    assert_eq!(codes(again[0].as_ref().unwrap_err()), ["row:duplicate.in_file"]);
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
            &["06 12 34 56 78", "France"],
            &["020 7946 0018", ""],
            &["020 7946 0019", "Narnia"],
            &["+33 6 12 34 56 79", "Narnia"],
        ],
    );
    let phone = |row: usize| rows[row].as_ref().map(|contact| contact.identifiers[0].value.clone());
    assert_eq!(phone(0).unwrap(), "+33612345678");
    assert_eq!(phone(1).unwrap(), "+49301234567");
    assert_eq!(phone(2).unwrap(), "+33612345678".replace("678", "678"));
    assert_eq!(phone(3).unwrap(), "+442079460018");
    assert_eq!(codes(rows[4].as_ref().unwrap_err()), ["Tel:phone.no_country"]);
    assert_eq!(phone(5).unwrap(), "+33612345679");
}
