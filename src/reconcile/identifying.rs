use super::asked::Asked;
use super::contact_state::ObservedContact;
use super::event::{CallEnd, CallResult, Next};
use super::identify::{Identification, Identified};
use super::machine::{Identify, Reading, Reconciliation, Settle, State};
use crate::contact::{Call, CallKind, RemoteId, RowRecord, Snapshot};
use crate::journal::{CallVerdict, Entry};

/// How a row looks its contact up.
impl Reconciliation {
    pub(super) fn identify(&mut self, why: Identify) {
        let way = match &why {
            // These are shared with other rows.
            Identify::First | Identify::Confirm => {
                Identification::within(&self.row.contact.identifiers, &self.rules.capabilities, self.rules.lookup_room)
            }
            Identify::Read | Identify::Gone | Identify::Exists(_) | Identify::Holder(_) => self.identification(),
        };
        self.look_up(way, why);
    }

    /// The next look-up, or what follows if there is none left.
    pub(super) fn look_up(&mut self, way: Identification, why: Identify) {
        match way.next_lookup() {
            Some(asked) => {
                self.next = Next::Lookup(asked.to_vec());
                self.state = State::Identifying { way, why };
            }
            None => self.nobody_found(why),
        }
    }

    pub(super) fn looked(
        &mut self,
        mut way: Identification,
        why: Identify,
        contacts: &[Snapshot],
        result: &CallResult,
    ) {
        if !matches!(result.end, CallEnd::Done(_) | CallEnd::Missing { .. }) {
            self.count(CallKind::Find, result, CallVerdict::Done, None);
            return self.end_by(if let Identify::Holder(refused) = &why { refused } else { result });
        }
        let asked = way.next_lookup().unwrap_or_default().to_vec();
        self.looked_up.extend(asked.iter().cloned());
        let identified = way.answered(contacts);
        self.count(CallKind::Find, result, CallVerdict::Done, identified.first().cloned());
        if let Identify::Holder(refused) = why {
            return self.holder_looked_up(way, refused, &asked, &identified);
        }
        match identified {
            Identified::Nobody => self.look_up(way, why),
            Identified::One(contact) => self.found(*contact, &why),
            other => {
                let record = self.unclear_identity(&other);
                self.end(record);
            }
        }
    }

    /// The record of a row whose identifiers are not one contact's, which names the ids.
    pub(super) fn unclear_identity(&self, identified: &Identified) -> RowRecord {
        match identified {
            Identified::Ambiguous { kind, ids } => self.failed_naming(
                ids,
                "contact.ambiguous",
                format!(
                    "{} contacts have the row's {kind}, with ids {}: merge them, or give the id",
                    ids.len(),
                    self.all_named(ids)
                ),
            ),
            Identified::Conflict { whose } => {
                let ids: Vec<RemoteId> = whose.iter().flat_map(|(_, ids)| ids).cloned().collect();
                let whose: Vec<String> = whose
                    .iter()
                    .enumerate()
                    .map(|(at, (kind, ids))| {
                        let contacts = if ids.len() == 1 { "contact" } else { "contacts" };
                        let belongs = if at == 0 { format!("the row's {kind} belongs") } else { format!("its {kind}") };
                        format!("{belongs} to {contacts} {}", self.all_named(ids))
                    })
                    .collect();
                let (last, others) = whose.split_last().map_or(("", &[][..]), |(last, others)| (last.as_str(), others));
                self.failed_naming(
                    &ids,
                    "contact.conflict",
                    format!("{} and {last}: merge them, or correct the row", others.join(", ")),
                )
            }
            Identified::One(_) | Identified::Nobody => self.failed("service.unexpected", "nobody was meant"),
        }
    }

    fn all_named(&self, ids: &[RemoteId]) -> String {
        ids.iter().map(|id| self.rules.named(id).to_string()).collect::<Vec<_>>().join(", ")
    }

    fn found(&mut self, contact: Snapshot, why: &Identify) {
        if let Identify::Exists(_) = why
            && self.lost_creates > 0
        {
            // It was not there before our create that got no answer, and is now.
            self.learn_created(&contact);
            return self.read_or_decide();
        }
        let same = self.there.as_ref().is_some_and(|there| *there.id() == contact.id);
        let claimed = same && matches!(why, Identify::Read);
        self.learn(contact);
        if claimed { self.read_or_decide() } else { self.claim() }
    }

    /// None of the row's identifiers is anybody's, as far as look-ups show.
    fn nobody_found(&mut self, why: Identify) {
        match why {
            Identify::First => self.read_or_decide(),
            Identify::Confirm => match self.target() {
                // Before somebody is made twice: is the remembered contact really not theirs?
                Some(target) if self.rules.capabilities.read => {
                    self.next = Next::Read(Call::Read { target });
                    self.state = State::Reading(Reading::Remembered);
                }
                _ => {
                    self.there = None;
                    self.read_or_decide();
                }
            },
            Identify::Read => {
                let record = self.cannot_tell();
                self.end(record);
            }
            Identify::Gone => {
                self.there = None;
                self.read_or_decide();
            }
            Identify::Exists(result) if self.rules.search_lag.is_zero() => self.exists_unseen(&result),
            Identify::Exists(result) => self.settle(Settle::Exists(result), self.rules.search_lag),
            Identify::Holder(refused) => self.end_by(&refused),
        }
    }

    /// The service has the contact, and no look-up shows it: its id will do, if the service told it.
    pub(super) fn exists_unseen(&mut self, result: &CallResult) {
        match &result.end {
            CallEnd::Exists { id: Some(id), .. } => {
                self.there = Some(ObservedContact { is_there: true, ..ObservedContact::addressed(id.clone()) });
                self.claim();
            }
            _ => {
                let sent = self.new_contact().fields;
                self.end_taken(&sent, result.clone());
            }
        }
    }

    /// Takes an answer of this run as what the contact is from here on.
    pub(super) fn learn(&mut self, snapshot: Snapshot) {
        self.prove(&snapshot);
        // What a create of this run made holds the row's own number.
        self.by_other_form |= super::identify::has_other_form(&snapshot, &self.row.contact.identifiers);
        self.address = None;
        match &mut self.there {
            Some(there) if *there.id() == snapshot.id => {
                let asked = Asked::by(&self.row.contact, &self.rules);
                there.learn(snapshot, &self.rules.mapped, &asked);
                there.is_confirmed = true;
            }
            there => *there = Some(ObservedContact::told(snapshot, &self.rules.mapped, &self.rules.keys)),
        }
        self.remember(true);
    }

    /// The contact turned out to have been created by this row: what the look-up doesn't tell of it
    /// is what the create sent.
    pub(super) fn learn_created(&mut self, found: &Snapshot) {
        let edit = self.new_contact();
        self.is_created_as(&found.id, &edit);
        self.prove(found);
        if let Some(there) = &mut self.there {
            there.stored(found, &edit.fields, &Asked::by(&self.row.contact, &self.rules));
            let tags = found.tags.as_ref().map(|tags| tags.iter().map(|tag| self.rules.keys.tag(tag)).collect());
            there.known.tags = tags.or(there.known.tags.take());
        }
        self.remember(true);
    }

    /// Identifiers that an answer shows on the contact lead to it from now on; a row's other
    /// identifiers don't, since they may be somebody else's.
    fn prove(&mut self, snapshot: &Snapshot) {
        self.proven.clear();
        self.proven.extend(self.rules.keys.of_snapshot(snapshot));
        for (identifier, key) in self.row.contact.identifiers.iter().zip(&self.row.keys) {
            let shown = snapshot.fields.contains_key(&crate::contact::Field::new(identifier.kind.name()));
            let is_only = self.row.contact.identifiers.len() == 1;
            if super::identify::has(snapshot, identifier) && (shown || is_only) {
                self.proven.insert(*key);
            }
        }
    }

    /// Makes durable, with what is written next, what is known of the contact.
    pub(super) fn remember(&mut self, told: bool) {
        let Some(there) = &self.there else { return };
        self.pending.push(Entry::Known {
            account: self.rules.keys.account().to_owned(),
            contact: there.known.clone(),
            keys: self.proven.iter().copied().collect(),
            told,
        });
    }

    pub(super) fn forget_gone(&mut self, id: RemoteId) {
        self.pending.push(Entry::Gone { account: self.rules.keys.account().to_owned(), id });
    }
}
