//! The page of `rolo open`: the way of a file to an account, for people who look rather than type.
//!
//! A server on a loopback address hands out pages that are made here and load nothing from elsewhere. What they
//! show is computed by the jobs that the commands run, which a [`JobMaker`] makes as the command line does. Whatever
//! changes something is a form that is posted and answered by a redirection, so that it works without scripts.
//!
//! Who may ask is decided in one place, `guard`: only this machine, only under the address that was printed, only
//! with the cookie that its one-time token was changed for. Nothing is kept but in the ledger and the state folder.

mod accounts_page;
mod column_choice;
mod columns_page;
mod columns_view;
mod draft;
mod draft_key;
mod failure;
mod file_page;
mod form;
mod guard;
mod home_page;
mod job_maker;
mod jobs_page;
mod layout;
mod live;
mod mend_page;
mod mending;
mod page_words;
mod people_page;
mod plan_page;
mod preview;
mod problems;
mod problems_page;
mod report_page;
mod routes;
mod row_mending;
mod row_store;
mod rows_page;
mod rows_view;
mod run_page;
mod runs_page;
mod serve;
mod session;
mod site;
mod sweep;
mod undo_page;
mod undo_view;
mod upload;
mod watched;
mod work;

pub use job_maker::{AccountChoice, AccountWanted, ConfiguredJob, JobMaker};
pub use serve::{PageServer, PageSettings};
