use serde::Deserialize;

/// Which contacts an import may touch: what a mapping file says as `mode = "upsert"`, `"create"` or `"update"`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ImportMode {
    /// Update the contact if it is found, create it if not.
    #[default]
    Upsert,
    /// Only new contacts; one that is found is left as it is.
    Create,
    /// Only contacts that are found; nothing is created.
    Update,
}
