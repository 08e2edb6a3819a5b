use super::runs::run_json;
use super::{CommandContext, Exit, print, running};
use crate::contact::{Counts, Outcome};
use crate::error::Result;
use crate::jobs;
use crate::ledger::{LedgerHandle, Run};
use crate::report::words::{moment, pruned_words, span, state_words};
use crate::report::{JobState, escape, number};

const EXAMPLES: &str = "\
Examples:
  rolo show                        the latest run
  rolo show 20261121-0931-k3f";

/// Show one run: what it was asked, what became of its rows, what to do next.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ShowCommand {
    /// Run to show [default: the latest].
    pub run: Option<String>,
}

pub fn run(args: &ShowCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        let run = running::find_run(&ledger, args.run.as_deref(), |_| true, "to show").await?;
        let worker = ledger.worker_of(&run).await?;
        if context.json {
            print(&format!("{}\n", run_json(&run, worker.as_ref())))?;
            return Ok(Exit::Done);
        }
        let mut lines = vec![
            format!(
                "{} {} of {} to {} ({})",
                run.new.kind,
                run.id,
                escape(&run.new.file),
                escape(&run.new.account),
                run.new.service
            ),
            format!("state: {}", state_words(&run, worker.is_some())),
            format!("started: {}", moment(run.new.started)),
        ];
        lines.extend(worker.as_ref().map(|worker| format!("worked on by: {}", escape(&worker.to_string()))));
        lines.extend(run.told.as_ref().map(|told| format!("why: {}", escape(told))));
        lines.extend(run.ended.map(|ended| format!("ended: {}", moment(ended))));
        lines.extend(run.pruned.map(pruned_words));
        lines.extend(run.worked().map(|worked| format!("took: {}", span(worked))));
        let rows = recorded_counts(&ledger, &run).await?;
        lines.extend(rows.iter().filter(|(_, n)| *n > 0).map(|(outcome, n)| format!("{:>9}  {outcome}", number(n))));
        let fields = jobs::fields_created(&ledger, &run).await?;
        lines
            .extend((!fields.is_empty()).then(|| format!("created the custom fields: {}", escape(&fields.join(", ")))));
        lines.extend(
            jobs::results_of(&run).map(|results| format!("results: {}", escape(&results.display().to_string()))),
        );
        if run.new.kind.sends_rows() && run.pruned.is_none() {
            let plan = jobs::undo_parts(&ledger, &run).await?;
            if plan.changed > 0 || plan.unknown > 0 {
                let changed = number(plan.changed + plan.unknown);
                let whole = number(plan.changed - plan.in_part);
                lines.push(format!("can be put back: {whole} of {changed} changed contacts"));
                if plan.in_part > 0 {
                    lines.push(format!("in part: {}", number(plan.in_part)));
                }
            }
        }
        let steps = JobState::of_run(&run, worker.is_some(), jobs::results_of(&run).as_deref()).next_steps();
        lines.extend(steps.iter().map(|step| format!("next: {step}")));
        lines.push(String::new());
        print(&lines.join("\n"))?;
        Ok(Exit::Done)
    })
}

/// Rows by outcome as the ledger has them: also those of a run that is under way or was cut off.
pub(super) async fn recorded_counts(ledger: &LedgerHandle, run: &Run) -> Result<Counts> {
    if run.counts.total() > 0 {
        return Ok(run.counts);
    }
    let mut counts = Counts::default();
    counts[Outcome::Unchanged] = ledger.rested(&run.id).await?;
    let mut from = 0;
    loop {
        let rows = ledger.rows(&run.id, from, 4096).await?;
        let Some((last, _)) = rows.last() else { return Ok(counts) };
        from = last + 1;
        for (_, record) in &rows {
            counts[record.outcome] += 1;
        }
    }
}
