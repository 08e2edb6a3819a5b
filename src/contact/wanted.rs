use super::{Field, Identifier, Value};

/// When a wanted value may replace one the service already holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Overwrite {
    /// The source wins.
    #[default]
    Always,
    /// Only where the service holds nothing.
    IfEmpty,
    /// Only when the contact is created.
    Never,
}

/// One wanted value and when it may replace another.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldChange {
    pub field: Field,
    /// [`Value::Clear`] takes the held value away.
    pub value: Value,
    pub overwrite: Overwrite,
}

/// What should become of a contact's tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChange {
    /// Tags to have: added to those present, or the whole set when `replace` is true.
    pub add: Vec<String>,
    pub remove: Vec<String>,
    /// `add` is the whole set; any other tag goes.
    pub replace: bool,
}

impl TagChange {
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && !self.replace
    }
}

/// What should become of a contact's memberships of lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListChange {
    pub add: Vec<String>,
    pub remove: Vec<String>,
}

/// One person as a source wants them to be, independent of any service.
///
/// Values are checked and in their final form; a field appears at most once. Identifying values
/// (phone, e-mail, external id) appear both as `identifiers` (to find by) and as fields (to store).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Contact {
    /// What to find the contact by, most specific first. Never empty once validated.
    pub identifiers: Vec<Identifier>,
    /// In mapping order, which is the order in which they are packed into calls.
    pub fields: Vec<FieldChange>,
    pub tags: TagChange,
    pub lists: ListChange,
}
