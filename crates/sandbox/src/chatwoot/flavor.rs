use serde::{Deserialize, Serialize};

use super::operation::{Operation, Verb};
use super::sort_key::Key;

/// Which member of the family is emulated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavor {
    /// The open source parent.
    Chatwoot,
    /// 99digital: documents list, search, read, create, update.
    NinetyNineDigital,
    /// EngageLab LiveDesk: documents list (with search on the same path), create, update.
    Engagelab,
}

/// The language of the account or of the key's user: it changes validation messages, and nothing else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Language {
    #[default]
    English,
    German,
}

/// How one server is set up. The default is the newest version and an administrator's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ChatwootOptions {
    /// Operations and fields that the descendants do not document work as in the parent.
    pub undocumented: bool,
    /// As before 4.2: an update replaces `additional_attributes` whole.
    pub additional_replaced: bool,
    /// As before 4.11: search counts all hits and says nothing of more pages. The descendants always do.
    pub older_search: bool,
    pub language: Language,
    /// As in 4.1.0 and 3.3.0: a filter by phone finds nothing when the plus is sent.
    pub older_phone_filter: bool,
    /// Contacts that are equal by what they are sorted by come in another order on each page.
    pub unstable_ties: bool,
    /// The server fetches no pictures: its background jobs are off.
    pub no_pictures: bool,
    /// The key belongs to an agent, who may not delete, export or change labels and definitions.
    pub agent: bool,
    /// The account is suspended.
    pub suspended: bool,
    /// A proxy in front drops headers with an underscore.
    pub drops_underscored_headers: bool,
    /// EngageLab's gateway refuses in its own shape: `code` and `message`.
    pub gateway_errors: bool,
}

const PARENT_FIELDS: &[&str] = &[
    "name",
    "identifier",
    "email",
    "phone_number",
    "blocked",
    "avatar_url",
    "additional_attributes",
    "custom_attributes",
];

impl Flavor {
    /// What stands before `contacts`, without the account id.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Chatwoot | Self::NinetyNineDigital => "/api/v1/accounts/",
            Self::Engagelab => "/api/v2/accounts/",
        }
    }

    pub(super) fn account_in_path(self) -> bool {
        self != Self::Engagelab
    }

    /// Both descendants call `inbox_id` required; the parent's code works without it.
    pub(super) fn inbox_required(self) -> bool {
        self != Self::Chatwoot
    }

    /// 99digital documents `payload.contact` for an update, the others the contact itself.
    pub(super) fn nested_update(self) -> bool {
        self == Self::NinetyNineDigital
    }

    /// Contact searches a minute and account. EngageLab has no search path of its own.
    pub(super) fn search_limit(self) -> Option<u32> {
        (self != Self::Engagelab).then_some(100)
    }

    pub(super) fn newer_search(self, options: &ChatwootOptions) -> bool {
        self == Self::Chatwoot && !options.older_search
    }

    /// The keys `sort` may name; others are ignored without a word.
    pub(super) fn sort_keys(self) -> &'static [(&'static str, Key)] {
        match self {
            Self::Chatwoot => &[
                ("email", Key::Email),
                ("name", Key::Name),
                ("phone_number", Key::Phone),
                ("last_activity_at", Key::LastActivity),
                ("created_at", Key::Created),
                ("company_name", Key::Company),
                ("city", Key::City),
                ("country", Key::Country),
            ],
            Self::NinetyNineDigital => &[
                ("email", Key::Email),
                ("name", Key::Name),
                ("phone_number", Key::Phone),
                ("last_activity_at", Key::LastActivity),
            ],
            Self::Engagelab => &[
                ("email", Key::Email),
                ("name", Key::Name),
                ("phone_number", Key::Phone),
                ("last_activity_at", Key::LastActivity),
                ("created_at", Key::Created),
                ("company", Key::Company),
                ("city", Key::City),
                ("country", Key::Country),
            ],
        }
    }

    /// The body keys that a create takes; what is not among them is dropped silently.
    pub(super) fn create_fields(self, undocumented: bool) -> &'static [&'static str] {
        match self {
            _ if undocumented => PARENT_FIELDS,
            Self::Chatwoot => PARENT_FIELDS,
            Self::NinetyNineDigital => {
                &["name", "email", "phone_number", "avatar_url", "identifier", "custom_attributes"]
            }
            Self::Engagelab => &["name", "email", "phone_number", "avatar_url", "identifier"],
        }
    }

    /// The body keys that an update takes.
    pub(super) fn update_fields(self, undocumented: bool) -> &'static [&'static str] {
        match self {
            Self::Engagelab if !undocumented => &[
                "name",
                "email",
                "phone_number",
                "identifier",
                "blocked",
                "custom_attributes",
                "additional_attributes",
            ],
            _ => self.create_fields(undocumented),
        }
    }

    pub(super) fn documents(self, operation: &Operation, verb: Verb) -> bool {
        match self {
            Self::Chatwoot => true,
            Self::NinetyNineDigital => match operation {
                Operation::List | Operation::Search | Operation::Read(_) | Operation::Create => true,
                Operation::Update(_) => verb == Verb::Patch,
                _ => false,
            },
            Self::Engagelab => match operation {
                Operation::List | Operation::Create => true,
                Operation::Update(_) => verb == Verb::Patch,
                _ => false,
            },
        }
    }
}
