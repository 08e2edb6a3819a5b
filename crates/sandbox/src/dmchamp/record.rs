use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::options::DmchampOptions;

/// What stands for a name that was left out on create.
pub(super) const NO_NAME: &str = "Unknown";
/// What stands for an e-mail that was left out on create.
pub(super) const NO_EMAIL: &str = "unknown@unknown.com";

/// A contact as it is kept, in the vendor's own key names.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Contact {
    pub id: String,
    /// A plus and digits; never changes.
    pub phone_number: String,
    pub first_name: String,
    pub last_name: String,
    pub email: String,
    pub instagram_id: Option<String>,
    pub current_campaign: Option<String>,
    pub current_campaign_data: Option<Map<String, Value>>,
    pub channel: Option<String>,
    pub is_chat_window_open: bool,
    pub external_id: Option<String>,
    pub custom_channel: Option<String>,
    pub chat_widget_id: Option<String>,
    pub is_bot_active: bool,
    pub do_not_disturb: bool,
    pub custom_fields: Map<String, Value>,
    pub lists: Vec<String>,
    pub tags: Vec<String>,
    /// Milliseconds since the epoch.
    pub created_at: i64,
}

impl Contact {
    pub fn new(phone_number: String, now: Duration) -> Self {
        Self {
            id: opaque(&phone_number),
            phone_number,
            first_name: NO_NAME.into(),
            last_name: NO_NAME.into(),
            email: NO_EMAIL.into(),
            instagram_id: None,
            current_campaign: None,
            current_campaign_data: None,
            channel: None,
            is_chat_window_open: false,
            external_id: None,
            custom_channel: None,
            chat_widget_id: None,
            is_bot_active: true,
            do_not_disturb: false,
            custom_fields: Map::new(),
            lists: Vec::new(),
            tags: Vec::new(),
            created_at: i64::try_from(now.as_millis()).unwrap_or(i64::MAX),
        }
    }

    /// The `contact` of a look-up: its keys are in camel case where those of a create are not.
    pub fn body(&self, options: &DmchampOptions) -> Value {
        let created = jiff::Timestamp::from_millisecond(self.created_at).unwrap_or_default().to_string();
        let tag = |name: &String| if options.tag_objects { json!({ "name": name }) } else { json!(name) };
        let campaign = self.current_campaign.as_ref().map(|id| json!({ "name": id }));
        json!({
            "id": self.id,
            "firstName": self.first_name,
            "lastName": self.last_name,
            "email": self.email,
            "phoneNumber": self.phone_number,
            "channel": self.channel,
            "isBotActive": self.is_bot_active,
            "doNotDisturb": self.do_not_disturb,
            "doNotDisturbReason": null,
            "createdAt": created,
            "lastActivityAt": null,
            "lastIncomingMessageAt": null,
            "hasHadActivity": false,
            "creditsUsed": 0,
            "botMessageCount": 0,
            "chatConcluded": false,
            "tags": self.tags.iter().map(tag).collect::<Vec<_>>(),
            "currentCampaign": campaign,
            "campaigns": [],
        })
    }

    /// With what a look-up never shows.
    pub fn whole(&self, options: &DmchampOptions) -> Value {
        let mut body = self.body(options);
        body["lists"] = json!(self.lists);
        body["instagramId"] = json!(self.instagram_id);
        body["externalId"] = json!(self.external_id);
        body["customChannel"] = json!(self.custom_channel);
        body["chatWidgetId"] = json!(self.chat_widget_id);
        body["isChatWindowOpen"] = json!(self.is_chat_window_open);
        body["currentCampaignData"] = json!(self.current_campaign_data);
        body["customFields"] = json!(self.custom_fields);
        body
    }
}

/// Twenty letters and digits drawn from the phone, which is unique: so overtaking requests change no id.
fn opaque(phone: &str) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let hash = blake3::hash(phone.as_bytes());
    hash.as_bytes().iter().take(20).map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}
