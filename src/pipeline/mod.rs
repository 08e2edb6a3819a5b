//! The stages joined: check, plan, import, export, copy, resume, retry, undo.
//!
//! Each job is a plain value with everything decided; nothing below asks the environment. A job
//! reports events while it runs and ends in a [`crate::report::Summary`] whose rows balance.

mod check;
mod collect;
mod connect;
mod copy;
mod export;
mod feed;
mod forgetting;
mod import;
mod listing;
mod page;
mod parity;
mod planned;
mod reach;
mod renewal;
mod rows;
mod selected;
mod source;
mod spool;
mod undo;

pub use check::{CheckJob, check};
pub use connect::{AccountSpec, Connection, RefreshSecrets, SandboxSpec, connect, ledger_path, open_ledger};
pub use copy::{CopyJob, copy};
pub use export::{ExportJob, export};
pub use forgetting::{Forgotten, forget};
pub use import::{ImportJob, ImportOptions, ReadRecord, import};
pub use page::report;
pub use planned::{Forecast, PlanJob, plan};
pub use reach::test_account;
pub use selected::Chosen;
pub use source::{MappingChoice, SourceSpec, facts};
pub use undo::{UndoJob, UndoPlan, undo, undo_calls, undo_plan, undoable};

use crate::engine::Stop;
use crate::report::{Event, Reporter};

/// What every job runs in.
pub struct Context {
    /// Folder of the ledger, the locks and the sandbox's contacts.
    pub state_dir: std::path::PathBuf,
    pub reporter: Box<dyn Reporter>,
    pub stop: Stop,
}

impl Context {
    #[expect(clippy::needless_pass_by_value, reason = "events are made where they are told")]
    fn tell(&mut self, event: Event) {
        self.reporter.event(&event);
    }

    fn note(&mut self, text: impl Into<String>) {
        self.tell(Event::Note(text.into()));
    }
}
