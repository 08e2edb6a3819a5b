//! Mappings: read, refused, compiled, guessed, written, and reversed.

use proptest::prelude::*;
use rolo::contact::{
    CustomEdit, Field, FieldDefinition, FieldKind, IdentifierKind, Overwrite, RemoteId, Snapshot, Value,
};
use rolo::mapping::{
    Blank, ColumnEvidence, ColumnRule, Constants, CustomFields, Discovery, ExportColumn, Feeds, Guess, Mapping, Mode,
    Reverse, SetAction, guess, write_commented,
};
use rolo::table::RowBatch;
use rolo::validate::Validator;

use crate::mapping_facts::{
    Made, batch, checked, everything, fields, forward, headers, one_name, refusal, two_names, words,
};

fn parse_error(toml: &str) -> String {
    words(&Mapping::parse(toml, "m.toml").expect_err("not a mapping"))
}

#[test]
fn a_mapping_file_that_is_wrong_is_refused_with_line_and_column() {
    for (toml, start, hint) in [
        ("servce = \"x\"", "m.toml, line 1, column 1: unknown field servce", "did you mean: service"),
        ("mode = \"upsrt\"", "m.toml, line 1, column 8: unknown variant upsrt", "did you mean: upsert"),
        ("\n\nmatch = [\"phnoe\"]", "m.toml, line 3, column 10: unknown identifier phnoe", "did you mean: phone"),
        ("[columns.A]\nfeild = \"phone\"", "m.toml, line 2, column 1: unknown field feild", "did you mean: field"),
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
        FieldDefinition { name: "tier".into(), kind: FieldKind::Choice(vec!["gold".into()]) },
        FieldDefinition { name: "born".into(), kind: FieldKind::Date },
    ]);
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.teir\"";
    let error = refusal(toml, &["P", "T"], &made);
    assert_eq!(error, "column T: the account defines no custom field of this name: teir (did you mean: custom.tier)");
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.tier\"";
    let rows = checked(toml, &["P", "T"], &made, &[&["+34600123456", "Gold"], &["+34600123457", "tin"]]);
    assert_eq!(fields(rows[0].as_ref().unwrap()), ["phone=+34600123456", "custom.tier=gold"]);
    assert_eq!(rows[1].as_ref().unwrap_err()[0].code, "value.not_a_choice");
    let toml = "[columns.P]\nfield = \"phone\"\n[columns.T]\nfield = \"custom.born\"\ntype = \"number\"";
    assert!(refusal(toml, &["P", "T"], &made).contains("the field is a date, the column says number"));
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
    assert_eq!(compiled.mode(), Mode::Update);
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

fn snapshot() -> Snapshot {
    let mut snapshot = Snapshot::new(RemoteId("4711".into()));
    for (name, value) in [
        ("first_name", Value::Text("Ana".into())),
        ("last_name", Value::Text("de la Cruz".into())),
        ("phone", Value::Text("+34600123456".into())),
        ("custom.tier", Value::Text(" kept as it is ".into())),
        ("custom.a,b", Value::Text("=1+1".into())),
        ("blocked", Value::Boolean(false)),
        ("created_at", Value::Timestamp("2026-01-31T12:00:00Z".into())),
    ] {
        snapshot.fields.insert(Field::new(name), value);
    }
    snapshot.tags = Some(vec!["vip".into(), "a;b".into(), "c,d,e".into(), "\"q\" r".into()]);
    snapshot.extra.insert("score".into(), serde_json::json!(7));
    snapshot
}

#[test]
fn an_export_has_its_columns_in_a_fixed_order() {
    let made = two_names();
    let mut discovery = Discovery::new(&made.facts());
    discovery.see(&snapshot());
    let columns = discovery.columns();
    let reverse = Reverse::new(columns);
    assert_eq!(
        reverse.headers(),
        [
            "id",
            "first_name",
            "last_name",
            "phone",
            "email",
            "company",
            "language",
            "country",
            "locale",
            "blocked",
            "description",
            "status",
            "custom.a,b",
            "custom.tier",
            "tags",
            "created_at",
            "extra",
        ]
    );
    let mut cells = vec!["left over".to_owned()];
    reverse.row(&snapshot(), &mut cells);
    assert_eq!(
        cells,
        [
            "4711",
            "Ana",
            "de la Cruz",
            "+34600123456",
            "",
            "",
            "",
            "",
            "",
            "false",
            "",
            "",
            "=1+1",
            " kept as it is ",
            "vip;\"a;b\";\"c,d,e\";\"\"\"q\"\" r\"",
            "2026-01-31T12:00:00Z",
            "{\"score\":7}",
        ]
    );
}

#[test]
fn an_exported_file_maps_back_to_the_same_values() {
    let made = two_names();
    let mut discovery = Discovery::new(&made.facts());
    discovery.see(&snapshot());
    let reverse = Reverse::new(discovery.columns());
    let mut cells = Vec::new();
    reverse.row(&snapshot(), &mut cells);
    let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
    let rows = batch(&[&cells]);
    let guess = guess(reverse.headers(), &rows, &made.facts());
    assert!(guess.columns.iter().all(|column| column.mapped), "{:?}", guess.columns);
    let forward = guess.mapping.forward(reverse.headers(), &made.facts(), None).unwrap();
    assert_eq!(forward.unmapped(), Vec::<String>::new());
    assert_eq!(forward.match_by()[0], IdentifierKind::Id);
    let contact = Validator::new(forward).unwrap().check(&rows).remove(0).unwrap();
    assert_eq!(contact.identifiers[0].value, "4711");
    for change in &contact.fields {
        assert!(change.value.same_as(&snapshot().fields[&change.field]), "{}", change.field);
    }
    // All that the snapshot holds is sent but what the service never takes.
    assert_eq!(contact.fields.len(), snapshot().fields.len() - 1);
    assert_eq!(Some(contact.tags.add), snapshot().tags);
}

#[test]
fn declared_name_columns_are_converted() {
    let reverse = Reverse::new(vec![ExportColumn::parse("name"), ExportColumn::parse("tags")]).with_separator('|');
    let mut cells = Vec::new();
    reverse.row(&snapshot(), &mut cells);
    assert_eq!(cells[0], "Ana de la Cruz");
    assert!(cells[1].starts_with("vip|\"a;b\"|"), "{}", cells[1]);
    let mut full = Snapshot::new(RemoteId("1".into()));
    full.fields.insert(Field::new("name"), Value::Text("Juan de la Cruz".into()));
    Reverse::new(vec![ExportColumn::parse("first_name"), ExportColumn::parse("last_name")]).row(&full, &mut cells);
    assert_eq!(cells, ["Juan", "de la Cruz"]);
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
    (feeds, overwrite, blank, kind, text(), text(), text(), proptest::option::of(any::<char>())).prop_map(
        |(feeds, overwrite, blank, kind, format, time_zone, region_column, separator)| ColumnRule {
            feeds,
            overwrite,
            blank,
            kind,
            format,
            time_zone,
            region_column,
            separator,
        },
    )
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
        prop_oneof![Just(Mode::Upsert), Just(Mode::Create), Just(Mode::Update)],
        any::<(bool, bool)>(),
    );
    (top, columns, constants).prop_map(|((service, region, match_by, mode, (clear, replace)), columns, constants)| {
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
            because: because.clone(),
            could_be: Some(because.clone()),
        };
        let columns = mapping.columns.keys().chain([&extra]).map(evidence).collect::<Vec<_>>();
        let mut seen = std::collections::BTreeSet::new();
        let columns = columns.into_iter().filter(|column| seen.insert(column.header.clone())).collect();
        let guess = Guess { mapping: mapping.clone(), columns, notes: vec![because.clone()] };
        let text = write_commented(&guess);
        let read = Mapping::parse(&text, "guess.toml");
        prop_assert!(read.is_ok(), "{:?}\n{}", read, text);
        prop_assert_eq!(read.unwrap(), mapping);
    }

    #[test]
    fn guessing_never_fails_and_always_compiles_or_lacks_an_identifier(
        columns in proptest::collection::vec(prop_oneof!["\\PC{0,8}", Just("Phone".to_owned()), Just("id".to_owned()), Just("name".to_owned()), Just("tags".to_owned()), Just("cf_a".to_owned())], 0..8),
        cells in proptest::collection::vec("\\PC{0,12}", 0..24),
    ) {
        let mut rows = RowBatch::new();
        for (index, row) in cells.chunks(8).enumerate() {
            rows.begin_row(rolo::contact::Position { index: index as u64, line: 2, sheet: 0 });
            row.iter().for_each(|cell| rows.push_cell(cell));
        }
        for made in [two_names(), one_name(), everything()] {
            let guess = guess(&columns, &rows, &made.facts());
            prop_assert_eq!(guess.columns.len(), columns.len());
            if let Err(error) = guess.mapping.forward(&columns, &made.facts(), None) {
                prop_assert!(error.message.contains("no column feeds an identifier"), "{}", error);
            }
        }
    }

    #[test]
    fn reading_any_text_as_a_mapping_never_panics(text in "(?s).{0,80}") {
        let _ = Mapping::parse(&text, "x.toml");
    }
}
