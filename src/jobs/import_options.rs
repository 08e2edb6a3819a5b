use serde::{Deserialize, Serialize};

/// Choices of an import that a resume must repeat.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ImportOptions {
    /// Don't trust what the ledger remembers; look every contact up.
    pub fresh: bool,
    /// Leave contacts alone whose row is the same as when it was last applied.
    pub changed_only: bool,
    /// Look at every contact, even where memory says that nothing would change.
    pub verify: bool,
    /// Read what is held before changing it, so that all of it can be put back.
    pub keep_before: bool,
    pub failed_at_most: Option<u64>,
    pub failed_share: Option<f64>,
    pub rejected_at_most: Option<u64>,
    pub rejected_share: Option<f64>,
    pub same_cause: Option<u64>,
    /// Send this many rows first, and the others only if all of them went well.
    pub canary: Option<u64>,
    /// Create the custom fields that the account lacks.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub create_fields: bool,
}
