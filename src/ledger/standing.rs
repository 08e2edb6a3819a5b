/// How a ledger stands.
#[derive(Clone, Debug)]
pub struct Status {
    /// The ledger's file, or its database without a password.
    pub place: String,
    /// Of the schema it has.
    pub version: u64,
    /// Of the newest schema that this rolo knows.
    pub newest: u64,
    /// On the disk, its log included.
    pub bytes: u64,
    /// Where its key is.
    pub key: (String, KeyFile),
    /// What it holds, in words, and how many.
    pub counts: Vec<(&'static str, u64)>,
    /// What is wrong with it, in words; empty if nothing was found.
    pub damage: Vec<String>,
    /// What to do about damage, in words.
    pub cure: &'static str,
}

/// How the key of a ledger stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// It is there, and the ledger's own.
    There,
    /// It is not there.
    Missing,
    /// Others can read or change it.
    Exposed,
    /// It is another ledger's.
    Another,
    /// It can't be read, or is no key.
    Unreadable,
}

impl KeyFile {
    /// As the screen writes it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::There => "there",
            Self::Missing => "missing",
            Self::Exposed => "open to others",
            Self::Another => "another ledger's",
            Self::Unreadable => "no key that can be read",
        }
    }

    /// Why the ledger can't be opened with it, and what to do; `None` if it can.
    pub const fn trouble(self) -> Option<&'static str> {
        match self {
            Self::There => None,
            Self::Exposed => Some("the ledger is not opened while others can read or change its key: chmod 600"),
            Self::Missing | Self::Another | Self::Unreadable => {
                Some("the ledger can't be opened without its own key: put back the file that lay beside it")
            }
        }
    }
}

/// One kind of record that is counted.
pub(super) struct Counted {
    /// In words.
    pub(super) words: &'static str,
    /// What is counted of them.
    pub(super) what: &'static str,
    pub(super) table: &'static str,
    /// Which of them.
    pub(super) which: &'static str,
}

const fn all(words: &'static str, table: &'static str) -> Counted {
    Counted { words, what: "*", table, which: "true" }
}

/// What is counted of a ledger, in the words of SQL that every store knows.
pub(super) const COUNTED: [Counted; 10] = [
    all("accounts", "account"),
    all("runs", "run"),
    Counted { which: "state IN ('queued', 'running', 'stopped', 'interrupted')", ..all("runs not finished", "run") },
    Counted { which: "pruned IS NOT NULL", ..all("runs pruned", "run") },
    all("rows", "row_record"),
    all("calls", "call"),
    all("contacts remembered", "contact"),
    all("changes that can be put back", "before_image"),
    Counted { what: "DISTINCT run_id || '/' || row", which: "made IS NULL", ..all("creates in doubt", "creating") },
    all("creates to be looked at once more", "look_again"),
];
