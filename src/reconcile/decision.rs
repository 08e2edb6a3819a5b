use super::step::Step;
use crate::contact::{Capabilities, Field, FieldSpec, ImportMode, Limits, RowError};

/// What a service allows, and what the mapping asks of every contact.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// Whether contacts may be created, updated, or both.
    pub mode: ImportMode,
    /// The mapped custom fields are all that should be left.
    pub replace_custom: bool,
    /// Fields that the mapping feeds. A replacement leaves those a row says nothing about as they are.
    pub mapped: &'a [Field],
    /// What the service can do.
    pub capabilities: &'a Capabilities,
    /// The sizes that the service allows.
    pub limits: &'a Limits,
    /// Every standard field that the service has.
    pub fields: &'a [FieldSpec],
}

/// What has to be read before it can be decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The contact's fields (and field groups).
    Contact,
    /// The contact's tags, of which a replacement keeps some.
    Tags,
}

/// What becomes of one contact.
#[derive(Clone, Debug, PartialEq)]
pub enum Decision {
    /// The service already holds all that policy lets us send. `notes` are of fields left alone.
    Unchanged {
        /// Of fields that policy leaves as they are.
        notes: Vec<RowError>,
    },
    /// The mode leaves this contact out.
    Skip(RowError),
    /// Nothing the service offers would do it.
    Refuse(RowError),
    /// Values of the row may not be sent, and the service doesn't hold them: see
    /// [`crate::contact::FieldChange::doubt`].
    Reject(Vec<RowError>),
    /// Nothing can be decided before this is read.
    Need(Need),
    /// In the order in which they must be sent. Never empty.
    Steps {
        /// The calls, each within the service's limits.
        steps: Vec<Step>,
        /// Of fields that policy leaves as they are.
        notes: Vec<RowError>,
    },
}
