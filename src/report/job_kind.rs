use std::fmt;

use crate::ledger::RunKind;

/// Which command a job belongs to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum JobKind {
    #[default]
    Check,
    Import,
    Retry,
    Export,
    /// An export and an import, each of which is a run.
    Copy,
    Undo,
}

impl JobKind {
    /// As people type it, and as `--json` writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Check => "check",
            Self::Import => "import",
            Self::Retry => "retry",
            Self::Export => "export",
            Self::Copy => "copy",
            Self::Undo => "undo",
        }
    }
}

impl From<RunKind> for JobKind {
    fn from(kind: RunKind) -> Self {
        match kind {
            RunKind::Import => Self::Import,
            RunKind::Export => Self::Export,
            RunKind::Retry => Self::Retry,
            RunKind::Undo => Self::Undo,
        }
    }
}

impl fmt::Display for JobKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
