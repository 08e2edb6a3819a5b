//! Mappings read from a file and held against a service.

use rolo::contact::{CustomEdit, FieldDefinition, FieldKind, IdentifierKind, ImportMode, Overwrite, Value};
use rolo::mapping::Mapping;

use crate::mapping_facts::{checked, fields, forward, one_name, refusal, two_names, words};

fn parse_error(toml: &str) -> String {
    words(&Mapping::parse(toml, "m.toml").expect_err("not a mapping"))
}

#[test]
fn a_mapping_file_that_is_wrong_is_refused_with_line_and_column() {
    for (toml, start, hint) in [
        ("servce = \"x\"", "m.toml, line 1, column 1: unknown key servce", "did you mean: service"),
        ("mode = \"upsrt\"", "m.toml, line 1, column 8: unknown value upsrt", "did you mean: upsert"),
        ("\n\nmatch = [\"phnoe\"]", "m.toml, line 3, column 10: unknown identifier phnoe", "did you mean: phone"),
        ("[columns.A]\nfeild = \"phone\"", "m.toml, line 2, column 1: unknown key feild", "did you mean: field"),
        (
            "[columns.A]\nfield = \"phone\"\noverwrite = \"allways\"",
            "m.toml, line 3, column 13: unknown policy",
            "always",
        ),
        (
            "[columns.A]\nfield = \"phone\"\ntype = \"bolean\"",
            "m.toml, line 3, column 8: unknown type bolean",
            "boolean",
        ),
        ("numbers = \"national\"", "m.toml, line 1, column 1: unknown key numbers", "below [columns.\"HEADER\"]"),
        (
            "[columns.A]\nfield = \"phone\"\nduplicates = \"last\"",
            "m.toml, line 3, column 1: unknown key duplicates",
            "above the first column",
        ),
        ("duplicates = \"newest\"", "m.toml, line 1, column 14: unknown value newest", "expected one of reject"),
        ("bad_cells = true", "m.toml, line 1, column 13: wanted a text", ""),
        ("where = [3]", "m.toml, line 1, column 9: wanted a text or a list of texts", ""),
        ("[columns.A]\n", "m.toml, line 1, column 10: the column feeds nothing: A", "exactly one of"),
        (
            "[columns.A]\nfield = \"phone\"\nignore = true",
            "m.toml, line 1, column 10: the column feeds several",
            "exactly one of",
        ),
        ("[columns.A]\nlists = \"replace\"", "m.toml, line 1, column 10: lists can be added to", "lists = \"add\""),
        ("[constants]\ntags = \"vip\"", "m.toml, line 2, column 1: constant tags and lists are a list of texts", ""),
        ("[constants]\ncity = [1]", "m.toml, line 2, column 1: a constant is one text", ""),
        ("region = ", "m.toml, line 1, column 10: ", ""),
        ("a = 1\na = 2", "m.toml, line 2, column 1: ", ""),
    ] {
        let error = parse_error(toml);
        assert!(error.starts_with(start), "{error}\nwanted: {start}");
        assert!(error.contains(hint), "{error}\nwanted: {hint}");
        assert!(!error.contains('\n'), "{error}");
    }
}

#[test]
fn what_the_service_or_the_file_lacks_is_refused_with_a_cure() {
    let phone = "[columns.Phone]\nfield = \"phone\"\n";
    for (toml, says, cure) in [
        (
            "[columns.Phne]\nfield = \"phone\"",
            "the file has no column that stands in the mapping: Phne",
            "did you mean: Phone",
        ),
        (
            "service = \"other\"\n[columns.Phone]\nfield = \"phone\"",
            "the mapping is for another service: other",
            "two-names",
        ),
        ("region = \"Narnia\"\n[columns.Phone]\nfield = \"phone\"", "not a country: Narnia", "ES"),
        ("[columns.City]\nfield = \"city\"", "column City: two-names has no field of this name: city", "custom.city"),
        ("[columns.City]\nfield = \"citty\"", "column City: no field is called: citty", "did you mean: city"),
        ("[columns.City]\nfield = \"shoes\"", "column City: no field is called: shoes", "custom.shoes"),
        ("[columns.City]\nfield = \"tags\"", "column City: no field is called: tags", "tags = \"add\""),
        (
            "[columns.City]\nfield = \"locale\"",
            "two-names only tells this field, it can't be set: locale",
            "ignore = true",
        ),
        ("[columns.City]\nlists = \"add\"", "column City: two-names has no lists", "tags = \"add\""),
        ("[columns.City]\nfield = \"custom.\"", "a custom field has no name", "custom.NAME"),
        ("[columns.City]\nfield = \"custom.a234567890123456789012345678901\"", "at most 30 characters", "shorter"),
        ("[columns.City]\nfield = \"company\"\nseparator = \",\"", "a separator is for tags and lists", "remove"),
        ("[columns.City]\ntags = \"replace\"\nseparator = \"a\"", "this can't stand between tags: a", ";"),
        (
            "[columns.City]\nfield = \"blocked\"\ntype = \"date\"",
            "the field is a boolean, the column says date: blocked",
            "boolean",
        ),
        (
            "[columns.City]\nfield = \"company\"\nformat = \"day-first\"",
            "a format has no meaning for a text",
            "remove format",
        ),
        (
            "[columns.City]\nfield = \"custom.day\"\ntype = \"date\"\nformat = \"%Q\"",
            "not a format of dates: %Q",
            "day-first",
        ),
        (
            "[columns.City]\nfield = \"custom.n\"\ntype = \"number\"\nformat = \"x\"",
            "not a format of numbers: x",
            "decimal-comma",
        ),
        (
            "[columns.City]\nfield = \"custom.t\"\ntype = \"timestamp\"\ntime_zone = \"Mars/X\"",
            "not a time zone: Mars/X",
            "Europe/Madrid",
        ),
        ("[columns.City]\nfield = \"company\"\nregion_column = \"Phone\"", "a region column has no meaning", "remove"),
        ("[columns.City]\nfield = \"company\"", "no column feeds an identifier", "id, phone, email"),
        (
            "match = [\"external_id\"]\n[columns.Phone]\nfield = \"phone\"",
            "can't find contacts by this identifier: external_id",
            "id, phone, email",
        ),
        (
            "match = [\"email\"]\n[columns.Phone]\nfield = \"phone\"",
            "an identifier that no column feeds: email",
            "map a column",
        ),
        ("custom_fields = \"replace\"\n[columns.Phone]\nfield = \"phone\"", "can't take away custom fields", "merge"),
        (
            "[columns.Phone]\nfield = \"phone\"\n[constants]\nphone = \"+34600123456\"",
            "two columns feed one field: phone, also fed by Phone",
            "ignore",
        ),
        (
            "[columns.Phone]\nfield = \"phone\"\n[constants]\nlists = [\"a\"]",
            "can't add contacts to lists",
            "remove lists",
        ),
    ] {
        let error = refusal(toml, &["Phone", "City"], &two_names());
        assert!(error.contains(says), "{error}\nwanted: {says}");
        assert!(error.contains(cure), "{error}\nwanted: {cure}");
    }
    let twice = format!("{phone}[columns.City]\nfield = \"phone\"");
    let error = refusal(&twice, &["Phone", "City"], &two_names());
    assert!(error.starts_with("column City: two columns feed one field: phone, also fed by Phone"), "{error}");
    let error = refusal(phone, &["Phone", "Phone"], &two_names());
    assert!(error.starts_with("the file has this column twice: Phone (rename one of columns 1 and 2)"), "{error}");
    let error = refusal(&format!("{phone}[columns.Tier]\nfield = \"custom.tier\""), &["Phone", "Tier"], &one_name());
    assert!(
        error.contains("one-name has no custom fields: custom.tier (map the column to one of: external_id, name"),
        "{error}"
    );
    let error = refusal(&format!("{phone}[columns.Tags]\ntags = \"add\""), &["Phone", "Tags"], &one_name());
    assert!(error.contains("one-name has no tags"), "{error}");
}

#[test]
fn a_custom_field_the_account_does_not_define_is_refused() {
    let mut made = two_names();
    made.definitions = Some(vec![
        FieldDefinition { name: "tier".into(), alias: None, kind: FieldKind::Choice(vec!["gold".into()]) },
        FieldDefinition { name: "born".into(), alias: Some("date_of_birth".into()), kind: FieldKind::Date },
    ]);
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.teir\"";
    let error = refusal(toml, &["P", "T"], &made);
    assert_eq!(error, "column T: the account defines no custom field of this name: teir (did you mean: custom.tier)");
    let several = "[columns.P]\nfield = \"custom.a\"\n[columns.T]\nfield = \"custom.b\"";
    let error = refusal(several, &["P", "T"], &made);
    assert!(error.starts_with("the account defines no custom fields of these names: a, b"), "{error}");
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.tier\"";
    let rows = checked(toml, &["P", "T"], &made, &[&["+34600123456", "Gold"], &["+34600123457", "tin"]]);
    assert_eq!(fields(rows[0].as_ref().unwrap()), ["phone=+34600123456", "custom.tier=gold"]);
    assert_eq!(rows[1].as_ref().unwrap_err()[0].code, "value.not_a_choice");
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.date_of_birth\"";
    let rows = checked(toml, &["P", "T"], &made, &[&["+34600123456", "1990-01-31"]]);
    assert_eq!(fields(rows[0].as_ref().unwrap()), ["phone=+34600123456", "custom.born=1990-01-31"]);
    let toml = "[columns.P]\nfield = \"custom.born\"\n[columns.T]\nfield = \"custom.date_of_birth\"";
    let error = refusal(toml, &["P", "T"], &made);
    assert!(error.contains("two columns feed one field: custom.born"), "{error}");
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.born\"\ntype = \"number\"";
    assert!(refusal(toml, &["P", "T"], &made).contains("the field is a date, the column says number"));
}

#[test]
fn a_custom_field_that_two_of_the_account_answer_to_is_refused_with_both() {
    let field = |name: &str, alias: &str| FieldDefinition {
        name: name.into(),
        alias: Some(alias.into()),
        kind: FieldKind::Text,
    };
    let mut made = two_names();
    made.definitions = Some(vec![field("plan", "plan_1"), field("Tariff", "plan"), field("Work email", "work_email")]);
    let mapped = |name: &str| format!("[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.{name}\"");
    let both = "column T: 2 custom fields of the account answer to plan (plan, also called plan_1; Tariff, also \
                called plan) (rename one of them in two-names, ";
    // Requests would call the first of them plan, whatever the mapping calls it.
    for name in ["plan", "plan_1"] {
        let error = refusal(&mapped(name), &["P", "T"], &made);
        assert!(error.starts_with(both), "{error}");
    }
    let sent = |name: &str| {
        let rows = checked(&mapped(name), &["P", "T"], &made, &[&["+34600123456", "gold"]]);
        fields(rows[0].as_ref().unwrap())
    };
    assert_eq!(sent("Tariff"), ["phone=+34600123456", "custom.Tariff=gold"]);
    assert_eq!(sent("work_email"), ["phone=+34600123456", "custom.Work email=gold"]);
    let error = refusal(&mapped("work_emial"), &["P", "T"], &made);
    assert!(error.ends_with("of this name: work_emial (did you mean: custom.work_email)"), "{error}");
}

#[test]
fn policies_of_the_file_and_of_a_column_reach_the_contact() {
    let toml = r#"
        mode = "update"
        blank = "clear"
        overwrite = "if_empty"
        [columns.Phone]
        field = "phone"
        [columns.Firm]
        field = "company"
        overwrite = "never"
        [columns.First]
        field = "first_name"
        blank = "ignore"
        [columns.Tags]
        tags = "add"
        [columns.Gone]
        tags = "remove"
        separator = "|"
        [constants]
        tags = ["fair", "vip"]
        language = "English"
        custom.score = 10
    "#;
    let columns = ["Phone", "Firm", "First", "Tags", "Gone", "Shoes"];
    let compiled = forward(toml, &columns, &two_names()).unwrap();
    assert_eq!(compiled.mode(), ImportMode::Update);
    assert_eq!(compiled.custom_edit(), CustomEdit::Merge);
    assert_eq!(compiled.unmapped(), ["Shoes"]);
    let rows = checked(toml, &columns, &two_names(), &[&["+34600123456", "", "", " vip ;lead;\"a;b\"", "x|y"]]);
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(fields(contact), ["phone=+34600123456", "company=", "custom.score=10", "language=en"]);
    assert_eq!(contact.fields[1].value, Value::Clear);
    assert_eq!(contact.fields[1].overwrite, Overwrite::Never);
    assert_eq!(contact.fields[0].overwrite, Overwrite::IfEmpty);
    assert_eq!(contact.tags.add, ["vip", "lead", "a;b", "fair"]);
    assert_eq!(contact.tags.remove, ["x", "y"]);
    assert!(!contact.tags.replace);
}

#[test]
fn identifiers_are_those_the_service_can_use_unless_the_mapping_chooses() {
    let toml = "[columns.Id]\nfield = \"external_id\"\n[columns.P]\nfield = \"phone\"\n[columns.E]\nfield = \"email\"";
    let compiled = forward(toml, &["E", "P", "Id"], &one_name()).unwrap();
    assert_eq!(compiled.match_by(), [IdentifierKind::ExternalId, IdentifierKind::Phone]);
    let chosen = format!("match = [\"phone\"]\n{toml}");
    let rows = checked(&chosen, &["E", "P", "Id"], &one_name(), &[&["a@b.co", "+34600123456", "7"]]);
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(contact.identifiers.len(), 1);
    assert_eq!(fields(contact), ["email=a@b.co", "phone=+34600123456", "external_id=7"]);
    let with_id = "[columns.id]\nfield = \"id\"\n[columns.P]\nfield = \"phone\"";
    let rows = checked(with_id, &["id", "P"], &two_names(), &[&["42", "+34600123456"]]);
    let contact = rows[0].as_ref().unwrap();
    assert_eq!(contact.identifiers[0].kind, IdentifierKind::Id);
    assert_eq!(fields(contact), ["phone=+34600123456"], "an id finds and is not stored");
}

#[test]
fn names_are_split_and_joined_where_the_service_divides_them_otherwise() {
    let full = "[columns.P]\nfield = \"phone\"\n[columns.N]\nfield = \"name\"";
    let rows =
        checked(full, &["P", "N"], &two_names(), &[&["+34600123456", "Juan de la Cruz"], &["+34600123457", "Madonna"]]);
    assert_eq!(fields(rows[0].as_ref().unwrap())[1..], ["first_name=Juan", "last_name=de la Cruz"]);
    assert_eq!(fields(rows[1].as_ref().unwrap())[1..], ["first_name=Madonna"]);
    let parts =
        "[columns.P]\nfield = \"phone\"\n[columns.L]\nfield = \"last_name\"\n[columns.F]\nfield = \"first_name\"";
    let rows = checked(
        parts,
        &["L", "P", "F"],
        &one_name(),
        &[&["García Márquez", "+34600123456", "Gabriel"], &["", "+34600123457", ""]],
    );
    assert_eq!(fields(rows[0].as_ref().unwrap()), ["phone=+34600123456", "name=Gabriel García Márquez"]);
    assert_eq!(fields(rows[1].as_ref().unwrap()), ["phone=+34600123457"]);
    let both = format!("{full}\n[columns.F]\nfield = \"first_name\"");
    assert!(refusal(&both, &["P", "N", "F"], &two_names()).contains("two columns feed one field: first_name"));
    let notes = forward(full, &["P", "N"], &two_names()).unwrap();
    assert_eq!(notes.notes(), ["N: each name is split into first_name and last_name"]);
}
