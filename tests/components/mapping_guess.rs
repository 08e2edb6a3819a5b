//! Mappings guessed from headers and cells.

use proptest::prelude::*;
use rolo::contact::{FieldDefinition, FieldKind};
use rolo::mapping::{ColumnEvidence, Feeds, Guess, Numbers, Sample, Sureness, guess, write_commented};
use rolo::table::RowBatch;

use rolo::validate::Looks;

use crate::mapping_facts::{everything, guessed, headers, one_name, two_names};

/// What a guess makes of each column: `Header=field`, `Header+` if it stands in for another, or `Header?`
/// if it is unmapped.
fn summary(guess: &Guess) -> Vec<String> {
    let rule = |column: &ColumnEvidence| match guess.mapping.columns.get(&column.header).map(|rule| &rule.feeds) {
        Some(Feeds::Field(field)) => format!("{}={field}", column.header),
        Some(Feeds::Tags(_)) => format!("{}=tags", column.header),
        Some(Feeds::Lists(_)) => format!("{}=lists", column.header),
        Some(Feeds::Nothing) => format!("{}-", column.header),
        None if column.mapped => format!("{}+", column.header),
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
    assert_eq!(guess.mapping.columns["Etiquetas"].separators, [","]);
    assert_eq!(guess.mapping.columns["Móvil"].region_column.as_deref(), Some("País"));
}

#[test]
fn cells_that_contradict_a_header_leave_it_unmapped_unless_it_is_exactly_a_phone_or_an_email() {
    let rows: &[&[&str]] = &[&["iPhone 12", "a@b.co", "yes", "north"], &["Pixel 7", "n/a", "no", "south"]];
    let guess = guessed(&["Phone", "Mail", "Viber", "Country"], rows, &two_names());
    assert_eq!(summary(&guess), ["Phone=phone", "Mail=email", "Viber?", "Country?"]);
    assert_eq!(guess.columns[0].sure, Sureness::Unsure);
    assert!(guess.columns[0].because.contains("0 of the 2 cells looked at are phone numbers"));
    assert!(guess.columns[3].because.contains("only 0 of the 2 cells looked at are countries"));
}

#[test]
fn a_phone_is_headed_by_two_words_for_it_too_and_comes_before_one_at_some_place() {
    let rows: &[&[&str]] = &[&["030 901820", "0151 23456789"], &["", "+49 151 23456790"]];
    for (place, mobile) in [("Telefon privat", "Telefon mobil"), ("Tél. fixe", "Tél. portable")] {
        let guess = guessed(&[place, mobile], rows, &two_names());
        let [first, second] = &summary(&guess)[..] else { panic!("{guess:?}") };
        assert_eq!(*second, format!("{mobile}=phone"));
        assert!(*first != format!("{place}=phone"), "{first}");
    }
}

#[test]
fn yes_and_no_and_numbers_are_nobody_s_name() {
    let rows: &[&[&str]] = &[&["TRUE", "+447400100101", "Ann"], &["FALSE", "+447400100102", ""]];
    let guess = guessed(&["Is My Contact", "Formatted Phone Number", "Name"], rows, &one_name());
    assert_eq!(summary(&guess)[0], "Is My Contact?");
    assert!(guess.columns[0].because.contains("2 of the 2 cells looked at are no names"), "{:?}", guess.columns[0]);
    assert_eq!(guess.columns[1].because, "the header is not a known spelling of any field");
    let numbers: &[&[&str]] = &[&["+447400100101"], &["+447400100102"], &["+447400100103"]];
    assert_eq!(summary(&guessed(&["Contact"], numbers, &one_name())), ["Contact=phone"]);
}

#[test]
fn a_number_that_its_label_calls_a_fax_is_pointed_out() {
    let rows: &[&[&str]] = &[&["Work Fax", "+44 20 7946 0020"], &["Mobile", "+447400100203"]];
    let guess = guessed(&["Phone 2 - Label", "Phone 2 - Value"], rows, &two_names());
    let warning = "Phone 2 - Value is a fax in 1 of the rows looked at, as Phone 2 - Label says";
    assert!(guess.warnings.iter().any(|told| told.starts_with(warning)), "{:?}", guess.warnings);
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
    assert_eq!(summary(&guess), ["Tel+", "Mobile=phone", "WhatsApp?"]);
    assert_eq!(guess.mapping.columns["Mobile"].first_of, ["Mobile", "Tel"]);
    assert!(guess.columns[2].because.contains("Mobile feeds it already"));
}

#[test]
fn a_full_column_comes_before_an_almost_empty_one_that_is_better_spelled() {
    let rows: Vec<[String; 3]> = (0..40)
        .map(|n| {
            let whatsapp = if n == 0 { "+34 600 12 34 00".to_owned() } else { String::new() };
            [whatsapp, format!("+34 600 12 34 {n:02}"), format!("p{n}@b.co")]
        })
        .collect();
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let guess = guessed(&["WhatsApp", "Mobile", "Email"], &rows, &two_names());
    assert_eq!(summary(&guess), ["WhatsApp+", "Mobile=phone", "Email=email"]);
    assert_eq!(guess.mapping.columns["Mobile"].first_of, ["Mobile", "WhatsApp"]);
}

#[test]
fn a_column_of_phones_or_emails_that_feeds_nothing_is_warned_of() {
    let rows: &[&[&str]] = &[&["+34600123456", "+34910123456", "boss@b.co", "x"]];
    let guess = guessed(&["Mobile", "Work phone", "Reports to", "Shoes"], rows, &two_names());
    assert_eq!(summary(&guess), ["Mobile=phone", "Work phone?", "Reports to?", "Shoes?"]);
    let warned: Vec<_> = guess.warnings.iter().map(|warning| warning.split(" and ").next().unwrap()).collect();
    assert_eq!(
        warned,
        ["Work phone holds phone numbers in 1 of 1 rows", "Reports to holds e-mail addresses in 1 of 1 rows"]
    );
    let guess = guessed(&["Mobile", "Phone 2"], &[&["+34600123456", "see notes"]], &two_names());
    assert_eq!(summary(&guess), ["Mobile=phone", "Phone 2?"]);
    assert!(guess.warnings[0].starts_with("Phone 2 is headed as phone numbers, and has values in 1 of 1 rows"));
}

#[test]
fn a_phone_of_some_kind_is_taken_where_none_is_plainly_the_phone() {
    let rows: &[&[&str]] = &[&["Ana", "+34910123456", ""], &["Bo", "", "+34910123457"]];
    let guess = guessed(&["Name", "Person - Phone - Work", "Person - Phone - Home"], rows, &one_name());
    assert_eq!(summary(&guess), ["Name=name", "Person - Phone - Work=phone", "Person - Phone - Home+"]);
}

#[test]
fn ids_of_other_things_are_not_the_persons() {
    let columns = ["Account ID", "Customer number", "Reference", "Contact ref", "Email"];
    let rows: &[&[&str]] = &[&["A-1", "C-1", "R-1", "r-1", "a@b.co"]];
    let guess = guessed(&columns, rows, &everything());
    assert_eq!(summary(&guess), ["Account ID?", "Customer number?", "Reference?", "Contact ref?", "Email=email"]);
    assert_eq!(guess.columns[1].could_be.as_deref(), Some("field = \"external_id\""));
    let guess = guessed(&["External ID", "Email"], &[&["7", "a@b.co"]], &everything());
    assert_eq!(summary(&guess), ["External ID=external_id", "Email=email"]);
}

#[test]
fn what_stands_between_tags_is_found_in_the_cells() {
    for (cells, separators) in [
        (["VIP ::: * myContacts", "VIP ::: lead"], vec![":::"]),
        (["North / South", "East"], vec![" / "]),
        (["one\ntwo", "three"], vec!["\n"]),
        (["[\"vip\",\"lead\"]", "[\"vip\"]"], vec![";"]),
        (["a;b", "c,d"], vec![";", ","]),
        (["Smith, Ltd;vip", "vip;lead"], vec![";"]),
        (["vip", "lead"], vec![";"]),
    ] {
        let rows: Vec<[&str; 2]> = cells.iter().map(|cell| ["a@b.co", *cell]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(|row| &row[..]).collect();
        let guess = guessed(&["Email", "Labels"], &rows, &two_names());
        assert_eq!(guess.mapping.columns["Labels"].separators, separators, "{cells:?}");
    }
    let guess = guessed(&["Email", "Labels"], &[&["a@b.co", "VIP ::: * myContacts ::: lead"]], &two_names());
    let because = &guess.columns[1].because;
    assert!(because.contains("split at \":::\": VIP | lead; groups that the address book made"), "{because}");
}

#[test]
fn numbers_of_a_column_that_left_out_the_plus_are_read_as_international() {
    let rows: Vec<[String; 1]> = (0..10).map(|n| [format!("3460012340{n}")]).collect();
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let guess = guessed(&["Phone"], &rows, &two_names());
    assert_eq!(guess.mapping.columns["Phone"].numbers, Some(Numbers::International));
    assert!(guess.notes[0].starts_with("Phone: 100.0 % of 10 numbers without a plus sign are valid with one"));
    let guess = guessed(&["Phone"], &rows[..3], &two_names());
    assert_eq!(guess.mapping.columns["Phone"].numbers, None, "three numbers settle nothing");
}

#[test]
fn columns_that_say_who_wants_to_be_written_to_are_pointed_out() {
    let guess = guessed(&["Email", "Email Opt Out"], &[&["a@b.co", "0"]], &two_names());
    assert!(guess.warnings[0].starts_with("Email Opt Out says who must not be written to"), "{:?}", guess.warnings);
    assert!(guess.warnings[0].contains("--only 'Email Opt Out = 0'"), "{:?}", guess.warnings);
}

#[test]
fn the_choice_that_is_proposed_leaves_those_who_want_nothing_out() {
    for (header, cell, choice) in [
        ("Unsubscribed from all email", "true", "'Unsubscribed from all email != true'"),
        ("Do not call", "", "'Do not call is blank'"),
        ("Opted in", "checked", "'Opted in = checked'"),
        ("Consent", "No", "'Consent != No'"),
    ] {
        let rows: &[&[&str]] = &[&["a@b.co", cell], &["c@d.co", "Somebody"]];
        let guess = guessed(&["Email", header], rows, &two_names());
        assert!(guess.warnings[0].contains(choice), "{:?}", guess.warnings);
    }
}

#[test]
fn blanks_between_words_that_may_be_tags_are_pointed_out() {
    let warnings = |rows: &[&[&str]]| guessed(&["Email", "Tags"], rows, &two_names()).warnings;
    let said = warnings(&[&["a@b.co", "vip emea"], &["c@d.co", "vip"]]);
    assert!(said[0].starts_with("Tags: \"vip emea\" is taken for one tag: write separator = \" \""), "{said:?}");
    assert_eq!(warnings(&[&["a@b.co", "New customer"], &["c@d.co", "vip"]]), Vec::<String>::new());
    assert_eq!(warnings(&[&["a@b.co", "vip emea; lead"], &["c@d.co", "vip"]]), Vec::<String>::new());
}

#[test]
fn an_exact_name_of_a_custom_field_comes_before_one_that_is_only_alike() {
    let mut made = two_names();
    made.definitions = Some(vec![FieldDefinition { name: "plan".into(), alias: None, kind: FieldKind::Text }]);
    let rows: &[&[&str]] = &[&["a@b.co", "gold", ""]];
    let guess = guessed(&["Email", "custom.Plan", "custom.plan"], rows, &made);
    assert_eq!(summary(&guess), ["Email=email", "custom.Plan?", "custom.plan=custom.plan"]);
}

#[test]
fn a_header_may_tell_what_a_custom_field_holds() {
    let guess = guessed(&["Email", "custom.seats:number", "custom.meta:object"], &[], &two_names());
    assert_eq!(summary(&guess), ["Email=email", "custom.seats:number=custom.seats", "custom.meta:object=custom.meta"]);
    assert_eq!(guess.mapping.columns["custom.seats:number"].kind, Some(FieldKind::Number));
    assert_eq!(guess.mapping.columns["custom.meta:object"].kind, Some(FieldKind::Json));
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
    made.definitions = Some(vec![FieldDefinition { name: "Shoe Size".into(), alias: None, kind: FieldKind::Text }]);
    let guess = guessed(&["phone", "shoe_size", "cf_other"], &[], &made);
    assert_eq!(summary(&guess), ["phone=phone", "shoe_size=custom.Shoe Size", "cf_other?"]);
    let [warning] = &guess.warnings[..] else { panic!("{:?}", guess.warnings) };
    let words = "cf_other feeds nothing: the account defines no custom field of this name: cf_other; it has values in";
    assert!(warning.starts_with(words), "{warning}");
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
    assert!(text.contains("# the header is a spelling of phone; 0 of the 1 cells looked at are phone numbers that can be sent\n[columns.\"Mobile\"]\nfield = \"phone\"\n"), "{text}");
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
            let mut sample = RowBatch::new();
            rows.rows().for_each(|row| sample.push_row(row));
            let guess = guess(&columns, &Sample::of(columns.len(), sample), &made.facts(), &Looks::default(), &[]);
            prop_assert_eq!(guess.columns.len(), columns.len());
            if let Err(error) = guess.mapping.forward(&columns, &made.facts(), None) {
                prop_assert!(error.message.contains("no column feeds an identifier"), "{}", error);
            }
        }
    }
}
