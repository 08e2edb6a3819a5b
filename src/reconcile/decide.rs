use super::create::create;
use super::decision::{Decision, Need, Terms};
use super::observed::Observed;
use super::update::update;
use crate::contact::{Contact, ImportMode, RowError};

/// Decides what becomes of `contact`, of which `observed` is known to be there (`None`: it is known
/// not to be there).
pub fn decide(contact: &Contact, observed: Option<&dyn Observed>, terms: &Terms<'_>) -> Decision {
    match (observed, terms.mode) {
        // Whether somebody is there is asked, not remembered: a contact may be deleted meanwhile.
        (Some(observed), ImportMode::Create) if !observed.is_told() => Decision::Need(Need::Contact),
        (Some(_), ImportMode::Create) => Decision::Skip(RowError::of_row(
            "contact.exists",
            "the contact is there already, and the mapping only creates",
        )),
        (None, ImportMode::Update) => Decision::Skip(RowError::of_row(
            "contact.not_found",
            "no contact has any of the row's identifiers, and the mapping only updates",
        )),
        (Some(observed), _) => update(contact, observed, terms),
        (None, _) => create(contact, terms),
    }
}
