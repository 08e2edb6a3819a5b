use std::fmt;
use std::time::Duration;

use super::Fingerprint;
use crate::clock;
use crate::error::{Error, StopReason};
use crate::platform;

/// How long a claim holds without being renewed. No request outlives it.
pub const LEASE: Duration = Duration::from_secs(15);

/// A process that works on runs, as others are told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worker {
    /// Name of the machine.
    pub host: String,
    /// Number of the process on it.
    pub process: u32,
    /// When it claimed: seconds from the Unix epoch.
    pub since: u64,
    /// What it does, in words and without a secret.
    pub doing: String,
}

impl Worker {
    /// This process, which begins now with what is said.
    pub fn this_process(doing: &str) -> Self {
        let host = platform::host_name().unwrap_or_else(|| "this machine".to_owned());
        Self { host, process: std::process::id(), since: clock::unix_now().as_secs(), doing: doing.to_owned() }
    }
}

impl fmt::Display for Worker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = i64::try_from(self.since).unwrap_or_default();
        let since = jiff::Timestamp::from_second(seconds).map(|at| at.strftime("%F %T UTC").to_string());
        write!(f, "process {} on {} since {}: {}", self.process, self.host, since.unwrap_or_default(), self.doing)
    }
}

/// The right to work on the runs of one fingerprint, and to write of them.
///
/// Its fence grows with each claim of that fingerprint, and every write carries it: once somebody else
/// has claimed, the writes of the one before are refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Of which runs.
    pub fingerprint: Fingerprint,
    /// How often they were claimed, this claim included.
    pub fence: u64,
}

/// The runs are another's, who lives.
pub(super) fn taken(by: &Worker) -> Error {
    Error::already_running(format!("this is already being done by {by}"))
        .hint("wait until it has ended, or stop it; then give the command again")
}

/// The runs are another's by now, who claimed when this process seemed to be dead.
pub(super) fn lost() -> Error {
    Error::stopped("another process has taken this run over, since this one had not been heard of")
        .because(StopReason::ClaimLost)
        .hint("nothing more is sent or written here; `rolo runs` shows how it goes on there")
}
