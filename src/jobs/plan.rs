use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::Context;
use super::account_spec::AccountSpec;
use super::assumed::Assumed;
use super::difference::Difference;
use super::forecast::{Forecast, sample};
use super::frame::Opened;
use super::new_fields::{KnownFields, known_fields, words};
use super::nights::NightPlanner;
use super::planned_row::PlannedRow;
use super::recognize::Keep;
use super::remembered_rows::{AskedRow, RememberedRow, remembered};
use super::saved_plan::{PlanHead, PlanWriter};
use super::source::SourceSpec;
use super::visit::Visit;
use crate::clock;
use crate::config::Night;
use crate::contact::{
    Call, CallKind, Contact, FieldDefinition, Identifier, Outcome, Position, RemoteId, RowRecord, Snapshot,
};
use crate::error::{Error, Result};
use crate::journal::Key;
use crate::ledger::LedgerHandle;
use crate::reconcile::{
    CallEnd, CallResult, DriftSample, LookupGroups, Next, ReconcileEvent, Reconciliation, Row, Rules, SharedLookup,
    Strategy, Way,
};
use crate::services::{Page, Reply};
use crate::table::RowBatch;
use crate::upload::{Caller, Stop, list_fields, look_up, look_up_together};

/// An import to be foreseen.
pub struct PlanJob {
    pub source: SourceSpec,
    pub account: AccountSpec,
    /// Look the contacts up, to be exact. Reads only.
    pub live: bool,
    /// Rows of which the changes are told.
    pub samples: usize,
    /// Custom fields that the account lacks would be created.
    pub create_fields: bool,
    /// What one night of the import may use.
    pub night: Night,
    /// Where to save the plan, so that an import can keep to it. Only of a live one.
    pub save: Option<PathBuf>,
}

/// Foresees an import: drives the same reconciliations as an import does, through the same packing
/// of look-ups, with answers that are assumed or, if `live`, read. Writes nothing, neither to the
/// account nor to the ledger.
///
/// # Errors
/// Those of reading the file and the account; `Stopped` if a look-up fails.
pub async fn plan(job: &PlanJob, context: &mut Context) -> Result<Forecast> {
    let remembers = context.ledger.may_exist();
    let mut opened = Opened::account(&job.account, Keep::Nothing, context).await?;
    if let Some(elsewhere) = opened.elsewhere.take() {
        context.note(elsewhere);
    }
    opened.visit("plan", context, async |visit, context| foresee(job, remembers, visit, context).await).await
}

async fn foresee(job: &PlanJob, remembers: bool, visit: &Visit, context: &mut Context) -> Result<Forecast> {
    let Visit { ledger, connection, run, caller, keys } = visit;
    let service = connection.account.service.clone();
    let KnownFields { definitions, to_create, .. } =
        known_fields(&job.source, job.create_fields, caller, context).await?;
    let mapped = job.source.map(service.as_ref(), definitions.as_deref())?;
    context.tell(crate::report::Event::Mapping(Box::new(mapped.table()?)));
    let mut forecast = Forecast { unmapped: mapped.forward.unmapped().to_vec(), ..Forecast::default() };
    forecast.count(CallKind::CreateField, to_create.len() as u64);
    forecast.new_fields = to_create.iter().map(words).collect();
    let (strategy, lookup_room) = if job.save.is_some() {
        if service.capabilities().find_by_listing {
            return Err(Error::usage(format!("{} has no look-up, so a plan of it can't be kept to", service.name()))
                .hint("leave --save out"));
        }
        (Strategy::LookUp, service.limits().identifiers_per_find.value)
    } else {
        let choice = super::listing::foresee(connection, caller, keys, &mapped, &job.source).await?;
        forecast.count(CallKind::List, choice.calls);
        forecast.count(CallKind::Find, choice.finds);
        (choice.strategy, choice.lookup_room)
    };
    let rules = Rules {
        strategy,
        lookup_room,
        by_plan: job.save.is_some(),
        keep_before: job.save.is_some(),
        tries: caller.retry.tries,
        ..super::import::rules(run, connection, &mapped, keys)
    };
    forecast.strategy = rules.strategy.name();
    let nights = NightPlanner::new(&job.night, clock::unix_now());
    let mut foreseeing = Foreseeing {
        laid_out: 0,
        learning: 0,
        nights,
        period: connection.account.budget.period(),
        samples: job.samples,
        live: job.live.then(|| caller.clone()),
        sample: DriftSample::of(&rules.run),
        groups: LookupGroups::new(rules.lookup_room),
        waiting: BTreeMap::new(),
        claimed: HashMap::new(),
        rules: Arc::new(rules),
        forecast,
        definitions: None,
        saves: match &job.save {
            Some(path) => {
                let head = PlanHead::of(&job.account.name, &job.source, &mapped, connection, ledger)?;
                Some(PlanWriter::create(path, &head, &context.written())?)
            }
            None => None,
        },
    };
    // What a saved plan says of a contact was seen, and not remembered.
    let remembers = remembers && job.save.is_none();
    foreseeing.take_all(job, mapped.forward, remembers.then_some(ledger), &context.stop).await?;
    if let Some(saves) = foreseeing.saves {
        saves.finish()?;
    }
    let mut forecast = foreseeing.forecast;
    forecast.nights = foreseeing.nights.map(NightPlanner::finish);
    forecast.time = connection.account.budget.estimate(forecast.total_calls());
    Ok(forecast)
}

/// A row on its way through the plan.
struct Foreseen {
    machine: Box<Reconciliation>,
    assumed: Assumed,
    writes: Vec<Call>,
    /// The contact as it was read.
    seen: Option<Snapshot>,
    /// Calls that it may take.
    at_most: u64,
}

impl Foreseen {
    /// Takes note of whom a look-up or a read found, if it was made for real.
    fn look(&mut self, is_real: bool, found: &[Snapshot]) {
        if let ([contact], true) = (found, is_real) {
            self.seen = Some(contact.clone());
        }
    }
}

/// A row that is not told yet: rows are told in the file's order.
enum Waiting {
    /// It waits for its group to be looked up.
    Asking(Foreseen),
    Ready(Foreseen),
    /// It is not sent at all.
    Unsent(Position, RowRecord),
}

struct Foreseeing {
    samples: usize,
    live: Option<Arc<Caller>>,
    rules: Arc<Rules>,
    sample: DriftSample,
    groups: LookupGroups,
    waiting: BTreeMap<u64, Waiting>,
    /// Lines of the rows that led to a contact, by its id's hash: kept where a plan is saved.
    claimed: HashMap<Key, u64>,
    forecast: Forecast,
    /// The account's custom fields, once a row has asked for them.
    definitions: Option<Vec<FieldDefinition>>,
    saves: Option<PlanWriter>,
    nights: Option<NightPlanner>,
    /// Identifiers by which the next look-up learns the ids of contacts that were made.
    learning: usize,
    /// Calls that lie in nights already.
    laid_out: u64,
    period: Duration,
}

impl Foreseeing {
    async fn take_all(
        &mut self,
        job: &PlanJob,
        forward: crate::mapping::Forward,
        memory: Option<&LedgerHandle>,
        stop: &Stop,
    ) -> Result<()> {
        let keys = self.rules.keys.clone();
        let mut reader = job.source.open()?;
        let mut validator = job.source.validator(forward)?;
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, super::feed::BATCH)? > 0 {
            if stop.is_requested() {
                return Err(Error::interrupted("interrupted while planning; nothing was sent"));
            }
            let contacts = validator.check(&batch);
            let asked = contacts.iter().map(|row| row.as_ref().ok().map(AskedRow::from));
            let remembered = match memory {
                Some(ledger) => remembered(ledger, &keys, asked, true).await?,
                None => asked.map(|row| RememberedRow::unknown(&keys, row.as_ref())).collect(),
            };
            let mut remembered = remembered.into_iter();
            for (row, contact) in batch.rows().zip(contacts) {
                self.forecast.rows += 1;
                let position = row.position();
                let RememberedRow { keys, known, open_create, .. } = remembered.next().unwrap_or_default();
                match contact {
                    Err(unsent) => {
                        let record = RowRecord::unsent(unsent.outcome, unsent.errors);
                        self.sample.ended(record.outcome);
                        self.waiting.insert(position.index, Waiting::Unsent(position, record));
                        self.groups.passed(position.index);
                        self.look_up_groups().await?;
                    }
                    Ok(contact) => {
                        self.forecast.in_doubt += u64::from(open_create.is_some());
                        self.take(Row { known, open_create, ..Row::new(position, contact, keys) }).await?;
                    }
                }
            }
        }
        self.groups.close();
        self.look_up_groups().await
    }

    async fn take(&mut self, row: Row) -> Result<()> {
        let index = row.position.index;
        let assumed = self.assume(&row.contact, &row);
        let machine = match self.sample.way_of(row, &self.rules) {
            Way::Known(machine) => machine,
            // Not of a plan, which has asked for all that is remembered.
            Way::Unopened(row) => Box::new(Reconciliation::new(row.opened(None), self.rules.clone())),
        };
        let identifiers = machine.to_identify().len();
        let at_most = if self.nights.is_some() { machine.calls_at_most() } else { 0 };
        let foreseen = Foreseen { machine, assumed, writes: Vec::new(), seen: None, at_most };
        if identifiers > 0 {
            self.groups.add(index, identifiers);
            self.waiting.insert(index, Waiting::Asking(foreseen));
        } else {
            self.groups.passed(index);
            self.waiting.insert(index, Waiting::Ready(foreseen));
        }
        self.look_up_groups().await
    }

    /// Takes the first rows to their ends, as far as they are looked up.
    async fn tell_ready(&mut self) -> Result<()> {
        while let Some(first) = self.waiting.first_entry() {
            if matches!(first.get(), Waiting::Asking(_)) {
                return Ok(());
            }
            match first.remove() {
                Waiting::Asking(row) | Waiting::Ready(row) => self.drive(row).await?,
                Waiting::Unsent(position, record) => {
                    self.forecast.count_row(&record);
                    if let Some(saves) = &mut self.saves {
                        saves.row(&PlannedRow::new(position, &record, None, &[], &self.rules.keys))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn assume(&self, contact: &Contact, row: &Row) -> Assumed {
        Assumed::new(contact, row.known.as_ref(), &self.rules.keys, &self.rules.capabilities)
    }

    async fn look_up_groups(&mut self) -> Result<()> {
        while let Some(group) = self.groups.take_ready() {
            let mut rows: Vec<Foreseen> = Vec::with_capacity(group.len());
            for index in group {
                match self.waiting.remove(&index) {
                    Some(Waiting::Asking(row)) => rows.push(row),
                    Some(other) => drop(self.waiting.insert(index, other)),
                    None => {}
                }
            }
            self.identify_together(&mut rows).await?;
            for row in rows {
                self.waiting.insert(row.machine.position().index, Waiting::Ready(row));
            }
        }
        self.tell_ready().await
    }

    /// As an import finds out which contacts a group of rows is about.
    async fn identify_together(&mut self, rows: &mut [Foreseen]) -> Result<()> {
        loop {
            let ways = rows.iter().map(|row| row.machine.as_ref());
            let lookups = SharedLookup::next_of(ways, self.rules.lookup_room);
            if lookups.is_empty() {
                return Ok(());
            }
            for lookup in lookups {
                for (lookup, told) in self.look_up_together(lookup).await? {
                    let is_told = told.is_some();
                    let mut assumed = BTreeSet::new();
                    for (at, contacts) in lookup.shares(&told.unwrap_or_default()) {
                        let row = &mut rows[at];
                        let contacts = if is_told { contacts } else { row.assumed.look_up() };
                        row.look(is_told, &contacts);
                        assumed.extend(contacts.iter().map(|contact| contact.id.0.clone()));
                        row.machine.answered(ReconcileEvent::Looked { contacts, result: done(Reply::Nothing) });
                    }
                    if !is_told {
                        self.forecast.count(CallKind::Find, self.rules.calls_of_lookup(assumed.len()));
                    }
                }
            }
        }
    }

    /// One look-up of several rows, in halves where the service refuses it: what it finds, and its calls counted,
    /// if it is made for real.
    async fn look_up_together(&mut self, lookup: SharedLookup) -> Result<Vec<(SharedLookup, Option<Vec<Snapshot>>)>> {
        let Some(caller) = &self.live else { return Ok(vec![(lookup, None)]) };
        let before = caller.calls();
        let answers = look_up_together(caller, lookup).await;
        self.forecast.count(CallKind::Find, caller.calls() - before);
        if answers.iter().any(|answer| !matches!(answer.result.end, CallEnd::Done(_))) {
            return Err(failed_look_up(caller));
        }
        Ok(answers.into_iter().map(|answer| (answer.lookup, Some(answer.found))).collect())
    }

    /// Counts one look-up; what it finds, if it is made for real.
    async fn look_up(&mut self, identifiers: &[Identifier]) -> Result<Option<Vec<Snapshot>>> {
        let Some(caller) = &self.live else {
            self.forecast.count(CallKind::Find, 1);
            return Ok(None);
        };
        let before = caller.calls();
        let (contacts, result) = look_up(caller, identifiers).await;
        if !matches!(result.end, CallEnd::Done(_)) {
            return Err(failed_look_up(caller));
        }
        let calls = caller.calls() - before;
        self.forecast.count(CallKind::Find, calls);
        Ok(Some(contacts))
    }

    /// Calls that it takes to learn one more id, as an import gathers them: the first that a call is made for takes it.
    fn learned(&mut self, identifiers: usize) -> u64 {
        if !self.rules.looks_up_together() {
            return 1;
        }
        let begins = self.learning == 0 || self.learning + identifiers > self.rules.lookup_room;
        self.learning = if begins { identifiers } else { self.learning + identifiers };
        u64::from(begins)
    }

    /// Drives a row to its end, as an import does, with what is assumed or read, and counts the calls.
    async fn drive(&mut self, mut row: Foreseen) -> Result<()> {
        loop {
            let event = match row.machine.next().clone() {
                Next::Done(record) => {
                    return self.ended(&row, &record);
                }
                Next::Claim(id) => {
                    ReconcileEvent::Claimed { left: None, shared_with: self.claim(&id, row.machine.position()) }
                }
                Next::Wait { least, .. } => ReconcileEvent::Waited(least),
                Next::Lookup(identifiers) => {
                    let own = row.writes.iter().any(|call| call.kind() == CallKind::Create);
                    // What an import would have made is not there to be looked up.
                    let told = if own { None } else { self.look_up(&identifiers).await? };
                    if own {
                        let calls = if row.machine.is_learning_id() { self.learned(identifiers.len()) } else { 1 };
                        self.forecast.count(CallKind::Find, calls);
                    }
                    row.look(told.is_some(), told.as_deref().unwrap_or_default());
                    let contacts = told.unwrap_or_else(|| row.assumed.look_up());
                    ReconcileEvent::Looked { contacts, result: done(Reply::Nothing) }
                }
                Next::Read(Call::ListFields { .. }) => ReconcileEvent::Called(self.definitions().await?),
                Next::Read(call) => {
                    let result = self.read(&call, &mut row.assumed).await?;
                    if let CallEnd::Done(Reply::Contact(contact)) = &result.end {
                        row.look(self.live.is_some(), std::slice::from_ref(&**contact));
                    }
                    ReconcileEvent::Called(result)
                }
                Next::Write(write) => {
                    self.forecast.count(write.call.kind(), 1);
                    let answer = row.assumed.answer(&write.call);
                    row.writes.push(write.call);
                    ReconcileEvent::Called(answer.map_or_else(missing, done))
                }
            };
            row.machine.answered(event);
        }
    }

    /// The account's custom fields, which are read once for all rows; none, if nobody is asked.
    async fn definitions(&mut self) -> Result<CallResult> {
        let items = match (&self.definitions, &self.live) {
            (Some(items), _) => items.clone(),
            (None, Some(caller)) => {
                let before = caller.calls();
                let items = list_fields(caller).await?;
                self.forecast.count(CallKind::ListFields, caller.calls() - before);
                items
            }
            (None, None) => {
                self.forecast.count(CallKind::ListFields, 1);
                Vec::new()
            }
        };
        self.definitions = Some(items.clone());
        Ok(done(Reply::Fields(Page { items, next: None, total: None })))
    }

    /// The line of an earlier row that led to the same contact.
    fn claim(&mut self, id: &RemoteId, position: Position) -> Option<u64> {
        self.saves.as_ref()?;
        let key = self.rules.keys.seal("claim", &id.0);
        let line = *self.claimed.entry(key).or_insert(position.line);
        (line != position.line).then_some(line)
    }

    async fn read(&mut self, call: &Call, assumed: &mut Assumed) -> Result<CallResult> {
        self.forecast.count(call.kind(), 1);
        let Some(caller) = &self.live else { return Ok(assumed.answer(call).map_or_else(missing, done)) };
        let result = caller.read(call).await;
        match result.end {
            CallEnd::Done(_) | CallEnd::Missing { .. } => Ok(result),
            _ => Err(Error::stopped("a contact could not be read; nothing was sent")),
        }
    }

    /// Lays the calls that were counted since the last row into nights, as those of this one.
    fn lay_out(&mut self, at_most: u64) {
        let Some(nights) = &mut self.nights else { return };
        let total = self.forecast.total_calls();
        let calls = total - std::mem::replace(&mut self.laid_out, total);
        nights.row(calls, at_most, self.period.saturating_mul(u32::try_from(calls).unwrap_or(u32::MAX)));
    }

    fn ended(&mut self, row: &Foreseen, record: &RowRecord) -> Result<()> {
        self.lay_out(row.at_most);
        self.forecast.count_row(record);
        self.forecast.count_lists(&row.writes);
        self.forecast.least_calls += row.machine.least_calls().unwrap_or(0);
        self.forecast.unknown += u64::from(self.live.is_none() && record.outcome == Outcome::Created);
        if self.forecast.samples.len() < self.samples && !row.writes.is_empty() {
            self.forecast.samples.push(sample(row.machine.position(), &row.writes));
            let difference = Difference::of(row.machine.position(), &row.writes, row.seen.as_ref());
            self.forecast.differences.push(difference);
        }
        let Some(saves) = &mut self.saves else { return Ok(()) };
        let (position, seen) = (row.machine.position(), row.machine.seen());
        saves.row(&PlannedRow::new(position, record, seen, &row.writes, &self.rules.keys))
    }
}

fn failed_look_up(caller: &Caller) -> Error {
    caller.halted().unwrap_or_else(|| Error::stopped("a look-up failed; nothing was sent"))
}

fn done(reply: Reply) -> CallResult {
    CallResult { end: CallEnd::Done(reply), http_status: None, answers: 1 }
}

fn missing() -> CallResult {
    CallResult { end: CallEnd::Missing { message: String::new() }, http_status: None, answers: 1 }
}
