use std::io::Write as _;
use std::path::PathBuf;

use super::{CommandContext, Exit, print, running};
use crate::error::Result;
use crate::jobs;
use crate::ledger::{Run, RunKind, RunState};
use crate::table::{self, IfTaken, WrittenFiles};

const EXAMPLES: &str = "\
Examples:
  rolo report 20261121-0931-k3f                   writes 20261121-0931-k3f.html
  rolo report 20261121-0931-k3f -o report.html";

/// Write a page about a run: one HTML file that loads nothing and runs nothing.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct ReportCommand {
    /// Run to report [default: the latest].
    pub run: Option<String>,
    /// File to write; `-` is standard output [default: RUN.html].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub fn run(args: &ReportCommand, context: &CommandContext) -> Result<Exit> {
    running::block_on(async {
        let ledger = context.ledger()?.open()?;
        let run = running::find_run(&ledger, args.run.as_deref(), reportable, "to report").await?;
        jobs::may_be_reported(&run)?;
        let mut page = Vec::new();
        jobs::report(&ledger, &run, &mut page).await?;
        let path = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.html", run.id)));
        if path.as_os_str() == "-" {
            print(&String::from_utf8_lossy(&page))?;
            return Ok(Exit::Done);
        }
        let written = WrittenFiles::in_state(&context.state_dir()?.value);
        let place = written.place(&path, IfTaken::Refuse("name another with --output, or move it away"))?;
        table::write_private(place, &page)?;
        if !context.quiet {
            drop(std::io::stderr().lock().write_all(format!("written: {}\n", path.display()).as_bytes()));
        }
        Ok(Exit::Done)
    })
}

/// A run whose rows are kept, and that is not under way.
fn reportable(run: &Run) -> bool {
    run.state != RunState::Running && run.new.kind != RunKind::Export && run.pruned.is_none()
}
