//! Errors that end a command.
//!
//! The policy: a row that can't be used is never an [`Error`], it is a [`crate::contact::RowError`]
//! in the results. An `Error` means that a command can't go on. It has a kind, which decides the
//! exit code; a message in lower case without a final period, naming file, line and column where
//! there are some; a hint that says what to do; and the cause. Code reads the kind, people read
//! the rest. Nothing personal and no secret goes into a message.

use std::fmt;
use std::sync::Arc;

/// Why a command ended, and so with which exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command, configuration, mapping or source is wrong; nothing was sent.
    Usage,
    /// Stopped early: credentials refused, threshold reached, disk full, service gone.
    Stopped,
    /// Interrupted by a signal, cleanly.
    Interrupted,
    /// Another process is doing the same, and nothing was sent.
    AlreadyRunning,
    /// A bug in rolo.
    Bug,
}

impl ErrorKind {
    pub const fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Stopped => 3,
            Self::Interrupted => 4,
            Self::AlreadyRunning => 5,
            Self::Bug => 70,
        }
    }
}

/// An error that ends a command. See the module documentation for the policy. Clones share their cause.
#[derive(Clone, Debug)]
pub struct Error {
    pub kind: ErrorKind,
    /// Dotted and stable, where code has to tell this error from others of its kind.
    pub code: Option<&'static str>,
    pub message: String,
    /// What would cure it, as an instruction.
    pub hint: Option<String>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, code: None, message: message.into(), hint: None, source: None }
    }

    /// The command, configuration, mapping or source is wrong.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// The run can't go on now, and can be resumed.
    pub fn stopped(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Stopped, message)
    }

    /// A signal ended the run.
    pub fn interrupted(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Interrupted, message)
    }

    /// Another process is doing the same.
    pub fn already_running(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::AlreadyRunning, message)
    }

    /// Something that cannot happen did.
    pub fn bug(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Bug, message).hint("this is a bug in rolo: please report it with the command you ran")
    }

    #[must_use]
    pub fn code(mut self, code: &'static str) -> Self {
        self.code = Some(code);
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(Arc::from(source.into()));
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source.as_ref() as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error as _;

    #[test]
    fn a_clone_tells_the_same_and_has_the_same_cause() {
        let error = Error::stopped("the disk is full").hint("free some space").caused_by("code 13");
        let clone = error.clone();
        drop(error);
        assert_eq!((clone.kind, clone.to_string().as_str()), (ErrorKind::Stopped, "the disk is full"));
        assert_eq!(clone.hint.as_deref(), Some("free some space"));
        assert_eq!(clone.source().unwrap().to_string(), "code 13");
    }
}
