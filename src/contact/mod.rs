//! The vocabulary: plain values that every room speaks in, and that import nothing of ours.
//!
//! A row of a source becomes a [`Contact`] (what is wanted). What a service holds of a person is a
//! [`Snapshot`]. A reconciliation turns the difference into [`Call`]s, within the [`Capabilities`] and
//! [`Limits`] of the service, and each row ends in exactly one [`Outcome`].

#![warn(missing_docs, clippy::missing_errors_doc)]

mod call;
mod capabilities;
mod contact_pages;
mod desired;
mod field;
mod identifier;
mod import_mode;
mod invisible;
mod limits;
mod outcome;
pub mod phone_forms;
mod row;
mod snapshot;
mod source;
mod value;
mod wait_reason;

pub use call::{Call, CallKind, Cursor, CustomEdit, Edit, Filter, Groups, TagEdit, TagMode, Target};
pub use capabilities::{Capabilities, ClearBy, CreateSafety, Filters, ListAll, Operation};
pub use contact_pages::{ContactPages, NamedContact};
pub use desired::{Contact, FieldChange, ListChange, Overwrite, TagChange};
pub use field::{Field, FieldDefinition, FieldKind, FieldSpec, SpecKind};
pub use identifier::{Identifier, IdentifierKind, RemoteId};
pub use import_mode::ImportMode;
pub use invisible::{is_invisible, trim_unseen};
pub use limits::{Limits, Quota};
pub use outcome::{Counts, Outcome, RowRecord};
pub use row::{Position, RowError, tells_left_out};
pub use snapshot::{Message, Snapshot};
pub use source::{Source, Sourced};
pub use value::Value;
pub use wait_reason::WaitReason;
