use std::fmt;
use std::path::{Path, PathBuf};

use super::Extent;
use super::words::count;
use crate::journal::RunId;
use crate::table::Place;

/// Something that is worth knowing at the end of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remark {
    /// No row meets the conditions of where and --only.
    NoRowChosen,
    /// Rows that stay as they are by memory alone.
    NotLookedAt {
        rows: u64,
    },
    /// Of the contacts looked at whose rows are as last sent, some had been changed.
    Drifted {
        drifted: u64,
        looked_at: u64,
        /// There are others, at which nobody looked.
        there_are_more: bool,
    },
    /// A row that was created after a create whose answer was lost, and that is now there twice.
    MadeTwice {
        run: RunId,
        line: u64,
        /// As messages name contacts: with the addresses of their pages, where those are known.
        ids: Vec<String>,
    },
    /// How much of an account an export holds, and how sure that is.
    Extent(Extent),
    /// The service does not tell the lists of a contact.
    ListsNotTold {
        service: &'static str,
    },
    /// Tags were learned from lists of who has each, and compared with those of some contacts.
    TagsListed {
        tags: u64,
        /// Of `tags`, those that the account does not define.
        undefined: u64,
        /// Lists that were never twice the same.
        moved: u64,
        /// Contacts whose tags were read.
        checked: u64,
        /// Of those, the ones that the lists told other tags of.
        different: u64,
    },
    /// An export that did not come to its end keeps what it has read.
    Kept {
        contacts: u64,
    },
    /// Custom fields that the run created before it sent rows.
    FieldsCreated {
        fields: Vec<String>,
    },
    /// Custom fields that a run created and its undo leaves.
    FieldsStay {
        fields: Vec<String>,
    },
    /// A file is called otherwise than it was to be, as what is there is somebody's.
    NewName {
        wanted: PathBuf,
        taken: PathBuf,
    },
    /// The source is no longer what was read of it.
    SourceChanged {
        file: PathBuf,
    },
    NothingToCopy {
        account: String,
    },
    /// Columns with something in them for which the mapping has no place, and in how many contacts.
    NoPlace {
        columns: Vec<(String, u64)>,
    },
    /// The same, of what only the service itself sets.
    SetByService {
        service: &'static str,
        columns: Vec<(String, u64)>,
    },
    /// What a copy became, compared with what it should be.
    Compared {
        same: u64,
        different: u64,
        absent: u64,
        file: PathBuf,
    },
    /// Contacts of an undo that are not, or not wholly, as they were before the run.
    NotPutBack {
        contacts: u64,
        run: String,
    },
    /// Earlier runs of the account are older than those that are kept.
    RunsPruned {
        runs: u64,
        records: u64,
    },
}

/// What is said where every row was left out by a condition.
pub const NO_ROW_CHOSEN: &str =
    "no row meets the conditions of where and --only: compare them with the values that their columns hold";

impl Remark {
    /// That a file is called otherwise than it was to be, if it is.
    pub fn of_place(wanted: &Path, place: &Place) -> Option<Self> {
        let is_new = place.path != wanted;
        is_new.then(|| Self::NewName { wanted: wanted.to_owned(), taken: place.path.clone() })
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRowChosen => f.write_str(NO_ROW_CHOSEN),
            Self::Extent(extent) => extent.fmt(f),
            Self::NotLookedAt { rows } => {
                let are = if *rows == 1 { "is" } else { "are" };
                write!(f, "{} {are} as sent before and not looked at since; `--verify` looks", count(*rows, "row"))
            }
            Self::Drifted { drifted, looked_at, there_are_more } => {
                let more = if *there_are_more { "; `--verify` looks at all" } else { "" };
                let looked_at = count(*looked_at, "contact");
                write!(
                    f,
                    "{drifted} of {looked_at} looked at had been changed on the service since they were sent{more}"
                )
            }
            Self::MadeTwice { run, line, ids } => {
                let ids: Vec<_> = ids.iter().map(|id| format!("contact {id}")).collect();
                write!(
                    f,
                    "line {line} of run {run} is there twice, as {}: the answer to its first create was lost, and \
                     look-ups did not show it in time; merge them in the service",
                    ids.join(" and ")
                )
            }
            Self::ListsNotTold { service } => {
                write!(f, "{service} does not tell the lists of a contact, so the file has none")
            }
            Self::TagsListed { tags, undefined, moved, checked, different } => {
                f.write_str(&tags_listed(*tags, *undefined, *moved, *checked, *different))
            }
            Self::Kept { contacts } => {
                let are = if *contacts == 1 { "was read and is" } else { "were read and are" };
                write!(f, "{} {are} kept: the same command goes on from there", count(*contacts, "contact"))
            }
            Self::FieldsCreated { fields } => write!(f, "created the custom fields: {}", fields.join(", ")),
            Self::FieldsStay { fields } => write!(
                f,
                "the custom fields that the run created stay, as others may use them by now: {}; delete them in the \
                 service if nobody does",
                fields.join(", ")
            ),
            Self::NewName { wanted, taken } => write!(
                f,
                "{} was left: rolo did not write it, or it was changed since; written instead: {}",
                wanted.display(),
                taken.display()
            ),
            Self::SourceChanged { file } => write!(
                f,
                "{} was replaced or changed since it was read: what was sent is what it held before; import it again \
                 to send what it holds now",
                file.display()
            ),
            Self::NothingToCopy { account } => write!(f, "nothing to copy: {account} has no such contact"),
            Self::NoPlace { columns } => {
                write!(f, "not copied, as the mapping has no place for it: {}", by_column(columns))
            }
            Self::SetByService { service, columns } => {
                write!(f, "not copied, as only {service} itself sets it: {}", by_column(columns))
            }
            Self::Compared { same, different, absent, file } => write!(
                f,
                "compared: {same} the same, {different} different, {absent} not there; see {}",
                file.display()
            ),
            Self::RunsPruned { runs, records } => f.write_str(&pruned(*runs, *records)),
            Self::NotPutBack { contacts, run } => f.write_str(&not_put_back(*contacts, run)),
        }
    }
}

fn tags_listed(tags: u64, undefined: u64, moved: u64, checked: u64, different: u64) -> String {
    let compared = count(checked, "contact");
    let agreed = match different {
        0 => format!(", and as {compared} read one by one had them"),
        n => format!("; of {compared} read one by one, {n} had others, and have those here"),
    };
    let met = if undefined > 0 { format!("; {undefined} of them met on contacts alone") } else { String::new() };
    let changed = if moved > 0 { format!("; {} changed all the while", count(moved, "list")) } else { String::new() };
    let lists = count(tags, "list");
    format!(
        "tags as {lists} of who has each told them{agreed}{met}{changed}: a tag that the account does not define, and \
         that none of those contacts has, is missing here"
    )
}

fn pruned(runs: u64, records: u64) -> String {
    let are = if runs == 1 { "is" } else { "are" };
    format!(
        "{} {are} older than `keep_runs`: {} of their rows went, and their counts stay",
        count(runs, "run"),
        count(records, "record")
    )
}

fn not_put_back(contacts: u64, run: &str) -> String {
    let are = if contacts == 1 { "is" } else { "are" };
    let contacts = count(contacts, "contact");
    format!("{contacts} {are} not wholly as before run {run}: the results say which, and why")
}

fn by_column(columns: &[(String, u64)]) -> String {
    let each = columns.iter().map(|(header, contacts)| format!("{header} ({})", count(*contacts, "contact")));
    each.collect::<Vec<_>>().join(", ")
}
