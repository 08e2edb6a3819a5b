//! What a mapping does with rows: columns that stand in for each other, cells left out, rows chosen,
//! rows that name one contact.

use crate::mapping_facts::{checked, codes, fields, refusal, two_names};

const PHONES: &str = r#"
    [columns.Mobile]
    field = "phone"
    first_of = ["Mobile", "WhatsApp", "Phone 2"]
    [columns.Email]
    field = "email"
"#;
const COLUMNS: [&str; 4] = ["Phone 2", "WhatsApp", "Mobile", "Email"];

#[test]
fn of_several_columns_the_first_usable_cell_is_taken_and_the_row_says_which() {
    let rows = checked(
        PHONES,
        &COLUMNS,
        &two_names(),
        &[
            &["+34600123450", "+34600123452", "+34 600 12 34 52", ""],
            &["+34600123460", "", "", ""],
            &["+34600123470", "12", "n/a", ""],
            &["call", "12", "", "a@b.co"],
        ],
    );
    let first = rows[0].as_ref().unwrap();
    assert_eq!(fields(first), ["phone=+34600123452"]);
    assert_eq!(codes(&first.notes), ["Phone 2:value.left_behind"], "the same number twice leaves nothing behind");
    assert_eq!(first.notes[0].message, "Phone 2: not sent, since Mobile has one: +34600123450");
    let second = rows[1].as_ref().unwrap();
    assert_eq!(fields(second), ["phone=+34600123460"]);
    assert_eq!(codes(&second.notes), ["Phone 2:value.stand_in"]);
    assert_eq!(second.notes[0].message, "Phone 2: taken from this column, since Mobile is empty");
    let third = rows[2].as_ref().unwrap();
    assert_eq!(fields(third), ["phone=+34600123470"]);
    assert_eq!(codes(&third.notes), ["Phone 2:value.stand_in", "Mobile:value.placeholder"]);
    assert!(third.notes[0].message.contains("since WhatsApp: "), "{}", third.notes[0].message);
    let fourth: Vec<_> = rows[3].as_ref().unwrap_err().iter().map(|error| error.column.clone().unwrap()).collect();
    assert_eq!(fourth, ["Phone 2", "WhatsApp"], "where none is usable, each says why");
}

#[test]
fn an_order_of_columns_that_cannot_work_is_refused_with_its_cure() {
    for (toml, says) in [
        ("[columns.Mobile]\nfield = \"phone\"\nfirst_of = [\"WhatsApp\"]", "first_of doesn't name its own column"),
        (
            "[columns.Mobile]\nfield = \"phone\"\nfirst_of = [\"Mobile\", \"Fax\"]",
            "no column that stands in first_of: Fax",
        ),
        (
            "[columns.Mobile]\nfield = \"phone\"\nfirst_of = [\"Mobile\", \"Email\"]\n[columns.Email]\nfield = \"email\"",
            "first_of names a column that has a table of its own: Email",
        ),
        ("[columns.Mobile]\ntags = \"add\"\nfirst_of = [\"Mobile\"]", "first_of is for fields only"),
    ] {
        let error = refusal(toml, &COLUMNS, &two_names());
        assert!(error.contains(says), "{error}");
    }
}

#[test]
fn words_for_nothing_are_blanks_and_the_row_says_so() {
    let toml = "[columns.Email]\nfield = \"email\"\n[columns.Name]\nfield = \"name\"\n[columns.Plan]\nfield = \"custom.plan\"\n[columns.Tags]\ntags = \"add\"";
    let rows = checked(toml, &["Email", "Name", "Plan", "Tags"], &two_names(), &[&["a@b.co", "N/A", "null", "-"]]);
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(fields(contact), ["email=a@b.co"]);
    assert!(contact.tags.add.is_empty());
    assert_eq!(codes(&contact.notes), ["Name:value.placeholder", "Plan:value.placeholder", "Tags:value.placeholder"]);
    assert_eq!(contact.notes[0].message, "Name: read as empty: N/A");
}

#[test]
fn a_bad_cell_is_left_out_where_the_mapping_says_so_and_the_row_says_it() {
    let toml = "bad_cells = \"cell\"\n[columns.Phone]\nfield = \"phone\"\n[columns.Email]\nfield = \"email\"\n[columns.Blocked]\nfield = \"blocked\"";
    let columns = ["Phone", "Email", "Blocked"];
    let rows = checked(
        toml,
        &columns,
        &two_names(),
        &[&["+34600123456", "broken", "maybe"], &["call", "broken", "yes"], &["", "", "maybe"]],
    );
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(fields(contact), ["phone=+34600123456"]);
    assert_eq!(codes(&contact.notes), ["Email:email.syntax", "Blocked:value.not_a_boolean"]);
    assert!(contact.notes[0].message.ends_with("(left out)"), "{}", contact.notes[0].message);
    // Nothing is left to find the contact by, and that is why.
    assert_eq!(codes(rows[1].as_ref().unwrap_err()), ["Phone:phone.not_a_number", "Email:email.syntax"]);
    assert_eq!(codes(rows[2].as_ref().unwrap_err()), ["row:identifier.missing"]);
    let strict = toml.replace("[columns.Blocked]", "[columns.Blocked]\nbad_cells = \"row\"");
    let rows = checked(&strict, &columns, &two_names(), &[&["+34600123456", "broken", "maybe"]]);
    assert_eq!(codes(rows[0].as_ref().unwrap_err()), ["Blocked:value.not_a_boolean"]);
}

#[test]
fn only_rows_that_the_mapping_chooses_are_sent() {
    let toml = "where = [\"Consent = yes\", \"Country in ES, DE\"]\n[columns.Email]\nfield = \"email\"";
    let columns = ["Email", "Consent", "Country"];
    let rows = checked(
        toml,
        &columns,
        &two_names(),
        &[&["a@b.co", "YES", "es"], &["b@b.co", "no", "ES"], &["broken", "", "ES"], &["c@b.co", "yes", "FR"]],
    );
    assert!(rows[0].is_ok());
    assert_eq!(codes(rows[1].as_ref().unwrap_err()), ["Consent:row.not_selected"]);
    assert_eq!(codes(rows[2].as_ref().unwrap_err()), ["Consent:row.not_selected"], "its cells don't matter");
    assert_eq!(codes(rows[3].as_ref().unwrap_err()), ["Country:row.not_selected"]);
    assert!(refusal(&toml.replace("Consent", "Consnt"), &columns, &two_names()).contains("did you mean: Consent"));
    assert!(refusal(&toml.replace("Consent = yes", "Consent"), &columns, &two_names()).contains("not a condition"));
}

const PEOPLE: &str = "[columns.Phone]\nfield = \"phone\"\n[columns.Email]\nfield = \"email\"\n[columns.Company]\nfield = \"company\"\n[columns.Tags]\ntags = \"add\"";

/// The values of each row that is sent, or the code and message of one that isn't.
fn outcomes(policy: &str, rows: &[&[&str]]) -> Vec<String> {
    let toml = format!("duplicates = \"{policy}\"\n{PEOPLE}");
    let told = |row: &Result<rolo::contact::Contact, Vec<rolo::contact::RowError>>| match row {
        Ok(contact) => format!("{} {}", fields(contact).join(" "), contact.tags.add.join("+")),
        Err(errors) => format!("{}: {}", errors[0].code, errors[0].message),
    };
    checked(&toml, &["Phone", "Email", "Company", "Tags"], &two_names(), rows).iter().map(told).collect()
}

#[test]
fn rows_that_name_one_contact_are_chosen_or_merged_as_the_mapping_says() {
    let rows: &[&[&str]] = &[
        &["+34600123456", "", "Acme", "vip"],
        &["+34600123457", "", "", ""],
        &["+34600123456", "a@b.co", "", "lead"],
        &["", "a@b.co", "Bolt", ""],
        &["broken", "a@b.co", "Cyan", ""],
    ];
    let first = outcomes("first", rows);
    assert_eq!(first[0], "phone=+34600123456 company=Acme vip");
    assert_eq!(first[2], "duplicate.left_out: line 2 names the same contact and is sent in place of this row");
    assert_eq!(first[3], "duplicate.left_out: line 2 names the same contact and is sent in place of this row");
    assert!(first[4].starts_with("phone."), "a row with an error is no duplicate of others: {}", first[4]);
    let last = outcomes("last", rows);
    assert_eq!(last[0], "duplicate.left_out: line 5 names the same contact and is sent in place of this row");
    assert_eq!(last[1], "phone=+34600123457 ");
    assert_eq!(last[3], "email=a@b.co company=Bolt ");
    let merged = outcomes("merge", rows);
    assert_eq!(merged[0], "duplicate.merged: line 5 names the same contact and carries this row's values");
    assert_eq!(merged[2], "duplicate.merged: line 5 names the same contact and carries this row's values");
    assert_eq!(merged[3], "phone=+34600123456 company=Bolt email=a@b.co vip+lead");
    let rejected = outcomes("reject", rows);
    assert!(rejected[2].starts_with("duplicate.in_file: line 2"), "{}", rejected[2]);
    // Nobody that is sent has its e-mail address, so the next row is.
    assert_eq!(rejected[3], "email=a@b.co company=Bolt ");
}

#[test]
fn tags_that_look_like_several_and_groups_of_address_books_are_told() {
    let toml = "[columns.Email]\nfield = \"email\"\n[columns.Labels]\ntags = \"add\"\nseparator = [\" ::: \", \";\"]";
    let rows = checked(
        toml,
        &["Email", "Labels"],
        &two_names(),
        &[&["a@b.co", "VIP ::: * myContacts;lead"], &["b@b.co", "wholesale, quay"], &["c@b.co", "\"a, b\";c"]],
    );
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(contact.tags.add, ["VIP", "lead"]);
    assert_eq!(codes(&contact.notes), ["Labels:tags.system_group"]);
    let contact = rows[1].as_ref().unwrap();
    assert_eq!(contact.tags.add, ["wholesale, quay"]);
    assert_eq!(codes(&contact.notes), ["Labels:tags.looks_joined"]);
    let contact = rows[2].as_ref().unwrap();
    assert_eq!(contact.tags.add, ["a, b", "c"]);
    assert!(contact.notes.is_empty(), "in quotation marks it was written on purpose");
}

#[test]
fn a_last_name_before_a_comma_is_a_last_name_and_the_row_says_so() {
    let toml = "[columns.Email]\nfield = \"email\"\n[columns.Name]\nfield = \"name\"";
    let names = ["Müller, Jörg", "Acme, Inc.", "Lim, Mei (VIP)", "Paul Simon"];
    let rows: Vec<[String; 2]> =
        names.iter().enumerate().map(|(n, name)| [format!("p{n}@b.co"), (*name).to_owned()]).collect();
    let rows: Vec<Vec<&str>> = rows.iter().map(|row| row.iter().map(String::as_str).collect()).collect();
    let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
    let rows = checked(toml, &["Email", "Name"], &two_names(), &rows);
    let names: Vec<_> = rows.iter().map(|row| fields(row.as_ref().unwrap())[1..].join(" ")).collect();
    assert_eq!(
        names,
        [
            "first_name=Jörg last_name=Müller",
            "first_name=Acme, Inc.",
            "first_name=Mei (VIP) last_name=Lim",
            "first_name=Paul last_name=Simon"
        ]
    );
    let notes = &rows[0].as_ref().unwrap().notes;
    assert_eq!(notes[0].message, "Name: read as first name Jörg and last name Müller: Müller, Jörg");
    assert!(rows[1].as_ref().unwrap().notes.is_empty());
}
