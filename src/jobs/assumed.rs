use crate::contact::{
    Call, Capabilities, Contact, Field, Identifier, IdentifierKind, RemoteId, Snapshot, TagMode, Value,
};
use crate::journal::{KnownContact, KnownValue};
use crate::reconcile::Keys;
use crate::services::Reply;

/// The id of a contact that a plan assumes to have been created.
const NEW: &str = "new";

/// What a service would answer about one row's contact, by what is remembered of it: nobody is there,
/// or whoever is remembered still holds what they held.
#[derive(Clone, Debug)]
pub struct Assumed {
    contact: Option<Snapshot>,
    tells_tags: bool,
    tells_id: bool,
    edits_tell_id: bool,
    identifiers: Vec<Identifier>,
}

impl Assumed {
    /// As a service with these capabilities would answer.
    pub fn new(desired: &Contact, known: Option<&KnownContact>, keys: &Keys, capabilities: &Capabilities) -> Self {
        Self {
            contact: known.map(|known| remembered(desired, known, keys)),
            tells_tags: capabilities.find_tells_tags,
            tells_id: capabilities.create_tells_id,
            edits_tell_id: capabilities.edits_tell_id,
            identifiers: desired.identifiers.clone(),
        }
    }

    /// Whoever has one of the row's identifiers.
    pub fn look_up(&self) -> Vec<Snapshot> {
        self.contact.iter().map(|contact| self.shown(contact)).collect()
    }

    /// The answer to a call that succeeds; `None` where nobody is there.
    pub fn answer(&mut self, call: &Call) -> Option<Reply> {
        match call {
            Call::Create { .. } => {
                let id = RemoteId(NEW.into());
                let mut contact = Snapshot { complete: false, ..Snapshot::new(id.clone()) };
                show_identifiers(&mut contact, &self.identifiers);
                self.contact = Some(contact);
                Some(if self.tells_id { Reply::Id(id) } else { Reply::Nothing })
            }
            Call::Read { .. } => {
                let contact = self.contact.as_ref()?;
                Some(Reply::Contact(Box::new(self.shown(contact))))
            }
            Call::ReadTags { .. } => Some(Reply::Tags(self.contact.as_ref()?.tags.clone().unwrap_or_default())),
            Call::EditTags { edit, .. } => {
                if let Some(tags) = self.contact.as_mut().and_then(|contact| contact.tags.as_mut())
                    && edit.mode != TagMode::Remove
                {
                    tags.extend(edit.tags.iter().cloned());
                }
                Some(self.edited())
            }
            Call::Update { .. } => Some(self.edited()),
            _ => Some(Reply::Nothing),
        }
    }

    fn edited(&self) -> Reply {
        match &self.contact {
            Some(contact) if self.edits_tell_id => Reply::Id(contact.id.clone()),
            _ => Reply::Nothing,
        }
    }

    fn shown(&self, contact: &Snapshot) -> Snapshot {
        let mut shown = contact.clone();
        if !self.tells_tags {
            shown.tags = None;
        }
        shown
    }
}

/// A remembered contact as an answer would show it. Of a value that is remembered by its hash alone
/// it is known only whether it is the desired one.
fn remembered(desired: &Contact, known: &KnownContact, keys: &Keys) -> Snapshot {
    let mut contact = Snapshot::new(known.id.clone());
    if let Some(values) = &known.values {
        contact.fields.clone_from(&values.fields);
        contact.tags.clone_from(&values.tags);
    }
    for change in &desired.fields {
        let value = match known.fields.get(change.field.name()) {
            None | Some(KnownValue::Empty) => continue,
            Some(held) if *held == keys.value(&change.field, &change.value) => change.value.clone(),
            Some(KnownValue::Held(_)) => Value::Text("another value".into()),
        };
        contact.fields.entry(change.field.clone()).or_insert(value);
    }
    if contact.tags.is_none() {
        let held = known.tags.iter().flatten();
        let named = desired.tags.add.iter().chain(&desired.tags.remove);
        let mut tags: Vec<String> = named
            .filter(|tag| known.tags.as_ref().is_some_and(|held| held.contains(&keys.tag(tag))))
            .cloned()
            .collect();
        let beyond = held.filter(|key| !tags.iter().any(|tag| keys.tag(tag) == **key)).count();
        tags.extend((0..beyond).map(|n| format!("another tag {n}")));
        contact.tags = Some(tags);
    }
    show_identifiers(&mut contact, &desired.identifiers);
    contact
}

fn show_identifiers(contact: &mut Snapshot, identifiers: &[Identifier]) {
    for identifier in identifiers.iter().filter(|identifier| identifier.kind != IdentifierKind::Id) {
        let field = Field::new(identifier.kind.name());
        contact.fields.entry(field).or_insert_with(|| Value::Text(identifier.value.clone()));
    }
}
