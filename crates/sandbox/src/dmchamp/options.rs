use serde::{Deserialize, Serialize};

/// Which of its descriptions a server follows; the vendor's pages and the programs seen using it differ.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DmchampOptions {
    pub duplicates: Duplicates,
    /// An older deployment: a look-up gives the contact's id and nothing else.
    pub only_id: bool,
    /// A create tells the new id beside `success`, and not inside `data`.
    pub id_beside: bool,
    /// Every refusal but a wrong key comes as 200 with `success` false and `error_code`.
    pub failures_in_200: bool,
    /// A contact's `tags` are objects with a `name`, not strings.
    pub tag_objects: bool,
    /// `POST /tags` finds a phone without its plus only, as the older page has it.
    pub tags_without_plus: bool,
    /// Lists that exist besides `list-1`, `list-2` and `list-3`.
    pub lists: Vec<String>,
}

/// What a create of a phone that exists is answered with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Duplicates {
    /// An error, "contact already exists".
    #[default]
    Refused,
    /// 200 with `error_code` 409.
    RefusedIn200,
    /// The existing contact's id, as if it had been created.
    Returned,
}
