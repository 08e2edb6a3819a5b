use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};

use rayon::prelude::*;

use super::cell::check_cell;
use super::duplicates::{Seen, has_id};
use super::groups::Groups;
use super::numbering::{self, Region};
use super::phone::PhoneRegion;
use super::row::{Checked, Rules};
use super::unsent::Unsent;
use crate::contact::{Contact, FieldChange, Outcome, RowError};
use crate::error::{Error, Result};
use crate::mapping::{Duplicates, Forward, country_code};
use crate::table::{RowBatch, RowView};

/// Rows that one thread checks before another may take some: a row is checked in a few microseconds,
/// and to hand it over takes some as well.
const ROWS_AT_ONCE: usize = 32;

/// Turns rows into contacts by a compiled mapping. Remembers the identifiers it has seen, so one
/// validator serves one run over one file.
///
/// Where the mapping chooses between rows that name one contact, or merges them, the whole file is
/// read twice: first for [`Validator::survey`], then for [`Validator::check`].
#[derive(Debug)]
pub struct Validator {
    rows: RowChecker,
    settler: Settler,
}

impl Validator {
    /// A validator for one run.
    ///
    /// # Errors
    /// Kind `Usage` if a constant of the mapping is not a value its field can hold.
    pub fn new(forward: impl Into<Arc<Forward>>) -> Result<Self> {
        let forward = forward.into();
        let region = forward.region().and_then(country_code).and_then(numbering::region);
        let phone_region = region.map_or(PhoneRegion::Unknown, PhoneRegion::Known);
        let mut constants = Vec::new();
        for constant in forward.constants() {
            let feed = &constant.feed;
            let value = check_cell(&constant.text, feed, phone_region).map_err(|fault| {
                Error::usage(format!("[constants] {}: {}: {}", feed.field, fault.message, constant.text))
                    .in_setting(format!("[constants] {}", feed.field))
                    .hint("write a value that the field can hold")
            })?;
            constants.push(FieldChange::new(feed.field.clone(), value.value, feed.overwrite));
        }
        if let Some(region) = region {
            numbering::warm(region);
        }
        let groups = (forward.duplicates() != Duplicates::Reject).then(|| Groups::new(forward.duplicates()));
        let shared = Arc::new(Shared { forward, region, constants, verdicts_only: false, is_exported: false });
        let settler = Settler { shared: shared.clone(), seen: Seen::default(), groups };
        Ok(Self { rows: RowChecker { shared }, settler })
    }

    /// Whether its cells are what a service holds, so that no word among them stands for nothing.
    #[must_use]
    pub fn of_export(self, is_exported: bool) -> Self {
        let Shared { forward, region, constants, verdicts_only, .. } = &*self.rows.shared;
        let (forward, region, constants) = (forward.clone(), *region, constants.clone());
        let shared = Arc::new(Shared { forward, region, constants, verdicts_only: *verdicts_only, is_exported });
        Self { rows: RowChecker { shared: shared.clone() }, settler: Settler { shared, ..self.settler } }
    }

    /// A validator whose contacts hold no values, for whoever only wants to know what is wrong with which
    /// row: identifiers, errors and notes are the same.
    pub fn for_verdicts(self) -> Self {
        let Shared { forward, region, constants, is_exported, .. } = &*self.rows.shared;
        let (forward, region, constants, is_exported) = (forward.clone(), *region, constants.clone(), *is_exported);
        // What a merge does not send is told by the values.
        let verdicts_only = forward.duplicates() != Duplicates::Merge;
        let shared = Arc::new(Shared { forward, region, constants, verdicts_only, is_exported });
        Self { rows: RowChecker { shared: shared.clone() }, settler: Settler { shared, ..self.settler } }
    }

    /// Whether the whole file has to be surveyed before it is checked.
    pub fn wants_survey(&self) -> bool {
        self.settler.groups.is_some()
    }

    /// Takes note of which rows name one contact. Batches must come in file order, all of them before the
    /// first is checked. `sent` says whether the rows are to be sent, or were sent before.
    pub fn survey(&mut self, batch: &RowBatch, sent: bool) {
        let checked = self.rows.check(batch);
        let Some(groups) = &mut self.settler.groups else { return };
        for (row, view) in checked.into_iter().zip(batch.rows()) {
            if row.errors.is_empty() {
                // Rows with the service's own ids are as many contacts as there are ids; the id comes first.
                let by_id = has_id(&row.contact.identifiers);
                let keys = if by_id { &row.keys[..1] } else { &row.keys[..] };
                groups.see(keys, view.position(), sent);
            }
        }
    }

    pub fn forward(&self) -> &Arc<Forward> {
        &self.rows.shared.forward
    }

    /// A contact or all errors for each row, in row order. Batches must come in file order.
    pub fn check(&mut self, batch: &RowBatch) -> Vec<Result<Contact, Unsent>> {
        self.settler.settle(batch, CheckedRows(self.rows.check(batch)))
    }

    /// What every row of the run shares.
    pub(super) fn rules(&self) -> Rules<'_> {
        self.rows.shared.rules()
    }

    /// The two halves of the work, for whoever checks batches while others are read and settled.
    pub fn divided(self) -> (RowChecker, Settler) {
        (self.rows, self.settler)
    }
}

#[derive(Debug)]
struct Shared {
    forward: Arc<Forward>,
    region: Option<Region>,
    constants: Vec<FieldChange>,
    /// See [`Validator::for_verdicts`].
    verdicts_only: bool,
    /// See [`Validator::of_export`].
    is_exported: bool,
}

impl Shared {
    fn rules(&self) -> Rules<'_> {
        let Self { forward, region, constants, verdicts_only, is_exported } = self;
        Rules { forward, region: *region, constants, verdicts_only: *verdicts_only, is_exported: *is_exported }
    }
}

/// The first half of a [`Validator`]: every row by itself.
#[derive(Debug)]
pub struct RowChecker {
    shared: Arc<Shared>,
}

/// Rows of a batch before duplicates are looked for.
pub struct CheckedRows(Vec<Checked>);

/// Rows of a batch that are being checked.
pub struct Checking(Receiver<CheckedRows>);

impl Checking {
    /// Waits for the rows.
    ///
    /// # Errors
    /// Kind `Bug` if they were given up.
    pub fn wait(self) -> Result<CheckedRows> {
        self.0.recv().map_err(|_| Error::bug("the check of a batch was given up"))
    }
}

impl RowChecker {
    /// Batches to be checked at once, so that no processor waits for one.
    pub fn at_once() -> usize {
        rayon::current_num_threads() + 1
    }

    /// Begins to check a batch.
    pub fn start(&self, batch: Arc<RowBatch>) -> Checking {
        let (sender, checking) = sync_channel(1);
        let shared = self.shared.clone();
        rayon::spawn(move || {
            let rules = shared.rules();
            let checked = batch.rows().map(|row| guarded(|| rules.check(&row))).collect();
            drop(batch);
            // Whoever began it may have stopped meanwhile.
            let _ = sender.send(CheckedRows(checked));
        });
        Checking(checking)
    }

    fn check(&self, batch: &RowBatch) -> Vec<Checked> {
        let rules = self.shared.rules();
        let check = |row: usize| guarded(|| rules.check(&batch.row(row)));
        (0..batch.len()).into_par_iter().with_min_len(ROWS_AT_ONCE).map(check).collect()
    }
}

/// The second half of a [`Validator`]: the last word on each row, in file order.
#[derive(Debug)]
pub struct Settler {
    shared: Arc<Shared>,
    seen: Seen,
    /// Which rows name one contact, where the mapping chooses between them.
    groups: Option<Groups>,
}

impl Settler {
    /// A contact or all errors for each row of `batch`, of which `checked` are the rows. Batches must come
    /// in file order.
    pub fn settle(&mut self, batch: &RowBatch, checked: CheckedRows) -> Vec<Result<Contact, Unsent>> {
        checked.0.into_iter().zip(batch.rows()).map(|(row, view)| self.row(row, &view)).collect()
    }

    /// The last word on a row: whether an earlier one names the same person.
    fn row(&mut self, row: Checked, view: &RowView<'_>) -> Result<Contact, Unsent> {
        let Checked { contact, mut errors, keys, not_selected } = row;
        if not_selected {
            return Err(Unsent { outcome: Outcome::Skipped, errors });
        }
        let Some(groups) = &mut self.groups else {
            errors.extend(self.seen.conflict(&contact.identifiers, &keys, view.position()));
            if !errors.is_empty() {
                return Err(Unsent { outcome: Outcome::Rejected, errors });
            }
            self.seen.remember(&contact.identifiers, &keys, view.position());
            return Ok(contact);
        };
        if !errors.is_empty() {
            return Err(Unsent { outcome: Outcome::Rejected, errors });
        }
        let rules = self.shared.rules();
        groups.settle(contact, view, |row| guarded(|| rules.check(row)).contact)
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
            not_selected: false,
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
