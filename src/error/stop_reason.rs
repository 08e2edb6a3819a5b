/// Why a run can't go on, where code has to tell it from other reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// A signal ended it.
    Signal,
    /// The service can't be reached, or takes no calls.
    Unreachable,
    /// The service refused the account's credential.
    Unauthorized,
    /// Whoever answers is not the service: the account's address is wrong.
    Misdirected,
    /// The server's certificate is not trusted; nothing was sent.
    Untrusted,
    /// The service wants to be left alone for longer than a run waits.
    Parked,
    /// Too many rows went wrong, by what the run was told to bear.
    Threshold,
    /// It has made as many calls as it was allowed.
    MaxCalls,
    /// The time until which it was allowed to make calls has come.
    Until,
    /// The file has fewer rows than are expected of it.
    FewRows,
    /// Not all of the first rows went well.
    FirstRows,
    /// Another process has the run by now.
    ClaimLost,
    /// Somebody cancelled the run.
    Cancelled,
    /// What a queued run was to send has changed since.
    SourceChanged,
    /// The service refused what was asked of it, and would again.
    ServiceRefused,
    /// What a run needs is not at hand on this machine.
    NotHere,
    /// Another process has the sandbox of this state folder.
    SandboxBusy,
}

impl StopReason {
    /// Whether whoever was asked would refuse it again until a person changes something.
    pub const fn is_refusal(self) -> bool {
        matches!(self, Self::ServiceRefused | Self::Unauthorized | Self::Misdirected | Self::Untrusted)
    }

    /// Dotted and stable.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Signal => "run.interrupted",
            Self::Unreachable => "service.unreachable",
            Self::Unauthorized => "account.unauthorized",
            Self::Misdirected => "account.misdirected",
            Self::Untrusted => "service.untrusted",
            Self::Parked => "service.parked",
            Self::Threshold => "run.threshold",
            Self::MaxCalls => "run.max_calls",
            Self::Until => "run.until",
            Self::FewRows => "run.expect_rows",
            Self::FirstRows => "run.first_rows",
            Self::ClaimLost => "claim.lost",
            Self::Cancelled => "run.cancelled",
            Self::SourceChanged => "run.source_changed",
            Self::ServiceRefused => "service.refused",
            Self::NotHere => "worker.lacks",
            Self::SandboxBusy => "sandbox.busy",
        }
    }
}
