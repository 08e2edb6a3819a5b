const EXAMPLES: &str = "\
Examples:
  rolo show                        the latest run
  rolo show 20261121-0931-k3f";

/// Show one run: what it was asked, what became of its rows, what to do next.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// Run to show [default: the latest].
    pub run: Option<String>,
}
