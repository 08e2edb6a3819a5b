use std::path::PathBuf;

use super::account_spec::AccountSpec;
use super::run_record::QueuedRecord;
use super::source::SourceSpec;
use crate::contact::Filter;
use crate::ledger::Run;
use crate::table::{IfTaken, PlusNumbers};

/// Contacts to be written to a file.
pub struct ExportJob {
    pub account: AccountSpec,
    /// `.csv` or `.xlsx`, and what else the table can write.
    pub file: PathBuf,
    pub filter: Filter,
    /// Columns in this order; all that are found otherwise.
    pub columns: Option<Vec<String>>,
    /// Most contacts to write.
    pub limit: Option<u64>,
    /// How phone numbers are written to a text file.
    pub plus_numbers: PlusNumbers,
    /// Read each contact's messages into a column.
    pub messages: bool,
    /// Tags that a listing doesn't tell are learned from lists of who has each tag, not of each contact.
    pub tags_by_list: bool,
    /// Look up the contacts of this file's rows, where a service has no listing.
    pub identifiers: Option<SourceSpec>,
    /// Custom fields are written so that every value comes back as it is, null and empty ones too.
    pub exact: bool,
    /// What is done about a file that is there and is somebody's.
    pub if_taken: IfTaken,
    /// The run that is taken up again, if one was named.
    pub resumes: Option<Run>,
    /// It was queued, and `resumes` is its run.
    pub queued: Option<QueuedRecord>,
}
