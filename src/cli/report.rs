use std::path::PathBuf;

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
