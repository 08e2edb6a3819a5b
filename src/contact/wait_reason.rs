use std::fmt;

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
    /// Whether the contact of this line was made is not known, and a look-up may not show it yet.
    InDoubt {
        /// Where the row stands in its file.
        line: u64,
    },
}

impl fmt::Display for WaitReason {
    /// The words that came from outside, or ours.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Throttled { message } | Self::Failed { message } => f.write_str(message),
            Self::InDoubt { line } => write!(
                f,
                "whether line {line} was created is not known, and the service may not show it yet: looked for again then"
            ),
        }
    }
}

impl WaitReason {
    /// Stable, for programs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Throttled { .. } => "throttled",
            Self::Failed { .. } => "failed",
            Self::InDoubt { .. } => "in_doubt",
        }
    }
}
