use crate::contact::{Capabilities, Limits};

pub(super) const NAME: &str = "dmchamp";

/// One account.
pub(super) struct DmChamp {
    pub(super) capabilities: Capabilities,
    pub(super) limits: Limits,
    pub(super) tags_in_query: bool,
    pub(super) tags_without_plus: bool,
    pub(super) keep_placeholders: bool,
}
