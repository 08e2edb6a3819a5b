use super::{Field, Identifier, RowError, Value};

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
    /// The field to set.
    pub field: Field,
    /// [`Value::Clear`] takes the held value away.
    pub value: Value,
    /// Whether a value that is there already goes.
    pub overwrite: Overwrite,
    /// The cell as it stands in the file, where `value` was made otherwise from it. A service that holds
    /// this holds what the file says, and where nobody has told what it holds, the contact is read before
    /// `value` is sent. Only in rows that the service's own id identifies.
    pub written: Option<Box<str>>,
    /// Why the value may not be sent. A service that is known to hold an equal value is left as it is;
    /// in every other case this is an error of the row, and nothing of the row is sent.
    pub doubt: Option<Box<RowError>>,
}

impl FieldChange {
    /// A value that nothing speaks against.
    pub fn new(field: Field, value: Value, overwrite: Overwrite) -> Self {
        Self { field, value, overwrite, written: None, doubt: None }
    }
}

/// What should become of a contact's tags.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagChange {
    /// Tags to have: added to those present, or the whole set when `replace` is true.
    pub add: Vec<String>,
    /// Tags not to have; ignored when `replace` is true.
    pub remove: Vec<String>,
    /// `add` is the whole set; any other tag goes.
    pub replace: bool,
}

impl TagChange {
    /// Whether nothing is asked of the tags. An empty replacement asks something: that none is left.
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty() && !self.replace
    }
}

/// What should become of a contact's memberships of lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListChange {
    /// Lists to be on, as the service knows them.
    pub add: Vec<String>,
    /// Lists not to be on, as the service knows them.
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
    /// What should become of its tags.
    pub tags: TagChange,
    /// What should become of its lists.
    pub lists: ListChange,
    /// What was understood otherwise than it is written, in column order: a label beside a phone number
    /// left out, `pt-BR` sent as `pt`. They go into the row's record, whatever its outcome.
    pub notes: Vec<RowError>,
}

impl Contact {
    /// What is to be said of the row before anybody asked the service: how cells were understood, and
    /// which values it must hold already.
    pub fn remarks(&self) -> Vec<RowError> {
        let doubts = self.fields.iter().filter_map(|change| change.doubt.as_deref()).map(|doubt| {
            let message = format!("{} (no error if the service holds exactly this)", doubt.message);
            RowError { message, ..doubt.clone() }
        });
        let mut remarks: Vec<_> = self.notes.iter().cloned().chain(doubts).collect();
        remarks.sort_by_key(|remark| remark.column_index);
        remarks
    }
}
