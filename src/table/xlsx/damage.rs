//! What is said of a workbook that can't be read.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use crate::error::{Error, Result};
use crate::table::unreadable::ContentFault;

/// What to do about a damaged one.
pub const DAMAGED: &str = "open it in a spreadsheet program and save it again as .xlsx";

/// A text of the file is none.
pub fn no_text() -> ContentFault {
    ContentFault { message: "can't be read as a workbook: a text of it is damaged".into(), hint: DAMAGED }
}

/// Does `work`, in which a panic is the file's fault.
pub fn contained<T>(path: &Path, work: impl FnOnce() -> T) -> Result<T> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        Error::usage(format!("{} can't be read as a workbook: its content is damaged", path.display()))
            .hint("open it in a spreadsheet program and save it again as .xlsx, or as .csv")
    })
}

/// It says what no workbook says.
pub fn damaged(path: &Path, how: &str) -> Error {
    Error::usage(format!("{} can't be read as a workbook: {how}", path.display()))
        .hint("open it in a spreadsheet program and save it again as .xlsx, or as .csv")
}
