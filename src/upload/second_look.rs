use super::drive::Driver;
use super::look_up::look_up;
use super::notice::Notice;
use crate::contact::{Identifier, RemoteId, Snapshot};
use crate::journal::{Entry, SecondLook};
use crate::reconcile::{CallEnd, Identification, has_identifier};

/// What a second look at a row showed.
#[derive(Debug, PartialEq, Eq)]
enum Shown {
    /// Not even the contact that was made: the search has still not caught up.
    Nothing,
    Once,
    Twice(Vec<RemoteId>),
}

impl Driver {
    /// Looks once more at contacts that were made after a create whose answer was lost, of whichever run
    /// of the account, once the service's search has had its time. A contact that is there twice is told.
    pub(super) async fn look_again(&self) {
        let (caller, rules) = (&self.caller, &self.rules);
        let looks = match caller.account.ledger.second_looks(rules.keys.account()).await {
            Ok(looks) => looks,
            Err(error) => return caller.halt(error),
        };
        let is_due = |look: &SecondLook| look.age > rules.search_lag;
        let due: Vec<_> = looks.into_iter().filter(is_due).collect();
        let identifiers_of = |look: &SecondLook| -> Vec<Identifier> {
            Identification::new(&look.identifiers, &rules.capabilities, &rules.limits).identifiers().cloned().collect()
        };
        let looked_up: Vec<Vec<Identifier>> = due.iter().map(identifiers_of).collect();
        let mut found = Vec::new();
        for some in looked_up.concat().chunks(rules.limits.identifiers_per_find.value.max(1)) {
            let (contacts, result) = look_up(caller, some).await;
            match result.end {
                CallEnd::Done(_) | CallEnd::Missing { .. } => found.extend(contacts),
                // The next run asks again.
                _ => return,
            }
        }
        for (look, identifiers) in due.into_iter().zip(looked_up) {
            let twice = match shown(&identifiers, look.contact_id.as_ref(), &found) {
                Shown::Nothing => continue,
                Shown::Once => Vec::new(),
                Shown::Twice(ids) => ids,
            };
            let SecondLook { run, row, line, .. } = look;
            let twice: Vec<String> = twice.iter().map(|id| rules.named(id).to_string()).collect();
            let entry = Entry::LookedAgain { run: run.clone(), row, twice: twice.clone() };
            if let Err(error) = caller.account.ledger.write(&caller.run, vec![entry]).await {
                return caller.halt(error);
            }
            if !twice.is_empty() {
                caller.tell(Notice::MadeTwice { run, line, ids: twice });
            }
        }
    }
}

fn shown(looked_up: &[Identifier], made: Option<&RemoteId>, found: &[Snapshot]) -> Shown {
    let mut ids: Vec<RemoteId> = Vec::new();
    for contact in found.iter().filter(|contact| looked_up.iter().any(|identifier| has_identifier(contact, identifier)))
    {
        if !ids.contains(&contact.id) {
            ids.push(contact.id.clone());
        }
    }
    if ids.is_empty() {
        return if looked_up.is_empty() { Shown::Once } else { Shown::Nothing };
    }
    if let Some(made) = made.filter(|made| !ids.contains(made)) {
        ids.insert(0, made.clone());
    }
    if ids.len() > 1 { Shown::Twice(ids) } else { Shown::Once }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contact::{Field, IdentifierKind, Value};

    fn contact(id: &str, phone: &str) -> Snapshot {
        let fields = [(Field::new("phone"), Value::Text(phone.into()))].into();
        Snapshot { fields, complete: true, ..Snapshot::new(RemoteId(id.into())) }
    }

    #[test]
    fn a_second_contact_of_the_same_phone_is_a_double_and_nobody_else_is() {
        let looked_up = [Identifier::new(IdentifierKind::Phone, "+447400000001")];
        let (one, other) = (contact("1", "+447400000001"), contact("2", "+447400000001"));
        let stranger = contact("3", "+447400000003");
        let made = RemoteId("1".into());
        let twice = |ids: &[&str]| Shown::Twice(ids.iter().map(|id| RemoteId((*id).into())).collect());
        assert_eq!(shown(&looked_up, Some(&made), &[]), Shown::Nothing);
        assert_eq!(shown(&looked_up, Some(&made), std::slice::from_ref(&stranger)), Shown::Nothing);
        assert_eq!(shown(&looked_up, Some(&made), &[one.clone(), one.clone(), stranger]), Shown::Once);
        assert_eq!(shown(&looked_up, Some(&made), &[one.clone(), other.clone()]), twice(&["1", "2"]));
        // The one that is known is still not shown, and the one that nobody knew of is.
        assert_eq!(shown(&looked_up, Some(&made), std::slice::from_ref(&other)), twice(&["1", "2"]));
        assert_eq!(shown(&looked_up, None, &[one, other]), twice(&["1", "2"]));
    }
}
