/// Why sending pauses before a call is attempted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WaitReason {
    /// The service said that there were too many calls, or wants to be left alone for a while.
    Throttled {
        /// What it said.
        message: String,
    },
    /// An attempt had no usable answer.
    Failed {
        /// What came instead.
        message: String,
    },
}

impl WaitReason {
    /// Stable, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::Failed { .. } => "failed",
        }
    }

    /// The words that came from outside.
    pub fn message(&self) -> &str {
        match self {
            Self::Throttled { message } | Self::Failed { message } => message,
        }
    }
}
