//! What the cells of a row are to the row as a whole.

use super::cell::check_cell;
use super::phone::PhoneRegion;
use crate::contact::{IdentifierKind, trim_unseen};
use crate::mapping::{Becomes, Forward};
use crate::table::RowView;

/// Whether a row's contact is the one that has the id in it, so that the other columns needn't find it.
pub(super) fn told_by_id(forward: &Forward, row: &RowView<'_>) -> bool {
    forward.feeds().iter().any(|feed| match &feed.becomes {
        Becomes::Field(field) => {
            field.identifier == Some(IdentifierKind::Id)
                && !is_blank(row.cell(feed.column))
                && check_cell(row.cell(feed.column), field, PhoneRegion::Unknown).is_ok()
        }
        _ => false,
    })
}

/// Whether there is nothing in the cell that a person could see.
pub(super) fn is_blank(cell: &str) -> bool {
    trim_unseen(cell).is_empty()
}
