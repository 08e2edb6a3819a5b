//! Errors that end a command.
//!
//! The policy: a row that can't be used is never an [`Error`], it is a [`crate::contact::RowError`]
//! in the results. An `Error` means that a command can't go on. It has a kind, which decides the
//! exit code; a message in lower case without a final period, naming file, line and column where
//! there are some; a hint that says what to do; and the cause. Code reads the kind, people read
//! the rest. What the words name is carried beside them as [`ErrorContext`], for programs. Nothing personal
//! and no secret goes into either.

mod context;
mod nearest;
mod stop_reason;

pub use context::{ContextValue, ErrorContext};
pub use nearest::nearest;
pub use stop_reason::StopReason;

use std::fmt;
use std::path::Path;
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
    /// Stable: JSON has it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Stopped => "stopped",
            Self::Interrupted => "interrupted",
            Self::AlreadyRunning => "already_running",
            Self::Bug => "bug",
        }
    }

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
    /// Where code has to tell this error from others of its kind.
    pub reason: Option<StopReason>,
    pub message: String,
    /// What would cure it, as an instruction.
    pub hint: Option<String>,
    /// In the order in which it was told, each kind once.
    context: Vec<ErrorContext>,
    source: Option<Arc<dyn std::error::Error + Send + Sync>>,
}

pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, reason: None, message: message.into(), hint: None, context: Vec::new(), source: None }
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
    pub fn because(mut self, reason: StopReason) -> Self {
        self.reason = Some(reason);
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

/// Where it arose. Whoever is nearest knows best: what is told already stays.
impl Error {
    #[must_use]
    fn with(mut self, context: ErrorContext) -> Self {
        if self.context.iter().all(|known| known.name() != context.name()) {
            self.context.push(context);
        }
        self
    }

    /// The file that it is about.
    #[must_use]
    pub fn at_path(self, path: impl AsRef<Path>) -> Self {
        self.with(ErrorContext::Path(path.as_ref().to_owned()))
    }

    /// Line of a text file, or row of a sheet, counted from 1.
    #[must_use]
    pub fn at_line(self, line: u64) -> Self {
        self.with(ErrorContext::Line(line))
    }

    /// Place in the line, in characters from 1.
    #[must_use]
    pub fn at_character(self, character: u64) -> Self {
        self.with(ErrorContext::Character(character))
    }

    #[must_use]
    pub fn in_sheet(self, name: impl Into<String>) -> Self {
        self.with(ErrorContext::Sheet(name.into()))
    }

    /// Header of a column.
    #[must_use]
    pub fn in_column(self, header: impl Into<String>) -> Self {
        self.with(ErrorContext::Column(header.into()))
    }

    /// Key of a configuration file.
    #[must_use]
    pub fn in_setting(self, key: impl Into<String>) -> Self {
        self.with(ErrorContext::Setting(key.into()))
    }

    #[must_use]
    pub fn in_account(self, name: impl Into<String>) -> Self {
        self.with(ErrorContext::Account(name.into()))
    }

    #[must_use]
    pub fn in_service(self, name: impl Into<String>) -> Self {
        self.with(ErrorContext::Service(name.into()))
    }

    #[must_use]
    pub fn in_run(self, id: impl Into<String>) -> Self {
        self.with(ErrorContext::Run(id.into()))
    }

    /// Status of the answer that led to it.
    #[must_use]
    pub fn at_status(self, http_status: Option<u16>) -> Self {
        match http_status {
            Some(status) => self.with(ErrorContext::HttpStatus(status)),
            None => self,
        }
    }

    pub fn context(&self) -> &[ErrorContext] {
        &self.context
    }

    /// What led to it, each in its own words, the nearest first.
    pub fn causes(&self) -> Vec<String> {
        let nearest = std::error::Error::source(self);
        std::iter::successors(nearest, |cause| cause.source()).map(ToString::to_string).collect()
    }

    /// The same, told with more words.
    #[must_use]
    pub fn reworded(mut self, words: impl FnOnce(&str) -> String) -> Self {
        self.message = words(&self.message);
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
        let error =
            Error::stopped("the disk is full").hint("free some space").caused_by("code 13").at_path("/state/ledger.db");
        let clone = error.clone();
        drop(error);
        assert_eq!((clone.kind, clone.to_string().as_str()), (ErrorKind::Stopped, "the disk is full"));
        assert_eq!(clone.hint.as_deref(), Some("free some space"));
        assert_eq!(clone.source().unwrap().to_string(), "code 13");
        assert_eq!(clone.context(), [ErrorContext::Path("/state/ledger.db".into())]);
    }

    #[test]
    fn what_was_told_nearest_to_the_fault_stays() {
        let error = Error::usage("a quote is never closed").at_path("inner.csv").at_line(3);
        let error = error.at_path("outer.zip").in_account("support").at_status(None);
        let told: Vec<_> = error.context().iter().map(|context| (context.name(), context.value())).collect();
        let text = |text: &'static str| ContextValue::Text(text.into());
        assert_eq!(
            told,
            [("path", text("inner.csv")), ("line", ContextValue::Number(3)), ("account", text("support"))]
        );
    }
}
