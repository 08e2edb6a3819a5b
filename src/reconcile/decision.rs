use super::step::Step;
use crate::contact::{Capabilities, Field, FieldSpec, ImportMode, Limits, RowError};

/// What a service allows, and what the mapping asks of every contact.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    pub mode: ImportMode,
    /// The mapped custom fields are all that should be left.
    pub replace_custom: bool,
    /// Fields that the mapping feeds. A replacement leaves those a row says nothing about as they are.
    pub mapped: &'a [Field],
    pub capabilities: &'a Capabilities,
    pub limits: &'a Limits,
    pub fields: &'a [FieldSpec],
}

/// What has to be read before it can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The contact's fields (and field groups).
    Contact,
    Tags,
}

/// What becomes of one contact.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The service already holds all that policy lets us send. `notes` are of fields left alone.
    Unchanged {
        notes: Vec<RowError>,
    },
    /// The mode leaves this contact out.
    Skip(RowError),
    /// Nothing the service offers would do it.
    Refuse(RowError),
    /// Values of the row may not be sent, and the service doesn't hold them: see
    /// [`crate::contact::FieldChange::doubt`].
    Reject(Vec<RowError>),
    Need(Need),
    /// In the order in which they must be sent. Never empty.
    Steps {
        steps: Vec<Step>,
        notes: Vec<RowError>,
    },
}
