use std::sync::Arc;

use tokio::sync::OnceCell;

use super::caller::Caller;
use super::claims::{Claims, Ticket};
use super::gathered::GatheredLookups;
use super::look_up::look_up;
use super::notice::Notice;
use super::pages::list_fields;
use super::remembered_fields::remember_fields;
use crate::contact::{Call, FieldDefinition, RemoteId, RowRecord, Snapshot, WaitReason};
use crate::crash::Safeguard;
use crate::journal::Entry;
use crate::reconcile::{CallEnd, CallResult, Next, ObservedContact, ReconcileEvent, Reconciliation, Row, Rules};
use crate::services::{Page, Reply};

/// How a row's drive ended.
#[derive(Clone, Debug)]
pub enum RowEnd {
    /// The row has its outcome, which is durable.
    Finished(RowRecord),
    /// The run stopped first; the row is taken up again by a resume.
    Halted,
}

/// Drives reconciliations: does what each says comes next, and tells it what came of it.
pub struct Driver {
    pub caller: Arc<Caller>,
    pub rules: Arc<Rules>,
    pub(super) claims: Claims,
    definitions: OnceCell<Vec<FieldDefinition>>,
}

/// How far a row came at once.
pub(super) enum Begun {
    Ended { record: RowRecord, entries: Vec<Entry> },
    UnderWay { machine: Box<Reconciliation>, ticket: Option<Ticket>, claimed: Option<RemoteId> },
}

/// The run is stopping.
struct Halted;

impl Driver {
    pub fn new(caller: Arc<Caller>, rules: Arc<Rules>) -> Self {
        Self { caller, rules, claims: Claims::default(), definitions: OnceCell::new() }
    }

    /// Brings one contact to what its row desires, and records how that ended: a row by itself. An import's rows
    /// begin in the file's order instead (`begin`), and go on from there (`drive_to_end`).
    pub async fn drive(&self, row: Row) -> RowEnd {
        self.drive_and(row, |record| record).await
    }

    /// The same; `with` has the last word on what is recorded.
    pub async fn drive_and(&self, row: Row, with: impl FnOnce(RowRecord) -> RowRecord) -> RowEnd {
        let machine = Reconciliation::new(row, self.rules.clone());
        self.drive_to_end(Box::new(machine), None, None, None, with).await
    }

    /// Ends a row that needs neither a call nor a wait, or gives it back as far as it came.
    pub(super) fn begin(&self, mut machine: Box<Reconciliation>) -> Begun {
        let mut claimed = None;
        if let Next::Claim(id) = machine.next().clone() {
            let ticket = self.claims.enter(&id, machine.position().line);
            if !matches!(&ticket, Ticket::Granted(granted) if granted.shared_with.is_none()) {
                return Begun::UnderWay { machine, ticket: Some(ticket), claimed };
            }
            let entries = machine.answered(ReconcileEvent::Claimed { left: None, shared_with: None });
            debug_assert!(entries.is_empty(), "a claim alone changes nothing durable");
            claimed = Some(id);
        }
        let Next::Done(record) = machine.next().clone() else {
            return Begun::UnderWay { machine, ticket: None, claimed };
        };
        if machine.is_looked_at() {
            return Begun::UnderWay { machine, ticket: None, claimed };
        }
        let entries = machine.close(&record);
        if let Some(id) = claimed {
            self.claims.leave(&id, None);
        }
        Begun::Ended { record, entries }
    }

    /// The loop of one contact: does what its reconciliation says comes next, makes durable what an answer
    /// leaves behind, and ends with the row's record. `with` has the last word on what is recorded. Look-ups that
    /// can wait for those of other rows are gathered, if somebody sees to it that they are made.
    pub(super) async fn drive_to_end(
        &self,
        mut machine: Box<Reconciliation>,
        mut ticket: Option<Ticket>,
        claimed: Option<RemoteId>,
        gathered: Option<&GatheredLookups>,
        with: impl FnOnce(RowRecord) -> RowRecord,
    ) -> RowEnd {
        let mut claimed: Vec<RemoteId> = claimed.into_iter().collect();
        let mut told_least = false;
        // What the last answer taught: it is one write with how the row ended, or is written beside the next call.
        let mut left = Vec::new();
        let end = loop {
            if !told_least && let Some(least_calls) = machine.least_calls() {
                told_least = true;
                self.caller.tell(Notice::Planned { least_calls });
            }
            let event = match machine.next().clone() {
                Next::Done(record) => break self.close(&mut machine, left, with(record)).await,
                Next::Claim(id) => self.claim(id, &machine, ticket.take(), &mut claimed).await,
                Next::Lookup(_) if machine.is_settling() && !Safeguard::Settle.holds() => {
                    let end = CallEnd::Done(Reply::Nothing);
                    let result = CallResult { end, http_status: None, answers: 0 };
                    Ok(ReconcileEvent::Looked { contacts: Vec::new(), result })
                }
                Next::Lookup(identifiers) if machine.is_learning_id() => match gathered {
                    Some(gathered) => looked(gathered.look_up(identifiers).await),
                    None => looked(look_up(&self.caller, &identifiers).await),
                },
                next if left.is_empty() => self.carry_out(next, machine.position().line).await,
                next => {
                    let durable = self.outcome(std::mem::take(&mut left));
                    let (durable, event) = tokio::join!(durable, self.carry_out(next, machine.position().line));
                    durable.and(event)
                }
            };
            let settles = matches!(event, Ok(ReconcileEvent::Looked { .. }));
            let Ok(event) = event else { break RowEnd::Halted };
            let entries = machine.answered(event);
            if entries.is_empty() {
                continue;
            }
            // The intent of a call that follows is written after what is written before it, or not at all.
            if !settles && matches!(machine.next(), Next::Done(_) | Next::Write(_)) {
                left = entries;
                continue;
            }
            if settles {
                if self.flush(entries).await.is_err() {
                    break RowEnd::Halted;
                }
                crash_point!("after_settled");
            } else if self.outcome(entries).await.is_err() {
                break RowEnd::Halted;
            }
        };
        if matches!(end, RowEnd::Finished(_)) && machine.is_looked_at() {
            self.caller.tell(Notice::LookedAt { drifted: machine.has_drifted() });
        }
        let observed = if matches!(end, RowEnd::Finished(_)) { machine.into_observed() } else { None };
        for id in claimed {
            self.claims.leave(&id, observed.as_ref().filter(|observed| *observed.id() == id));
        }
        end
    }

    async fn claim(
        &self,
        id: RemoteId,
        machine: &Reconciliation,
        ticket: Option<Ticket>,
        claimed: &mut Vec<RemoteId>,
    ) -> Result<ReconcileEvent, Halted> {
        if claimed.contains(&id) {
            return Ok(ReconcileEvent::Claimed { left: None, shared_with: None });
        }
        let ticket = ticket.unwrap_or_else(|| self.claims.enter(&id, machine.position().line));
        let granted = tokio::select! {
            biased;
            () = self.caller.stop.requested() => return Err(Halted),
            granted = ticket.granted() => granted.ok_or(Halted)?,
        };
        claimed.push(id.clone());
        let mut left = granted.left;
        if left.is_none() && granted.shared_with.is_some() {
            let known = self.caller.account.ledger.known_by_id(self.rules.keys.account(), &id).await;
            left = known
                .map_err(|error| self.halted_by(&error))?
                .map(|known| Box::new(ObservedContact::remembered(known)));
        }
        Ok(ReconcileEvent::Claimed { left, shared_with: granted.shared_with })
    }

    /// Does what comes next, to its end.
    async fn carry_out(&self, next: Next, line: u64) -> Result<ReconcileEvent, Halted> {
        let event = match next {
            Next::Lookup(identifiers) => looked(look_up(&self.caller, &identifiers).await)?,
            Next::Read(Call::ListFields { .. }) => ReconcileEvent::Called(self.definitions().await?),
            Next::Read(call) => ReconcileEvent::Called(self.caller.read(&call).await),
            Next::Write(write) => ReconcileEvent::Called(self.caller.write(*write).await),
            Next::Wait { least, times } => {
                let pause = self.caller.retry.pause(times).max(least);
                self.caller.tell_of_wait(pause, WaitReason::InDoubt { line });
                tokio::select! {
                    biased;
                    () = self.caller.stop.requested() => return Err(Halted),
                    () = self.caller.account.budget.wait(pause) => ReconcileEvent::Waited(pause),
                }
            }
            Next::Claim(_) | Next::Done(_) => return Err(Halted),
        };
        match &event {
            ReconcileEvent::Called(result) if result.end == CallEnd::Halted => Err(Halted),
            _ => Ok(event),
        }
    }

    /// The account's custom fields, which are read once for all rows, by the first that asks.
    async fn definitions(&self) -> Result<CallResult, Halted> {
        let listed = self.definitions.get_or_try_init(async || {
            let fields = list_fields(&self.caller).await?;
            remember_fields(&self.caller.account.ledger, self.rules.keys.account(), &fields).await?;
            Ok(fields)
        });
        let listed = listed.await;
        let items = listed.map_err(|error| self.halted_by(&error))?.clone();
        let end = CallEnd::Done(Reply::Fields(Page { items, next: None, total: None }));
        Ok(CallResult { end, http_status: None, answers: 0 })
    }

    /// Makes durable what is left to be, and the row's record with it.
    async fn close(&self, machine: &mut Reconciliation, mut entries: Vec<Entry>, record: RowRecord) -> RowEnd {
        let last = machine.close(&record);
        if let Some(Entry::Known { contact: newest, told: by, keys: proven, .. }) = last.first() {
            // What is known at the end is all of what was known just before.
            let is_older = |entry: &Entry| {
                matches!(entry, Entry::Known { contact, told, keys, .. } if contact.id == newest.id && told == by
                    && keys.iter().all(|key| proven.contains(key)))
            };
            entries.retain(|entry| !is_older(entry));
        }
        entries.extend(last);
        crash_point!("before_row");
        let durable = self.flush(entries).await;
        crash_point!("after_row");
        if durable.is_ok() { RowEnd::Finished(record) } else { RowEnd::Halted }
    }

    /// Makes durable what an answer left behind, before the row goes on.
    async fn outcome(&self, entries: Vec<Entry>) -> Result<(), Halted> {
        self.flush(entries).await?;
        crash_point!("after_outcome");
        Ok(())
    }

    async fn flush(&self, entries: Vec<Entry>) -> Result<(), Halted> {
        let written = self.caller.account.ledger.write(&self.caller.run, entries).await;
        written.map(drop).map_err(|error| self.halted_by(&error))
    }

    fn halted_by(&self, error: &crate::error::Error) -> Halted {
        self.caller.halt(error.clone());
        Halted
    }
}

fn looked((contacts, result): (Vec<Snapshot>, CallResult)) -> Result<ReconcileEvent, Halted> {
    if result.end == CallEnd::Halted { Err(Halted) } else { Ok(ReconcileEvent::Looked { contacts, result }) }
}
