//! What a person and a program see of a run: progress, events, summary, results file, HTML page.
//!
//! A run tells what happens as [`Event`]s to one [`Reporter`], and ends with a [`Summary`]. Rooms
//! that show something of it write into what they are given; only the command line knows the
//! terminal. Text from outside (cells, headers, what a service said) goes through [`escape`] before
//! it is shown, so that no cell can drive a terminal.

mod closing;
mod cures;
mod escape;
mod event;
mod extent;
mod history;
mod html;
mod job_kind;
mod json;
mod mapping_table;
mod next_steps;
mod note;
mod progress;
mod remark;
mod results;
mod skips;
mod story;
mod tally;
mod text_table;
mod warning;
pub mod words;
mod workers;

pub use closing::closing_words;
pub use cures::{Explanation, cause, cure, explain, explanations, nearest_code};
pub use escape::{escape, escape_json};
pub use event::{Event, Reporter, RowRemark, Summary};
pub use extent::{Extent, Listed, LookedUp};
pub use history::runs_words;
pub use html::{
    CallLimit, CallsChart, CallsColumn, Cause, Causes, PAGE_ROWS, PageRow, PutBack, RunOutcomes, RunPage, STYLE,
    causes_list, outcome_picture, report_policy, steps_list, write_page,
};
pub use job_kind::JobKind;
pub use json::{JsonReporter, error_line, steps_json};
pub use mapping_table::{MappedColumn, MappingTable, UnmappedColumn};
pub use next_steps::{JobState, NextStep, Resume, RunAction, gone_with_its_command};
pub use note::Note;
pub use progress::{Progress, Width};
pub use remark::{NO_ROW_CHOSEN, Remark};
pub use results::{JOIN, ResultsLayout, ResultsWriter};
pub use skips::{Skips, is_reason};
pub use story::story;
pub use tally::Tally;
pub use text_table::TextTable;
pub use warning::Warning;
pub use words::{count, listed, number, span};
pub use workers::workers_words;

/// Passes each event on to several reporters, in order.
pub struct Several(pub Vec<Box<dyn Reporter>>);

impl Reporter for Several {
    fn event(&mut self, event: &Event) {
        for reporter in &mut self.0 {
            reporter.event(event);
        }
    }

    fn is_heard(&self) -> bool {
        self.0.iter().any(|reporter| reporter.is_heard())
    }
}
