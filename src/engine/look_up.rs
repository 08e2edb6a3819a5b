use std::collections::BTreeMap;

use super::caller::{Ended, Reached};
use super::finder::Found;
use super::lane::{Driving, Going, Halted};
use super::settle::{self, Looked};
use crate::contact::{Call, CallKind, Field, Identifier, IdentifierKind, RemoteId, RowRecord, Snapshot, Target};
use crate::ledger::{Entry, KnownContact};
use crate::plan::{Need, Step};
use crate::services::Reply;

/// How a lane learns which contact it is about and what is held of it.
impl Driving<'_> {
    /// A contact that the row itself says how to address, without a look-up.
    pub(super) fn addressed(&mut self) -> Option<Target> {
        let capabilities = self.caller().account.service.capabilities();
        let given = self.lane.contact.identifiers.iter().find(|identifier| {
            identifier.kind == IdentifierKind::Id
                || (identifier.kind == IdentifierKind::ServiceId && capabilities.address_by.contains(&identifier.kind))
        })?;
        let (id, target) = match given.kind {
            IdentifierKind::Id => (RemoteId(given.value.clone()), Target::Id(RemoteId(given.value.clone()))),
            _ => (RemoteId(given.value.clone()), Target::Identifier(given.clone())),
        };
        self.known = Some(KnownContact { id, fields: BTreeMap::new(), tags: None, lists: Vec::new() });
        Some(target)
    }

    /// What a step addresses the contact by: its id, but where tags want an identifier in its place
    /// the one that the service holds, or else that of the row.
    pub(super) fn target_of(&self, step: &Step) -> Option<Target> {
        let kinds = self.caller().account.service.capabilities().tags_address_by;
        if kinds.is_empty() || step.kind() != CallKind::AddTags {
            return self.target.clone();
        }
        let held = |kind: &IdentifierKind| {
            let value = self.snapshot.as_ref()?.fields.get(&Field::new(kind.name()))?;
            (!value.is_empty()).then(|| Identifier::new(*kind, value.as_text()))
        };
        let given = |kind: &IdentifierKind| {
            self.lane.contact.identifiers.iter().find(|identifier| identifier.kind == *kind).cloned()
        };
        let identifier = kinds.iter().find_map(held).or_else(|| kinds.iter().find_map(given));
        identifier.map(Target::Identifier)
    }

    /// The identifiers that the service can find by, most specific first. An e-mail address in
    /// capitals is looked for in small letters too: not every service disregards case.
    pub(super) fn findable(&self) -> Vec<Identifier> {
        let find_by = self.caller().account.service.capabilities().find_by;
        let mut findable = Vec::new();
        for identifier in self.lane.contact.identifiers.iter().filter(|given| find_by.contains(&given.kind)) {
            findable.push(identifier.clone());
            let comparable = identifier.comparable();
            if comparable != identifier.value {
                findable.push(Identifier::new(identifier.kind, comparable));
            }
        }
        findable
    }

    /// One look-up by as many of the identifiers as fit, the next only where the last found nothing.
    pub(super) async fn find(&self, identifiers: &[Identifier]) -> (Found, Vec<Reached>) {
        let room = self.caller().account.service.limits().identifiers_per_find.value.max(1);
        let mut all = Vec::new();
        for some in identifiers.chunks(room) {
            let (found, reached) = self.lanes.finder.find(some.to_vec()).await;
            all.push(reached);
            match &found {
                Found::Contacts(contacts) if contacts.is_empty() => {}
                _ => return (found, all),
            }
        }
        (Found::Contacts(Vec::new()), all)
    }

    pub(super) async fn look_up(&mut self) -> Going<Option<RowRecord>> {
        let identifiers = self.findable();
        if identifiers.is_empty() {
            return Ok(None);
        }
        let (found, reached) = self.find(&identifiers).await;
        for reached in reached {
            if !matches!(reached.ended, Ended::Halted) {
                self.count(CallKind::Find, &reached, "done", None);
            }
        }
        match found {
            Found::Contacts(contacts) if contacts.len() > 1 => {
                let ids: Vec<_> = contacts.iter().take(5).map(|contact| contact.id.0.as_str()).collect();
                Ok(Some(self.failed(
                    "contact.ambiguous",
                    format!(
                        "{} contacts have the row's identifier, with ids {}: merge them, or give the id",
                        contacts.len(),
                        ids.join(", ")
                    ),
                )))
            }
            Found::Contacts(contacts) => {
                if let Some(contact) = contacts.into_iter().next() {
                    self.learn(contact);
                }
                Ok(None)
            }
            Found::Not(reached) => self.end_of(&reached).map(Some),
        }
    }

    /// Takes a snapshot as what is held from here on.
    pub(super) fn learn(&mut self, snapshot: Snapshot) {
        let known = self.lanes.keys.learn(&snapshot, &self.lanes.asked);
        let mut keys = self.lanes.keys.of_snapshot(&snapshot);
        keys.extend(&self.lane.keys);
        self.target = Some(Target::Id(known.id.clone()));
        self.pending.push(Entry::Known { account: self.lanes.keys.account().to_owned(), contact: known.clone(), keys });
        self.known = Some(known);
        self.snapshot = Some(snapshot);
    }

    pub(super) async fn read(&mut self, need: Need) -> Going<Option<RowRecord>> {
        let capabilities = self.caller().account.service.capabilities().clone();
        let Some(target) = self.target.clone() else {
            return Ok(Some(self.failed("service.unsupported", "nothing to read")));
        };
        let (told_fields, told_tags) =
            self.snapshot.as_ref().map_or((false, false), |snapshot| (true, snapshot.tags.is_some()));
        if need == Need::Tags && capabilities.tags_read && (told_fields || !capabilities.find_tells_tags) && !told_tags
        {
            let reached = self.caller().read(&Call::ReadTags { target: target.clone() }).await;
            if let Ended::Done(Reply::Tags(tags)) = &reached.ended {
                self.count(CallKind::ReadTags, &reached, "done", None);
                if let Some(known) = &mut self.known {
                    known.tags = Some(tags.iter().map(|tag| self.lanes.keys.tag(tag)).collect());
                }
                match &mut self.snapshot {
                    Some(snapshot) => snapshot.tags = Some(tags.clone()),
                    None => self.snapshot = self.known.as_ref().map(|known| only_tags(known.id.clone(), tags.clone())),
                }
                return Ok(None);
            }
            return self.missing_or_end(&reached).await;
        }
        if (need == Need::Contact && told_fields && self.snapshot.as_ref().is_some_and(|told| told.complete))
            || (need == Need::Tags && told_tags)
        {
            return Ok(Some(self.cannot_tell()));
        }
        if capabilities.read {
            let reached = self.caller().read(&Call::Read { target }).await;
            return match reached.ended.clone() {
                Ended::Done(Reply::Contact(contact)) => {
                    self.count(CallKind::Read, &reached, "done", Some(contact.id.clone()));
                    let tags = self.snapshot.take().and_then(|told| told.tags);
                    let mut contact = *contact;
                    contact.tags = contact.tags.or(tags);
                    self.learn(contact);
                    Ok(None)
                }
                _ => self.missing_or_end(&reached).await,
            };
        }
        let before = self.snapshot.is_some();
        if let Some(record) = self.look_up().await? {
            return Ok(Some(record));
        }
        Ok((before || self.snapshot.is_none()).then(|| self.cannot_tell()))
    }

    pub(super) fn cannot_tell(&self) -> RowRecord {
        self.failed(
            "service.cannot_tell",
            "the service does not tell what it holds of this contact, so the mapping's policy can't be kept: use overwrite = \"always\"",
        )
    }

    /// A contact that was known has gone: forget it and look it up again. One that this row has
    /// created itself is not created twice: more likely the service has yet to notice it.
    pub(super) async fn missing_or_end(&mut self, reached: &Reached) -> Going<Option<RowRecord>> {
        if !matches!(reached.ended, Ended::Missing { .. }) || self.given_by_id() {
            return self.end_of(reached).map(Some);
        }
        if self.was_created() {
            return match settle::there(self).await {
                Looked::Found(contact, _) => {
                    self.learn(*contact);
                    Ok(None)
                }
                Looked::Halted => Err(Halted),
                Looked::NotThere | Looked::Failed(_) => self.end_of(reached).map(Some),
            };
        }
        let Some(known) = self.known.take() else { return self.end_of(reached).map(Some) };
        self.pending.push(Entry::Gone { account: self.lanes.keys.account().to_owned(), id: known.id });
        self.snapshot = None;
        self.target = None;
        self.look_up().await
    }

    pub(super) fn given_by_id(&self) -> bool {
        self.lane.known.is_none()
            && self
                .lane
                .contact
                .identifiers
                .iter()
                .any(|identifier| matches!(identifier.kind, IdentifierKind::Id | IdentifierKind::ServiceId))
    }
}

fn only_tags(id: RemoteId, tags: Vec<String>) -> Snapshot {
    let mut snapshot = Snapshot::new(id);
    snapshot.complete = false;
    snapshot.tags = Some(tags);
    snapshot
}
