use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::prelude::*;
use rlibphonenumber::Region;

use super::cell::check_cell;
use super::duplicates::Seen;
use super::phone::{PhoneRegion, warm};
use super::row::{Checked, Rules};
use crate::contact::{Contact, FieldChange, RowError};
use crate::error::{Error, Result};
use crate::mapping::{Forward, country_code};
use crate::table::{RowBatch, RowView};

/// Rows checked before the first batch is split: their phone numbers make the library compile what it
/// keeps for each country, once and not in every thread.
const WARMING_ROWS: usize = 64;

/// Turns rows into contacts by a compiled mapping. Remembers the identifiers it has seen, so one
/// validator serves one run over one file.
#[derive(Debug)]
pub struct Validator {
    forward: Arc<Forward>,
    region: Option<Region>,
    constants: Vec<FieldChange>,
    seen: Seen,
    cold: bool,
}

impl Validator {
    /// A validator for one run.
    ///
    /// # Errors
    /// Kind `Usage` if a constant of the mapping is not a value its field can hold.
    pub fn new(forward: impl Into<Arc<Forward>>) -> Result<Self> {
        let forward = forward.into();
        let region = forward.region().and_then(country_code).and_then(|code| Region::from_code(code).ok());
        let phone_region = region.map_or(PhoneRegion::Unknown, PhoneRegion::Known);
        let mut constants = Vec::new();
        for constant in forward.constants() {
            let feed = &constant.feed;
            let value = check_cell(&constant.text, feed, phone_region).map_err(|fault| {
                Error::usage(format!("[constants] {}: {}: {}", feed.field, fault.message, constant.text))
                    .hint("write a value that the field can hold")
            })?;
            constants.push(FieldChange { field: feed.field.clone(), value, overwrite: feed.overwrite });
        }
        if let Some(region) = region {
            warm(region);
        }
        Ok(Self { forward, region, constants, seen: Seen::default(), cold: true })
    }

    pub fn forward(&self) -> &Arc<Forward> {
        &self.forward
    }

    /// A contact or all errors for each row, in row order. Batches must come in file order.
    pub fn check(&mut self, batch: &RowBatch) -> Vec<Result<Contact, Vec<RowError>>> {
        let rules = Rules { forward: &self.forward, region: self.region, constants: &self.constants };
        let first = if self.cold { WARMING_ROWS.min(batch.len()) } else { 0 };
        let check = |row: usize| guarded(|| rules.check(&batch.row(row)));
        let mut checked: Vec<Checked> = (0..first).map(check).collect();
        checked.par_extend((first..batch.len()).into_par_iter().map(check));
        self.cold &= batch.is_empty();
        checked.into_iter().zip(batch.rows()).map(|(row, view)| self.settle(row, &view)).collect()
    }

    /// The last word on a row: whether an earlier one names the same person.
    fn settle(&mut self, row: Checked, view: &RowView<'_>) -> Result<Contact, Vec<RowError>> {
        let Checked { contact, mut errors, keys } = row;
        errors.extend(self.seen.conflict(&contact.identifiers, &keys, view.position()));
        if !errors.is_empty() {
            return Err(errors);
        }
        self.seen.remember(&keys, view.position());
        Ok(contact)
    }
}

/// What a check says of a row; a panic is an error of this row alone.
fn guarded(check: impl FnOnce() -> Checked) -> Checked {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|_| {
        let message = "rolo failed while checking this row, please report it with the row";
        Checked {
            contact: Contact::default(),
            errors: vec![RowError::of_row("row.internal_error", message)],
            keys: Vec::new(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error_of_its_row() {
        let checked = guarded(|| panic!("on purpose"));
        assert_eq!(checked.errors.len(), 1);
        assert_eq!(checked.errors[0].code, "row.internal_error");
        assert_eq!(checked.errors[0].column, None);
    }
}
