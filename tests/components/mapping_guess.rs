//! Mappings guessed from headers and cells.

use proptest::prelude::*;
use rolo::contact::{FieldDefinition, FieldKind};
use rolo::mapping::{ColumnEvidence, Feeds, Guess, guess, write_commented};
use rolo::table::RowBatch;

use crate::mapping_facts::{Made, batch, everything, headers, one_name, two_names};

fn guessed(columns: &[&str], rows: &[&[&str]], made: &Made) -> Guess {
    guess(&headers(columns), &batch(rows), &made.facts())
}

/// What a guess makes of each column: `Header=field`, or `Header?` if it is unmapped.
fn summary(guess: &Guess) -> Vec<String> {
    let rule = |column: &ColumnEvidence| match guess.mapping.columns.get(&column.header).map(|rule| &rule.feeds) {
        Some(Feeds::Field(field)) => format!("{}={field}", column.header),
        Some(Feeds::Tags(_)) => format!("{}=tags", column.header),
        Some(Feeds::Lists(_)) => format!("{}=lists", column.header),
        Some(Feeds::Nothing) => format!("{}-", column.header),
        None => format!("{}?", column.header),
    };
    guess.columns.iter().map(rule).collect()
}

#[test]
fn headers_are_guessed_and_confirmed_by_cells() {
    let guess = guessed(
        &["Nombre", "Apellidos", "Móvil", "Correo", "Empresa", "Etiquetas", "Talla", "cf_tier", "custom.vip", "País"],
        &[
            &["Ana", "García", "600 12 34 56", "ana@example.com", "Acme", "vip,lead", "L", "gold", "true", "España"],
            &["Luis", "Pérez", "+34 600 12 34 57", "", "", "vip", "M", "", "", "ES"],
        ],
        &two_names(),
    );
    assert_eq!(
        summary(&guess),
        [
            "Nombre=first_name",
            "Apellidos=last_name",
            "Móvil=phone",
            "Correo=email",
            "Empresa=company",
            "Etiquetas=tags",
            "Talla?",
            "cf_tier=custom.cf_tier",
            "custom.vip=custom.vip",
            "País=country",
        ]
    );
    assert_eq!(guess.mapping.columns["Etiquetas"].separator, Some(','));
    assert_eq!(guess.mapping.columns["Móvil"].region_column.as_deref(), Some("País"));
}

#[test]
fn cells_that_contradict_a_header_leave_it_unmapped() {
    let guess = guessed(&["Phone", "Mail"], &[&["iPhone 12", "a@b.co"], &["Pixel 7", "c@d.co"]], &two_names());
    assert_eq!(summary(&guess), ["Phone?", "Mail=email"]);
    assert!(guess.columns[0].because.contains("only 0 of 2 filled cells look like a phone number"));
}

#[test]
fn plain_cells_are_known_under_an_unknown_header() {
    let rows: &[&[&str]] = &[&["a@b.co", "+34600123456"], &["c@d.co", "+34600123457"], &["e@f.co", "+34600123458"]];
    assert_eq!(
        summary(&guessed(&["Kolumne 1", "Kolumne 2"], rows, &two_names())),
        ["Kolumne 1=email", "Kolumne 2=phone"]
    );
}

#[test]
fn of_several_phone_columns_the_best_is_taken_and_the_others_are_listed() {
    let guess = guessed(
        &["Tel", "Mobile", "WhatsApp"],
        &[&["+34910123456", "+34600123456", ""], &["", "+34600123457", ""]],
        &two_names(),
    );
    assert_eq!(summary(&guess), ["Tel?", "Mobile=phone", "WhatsApp?"]);
    assert!(guess.columns[0].because.contains("Mobile feeds it already"));
}

#[test]
fn an_id_column_of_some_other_system_is_not_taken_for_the_services() {
    let guess =
        guessed(&["id", "name", "phone", "email", "tags"], &[&["1", "Ana", "+34600123456", "", "a;b"]], &two_names());
    assert_eq!(summary(&guess), ["id?", "name=name", "phone=phone", "email=email", "tags=tags"]);
    assert_eq!(guess.columns[0].could_be.as_deref(), Some("field = \"id\""));
}

#[test]
fn what_the_service_lacks_is_left_unmapped_with_a_proposal() {
    let guess = guessed(
        &["Phone", "City", "Tags", "cf_x", "First name"],
        &[&["+34600123456", "Madrid", "a", "b", "Ana"]],
        &one_name(),
    );
    assert_eq!(summary(&guess), ["Phone=phone", "City?", "Tags?", "cf_x?", "First name=first_name"]);
    assert_eq!(guess.columns[1].could_be, None, "one-name has no custom fields either");
    let guess = guessed(&["Phone", "City"], &[], &two_names());
    assert_eq!(guess.columns[1].could_be.as_deref(), Some("field = \"custom.city\""));
}

#[test]
fn headers_that_are_defined_custom_fields_are_mapped_to_them() {
    let mut made = two_names();
    made.definitions = Some(vec![FieldDefinition { name: "Shoe Size".into(), kind: FieldKind::Text }]);
    let guess = guessed(&["phone", "shoe_size", "cf_other"], &[], &made);
    assert_eq!(summary(&guess), ["phone=phone", "shoe_size=custom.Shoe Size", "cf_other?"]);
}

#[test]
fn a_guess_compiles_for_the_file_it_was_made_from() {
    let columns =
        ["Name", "First Name", "Phone", "phone", "E-Mail", "E-Mail", "", "locale", "tags", "Country", "state"];
    for made in [two_names(), one_name(), everything()] {
        let guess = guessed(&columns, &[&["Ana B", "Ana", "600123456", "", "", "", "", "es", "a|b", "ES", ""]], &made);
        guess.mapping.forward(&headers(&columns), &made.facts(), None).unwrap();
    }
}

#[test]
fn a_column_of_names_is_understood_by_the_columns_beside_it() {
    for (columns, row, wanted) in [
        (["Nom", "Prénom", "Tél."], ["Dupont", "Anne", ""], ["Nom=last_name", "Prénom=first_name", "Tél.=phone"]),
        (["Name", "Vorname", "Tel"], ["Weber", "Anna", ""], ["Name=last_name", "Vorname=first_name", "Tel=phone"]),
        (["Nome", "Cognome", "Tel"], ["Anna", "Rossi", ""], ["Nome=first_name", "Cognome=last_name", "Tel=phone"]),
        (["Name", "Surname", "Tel"], ["Ann Lee", "Lee", ""], ["Name=name", "Surname?", "Tel=phone"]),
        (["Name", "First name", "Tel"], ["Lee", "Ann", ""], ["Name=last_name", "First name=first_name", "Tel=phone"]),
        (["Nombre", "Ciudad", "Tel"], ["Ana García", "", ""], ["Nombre=name", "Ciudad?", "Tel=phone"]),
        (["Nombre", "Ciudad", "Tel"], ["Ana", "", ""], ["Nombre=first_name", "Ciudad?", "Tel=phone"]),
    ] {
        assert_eq!(summary(&guessed(&columns, &[&row], &two_names())), wanted);
    }
}

#[test]
fn a_written_guess_explains_itself() {
    let guess = guessed(&["Mobile", "Shoes"], &[&["600123456", "42"]], &two_names());
    let text = write_commented(&guess);
    assert!(text.contains("# the header is a spelling of phone; 1 of 1 filled cells look like a phone number\n[columns.\"Mobile\"]\nfield = \"phone\"\n"), "{text}");
    assert!(
        text.contains(
            "# Not mapped: the header is not a known spelling of any field.\n# [columns.\"Shoes\"]\n# ignore = true\n"
        ),
        "{text}"
    );
    assert!(text.contains("# 1 of 1 phone numbers have no country code"), "{text}");
}

proptest! {
    #[test]
    fn guessing_never_fails_and_always_compiles_or_lacks_an_identifier(
        columns in proptest::collection::vec(prop_oneof!["\\PC{0,8}", Just("Phone".to_owned()), Just("id".to_owned()), Just("name".to_owned()), Just("tags".to_owned()), Just("cf_a".to_owned())], 0..8),
        cells in proptest::collection::vec("\\PC{0,12}", 0..24),
    ) {
        let mut rows = RowBatch::new();
        for (index, row) in cells.chunks(8).enumerate() {
            rows.begin_row(rolo::contact::Position { index: index as u64, line: 2, sheet: 0 });
            for cell in row {
                rows.push_cell(cell);
            }
        }
        for made in [two_names(), one_name(), everything()] {
            let guess = guess(&columns, &rows, &made.facts());
            prop_assert_eq!(guess.columns.len(), columns.len());
            if let Err(error) = guess.mapping.forward(&columns, &made.facts(), None) {
                prop_assert!(error.message.contains("no column feeds an identifier"), "{}", error);
            }
        }
    }
}
