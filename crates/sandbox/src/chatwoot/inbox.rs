use serde_json::{Value, json};

use super::flavor::Flavor;

/// An inbox of the account.
#[derive(Debug)]
pub(super) struct Inbox {
    pub id: u64,
    name: &'static str,
    channel_type: &'static str,
    pub address: Address,
}

/// Where a channel takes a contact's source id from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Address {
    Random,
    Email,
    Phone,
    /// Only the channel itself can make one.
    Foreign,
}

pub(super) const INBOXES: [Inbox; 4] = [
    Inbox { id: 1, name: "Sandbox API", channel_type: "Channel::Api", address: Address::Random },
    Inbox { id: 2, name: "Sandbox e-mail", channel_type: "Channel::Email", address: Address::Email },
    Inbox { id: 3, name: "Sandbox WhatsApp", channel_type: "Channel::Whatsapp", address: Address::Phone },
    Inbox { id: 4, name: "Sandbox page", channel_type: "Channel::FacebookPage", address: Address::Foreign },
];

impl Inbox {
    pub fn find(id: u64) -> Option<&'static Self> {
        INBOXES.iter().find(|inbox| inbox.id == id)
    }

    pub fn body(&self, flavor: Flavor) -> Value {
        if flavor == Flavor::Engagelab {
            return json!({ "id": self.id, "name": self.name, "channel_type": self.channel_type });
        }
        json!({
            "id": self.id,
            "avatar_url": "",
            "channel_id": self.id,
            "name": self.name,
            "channel_type": self.channel_type,
            "provider": null,
        })
    }
}

impl Inbox {
    /// All columns of the inbox, as a create shows it beside the contact.
    pub fn row(&self, flavor: Flavor) -> Value {
        if flavor != Flavor::Chatwoot {
            return self.body(flavor);
        }
        let made = "2026-01-01T00:00:00.000Z";
        json!({
            "id": self.id, "channel_id": self.id, "account_id": 1, "name": self.name,
            "created_at": made, "updated_at": made, "channel_type": self.channel_type,
            "enable_auto_assignment": true, "greeting_enabled": false, "greeting_message": null,
            "email_address": null, "working_hours_enabled": false, "out_of_office_message": null,
            "timezone": "UTC", "enable_email_collect": true, "csat_survey_enabled": false,
            "allow_messages_after_resolved": true, "auto_assignment_config": {},
            "lock_to_single_conversation": false, "portal_id": null, "sender_name_type": "friendly",
            "business_name": null, "csat_config": {},
        })
    }
}
