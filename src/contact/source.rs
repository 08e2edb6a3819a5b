use std::fmt;

/// Where a fact about a service was read. Shown by `rolo services` beside every number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the vendor document the project began from.
    Seed,
    /// In the vendor's documentation or published source; the text names the page.
    Docs(&'static str),
    /// In public client code: what somebody's program did, weaker than documentation.
    Client(&'static str),
    /// Nobody says; the text gives the reason for the choice.
    Assumed(&'static str),
    /// Set by the user in the account's configuration.
    Account,
}

impl Source {
    /// Whether the fact is a guess that an account may need to correct.
    pub fn is_assumed(self) -> bool {
        matches!(self, Source::Assumed(_))
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Seed => f.write_str("vendor document"),
            Source::Docs(page) => write!(f, "vendor docs: {page}"),
            Source::Client(which) => write!(f, "public client: {which}"),
            Source::Assumed(why) => write!(f, "assumed: {why}"),
            Source::Account => f.write_str("account setting"),
        }
    }
}

/// A value together with where it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sourced<T> {
    /// The fact itself.
    pub value: T,
    /// Where it was read.
    pub source: Source,
}

impl<T> Sourced<T> {
    /// A fact, and where it was read.
    pub const fn new(value: T, source: Source) -> Self {
        Self { value, source }
    }
}
