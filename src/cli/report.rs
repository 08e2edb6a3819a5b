use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{Context, Exit, print, recorded};
use crate::error::{Error, Result};
use crate::report::{PageRow, escape, recall, write_page};

const EXAMPLES: &str = "\
Examples:
  rolo report 20261121-0931-k3f                   writes 20261121-0931-k3f.html
  rolo report 20261121-0931-k3f -o report.html";

/// Write a page about a run: one HTML file that loads nothing and runs nothing.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Run to report [default: the latest].
    pub run: Option<String>,
    /// File to write; `-` is standard output [default: RUN.html].
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

pub fn run(args: &Args, context: &Context) -> Result<Exit> {
    let (ledger, run) = recorded::find(args.run.as_deref(), context)?;
    let summary = recall(&run, recorded::rows(&ledger, &run.id))?;
    let rows = recorded::rows(&ledger, &run.id).map(|row| {
        // The ledger counts data rows from 0; lines are the source's to know.
        row.map(|(index, record)| PageRow { place: format!("row {}", index + 1), record })
    });
    let mut page = Vec::new();
    write_page(&mut page, &run, &summary, rows)?;
    let target = args.output.clone().unwrap_or_else(|| PathBuf::from(format!("{}.html", run.id)));
    if target.as_os_str() == "-" {
        print(&String::from_utf8_lossy(&page))?;
    } else {
        write_whole(&target, &page)?;
        if !context.quiet {
            print(&format!("{}\n", escape(&target.to_string_lossy())))?;
        }
    }
    Ok(Exit::Done)
}

/// Puts the page in its place in one step, readable by its owner alone: it names contacts.
fn write_whole(target: &Path, page: &[u8]) -> Result<()> {
    let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let written = tempfile::NamedTempFile::new_in(folder).and_then(|mut file| {
        file.write_all(page)?;
        file.as_file().sync_all()?;
        file.persist(target).map_err(|error| error.error)
    });
    written
        .map(drop)
        .map_err(|error| Error::usage(format!("the page can't be written: {}", target.display())).caused_by(error))
}
