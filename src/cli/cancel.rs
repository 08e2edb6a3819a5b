use std::io::Write as _;
use std::time::Duration;

use super::show::recorded_counts;
use super::{CommandContext, Exit, print, running};
use crate::clock;
use crate::error::{Error, ErrorKind, Result};
use crate::ledger::{LEASE, Lease, LedgerHandle, Run, RunState, Worker};
use crate::report::words::state_words;

const EXAMPLES: &str = "\
Examples:
  rolo cancel 20261121-0931-k3f";

/// How long whoever works on the run has to end it, before this command says so and ends.
const PATIENCE: Duration = Duration::from_secs(60);

/// So often it is looked whether the run has ended.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// End a run for good, whether it waits or is under way, here or on another machine.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct CancelCommand {
    /// Run to end. Requests under way are finished; what was sent stays, and `rolo undo` puts it back.
    run: String,
}

pub fn run(args: &CancelCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        let run = running::find_run(&ledger, Some(&args.run), |_| true, "to cancel").await?;
        let run = cancelled(run, &ledger, context).await?;
        if context.json {
            print(&format!("{}\n", super::runs::run_json(&run, None)))?;
        } else {
            print(&format!("run {} is {}\n", run.id, state_words(&run, false)))?;
        }
        Ok(if run.state == RunState::Cancelled { Exit::Done } else { Exit::Stopped })
    })
}

/// The run as it stands once nobody works on it.
async fn cancelled(mut run: Run, ledger: &LedgerHandle, context: &CommandContext) -> Result<Run> {
    let begun = clock::now();
    let mut is_asked = false;
    loop {
        if run.state.has_ended() || run.state == RunState::PartlyUndone {
            if is_asked {
                return Ok(run);
            }
            let words = format!("run {} has ended already ({})", run.id, state_words(&run, false));
            return Err(Error::usage(words).in_run(&run.id.0));
        }
        match Lease::take(ledger, &run.new.fingerprint, &Worker::this_process("cancel"), LEASE).await {
            Ok(lease) => {
                let claimed = lease.run(run.id.clone());
                let now = ledger.run(&run.id).await?.unwrap_or_else(|| run.clone());
                // It may have begun, or ended, before this was claimed.
                if now.new.fingerprint == run.new.fingerprint && !now.state.has_ended() {
                    let counts = recorded_counts(ledger, &now).await?;
                    let took = now.took.unwrap_or_default();
                    ledger.tell(&claimed, "cancelled, as somebody asked with `rolo cancel`").await?;
                    ledger.set_state(&claimed, RunState::Cancelled, &counts, took).await?;
                    is_asked = true;
                }
                claimed.release().await;
            }
            Err(error) if error.kind == ErrorKind::AlreadyRunning => {
                if !is_asked {
                    ledger.ask_to_cancel(&run.id).await?;
                    is_asked = true;
                    if !context.quiet {
                        let words = "asked to end; requests under way are finished first\n";
                        drop(std::io::stderr().lock().write_all(words.as_bytes()));
                    }
                }
                if clock::now() - begun > PATIENCE {
                    return Err(Error::stopped(format!("run {} was asked to end, and has not yet", run.id))
                        .in_run(&run.id.0)
                        .hint("`rolo show` tells how it stands; nobody goes on with it once it has stopped"));
                }
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(error) => return Err(error),
        }
        run = ledger.run(&run.id).await?.unwrap_or(run);
    }
}
