use tokio_postgres::error::{Severity, SqlState};

use super::super::stored::Damaged;
use crate::error::Error;

/// What ends a piece of work on the store.
pub(super) enum Trouble {
    /// The server, or the way to it.
    Database(tokio_postgres::Error),
    /// What is stored does not read as it should.
    Damaged(Damaged),
    /// An error of ours.
    Ours(Box<Error>),
}

impl From<tokio_postgres::Error> for Trouble {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Database(error)
    }
}

impl From<Damaged> for Trouble {
    fn from(damage: Damaged) -> Self {
        Self::Damaged(damage)
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(Box::new(error))
    }
}

impl Trouble {
    /// Whether the connection is of no use any more, or there is none yet, and another may do better.
    pub(super) fn is_lost(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let Some(db) = error.as_db_error() else { return error.is_closed() || io_error(error).is_some() };
        let passing = [
            SqlState::ADMIN_SHUTDOWN,
            SqlState::CRASH_SHUTDOWN,
            SqlState::CANNOT_CONNECT_NOW,
            SqlState::TOO_MANY_CONNECTIONS,
            SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT,
            // The server that answers has become a standby.
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ];
        let lasting = matches!(db.code().code().get(..2), Some("28" | "3D" | "42"));
        passing.contains(db.code())
            || db.code().code().starts_with("08")
            || matches!(db.parsed_severity(), Some(Severity::Fatal | Severity::Panic)) && !lasting
    }

    /// Whether the same work may well do when it is begun anew: it met others'.
    pub(super) fn met_others(&self) -> bool {
        let Self::Database(error) = self else { return false };
        let met = [SqlState::T_R_DEADLOCK_DETECTED, SqlState::T_R_SERIALIZATION_FAILURE, SqlState::UNIQUE_VIOLATION];
        error.code().is_some_and(|code| met.contains(code))
    }

    /// Whether somebody else held what was to be locked, for as long as it was waited for.
    pub(super) fn is_locked(&self) -> bool {
        matches!(self, Self::Database(error) if error.code() == Some(&SqlState::LOCK_NOT_AVAILABLE))
    }

    /// In words, with what to do about it. `place` names the database, without its password.
    pub(super) fn described(self, place: &str) -> Error {
        let error = match self {
            Self::Ours(ours) => return *ours,
            Self::Damaged(damage) => {
                return Error::stopped(format!("the ledger is damaged: {place}"))
                    .hint("stop every rolo, and put a backup of the database back")
                    .caused_by(damage);
            }
            Self::Database(error) => error,
        };
        let (message, hint) = words(&error);
        Error::stopped(format!("{message}: {place}")).hint(hint).caused_by(cause(&error))
    }
}

fn io_error(error: &tokio_postgres::Error) -> Option<&std::io::Error> {
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        if let Some(io) = found.downcast_ref() {
            return Some(io);
        }
        cause = found.source();
    }
    None
}

/// The cause without the detail, which may show values of rows.
fn cause(error: &tokio_postgres::Error) -> String {
    match error.as_db_error() {
        Some(db) => format!("{} ({})", db.message(), db.code().code()),
        None => {
            let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
            causes.last().map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}"))
        }
    }
}

fn words(error: &tokio_postgres::Error) -> (&'static str, &'static str) {
    let Some(code) = error.code() else {
        return match io_error(error) {
            _ if cause(error).contains("certificate") => (
                "the database's certificate is not trusted, and nothing was sent",
                "name the certificate of the authority that signed it with --ca-file; the host of the address must \
                 be one that the certificate names",
            ),
            Some(_) => (
                "the database can't be reached",
                "check host and port of the ledger's address, and that PostgreSQL runs there; then resume",
            ),
            None if error.is_closed() => {
                ("the connection to the database was lost", "check that PostgreSQL runs; then resume")
            }
            None => ("the database can't be used", "the cause below says why"),
        };
    };
    match code.code() {
        "28P01" | "28000" => (
            "the database refuses the user or the password",
            "check both in the ledger's address; a character such as @ / : % is written in it as % and two digits",
        ),
        "3D000" => ("there is no such database", "make it with `createdb`, then `rolo ledger migrate`"),
        "42501" => (
            "the database does not give its user the rights that rolo needs",
            "docs/fleet.md lists them; what makes or changes tables is given with `rolo ledger migrate` by their owner",
        ),
        "42P01" | "3F000" | "42703" => (
            "the database holds no ledger, or one of another version",
            "`rolo ledger status` says which; `rolo ledger migrate` makes it or brings it up to date",
        ),
        "53100" => ("the disk of the database is full", "free some space there, then resume"),
        "53300" => ("the database takes no more connections", "raise max_connections, or use a pool; then resume"),
        "55P03" => ("another program has locked the ledger", "wait until it is done, then resume"),
        "57P01" | "57P02" | "57P03" => {
            ("the database is starting or stopping", "wait until it has started, then resume")
        }
        "25006" => ("the database can only be read, so the ledger can't be written", "name the primary server"),
        "XX001" | "XX002" => ("the ledger is damaged", "stop every rolo, and put a backup of the database back"),
        _ => ("the database can't be used", "the cause below says why"),
    }
}
