use super::records::{Run, RunState};
use crate::journal::RunId;

/// How a job stands, after the last that happened to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum JobCondition {
    /// It came to its end as it should.
    Well,
    /// It did, and contacts had been changed on the service since they were sent.
    Drift,
    /// It did, and more rows were rejected than it bears.
    RowsRejected,
    /// It did, and more rows failed or are in doubt than it bears.
    RowsFailed,
    /// What it was allowed is used up, or a signal ended it: rows are left.
    Unfinished,
    /// It is due, and has not begun or not ended.
    Late,
    /// It could not begin, or stopped before its end.
    Failed,
}

impl JobCondition {
    /// Each of them.
    pub const ALL: [JobCondition; 7] =
        [Self::Well, Self::Drift, Self::RowsRejected, Self::RowsFailed, Self::Unfinished, Self::Late, Self::Failed];

    /// Stable: alerts and metrics have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Well => "well",
            Self::Drift => "drift",
            Self::RowsRejected => "rows_rejected",
            Self::RowsFailed => "rows_failed",
            Self::Unfinished => "unfinished",
            Self::Late => "late",
            Self::Failed => "failed",
        }
    }

    /// The condition of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|condition| condition.name() == name)
    }

    /// Whether the job did all that it was to do.
    pub const fn is_success(self) -> bool {
        matches!(self, Self::Well | Self::Drift)
    }

    /// Whether somebody is told that a job stands so, which stood otherwise before: not that all is well where it
    /// was, and not the same trouble each night.
    pub fn is_news_after(self, before: Option<Self>) -> bool {
        match (before, self) {
            (None | Some(Self::Drift), Self::Well) => false,
            (before, now) => before != Some(now),
        }
    }
}

/// How a job stands now, and whom that is told if it is news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// Its name in the configuration.
    pub job: String,
    /// How it stands.
    pub condition: JobCondition,
    /// The run by which that is seen.
    pub run: Option<RunId>,
    /// Names of the channels that are told.
    pub channels: Vec<String>,
    /// Tells an alert from all others; one that reaches a channel twice has it both times.
    pub id: String,
    /// What else is told, as JSON. It holds nothing personal.
    pub facts: String,
}

/// How a job stands, as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JobRecord {
    /// Its name in the configuration.
    pub job: String,
    /// How it stands.
    pub condition: JobCondition,
    /// Since when, in seconds from the Unix epoch.
    pub since: u64,
    /// The run by which that is seen.
    pub run: Option<RunId>,
    /// When it last did all that it was to do.
    pub succeeded: Option<u64>,
}

/// An alert in the outbox, for one channel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxAlert {
    /// See [`Judgement::id`].
    pub id: String,
    /// Where it goes.
    pub channel: String,
    /// Which job it is about.
    pub job: String,
    /// How the job stands.
    pub condition: JobCondition,
    /// How it stood before.
    pub was: Option<JobCondition>,
    /// The run by which that is seen.
    pub run: Option<RunId>,
    /// When that was, in seconds from the Unix epoch.
    pub at: u64,
    /// See [`Judgement::facts`].
    pub facts: String,
    /// How often it was tried to send it.
    pub tries: u64,
    /// Not before this moment; while it is being sent, when it is tried again if nobody says what came of it.
    pub due: u64,
    /// Why the last try failed, in words.
    pub told: Option<String>,
    /// When it was delivered or given up.
    pub ended: Option<u64>,
    /// Whether it was delivered.
    pub is_sent: bool,
}

/// What came of sending an alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sending {
    /// Its channel has it.
    Delivered,
    /// It is tried again after so many seconds, for this reason.
    Again(u64, String),
}

/// What there is, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// By account, service and state: how many runs, and how many of their rows are in doubt.
    pub runs: Vec<RunFigures>,
    /// When the run that waits longest was queued, in seconds from the Unix epoch.
    pub oldest_queued: Option<u64>,
    /// Alerts that wait to be sent.
    pub outbox: u64,
}

/// Runs of one account that stand alike.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFigures {
    /// What the configuration called the account.
    pub account: String,
    /// The service's name.
    pub service: String,
    /// How they stand, as [`RunState::name`] has it.
    pub state: String,
    /// How many.
    pub runs: u64,
    /// Their rows in doubt.
    pub in_doubt: u64,
}

/// The run of the latest due time of a job.
#[derive(Clone, Debug)]
pub struct LastFired {
    /// The due time, in seconds from the Unix epoch.
    pub due: u64,
    /// What was queued then.
    pub run: Run,
}

impl LastFired {
    /// Whether the run has neither ended nor stopped.
    pub fn is_open(&self) -> bool {
        matches!(self.run.state, RunState::Queued | RunState::Running)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_news_and_the_same_again_is_not() {
        use JobCondition::{Drift, Failed, Late, Well};
        let news = |before, now: JobCondition| now.is_news_after(before);
        assert!(news(None, Failed) && news(Some(Well), Failed) && news(Some(Late), Failed));
        assert!(news(Some(Failed), Well), "a recovery");
        assert!(!news(Some(Failed), Failed) && !news(Some(Well), Well) && !news(None, Well));
        assert!(news(Some(Well), Drift) && !news(Some(Drift), Well), "drift is no trouble that ends");
        for condition in JobCondition::ALL {
            assert_eq!(JobCondition::from_name(condition.name()), Some(condition));
        }
    }
}
