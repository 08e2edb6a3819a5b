use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::caller::{Caller, Ended, Notice, Reached};
use super::finder::Finder;
use super::remember::{Combined, Keys, Remembered};
use super::settle::{self, Looked, Settled};
use crate::contact::{CallKind, Contact, Edit, Field, Outcome, Position, RemoteId, RowRecord, Snapshot, Target};
use crate::ledger::{Entry, Key, KnownContact, StepRecord};
use crate::plan::{self, Decision, Held, Mode, Need, Rules, SnapshotHeld, Step};
use crate::services::Reply;

/// How often one contact is planned anew before it is given up: each time something turned out to
/// be otherwise than was known.
const ROUNDS_AT_MOST: u32 = 8;

/// One contact to be brought to what its row wants.
#[derive(Clone, Debug)]
pub struct Lane {
    pub position: Position,
    pub contact: Contact,
    /// Keys of the contact's identifiers.
    pub keys: Vec<Key>,
    pub known: Option<KnownContact>,
    /// What a cut-off execution did for this row.
    pub steps: Vec<StepRecord>,
}

/// How a lane ended.
#[derive(Clone, Debug)]
pub enum LaneEnd {
    /// The row has its outcome, which is durable.
    Finished(RowRecord),
    /// The run stopped first; the row is taken up again by a resume.
    Halted,
}

/// What all lanes of a run share.
pub struct Lanes {
    pub caller: Arc<Caller>,
    pub finder: Finder,
    pub keys: Keys,
    pub mode: Mode,
    pub replace_custom: bool,
    /// Fields that the import writes.
    pub asked: Vec<Field>,
    /// Read what is held before changing it, so that it can be put back.
    pub keep_before: bool,
    /// Leave contacts alone whose row is the same as when it was last applied.
    pub changed_only: bool,
    /// Every contact of the account is known: one that isn't is not there, and needs no look-up.
    pub all_known: bool,
    pub search_lag: Duration,
}

impl Lanes {
    /// Brings one contact to what its row wants, and records how that ended.
    pub async fn drive(&self, lane: Lane) -> LaneEnd {
        self.drive_and(lane, |record| record).await
    }

    /// The same; `with` has the last word on what is recorded.
    pub async fn drive_and(&self, lane: Lane, with: impl FnOnce(RowRecord) -> RowRecord) -> LaneEnd {
        let mut driving = Driving::new(self, lane);
        match driving.drive().await {
            Ok(record) => driving.finish(with(record)).await,
            Err(Halted) => LaneEnd::Halted,
        }
    }
}

/// The run is stopping.
pub(super) struct Halted;

pub(super) type Going<T> = Result<T, Halted>;

/// What follows a step.
enum Next {
    Step,
    /// Something is otherwise than was known: plan anew.
    Replan,
    End(RowRecord),
}

/// A lane under way.
pub(super) struct Driving<'a> {
    pub(super) lanes: &'a Lanes,
    pub(super) lane: Lane,
    /// Answers that each answered step took, those of a cut-off execution included.
    pub(super) answered: BTreeMap<u32, u32>,
    pub(super) http_status: Option<u16>,
    /// This row created the contact.
    pub(super) created: bool,
    /// This row changed the contact.
    pub(super) changed: bool,
    pub(super) known: Option<KnownContact>,
    pub(super) snapshot: Option<Snapshot>,
    pub(super) target: Option<Target>,
    /// What is durable with the next write.
    pub(super) pending: Vec<Entry>,
    /// Creates of this row whose answer was lost.
    creates: u32,
    /// The plan of this row has been counted.
    planned: bool,
}

impl<'a> Driving<'a> {
    fn new(lanes: &'a Lanes, lane: Lane) -> Self {
        let done = |step: &StepRecord| step.answered.as_ref().is_some_and(|answered| answered.verdict == "done");
        let answered = lane
            .steps
            .iter()
            .filter_map(|step| step.answered.as_ref().map(|answered| (step.step, answered.attempts)))
            .collect();
        let known = lane.known.clone();
        let lost = lane.steps.iter().filter(|step| is_create_in_doubt(step)).count();
        Self {
            created: lane.steps.iter().any(|step| step.kind == CallKind::Create && done(step)),
            changed: lane.steps.iter().any(|step| step.kind.writes() && done(step)),
            http_status: lane.steps.iter().filter_map(|step| step.answered.as_ref()?.http_status).next_back(),
            target: known.as_ref().map(|known| Target::Id(known.id.clone())),
            known,
            lanes,
            lane,
            answered,
            snapshot: None,
            pending: Vec::new(),
            creates: u32::try_from(lost).unwrap_or(u32::MAX),
            planned: false,
        }
    }

    pub(super) fn caller(&self) -> &Caller {
        &self.lanes.caller
    }

    pub(super) fn search_lag(&self) -> Duration {
        self.lanes.search_lag
    }

    async fn drive(&mut self) -> Going<RowRecord> {
        let in_doubt = self.create_in_doubt();
        if in_doubt && let Some(record) = self.settle_create().await? {
            return Ok(record);
        }
        if self.lanes.changed_only && self.lane.steps.is_empty() && self.applied_already() {
            return Ok(self.record(Outcome::Unchanged, Vec::new()));
        }
        if self.created && self.known.is_none() {
            // It was created, and the run was cut off before anybody learned its id.
            let edit = self.new_contact();
            if let Next::End(record) = self.learn_id(&edit).await? {
                return Ok(record);
            }
        }
        // What was settled as not created has been looked up well enough.
        if self.known.is_none() && !in_doubt {
            if let Some(given) = self.addressed() {
                self.target = Some(given);
            } else if !self.lanes.all_known
                && let Some(record) = self.look_up().await?
            {
                return Ok(record);
            }
        }
        for _ in 0..ROUNDS_AT_MOST {
            match self.decide() {
                Decision::Unchanged { notes } => return Ok(self.record(self.outcome(), notes)),
                Decision::Skip(why) => return Ok(self.record(Outcome::Skipped, vec![why])),
                Decision::Refuse(why) => return Ok(self.record(Outcome::Failed, vec![why])),
                Decision::Need(need) => {
                    if let Some(record) = self.read(need).await? {
                        return Ok(record);
                    }
                }
                Decision::Steps { steps, notes } => {
                    self.tell_plan(&steps);
                    match self.take_all(steps).await? {
                        Next::Step => return Ok(self.record(self.outcome(), notes)),
                        Next::Replan => {}
                        Next::End(record) => return Ok(record),
                    }
                }
            }
        }
        Ok(self.failed("contact.unsteady", "the contact kept changing while it was being worked on"))
    }

    fn rules(&self) -> Rules<'_> {
        let service = &self.caller().account.service;
        Rules {
            mode: if self.created { Mode::Upsert } else { self.lanes.mode },
            replace_custom: self.lanes.replace_custom,
            mapped: &self.lanes.asked,
            capabilities: service.capabilities(),
            limits: service.limits(),
            fields: service.fields(),
        }
    }

    fn decide(&self) -> Decision {
        let rules = self.rules();
        let tags_ignore_case = rules.capabilities.tags_ignore_case;
        let remembered = self.known.as_ref().map(|known| Remembered { known, keys: &self.lanes.keys });
        let told = self.snapshot.as_ref().map(|snapshot| SnapshotHeld { snapshot, tags_ignore_case });
        let untold = told.is_none();
        let held = remembered.map(|remembered| Combined { told, remembered });
        let decision = plan::lane(&self.lane.contact, held.as_ref().map(|held| held as &dyn Held), &rules);
        match decision {
            Decision::Steps { .. } if self.lanes.keep_before && held.is_some() && untold && !self.created => {
                Decision::Need(Need::Contact)
            }
            other => other,
        }
    }

    /// Tells, once for a row, with how few calls it could be done.
    fn tell_plan(&mut self, steps: &[Step]) {
        if !self.planned {
            self.planned = true;
            let limits = self.caller().account.service.limits();
            let least_calls = plan::least_calls_of(&self.lane.contact, steps, limits) as u64;
            self.caller().tell(Notice::Planned { least_calls });
        }
    }

    async fn take_all(&mut self, steps: Vec<Step>) -> Going<Next> {
        for step in steps {
            match self.take(&step).await? {
                Next::Step => {}
                other => return Ok(other),
            }
        }
        Ok(Next::Step)
    }

    async fn take(&mut self, step: &Step) -> Going<Next> {
        let Some(call) = step.call(self.target_of(step).as_ref()) else {
            return Ok(Next::End(self.failed("service.unsupported", "the contact has no id to be addressed by")));
        };
        let at = self.next_step();
        self.keep_before(step);
        let first = std::mem::take(&mut self.pending);
        let reached = self.caller().write(&call, at, first).await;
        match reached.ended.clone() {
            Ended::Done(reply) => {
                let done = self.done(step, at.step, &reached, reply).await?;
                if self.flush().await.is_err() {
                    return Err(Halted);
                }
                crash_point!("after_outcome");
                Ok(done)
            }
            Ended::Exists { id, .. } if matches!(step, Step::Create { .. }) => {
                self.count(CallKind::Create, &reached, "exists", None);
                self.exists(id, &reached).await
            }
            Ended::Missing { .. } => match self.missing_or_end(&reached).await? {
                Some(record) => Ok(Next::End(record)),
                None => Ok(Next::Replan),
            },
            Ended::Unclear { message } if matches!(step, Step::Create { .. }) => {
                self.creates += 1;
                match self.settle_create().await? {
                    Some(record) => Ok(Next::End(record)),
                    None if !self.created && self.creates >= self.caller().retry.tries => {
                        // Not there, as often as it was tried: that is no doubt.
                        self.count(CallKind::Create, &reached, "unclear", None);
                        Ok(Next::End(self.failed("service.unavailable", message)))
                    }
                    None => Ok(Next::Replan),
                }
            }
            Ended::Unreachable { .. } | Ended::Refused { .. } | Ended::Exists { .. } => {
                self.count(step.kind(), &reached, "refused", None);
                self.end_of(&reached).map(Next::End)
            }
            Ended::Unclear { .. } | Ended::Halted => self.end_of(&reached).map(Next::End),
        }
    }

    /// The service has the contact of a create already, which a look-up may take a while to show.
    async fn exists(&mut self, id: Option<RemoteId>, reached: &Reached) -> Going<Next> {
        if let Some(record) = self.look_up().await? {
            return Ok(Next::End(record));
        }
        if self.snapshot.is_none() && !self.search_lag().is_zero() {
            match settle::there(self).await {
                Looked::Found(contact, _) => self.learn(*contact),
                Looked::Halted => return Err(Halted),
                Looked::NotThere | Looked::Failed(_) => {}
            }
        }
        match (self.snapshot.take(), id) {
            // It was not there before our create that got no answer, and is now.
            (Some(contact), _) if self.creates > 0 => {
                self.created = true;
                self.changed = true;
                self.learn_created(&contact);
            }
            (Some(contact), _) => self.snapshot = Some(contact),
            (None, Some(id)) => {
                self.aim(id.clone());
                self.known = Some(KnownContact { id, fields: BTreeMap::new(), tags: None, lists: Vec::new() });
            }
            (None, None) => return self.end_of(reached).map(Next::End),
        }
        Ok(Next::Replan)
    }

    /// Records what an applied step has done.
    async fn done(&mut self, step: &Step, number: u32, reached: &Reached, reply: Reply) -> Going<Next> {
        self.changed = true;
        if let Step::Create { edit, .. } = step {
            let id = match reply {
                Reply::Id(id) => Some(id),
                Reply::Contact(contact) => Some(contact.id),
                _ => None,
            };
            let Some(id) = id else {
                // The answer doesn't tell the id: the look-up that learns it is a step of its own.
                self.count(CallKind::Create, reached, "done", None);
                self.created = true;
                return self.learn_id(edit).await;
            };
            self.count(CallKind::Create, reached, "done", Some(id.clone()));
            self.created = true;
            self.remember_created(&id, edit);
            return Ok(Next::Step);
        }
        let id = self.known.as_ref().map(|known| known.id.clone());
        self.count_step(number, step.kind(), reached, "done", id);
        if let Reply::Contact(contact) = &reply
            && let Some(known) = &mut self.known
            && self.target.as_ref().is_some_and(|target| matches!(target, Target::Identifier(_)))
        {
            known.id = contact.id.clone();
            self.target = Some(Target::Id(contact.id.clone()));
        }
        self.remember_step(step);
        Ok(Next::Step)
    }

    async fn learn_id(&mut self, edit: &Edit) -> Going<Next> {
        if self.flush().await.is_err() {
            return Err(Halted);
        }
        match settle::there(self).await {
            Looked::Found(contact, reached) => {
                self.count(CallKind::Find, &reached, "done", Some(contact.id.clone()));
                self.remember_created(&contact.id, edit);
                Ok(Next::Step)
            }
            Looked::Halted => Err(Halted),
            Looked::NotThere => Ok(Next::End(self.in_doubt("it was created, but a look-up does not find it"))),
            Looked::Failed(message) => Ok(Next::End(self.in_doubt(&format!("the look-up failed: {message}")))),
        }
    }

    /// What the create of this row sends, or sent.
    pub(super) fn new_contact(&self) -> Edit {
        match plan::lane(&self.lane.contact, None, &self.rules()) {
            Decision::Steps { steps, .. } => steps
                .into_iter()
                .find_map(|step| if let Step::Create { edit, .. } = step { Some(edit) } else { None })
                .unwrap_or_default(),
            _ => Edit::default(),
        }
    }

    fn create_in_doubt(&self) -> bool {
        !self.created && self.lane.steps.iter().any(is_create_in_doubt)
    }

    /// Finds out whether the create was applied; `Some` if the row ends with that.
    async fn settle_create(&mut self) -> Going<Option<RowRecord>> {
        match settle::create(self).await {
            Settled::Applied(contact, reached) => {
                let settled = Reached { answers: 1, http_status: reached.http_status, ended: Ended::Halted };
                self.count(CallKind::Create, &settled, "done", Some(contact.id.clone()));
                if !self.caller().account.service.capabilities().create_tells_id {
                    // The look-up that the create's id takes in any case.
                    self.count(CallKind::Find, &reached, "done", Some(contact.id.clone()));
                }
                self.created = true;
                self.changed = true;
                self.learn_created(&contact);
                if self.flush().await.is_err() {
                    return Err(Halted);
                }
                crash_point!("after_settled");
                Ok(None)
            }
            Settled::NotApplied => Ok(None),
            Settled::InDoubt(message) => Ok(Some(self.in_doubt(&message))),
            Settled::Halted => Err(Halted),
        }
    }

    pub(super) fn parts(
        &mut self,
    ) -> (&Keys, &Lane, &mut Option<KnownContact>, &mut Option<Snapshot>, &mut Vec<Entry>) {
        (&self.lanes.keys, &self.lane, &mut self.known, &mut self.snapshot, &mut self.pending)
    }

    pub(super) fn asked(&self) -> Vec<Field> {
        self.lanes.asked.clone()
    }

    pub(super) fn was_created(&self) -> bool {
        self.created
    }

    pub(super) fn aim(&mut self, id: RemoteId) {
        self.target = Some(Target::Id(id));
    }
}

fn is_create_in_doubt(step: &StepRecord) -> bool {
    step.kind == CallKind::Create && step.answered.is_none()
}
