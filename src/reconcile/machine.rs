use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::contact_state::ObservedContact;
use super::event::{CallResult, Next, ReconcileEvent};
use super::identify::Identification;
use super::keys::Keys;
use super::planned::{Planned, Seen};
use super::rules::Rules;
use super::step::Step;
use crate::contact::{
    CallKind, Contact, Field, FieldDefinition, Identifier, Position, RemoteId, RowError, Snapshot, Target,
};
use crate::journal::{AsApplied, CallVerdict, Change, Entry, Key, KnownContact, StepRecord, Taken};

/// One contact to be brought to what its row desires.
#[derive(Clone, Debug)]
pub struct Row {
    /// Where the row stands in its source.
    pub position: Position,
    /// What the row desires.
    pub contact: Contact,
    /// Keys of the contact's identifiers.
    pub keys: Vec<Key>,
    /// What the ledger remembers of the contact.
    pub known: Option<KnownContact>,
    /// In its place: the row was applied to this contact, and rests on that. Only for one that [`Rules::may_rest`],
    /// has no steps and is no sample: nothing else would do with so little.
    pub as_applied: Option<AsApplied>,
    /// What an answer of this run told of the contact already.
    pub told: Option<Snapshot>,
    /// What a cut-off execution did for this row.
    pub steps: Vec<StepRecord>,
    /// A create of the same person that another row or run has begun, and whose end nobody knows.
    pub open_create: Option<Taken>,
    /// Looked at even where memory says that nothing would change.
    pub is_sample: bool,
    /// What a plan showed of the row, where the run keeps to one.
    pub planned: Option<Box<Planned>>,
    /// What the row desires as one value to compare with, once that was asked: see [`Self::digest`].
    pub digest: OnceLock<Key>,
}

impl Row {
    /// A row of which nothing is remembered.
    pub fn new(position: Position, contact: Contact, keys: Vec<Key>) -> Self {
        Self {
            position,
            contact,
            keys,
            known: None,
            as_applied: None,
            told: None,
            steps: Vec::new(),
            open_create: None,
            is_sample: false,
            planned: None,
            digest: OnceLock::new(),
        }
    }

    /// The same with all that is remembered of its contact.
    #[must_use]
    pub fn opened(self, known: Option<KnownContact>) -> Self {
        Self { known, as_applied: None, ..self }
    }

    /// What the row desires as one value to compare with.
    pub fn digest(&self, keys: &Keys) -> Key {
        *self.digest.get_or_init(|| keys.row(&self.contact))
    }
}

/// A contact's way through a run, as a value: what the row desires, what is known of the contact and
/// how surely, and what happens next. It does nothing itself: whoever drives it does what
/// [`Self::next`] says and hands back what came of it.
///
/// What [`Self::answered`] returns must be durable before anything of [`Self::next`] leaves; what a
/// [`super::Write`] carries, before its request does.
#[derive(Clone, Debug)]
pub struct Reconciliation {
    pub(super) rules: Arc<Rules>,
    pub(super) row: Row,
    pub(super) state: State,
    pub(super) next: Next,
    /// What is known of the contact. `None`, once that has been asked: nobody is there, so one is created.
    pub(super) there: Option<ObservedContact>,
    /// What the contact is addressed by in place of its id.
    pub(super) address: Option<Identifier>,
    /// This row created the contact, and no answer has told its id yet: `address` stands in its place.
    pub(super) is_nameless: bool,
    /// This row created the contact.
    pub(super) created: bool,
    /// This row changed the contact.
    pub(super) changed: bool,
    /// Creates of this row whose answer was lost.
    pub(super) lost_creates: u32,
    /// Answers that each answered step took, those of a cut-off execution included.
    pub(super) answers: BTreeMap<u32, u32>,
    pub(super) http_status: Option<u16>,
    /// What is durable with the next write.
    pub(super) pending: Vec<Entry>,
    /// Identifiers of the row that an answer showed to be this contact's.
    pub(super) proven: BTreeSet<Key>,
    /// Line of the row that led to the same contact before this one.
    pub(super) shared_with: Option<u64>,
    /// The contact holds the other form of the row's phone number.
    pub(super) by_other_form: bool,
    /// Keys of creates that another row or run has begun, and that are settled before this row's.
    pub(super) taken: Vec<Key>,
    /// Who claimed them, as far as this row has looked into it.
    pub(super) taken_from: Vec<Taken>,
    pub(super) least_calls: Option<u64>,
    pub(super) rounds: u32,
    /// The row is as it was last applied, as far as was remembered when it began.
    pub(super) was_as_applied: bool,
    /// What this execution replaced, and of whom.
    pub(super) replaced: Vec<(RemoteId, Change)>,
    /// The account's custom fields that the row has values for, once they were read.
    pub(super) definitions: Option<Vec<FieldDefinition>>,
    /// Fields that this execution has sent, and that answers to it showed somebody else to have changed.
    pub(super) sent: BTreeSet<Field>,
    pub(super) changed_meanwhile: BTreeSet<Field>,
    /// A read was already tried by looking the contact up again.
    pub(super) looked_again: bool,
    /// What this execution has looked up for the row.
    pub(super) looked_up: Vec<Identifier>,
    /// What was seen of the contact when it was first decided what to send.
    pub(super) seen: Option<Seen>,
}

/// Where a contact stands on its way.
#[derive(Clone, Debug)]
pub(super) enum State {
    Claiming,
    Identifying {
        way: Identification,
        why: Identify,
    },
    Settling {
        way: Identification,
        why: Settle,
        clock: Clock,
    },
    /// A call that changes nothing is out.
    Reading(Reading),
    /// A step is out, and these follow.
    Writing {
        step: Step,
        number: u32,
        rest: VecDeque<Step>,
        notes: Vec<RowError>,
    },
    /// A step that takes back what reached somebody else is out, and these follow.
    PuttingBack {
        step: Step,
        number: u32,
        rest: VecDeque<Step>,
        reach: Reach,
    },
    Ended,
}

/// Why a contact is looked up.
#[derive(Clone, Debug)]
pub(super) enum Identify {
    /// Nobody knows yet whether it is there.
    First,
    /// It is remembered, and is to be written to.
    Confirm,
    /// To be told what it holds.
    Read,
    /// Its id is nobody's any more.
    Gone,
    /// The service refused to create it a second time.
    Exists(CallResult),
    /// The service refused a value that somebody has, and did not say who.
    Holder(CallResult),
}

/// Why a contact is looked for again and again.
#[derive(Clone, Debug)]
pub(super) enum Settle {
    /// A create was sent, and its answer did not come; with the message of how it was lost.
    Create { lost: Option<(String, CallResult)> },
    /// Another row or run is making the same person.
    Taken,
    /// It was created, and only a look-up tells its id; `rest` is still to be sent, if this execution
    /// has decided it.
    LearnId { rest: Option<(VecDeque<Step>, Vec<RowError>)> },
    /// It was created, a later call about it did not end well, and only a look-up tells its id.
    LearnIdAfter(CallResult),
    /// The service says that it is there, and look-ups don't show it yet.
    Exists(CallResult),
    /// This row created it, and a call about it found nobody.
    Missing(CallResult),
}

/// What of a row reached somebody else.
#[derive(Clone, Debug)]
pub(super) struct Reach {
    /// Whom it reached.
    pub(super) id: RemoteId,
    /// What was changed, by name.
    pub(super) changed: Vec<String>,
    /// What of it nobody knows as it was before.
    pub(super) unknown: Vec<String>,
}

/// What a read is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reading {
    Contact,
    Tags,
    /// Look-ups by the row's identifiers find nobody: is the remembered contact still theirs?
    Remembered,
    /// Of which types the account's custom fields are.
    Definitions,
}

/// How long something has been waited for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Clock {
    pub(super) patience: Duration,
    pub(super) waited: Duration,
    pub(super) times: u32,
}

impl Clock {
    pub(super) fn of(patience: Duration) -> Self {
        Self { patience, ..Self::default() }
    }

    /// What leaves now leaves after all patience has passed.
    pub(super) fn is_over(&self) -> bool {
        self.waited >= self.patience
    }
}

impl Reconciliation {
    /// The way of a row from its beginning, or from where a cut-off execution left it.
    pub fn new(mut row: Row, rules: Arc<Rules>) -> Self {
        let done = |step: &StepRecord| step.answered.as_ref().is_some_and(|answer| answer.verdict == CallVerdict::Done);
        let answers = row.steps.iter().filter_map(|step| Some((step.step, step.answered.as_ref()?.attempts))).collect();
        let lost = row.steps.iter().filter(|step| is_create_in_doubt(step)).count();
        let there = match row.told.take() {
            Some(told) => Some(ObservedContact::told(told, &rules.mapped, &rules.keys)),
            None => {
                let as_applied = row.as_applied.take().map(ObservedContact::as_applied);
                row.known.take().map(ObservedContact::remembered).or(as_applied)
            }
        };
        let mut machine = Self {
            created: row.steps.iter().any(|step| step.kind == CallKind::Create && done(step)),
            changed: row.steps.iter().any(|step| step.kind.writes() && done(step)),
            http_status: row.steps.iter().filter_map(|step| step.answered.as_ref()?.http_status).next_back(),
            lost_creates: u32::try_from(lost).unwrap_or(u32::MAX),
            state: State::Ended,
            next: Next::Done(crate::contact::RowRecord::unsent(crate::contact::Outcome::Skipped, Vec::new())),
            there,
            address: None,
            is_nameless: false,
            answers,
            pending: Vec::new(),
            proven: BTreeSet::new(),
            shared_with: None,
            by_other_form: false,
            taken: Vec::new(),
            taken_from: Vec::new(),
            least_calls: None,
            rounds: 0,
            looked_again: false,
            looked_up: Vec::new(),
            seen: None,
            was_as_applied: false,
            replaced: Vec::new(),
            definitions: None,
            sent: BTreeSet::new(),
            changed_meanwhile: BTreeSet::new(),
            row,
            rules,
        };
        machine.was_as_applied = machine.is_as_applied();
        debug_assert!(
            machine.there.as_ref().is_none_or(|there| !there.is_unopened) || machine.rests_on_memory(),
            "a row that does not rest must know all that is remembered of its contact"
        );
        machine.begin();
        machine
    }

    /// What happens next. The same until [`Self::answered`] is told what came of it.
    pub fn next(&self) -> &Next {
        &self.next
    }

    /// Where the row stands in its source.
    pub fn position(&self) -> Position {
        self.row.position
    }

    /// Identifiers by which the row finds out which contact it is about: these may be looked up ahead of its
    /// turn, and together with those of other rows. None once that is known.
    pub fn to_identify(&self) -> &[Identifier] {
        match (&self.state, &self.next) {
            (State::Identifying { why: Identify::First | Identify::Confirm, .. }, Next::Lookup(identifiers)) => {
                identifiers
            }
            _ => &[],
        }
    }

    /// The fewest calls that any client could do this row with, once that is known.
    pub fn least_calls(&self) -> Option<u64> {
        self.least_calls
    }

    /// Whether the contact turned out otherwise than remembered, although its row is as last applied.
    pub fn has_drifted(&self) -> bool {
        self.there.as_ref().is_some_and(|there| there.has_drifted)
    }

    /// Whether a contact whose row is as last applied was looked at in this run, for whichever reason.
    pub fn is_looked_at(&self) -> bool {
        let told = self.there.as_ref().is_some_and(|there| there.told.is_some());
        self.row.is_sample || self.was_as_applied && told
    }

    /// Whether a look-up now settles what became of a create.
    pub fn is_settling(&self) -> bool {
        matches!(self.state, State::Settling { why: Settle::Create { .. }, .. })
    }

    /// Whether a look-up now only tells the id of a contact that this row has made: it can wait for those of other
    /// rows, and be made together with them. One that such a look-up did not show is looked up by itself.
    pub fn is_learning_id(&self) -> bool {
        let why = match &self.state {
            State::Settling { why, clock, .. } if clock.times == 0 => why,
            _ => return false,
        };
        matches!(why, Settle::LearnId { .. } | Settle::LearnIdAfter(_))
            && matches!(self.next, Next::Lookup(_))
            && self.lost_creates == 0
            && self.taken_from.is_empty()
    }

    /// What is known of the contact, for the next row that leads to it.
    pub fn into_observed(self) -> Option<ObservedContact> {
        self.there.filter(|there| !there.is_unopened)
    }

    /// Takes what came of [`Self::next`], and returns what must be durable before anything else.
    ///
    /// A halted result is not for this: a run that stops drops its reconciliations, and a later
    /// execution builds them again from what is durable.
    pub fn answered(&mut self, event: ReconcileEvent) -> Vec<Entry> {
        let state = std::mem::replace(&mut self.state, State::Ended);
        match (state, event) {
            (State::Claiming, ReconcileEvent::Claimed { left, shared_with }) => {
                self.claimed(left.map(|left| *left), shared_with);
            }
            (State::Identifying { way, why }, ReconcileEvent::Looked { contacts, result }) => {
                self.looked(way, why, &contacts, &result);
            }
            (State::Settling { way, why, clock }, ReconcileEvent::Looked { contacts, result }) => {
                return self.looked_while_settling(way, why, clock, &contacts, &result);
            }
            (State::Settling { mut way, why, mut clock }, ReconcileEvent::Waited(time)) => {
                clock.waited += time;
                way.again();
                self.settle_on(way, why, clock);
            }
            (State::Reading(reading), ReconcileEvent::Called(result)) => self.was_read(reading, result),
            (State::Writing { step, number, rest, notes }, ReconcileEvent::Called(result)) => {
                return self.called(&step, number, rest, notes, result);
            }
            (State::PuttingBack { step, number, rest, reach }, ReconcileEvent::Called(result)) => {
                return self.put_back_answered(&step, number, rest, reach, &result);
            }
            (state, _) => {
                // What nobody asked for changes nothing: the question stands.
                self.state = state;
            }
        }
        Vec::new()
    }

    /// What a step addresses the contact by: its id or, where tags want an identifier in its place,
    /// the one that the service holds, or else that of the row.
    pub(super) fn target_of(&self, kind: CallKind) -> Option<Target> {
        let kinds = self.rules.capabilities.tags_address_by;
        if kinds.is_empty() || kind != CallKind::AddTags {
            return self.target();
        }
        let told = self.there.as_ref().and_then(|there| there.told.as_ref());
        let held = |kind: &crate::contact::IdentifierKind| {
            let value = told?.fields.get(&crate::contact::Field::new(kind.name()))?;
            (!value.is_empty()).then(|| Identifier::new(*kind, value.as_text()))
        };
        let given = |kind: &crate::contact::IdentifierKind| {
            self.row.contact.identifiers.iter().find(|identifier| identifier.kind == *kind).cloned()
        };
        let identifier = kinds.iter().find_map(held).or_else(|| kinds.iter().find_map(given));
        identifier.map(Target::Identifier)
    }

    pub(super) fn target(&self) -> Option<Target> {
        match (&self.address, &self.there) {
            (Some(identifier), Some(_)) => Some(Target::Identifier(identifier.clone())),
            (_, Some(there)) => Some(Target::Id(there.id().clone())),
            (_, None) => None,
        }
    }

    pub(super) fn identification(&self) -> Identification {
        Identification::new(&self.row.contact.identifiers, &self.rules.capabilities, &self.rules.limits)
    }

    /// Whether the row itself, and not a look-up or memory, said which contact it is about.
    pub(super) fn is_given_by_id(&self) -> bool {
        self.rules.given(&self.row.contact.identifiers).is_some()
    }
}

pub(super) fn is_create_in_doubt(step: &StepRecord) -> bool {
    step.kind == CallKind::Create && step.answered.is_none()
}
