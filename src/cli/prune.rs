use std::time::Duration;

use serde_json::json;

use super::{CommandContext, Exit, print, running};
use crate::clock;
use crate::config::{KeepRuns, Retention, parse_span};
use crate::error::{Error, Result};
use crate::jobs::{self, PrunePlan, PrunedRuns};
use crate::ledger::{NeededFor, Run};
use crate::report::words::moment;
use crate::report::{count, escape, number};

const EXAMPLES: &str = "\
Examples:
  rolo prune                            what would go by `keep_runs` of rolo.toml
  rolo prune --yes                      let it go
  rolo prune --keep-runs 90d --yes      the rows of runs that ended over 90 days ago
  rolo prune --keep-runs 30 --yes       all but those of the latest 30 runs of each account";

/// Let go of what is kept of the rows of old runs. Their counts stay, and so does what is known of contacts.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct PruneCommand {
    /// Keep the rows of so many runs of each account, or of those that ended within so long (90d, 12h)
    /// [default: keep_runs of rolo.toml].
    #[arg(long, value_name = "RUNS|TIME")]
    keep_runs: Option<String>,
    /// Keep what a run changed for so long that it can be put back [default: keep_undo of rolo.toml, else 30d].
    #[arg(long, value_name = "TIME")]
    keep_undo: Option<String>,
    /// Only runs of this account.
    #[arg(long, value_name = "ACCOUNT")]
    account: Option<String>,
    /// Do it, and not only show it.
    #[arg(short, long)]
    yes: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PruneSettings {
    /// What was said here, before what the configuration says.
    pub retention: Retention,
    pub account: Option<String>,
    pub yes: bool,
}

impl PruneCommand {
    pub fn settings(&self) -> Result<PruneSettings> {
        let of = |flag: &'static str| move |error: Error| error.reworded(|message| format!("{flag}: {message}"));
        let keep_runs = self.keep_runs.as_deref().map(KeepRuns::parse).transpose().map_err(of("--keep-runs"))?;
        let keep_undo: Option<Duration> =
            self.keep_undo.as_deref().map(parse_span).transpose().map_err(of("--keep-undo"))?;
        let retention = Retention::new(keep_runs, keep_undo);
        Ok(PruneSettings { retention, account: self.account.clone(), yes: self.yes })
    }
}

pub fn run(args: &PruneCommand, context: &CommandContext) -> Result<Exit> {
    let settings = args.settings()?;
    let config = context.config()?;
    let retention = |account: &str| {
        if settings.account.as_ref().is_some_and(|only| only != account) {
            return Retention::default();
        }
        settings.retention.or(config.retention(account))
    };
    running::block_on(async {
        let state_dir = context.state_dir()?.value;
        let ledger = context.ledger()?.open()?;
        let runs = ledger.runs(usize::MAX >> 1).await?;
        if let Some(account) = &settings.account
            && !runs.iter().any(|run| run.new.account == *account)
        {
            return Err(Error::usage(format!("there is no run of an account called: {account}")).in_account(account));
        }
        if !runs.is_empty() && runs.iter().all(|run| retention(&run.new.account).keep_runs.is_none()) {
            return Err(Error::usage("nothing says which runs are kept").hint(
                "say it with --keep-runs 90d, or with keep_runs = \"90d\" under [defaults] or an account of rolo.toml",
            ));
        }
        let plan = PrunePlan::of(&runs, retention, clock::unix_now().as_secs());
        if !settings.yes {
            print(&if context.json { plan_json(&plan) } else { plan_words(&plan) })?;
            return Ok(Exit::Done);
        }
        let pruned = jobs::prune(plan, &ledger, &state_dir).await?;
        print(&if context.json { pruned_json(&pruned) } else { pruned_words(&pruned) })?;
        Ok(Exit::Done)
    })
}

fn plan_words(plan: &PrunePlan) -> String {
    let mut lines = Vec::new();
    lines.push(match plan.runs.first().map(ended) {
        None => "no run would be pruned".to_owned(),
        Some(latest) => {
            format!("would be pruned: {}, the latest of {}", count(plan.runs.len() as u64, "run"), moment(latest))
        }
    });
    lines.extend(kept_words(plan.kept.iter()));
    if !plan.runs.is_empty() {
        lines.push(
            "their counts stay; how each row ended, its calls and what an undo puts back would go, and they could \
             neither be put back nor sent again"
                .to_owned(),
        );
        lines.push("nothing was removed; do it with: the same command and --yes".to_owned());
    }
    lines.join("\n") + "\n"
}

fn pruned_words(pruned: &PrunedRuns) -> String {
    let mut lines = vec![match (pruned.runs, pruned.records) {
        (0, 0) => "no run was pruned".to_owned(),
        (runs, records) => format!("pruned: {}, {}", count(runs, "run"), count(records, "record")),
    }];
    lines.extend(pruned.files.iter().map(|file| format!("removed: {}", escape(&file.display().to_string()))));
    lines.extend(kept_words(pruned.kept.iter()));
    lines.join("\n") + "\n"
}

fn kept_words<'k>(kept: impl Iterator<Item = (&'k NeededFor, &'k u64)>) -> Vec<String> {
    kept.map(|(need, runs)| {
        let why = match need {
            NeededFor::Unfinished => "not finished, or put back in part",
            NeededFor::InDoubt => "with rows in doubt: `rolo resume` looks again",
            NeededFor::SecondLook => "with contacts to be looked up once more",
            NeededFor::OtherRun => "whose rows an unfinished run takes",
            NeededFor::Undo => "that can still be put back (--keep-undo)",
        };
        format!("older, and kept: {} {why}", number(*runs))
    })
    .collect()
}

fn plan_json(plan: &PrunePlan) -> String {
    let runs: Vec<&str> = plan.runs.iter().map(|run| run.id.0.as_str()).collect();
    format!("{}\n", json!({ "would_prune": runs, "kept": kept_json(plan.kept.iter()) }))
}

fn pruned_json(pruned: &PrunedRuns) -> String {
    let line = json!({
        "pruned": pruned.runs,
        "records": pruned.records,
        "files": pruned.files,
        "kept": kept_json(pruned.kept.iter()),
    });
    format!("{line}\n")
}

fn kept_json<'k>(kept: impl Iterator<Item = (&'k NeededFor, &'k u64)>) -> serde_json::Map<String, serde_json::Value> {
    kept.map(|(need, runs)| (need.name().to_owned(), json!(runs))).collect()
}

fn ended(run: &Run) -> u64 {
    run.ended.unwrap_or(run.new.started)
}
