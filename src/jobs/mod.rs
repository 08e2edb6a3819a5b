//! The stages joined: check, plan, import, export, copy, resume, retry, undo.
//!
//! Each job is a plain value with everything decided; nothing below asks the environment. A job
//! reports events while it runs and ends in a [`crate::report::Summary`] whose rows balance.

mod account_spec;
mod account_test;
mod again;
mod assumed;
mod beside;
mod cancelling;
mod check;
mod collect;
mod connect;
mod copy;
mod difference;
mod ended;
mod expected_rows;
mod export;
mod export_job;
mod feed;
mod fingerprint;
mod forecast;
mod forget;
mod frame;
mod guessed_table;
mod identity;
mod import;
mod import_options;
mod job_events;
mod left_behind;
mod listing;
mod mapping_shown;
mod mended_rows;
mod mending;
mod new_fields;
mod nights;
mod notices;
mod page;
mod plan;
mod plan_record;
mod planned_row;
mod prune;
mod queueing;
mod recognize;
mod rehearsal;
mod remembered_rows;
mod renewal;
mod results_place;
mod row_cursor;
mod row_selection;
mod rows;
mod run_record;
mod saved_plan;
mod source;
mod spool;
mod stand_in;
mod tag_lists;
mod tagged;
mod taken;
mod told;
mod undo;
mod verify;
mod visit;
mod worked;

pub use account_spec::{AccountSpec, RefreshSecrets, SandboxSpec};
pub use account_test::test_account;
pub use again::Again;
pub use beside::{edits_place, has_extension, mapping_beside, mapping_place, results_beside};
pub use check::{CheckJob, check};
pub use connect::{Connection, connect};
pub use copy::{CopyExport, CopyJob, copy, export_for_copy, forget_export};
pub use difference::{Difference, FieldDifference};
pub use export::export;
pub use export_job::ExportJob;
pub use fingerprint::ImportFingerprints;
pub use forecast::Forecast;
pub use forget::{Forgotten, forget};
pub use identity::points_to;
pub use import::{ImportJob, import};
pub use import_options::ImportOptions;
pub use mended_rows::RowPlace;
pub use mending::{EditRules, Mending};
pub use new_fields::fields_created;
pub use nights::{NightAhead, NightsAhead};
pub use page::{call_limit, is_paced, may_be_reported, report, run_page};
pub use plan::{PlanJob, plan};
pub use prune::{PrunePlan, PrunedRuns, prune};
pub use queueing::{could_not_begin, digest, export_when_due, import_when_due, submit_export, submit_import};
pub use recognize::may_put_back;
pub use rehearsal::{Rehearsal, rehearse};
pub use row_selection::RowSelection;
pub use run_record::{
    EditsRecord, ExportRecord, ImportRecord, QueuedRecord, ReadRecord, RunRecord, UndoRecord, results_of,
};
pub use saved_plan::SavedPlan;
pub use source::{Guessed, MappingChoice, SourceSpec, facts};
pub use taken::TakenFiles;
pub use told::{PrunedBefore, parse_identifier, told_of};
pub use undo::{UndoJob, UndoPlan, undo, undo_parts, undo_plan};

use crate::alerts::JobWatch;
use crate::report::{Event, Note, Reporter};
use crate::upload::Stop;

/// What every job runs in.
pub struct Context {
    /// Folder of the locks, the sandbox's contacts and, unless it is elsewhere, the ledger.
    pub state_dir: std::path::PathBuf,
    /// Where the ledger is.
    pub ledger: crate::ledger::LedgerPlace,
    /// The state folder of the record of written files, where that is another.
    pub written_in: Option<std::path::PathBuf>,
    pub reporter: Box<dyn Reporter>,
    pub stop: Stop,
    /// By a worker: what only its service keeps from going on waits for a worker again.
    pub served: bool,
    /// The job of the configuration that it is, and whom to tell how that stands.
    pub watch: Option<JobWatch>,
}

impl Context {
    #[expect(clippy::needless_pass_by_value, reason = "events are made where they are told")]
    fn tell(&mut self, event: Event) {
        self.reporter.event(&event);
    }

    /// The record of the files that were written.
    pub fn written(&self) -> crate::table::WrittenFiles {
        crate::table::WrittenFiles::in_state(self.written_in.as_ref().unwrap_or(&self.state_dir))
    }

    fn note(&mut self, note: Note) {
        self.tell(Event::Note(note));
    }
}
