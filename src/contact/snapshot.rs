use std::collections::BTreeMap;

use super::{Field, Groups, RemoteId, Value};

/// What a service holds of a contact, as one answer told it.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Snapshot {
    /// The service's own id.
    pub id: RemoteId,
    /// Values by our names. A field that is absent here is not held, or not told: see `complete`.
    pub fields: BTreeMap<Field, Value>,
    /// `None` where the answer did not tell.
    pub tags: Option<Vec<String>>,
    /// `None` where the answer did not tell.
    pub lists: Option<Vec<String>>,
    /// The raw objects of the field groups that an update replaces whole.
    pub groups: Groups,
    /// Whether `fields` is all the service holds, so that an absent field is an empty one.
    pub complete: bool,
    /// Keys of the answer that no field of ours stands for; shown on export, never sent back.
    pub extra: BTreeMap<String, serde_json::Value>,
}

impl Snapshot {
    /// A contact of whom nothing else is told, which counts as complete.
    pub fn new(id: RemoteId) -> Self {
        Self {
            id,
            fields: BTreeMap::new(),
            tags: None,
            lists: None,
            groups: Groups::new(),
            complete: true,
            extra: BTreeMap::new(),
        }
    }
}

/// One message of a contact's conversation, read on export.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// RFC 3339, where the service tells it.
    pub at: Option<String>,
    /// Who wrote it, in the service's words.
    pub from: Option<String>,
    /// What was written.
    pub text: String,
}
