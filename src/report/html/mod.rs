//! What of a run is shown in HTML: its page, and the parts of it, which other pages may hold as well.
//!
//! A part is a plain function from values to markup. It loads nothing and runs nothing, has neither script nor style
//! of its own (all rules are in [`STYLE`]), and says in words and in a table what its picture shows. Text from outside
//! goes through [`escape`](super::escape), and maud writes it so that no markup of it is obeyed.

mod calls_chart;
mod causes;
mod outcome_picture;
mod page;
mod parts;

pub use calls_chart::{CallLimit, CallsChart, CallsColumn};
pub use causes::{Cause, Causes, causes_list};
pub use outcome_picture::{RunOutcomes, outcome_picture};
pub use page::{PAGE_ROWS, PageRow, PutBack, RunPage, report_policy, write_page};
pub use parts::steps_list;

/// The rules of every part.
pub const STYLE: &str = include_str!("style.css");
