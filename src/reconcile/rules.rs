use std::time::Duration;

use super::decision::Terms;
use super::keys::Keys;
use crate::contact::{
    Capabilities, Contact, ContactPages, CreateSafety, Field, FieldSpec, Identifier, IdentifierKind, ImportMode,
    Limits, NamedContact, Overwrite, RemoteId,
};
use crate::journal::{RunId, Taken};

/// How a run finds out which contact a row is about. Decided once, before the run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// By what is remembered, and else by look-ups.
    #[default]
    LookUp,
    /// Every contact of the account was listed: one that is not remembered is not there.
    Listed,
}

impl Strategy {
    /// As a plan and a run's record name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::LookUp => "look-ups",
            Self::Listed => "listing",
        }
    }
}

/// What holds for all rows of a run: what the service can do, what the mapping asks for, how far
/// memory is trusted.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The run that the rows belong to.
    pub run: RunId,
    /// What the service can do.
    pub capabilities: Capabilities,
    /// The sizes that the service allows.
    pub limits: Limits,
    /// Every standard field that the service has.
    pub fields: &'static [FieldSpec],
    /// Where people see the account's contacts, for messages that name them.
    pub pages: Option<ContactPages>,
    /// What hashes the values of the account.
    pub keys: Keys,
    /// Whether contacts may be created, updated, or both.
    pub mode: ImportMode,
    /// The mapped custom fields are all that should be left.
    pub replace_custom: bool,
    /// Fields that the mapping feeds.
    pub mapped: Vec<Field>,
    /// Custom fields of which the source states no type: the account's own is read before a value is sent that
    /// may be of another type than text. Empty where the account has none, or the mapping has them.
    pub untyped: Vec<Field>,
    /// How contacts are found.
    pub strategy: Strategy,
    /// Identifiers that a look-up which rows share can carry: those of `limits`, or more where the account was
    /// shown to find them.
    pub lookup_room: usize,
    /// Read what is there before changing it, so that all of it can be put back.
    pub keep_before: bool,
    /// Leave contacts alone whose row is the same as when it was last applied.
    pub changed_only: bool,
    /// Look at every contact, even where memory says that nothing would change.
    pub verify: bool,
    /// The run keeps to a plan, or makes one to be kept to.
    pub by_plan: bool,
    /// How old a memory may be for its id to be written to.
    pub trust: Duration,
    /// When the run began: seconds from the Unix epoch.
    pub now: u64,
    /// How long a new contact may be missing from look-ups.
    pub search_lag: Duration,
    /// Attempts of one create before it is given up.
    pub tries: u32,
}

/// How long a request of somebody else may be under way before it is surely over.
const REQUEST_PATIENCE: Duration = Duration::from_secs(35);

/// How long after a cut-off execution created a contact it is taken to hold nothing but what that
/// execution gave it. Later, somebody may have labelled it, and it is read.
pub(super) const JUST_MADE: Duration = Duration::from_secs(600);

impl Rules {
    /// What decides about one contact. One that this run has made itself is brought to its end,
    /// whatever the mapping's mode.
    pub(super) fn terms(&self, is_created: bool) -> Terms<'_> {
        Terms {
            mode: if is_created { ImportMode::Upsert } else { self.mode },
            replace_custom: self.replace_custom,
            mapped: &self.mapped,
            capabilities: &self.capabilities,
            limits: &self.limits,
            fields: self.fields,
        }
    }

    /// Whether a row of which nothing was sent yet may stay as it is by what is remembered. Only what the source
    /// always wins can be as it was last sent: what depends on what the service holds now has to be read.
    pub fn may_rest(&self, contact: &Contact) -> bool {
        let always = || contact.fields.iter().all(|change| change.overwrite == Overwrite::Always);
        !self.verify && (self.changed_only || always())
    }

    /// A contact as messages name it: by its id, with the address of its page where that is known.
    pub fn named(&self, id: &RemoteId) -> NamedContact {
        ContactPages::named(self.pages.as_ref(), id)
    }

    /// Whether one look-up asks about several contacts, so that asking costs next to nothing.
    pub fn looks_up_together(&self) -> bool {
        self.lookup_room > 1 && !self.capabilities.find_by.is_empty()
    }

    /// How long a create in doubt is looked for before it counts as not applied.
    pub(super) fn patience(&self) -> Duration {
        match self.capabilities.create_safety.value {
            CreateSafety::SearchOnly | CreateSafety::Nothing => self.search_lag,
            CreateSafety::Upsert | CreateSafety::UniqueConstraint => Duration::ZERO,
        }
    }

    /// How long a contact is looked for that somebody else claims to create. A request of theirs may be under way
    /// for some time yet, unless it has been answered.
    pub(super) fn patience_with(&self, taken: &Taken) -> Duration {
        if taken.is_made {
            return self.patience();
        }
        let age = Duration::from_secs(self.now.saturating_sub(taken.since));
        self.patience().max(REQUEST_PATIENCE.saturating_sub(age))
    }

    /// Calls that a look-up takes which finds so many contacts: its answer comes in pages.
    pub fn calls_of_lookup(&self, found: usize) -> u64 {
        let page = self.limits.page_size.map_or(usize::MAX, |size| usize::try_from(size.value).unwrap_or(usize::MAX));
        u64::try_from(found.div_ceil(page.max(1)).max(1)).unwrap_or(u64::MAX)
    }

    /// The identifier by which the row itself says how to address its contact, without a look-up.
    pub(super) fn given<'a>(&self, identifiers: &'a [Identifier]) -> Option<&'a Identifier> {
        identifiers.iter().find(|identifier| match identifier.kind {
            IdentifierKind::Id => true,
            IdentifierKind::ServiceId => self.capabilities.address_by.contains(&identifier.kind),
            _ => false,
        })
    }
}
