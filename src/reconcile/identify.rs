use crate::contact::{Capabilities, Field, Identifier, IdentifierKind, Limits, RemoteId, Snapshot, phone_forms};

/// Looks one contact up: by which identifiers, and whom its answers mean.
///
/// The way to a contact for every command: import and plan, export by identifiers, copy, verify,
/// undo.
#[derive(Clone, Debug)]
pub struct Identification {
    /// The identifiers of each look-up.
    lookups: Vec<Vec<Identifier>>,
    at: usize,
}

/// Whom an answer means.
#[derive(Clone, Debug, PartialEq)]
pub enum Identified {
    /// Exactly this contact has the identifiers.
    One(Box<Snapshot>),
    /// No identifier of the look-ups so far is anybody's.
    Nobody,
    /// One identifier is several contacts'.
    Ambiguous {
        /// What sort of identifier several contacts have.
        kind: IdentifierKind,
        /// Those contacts.
        ids: Vec<RemoteId>,
    },
    /// Two or more identifiers are different contacts'.
    Conflict {
        /// Each sort of identifier that is somebody's, most specific first, and whose it is.
        whose: Vec<(IdentifierKind, Vec<RemoteId>)>,
    },
}

impl Identified {
    /// The first contact that was found, whether it is meant or not.
    pub fn first(&self) -> Option<&RemoteId> {
        self.ids().next()
    }

    /// All contacts that were found, whether they are meant or not; one that has several identifiers may come
    /// as often.
    pub fn ids(&self) -> impl Iterator<Item = &RemoteId> {
        let (one, several, whose) = match self {
            Self::One(contact) => (Some(&contact.id), &[][..], &[][..]),
            Self::Nobody => (None, &[][..], &[][..]),
            Self::Ambiguous { ids, .. } => (None, ids.as_slice(), &[][..]),
            Self::Conflict { whose } => (None, &[][..], whose.as_slice()),
        };
        one.into_iter().chain(several).chain(whose.iter().flat_map(|(_, ids)| ids))
    }
}

impl Identification {
    /// By those of `identifiers` that the service can find by, most specific first, as many to a
    /// look-up as it takes; the next look-up only where the last found nobody.
    pub fn new(identifiers: &[Identifier], capabilities: &Capabilities, limits: &Limits) -> Self {
        Self::within(identifiers, capabilities, limits.identifiers_per_find.value)
    }

    /// The same, as many identifiers to a look-up as there is `room` for.
    pub(super) fn within(identifiers: &[Identifier], capabilities: &Capabilities, room: usize) -> Self {
        let findable = findable(identifiers, capabilities);
        Self { lookups: findable.chunks(room.max(1)).map(<[Identifier]>::to_vec).collect(), at: 0 }
    }

    /// What to look up next; `None` if nothing is left.
    pub fn next_lookup(&self) -> Option<&[Identifier]> {
        self.lookups.get(self.at).map(Vec::as_slice)
    }

    /// All identifiers that are looked up.
    pub fn identifiers(&self) -> impl Iterator<Item = &Identifier> {
        self.lookups.iter().flatten()
    }

    /// Whom the answer to [`Self::next_lookup`] means. After `Nobody`, the next look-up may find somebody.
    pub fn answered(&mut self, contacts: &[Snapshot]) -> Identified {
        let identified = self.next_lookup().map_or(Identified::Nobody, |looked_up| judge(looked_up, contacts));
        self.at += 1;
        identified
    }

    /// Begins from the first look-up again.
    pub fn again(&mut self) {
        self.at = 0;
    }
}

/// The identifiers that the service can find by. An e-mail address in capitals is looked for in
/// small letters too: not every service disregards case. A phone line is looked for by both its forms.
fn findable(identifiers: &[Identifier], capabilities: &Capabilities) -> Vec<Identifier> {
    let mut findable: Vec<Identifier> = Vec::new();
    for identifier in identifiers.iter().filter(|given| capabilities.find_by.contains(&given.kind)) {
        findable.push(identifier.clone());
        let other = match identifier.kind {
            IdentifierKind::Phone => phone_forms::other_form(&identifier.value),
            _ => Some(identifier.comparable()).filter(|comparable| *comparable != identifier.value),
        };
        findable.extend(other.map(|other| Identifier::new(identifier.kind, other)));
    }
    findable
}

/// Many services match parts of words, so what was found is compared with what was looked up. A less
/// specific identifier narrows what a more specific one found; where it is somebody else's alone,
/// nobody can say which of them is meant, and all that the answer held are named.
fn judge(looked_up: &[Identifier], contacts: &[Snapshot]) -> Identified {
    let mut whose: Vec<(IdentifierKind, Vec<RemoteId>)> = Vec::new();
    let mut meant: Vec<&Snapshot> = Vec::new();
    for kind in IdentifierKind::ALL {
        let of_kind: Vec<&Identifier> = looked_up.iter().filter(|identifier| identifier.kind == kind).collect();
        let mut matching: Vec<&Snapshot> = Vec::new();
        for contact in contacts.iter().filter(|contact| of_kind.iter().any(|identifier| has(contact, identifier))) {
            if !matching.iter().any(|known| known.id == contact.id) {
                matching.push(contact);
            }
        }
        if matching.is_empty() {
            continue;
        }
        if whose.is_empty() {
            meant.clone_from(&matching);
        } else {
            meant.retain(|contact| matching.iter().any(|other| other.id == contact.id));
        }
        whose.push((kind, matching.into_iter().map(|contact| contact.id.clone()).collect()));
    }
    match (meant.as_slice(), whose.first()) {
        (_, None) => Identified::Nobody,
        ([], _) => Identified::Conflict { whose },
        ([one], _) => Identified::One(Box::new((*one).clone())),
        (several, Some((kind, _))) => {
            Identified::Ambiguous { kind: *kind, ids: several.iter().map(|contact| contact.id.clone()).collect() }
        }
    }
}

/// Whether the contact has the identifier, as far as the answer tells.
pub fn has(contact: &Snapshot, identifier: &Identifier) -> bool {
    if identifier.kind == IdentifierKind::Id {
        return contact.id.0 == identifier.value;
    }
    match contact.fields.get(&Field::new(identifier.kind.name())) {
        Some(value) => Identifier::new(identifier.kind, value.as_text()).comparable() == identifier.comparable(),
        // The service told only the id: it compared for us.
        None => !contact.complete,
    }
}

/// Whether the contact's phone number is the other form of the row's: the same line, written otherwise.
pub fn has_other_form(contact: &Snapshot, identifiers: &[Identifier]) -> bool {
    let Some(held) = contact.fields.get(&Field::new(IdentifierKind::Phone.name())) else { return false };
    let phone = identifiers.iter().find(|identifier| identifier.kind == IdentifierKind::Phone);
    let other = phone.and_then(|phone| phone_forms::other_form(&phone.value));
    other.is_some_and(|other| held.as_text() == other)
}

/// Whether an answer shows somebody else than whom the identifiers name: at least one identifier
/// contradicts, and none agrees.
pub fn shows_another(contact: &Snapshot, identifiers: &[Identifier]) -> bool {
    let mut contradicts = false;
    for identifier in identifiers {
        let shown = match identifier.kind {
            IdentifierKind::Id => Some(std::borrow::Cow::Borrowed(contact.id.0.as_str())),
            kind => {
                let value = contact.fields.get(&Field::new(kind.name())).filter(|value| !value.is_empty());
                value.map(crate::contact::Value::as_text)
            }
        };
        let Some(shown) = shown else { continue };
        if Identifier::new(identifier.kind, shown).comparable() == identifier.comparable() {
            return false;
        }
        contradicts = true;
    }
    contradicts
}
