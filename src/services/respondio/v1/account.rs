use crate::contact::{Capabilities, Limits};

/// One account.
pub(super) struct RespondioV1 {
    pub(super) capabilities: Capabilities,
    pub(super) limits: Limits,
    pub(super) encode_ids: bool,
    pub(super) phone_without_plus: bool,
}
