use super::event::{CallEnd, CallResult};
use super::identify::{Identification, Identified};
use super::machine::{Identify, Reconciliation};
use crate::contact::{Field, Identifier, IdentifierKind, RemoteId, Value};

/// A write that the service refused, since somebody has one of its values.
impl Reconciliation {
    /// The row ends with such a refusal. Where the answer doesn't say who has the value, and no look-up of the row
    /// has asked for it, one more does, so that the row can name them.
    pub(super) fn end_taken(&mut self, sent: &[(Field, Value)], refused: CallResult) {
        let CallEnd::Exists { fields, id: None, .. } = &refused.end else { return self.end_by(&refused) };
        let mut unasked = identifiers_in(sent);
        unasked.retain(|identifier| {
            let field = identifier.kind.name();
            let is_refused = fields.is_empty() || fields.iter().any(|name| name == field);
            is_refused && !self.looked_up.contains(identifier)
        });
        let way = Identification::new(&unasked, &self.rules.capabilities, &self.rules.limits);
        self.look_up(way, Identify::Holder(refused));
    }

    /// Ends the row if the look-up found somebody beside its own contact, or goes on to the next.
    pub(super) fn holder_looked_up(
        &mut self,
        way: Identification,
        refused: CallResult,
        asked: &[Identifier],
        identified: &Identified,
    ) {
        let own = self.there.as_ref().map(super::ObservedContact::id);
        let mut holders: Vec<RemoteId> = Vec::new();
        for id in identified.ids().filter(|id| own != Some(*id)) {
            if !holders.contains(id) {
                holders.push(id.clone());
            }
        }
        match &refused.end {
            CallEnd::Exists { message, fields, .. } if !holders.is_empty() => {
                // What the answer leaves open, the look-up tells that found somebody.
                let by = match asked {
                    [one] if fields.is_empty() => vec![one.kind.name().to_owned()],
                    _ => fields.clone(),
                };
                let mut record = self.taken(message, &by, &holders);
                record.http_status = refused.http_status.or(record.http_status);
                self.end(record);
            }
            _ => self.look_up(way, Identify::Holder(refused)),
        }
    }

    /// Whether a write of the row can be refused for a value that none of its look-ups asks for, and one more can
    /// tell who has it.
    pub(super) fn may_ask_for_a_holder(&self) -> bool {
        let fields = self.row.contact.fields.iter().map(|change| (change.field.clone(), change.value.clone()));
        let mut unasked = identifiers_in(&fields.collect::<Vec<_>>());
        unasked.retain(|identifier| !self.row.contact.identifiers.contains(identifier));
        Identification::new(&unasked, &self.rules.capabilities, &self.rules.limits).next_lookup().is_some()
    }
}

/// The values by which a service could tell contacts apart.
fn identifiers_in(fields: &[(Field, Value)]) -> Vec<Identifier> {
    let identifier = |(field, value): &(Field, Value)| {
        let kind = IdentifierKind::ALL.into_iter().find(|kind| *field == Field::new(kind.name()))?;
        (!value.is_empty()).then(|| Identifier::new(kind, value.as_text()))
    };
    fields.iter().filter_map(identifier).collect()
}
