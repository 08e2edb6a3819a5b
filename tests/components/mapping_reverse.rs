//! What a service holds, written as rows that map back.

use rolo::contact::{Field, IdentifierKind, RemoteId, Snapshot, Value};
use rolo::mapping::{Discovery, ExportColumn, Reverse, Sample, guess};
use rolo::validate::{Looks, Validator};

use crate::mapping_facts::{batch, two_names};

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
    let sample = Sample::of(cells.len(), batch(&[&cells]));
    let guess = guess(reverse.headers(), &sample, &made.facts(), &Looks::default(), &[]);
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
    let reverse = Reverse::new(vec![ExportColumn::parse("name"), ExportColumn::parse("tags")]).with_separator("|");
    let mut cells = Vec::new();
    reverse.row(&snapshot(), &mut cells);
    assert_eq!(cells[0], "Ana de la Cruz");
    assert!(cells[1].starts_with("vip|\"a;b\"|"), "{}", cells[1]);
    let mut full = Snapshot::new(RemoteId("1".into()));
    full.fields.insert(Field::new("name"), Value::Text("Juan de la Cruz".into()));
    Reverse::new(vec![ExportColumn::parse("first_name"), ExportColumn::parse("last_name")]).row(&full, &mut cells);
    assert_eq!(cells, ["Juan", "de la Cruz"]);
}
