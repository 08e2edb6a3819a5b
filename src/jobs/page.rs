use std::io::Write;

use super::run_record::{ImportRecord, RunRecord as _, UndoRecord, results_of};
use crate::config::rate_words;
use crate::contact::{Capabilities, Counts, Limits, Outcome};
use crate::error::{Error, Result};
use crate::ledger::{LedgerHandle, Run, RunKind, RunState};
use crate::report::words::pruned_words;
use crate::report::{CallLimit, Causes, PAGE_ROWS, PageRow, PutBack, Remark, RunOutcomes, RunPage, Skips, write_page};
use crate::services::{self, ServiceEntry};

/// Whether there are rows of a run to report.
///
/// # Errors
/// Kind `Usage`: it is an export, or was pruned.
pub fn may_be_reported(run: &Run) -> Result<()> {
    if run.new.kind == RunKind::Export {
        return Err(Error::usage(format!("run {} is an export, which has no rows to report", run.id))
            .hint(format!("`rolo show {}` shows its state", run.id)));
    }
    match run.pruned {
        None => Ok(()),
        Some(at) => Err(Error::usage(format!("run {}: {}", run.id, pruned_words(at)))
            .hint(format!("`rolo show {}` shows its counts", run.id))),
    }
}

/// Writes the page of a recorded run.
pub async fn report(ledger: &LedgerHandle, run: &Run, out: &mut (dyn Write + Send)) -> Result<()> {
    write_page(out, &run_page(ledger, run).await?)
}

/// What the page of a recorded run tells, as the ledger has it.
pub async fn run_page(ledger: &LedgerHandle, run: &Run) -> Result<RunPage> {
    let is_under_way = ledger.worker_of(run).await?.is_some();
    let rows = read_rows(ledger, run).await?;
    let import = ImportRecord::of(run).ok().filter(|_| run.new.kind.sends_rows());
    let service = services::find(&run.new.service).and_then(ServiceEntry::connect_to_sandbox).ok();
    let fields = super::new_fields::fields_created(ledger, run).await?;
    let is_undo = run.new.kind == RunKind::Undo;
    Ok(RunPage {
        is_under_way,
        outcomes: RunOutcomes {
            not_reached: not_reached(run, is_under_way, &rows.ended),
            ended: rows.ended,
            skips: rows.skips,
            is_undo,
        },
        causes: rows.causes,
        remarks_on_rows: rows.remarks,
        calls: ledger.calls_over_time(&run.id).await?,
        limit: service.as_ref().filter(|_| is_paced(run)).map(|service| call_limit(service.limits())),
        look_ups_are_shared: service.as_ref().is_some_and(|service| shares_look_ups(service.limits())),
        unmapped: import.and_then(|record| record.unmapped),
        put_back: put_back(ledger, run, service.as_ref().map(|service| service.capabilities())).await?,
        undoes: UndoRecord::of(run).ok().filter(|_| is_undo).map(|record| record.undoes),
        results: results_of(run),
        remarks: (!fields.is_empty()).then_some(Remark::FieldsCreated { fields }).into_iter().collect(),
        rows: rows.listed,
        run: run.clone(),
    })
}

#[derive(Default)]
struct Rows {
    ended: Counts,
    skips: Skips,
    causes: Causes,
    remarks: Causes,
    listed: Vec<PageRow>,
}

async fn read_rows(ledger: &LedgerHandle, run: &Run) -> Result<Rows> {
    let mut rows = Rows::default();
    let mut from = 0;
    loop {
        let page = ledger.placed_rows(&run.id, from, 4096).await?;
        let Some((last, _)) = page.last() else { break };
        from = last.index + 1;
        for (position, record) in page {
            rows.ended[record.outcome] += 1;
            rows.skips.take(&record);
            let needs_attention = record.outcome.needs_attention();
            if needs_attention { &mut rows.causes } else { &mut rows.remarks }.take(&position, &record);
            if needs_attention && rows.listed.len() < PAGE_ROWS {
                rows.listed.push(PageRow { place: position.to_string(), record });
            }
        }
    }
    let rested = ledger.rested(&run.id).await?;
    rows.ended[Outcome::Unchanged] += rested;
    rows.remarks.add("contact.not_looked_at", rested);
    Ok(rows)
}

/// Rows that the run has read and that have no record: it ended before them. Only the end of a run counts them.
fn not_reached(run: &Run, is_under_way: bool, ended: &Counts) -> Option<u64> {
    let is_counted = run.state != RunState::Running && !is_under_way;
    is_counted.then(|| run.counts.total().saturating_sub(ended.total()))
}

/// Whether the run keeps to the limit of its service.
pub fn is_paced(run: &Run) -> bool {
    ImportRecord::of(run).ok().filter(|_| run.new.kind.sends_rows()).is_none_or(|record| !record.unthrottled)
}

/// What a service admits, as a chart of calls shows it.
pub fn call_limit(limits: &Limits) -> CallLimit {
    let quota = limits.quota.value;
    CallLimit { quota, words: rate_words(quota), each_kind: limits.counts_apart.is_some() }
}

fn shares_look_ups(limits: &Limits) -> bool {
    limits.identifiers_per_find.value > 1 || limits.identifiers_per_filter.is_some()
}

/// What an undo of the run would do; `None` if it has changed nothing.
async fn put_back(ledger: &LedgerHandle, run: &Run, can: Option<&Capabilities>) -> Result<Option<PutBack>> {
    if !run.new.kind.sends_rows() {
        return Ok(None);
    }
    let plan = super::undo_parts(ledger, run).await?;
    let deletes = can.is_some_and(|can| can.delete);
    let put_back = PutBack {
        deleted: if deletes { plan.created } else { 0 },
        stays: if deletes { 0 } else { plan.created },
        changed: plan.changed,
        in_part: plan.in_part,
        unknown: plan.unknown,
    };
    Ok((put_back != PutBack::default()).then_some(put_back))
}
