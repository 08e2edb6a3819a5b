const EXAMPLES: &str = "\
Examples:
  rolo runs
  rolo runs --last 100 --json";

/// List the runs there were, latest first.
#[derive(Debug, clap::Args)]
#[command(before_help = EXAMPLES)]
pub struct Args {
    /// How many to list.
    #[arg(long, value_name = "RUNS", default_value_t = 20)]
    last: u32,
}

impl Args {
    /// How many runs to list.
    pub fn last(&self) -> usize {
        self.last.try_into().unwrap_or(usize::MAX)
    }
}
