//! Rows judged by what the service holds, and columns judged loosely.

use rolo::contact::{Contact, Identifier, IdentifierKind};

use crate::mapping_facts::{checked, codes, everything, fields, refusal, two_names};

const EXPORTED: &str = r#"
[columns.id]
field = "id"
[columns.phone]
field = "phone"
[columns.email]
field = "email"
[columns.since]
field = "custom.since"
type = "date"
"#;
const COLUMNS: [&str; 4] = ["id", "phone", "email", "since"];

fn doubts(contact: &Contact) -> Vec<(String, String)> {
    let doubted = contact.fields.iter().filter_map(|change| Some((change, change.doubt.as_ref()?)));
    doubted.map(|(change, doubt)| (change.value.as_text().into_owned(), doubt.code.to_string())).collect()
}

#[test]
fn a_row_with_the_services_id_carries_what_would_be_refused_with_its_error() {
    let rows = checked(
        EXPORTED,
        &COLUMNS,
        &everything(),
        &[&["\u{200b}7001", "447400123456", "x@localhost", "05/06/2026"], &["", "447400123456", "a@x.example", ""]],
    );
    let contact = rows[0].as_ref().unwrap();
    let doubted =
        [("447400123456", "phone.no_country"), ("x@localhost", "email.domain"), ("05/06/2026", "value.ambiguous_date")];
    assert_eq!(doubts(contact), doubted.map(|(value, code)| (value.to_owned(), code.to_owned())));
    // Only the id finds: a phone number that may be another's must not.
    assert_eq!(contact.identifiers, [Identifier::new(IdentifierKind::Id, "7001")]);
    // Where other columns have to find the contact, nothing is in doubt.
    assert_eq!(codes(rows[1].as_ref().unwrap_err()), ["phone:phone.no_country"]);
}

#[test]
fn a_row_with_the_services_id_keeps_its_cells_as_they_are_written() {
    let rows =
        checked(EXPORTED, &COLUMNS, &everything(), &[&["7001", "+5215541637145", "Ann@X.example", "31/12/2026"]]);
    let contact = rows[0].as_ref().unwrap();
    let written: Vec<_> =
        contact.fields.iter().filter_map(|change| Some((change.value.as_text(), change.written.as_deref()?))).collect();
    assert_eq!(
        written,
        [
            ("+525541637145".into(), "+5215541637145"),
            ("Ann@x.example".into(), "Ann@X.example"),
            ("2026-12-31".into(), "31/12/2026"),
        ]
    );
}

#[test]
fn two_forms_of_a_line_are_one_person() {
    let toml = "[columns.P]\nfield = \"phone\"";
    for (one, other) in [
        ("+5541987991234", "+55 41 8799-1234"),
        ("+525541637145", "+52 1 55 4163 7145"),
        ("+54 9 11 2345-6789", "+54 11 2345-6789"),
    ] {
        for rows in [[one, other], [other, one]] {
            let checked = checked(toml, &["P"], &two_names(), &[&[rows[0]], &[rows[1]]]);
            assert!(checked[0].is_ok(), "{rows:?}");
            assert_eq!(codes(checked[1].as_ref().unwrap_err()), ["row:duplicate.in_file"], "{rows:?}");
        }
    }
}

#[test]
fn a_loose_column_takes_what_the_service_takes_and_nothing_with_two_meanings() {
    let toml = "[columns.P]\nfield = \"phone\"\ncheck = \"loose\"\n[columns.M]\nfield = \"email\"\ncheck = \"loose\"";
    let rows = checked(
        toml,
        &["P", "M"],
        &two_names(),
        &[
            &["+999 123-456", "x@localhost"],
            &["+34 600 123 456", "a..b@x.example"],
            &["600123456", "a@x.example, b@x.example"],
            &["-600123456", "no address"],
        ],
    );
    let stored = |row: usize| fields(rows[row].as_ref().unwrap());
    assert_eq!(stored(0), ["phone=+999123456", "email=x@localhost"]);
    assert_eq!(stored(1), ["phone=+34600123456", "email=a..b@x.example"]);
    assert_eq!(codes(rows[2].as_ref().unwrap_err()), ["P:phone.no_country", "M:email.several_addresses"]);
    assert_eq!(codes(rows[3].as_ref().unwrap_err()), ["P:phone.negative", "M:email.syntax"]);
}

#[test]
fn what_nobody_can_see_is_taken_off_and_out_of_identifiers() {
    let toml = "[columns.E]\nfield = \"id\"\n[columns.N]\nfield = \"name\"\n[columns.X]\nfield = \"custom.x\"";
    let rows = checked(
        toml,
        &["E", "N", "X"],
        &everything(),
        &[&["\u{feff}A\u{200b}-1\u{fe0f}\u{3164}", "\u{2800} Ann\u{180e} ", "\u{200e} two words \u{2064}"]],
    );
    assert_eq!(rows[0].as_ref().unwrap().identifiers, [Identifier::new(IdentifierKind::Id, "A-1")]);
    // Free text keeps the white space that it was given.
    assert_eq!(fields(rows[0].as_ref().unwrap()), ["name=Ann", "custom.x= two words "]);
}

#[test]
fn what_was_understood_is_said_with_the_row() {
    let toml = "region = \"GB\"\n[columns.P]\nfield = \"phone\"\n[columns.M]\nfield = \"email\"\n[columns.L]\nfield = \"language\"";
    let rows = checked(
        toml,
        &["P", "M", "L"],
        &two_names(),
        &[&["Work: 07400 123456", "Ann <ann@x.example>", "pt-BR"], &["07400 123457", "<ann.b@x.example>", "pt"]],
    );
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(codes(&contact.notes), ["P:phone.label_left_out", "M:email.name_left_out", "L:value.reduced"]);
    assert_eq!(contact.notes[2].message, "L: the field takes a language alone, read as pt: pt-BR");
    assert!(rows[1].as_ref().unwrap().notes.is_empty());
}

#[test]
fn two_rows_with_ids_of_the_service_are_two_contacts_whatever_they_have_in_common() {
    // Which rows are sent: the first and the third are one contact.
    for (policy, sent) in
        [("reject", [true, true, false]), ("first", [true, true, false]), ("merge", [false, true, true])]
    {
        let toml = format!("duplicates = \"{policy}\"\n{EXPORTED}");
        let rows = checked(
            &toml,
            &COLUMNS,
            &everything(),
            &[
                &["7001", "+5215541637145", "a@x.example", ""],
                &["7002", "+525541637145", "a@x.example", ""],
                &["7001", "", "", "2026-01-31"],
            ],
        );
        let usable: Vec<_> = rows.iter().map(Result::is_ok).collect();
        assert_eq!(usable, sent, "{policy}");
    }
    // A row without an id may name either.
    let rows = checked(
        EXPORTED,
        &COLUMNS,
        &everything(),
        &[&["7001", "+525541637145", "", ""], &["", "+5215541637145", "", ""]],
    );
    assert_eq!(codes(rows[1].as_ref().unwrap_err()), ["row:duplicate.in_file"]);
}

#[test]
fn a_bad_cell_that_is_left_out_is_in_no_doubt() {
    let toml = format!("bad_cells = \"cell\"\n{EXPORTED}");
    let rows = checked(&toml, &COLUMNS, &everything(), &[&["7001", "447400123456", "", ""]]);
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(doubts(contact), []);
    assert_eq!(codes(&contact.notes), ["phone:phone.no_country"]);
}

#[test]
fn a_key_that_would_change_nothing_is_refused() {
    for (column, words) in [
        ("tags = \"add\"\ncheck = \"loose\"", "numbers and check are for the values of fields"),
        ("field = \"email\"\nnumbers = \"national\"", "numbers has no meaning for a email"),
        ("field = \"company\"\ncheck = \"loose\"", "a loose check has no meaning for a text"),
    ] {
        let toml = format!("[columns.P]\nfield = \"phone\"\n[columns.X]\n{column}\n");
        let refusal = refusal(&toml, &["P", "X"], &two_names());
        assert!(refusal.contains(words), "{refusal}");
    }
}
