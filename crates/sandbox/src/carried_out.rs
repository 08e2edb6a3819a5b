use crate::{WireAnswer, WireRequest};

/// An answer, and what was done for it.
pub(super) struct CarriedOut {
    pub(super) answer: WireAnswer,
    /// The request that was carried out, if it was another than the client's.
    pub(super) request: Option<WireRequest>,
    /// Whether its effect is there.
    pub(super) stored: bool,
}
