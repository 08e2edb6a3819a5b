//! A write that is refused, since somebody has one of its values: who that is.

use super::*;

const MAIL: &str = "ann@example.org";
const TAKEN: &str = "+447400000002";

/// Found by its e-mail, and to be given a phone; of which kind each look-up takes one identifier.
fn row_by_mail() -> (Row, Arc<Rules>) {
    let mut rules = rules(CreateSafety::UniqueConstraint, true, true);
    rules.capabilities.find_by = &[IdentifierKind::Phone, IdentifierKind::Email];
    let mut contact = desired();
    contact.identifiers = vec![Identifier::new(IdentifierKind::Email, MAIL)];
    contact.fields[0] = FieldChange::new(Field::new("phone"), Value::Text(TAKEN.into()), Overwrite::Always);
    contact.tags.add.clear();
    let keys = super::keys().identifiers(&contact.identifiers);
    (Row::new(Position { index: 0, line: 2, sheet: 0 }, contact, keys), Arc::new(rules))
}

fn by_mail(id: &str) -> Snapshot {
    let mut contact = held(id, "+447400000009", Some("no"));
    contact.fields.insert(Field::new("email"), Value::Text(MAIL.into()));
    contact
}

fn looked(contacts: Vec<Snapshot>) -> ReconcileEvent {
    ReconcileEvent::Looked { contacts, result: done(Reply::Nothing) }
}

fn refused(fields: &[&str]) -> ReconcileEvent {
    let fields = fields.iter().map(|field| (*field).to_owned()).collect();
    let mut result = result(CallEnd::Exists { message: "has already been taken".into(), fields, id: None });
    result.http_status = Some(422);
    ReconcileEvent::Called(result)
}

/// The row up to where its update was refused for these fields.
fn refused_for(fields: &[&str]) -> Reconciliation {
    let (row, rules) = row_by_mail();
    let mut machine = Reconciliation::new(row, rules);
    machine.answered(looked(vec![by_mail("1")]));
    machine.answered(ReconcileEvent::Claimed { left: None, shared_with: None });
    assert!(matches!(machine.next(), Next::Write(_)), "{:?}", machine.next());
    machine.answered(refused(fields));
    machine
}

fn ended(machine: &Reconciliation) -> &RowRecord {
    let Next::Done(record) = machine.next() else { panic!("{:?}", machine.next()) };
    assert_eq!((record.outcome, record.http_status), (Outcome::Failed, Some(422)), "{record:?}");
    assert_eq!(record.errors[0].code, "contact.conflict");
    record
}

#[test]
fn who_has_a_refused_value_is_looked_up_once_and_named() {
    for fields in [&["phone"][..], &[]] {
        let mut machine = refused_for(fields);
        let asked = Identifier::new(IdentifierKind::Phone, TAKEN);
        assert_eq!(*machine.next(), Next::Lookup(vec![asked]), "and not the e-mail, which was looked up");
        machine.answered(looked(vec![held("2", TAKEN, None)]));
        let record = ended(&machine);
        // Where the answer does not name the value, the look-up that found somebody does.
        let words = "has already been taken: contact 2 has it, and contact 1 was not given that phone";
        assert_eq!(record.errors[0].message, words);
        let named: Vec<_> = record.errors[0].contacts.iter().map(|contact| contact.id.0.as_str()).collect();
        assert_eq!((named, record.calls), (vec!["2", "1"], 3));
    }
}

#[test]
fn a_value_that_nobody_else_has_or_that_can_not_be_looked_up_is_told_as_the_service_did() {
    let words = "has already been taken: contact 1 was not given that phone";
    let not_found = [looked(vec![]), looked(vec![held("1", TAKEN, None)]), {
        let end = CallEnd::Unreachable { message: "down".into() };
        ReconcileEvent::Looked { contacts: Vec::new(), result: result(end) }
    }];
    for answer in not_found {
        let mut machine = refused_for(&["phone"]);
        machine.answered(answer);
        assert_eq!(ended(&machine).errors[0].message, words);
    }
    // Nothing but what the row was looked up by.
    let machine = refused_for(&["email"]);
    let words = "has already been taken: contact 1 was not given that email";
    assert_eq!(ended(&machine).errors[0].message, words);
    assert_eq!(ended(&machine).calls, 2, "no call more");
}

#[test]
fn who_has_a_value_that_keeps_a_contact_from_being_made_is_named_too() {
    let (row, rules) = row_by_mail();
    let mut machine = Reconciliation::new(row, Arc::new(Rules { search_lag: Duration::ZERO, ..(*rules).clone() }));
    machine.answered(looked(vec![]));
    assert!(matches!(machine.next(), Next::Write(_)), "{:?}", machine.next());
    machine.answered(refused(&["phone"]));
    // By the e-mail: the service may have the row's own contact after all.
    machine.answered(looked(vec![]));
    assert_eq!(*machine.next(), Next::Lookup(vec![Identifier::new(IdentifierKind::Phone, TAKEN)]));
    machine.answered(looked(vec![held("2", TAKEN, None)]));
    assert_eq!(ended(&machine).errors[0].message, "has already been taken: contact 2 has it");
}

#[test]
fn the_look_up_is_among_the_calls_that_a_row_may_take() {
    let (row, rules) = row_by_mail();
    let plain = Reconciliation::new(row.clone(), rules.clone()).calls_at_most();
    // A look-up, an update, a look-up.
    assert!(plain >= 3, "{plain}");
    let mut by_both = row;
    by_both.contact.identifiers.push(Identifier::new(IdentifierKind::Phone, TAKEN));
    // Its look-ups ask for all that can be refused.
    assert_eq!(Reconciliation::new(by_both, rules).calls_at_most(), plain);
}
