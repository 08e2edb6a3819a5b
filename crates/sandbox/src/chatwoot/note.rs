use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A note of a contact.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Note {
    pub id: u64,
    pub contact_id: u64,
    pub content: String,
    /// Seconds since the epoch.
    pub created_at: u64,
    pub updated_at: u64,
}

impl Note {
    pub fn body(&self) -> Value {
        json!({
            "id": self.id,
            "content": self.content,
            "account_id": 1,
            "contact_id": self.contact_id,
            "user": { "id": 1, "name": "Sandbox", "email": "sandbox@example.com" },
            "created_at": self.created_at,
            "updated_at": self.updated_at,
        })
    }
}
