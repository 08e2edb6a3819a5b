use std::sync::Arc;

use super::{Behavior, Change, Fields};

/// Once the chosen request is answered, somebody else changes what the service holds.
pub struct Meanwhile {
    pub change: Change,
    /// How many contacts.
    pub times: u64,
}

impl Behavior for Meanwhile {
    fn changes(&self) -> Vec<Change> {
        (0..self.times).map(|_| self.change).collect()
    }
}

fn parse(fields: &mut Fields, change: Change) -> Result<Arc<dyn Behavior>, String> {
    let text = fields.take_value();
    let times = text.as_deref().map_or(Ok(1), str::parse).ok().filter(|times| (1..=100_000).contains(times));
    let times =
        times.ok_or_else(|| format!("a number of contacts from 1 to 100000, not: {}", text.unwrap_or_default()))?;
    Ok(Arc::new(Meanwhile { change, times }))
}

pub(super) fn parse_deleted(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    parse(fields, Change::Deleted)
}

pub(super) fn parse_created(fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    parse(fields, Change::Created)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_contacts_change_as_are_named() {
        let fault = parse_deleted(&mut Fields::parse("3").unwrap()).unwrap();
        assert_eq!(fault.changes(), [Change::Deleted; 3]);
        assert_eq!(parse_created(&mut Fields::parse("").unwrap()).unwrap().changes(), [Change::Created]);
        assert!(parse_deleted(&mut Fields::parse("all").unwrap()).is_err());
    }
}
