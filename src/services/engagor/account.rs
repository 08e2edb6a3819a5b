/// One account.
pub(super) struct Engagor {
    pub(super) account_id: String,
    pub(super) topic_ids: Option<String>,
    pub(super) custom_as_pairs: bool,
    pub(super) site: String,
}
