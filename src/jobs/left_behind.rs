use std::collections::{BTreeMap, BTreeSet};

use super::account_spec::AccountSpec;
use super::source::SourceSpec;
use crate::contact::FieldKind;
use crate::error::Result;
use crate::report::Remark;
use crate::table::RowBatch;

/// What the copy leaves behind: contacts with something in it, by column.
pub struct LeftBehind {
    /// What the other service has no place for.
    lacking: BTreeMap<String, u64>,
    /// What only the service itself sets, such as when a contact was made.
    own: BTreeMap<String, u64>,
    /// Yes-or-no columns, in which `false` says no more than an empty cell where there is no place.
    booleans: BTreeSet<String>,
}

impl LeftBehind {
    pub fn of(from: &AccountSpec, to: &AccountSpec, source: &SourceSpec) -> Result<Self> {
        let from = (from.service.connect)(&from.settings)?;
        let to = (to.service.connect)(&to.settings)?;
        let forward = source.map(to.as_ref(), None)?.forward;
        let sets_itself = |header: &str| {
            let spec = from.fields().iter().find(|spec| spec.name == header);
            header == "extra" || spec.is_some_and(|spec| !spec.create && !spec.update)
        };
        let headers: Vec<&String> = forward.headers().iter().collect();
        let unfed = forward.unmapped().iter().chain(forward.ignored()).filter(|header| *header != "id");
        let columns: Vec<usize> =
            unfed.filter_map(|header| headers.iter().position(|known| *known == header)).collect();
        let booleans = from.fields().iter().filter(|spec| (spec.kind)() == FieldKind::Boolean);
        let booleans = booleans.map(|spec| spec.name.to_owned()).collect();
        let mut left = Self { lacking: BTreeMap::new(), own: BTreeMap::new(), booleans };
        let mut reader = source.open()?;
        let mut batch = RowBatch::new();
        while reader.read(&mut batch, 512)? > 0 {
            for row in batch.rows() {
                for &column in &columns {
                    let header = headers[column];
                    if left.says_something(header, row.cell(column)) {
                        let kind = if sets_itself(header) { &mut left.own } else { &mut left.lacking };
                        *kind.entry(header.clone()).or_default() += 1;
                    }
                }
            }
        }
        Ok(left)
    }

    fn says_something(&self, header: &str, cell: &str) -> bool {
        let says_no = cell == "false" && self.booleans.contains(header);
        let is_none = header.ends_with(":json") && matches!(cell, "null" | "\"\"");
        !cell.is_empty() && !says_no && !is_none
    }

    /// Whether a contact's cell is left behind for want of a place.
    pub fn lacks(&self, header: &str, cell: &str) -> bool {
        self.lacking.contains_key(header) && self.says_something(header, cell)
    }

    pub fn remarks(&self, from: &AccountSpec) -> Vec<Remark> {
        let listed = |columns: &BTreeMap<String, u64>| columns.clone().into_iter().collect();
        let mut remarks = Vec::new();
        if !self.lacking.is_empty() {
            remarks.push(Remark::NoPlace { columns: listed(&self.lacking) });
        }
        if !self.own.is_empty() {
            remarks.push(Remark::SetByService { service: from.service.name, columns: listed(&self.own) });
        }
        remarks
    }
}
