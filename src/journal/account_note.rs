use super::RunId;
use crate::contact::RemoteId;

/// What is noted of an account beside its contacts: a small value each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountNote {
    /// Whether a run lists the account instead of looking contacts up.
    ListedBy(RunId),
    /// How many identifiers the look-ups of a run carry, where that was shown to work.
    LookupRoomOf(RunId),
    /// The custom fields that a run created.
    FieldsOf(RunId),
    /// The custom fields that it was last seen to define.
    CustomFields,
    /// What a contact of another account became in this one: its id.
    CopyOf { account: String, id: RemoteId },
}

impl AccountNote {
    /// With what the names of all [`Self::CopyOf`] begin; what follows is the account, `/` and the id.
    pub const COPY_OF: &str = "copied/";

    /// As a ledger keeps it; no two notes have the same.
    pub fn name(&self) -> String {
        match self {
            Self::ListedBy(run) => format!("listed by {run}"),
            Self::LookupRoomOf(run) => format!("look-up room of {run}"),
            Self::FieldsOf(run) => format!("fields of {run}"),
            Self::CustomFields => "custom fields".to_owned(),
            Self::CopyOf { account, id } => format!("{}{account}/{id}", Self::COPY_OF),
        }
    }
}
