use std::fmt;
use std::time::Duration;

use super::words::{count, span};

/// Something worth knowing that needs no action.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// How a source was read, in the words of whoever read it: delimiter, encoding, sheet, header.
    Source(String),
    /// How columns were mapped, in the words of the mapping.
    Mapping(String),
    /// The account points elsewhere than before, to what `to` says.
    Elsewhere { account: String, to: String },
    /// What an older version remembers is not of this place.
    OlderMemory { account: String },
    /// The account lacks a custom field that rows have a value for.
    FieldLacking { field: String, rows: u64 },
    /// A custom field is about to be created; named with its kind.
    FieldCreated { field: String },
    /// A custom field that is to be created as text could be a list of these words.
    FieldOfFewWords { field: String, words: Vec<String> },
    /// A service without look-up is listed.
    Listing {
        /// Only the contacts that changed since the last run.
        changed: bool,
    },
    /// The account is listed instead of looking contacts up.
    ListingInstead {
        /// Contacts that it has, where the service says so.
        contacts: Option<u64>,
        /// Look-ups that are spared.
        look_ups: u64,
    },
    /// The tags of each contact are asked for, where lists of who has each tag would take fewer calls.
    TagsOneByOne { contacts: u64, time: Duration },
    /// Who has each of so many tags is listed.
    TagsByList { tags: u64 },
    /// The headers of the service show that it counts the calls of each operation by themselves.
    CountsApart,
    /// Contacts came, went or moved while pages were read.
    AnotherPass,
    /// A listing begins again, since the service forgot where it was.
    ListedAnew,
    /// Contacts of which no value is remembered are missing in a rehearsal.
    KnownByHashes { contacts: u64 },
    /// Nobody has seen yet which custom fields the account defines, so a rehearsal takes it to define none.
    FieldsNotSeen { account: String },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Source(words) | Self::Mapping(words) => f.write_str(words),
            Self::Elsewhere { account, to } => write!(
                f,
                "account {account} points elsewhere than before: {to}; what is remembered of the other is not used"
            ),
            Self::OlderMemory { account } => {
                write!(f, "what an older rolo remembers of account {account} is not of this place, and is not used")
            }
            Self::FieldLacking { field, rows } => {
                let have = if *rows == 1 { "has" } else { "have" };
                write!(
                    f,
                    "the account lacks the custom field {field}, for which {} {have} a value",
                    count(*rows, "row")
                )
            }
            Self::FieldCreated { field } => write!(f, "creates the custom field {field}"),
            Self::FieldOfFewWords { field, words } => write!(
                f,
                "the custom field {field} is created as text, though its cells hold {} words alone: {}; a mapping with \
                 values = [...], as `rolo guess` proposes, makes it a list of them",
                words.len(),
                words.join(", ")
            ),
            Self::Listing { changed: true } => {
                f.write_str("reading the contacts that changed since the last run, since the service has no look-up")
            }
            Self::Listing { changed: false } => {
                f.write_str("reading all contacts once, since the service has no look-up by phone or e-mail")
            }
            Self::ListingInstead { contacts, look_ups } => {
                let has = contacts.map_or_else(String::new, |n| format!(", which has {}", count(n, "contact")));
                write!(f, "reading the account{has}: fewer calls than {}", count(*look_ups, "look-up"))
            }
            Self::TagsOneByOne { contacts, time } => {
                let about = if time.is_zero() { String::new() } else { format!(", about {}", span(*time)) };
                write!(
                    f,
                    "asking for the tags of {}, one call each{about}; `--tags-by-list` takes a call for each page of \
                     those who have a tag, but can miss a tag that the account does not define",
                    count(*contacts, "contact")
                )
            }
            Self::TagsByList { tags } => write!(f, "listing who has each of {}", count(*tags, "tag")),
            Self::CountsApart => f.write_str(
                "the service's answers show that it counts each kind of call by itself: each is sent as fast as the limit \
                 allows from now on",
            ),
            Self::AnotherPass => {
                f.write_str("contacts came, went or moved while the pages were read: reading them once more")
            }
            Self::KnownByHashes { contacts } => write!(
                f,
                "{} of the account are remembered by hashes alone: their rows are rehearsed as new ones",
                count(*contacts, "contact")
            ),
            Self::FieldsNotSeen { account } => write!(
                f,
                "which custom fields {account} defines was never read, so this rehearsal creates them all; \
                 `rolo plan --create-fields` reads them"
            ),
            Self::ListedAnew => f.write_str("the service no longer knows where the listing was: it begins again"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_a_kind_is_told_as_one_and_thousands_are_grouped() {
        let lacking = |rows| Note::FieldLacking { field: "seats".into(), rows }.to_string();
        assert_eq!(lacking(1), "the account lacks the custom field seats, for which 1 row has a value");
        assert_eq!(lacking(1200), "the account lacks the custom field seats, for which 1,200 rows have a value");
        let instead = |contacts, look_ups| Note::ListingInstead { contacts, look_ups }.to_string();
        assert_eq!(instead(Some(2000), 1), "reading the account, which has 2,000 contacts: fewer calls than 1 look-up");
        assert_eq!(instead(None, 40), "reading the account: fewer calls than 40 look-ups");
    }
}
