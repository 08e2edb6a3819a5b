use std::sync::Arc;

use super::{Behavior, Fields};

/// From the first chosen request on, contacts that are equal by what a listing is sorted by come in another order
/// on each page, so that some are on no page and others on two, in every pass: as seen on a running server.
pub struct UnstableTies;

impl Behavior for UnstableTies {
    fn unstable_ties(&self) -> bool {
        true
    }
}

#[expect(clippy::unnecessary_wraps, reason = "the list of faults asks for one shape")]
pub(super) fn parse(_fields: &mut Fields) -> Result<Arc<dyn Behavior>, String> {
    Ok(Arc::new(UnstableTies))
}
