use serde::{Deserialize, Serialize};

use super::store::Store;

/// All that the account holds.
#[derive(Debug, Default)]
pub(super) struct State {
    pub store: Store,
    pub tags: Vec<Tag>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Tag {
    pub name: String,
    pub description: String,
}
